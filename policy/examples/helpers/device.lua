-- A key, then a login at the identity provider, on whatever device has a browser. See device.py.
--
--   PolicyHelper device /etc/sallyport/helpers/device.py /etc/sallyport/device.json
--   LoginGraceTime 600
--
-- Only who proved a key has a code made: strangers cannot make the provider work.

local flow -- of this connection: each has a script of its own

local function begin()
	local said, problem = helper.call("device", { begin = true }, { deadline = 10 })
	if said == nil then
		return refuse{ reason = problem }
	end
	flow = said.flow
	local ask = {
		instruction = "Open " .. said.url .. " and enter the code " .. said.code,
		{ "Then press Enter here: ", echo = true },
	}
	return partial{ available_methods = { "keyboard-interactive" }, prompts = ask }
end

-- Enter was pressed: whether the user is through by now or not, the provider is asked until it knows.
local function finish(user)
	if flow == nil then
		return refuse{ reason = "no login was begun" }
	end
	local said, problem = helper.call("device", { wait = flow }, { deadline = 300 })
	flow = nil
	if said == nil then
		return refuse{ reason = problem }
	elseif not said.ok then
		return refuse{ reason = "identity provider: " .. said.why }
	elseif said.user ~= user then
		return refuse{ reason = "logged in there as " .. said.user }
	end
	return accept{ reason = "identity provider" }
end

function on_user_auth_request(conn, auth)
	if auth.method == "publickey" then
		if not auth.verified.credential then
			return refuse{ available_methods = { "publickey" } }
		end
		return begin()
	elseif auth.method == "keyboard-interactive-1" and str.one_of("publickey", conn.verified.methods) then
		return finish(auth.user)
	elseif auth.method == "keyboard-interactive" and str.one_of("publickey", conn.verified.methods) then
		return -- the answer was judged
	end
	return refuse{ available_methods = { "publickey" }, reason = "a key comes first" }
end
