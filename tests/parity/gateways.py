"""The gateways that rows share, each started when it is first asked for."""
import os
import subprocess

import table  # noqa: F401  where the helpers of tests/e2e are
from control import SOCKET
from gateway import Gateway, wait_for
from scripted import scripted

# Every event is a log line; a few commands are served by the script.
SCRIPT = r"""
local function flat(name, value)
  if type(value) ~= "table" then return name .. "=" .. tostring(value) .. ";" end
  local text, keys = "", {}
  for key in pairs(value) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for _, key in ipairs(keys) do text = text .. flat(name .. "." .. key, value[key] or value[tonumber(key)]) end
  return text
end
local function ev(event, ...)
  local text = ""
  for _, part in ipairs{ ... } do text = text .. flat(part[1], part[2]) end
  log("EV " .. event .. " " .. string.gsub(text, "[^ -~]", "?"))
end
local function number(p, n) return packet.put(p, "i", n) end

function on_connection_request(conn) ev("connection_request", { "conn", conn.verified }) end
function on_connected(conn, status) ev("connected", { "conn", conn.verified }, { "status", status }) end
function on_disconnected(conn, ending) ev("disconnected", { "conn", conn.id }, { "ending", ending }) end
function on_error(conn, problem) ev("error", { "problem", problem }) end
function on_log(conn, line) if str.contains(line.message, "client=") then ev("log", { "line", line }) end end
function on_status(conn, status) ev("status", { "status", status }) end
function on_service_request(conn, service)
  ev("service_request", { "service", service })
end
function on_user_auth_request(conn, auth)
  ev("user_auth_request", { "auth", { user = auth.user, service = auth.service, method = auth.method,
    key_algorithm = auth.key_algorithm } })
  if auth.user == "nobody-at-all" then
    return refuse{ banner = "go away\n", available_methods = { "keyboard-interactive" },
      prompts = { instruction = "who are you", { "Name: ", echo = true }, { "Word: " } } }
  end
end
function on_channel_open_request(conn, channel)
  ev("channel_open_request", { "channel", { type = channel.type, host = channel.host } })
  if channel.host == "refused.invalid" then return refuse{ message = "not there" } end
  if channel.host == "script.invalid" then return accept{ route = "script" } end
end
function on_channel_opened(conn, channel)
  ev("channel_opened", { "channel", channel.type }, { "ready", channel.ready_to_send })
  if channel.type == "forwarded-tcpip" then channel:send("opened by the gateway\n") channel:close() end
end
function on_channel_ready_to_send(conn, channel) ev("channel_ready_to_send", { "channel", channel.id }) end
function on_channel_request(conn, channel, request)
  ev("channel_request", { "request", { type = request.type, command = request.command,
    field = request.type == "exec" and packet.get(request.payload, "Command") or
      request.type == "env" and packet.get(request.payload, "VariableValue") or
      request.type == "pty-req" and packet.get(request.payload, "TerminalType") or nil,
    types = request.type == "exec" and packet.get(request.payload, "%s,i,s,f") or nil } })
  if request.type == "exec" and str.starts(request.command, "script ") then return accept{ route = "script" } end
  if request.command == "records" then return accept{ route = "script", record_length = 4 } end
  if request.command == "rewritten" then return accept{ command = "echo by the script" } end
  if request.command == "refused" then return refuse{ message = "no such thing" } end
end
local does = {
  ["script status"] = function(conn, channel) channel:send("out") channel:send_error("err") channel:close(7) end,
  ["script text"] = function(conn, channel) channel:send_text("caf\xc3\xa9") channel:close() end,
  ["script rekey"] = function(conn, channel) conn:rekey() channel:close() end,
  ["script disconnect"] = function(conn, channel) conn:disconnect("that is all") end,
  ["script open"] = function(conn, channel) conn:open_channel("unknown@example.com") end,
  ["script address"] = function(conn, channel)
    channel:send(conn.verified.source .. " " .. conn.verified.source_port .. " " .. conn.verified.local_address)
    channel:close()
  end,
  ["script ended"] = function(conn, channel) channel:eof() channel:send("late") channel:close() end,
  ["script packet"] = function(conn, channel)
    local p = packet.put(packet.put("", "b", 1), "s", "by hand")
    conn:send_packet(nil, 4, packet.put(p, "s", ""))
    channel:close()
  end,
  ["script late"] = function(conn, channel)
    conn:set_timeout(1)
    for i = 1, 40 do channel:send(string.rep("x", 60000)) end
  end,
}
function on_channel_requested(conn, channel, request)
  ev("channel_requested", { "request", request.type })
  if does[request.command] then does[request.command](conn, channel) end
  if request.type == "tcpip-forward" then
    local p = number(packet.put("", "s", request.host), request.port)
    conn:open_channel("forwarded-tcpip", number(packet.put(p, "s", "127.0.0.1"), 1))
  end
end
function on_channel_data_in(conn, channel, data)
  ev("channel_data_in", { "data", data }, { "record", channel.record_length }, { "received", channel.bytes_received },
    { "sent", channel.bytes_sent })
  channel:send("<" .. data .. ">")
  if data == "8888" then channel:set_record_length(8) end
end
function on_channel_eof(conn, channel)
  ev("channel_eof", { "channel", channel.type })
  if channel.type ~= "session" or channel.record_length == 4 or channel.record_length == 8 then channel:close() end
end
function on_channel_closed(conn, channel) ev("channel_closed", { "channel", channel.type }) end
"""

OLD = ["KexAlgorithms +diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1",
       "Ciphers +aes128-cbc,aes192-cbc,aes256-cbc,3des-ctr,3des-cbc,blowfish-cbc,cast128-cbc,arcfour,arcfour128,"
       "arcfour256",
       "MACs +umac-64-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha1-etm@openssh.com,hmac-sha1,"
       "hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-sha2-256-96,hmac-sha2-512-96,hmac-ripemd160,hmac-ripemd160-96",
       "CompressionAlgorithms +zlib", "HostKeyAlgorithms +ssh-rsa", "PubkeyAcceptedAlgorithms +ssh-rsa", "IdleTimeout 2s", "BindExclusively no"]

# one gateway for what needs a setting that others are not disturbed by
SET = ["ListenBacklog 17", "ReceiveBuffer 70000", "SendBuffer 90000", "TCPKeepAliveTime 100s",
       "TCPKeepAliveInterval 10s", "ServerVersion SSH-2.0-Parity", "MaxAuthTries 2",
       "ClientAliveInterval 1", "ClientAliveCountMax 2", "RekeyLimit 64K", "HandshakeTimeout 1s", "LogLevel 3",
       "ClientVersionPattern SSH-2.0-OpenSSH*,*paramiko*", "MaxConnections 5", "AllowedClients localhost",
       "TCPNoDelay no", "AddressFamily inet", "KbdInteractiveInstruction \"Answer truly\"",
       "KbdInteractivePrompt \"Token: \" echo", "KbdInteractivePrompt \"PIN: \"", "PasswordAuthentication no",
       "PerSourcePenalties no"]


class Gateways:
    """g.script, g.old, g.set: each a gateway of tests/e2e; g.start(...) is one for a row alone."""

    def __init__(self):
        self.started = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        for g in self.started.values():
            g.__exit__(kind, *rest)

    def once(self, name, make):
        if name not in self.started:
            self.started[name] = make()
        return self.started[name]

    @property
    def script(self):
        def make():
            g = scripted(SCRIPT, "CodePage 850", "AcceptEnv LANG", "ConnectTimeout 2", "MaxAuthTries 2", start=False)
            g.lines.append("ControlSocket " + g.path(SOCKET))
            g.write_conf()
            return g.start()
        return self.once("script", make)

    @property
    def old(self):
        return self.once("old", lambda: Gateway(*OLD, "PerSourcePenalties no"))

    @property
    def set(self):
        def make():
            g = Gateway(start=False)
            banner = g.path("banner")
            with open(banner, "w") as f:
                f.write("Banner of a file\n")
            g.lines = [*SET, "Banner " + banner]
            g.write_conf()
            return g.start()
        return self.once("set", make)


def told(g, event, pattern="", since=0):
    """Waits for an event that the script of g heard; gives its line."""
    def find():
        return next((line for line in g.log_lines[since:] if "EV %s " % event in line and pattern in line), None)
    line = wait_for(find)
    if not line:
        raise AssertionError("no event %s with %r in:\n%s" % (event, pattern, "\n".join(g.log_lines[since:][-60:])))
    return line


def sockets(port, *options):
    """What ss says of the gateway's sockets at a port."""
    return subprocess.run(["ss", "-Htnmo", *options, "sport = :%d" % port], capture_output=True, text=True,
                          check=True).stdout


def program(g, *args):
    return subprocess.run([g.program(), *args], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
