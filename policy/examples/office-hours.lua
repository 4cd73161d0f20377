-- Office hours: Monday to Friday, 7 to 19 o'clock of the gateway's zone. Those on call come in always, and
-- are noted. Who is inside when the day ends stays no longer than the evening.

local on_call = { "alice", "bob" }
local opens, closes = "07:00", "19:00"
local evening_s = 2 * 3600

local function open_now()
	return time.weekday() <= 5 and time.between(opens, closes)
end

-- Until the evening ends, so that no session lasts through the night.
local function left_s()
	return (19 - time.hour()) * 3600 - time.minute() * 60 + evening_s
end

function on_user_auth_request(conn, auth)
	if open_now() then
		if auth.verified.credential then
			return accept{ total_s = left_s() }
		end
		return
	end
	if str.one_of(auth.user, on_call) then
		if auth.verified.credential then
			log("info", auth.user .. " comes in outside office hours, on call")
		end
		return
	end
	return refuse{ message = "closed until " .. opens, reason = "outside office hours" }
end
