-- Break glass: one key opens every door for an hour, at most three times a day, and only to somebody who says
-- why. What was said stands in the log at a level that is watched.

local glass = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
local times, day_s, hour_s = 3, 24 * 3600, 3600

local why = { instruction = "This is noted, and somebody is called.",
	{ "Why is the glass broken? ", echo = true } }

local function proved(conn)
	return str.one_of(glass, conn.verified.fingerprints or {})
end

function on_user_auth_request(conn, auth)
	if auth.method == "publickey" and auth.verified.fingerprint == glass then
		return partial{ available_methods = { "keyboard-interactive" }, prompts = why }
	elseif auth.method == "keyboard-interactive-1" and proved(conn) then
		if #str.trim(auth.param) < 10 then
			return refuse{ available_methods = { "keyboard-interactive" }, prompts = why,
				reason = "no reason was given" }
		end
		if shared.incr("break-glass", 1, day_s) > times then
			log("error", "break glass: more than " .. times .. " times a day, refused")
			return refuse{ reason = "the glass was broken too often today" }
		end
		log("error", "BREAK GLASS by " .. auth.user .. " from " .. conn.verified.source ..
			": " .. auth.param)
		return accept{ reason = "break glass", total_s = hour_s }
	end
	-- all other keys and methods, and what was answered well: as the rules say
end
