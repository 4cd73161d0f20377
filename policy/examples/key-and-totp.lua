-- A key, then a one-time code: both, in this order. The secrets stand in the users file.

local question = { instruction = "Second factor", { "Code: ", echo = false } }

-- What is known of this connection: each has a script of its own.
local code_good = false

local function begin(reason)
	return refuse{ available_methods = { "publickey" }, reason = reason }
end

-- The answer to the question.
local function judge(conn, answer)
	if not str.one_of("publickey", conn.verified.methods) then
		return begin("a code without a key")
	elseif conn.user.totp_secret == nil then
		return refuse{ reason = "no secret in the users file" }
	elseif totp.verify(conn.user.totp_secret, answer) then
		code_good = true
		return accept{ reason = "key and code" }
	end
	return refuse{ available_methods = { "keyboard-interactive" }, prompts = question,
		reason = "wrong code" }
end

function on_user_auth_request(conn, auth)
	if auth.method == "publickey" then
		if not auth.verified.credential then
			return begin("not a key of this user")
		end
		return partial{ available_methods = { "keyboard-interactive" }, prompts = question }
	elseif auth.method == "keyboard-interactive-1" then
		return judge(conn, auth.param)
	elseif auth.method == "keyboard-interactive" and code_good then
		return -- all answers were judged
	end
	return begin("a key comes first")
end
