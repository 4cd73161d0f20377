-- Jump host: ssh -J through it to the hosts behind it, and nothing else.

local behind = { "10.0.0.0/8", "fd00::/8" }
local names = { "*.internal.example.org" }

local function is_behind(host)
	return net.within(host, behind) or str.glob(host, table.unpack(names))
end

function on_channel_open_request(conn, channel)
	if channel.type ~= "direct-tcpip" then
		return refuse{ message = "this host is passed through only: ssh -J", reason = channel.type }
	elseif channel.port ~= 22 or not is_behind(channel.host) then
		return refuse{ message = "not a host behind this one", reason = "destination" }
	end
end

-- No request is for a jump: tcpip-forward and its like.
function on_channel_request(conn, channel, request)
	return refuse{ reason = request.type }
end
