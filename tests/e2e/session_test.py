"""Sessions: terminals, environment, signals, ends, and what restricts them."""
import asyncio
import os
import pwd
import re
import signal
import time
import unittest

import asyncssh
import paramiko

from gateway import Gateway, PATIENCE, wait_for
from terminal import Terminal


def logged_in(g, key=None):
    """A connection of paramiko's: for what ssh has no option for."""
    sock = paramiko.Transport(("127.0.0.1", g.port))
    sock.start_client(timeout=20 * PATIENCE)
    sock.auth_publickey(g.user, paramiko.Ed25519Key.from_private_key_file(key or g.key))
    return sock


def channel_request(transport, channel, name, *strings):
    m = paramiko.Message()
    m.add_byte(b"\x62")
    m.add_int(channel.remote_chanid)
    m.add_string(name)
    m.add_boolean(False)
    for s in strings:
        m.add_string(s)
    transport._send_user_message(m)


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("AcceptEnv LANG LC_* TEST_?", "SetEnv FIXED=ours TEST_S=ours", "MaxSessions 60")

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def terminal(self, *command, options=(), **size):
        return Terminal(self.g.ssh_argv(*command, options=["-tt", *options]), **size)

    # ---- terminals ----
    def test_a_shell_gets_a_terminal_with_its_modes_and_size(self):
        with self.terminal(rows=31, columns=97) as t:
            t.send("PS1='ready'$; stty -a; echo end=$((6 * 7))\r")
            self.assertEqual(t.expect(r"rows (\d+); columns (\d+);").groups(), ("31", "97"))
            shown = t.expect(r"(?s)(.*)end=42").group(1)
            self.assertIn("intr = ^C", shown)
            self.assertRegex(shown, r"\bicanon\b")
            self.assertRegex(shown, r"[^-]\becho\b")
            t.send("exit 7\r")
            self.assertEqual(t.wait(), 7)

    def test_modes_of_the_clients_terminal_carry_over(self):
        with Terminal(["sh", "-c", "stty -ixon -echoe intr ^G; exec " +
                       " ".join(self.g.ssh_argv("'stty -a'", options=["-tt"]))]) as t:
            self.assertEqual(t.wait(), 0)
            self.assertIn("intr = ^G", t.seen)
            self.assertRegex(t.seen, r"-ixon\b")
            self.assertRegex(t.seen, r"-echoe\b")
            self.assertRegex(t.seen, r" icanon\b")

    def test_a_new_window_size_reaches_the_program(self):
        # bash forgets a signal that comes while the trap of the last one runs: that one is short
        with self.terminal("trap w=1 WINCH; echo ready; while sleep 0.1; do test $w || continue; w=; echo size $(stty size); done") as t:
            t.expect("ready")
            for rows, columns in ((50, 132), (20, 70)):
                # ssh may miss a signal that comes just before it sleeps
                again = iter(range(5))
                t.resize(rows, columns)
                while "size %d %d" % (rows, columns) not in t.seen:
                    self.assertIsNotNone(next(again, None), t.seen)
                    t.read(2)
                    t.resize(rows, columns)

    def test_control_c_interrupts_the_command_and_not_the_shell(self):
        with self.terminal() as t:
            t.send("echo be''gin; sleep 100\r")
            t.expect("begin")
            time.sleep(0.5)
            t.send("\x03")
            t.expect(r"\$ ")
            t.send("echo status=$?\r")
            t.expect("status=130")
            t.send("\x04")
            self.assertEqual(t.wait(), 0)

    def test_a_command_on_a_terminal_gives_its_status_and_all_output(self):
        with self.terminal("tty; seq 1 20000; exit 3") as t:
            t.expect("/dev/pts/")
            self.assertEqual(t.wait(), 3)
            self.assertTrue(t.seen.rstrip().endswith("20000"), t.seen[-200:])

    def test_a_terminal_is_the_users_and_controls_the_session(self):
        with self.terminal("stat -c 'owner %U %a' $(tty); ps -o tty= -p $$; exec cat </dev/tty") as t:
            t.expect("owner %s 6[02]0" % self.g.user)
            t.expect(r"pts/\d+")
            t.send("\x04")
            self.assertEqual(t.wait(), 0)

    # ---- environment ----
    def environment(self, *command, options=()):
        done = self.g.ssh(*(command or ("env",)), options=options, check=0)
        return dict(l.split("=", 1) for l in done.stdout.decode().splitlines() if "=" in l)

    def test_the_environment_is_sshds(self):
        env = self.environment()
        entry = pwd.getpwnam(self.g.user)
        self.assertEqual((env["USER"], env["LOGNAME"]), (self.g.user, self.g.user))
        self.assertEqual(env["HOME"], entry.pw_dir)
        self.assertEqual(env["SHELL"], entry.pw_shell)
        self.assertEqual(env["MAIL"], "/var/mail/" + self.g.user)
        self.assertIn("/usr/bin", env["PATH"].split(":"))
        client = env["SSH_CLIENT"].split()
        self.assertEqual((client[0], client[2]), ("127.0.0.1", str(self.g.port)))
        self.assertEqual(env["SSH_CONNECTION"],
                         "127.0.0.1 %s 127.0.0.1 %d" % (client[1], self.g.port))
        self.assertEqual([v for v in ("SSH_TTY", "DISPLAY", "SSH_AUTH_SOCK", "TERM") if v in env], [])
        self.assertEqual(self.g.ssh("pwd", check=0).stdout.decode().strip(), entry.pw_dir)

    def test_a_terminal_is_named_in_the_environment(self):
        with self.terminal("test \"$SSH_TTY\" = \"$(tty)\" && echo same $TERM") as t:
            t.expect("same " + os.environ.get("TERM", ""))

    def test_variables_pass_that_accept_env_names(self):
        env = self.environment(options=["-o", "SetEnv=LC_TEST=a\\ b LANG=C.UTF-8 TEST_A=1 TEST_AB=2 OTHER=3 FIXED=theirs"])
        self.assertEqual((env["LC_TEST"], env["LANG"], env["TEST_A"]), ("a b", "C.UTF-8", "1"))
        self.assertEqual([v for v in ("TEST_AB", "OTHER") if v in env], [])

    def test_set_env_sets_variables_which_clients_cannot_change(self):
        self.assertEqual(self.environment()["FIXED"], "ours")
        env = self.environment(options=["-o", "SetEnv=FIXED=theirs TEST_S=theirs"])
        self.assertEqual((env["FIXED"], env["TEST_S"]), ("ours", "ours"))

    # ---- ends ----
    def test_a_killed_program_is_told_as_a_signal(self):
        done = self.g.ssh("kill -9 $$")
        self.assertEqual(done.returncode, 255)
        self.assertTrue(self.g.wait_log("exec kill"))

    def test_exit_by_a_signal_names_it(self):
        async def ends():
            async with asyncssh.connect("127.0.0.1", self.g.port, username=self.g.user,
                                        client_keys=[self.g.key], known_hosts=None) as c:
                return [(await c.run("kill -%s $$" % n)).exit_signal for n in names]
        names = ["TERM", "SEGV", "USR1", "KILL"]
        self.assertEqual([e[0] for e in asyncio.run(ends())], names)

    def test_input_may_end_while_output_goes_on(self):
        done = self.g.ssh("cat; sleep 0.5; echo after the end", input=b"before\n", check=0)
        self.assertEqual(done.stdout, b"before\nafter the end\n")

    def test_output_may_end_while_input_goes_on(self):
        path = os.path.join(self.g.scratch("half"), "got")
        data = os.urandom(300000)
        self.g.ssh("exec >&- 2>&-; sleep 0.3; cat > %s" % path, input=data, check=0)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), data)

    def test_a_client_that_reads_no_more_ends_the_writer(self):
        # ssh says it to servers only that it takes for OpenSSH
        t = logged_in(self.g)
        channel = t.open_session()
        channel.exec_command("yes; echo ${PIPESTATUS[0]}")
        channel.recv(2)
        channel_request(t, channel, "eow@openssh.com")
        while channel.recv(65536):
            pass
        self.assertNotEqual(channel.recv_exit_status(), 0)
        t.close()

    def test_a_program_that_reads_nothing_ends_all_the_same(self):
        done = self.g.ssh("exit 5", input=b"x" * (8 << 20))
        self.assertEqual(done.returncode, 5)

    def test_much_on_standard_error_arrives_whole_beside_the_output(self):
        size = 4 << 20
        done = self.g.ssh("head -c %d /dev/zero >&2 & head -c %d /dev/zero; wait" % (size, size), check=0)
        self.assertEqual((len(done.stdout), len(done.stderr)), (size, size))

    def test_what_runs_in_the_background_without_our_descriptors_is_not_waited_for(self):
        begin = time.monotonic()
        self.g.ssh("sleep 30 </dev/null >/dev/null 2>&1 & echo started", check=0)
        self.assertLess(time.monotonic() - begin, 10 * PATIENCE)

    def test_a_terminal_session_ends_though_something_in_the_background_holds_it(self):
        begin = time.monotonic()
        with self.terminal("trap '' HUP; (trap '' HUP; exec sleep 8) & exit 4") as t:
            self.assertEqual(t.wait(), 4)
        self.assertLess(time.monotonic() - begin, 7 * PATIENCE)

    def test_output_of_the_background_is_waited_for_without_a_terminal(self):
        done = self.g.ssh("(sleep 1; echo late) & echo early", check=0)
        self.assertEqual(done.stdout, b"early\nlate\n")

    def test_a_lost_client_hangs_up_its_programs(self):
        path = os.path.join(self.g.scratch("hangup"), "told")
        with self.terminal("trap 'echo hup > %s; exit' HUP; echo begin; while :; do sleep 0.1; done" % path) as t:
            t.expect("begin")
        self.assertTrue(wait_for(lambda: os.path.exists(path)), self.g.log())

    def test_300_commands_over_one_connection_give_exact_statuses(self):
        with self.g.master() as options:
            wrong = []
            for i in range(300):
                status = self.g.ssh("exit %d" % (i % 256), options=options).returncode
                if status != i % 256:
                    wrong.append((i, status))
            self.assertEqual(wrong, [])

    def test_50_sessions_share_one_connection(self):
        with self.g.master() as options:
            running = [self.g.popen("read x; echo $x %d; exit %d" % (i, i), options=options)
                       for i in range(50)]
            for i, p in enumerate(running):
                out, err = p.communicate(b"number\n", timeout=60 * PATIENCE)
                self.assertEqual((out, p.returncode), (b"number %d\n" % i, i), err)

    # ---- signals, break ----
    def test_signals_reach_the_program(self):
        t = logged_in(self.g)
        for name in ("INT", "TERM", "USR1", "HUP", "ALRM"):
            channel = t.open_session()
            channel.exec_command("trap 'echo got %s; exit 9' %s; echo ready; while :; do sleep 0.05; done" % (name, name))
            self.assertEqual(channel.recv(6), b"ready\n")
            channel_request(t, channel, "signal", name)
            self.assertEqual(channel.makefile().read(), b"got %s\n" % name.encode())
            self.assertEqual(channel.recv_exit_status(), 9)
        t.close()

    def test_a_break_reaches_the_terminal(self):
        with self.terminal("echo ready; cat", options=["-e", "~"]) as t:
            t.expect("ready")
            t.send("\r~B")
            t.send("still\r")
            t.expect("still")
            t.send("\r~.")
            self.assertEqual(t.wait(), 255)

    # ---- the client's own words ----
    def test_no_more_sessions_is_kept(self):
        # ssh says it where it has no ControlMaster; then a second session is a breach
        t = logged_in(self.g)
        t.open_session().exec_command("true")
        t.global_request("no-more-sessions@openssh.com", wait=False)
        with self.assertRaises((paramiko.SSHException, EOFError)):
            t.open_session(timeout=10 * PATIENCE).exec_command("true")
        t.close()

    def test_requests_to_keep_alive_are_answered(self):
        p = self.g.popen("sleep 3; echo on", options=["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1"])
        out, err = p.communicate(timeout=30 * PATIENCE)
        self.assertEqual((out, p.returncode), (b"on\n", 0), err)


class RestrictTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("MaxSessions 2", "ClientAliveInterval 1", "ClientAliveCountMax 2")

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def with_key(self, name, options, *command, ssh=(), **kw):
        path = self.g.path(name)
        if not os.path.exists(path):
            self.g.make_key(name, options=options)
        return self.g.ssh(*command, key=path, options=ssh, **kw)

    def test_a_command_in_authorized_keys_is_run_instead_and_told_the_original(self):
        options = 'command="echo forced; echo \\"$SSH_ORIGINAL_COMMAND\\""'
        self.assertEqual(self.with_key("forced", options, "ls -l 'a b'", check=0).stdout,
                         b"forced\nls -l 'a b'\n")
        self.assertEqual(self.with_key("forced", options, check=0).stdout, b"forced\n\n")
        self.assertEqual(self.with_key("forced", options, "sftp", ssh=["-s"], check=0).stdout,
                         b"forced\ninternal-sftp\n")

    def test_a_key_may_be_kept_from_terminals(self):
        for name, options in (("nopty", "no-pty"), ("restrict", "restrict")):
            key = self.g.make_key(name, options=options)
            with Terminal(self.g.ssh_argv("tty", key=key, options=["-t"])) as t:
                t.expect("PTY allocation request failed")
            self.assertEqual(self.g.ssh("tty", key=key).stdout, b"not a tty\n")
        self.assertIn(b"/dev/pts/", self.with_key("allowed", "restrict,pty", "tty", ssh=["-tt"]).stdout)

    def test_a_key_may_be_bound_to_addresses(self):
        self.assertEqual(self.with_key("near", 'from="127.0.0.0/8"', "true").returncode, 0)
        self.assertEqual(self.with_key("far", 'from="192.0.2.0/24,!127.0.0.1"', "true").returncode, 255)
        self.assertEqual(self.with_key("not", 'from="!127.0.0.1,*"', "true").returncode, 255)

    def test_a_key_may_have_an_end(self):
        self.assertEqual(self.with_key("old", 'expiry-time="20200101"', "true").returncode, 255)
        self.assertEqual(self.with_key("young", 'expiry-time="20990101"', "true").returncode, 0)

    def test_an_environment_in_authorized_keys_needs_permission(self):
        self.assertEqual(self.with_key("env", 'environment="X=1"', "echo -$X-", check=0).stdout, b"--\n")

    def test_more_sessions_than_max_sessions_are_refused(self):
        with self.g.master() as options:
            running = [self.g.popen("cat", options=options) for _ in range(2)]
            self.assertTrue(wait_for(lambda: len(re.findall("exec cat", self.g.log())) >= 2))
            refused = self.g.ssh("true", options=options)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn(b"refused", refused.stderr)
            running.pop().communicate(b"", timeout=20 * PATIENCE)
            self.assertTrue(wait_for(lambda: self.g.ssh("true", options=options).returncode == 0))
            running.pop().communicate(b"", timeout=20 * PATIENCE)

    def test_a_client_that_stops_answering_is_ended(self):
        p = self.g.popen("sleep 60")
        self.assertTrue(self.g.wait_log("exec sleep 60"))
        p.send_signal(signal.SIGSTOP)
        try:
            self.assertTrue(self.g.wait_log(r"not answer|[Tt]ime-?d? ?out"), self.g.log())
            self.assertTrue(self.g.wait_log(r"end client=.*user=%s" % self.g.user))
        finally:
            p.send_signal(signal.SIGCONT)
        p.communicate(timeout=20 * PATIENCE)
        self.assertEqual(p.returncode, 255)

    def test_a_client_that_answers_is_left_alone(self):
        done = self.g.ssh("sleep 5; echo on", check=0)
        self.assertEqual(done.stdout, b"on\n")


class ForcedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("ForceCommand echo forced \"$SSH_ORIGINAL_COMMAND\"", "PermitTTY no",
                        "PermitUserEnvironment LANG,X*")

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def test_force_command_comes_before_everything(self):
        self.assertEqual(self.g.ssh("ls", check=0).stdout, b"forced ls\n")
        self.assertEqual(self.g.ssh(check=0).stdout, b"forced \n")
        key = self.g.make_key("own", options='command="echo own"')
        self.assertEqual(self.g.ssh("ls", key=key, check=0).stdout, b"forced ls\n")

    def test_permit_user_environment_names_what_keys_may_set(self):
        key = self.g.make_key("env", options='environment="XA=1",environment="YA=1"')
        self.g.lines.append("Match User *\nForceCommand env")
        self.assertEqual(self.g.ssh("x", key=key, check=0).stdout, b"forced x\n")

    def test_permit_tty_no_refuses_terminals(self):
        self.assertIn(b"PTY allocation request failed", self.g.ssh("true", options=["-tt"]).stderr)

    def test_without_local_sessions_there_is_no_session(self):
        with Gateway(session=False) as g:
            done = g.ssh("true", options=["-o", "LogLevel=INFO"])
            self.assertEqual(done.returncode, 255)
            self.assertIn(b"open failed", done.stderr)


if __name__ == "__main__":
    unittest.main()
