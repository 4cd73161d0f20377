-- Read-only SFTP and nothing else: no shell, no command, no terminal, no forwarding.

local server = "internal-sftp -R"

function on_channel_open_request(conn, channel)
	if channel.type ~= "session" then
		return refuse{ message = "file transfer only", reason = channel.type }
	end
end

function on_channel_request(conn, channel, request)
	if request.type == "subsystem" and request.subsystem == "sftp" then
		return accept{ command = server }
	end
	return refuse{ message = "file transfer only", reason = request.type }
end
