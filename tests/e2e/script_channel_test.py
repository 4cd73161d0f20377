"""Channels whose other end is the script, from both sides: those that it opens to stock clients, packets that it makes,
text in a code page, stderr and exit statuses, and the examples of the cookbook that serve a session by themselves."""
import os
import signal
import socket
import subprocess
import unittest

import paramiko

from cookbook_test import cook, fingerprint
from gateway import AS_ROOT, PATIENCE, end, free_port, wait_for
from scripted import scripted, ScriptCase
from terminal import Terminal

SCRIPT = r"""
local function params(host, port)
  local p = packet.put(packet.put("", "s", host), "i", port)
  return packet.put(packet.put(p, "s", "127.0.0.1"), "i", 7)
end
function on_channel_requested(conn, channel, request)
  if request.type == "tcpip-forward" then
    conn:open_channel("forwarded-tcpip", params(request.host, request.port))
  end
  local what = request.command
  if what == "offer" then conn:open_channel("nobody@example.com", "x")
  elseif what == "text" then channel:send_text("caf\xc3\xa9 \xe2\x94\x80\n") channel:close()
  elseif what == "both" then channel:send("out\n") channel:send_error("err\n") channel:close(42)
  elseif what == "packet" then
    conn:send_packet(nil, 2, packet.put("", "s", "ignore me"))
    conn:send_packet(nil, 4, packet.put(packet.put(packet.put("", "f", true), "s", "debug me"), "s", ""))
    conn:send_packet(nil, 80, packet.put(packet.put("", "s", "hello@example.com"), "f", true))
    local p = packet.put(packet.put("", "s", "exit-signal"), "f", false)
    p = packet.put(packet.put(p, "s", "USR1"), "f", false)
    conn:send_packet(channel, 98, packet.put(packet.put(p, "s", "as wished"), "s", ""))
    channel:close()
  elseif what and str.starts(what, "forbidden ") then
    local ok, why = pcall(conn.send_packet, conn, channel, tonumber(string.sub(what, 11)), "")
    channel:send(tostring(ok) .. " " .. why .. "\n") channel:close()
  elseif what == "flood" then
    conn:set_timeout(1)
    channel:send(string.rep("x", 60000))
  end
end
function on_channel_open_request(conn, channel)
  if channel.type == "shout@example.com" then return accept{ route = "script" } end
end
function on_channel_request(conn, channel, request)
  if request.type == "exec" then return accept{ route = "script" } end
end
function on_channel_opened(conn, channel)
  if channel.type == "forwarded-tcpip" then
    log(string.format("OPENED to port %d", packet.get(channel.payload, "%i,s")))
    channel:send("hello from the script\n")
  end
end
function on_channel_data_in(conn, channel, data)
  if channel.type == "forwarded-tcpip" then channel:send("you said " .. data) else channel:send(string.upper(data)) end
end
function on_channel_eof(conn, channel) if channel.type ~= "session" then channel:close() end end
function on_error(conn, problem) log(string.format("ERROR %d %s", problem.code, problem.description)) end
"""


class ScriptChannelTest(ScriptCase):
    SCRIPT = SCRIPT
    LINES = ("CodePage 850", "LocalSessions yes")

    def client(self):
        c = paramiko.SSHClient()
        c.load_host_keys(self.g.path("known_hosts"))
        c.connect("127.0.0.1", self.g.port, self.g.user, key_filename=self.g.key,
                  look_for_keys=False, allow_agent=False)
        self.addCleanup(c.close)
        return c.get_transport()

    def test_channel_that_the_script_opens_reaches_what_ssh_forwards_to(self):
        with socket.create_server(("127.0.0.1", 0)) as far:
            far.settimeout(20 * PATIENCE)
            port = free_port()
            p = self.g.popen(options=["-N", "-R", "127.0.0.1:%d:127.0.0.1:%d" % (port, far.getsockname()[1])])
            try:
                s, _ = far.accept()
                with s, s.makefile("rwb") as f:
                    s.settimeout(20 * PATIENCE)
                    self.assertEqual(f.readline(), b"hello from the script\n")
                    f.write(b"good day\n")
                    f.flush()
                    self.assertEqual(f.readline(), b"you said good day\n")
                    s.shutdown(socket.SHUT_WR)
                    self.assertEqual(f.read(), b"")
                self.noted("OPENED to port %d" % port)
            finally:
                end(p)
                p.communicate()

    def test_channel_that_ssh_refuses_is_an_error_event(self):
        since = self.since()
        p = self.g.popen("offer")
        try:
            self.noted(r"ERROR 1201 channel nobody@example\.com: the client refuses: ", since)
        finally:
            end(p)
            p.communicate()

    def test_packets_of_the_script_arrive(self):
        done = self.g.ssh("packet", options=["-v"], check=0)
        self.assertRegex(done.stderr, rb"Remote: debug me")
        self.assertRegex(done.stderr, rb"global_request: rtype hello@example\.com want_reply 1")
        self.assertRegex(done.stderr, rb"channel_req: channel \d rtype exit-signal reply 0")

    def test_packets_that_would_harm_are_refused_with_a_reason(self):
        for number, why in ((1, "conn:disconnect sends it"), (21, "conn:rekey begins one"), (52, "the login"),
                            (93, "windows are the gateway's own"), (94, "channel:send"), (97, "channel:close")):
            with self.subTest(number):
                self.assertRegex(self.g.ssh("forbidden %d" % number, check=0).stdout.decode(),
                                 r"^false .*packet %d is not sent: .*%s" % (number, why))

    def test_text_is_in_the_code_page(self):
        self.assertEqual(self.g.ssh("text", check=0).stdout, b"caf\x82 \xc4\n")

    def test_output_errors_and_status_of_a_script_that_is_a_command(self):
        done = self.g.ssh("both", check=42)
        self.assertEqual((done.stdout, done.stderr), (b"out\n", b"err\n"))

    def test_client_that_takes_nothing_loses_the_channel(self):
        since = self.since()
        t = self.client()
        channel = t.open_session(window_size=1024, max_packet_size=1024)
        channel.exec_command("flood")
        self.noted(r"ERROR 10060 channel \d+: the client took nothing for 1 seconds", since, 20)
        fine = t.open_channel("shout@example.com")
        fine.settimeout(20 * PATIENCE)
        fine.sendall(b"still here")
        self.assertEqual(fine.recv(100), b"STILL HERE")


class ReloadTest(unittest.TestCase):
    def test_code_page_changes_with_a_reload(self):
        with scripted(SCRIPT, "CodePage 850") as g:
            self.assertEqual(g.ssh("text", check=0).stdout, b"caf\x82 \xc4\n")
            g.lines[-1] = "CodePage UTF-16LE"
            g.write_conf()
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("configuration reloaded"))
            wanted = "caf\u00e9 \u2500\n".encode("utf-16-le")
            self.assertTrue(wait_for(lambda: g.ssh("text").stdout == wanted), g.log())


class ExampleTest(unittest.TestCase):
    def test_echo(self):
        with cook("echo") as g:
            g.start()
            self.assertEqual(g.ssh(input=b"hello\n", check=0).stdout, b"hello\n")
            # the length of a record changes within the handler: two of four bytes, then eight each
            done = g.ssh("records 4", input=b"abcd+008efghijklmnop", check=0)
            self.assertEqual(done.stdout, b"abcd\n+008\nefghijkl\nmnop\n")
            self.assertEqual(g.ssh(options=["-W", "127.0.0.1:1"]).stdout, b"")

    def test_admin_menu(self):
        with cook("admin-menu") as g:
            with open(g.path("policy.lua")) as f:
                text = f.read()
            with open(g.path("policy.lua"), "w") as f:
                f.write(text.replace('{ "admin" }', '{ "%s" }' % g.user))
            g.start()
            done = g.ssh(input=b"4\nback at noon\n2\nq\n", check=0)
            self.assertIn(b"the door is open; notice: back at noon\n", done.stdout)
            self.assertTrue(done.stdout.endswith(b"closed\n1 state, 2 close the door, 3 open it, 4 new notice, "
                                                 b"q quit\n> bye\n"), done.stdout)
            self.assertIn(b"back at noon", g.ssh(input=b"q\n", options=["-o", "LogLevel=INFO"]).stderr)
            other = g.ssh("id", user="somebody", options=["-o", "LogLevel=INFO"])
            self.assertEqual((other.returncode, other.stdout), (255, b""))
            self.assertIn(b"closed for maintenance", other.stderr)
            with Terminal(g.ssh_argv(options=["-tt"])) as t:
                t.expect("> ")
                t.send("9\x7f3\r")
                t.expect("9\b \b3\r\nopen\r\n")
                t.send("\x04")
                self.assertEqual(t.wait(), 0)

    def test_git_commands(self):
        with cook("git-commands", "AcceptEnv GIT_PROTOCOL") as g:
            folder = g.scratch("git")
            with open(g.path("policy.lua")) as f:
                text = f.read()
            text = text.replace("/srv/git/", folder + "/")
            text = text.replace("SHA256:e1TnWcFrDdLxTrnOIQhWg5VWCTDbF9pVcMKNVVKWVHk", fingerprint(g.key))
            with open(g.path("policy.lua"), "w") as f:
                f.write(text)
            g.start()
            as_user = ["runuser", "-u", g.user, "--"] if AS_ROOT else []
            subprocess.run(as_user + ["git", "init", "-q", "--bare", os.path.join(folder, "tools.git")], check=True,
                           cwd=folder)
            ssh = " ".join(["ssh", *g.options(), "-p", str(g.port)])
            env = dict(os.environ, GIT_SSH_COMMAND=ssh, GIT_CONFIG_NOSYSTEM="1", HOME=g.dir, GIT_AUTHOR_NAME="a",
                       GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b")

            def git(*args, cwd=g.dir):
                return subprocess.run(["git", *args], env=env, cwd=cwd, capture_output=True, timeout=60)
            url = "ssh://%s@127.0.0.1/" % g.user
            self.assertEqual(git("clone", "-q", url + "tools.git", "work").returncode, 0)
            git("commit", "-q", "--allow-empty", "-m", "first", cwd=g.path("work"))
            done = git("push", "-q", "origin", "HEAD:main", cwd=g.path("work"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(git("clone", url + "other.git").returncode, 0)
            self.assertEqual(g.ssh("list", check=0).stdout, b"notes.git\trw\ntools.git\trw\n")
            done = g.ssh("rm -rf", check=128)
            self.assertEqual((done.stdout, done.stderr), (b"", b"no such command: rm -rf; try help\n"))
            done = g.ssh(input=b"whoami\nexit\n", check=0)
            self.assertEqual(done.stdout, b"git> alice\ngit> ")


if __name__ == "__main__":
    unittest.main()
