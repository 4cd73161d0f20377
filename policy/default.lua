-- The built-in policy: PolicyScript default.
--
-- It leaves every decision to the configuration's rules, as a gateway without a script does. Take it
-- as a beginning: sallyport-policy --default >/etc/sallyport/policy.lua
--
-- A handler that returns nothing leaves the decision to the rules. One that returns accept{…},
-- partial{…} or refuse{…} has decided; where it goes wrong, that is a refusal.

-- Who may come in. auth.verified.* was proved, auth.claimed.* and auth.user are what the client says.
function on_user_auth_request(conn, auth)
	if auth.method == "none" then
		-- a client's first question: which methods are there? The rules say it.
		return
	end
	-- e.g. return refuse{ reason = "why, for the log" }
end

-- What a login may reach and open: channel.type is session, direct-tcpip, …
function on_channel_open_request(conn, channel)
	-- e.g. return refuse{ message = "what the user is told" }
end

-- What it may do in a session: request.type is shell, exec, subsystem, pty-req, env, …
function on_channel_request(conn, channel, request)
	-- e.g. return accept{ command = "/usr/bin/menu" }
end
