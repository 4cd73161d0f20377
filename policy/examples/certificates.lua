-- Certificates only; what a login may do comes from the roles among its principals.
-- The authority signs, e.g.: ssh-keygen -s ca -I alice@laptop -n alice,role:operator -V +8h id.pub

local roles = {
	-- everything that the configuration allows
	["role:admin"] = {},
	-- sessions, no forwarding
	["role:operator"] = { forwarding = false, agent = false, x11 = false, max_sessions = 4 },
	-- two hosts, nothing else
	["role:deploy"] = { permit_open = { "build.example.org:22", "web.example.org:443" },
		pty = false, agent = false, x11 = false, total_s = 3600 },
}

-- The first role of a certificate that there is.
local function role_of(principals)
	for _, name in ipairs(principals) do
		if roles[name] ~= nil then
			return name
		end
	end
end

local function no(reason)
	return refuse{ available_methods = { "publickey" }, reason = reason }
end

function on_user_auth_request(conn, auth)
	if auth.method ~= "publickey" then
		return no("certificates only")
	elseif not auth.verified.credential or auth.verified.cert_principals == nil then
		return no("not a certificate of an authority that is trusted")
	end
	local role = role_of(auth.verified.cert_principals)
	if role == nil then
		return no("no role in certificate " .. auth.verified.cert_key_id)
	end
	local may = { reason = role .. ", certificate " .. auth.verified.cert_key_id }
	for field, value in pairs(roles[role]) do
		may[field] = value
	end
	return accept(may)
end
