-- Contractors, who are a group of the system, reach the hosts of their list and have no session here.
-- All others are left to the configuration.

local group = "contractors"
local network = "10.1.0.0/16"
local hosts = { "wiki.example.org:443", "build-*.example.org:22" }

local function is_contractor(conn)
	return str.one_of(group, conn.verified.groups or {})
end

local function may_reach(channel)
	return net.within(channel.host, network) or
		str.glob(channel.host .. ":" .. channel.port, table.unpack(hosts))
end

function on_channel_open_request(conn, channel)
	if not is_contractor(conn) then
		return
	elseif channel.type == "session" then
		return refuse{ message = "contractors have no session here", reason = "contractor" }
	elseif channel.type ~= "direct-tcpip" or not may_reach(channel) then
		return refuse{ message = "not a host of the contractors' list",
			reason = "outside the contractors' list" }
	end
end

-- Nothing is listened on for them.
function on_channel_request(conn, channel, request)
	if is_contractor(conn) and channel.type == "global" then
		return refuse{ reason = "contractors do not listen" }
	end
end
