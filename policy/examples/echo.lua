-- A server in a dozen lines: whatever a session sends comes back, as it is, or after "records 8" in records of
-- eight bytes, each on a line of its own. A record that is "+" and a number changes their length.

local records = {} -- channels that are in records, by their number

function on_channel_open_request(conn, channel)
	if channel.type ~= "session" then
		return refuse{ message = "there is an echo and nothing else", reason = channel.type }
	end
end

function on_channel_request(conn, channel, request)
	if request.type == "shell" then
		return accept{ route = "script" }
	elseif request.type ~= "exec" then
		return refuse{ reason = request.type }
	end
	local length = string.match(request.command, "^records (%d+)$")
	if length == nil then
		return accept{ route = "script" }
	end
	records[channel.id] = true
	return accept{ route = "script", record_length = tonumber(length) }
end

function on_channel_data_in(conn, channel, data)
	if not records[channel.id] then
		channel:send(data)
		return
	end
	channel:send(data .. "\n")
	local length = string.match(data, "^%+(%d+)")
	if length then
		channel:set_record_length(tonumber(length))
	end
end

function on_channel_eof(conn, channel)
	channel:close()
end

function on_channel_closed(conn, channel)
	records[channel.id] = nil
end
