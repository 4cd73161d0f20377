"""Connections and logins under a policy script: each handler that decides changes what stock clients can do,
each that is told is seen to be told, with its fields; chains of factors from each client."""
import os
import signal
import socket
import struct
import subprocess
import unittest

import paramiko

from gateway import PATIENCE, TEST_PASSWORD, Gateway, wait_for
from kbdint_test import CLIENTS, Asked, needs_root, transport
from scripted import SHOW, ScriptCase, scripted, write_script


class ConnectionTest(ScriptCase):
    SCRIPT = SHOW + r"""
function on_connection_request(conn)
  if conn.verified.source == "127.0.0.2" then return refuse{ message = "not from there", reason = "wrong network" } end
  if conn.verified.source == "127.0.0.4" then error("broken for you") end
  if conn.verified.source == "127.0.0.5" then return accept{} end
end
function on_service_request(conn, service)
  show("service_request", "service", service)
  if conn.verified.source == "127.0.0.3" then return refuse{ message = "the counter is closed" } end
end
"""

    def ssh_from(self, address):
        return self.g.ssh("echo hello", options=["-b", address])

    def test_a_connection_is_refused_before_the_identification_string(self):
        with socket.create_connection(("127.0.0.1", self.g.port), 20, ("127.0.0.2", 0)) as s:
            self.assertEqual(s.makefile("rb").read(), b"not from there\r\n")
        done = self.ssh_from("127.0.0.2")
        self.assertEqual(done.returncode, 255)
        self.noted(r"on_connection_request: refuse at .*policy.lua:\d+ reason=wrong network")
        for address in ("127.0.0.1", "127.0.0.5"):
            self.assertEqual(self.ssh_from(address).stdout, b"hello\n", self.g.log())

    def test_an_error_refuses_the_connection_and_names_the_line(self):
        self.assertEqual(self.ssh_from("127.0.0.4").returncode, 255)
        self.noted(r"on_connection_request: error at .*policy.lua:\d+.*broken for you")

    def test_a_service_is_refused_with_what_the_script_says(self):
        done = self.ssh_from("127.0.0.3")
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"the counter is closed", done.stderr)
        self.assertEqual(self.told("service_request"), {"service.name": "ssh-userauth"})

    def test_a_client_that_is_slow_to_read_or_gone_is_not_waited_for(self):
        for _ in range(20):
            s = socket.create_connection(("127.0.0.1", self.g.port), 20, ("127.0.0.5", 0))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        self.assertEqual(self.ssh_from("127.0.0.5").stdout, b"hello\n")


class ToldTest(ScriptCase):
    LINES = ("LoginGraceTime 3", "MaxAuthTries 2")
    SCRIPT = SHOW + r"""
function on_connected(conn, status) show("connected", "status", status, conn) end
function on_disconnected(conn, ending) show("disconnected", "ending", ending, conn) end
function on_error(conn, problem) show("error", "problem", problem) end
function on_status(conn, status) show("status", "status", status) end
function on_log(conn, line)
  if line.message:find("Accepted", 1, true) then show("log", "line", line) end
end
"""

    def test_a_login_from_its_beginning_to_its_end(self):
        since = self.since()
        self.assertEqual(self.g.ssh("echo hello").stdout, b"hello\n")
        told = self.told("connected", since)
        self.assertEqual((told["status.code"], told["status.description"]), ("0", "OK"))
        self.assertRegex(told["conn.claimed.client_version"], "^SSH-2.0-OpenSSH_")
        self.assertEqual((told["conn.verified.source"], told["conn.verified.local_address"]), ("127.0.0.1", "127.0.0.1"))
        self.assertEqual(told["conn.verified.local_port"], str(self.g.port))
        self.assertGreater(int(told["conn.verified.source_port"]), 0)
        self.assertGreater(int(told["conn.id"]), 0)
        self.assertNotIn("conn.verified.user", told)
        told = self.told("disconnected", since)
        self.assertEqual((told["ending.status_code"], told["ending.description"]), ("0", "OK"))
        self.assertEqual((told["conn.verified.user"], told["conn.verified.methods"]), (self.g.user, "publickey"))
        self.assertRegex(told["conn.verified.fingerprints"], "^SHA256:")
        self.assertEqual(told["conn.verified.attempts"], "0")
        for step in ("KEXINIT ", "NEWKEYS kex=", "USERAUTH_REQUEST none: refused", "USERAUTH_REQUEST publickey: success"):
            self.noted("status: status.message=" + step, since)
        told = self.told("log", since)
        self.assertEqual((told["line.level"], told["line.type"]), ("1", ""))
        self.assertRegex(told["line.message"], "Accepted publickey for %s from 127.0.0.1 " % self.g.user)
        self.assertFalse([l for l in self.g.log_lines[since:] if "policy: error:" in l])

    def test_a_login_that_fails(self):
        since = self.since()
        t = transport(self.g)
        for _ in range(2):
            with self.assertRaises((paramiko.AuthenticationException, paramiko.SSHException, EOFError)):
                t.auth_password(self.g.user, "wrong")
        t.close()
        self.assertEqual(self.told("error", since), {"problem.code": "1300", "problem.description": "Could not authenticate client."})
        told = self.told("disconnected", since)
        self.assertEqual((told["ending.status_code"], told["conn.verified.attempts"]), ("1300", "2"))
        self.assertEqual(told["conn.claimed.user"], self.g.user)
        self.noted("status: status.message=USERAUTH_REQUEST password: refused", since)

    def test_a_connection_that_is_cut(self):
        since = self.since()
        t = transport(self.g)
        t.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        t.sock.close()
        self.assertEqual(self.told("disconnected", since)["ending.status_code"], "10054")
        t.close()

    def test_a_client_that_does_not_log_in_in_time(self):
        since = self.since()
        t = transport(self.g)
        told = self.told("disconnected", since)
        self.assertEqual((told["ending.status_code"], told["ending.description"]), ("10060", "Connection timed out."))
        self.assertEqual(self.told("error", since)["problem.code"], "10060")
        t.close()

    def test_a_client_that_speaks_nonsense(self):
        since = self.since()
        with socket.create_connection(("127.0.0.1", self.g.port), 20) as s:
            s.sendall(b"SSH-2.0-x\r\n" + b"\xff" * 64)
            s.makefile("rb").read()
        self.assertEqual(self.told("connected", since)["status.code"], "10053")
        self.assertEqual(self.told("error", since), {"problem.code": "10053", "problem.description": "bad packet length"})
        self.assertEqual(self.told("disconnected", since)["ending.status_code"], "10053")


class LoginTest(ScriptCase):
    LINES = ("PasswordAuthentication yes",)
    SCRIPT = SHOW + r"""
owns = { "password" }
function on_user_auth_request(conn, auth)
  show("auth " .. auth.method, "auth", auth, conn)
  if auth.method == "none" then
    return refuse{ available_methods = { "publickey", "password" }, banner = "authorised use only\n" }
  elseif auth.method == "password" then
    if auth.param == "sesame" then return accept{ command = "echo opened", env = { SPELL = "sesame" }, pty = false } end
    return refuse{ message = "that is not the word", reason = "wrong word" }
  elseif auth.verified.fingerprint == "SHA256:@BARRED@" then
    return refuse{ reason = "barred" }
  end
end
"""

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway(start=False)
        barred = cls.g.make_key("barred")
        cls.barred = subprocess.run(["ssh-keygen", "-lf", barred], capture_output=True, text=True,
                                    check=True).stdout.split()[1][len("SHA256:"):]
        path = write_script(cls.g, cls.SCRIPT.replace("@BARRED@", cls.barred))
        cls.g.lines = ["PolicyScript " + path, "LogLevel VERBOSE", "PerSourcePenalties no", *cls.LINES]
        cls.g.write_conf()
        cls.g.start()

    def test_none_is_answered_with_methods_and_a_banner(self):
        done = self.g.ssh("true", options=["-o", "LogLevel=INFO", "-v"])
        self.assertIn(b"authorised use only", done.stderr)
        self.assertIn(b"Authentications that can continue: publickey,password\r\n", done.stderr)

    def test_a_script_judges_passwords_itself_and_grants_what_it_likes(self):
        done = self.g.password_login("echo mine", password="sesame")
        self.assertEqual((done.returncode, done.stdout), (0, b"opened\n"), self.g.log())
        done = self.g.password_login("echo mine", password="sesam", options=["-o", "LogLevel=INFO"])
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"that is not the word", done.stderr)
        self.noted("on_user_auth_request: refuse at .*reason=wrong word")

    def test_what_is_not_granted_is_not_had(self):
        done = self.g.password_login("tty", password="sesame", options=["-tt", "-o", "LogLevel=INFO"])
        self.assertIn(b"PTY allocation request failed", done.stderr)

    def test_an_offered_key_is_not_a_proved_one(self):
        since = self.since()
        self.assertEqual(self.g.ssh("true").returncode, 0, self.g.log())
        told = self.told("auth publickey", since)
        self.assertRegex(told["auth.verified.fingerprint"], "^SHA256:")
        self.assertEqual(told["auth.claimed.fingerprint"], told["auth.verified.fingerprint"])
        for name, value in (("probe", "false"), ("verified.credential", "true"), ("key_algorithm", "ssh-ed25519"),
                            ("service", "ssh-connection"), ("user", self.g.user)):
            self.assertEqual(told["auth." + name], value)
        self.assertEqual(told["conn.claimed.user"], self.g.user)
        self.assertNotIn("conn.verified.user", told)
        since = self.since()
        self.assertEqual(self.g.ssh("true", key=self.g.path("barred")).returncode, 255)
        self.noted("on_user_auth_request: refuse at .*policy.lua:.* reason=barred", since)

    def test_a_key_that_is_not_authorized_is_not_made_good_by_a_script(self):
        other = self.g.make_key("other", authorize=False)
        self.assertEqual(self.g.ssh("true", key=other).returncode, 255)


class ChainTest(ScriptCase):
    """publickey, then questions of the script's, judged one by one."""
    LINES = ("KbdInteractiveAuthentication yes",)
    SCRIPT = r"""
function on_user_auth_request(conn, auth)
  if auth.method == "none" then
    return refuse{ available_methods = { "publickey" } }
  elseif auth.method == "publickey" and auth.verified.fingerprint then
    return partial{ available_methods = { "keyboard-interactive" },
                    prompts = { instruction = "second factor", { "code: ", echo = true }, { "word: " } } }
  elseif #conn.verified.fingerprints == 0 then
    return refuse{ reason = "the key first" }
  elseif auth.method == "keyboard-interactive-1" then
    log("info", "answer 1 of " .. auth.response_count .. " after " .. table.concat(conn.verified.methods, ","))
    return auth.param == "4711" and accept{} or refuse{ reason = "wrong code" }
  elseif auth.method == "keyboard-interactive-2" then
    return auth.param == "swordfish" and accept{ command = "echo granted" } or refuse{ reason = "wrong word" }
  end
end
"""
    GOOD = [("code: ", "4711"), ("word: ", "swordfish")]

    def test_each_client_goes_through_the_chain(self):
        for name, login in CLIENTS.items():
            status, text = login(self.g, self.GOOD, "echo hello", key=self.g.key)
            self.assertEqual(status, 0, (name, text, self.g.log()))
            self.assertIn("granted", text)
            self.assertNotIn("hello", text)
        self.noted("answer 1 of 2 after publickey")

    def test_each_wrong_answer_is_refused(self):
        for answers, why in (([("code: ", "0"), self.GOOD[1]], "wrong code"), ([self.GOOD[0], ("word: ", "x")], "wrong word")):
            since = self.since()
            status, text = CLIENTS["paramiko"](self.g, answers, "true", key=self.g.key)
            self.assertEqual(status, 255, text)
            self.noted("on_user_auth_request: refuse at .*policy.lua:.* reason=" + why, since)

    def test_the_questions_are_the_script_s(self):
        t = transport(self.g)
        key = paramiko.Ed25519Key.from_private_key_file(self.g.key)
        self.assertEqual(t.auth_publickey(self.g.user, key), ["keyboard-interactive"])
        asked = Asked({"code:": "4711", "word:": "swordfish"})
        self.assertEqual(t.auth_interactive(self.g.user, asked), [])
        self.assertEqual(asked.seen[0], ("second factor", [("code: ", True), ("word: ", False)]))
        self.assertTrue(t.is_authenticated())
        t.close()

    @needs_root
    def test_without_the_key_no_answer_is_good(self):
        t = transport(self.g)
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_interactive(self.g.user, lambda title, text, prompts: [TEST_PASSWORD for _ in prompts])
        self.assertFalse(t.is_authenticated())
        t.close()
        self.noted("reason=the key first")


@needs_root
class PasswordChainTest(ScriptCase):
    """The configuration judges the password, the script asks on."""
    LINES = ("PasswordAuthentication yes",)
    SCRIPT = r"""
function on_user_auth_request(conn, auth)
  if auth.method == "password" then
    assert(auth.param == nil)
    return partial{ available_methods = { "publickey" } }
  elseif auth.method == "publickey" and #conn.verified.methods < 1 then
    return refuse{ available_methods = { "password" }, reason = "password first" }
  end
end
"""

    def test_the_order_is_the_script_s(self):
        self.assertEqual(self.g.ssh("true").returncode, 255)
        t = transport(self.g)
        self.assertEqual(t.auth_password(self.g.user, TEST_PASSWORD), ["publickey"])
        self.assertEqual(t.auth_publickey(self.g.user, paramiko.Ed25519Key.from_private_key_file(self.g.key)), [])
        t.close()

    def test_a_wrong_password_is_no_step(self):
        t = transport(self.g)
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_password(self.g.user, "wrong")
        t.close()


class VersionTest(unittest.TestCase):
    SCRIPT = r"""
function on_user_auth_request(conn, auth)
  if auth.method == "publickey" then return accept{ command = "echo version @" } end
end
function on_disconnected(conn) log("info", "version @ ends") end
"""

    def version(self, n):
        return self.SCRIPT.replace("@", str(n))

    def reload(self, g, script, says):
        since = len(g.log_lines)
        write_script(g, script)
        g.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: any(says in line for line in g.log_lines[since:])), g.log())
        return "\n".join(g.log_lines[since:])

    def test_a_connection_keeps_its_version_and_a_broken_one_changes_nothing(self):
        with scripted(self.version(1)) as g:
            self.assertEqual(g.ssh("true").stdout, b"version 1\n")
            with g.master() as live:
                self.assertEqual(g.ssh("true", options=live).stdout, b"version 1\n")
                for broken, where in (("x = = 1", "policy.lua:1:"), (self.version(2) + "\nerror('no')", "policy.lua:7:"),
                                      ("function on_nothing() end", "on_nothing")):
                    self.assertIn(where, self.reload(g, broken, "reload failed"))
                    self.assertEqual(g.ssh("true").stdout, b"version 1\n")
                self.reload(g, self.version(2), "configuration reloaded")
                self.assertEqual(g.ssh("true").stdout, b"version 2\n")
                self.assertEqual(g.ssh("true", options=live).stdout, b"version 1\n")
                since = len(g.log_lines)
            self.assertTrue(wait_for(lambda: any("policy: version 1 ends" in l for l in g.log_lines[since:])), g.log())

    def test_the_configuration_s_test_compiles_the_script(self):
        g = scripted(self.version(1), start=False)
        try:
            for script, status, says in ((self.version(1), 0, ""), ("\n\nx = = 1", 255, "policy.lua:3:"),
                                         ("os.execute('true')", 255, "policy.lua:1:")):
                write_script(g, script)
                done = subprocess.run([g.program(), "-t", "-f", g.conf], capture_output=True, text=True,
                                      timeout=30 * PATIENCE)
                self.assertEqual(done.returncode == 0, status == 0, done)
                self.assertIn(says, done.stderr)
            os.chmod(g.path("policy.lua"), 0o666)
            done = subprocess.run([g.program(), "-t", "-f", g.conf], capture_output=True, text=True, timeout=30 * PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("policy.lua", done.stderr)
        finally:
            g.__exit__(None)


class PreviewTest(unittest.TestCase):
    """sallyportd -T -C: what the script would say of a connection that nobody has made."""
    SCRIPT = """
function on_connection_request(conn)
  if conn.verified.source == "192.0.2.9" then return refuse{ message = "not from there" } end
end
function on_user_auth_request(conn, auth)
  if auth.method == "none" then return refuse{ available_methods = { "publickey", "password" } } end
  if auth.method == "password" then error("broken") end
  if auth.verified.credential and conn.claimed.user == "ann" then return accept{ command = "menu", max_sessions = 2 } end
end
"""

    def preview(self, g, facts):
        done = subprocess.run([g.program(), "-T", "-C", facts, "-f", g.conf], capture_output=True, text=True,
                              timeout=30 * PATIENCE)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("port %d\n" % g.port, done.stdout.lower())
        return [line.replace(g.dir + "/", "") for line in done.stdout.split("\n") if line.startswith("#")]

    def test_it_answers_with_the_policy_included(self):
        g = scripted(self.SCRIPT, start=False)
        try:
            self.assertEqual(self.preview(g, "user=ann,addr=192.0.2.1,laddr=127.0.0.1,lport=22"), [
                "# on_connection_request: none at policy.lua:2",
                "# on_user_auth_request none: refuse at policy.lua:6 available_methods=publickey,password",
                '# on_user_auth_request publickey with a good credential: accept at policy.lua:8 command="menu" max_sessions=2',
                "# on_user_auth_request password with a good credential: error at policy.lua:7: broken",
                '# on_user_auth_request keyboard-interactive with a good credential: accept at policy.lua:8 command="menu" max_sessions=2'])
            self.assertEqual(self.preview(g, "addr=192.0.2.9"),
                             ['# on_connection_request: refuse at policy.lua:3 message="not from there"'])
            write_script(g, "x = = 1")
            done = subprocess.run([g.program(), "-T", "-C", "user=ann", "-f", g.conf], capture_output=True, text=True,
                                  timeout=30 * PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("policy.lua:1:", done.stderr)
        finally:
            g.__exit__(None)


if __name__ == "__main__":
    unittest.main()
