-- git and nothing else: its three commands, on repositories below one folder, whose names hold nothing that a
-- shell would take for something else.

local folder = "/srv/git/"
local verbs = { "git-upload-pack", "git-receive-pack", "git-upload-archive" }

-- The verb and the repository of git-upload-pack '/srv/git/x.git'; nil where it is not plain.
local function parse(command)
	local verb, path = string.match(command, "^(git%-[a-z%-]+) '([%w/._-]+)'$")
	if verb == nil or not str.one_of(verb, verbs) or str.contains(path, "..") then
		return nil
	end
	return verb, path
end

function on_channel_open_request(conn, channel)
	if channel.type ~= "session" then
		return refuse{ message = "git only", reason = channel.type }
	end
end

function on_channel_request(conn, channel, request)
	if request.type == "env" and request.name == "GIT_PROTOCOL" then
		return
	elseif request.type ~= "exec" then
		return refuse{ message = "git only", reason = request.type }
	end
	local verb, path = parse(request.command)
	if verb == nil or not str.starts(path, folder) then
		return refuse{ message = "git only", reason = "not a command of git" }
	end
	-- built anew of what was understood
	return accept{ command = verb .. " '" .. path .. "'" }
end
