-- A menu for those who look after the gateway, with and without a terminal: it closes the door for everybody else,
-- opens it again, and sets the text that logins see. Others have what the configuration gives them.

local admins = { "admin" }
local menu = "1 state, 2 close the door, 3 open it, 4 new notice, q quit\n> "

-- of each channel, by its number: what was typed of a line, whether it has a terminal, what the line is an answer to
local typed, tty, asked = {}, {}, {}

local function say(channel, text)
	channel:send(tty[channel.id] and string.gsub(text, "\n", "\r\n") or text)
end

local function state()
	local door = shared.get("door closed") and "closed" or "open"
	return "the door is " .. door .. "; notice: " .. (shared.get("notice") or "none") .. "\n"
end

local choices = {
	["1"] = state,
	["2"] = function() shared.set("door closed", true) return "closed\n" end,
	["3"] = function() shared.set("door closed", nil) return "open\n" end,
}

local function take_line(conn, channel, line)
	if asked[channel.id] then
		asked[channel.id] = nil
		shared.set("notice", line ~= "" and line or nil)
		log("notice set by " .. conn.verified.user)
		say(channel, state() .. menu)
	elseif line == "4" then
		asked[channel.id] = true
		say(channel, "new text, empty for none: ")
	elseif line == "q" then
		say(channel, "bye\n")
		channel:close()
	elseif choices[line] then
		log("menu: " .. conn.verified.user .. " chose " .. line)
		say(channel, choices[line]() .. menu)
	else
		say(channel, menu)
	end
end

function on_user_auth_request(conn, auth)
	if shared.get("door closed") and not str.one_of(auth.user, admins) then
		return refuse{ banner = "The gateway is closed for maintenance.\n", reason = "the door is closed" }
	elseif auth.method == "none" and shared.get("notice") then
		return refuse{ banner = shared.get("notice") .. "\n", reason = "the notice was shown" }
	end
end

function on_channel_request(conn, channel, request)
	if not str.one_of(conn.verified.user, admins) then
		return
	elseif request.type == "pty-req" then
		tty[channel.id] = true
		return accept{}
	elseif request.type == "shell" then
		return accept{ route = "script" }
	elseif request.type == "exec" then
		return refuse{ message = "there is a menu: ssh without a command", reason = request.command }
	end
end

function on_channel_requested(conn, channel, request)
	if request.type == "shell" and str.one_of(conn.verified.user, admins) then
		typed[channel.id] = ""
		say(channel, menu)
	end
end

-- A terminal sends each key: it is shown, Backspace takes one back, Ctrl-C and Ctrl-D end the menu.
function on_channel_data_in(conn, channel, data)
	for key in string.gmatch(data, ".") do
		local line = typed[channel.id]
		if key == "\r" or key == "\n" then
			typed[channel.id] = ""
			if tty[channel.id] then say(channel, "\n") end
			take_line(conn, channel, line)
		elseif key == "\3" or key == "\4" then
			channel:close()
		elseif key == "\127" or key == "\b" then
			typed[channel.id] = string.sub(line, 1, -2)
			if line ~= "" then channel:send("\b \b") end
		elseif key >= " " and #line < 200 then
			typed[channel.id] = line .. key
			if tty[channel.id] then channel:send(key) end
		end
	end
end

function on_channel_eof(conn, channel)
	if typed[channel.id] then channel:close() end
end

function on_channel_closed(conn, channel)
	typed[channel.id], tty[channel.id], asked[channel.id] = nil, nil, nil
end
