-- Keys only: passwords are neither asked for nor tried, whatever the configuration allows.

local methods = { "publickey" }

function on_user_auth_request(conn, auth)
	if auth.method == "none" then
		return refuse{ available_methods = methods, banner = "Authorised use only.\n" }
	elseif auth.method ~= "publickey" then
		return refuse{ available_methods = methods, reason = auth.method .. ": keys only" }
	end
	-- a key: the configuration's rules (AuthorizedKeysFile, RevokedKeys, …) judge it
end
