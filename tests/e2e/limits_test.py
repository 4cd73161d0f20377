"""Who may come in, and for how long: penalties, numbers, times and rates, seen by stock clients."""
import os
import signal
import socket
import subprocess
import time
import unittest

from gateway import AS_ROOT, PATIENCE, TEST_PASSWORD, Gateway, end, wait_for

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
            self.assertEqual(g.log().count("event=penalty"), 1)

    def test_who_leaves_without_an_attempt_is_penalized(self):
        with Gateway("PerSourcePenalties noauth:2s min:3s") as g:
            self.assertTrue(allowed(g))
            self.assertTrue(allowed(g))
            self.assertTrue(wait_for(lambda: not allowed(g), 5))
            self.assertIn("connections without an attempt to log in", g.log())

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
            self.assertIn("timeout before key exchange", g.log())

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


if __name__ == "__main__":
    unittest.main()
