"""Who may come in, and for how long: penalties, numbers, times and rates, seen by stock clients."""
import os
import signal
import socket
import subprocess
import time
import unittest

from gateway import AS_ROOT, PATIENCE, TEST_PASSWORD, Gateway, account, end, free_port, wait_for

ALONE = True    # it measures time

NOT_ALLOWED = b"Not allowed at this time"


def first_line(g, source="127.0.0.1"):
    """What the gateway says first to a plain connection."""
    with socket.create_connection(("127.0.0.1", g.port), 20, source_address=(source, 0)) as s:
        s.settimeout(20 * PATIENCE)
        return s.makefile("rb").readline().rstrip()


def allowed(g, source="127.0.0.1"):
    return first_line(g, source).startswith(b"SSH-2.0-")


class PenaltyTest(unittest.TestCase):
    def test_wrong_keys_are_penalized_until_it_is_served_and_only_their_source(self):
        with Gateway("PerSourcePenalties authfail:4s min:3s noauth:0") as g:
            stranger = g.make_key("stranger", authorize=False)
            self.assertEqual(g.ssh("true", key=stranger).returncode, 255)
            found = g.wait_log(r"event=penalty source=127.0.0.1 cause=\"failed authentication\" seconds=4")
            self.assertTrue(found, g.log())
            began = time.monotonic()
            self.assertEqual(g.ssh("true").returncode, 255)
            self.assertEqual(first_line(g), NOT_ALLOWED)
            self.assertTrue(g.wait_log(r"refused 127.0.0.1 port \d+: penalty until \d{4}-\S+Z: failed authentication"))
            self.assertTrue(allowed(g, "127.0.0.2"))
            self.assertTrue(wait_for(lambda: allowed(g), 10, 0.2))
            self.assertGreater(time.monotonic() - began, 2)
            g.ssh("true", check=0)

    def test_each_password_counts_and_a_login_in_the_end_forgives(self):
        with Gateway("PerSourcePenalties authfail:4s min:7s noauth:0") as g:
            for n, (wrong, then, refused) in enumerate(((1, "password", False), (3, "password,publickey", False),
                                                        (2, "password", True))):
                done = g.password_login("true", password="wrong", options=[
                    "-o", "NumberOfPasswordPrompts=%d" % wrong, "-o", "PreferredAuthentications=" + then])
                self.assertEqual(done.returncode, 0 if "publickey" in then else 255)
                self.assertTrue(wait_for(lambda: g.log().count(" end client=") == n + 1))
                self.assertEqual(not allowed(g), refused, g.log())
                time.sleep(4.2 if n == 0 else 0)
            self.assertTrue(wait_for(lambda: g.log().count("event=penalty") == 1), g.log())

    @unittest.skipUnless(AS_ROOT, "passwords of accounts need root")
    def test_each_wrong_answer_counts(self):
        with Gateway("PerSourcePenalties authfail:4s min:7s noauth:0") as g:
            for n, refused in ((1, False), (2, True)):
                done = g.password_login("true", password="wrong", options=[
                    "-o", "NumberOfPasswordPrompts=%d" % n, "-o", "PreferredAuthentications=keyboard-interactive"])
                self.assertEqual(done.returncode, 255)
                self.assertTrue(wait_for(lambda: g.log().count(" end client=") == n), g.log())
                self.assertTrue(wait_for(lambda: g.log().count("Failed keyboard-interactive/password") == (1 if n == 1 else 3)), g.log())
                self.assertEqual(not allowed(g), refused, g.log())
                time.sleep(4.2 if n == 1 else 0)

    def test_who_leaves_without_an_attempt_is_penalized(self):
        with Gateway("PerSourcePenalties noauth:2s min:3s") as g:
            self.assertTrue(allowed(g))
            self.assertTrue(allowed(g))
            self.assertTrue(wait_for(lambda: not allowed(g), 5))
            self.assertTrue(g.wait_log("connections without an attempt to log in"), g.log())

    def test_the_exempt_list_holds(self):
        with Gateway("PerSourcePenalties authfail:60s min:1s", "PerSourcePenaltyExemptList 127.0.0.0/31") as g:
            stranger = g.make_key("stranger", authorize=False)
            for _ in range(3):
                self.assertEqual(g.ssh("true", key=stranger).returncode, 255)
            g.ssh("true", check=0)
            self.assertNotIn("event=penalty", g.log())

    def test_time_to_log_in_that_is_over_is_penalized(self):
        with Gateway("PerSourcePenalties grace-exceeded:60s", "LoginGraceTime 1") as g:
            with socket.create_connection(("127.0.0.1", g.port)) as s:
                self.assertTrue(g.wait_log("timeout before key exchange"))
                self.assertTrue(s.recv(100).startswith(b"SSH-2.0-"))
            self.assertEqual(first_line(g), NOT_ALLOWED)

    @unittest.skipUnless(AS_ROOT, "only root may signal a worker")
    def test_a_worker_that_crashed_counts_for_its_client_and_survives_a_reload(self):
        with Gateway("PerSourcePenalties crash:60s") as g:
            g.crash_expected = True
            victim = g.popen("cat")
            self.assertTrue(g.wait_log("exec cat"))
            found = [pid for pid in g.workers() if busy(g, pid)]
            self.assertEqual(len(found), 1)
            os.kill(found[0], signal.SIGSEGV)
            victim.communicate(timeout=20 * PATIENCE)
            self.assertTrue(g.wait_log(r'event=penalty source=127.0.0.1 cause="caused a crash" seconds=60'), g.log())
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("configuration reloaded"))
            self.assertEqual(first_line(g), NOT_ALLOWED)
            self.assertTrue(allowed(g, "127.0.0.2"))

    def test_refuse_connection_ends_it_for_that_user_and_penalizes(self):
        with Gateway("PerSourcePenalties refuseconnection:30s",
                     "Match User nobody\n  RefuseConnection yes") as g:
            g.ssh("true", check=0)
            done = g.ssh("true", user="nobody")
            self.assertEqual(done.returncode, 255)
            self.assertIn(b"connection refused", done.stderr)
            self.assertEqual(first_line(g), NOT_ALLOWED)

    @unittest.skipUnless(AS_ROOT, "passwords of accounts need root")
    def test_a_user_name_under_attack_is_slowed_down_not_locked_out(self):
        with Gateway("PerUserPenalties authfail:20s min:30s delay:3s") as g:
            began = time.monotonic()
            for _ in range(2):
                self.assertEqual(g.password_login("true", password="wrong").returncode, 255)
            self.assertLess(time.monotonic() - began, 3 * PATIENCE)
            began = time.monotonic()
            done = g.password_login("echo in", password=TEST_PASSWORD)
            self.assertEqual(done.stdout, b"in\n", g.log())
            self.assertGreater(time.monotonic() - began, 2.9)
            began = time.monotonic()
            g.ssh("true", check=0)
            self.assertLess(time.monotonic() - began, 2.5 * PATIENCE)


def busy(g, pid):
    """Does that worker have a client?"""
    with open("/proc/net/tcp") as f:
        inodes = {l.split()[9] for l in f.readlines()[1:]
                  if l.split()[1].endswith(":%04X" % g.port) and l.split()[3] == "01"}
    try:
        names = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
    except FileNotFoundError: # it ended meanwhile
        return False
    return any(n.startswith("socket:[") and n[8:-1] in inodes for n in names)


class AdmissionTest(unittest.TestCase):
    def test_only_allowed_clients_are_taken(self):
        with Gateway("AllowedClients 127.0.0.0/30 !127.0.0.2") as g:
            g.ssh("true", check=0)
            self.assertEqual(first_line(g, "127.0.0.2"), NOT_ALLOWED)
            self.assertEqual(first_line(g, "127.0.0.4"), NOT_ALLOWED)
            self.assertTrue(g.wait_log(r"refused 127.0.0.4 port \d+: AllowedClients"))

    def test_a_source_has_no_more_startups_than_its_share(self):
        with Gateway("PerSourceMaxStartups 2", "PerSourceNetBlockSize 31:128") as g:
            held = [socket.create_connection(("127.0.0.1", g.port)) for _ in range(2)]
            self.assertTrue(all(s.recv(100).startswith(b"SSH-2.0-") for s in held))
            self.assertEqual(first_line(g), b"Exceeded MaxStartups")
            self.assertTrue(allowed(g, "127.0.0.2"))
            self.assertTrue(g.wait_log(r"refused 127.0.0.1 port \d+: PerSourceMaxStartups"))
            held.pop().close()
            self.assertTrue(wait_for(lambda: allowed(g), 5))
            # who has logged in does not count any more
            master = g.popen("cat")
            self.assertTrue(g.wait_log("exec cat"))
            g.ssh("true", check=0)
            end(master)
            master.communicate()
            for s in held:
                s.close()

    def test_a_handshake_has_its_own_time(self):
        with Gateway("HandshakeTimeout 1") as g:
            with socket.create_connection(("127.0.0.1", g.port)) as s:
                s.sendall(b"SSH-2.0-Slow\r\n")
                s.settimeout(10 * PATIENCE)
                data = b""
                while True:
                    piece = s.recv(4096)
                    if not piece:
                        break
                    data += piece
                self.assertIn(b"no login in the time allowed", data)
            self.assertTrue(g.wait_log("timeout before key exchange"), g.log())

    def test_a_user_who_thinks_after_the_exchange_is_not_hurried(self):
        with Gateway("HandshakeTimeout 1") as g:
            ask = g.path("slow")
            with open(ask, "w") as f:
                f.write("#!/bin/sh\nsleep 3\necho wrong\n")
            os.chmod(ask, 0o755)
            argv = g.ssh_argv("true", options=["-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1",
                                               "-o", "PreferredAuthentications=password"])
            env = dict(os.environ, SSH_ASKPASS=ask, SSH_ASKPASS_REQUIRE="force")
            subprocess.run(argv, input=b"", env=env, capture_output=True, timeout=60 * PATIENCE)
            self.assertTrue(g.wait_log("Failed password"))
            self.assertNotIn("timeout before", g.log())


class TimeTest(unittest.TestCase):
    def ends_with(self, client, g, said, least, most):
        """The client ends by itself, within bounds, and was told why."""
        began = time.monotonic()
        _, err = client.communicate(timeout=60 * PATIENCE)
        took = time.monotonic() - began
        self.assertEqual(client.returncode, 255)
        self.assertIn(said, err)
        self.assertGreater(took, least)
        self.assertLess(took, most * PATIENCE)

    def test_a_session_without_data_is_closed_and_the_connection_stays(self):
        with Gateway("ChannelTimeout session:command=2 *=30") as g:
            with g.master() as o:
                began = time.monotonic()
                done = g.ssh("echo first; sleep 20", options=o)
                self.assertEqual((done.returncode, done.stdout), (255, b"first\n"))
                self.assertGreater(time.monotonic() - began, 1.9)
                self.assertLess(time.monotonic() - began, 15)
                g.ssh("true", options=o, check=0)
            self.assertEqual(g.log().count("Accepted"), 1)

    def test_a_session_that_speaks_is_not_closed(self):
        with Gateway("ChannelTimeout session=2") as g:
            done = g.ssh("for i in 1 2 3 4 5; do echo $i; sleep 1; done; echo end")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.endswith(b"5\nend\n"))
            # its end without a status is 255, as with sshd
            done = g.ssh("sleep 20")
            self.assertEqual(done.returncode, 255)

    def test_a_forwarded_connection_without_data_is_closed_alone(self):
        with Gateway("ChannelTimeout direct-tcpip=2") as g, socket.create_server(("127.0.0.1", 0)) as far:
            port = free_port()
            client = g.popen("cat", options=["-L", "127.0.0.1:%d:127.0.0.1:%d" % (port, far.getsockname()[1]),
                                             "-o", "ExitOnForwardFailure=yes"])
            self.assertTrue(g.wait_log("exec cat"))
            with socket.create_connection(("127.0.0.1", port)) as near:
                inner = far.accept()[0]
                inner.settimeout(20 * PATIENCE)
                near.sendall(b"hello")
                self.assertEqual(inner.recv(9), b"hello")
                began = time.monotonic()
                self.assertEqual(inner.recv(9), b"")
                self.assertGreater(time.monotonic() - began, 1.5)
                inner.close()
            client.stdin.write(b"still\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"still\n")
            end(client)
            client.communicate()

    def test_all_channels_together_have_a_time(self):
        with Gateway("ChannelTimeout global=2", "LogLevel VERBOSE") as g:
            done = g.ssh("sleep 20")
            self.assertEqual(done.returncode, 255)
            self.assertTrue(g.wait_log(r"session closed after \d seconds without data"), g.log())

    def test_an_idle_connection_is_ended_and_told(self):
        with Gateway("IdleTimeout 2") as g:
            client = g.popen(options=["-N"])
            self.ends_with(client, g, b"no data in the time allowed", 1, 8)

    def test_idle_is_counted_from_the_last_data(self):
        with Gateway("IdleTimeout 3") as g:
            done = g.ssh("for i in 1 2 3 4 5; do echo $i; sleep 1; done; sleep 30")
            self.assertTrue(done.stdout.endswith(b"5\n"))
            self.assertEqual(done.returncode, 255)
            self.assertIn(b"no data in the time allowed: 3 seconds", done.stderr)

    def test_a_connection_without_channels_is_ended(self):
        with Gateway("UnusedConnectionTimeout 2") as g:
            g.ssh("sleep 4", check=0)
            client = g.popen(options=["-N"])
            self.ends_with(client, g, b"no channel in the time allowed", 1, 8)

    def test_a_connection_has_a_total_time_whatever_it_does(self):
        with Gateway("Match User %s\n  ConnectionTimeLimit 3" % account()) as g:
            began = time.monotonic()
            done = g.ssh("while :; do echo x; sleep 0.1; done")
            self.assertEqual(done.returncode, 255)
            self.assertIn(b"time of the connection is over: 3 seconds", done.stderr)
            self.assertGreater(time.monotonic() - began, 2.5)
            self.assertTrue(g.wait_log("its time is over: 3 seconds"))


class RateTest(unittest.TestCase):
    def test_each_direction_has_its_bandwidth(self):
        size = 6 << 20
        with Gateway("RateLimit 2M 3M") as g:
            began = time.monotonic()
            done = g.ssh("head -c %d /dev/zero" % size)
            down = time.monotonic() - began
            self.assertEqual(len(done.stdout), size)
            began = time.monotonic()
            done = g.ssh("wc -c", input=bytes(size))
            up = time.monotonic() - began
            self.assertEqual(done.stdout.strip(), b"%d" % size)
            print("\n6 MiB: %.2f s to the client at 3M, %.2f s from it at 2M" % (down, up))
            self.assertGreater(down, 2 * 0.85)
            self.assertLess(down, 2 * 1.5 * PATIENCE + 1)
            self.assertGreater(up, 3 * 0.85)
            self.assertLess(up, 3 * 1.5 * PATIENCE + 1)

    def test_waiting_for_bandwidth_costs_no_time_of_the_processor(self):
        with Gateway("RateLimit 64K") as g:
            client = g.popen("cat /dev/zero")
            self.assertTrue(g.wait_log("exec cat"))
            worker = [pid for pid in g.workers() if busy(g, pid)][0]
            time.sleep(1)
            before = ticks(worker)
            time.sleep(3)
            self.assertLess(ticks(worker) - before, 0.3 * os.sysconf("SC_CLK_TCK"))
            end(client)
            client.communicate()

    def test_keys_pressed_are_answered_where_the_bandwidth_is_small(self):
        with Gateway("RateLimit 1K") as g:
            began = time.monotonic()
            done = g.ssh("cat", input=b"a key\n")
            self.assertEqual(done.stdout, b"a key\n")
            self.assertLess(time.monotonic() - began, 8 * PATIENCE)


class ScriptTest(unittest.TestCase):
    """What a script attaches to a login holds where it is stricter than the settings."""

    def gateway(self, decision, *lines):
        g = Gateway(*lines, start=False)
        with open(g.path("policy.lua"), "w") as f:
            f.write("function on_user_auth_request(ctx)\n  return %s\nend\n" % decision)
        os.chmod(g.path("policy.lua"), 0o644)
        g.lines.append("PolicyScript " + g.path("policy.lua"))
        g.write_conf()
        return g

    def test_idle_time_of_a_script_is_stricter(self):
        with self.gateway("accept{idle_s = 2}", "IdleTimeout 60") as g:
            done = g.start().ssh("sleep 20")
            self.assertEqual(done.returncode, 255)
            self.assertIn(b"no data in the time allowed: 2 seconds", done.stderr)

    def test_time_of_the_settings_is_stricter(self):
        with self.gateway("accept{total_s = 60}", "ConnectionTimeLimit 2") as g:
            done = g.start().ssh("sleep 20")
            self.assertIn(b"time of the connection is over: 2 seconds", done.stderr)

    def test_bandwidth_of_a_script_holds_each_way(self):
        with self.gateway("accept{bandwidth = %d}" % (1 << 20)) as g:
            g.start()
            for command, data in (("head -c 3M /dev/zero", b""), ("cat >/dev/null", bytes(3 << 20))):
                began = time.monotonic()
                g.ssh(command, input=data, check=0)
                self.assertGreater(time.monotonic() - began, 3 * 0.85)
                self.assertLess(time.monotonic() - began, 3 * 1.5 * PATIENCE + 1)

    def test_refusal_of_a_script_is_penalized_as_a_failed_login(self):
        with self.gateway("refuse{reason = 'no'}", "PerSourcePenalties authfail:30s min:10s noauth:0") as g:
            self.assertEqual(g.start().ssh("true").returncode, 255)
            self.assertTrue(g.wait_log('cause="failed authentication"'), g.log())
            self.assertEqual(first_line(g), NOT_ALLOWED)


def ticks(pid):
    """Time of the processor that a process used."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    unittest.main()
