-- git for one account that many people share, each with a key of their own, as git-shell(1) has it: git's three
-- commands on the repositories of whoever logs in; without a command, or with one of the gateway's own, a prompt
-- that knows help, list, whoami and exit.

local folder = "/srv/git/"
local verbs = { "git-upload-pack", "git-receive-pack", "git-upload-archive" }

-- Repositories, and who may read and write them, by the fingerprints of their keys.
local people = {
	["SHA256:e1TnWcFrDdLxTrnOIQhWg5VWCTDbF9pVcMKNVVKWVHk"] = "alice",
	["SHA256:1h41AyPnXMUwNVvUXVgFbMgeBJZEBrdSLsj6yGBvrFA"] = "bob",
}
local repositories = {
	["tools.git"] = { read = { "alice", "bob" }, write = { "alice" } },
	["notes.git"] = { read = { "alice" }, write = { "alice" } },
}

local prompt = "git> "
local typed = {} -- of each channel, by its number

local function person(conn)
	for _, fingerprint in ipairs(conn.verified.fingerprints or {}) do
		if people[fingerprint] then return people[fingerprint] end
	end
	return "somebody"
end

-- Each gives its text and its exit status.
local commands = {
	help = function() return "list, whoami, exit; and git clone, fetch and push\n", 0 end,
	whoami = function(conn) return person(conn) .. "\n", 0 end,
	list = function(conn)
		local found = {}
		for name, may in pairs(repositories) do
			if str.one_of(person(conn), may.read) then
				local how = str.one_of(person(conn), may.write) and "\trw\n" or "\tr\n"
				table.insert(found, name .. how)
			end
		end
		table.sort(found)
		return table.concat(found), 0
	end,
}

local function run(conn, channel, line)
	local command = commands[line]
	if command == nil then
		channel:send_error("no such command: " .. line .. "; try help\n")
		return 128
	end
	local text, status = command(conn)
	channel:send_text(text)
	return status
end

local function git(conn, command)
	local verb, name = string.match(command, "^(git%-[a-z%-]+) '/?([%w._-]+)'$")
	local may = repositories[name or ""]
	if not str.one_of(verb or "", verbs) or may == nil or
		not str.one_of(person(conn), verb == "git-receive-pack" and may.write or may.read) then
		return refuse{ message = "no such repository", reason = command .. " of " .. person(conn) }
	end
	return accept{ command = verb .. " '" .. folder .. name .. "'", env = { GIT_PERSON = person(conn) } }
end

function on_channel_open_request(conn, channel)
	if channel.type ~= "session" then
		return refuse{ message = "git only", reason = channel.type }
	end
end

function on_channel_request(conn, channel, request)
	if request.type == "exec" and str.starts(request.command, "git-") then
		return git(conn, request.command)
	elseif request.type == "exec" or request.type == "shell" then
		return accept{ route = "script" }
	elseif request.type == "env" and request.name == "GIT_PROTOCOL" then
		return
	end
	return refuse{ reason = request.type }
end

function on_channel_requested(conn, channel, request)
	if request.type == "shell" then
		typed[channel.id] = ""
		channel:send(prompt)
	elseif request.type == "exec" and not str.starts(request.command, "git-") then
		channel:close(run(conn, channel, request.command))
	end
end

function on_channel_data_in(conn, channel, data)
	local all = (typed[channel.id] or "") .. data
	for line in string.gmatch(all, "([^\n]*)\n") do
		if line == "exit" then
			channel:close()
			return
		elseif line ~= "" then
			run(conn, channel, line)
		end
		channel:send(prompt)
	end
	typed[channel.id] = string.sub(string.match(all, "[^\n]*$"), 1, 200)
end

function on_channel_eof(conn, channel)
	if typed[channel.id] then channel:close() end
end

function on_channel_closed(conn, channel)
	typed[channel.id] = nil
end
