-- What is asked for depends on where it comes from: the office, the administrators' network, anywhere else.

local office = { "10.0.0.0/8", "fd00::/8" }
local admins = { "10.99.0.0/24" }
local banned = { "203.0.113.0/24" }

local function from(conn, networks)
	return net.within(conn.verified.source, networks)
end

-- Before a single packet is read.
function on_connection_request(conn)
	if from(conn, banned) then
		return refuse{ reason = "banned network" }
	end
end

function on_user_auth_request(conn, auth)
	if auth.user == "root" and not from(conn, admins) then
		return refuse{ reason = "root comes from the administrators' network only" }
	elseif not from(conn, office) and auth.method ~= "publickey" then
		return refuse{ available_methods = { "publickey" },
			reason = "from outside with a key only" }
	elseif not from(conn, office) and auth.verified.credential then
		-- from outside: narrow, and ended when nothing happens
		return accept{ agent = false, x11 = false, max_channels = 8, idle_s = 900 }
	end
end
