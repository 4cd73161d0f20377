-- A web service of one's own has the last word, after the gateway's rules said yes. See webhook.sh.
--
--   PolicyHelper webhook /etc/sallyport/helpers/webhook.sh https://decide.example.net/ssh
--
-- It is sent who, from where and how, and answers {"allow": true} or {"allow": false, "why": "…"}; with "command" it says
-- what is run instead of what the user asks for.

function on_user_auth_request(conn, auth)
	if not auth.verified.credential then
		return -- the rules refuse it: no reason to tell anybody
	end
	local said, problem = helper.call("webhook", {
		user = auth.user,
		source = conn.verified.source,
		method = auth.method,
		fingerprint = auth.verified.fingerprint,
	}, { deadline = 5 })
	if said == nil then
		return refuse{ reason = "webhook: " .. problem }
	elseif said.allow ~= true then
		return refuse{ reason = "webhook: refused", message = said.why }
	end
	return accept{ reason = "webhook", command = said.command }
end
