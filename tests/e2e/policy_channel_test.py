"""Channels under a policy script: each handler that decides changes what stock clients can do, each
that is told is seen to be told, and a channel may have the script itself as its peer."""
import hashlib
import os
import re
import socket
import subprocess
import time
import unittest

import paramiko

from gateway import end, free_port, Gateway, PATIENCE, wait_for
from server import Echo, Server, connect, exchange


def scripted(script, *lines, **kw):
    """A gateway with a script; its folder is there before it starts."""
    g = Gateway(start=False, **kw)
    path = g.path("policy.lua")
    with open(path, "w") as f:
        f.write(script)
    os.chmod(path, 0o600)
    g.lines = ["PolicyScript " + path, "LogLevel VERBOSE", *lines]
    g.write_conf()
    return g.start()


class ScriptCase(unittest.TestCase):
    SCRIPT = ""
    LINES = ()

    @classmethod
    def setUpClass(cls):
        cls.g = scripted(cls.SCRIPT, *cls.LINES)

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def client(self):
        """paramiko, logged in; it lets tests say what ssh never says."""
        c = paramiko.SSHClient()
        c.load_host_keys(self.g.path("known_hosts"))
        c.connect("127.0.0.1", self.g.port, self.g.user, key_filename=self.g.key,
                  look_for_keys=False, allow_agent=False)
        self.addCleanup(c.close)
        return c

    def session(self):
        """A session that does not wait for ever."""
        channel = self.client().get_transport().open_session()
        channel.settimeout(30 * PATIENCE)
        return channel


class DecideTest(ScriptCase):
    SCRIPT = r"""
function on_channel_open_request(conn, channel)
  if channel.type == "direct-tcpip" then
    if channel.host == "elsewhere.invalid" then
      return accept{ host = "127.0.0.1", port = channel.port }
    elseif not net.within(channel.host, "127.0.0.0/30") then
      return refuse{ message = "only the near network", reason = "outside 127.0.0.0/30" }
    end
  elseif channel.type == "direct-streamlocal@openssh.com" then
    return refuse{ message = "no sockets", reason = "sockets are closed" }
  end
end

function on_channel_request(conn, channel, request)
  local t = request.type
  if t == "exec" then
    if request.command == "forced" then return accept{ command = "echo instead of $SSH_ORIGINAL_COMMAND" }
    elseif request.command == "with-env" then
      return accept{ command = "echo $ROLE", env = { ROLE = "guest" } }
    elseif request.command == "broken" then error("no idea")
    elseif str.glob(request.command, "git-*") then return refuse{ message = "git only elsewhere", reason = "git" } end
  elseif t == "subsystem" then
    return refuse{ message = "no subsystems", reason = "subsystem " .. request.subsystem }
  elseif t == "shell" then
    return accept{ command = "echo menu" }
  elseif t == "pty-req" then
    return refuse{ reason = "no terminals" }
  elseif t == "env" then
    if request.name == "LANG" then return accept{ env = { LANG = "C.rewritten" } }
    elseif request.name == "LC_SECRET" then return refuse{ reason = "that variable" } end
  elseif t == "auth-agent-req@openssh.com" then
    return refuse{ reason = "no agents" }
  elseif t == "signal" then
    if request.signal == "USR1" then return refuse{ reason = "not that signal" } end
  elseif t == "tcpip-forward" then
    if request.port == 0 then return refuse{ reason = "no port of our choice" } end
  elseif t == "streamlocal-forward@openssh.com" then
    return refuse{ reason = "no listening sockets" }
  elseif t == "cancel-tcpip-forward" then
    return refuse{ reason = "listeners stay" }
  elseif t == "x11-req" then
    return refuse{ reason = "no screens" }
  elseif t == "eow@openssh.com" then
    return refuse{ reason = "read on" }
  elseif t == "greet@example.com" then
    return accept{}
  end
end
"""
    LINES = ("AcceptEnv LANG LC_*", "X11Forwarding yes")

    def logged(self, pattern):
        self.assertTrue(self.g.wait_log(pattern), self.g.log())

    def test_command_is_replaced(self):
        done = self.g.ssh("forced", check=0)
        self.assertEqual(done.stdout, b"instead of forced\n")

    def test_shell_is_replaced(self):
        self.assertEqual(self.g.ssh(check=0).stdout, b"menu\n")

    def test_other_commands_run_as_asked(self):
        self.assertEqual(self.g.ssh("echo as asked", check=0).stdout, b"as asked\n")

    def test_variables_come_with_the_command(self):
        self.assertEqual(self.g.ssh("with-env", check=0).stdout, b"guest\n")

    def test_refused_command_shows_the_message_and_logs_the_reason(self):
        done = self.g.ssh("git-receive-pack x", check=1)
        self.assertEqual(done.stderr, b"git only elsewhere\r\n")
        self.assertEqual(done.stdout, b"")
        self.logged(r"on_channel_request: refuse at \S+:\d+ reason=git")

    def test_script_that_fails_refuses_with_its_line(self):
        done = self.g.ssh("broken")
        self.assertNotEqual(done.returncode, 0)
        self.logged(r"on_channel_request: error at \S*policy\.lua:%d: no idea" %
                    (self.SCRIPT[:self.SCRIPT.index('error("no idea")')].count("\n") + 1))
        self.assertEqual(self.g.ssh("echo on", check=0).stdout, b"on\n")

    def test_subsystem_is_refused(self):
        done = self.g.ssh("sftp", options=["-s"], check=1)
        self.assertIn(b"no subsystems", done.stderr)
        self.logged("reason=subsystem sftp")

    def test_terminal_is_denied(self):
        done = self.g.ssh("tty", options=["-tt"])
        self.assertIn(b"PTY allocation request failed", done.stderr)
        channel = self.session()
        with self.assertRaises(paramiko.SSHException):
            channel.get_pty()
        self.logged("reason=no terminals")

    def test_variable_is_rewritten_and_another_refused(self):
        env = dict(os.environ, LANG="C.asked", LC_SECRET="secret", LC_OTHER="other")
        argv = self.g.ssh_argv("echo $LANG-$LC_SECRET-$LC_OTHER",
                               options=["-o", "SendEnv=LANG LC_SECRET LC_OTHER"])
        done = subprocess.run(argv, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.stdout, b"C.rewritten--other\n")

    def test_agent_is_denied(self):
        done = self.g.ssh("echo ${SSH_AUTH_SOCK:-none}", options=["-A", "-o", "IdentityAgent=/nonexistent"])
        self.assertEqual(done.stdout, b"none\n")
        ssh = self.client()
        channel = ssh.get_transport().open_session()
        paramiko.agent.AgentRequestHandler(channel)
        self.logged("reason=no agents")

    def test_connections_go_to_the_near_network_only(self):
        with Server(Echo) as echo:
            near = self.g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"hello")
            self.assertEqual(near.stdout, b"helloend")
            far = self.g.ssh(options=["-W", "127.0.0.9:%d" % echo.port, "-o", "LogLevel=INFO"])
            self.assertIn(b"only the near network", far.stderr)
            self.logged(r"on_channel_open_request: refuse at \S+:\d+ reason=outside 127\.0\.0\.0/30")

    def test_connection_is_sent_elsewhere(self):
        with Server(Echo) as echo:
            done = self.g.ssh(options=["-W", "elsewhere.invalid:%d" % echo.port], input=b"hello")
            self.assertEqual(done.stdout, b"helloend")

    def test_socket_is_refused(self):
        port = free_port()
        p = self.g.popen(options=["-N", "-L", "%d:/nonexistent" % port, "-o", "LogLevel=INFO"])
        try:
            self.assertTrue(wait_for(lambda: listening(port)))
            self.assertEqual(exchange(connect(port), b"x"), b"")
            self.logged("reason=sockets are closed")
        finally:
            end(p)
            p.communicate()

    def test_listeners_are_decided(self):
        t = self.client().get_transport()
        with self.assertRaises(paramiko.SSHException):
            t.request_port_forward("127.0.0.1", 0)
        self.logged("reason=no port of our choice")
        port = free_port()
        self.assertEqual(t.request_port_forward("127.0.0.1", port), port)
        t.cancel_port_forward("127.0.0.1", port)  # refused: it goes on listening
        self.logged("reason=listeners stay")
        self.assertTrue(listening(port))

    def test_listening_socket_is_refused(self):
        done = self.g.ssh(options=["-N", "-R", self.g.path("s") + ":localhost:1", "-o",
                                   "ExitOnForwardFailure=yes"], timeout=20)
        self.assertEqual(done.returncode, 255)
        self.logged("reason=no listening sockets")

    def test_signals_are_decided(self):
        channel = self.session()
        channel.exec_command("trap 'echo got one' USR1; trap 'echo got two; exit 3' USR2; echo ready; "
                             "while :; do sleep 0.1; done")
        self.assertEqual(channel.recv(6), b"ready\n")
        for name in ("USR1", "USR2"):
            say(channel, "signal", name)
        self.assertEqual(channel.recv_exit_status(), 3)
        self.assertEqual(channel.recv(100), b"got two\n")

    def test_screen_is_refused(self):
        channel = self.session()
        with self.assertRaises(paramiko.SSHException):
            channel.request_x11()
        self.logged("reason=no screens")

    def test_end_of_write_is_refused(self):
        channel = self.session()
        channel.exec_command("sleep 0.5; echo written; read x")
        say(channel, "eow@openssh.com")
        self.logged("reason=read on")
        self.assertEqual(channel.recv(100), b"written\n")

    def test_request_that_only_the_script_knows_succeeds(self):
        channel = self.session()
        self.assertTrue(ask(channel, "greet@example.com"))
        self.assertFalse(ask(channel, "unknown@example.com"))


def say(channel, name, *fields, reply=False):
    """A channel request of ours: paramiko has none for it."""
    m = paramiko.Message()
    m.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    m.add_int(channel.remote_chanid)
    m.add_string(name)
    m.add_boolean(reply)
    for field in fields:
        m.add_int(field) if isinstance(field, int) else m.add_string(field)
    channel.transport._send_user_message(m)


def ask(channel, name, *fields):
    """A channel request that wants an answer; gives it. paramiko closes the channel after a no."""
    channel._event_pending()
    say(channel, name, *fields, reply=True)
    try:
        channel._wait_for_event()
    except paramiko.SSHException:
        return False
    return True


def listening(port, address="127.0.0.1"):
    """Whether somebody accepts there: asked of the kernel, so that no connection is made."""
    with open("/proc/net/tcp") as f:
        wanted = "%s:%04X" % (socket.inet_aton(address)[::-1].hex().upper(), port)
        return any(line.split()[1] == wanted and line.split()[3] == "0A"
                   for line in f.readlines()[1:])


class TerminalTest(ScriptCase):
    SCRIPT = r"""
function on_channel_request(conn, channel, request)
  if request.type == "pty-req" and request.term ~= "vt100" then
    return refuse{ reason = "terminal " .. request.term }
  elseif request.type == "window-change" and request.columns > 100 then
    return refuse{ reason = string.format("%d by %d is too wide", request.columns, request.rows) }
  elseif request.type == "break" then
    return refuse{ reason = "no breaks" }
  elseif request.type == "xon-xoff" then
    return accept{}
  end
end
"""

    def test_terminal_and_its_changes_are_decided(self):
        t = self.client().get_transport()
        with self.assertRaises(paramiko.SSHException):
            t.open_session().get_pty("dumb")
        self.assertTrue(self.g.wait_log("reason=terminal dumb"), self.g.log())
        channel = t.open_session()
        channel.settimeout(30 * PATIENCE)
        channel.get_pty("vt100", 80, 24)
        channel.exec_command("stty -echo; while read x; do stty size; done")
        self.assertTrue(wait_for(lambda: size(channel) == b"24 80"))
        channel.resize_pty(90, 30)
        self.assertTrue(wait_for(lambda: size(channel) == b"30 90"))
        channel.resize_pty(200, 30)
        self.assertTrue(self.g.wait_log("reason=200 by 30 is too wide"), self.g.log())
        self.assertEqual(size(channel), b"30 90")
        self.assertTrue(ask(channel, "xon-xoff"))
        self.assertFalse(ask(channel, "break", 500))
        self.assertTrue(self.g.wait_log("reason=no breaks"), self.g.log())


def size(channel):
    """What stty of the far side says, after an empty line made it look."""
    channel.sendall(b"\n")
    data = b""
    while not data.endswith(b"\n"):
        more = channel.recv(100)
        if not more:
            raise AssertionError("ended after %r" % data)
        data += more
    return data.split(b"\r\n")[-2].strip()


class GrantsTest(unittest.TestCase):
    """What an accepted login brought with it holds for its channels."""

    @classmethod
    def setUpClass(cls):
        cls.echo, cls.other = Server(Echo), Server(Echo)
        cls.echo.__enter__()
        cls.other.__enter__()
        cls.port = free_port()
        cls.g = scripted("""
function on_user_auth_request(conn, auth)
  if auth.method == "publickey" and auth.verified.fingerprint then
    return accept{ permit_open = { "127.0.0.1:%d" }, permit_listen = { "127.0.0.1:%d" },
      max_sessions = 2, max_channels = 3 }
  end
end
""" % (cls.echo.port, cls.port))

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)
        cls.echo.__exit__()
        cls.other.__exit__()

    client = ScriptCase.client
    session = ScriptCase.session

    def test_only_what_was_permitted_is_reached(self):
        near = self.g.ssh(options=["-W", "127.0.0.1:%d" % self.echo.port], input=b"hello")
        self.assertEqual(near.stdout, b"helloend")
        far = self.g.ssh(options=["-W", "127.0.0.1:%d" % self.other.port], input=b"hello")
        self.assertEqual(far.stdout, b"")
        self.assertTrue(self.g.wait_log("refused to connect to 127.0.0.1 port %d" % self.other.port))

    def test_only_what_was_permitted_is_listened_on(self):
        t = self.client().get_transport()
        self.assertEqual(t.request_port_forward("127.0.0.1", self.port), self.port)
        with self.assertRaises(paramiko.SSHException):
            t.request_port_forward("127.0.0.1", free_port())

    def test_sessions_and_channels_are_counted(self):
        t = self.client().get_transport()
        there = ("127.0.0.1", self.echo.port)
        sessions = [t.open_session(), t.open_session()]
        with self.assertRaises(paramiko.ChannelException) as refused:
            t.open_session()
        self.assertEqual(refused.exception.code, 1)
        third = t.open_channel("direct-tcpip", there, ("127.0.0.1", 1))
        with self.assertRaises(paramiko.ChannelException) as refused:
            t.open_channel("direct-tcpip", there, ("127.0.0.1", 1))
        self.assertEqual(refused.exception.code, 4)
        third.close()
        sessions[0].close()
        # one that ended leaves its place to another
        self.assertTrue(wait_for(lambda: self.opens(t)))
        self.assertEqual(self.g.ssh("echo others count by themselves", check=0).stdout[:6], b"others")

    @staticmethod
    def opens(transport):
        try:
            return transport.open_session()
        except paramiko.ChannelException:
            return None


class ToldTest(ScriptCase):
    """Every handler that is told writes what it sees to the log."""
    SCRIPT = r"""
local function show(event, channel, more)
  log(string.format("TOLD %s id=%d type=%s sent=%d received=%d record=%d ready=%s %s", event, channel.id,
    channel.type, channel.bytes_sent or 0, channel.bytes_received or 0, channel.record_length or 0,
    tostring(channel.ready_to_send), more or ""))
end
function on_channel_opened(conn, channel) show("opened", channel, channel.host) end
function on_channel_requested(conn, channel, request)
  show("requested", channel, request.type .. " reply=" .. tostring(request.want_reply) .. " " ..
    (request.command or request.name or request.term or request.signal or request.path or
      tostring(request.columns or request.port or "")))
end
function on_channel_eof(conn, channel) show("eof", channel) end
function on_channel_closed(conn, channel) show("closed", channel) end
function on_channel_ready_to_send(conn, channel) show("ready", channel) end
"""
    LINES = ("AcceptEnv LANG",)

    def told(self, pattern):
        self.assertTrue(self.g.wait_log("TOLD " + pattern), pattern + "\n" + self.g.log())

    def test_session_is_told_from_its_open_to_its_end(self):
        env = dict(os.environ, LANG="C.told")
        argv = self.g.ssh_argv("cat", options=["-o", "SendEnv=LANG"])
        done = subprocess.run(argv, env=env, input=b"x" * 1000, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, b"x" * 1000)
        self.told(r"opened id=\d+ type=session sent=0 received=0 record=0 ready=true")
        self.told(r"ready id=\d+ type=session")
        self.told(r"requested id=\d+ type=session .* env reply=false LANG")
        self.told(r"requested id=\d+ type=session .* exec reply=true cat")
        self.told(r"eof id=\d+ type=session .*received=1000")
        self.told(r"closed id=\d+ type=session sent=1000 received=1000 record=0 ready=false")

    def test_connection_is_told(self):
        with Server(Echo) as echo:
            self.g.ssh(options=["-W", "localhost:%d" % echo.port], input=b"hello", check=0)
        self.told(r"opened id=\d+ type=direct-tcpip .* localhost")
        self.told(r"closed id=\d+ type=direct-tcpip sent=8 received=5")

    def test_listener_and_what_it_accepts_are_told(self):
        t = self.client().get_transport()
        port = t.request_port_forward("127.0.0.1", 0)
        self.told(r"requested id=0 type=global .*tcpip-forward reply=true 0")
        with connect(port):
            channel = t.accept(10)
            self.told(r"opened id=\d+ type=forwarded-tcpip")
            channel.close()
        self.told(r"closed id=\d+ type=forwarded-tcpip")
        t.cancel_port_forward("127.0.0.1", port)
        self.told(r"requested id=0 type=global .*cancel-tcpip-forward reply=true %d" % port)

    def test_terminal_its_changes_and_signals_are_told(self):
        channel = self.session()
        channel.get_pty("vt220", 80, 24)
        self.told(r"requested id=\d+ type=session .* pty-req reply=true vt220")
        channel.exec_command("trap 'exit 3' USR2; echo ready; while :; do sleep 0.1; done")
        self.assertEqual(channel.recv(7), b"ready\r\n")
        channel.resize_pty(91, 30)
        self.told(r"requested id=\d+ type=session .* window-change reply=false 91")
        say(channel, "signal", "USR2")
        self.assertEqual(channel.recv_exit_status(), 3)
        self.told(r"requested id=\d+ type=session .* signal reply=false USR2")

    def test_listening_socket_is_told(self):
        path = os.path.join(self.g.scratch("sockets"), "s")
        p = self.g.popen(options=["-N", "-R", path + ":localhost:1"])
        try:
            self.told(r"requested id=0 type=global .* streamlocal-forward@openssh\.com reply=true " + re.escape(path))
        finally:
            end(p)
            p.communicate()

    def test_failed_request_is_not_told(self):
        channel = self.session()
        self.assertFalse(ask(channel, "nobody@example.com"))
        self.assertNotIn("nobody@example.com", self.g.log())

    def test_window_that_opens_again_is_told(self):
        t = self.client().get_transport()
        before = self.ready()
        channel = t.open_session(window_size=32768)
        self.assertTrue(wait_for(lambda: self.ready() == before + 1), self.g.log())
        channel.exec_command("head -c 100000 /dev/zero")
        # nobody reads until the window is used up
        self.assertTrue(wait_for(lambda: len(channel.in_buffer) == 32768), self.g.log())
        n = 0
        while True:
            data = channel.recv(20000)
            if not data:
                break
            n += len(data)
        self.assertEqual(n, 100000)
        self.assertTrue(wait_for(lambda: self.ready() > before + 1), self.g.log())

    def ready(self):
        return sum("TOLD ready" in line for line in self.g.log_lines)


ECHO = r"""
function on_channel_open_request(conn, channel)
  if channel.type == "echo@example.com" then return accept{ route = "script" } end
  if channel.type == "record@example.com" then return accept{ route = "script", record_length = 8 } end
end
function on_channel_request(conn, channel, request)
  if request.type == "exec" and request.command == "echo" then return accept{ route = "script" }
  elseif request.type == "exec" and request.command == "flood" then return accept{ route = "script" }
  elseif request.type == "exec" and request.command == "broken" then return accept{ route = "script" } end
end
function on_channel_requested(conn, channel, request)
  if request.command == "flood" then
    local piece = string.rep("x", 32000)
    for i = 1, 60 do channel:send(piece) end
  end
end
function on_channel_data_in(conn, channel, data)
  if data == "break\n" then error("as wished") end
  if data == "slow\n" then helper.call("slow", {}, { deadline = 1 }) end
  if channel.type == "record@example.com" then
    channel:send("<" .. data .. ">")
    if data == "longer!!" then channel:set_record_length(12) end
  else channel:send(data) end
end
function on_channel_eof(conn, channel)
  channel:send("")
  channel:close()
end
"""


class RouteTest(ScriptCase):
    SCRIPT = ECHO
    # one that never answers
    LINES = ("PolicyHelper slow /bin/sleep 1000", "PolicyHelperUser nobody")

    def test_megabyte_comes_back_from_an_echo_of_the_script(self):
        data = os.urandom(1024 * 1024)
        done = self.g.ssh("echo", input=data, check=0)
        self.assertEqual(len(done.stdout), len(data))
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())

    def open(self, kind, window=None):
        t = self.client().get_transport()
        channel = t.open_channel(kind, window_size=window)
        channel.settimeout(30 * PATIENCE)
        return channel

    def test_type_that_only_the_script_knows(self):
        channel = self.open("echo@example.com")
        channel.sendall(b"hello")
        self.assertEqual(channel.recv(100), b"hello")
        channel.shutdown_write()
        self.assertEqual(channel.recv(100), b"")
        with self.assertRaises(paramiko.ChannelException) as refused:
            self.open("nobody@example.com")
        self.assertEqual(refused.exception.code, 3)

    def test_records_have_their_length_and_the_rest_comes_at_the_end(self):
        channel = self.open("record@example.com")
        channel.sendall(b"0123456")
        channel.sendall(b"789abcdefXYZ")
        channel.shutdown_write()
        back = b""
        while True:
            data = channel.recv(100)
            if not data:
                break
            back += data
        self.assertEqual(back, b"<01234567><89abcdef><XYZ>")

    def test_record_length_may_change_on_the_way(self):
        channel = self.open("record@example.com")
        channel.sendall(b"longer!!")
        self.assertEqual(channel.recv(100), b"<longer!!>")
        channel.sendall(b"0123456789")
        channel.sendall(b"ab")
        self.assertEqual(channel.recv(100), b"<0123456789ab>")

    def test_script_that_fails_loses_its_channel_only(self):
        t = self.client().get_transport()
        broken = t.open_session()
        broken.exec_command("broken")
        fine = t.open_session()
        fine.exec_command("echo")
        broken.sendall(b"break\n")
        self.assertEqual(broken.recv(100), b"")
        self.assertTrue(self.g.wait_log(r"on_channel_data_in failed at=\S*policy\.lua:\d+"), self.g.log())
        fine.sendall(b"still here")
        self.assertEqual(fine.recv(100), b"still here")

    def test_channel_that_does_not_read_stalls_itself_only(self):
        t = self.client().get_transport()
        stalled = t.open_session(window_size=1024, max_packet_size=1024)
        stalled.exec_command("flood")
        self.assertTrue(self.g.wait_log("channel:send: the client does not read"), self.g.log())
        echo = t.open_session()
        echo.exec_command("echo")
        echo.sendall(b"passes")
        self.assertEqual(echo.recv(100), b"passes")
        self.assertEqual(self.g.ssh("echo", input=b"another login", check=0).stdout, b"another login")
        n = 0
        while n < 32 * 32000:  # it reads again, and gets what was taken
            n += len(stalled.recv(1 << 20))
        stalled.close()

    def test_script_that_waits_stalls_its_channel_only(self):
        stalled = self.open("echo@example.com")
        echo = stalled.transport.open_channel("echo@example.com")
        echo.settimeout(30 * PATIENCE)
        stalled.sendall(b"slow\n")
        time.sleep(0.1)
        for i in range(3):
            stalled.sendall(b"more")  # waits its turn
            echo.sendall(b"passes")
            self.assertEqual(echo.recv(100), b"passes")
            self.assertFalse(stalled.recv_ready())
        self.assertEqual(self.g.ssh("echo", input=b"another login", check=0).stdout, b"another login")
        back = b""
        while len(back) < len(b"slow\nmoremoremore"):
            back += stalled.recv(100)
        self.assertEqual(back, b"slow\nmoremoremore")

    def test_many_channels_at_once(self):
        t = self.client().get_transport()
        channels = [t.open_channel("echo@example.com") for _ in range(50)]
        for i, c in enumerate(channels):
            c.sendall(b"%d" % i * 1000)
        for i, c in enumerate(channels):
            want, got = b"%d" % i * 1000, b""
            while len(got) < len(want):
                got += c.recv(100000)
            self.assertEqual(got, want)
            c.close()


class QuietTest(unittest.TestCase):
    def test_connection_that_ends_while_a_decision_is_made_leaves_nothing(self):
        script = ("function on_channel_request(conn, channel, request)\n"
                  "  local n = 0\n  for i = 1, 200000 do n = n + i end\nend\n")
        with scripted(script) as g:
            for _ in range(5):
                p = g.popen("echo x")
                time.sleep(0.15)
                p.kill()
                p.communicate()
            self.assertEqual(g.ssh("echo on", check=0).stdout, b"on\n")


if __name__ == "__main__":
    unittest.main()
