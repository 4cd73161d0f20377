"""The processes as /proc shows them while somebody is logged in: what walls stand around each."""
import os
import shutil
import subprocess
import tempfile
import unittest

from gateway import AS_ROOT, BIN, Gateway, PATIENCE, descendants, wait_for

# with sanitizers the filter and the limits are wider
SANITIZED = os.environ.get("BUILD", "").endswith("asan")


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return {name: value.strip() for name, value in (line.split(":", 1) for line in f)}


def fds(pid):
    folder = "/proc/%d/fd" % pid
    return [os.readlink(os.path.join(folder, n)) for n in sorted(os.listdir(folder), key=int)]


def limit(pid, name):
    """A soft and a hard limit."""
    with open("/proc/%d/limits" % pid) as f:
        return next(line[26:].split()[:2] for line in f if line.startswith(name))


@unittest.skipUnless(AS_ROOT, "only root may look into processes that are not dumpable")
class OutsideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway()
        cls.monitor = cls.g.process.pid
        cls.client = cls.g.popen("echo up; cat")
        assert cls.client.stdout.readline() == b"up\n"
        # the one that has pipes has the session
        cls.worker = wait_for(lambda: next((p for p in cls.g.workers() if any("pipe:" in f for f in fds(p))), None))

    @classmethod
    def tearDownClass(cls):
        cls.client.communicate()
        cls.g.__exit__(None)

    def named(self, name):
        return [p for p in descendants(self.monitor) if self.g.name(p) == name]

    def no_rights(self, pid):
        s = status(pid)
        self.assertEqual((s["Seccomp"], s["NoNewPrivs"]), ("2", "1"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(s[name], 16), 0, name)
        for name in ("Uid", "Gid"):
            self.assertNotIn("0", s[name].split())
            self.assertEqual(len(set(s[name].split())), 1, "a way back is left in " + name)
        return s

    def apart(self, pid, *names):
        for name in names:
            self.assertNotEqual(os.readlink("/proc/%d/ns/%s" % (pid, name)),
                                os.readlink("/proc/%d/ns/%s" % (self.monitor, name)), name)

    def test_a_worker_has_no_rights_no_world_and_only_its_sockets(self):
        self.no_rights(self.worker)
        self.apart(self.worker, "net", "mnt", "pid", "ipc", "uts")
        self.assertEqual(os.listdir("/proc/%d/root" % self.worker), [])
        of_session = fds(self.worker)
        self.assertEqual(sorted(f.split(":")[0] for f in of_session), ["pipe"] * 3 + ["socket"] * 5)
        self.assertEqual(len(set(of_session[:3])), 1, "0 to 2 are one dead socket")
        self.assertEqual(limit(self.worker, "Max core file size"), ["0", "0"])
        self.assertLessEqual(int(limit(self.worker, "Max open files")[1]), 2048)
        if not SANITIZED:
            self.assertNotEqual(limit(self.worker, "Max address space")[1], "unlimited")

    def test_spares_and_the_nursery_stand_behind_the_same_walls(self):
        for pid in self.g.workers():
            self.no_rights(pid)
            self.apart(pid, "net", "mnt", "pid", "ipc", "uts")
            self.assertEqual(os.listdir("/proc/%d/root" % pid), [])
            self.assertEqual([f for f in fds(pid) if not f.startswith(("socket:", "pipe:"))], [])

    def test_workers_and_connector_are_different_users(self):
        users = {status(self.worker)["Uid"], status(self.named("sallyport-connector")[0])["Uid"],
                 status(self.monitor)["Uid"]}
        self.assertEqual(len(users), 3)

    def test_the_connector_has_the_network_and_nothing_else(self):
        connector = self.named("sallyport-connector")[0]
        self.no_rights(connector)
        self.apart(connector, "mnt", "pid", "ipc", "uts")
        root = "/proc/%d/root" % connector
        self.assertEqual(os.listdir(root), ["etc"])
        self.assertLessEqual(set(os.listdir(root + "/etc")),
                             {"gai.conf", "host.conf", "hosts", "nsswitch.conf", "resolv.conf", "services"})

    def test_the_waiter_of_a_session_has_no_rights(self):
        waiter = next(p for p in self.named("sallyport-login") if status(p)["PPid"] != str(self.monitor))
        self.assertEqual(self.no_rights(waiter)["Uid"], status(self.named("cat")[0])["Uid"])

    def test_the_users_program_has_no_descriptor_of_ours(self):
        program = self.named("cat")[0]
        self.assertEqual([f.split(":")[0] for f in fds(program)], ["pipe"] * 3)
        s = status(program)
        self.assertEqual((s["Seccomp"], s["NoNewPrivs"], int(s["CapEff"], 16)), ("0", "0", 0))

    def test_the_monitor_keeps_few_capabilities_and_cannot_be_read(self):
        effective = int(status(self.monitor)["CapEff"], 16)
        self.assertLessEqual(bin(effective).count("1"), 4)
        self.assertEqual(limit(self.monitor, "Max core file size")[0], "0")


class CheckSandboxTest(unittest.TestCase):
    def test_every_door_is_shut_from_inside(self):
        done = subprocess.run([os.path.join(BIN, "sallyportd"), "--check-sandbox"], capture_output=True, text=True,
                              timeout=120 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(AS_ROOT, "runs as another user")
    def test_every_door_is_shut_for_an_ordinary_user_too(self):
        folder = tempfile.mkdtemp(prefix="sallyport-bin-")
        try:
            os.chmod(folder, 0o755)
            for name in os.listdir(BIN):
                shutil.copy(os.path.join(BIN, name), folder)
            done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                   os.path.join(folder, "sallyportd"), "--check-sandbox"],
                                  capture_output=True, text=True, cwd="/", timeout=120 * PATIENCE)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main()
