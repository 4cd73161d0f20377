"""Operating it: checks, reload, processes that die, limits, an ordinary user, the end."""
import os
import signal
import socket
import subprocess
import time
import unittest

from gateway import AS_ROOT, Gateway, PATIENCE, wait_for
from server import Echo, Server, read_all


def connected(g):
    """A connection that has sent nothing, greeted or closed; gives the socket and what came."""
    s = socket.create_connection(("127.0.0.1", g.port), 10 * PATIENCE)
    try:
        return s, s.recv(255)
    except OSError:
        return s, b""


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway(start=False)

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def check(self, *options, text=None):
        conf = self.g.conf
        if text is not None:
            conf = self.g.path("other.conf")
            with open(conf, "w") as f:
                f.write("HostKey %s\n" % self.g.path("ssh_host_ed25519_key") + text)
        return subprocess.run([self.g.program(), "-f", conf, *options], capture_output=True, text=True)

    def test_a_good_configuration_passes_in_silence(self):
        done = self.check("-t")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_mistakes_are_told_with_their_line_and_the_nearest_keyword(self):
        done = self.check("-t", text="Port 2222\nPermitRotLogin no\nMaxSessions many\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"other\.conf.*3.*PermitRotLogin")
        self.assertIn("PermitRootLogin", done.stderr)
        self.assertRegex(done.stderr, r"other\.conf.*4.*")

    def test_a_missing_host_key_is_told(self):
        done = self.check("-t", "-o", "HostKey=" + self.g.path("none"))
        self.assertIn("none", done.stderr)

    def test_what_is_in_force_is_printed_and_can_be_read_again(self):
        shown = self.check("-T")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("port %d\n" % self.g.port, shown.stdout)
        again = self.g.path("again.conf")
        with open(again, "w") as f:
            f.write(shown.stdout)
        done = subprocess.run([self.g.program(), "-T", "-f", again], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, shown.stdout), done.stderr)

    def test_what_is_in_force_for_somebody_is_printed(self):
        text = "Match User ann Address 192.0.2.0/24\n  MaxSessions 3\n"
        for who, count in (("user=ann,addr=192.0.2.9", 3), ("user=ann,addr=192.0.3.9", 10), ("user=bob,addr=192.0.2.9", 10)):
            done = self.check("-T", "-C", who + ",host=h", text=text)
            self.assertIn("maxsessions %d\n" % count, done.stdout, (who, done.stderr))


class ReloadTest(unittest.TestCase):
    def test_a_reload_is_for_new_connections_and_a_broken_one_changes_nothing(self):
        with Gateway("ForceCommand echo one; cat") as g:
            old = g.popen()
            self.assertEqual(old.stdout.readline(), b"one\n")
            g.lines = ["ForceCommand echo two", "Banner " + g.path("authorized_keys")]
            g.write_conf()
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("configuration reloaded"), g.log())
            self.assertEqual(g.ssh("x", check=0).stdout, b"two\n")
            with open(g.conf, "a") as f:
                f.write("NoSuchKeyword yes\n")
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("reload failed"), g.log())
            self.assertEqual(g.ssh("x", check=0).stdout, b"two\n")
            out, _ = old.communicate(b"still\n", timeout=20 * PATIENCE)
            self.assertEqual((out, old.returncode), (b"still\n", 0))


class DeathTest(unittest.TestCase):
    def child(self, g, name):
        """The children of the monitor of that name."""
        with open("/proc/%d/task/%d/children" % (g.process.pid, g.process.pid)) as f:
            return [int(p) for p in f.read().split() if g.name(int(p)) == name]

    def kill(self, g, name):
        before = self.child(g, name)
        self.assertTrue(before, name)
        os.kill(before[0], signal.SIGKILL)
        self.assertTrue(wait_for(lambda: set(self.child(g, name)) - set(before)), name + "\n" + g.log())

    def test_processes_that_die_are_replaced_and_others_live_on(self):
        with Gateway() as g, Server(Echo) as echo:
            g.crash_expected = True
            old = g.popen("cat")
            self.assertTrue(g.wait_log("exec cat"))
            for name in ("sallyport-connector", "sallyport-login", "sallyport-worker"):
                self.kill(g, name)
                self.assertTrue(wait_for(lambda: g.ssh("true").returncode == 0, 15, 0.3), name + "\n" + g.log())
                done = g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"x")
                self.assertEqual(done.stdout, b"xend", name + "\n" + g.log())
            old.communicate(b"", timeout=20 * PATIENCE)

    @unittest.skipUnless(AS_ROOT, "only root sees the descriptors of a worker")
    def test_a_worker_that_crashes_takes_nobody_with_it(self):
        with Gateway("LogLevel VERBOSE") as g:
            g.crash_expected = True
            other, victim = g.popen("cat"), None
            self.assertTrue(g.wait_log("conn=1 .*exec cat"))
            had = set(self.busy(g))
            victim = g.popen("cat")
            self.assertTrue(g.wait_log("conn=2 .*exec cat"))
            new = set(self.busy(g)) - had
            self.assertEqual(len(new), 1)
            # SIGSEGV would be caught by the runtime of a sanitizer
            os.kill(new.pop(), signal.SIGABRT)
            self.assertTrue(g.wait_log("event=crash program=sallyport-worker conn=2 .*signal=6"), g.log())
            victim.communicate(timeout=20 * PATIENCE)
            self.assertEqual(victim.returncode, 255)
            self.assertTrue(g.wait_log("replacing the nursery"))
            self.assertEqual(g.ssh("echo on", check=0).stdout, b"on\n")
            out, _ = other.communicate(b"live\n", timeout=20 * PATIENCE)
            self.assertEqual((out, other.returncode), (b"live\n", 0))

    @staticmethod
    def busy(g):
        """Workers that have a client: those with a TCP socket open."""
        with open("/proc/net/tcp") as f:
            inodes = {l.split()[9] for l in f.readlines()[1:] if l.split()[1].endswith(":%04X" % g.port) and l.split()[3] == "01"}
        found = []
        for pid in g.workers():
            try:
                links = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
            except OSError:
                continue
            if any(l[8:-1] in inodes for l in links if l.startswith("socket:")):
                found.append(pid)
        return found


class LimitTest(unittest.TestCase):
    def test_startups_beyond_the_limit_are_refused_until_some_end(self):
        with Gateway("MaxStartups 3") as g:
            held = [connected(g) for _ in range(3)]
            self.assertEqual([h[1][:8] for h in held], [b"SSH-2.0-"] * 3)
            s, greeting = connected(g)
            self.assertNotEqual(greeting[:8], b"SSH-2.0-")
            s.close()
            self.assertTrue(g.wait_log("refused 127.0.0.1"))
            held.pop()[0].close()
            self.assertTrue(wait_for(lambda: g.ssh("true").returncode == 0))
            for h in held:
                h[0].close()

    def test_connections_beyond_the_limit_are_refused_until_some_end(self):
        with Gateway("MaxConnections 2") as g:
            running = [g.popen("cat") for _ in range(2)]
            self.assertTrue(wait_for(lambda: g.log().count("exec cat") == 2), g.log())
            self.assertEqual(g.ssh("true").returncode, 255)
            running.pop().communicate(b"", timeout=20 * PATIENCE)
            self.assertTrue(wait_for(lambda: g.ssh("true").returncode == 0))
            running.pop().communicate(b"", timeout=20 * PATIENCE)


class EndTest(unittest.TestCase):
    def test_sigterm_ends_connected_clients(self):
        with Gateway() as g:
            p = g.popen("sleep 100", options=["-o", "LogLevel=INFO"])
            self.assertTrue(g.wait_log("exec sleep"))
            s, _ = connected(g)
            g.stop()
            _, said = p.communicate(timeout=20 * PATIENCE)
            self.assertEqual(p.returncode, 255)
            self.assertIn(b"isconnect", said)
            s.settimeout(10)
            self.assertEqual(read_all(s), b"")
            s.close()

    @unittest.skipUnless(AS_ROOT, "is one already")
    def test_an_ordinary_user_runs_it_for_itself(self):
        with Gateway(start=False) as g:
            g.run_as = g.user
            g.start()
            self.assertTrue(g.wait_log("sallyport-worker: layers: seccomp"))
            self.assertEqual(g.ssh("id -un; exit 3").stdout, g.user.encode() + b"\n", g.log())
            with Server(Echo) as echo:
                self.assertEqual(g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"x").stdout, b"xend")
            self.assertEqual(g.ssh("true", user="root").returncode, 255)


if __name__ == "__main__":
    unittest.main()
