-- Who may log in, and with which key, stands in a directory. See directory.py.
--
--   PolicyHelper directory /etc/sallyport/helpers/directory.py ldap://ldap.example.net dc=example,dc=net

owns = { "publickey" } -- keys are the directory's: no authorized_keys file is needed

local function refused(reason)
	return refuse{ available_methods = { "publickey" }, reason = reason }
end

function on_user_auth_request(conn, auth)
	if auth.method ~= "publickey" then
		return refused("a key is wanted")
	end
	-- a client offers several keys in a row: one look-up serves them all
	local person, problem = helper.call("directory", { user = auth.user }, { deadline = 4, cache = 20 })
	if person == nil then
		return refused(problem)
	elseif not person.found then
		return refused("not in the directory")
	elseif person.disabled then
		return refused("disabled in the directory")
	elseif not str.one_of(auth.claimed.fingerprint, person.keys) then
		return refused("not a key of this user in the directory")
	end
	-- what is offered only (probe) is not proved yet: the gateway asks again with the signature
	return accept{ forwarding = str.one_of("tunnel", person.groups), reason = "directory" }
end
