"""What an operator meets: mistakes are named with their remedy, the start from the background, an installed gateway."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from gateway import AS_ROOT, BIN, PATIENCE, ROOT, free_port, wait_for

PROGRAM = os.path.join(BIN, "sallyportd")


class OperatorTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sallyport-operator-")
        self.addCleanup(shutil.rmtree, self.dir)
        subprocess.run([PROGRAM, "--generate-host-keys", self.dir], check=True, stdout=subprocess.DEVNULL)
        self.port = free_port()
        self.config = self.file("conf", "ListenAddress 127.0.0.1\nPidFile %s/pid\nHostKey %s\n" % (
            self.dir, self.path("ssh_host_ed25519_key")))

    def path(self, name):
        return os.path.join(self.dir, name)

    def file(self, name, text, mode=0o600):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def run_program(self, *arguments, program=PROGRAM):
        return subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=20 * PATIENCE)

    def refused(self, arguments, *words):
        """It ends with status 1, and says each of the words."""
        done = self.run_program(*arguments)
        for word in words:
            self.assertIn(word, done.stdout)
        self.assertEqual(done.returncode, 1, done.stdout)

    def test_a_sound_configuration_passes(self):
        done = self.run_program("-t", "-f", self.config)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_missing_configuration_is_named(self):
        self.refused(["-t", "-f", self.path("absent")], self.path("absent"), "No such file")

    def test_missing_host_key_is_named_and_how_to_make_one(self):
        self.refused(["-t", "-f", "none", "-h", self.path("absent")], self.path("absent"), "--generate-host-keys")

    def test_loose_mode_of_a_key_is_named_with_the_command_that_mends_it(self):
        key = self.path("ssh_host_ed25519_key")
        os.chmod(key, 0o644)
        self.refused(["-t", "-f", self.config], "chmod 600 " + key)

    def test_what_is_no_key_is_named(self):
        self.refused(["-t", "-f", "none", "-h", self.file("junk", "junk\n")], self.path("junk"), "private key")

    def test_unknown_keyword_is_named_with_its_line_and_the_nearest_one(self):
        self.refused(["-t", "-f", self.file("typo", "Port 1\nHostKye x\n")], self.path("typo"), "2", "HostKye", "HostKey")

    def test_taken_port_is_named_in_the_foreground_and_the_background(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.port))
            other.listen()
            for options in (["-D", "-e"], []):
                self.refused(options + ["-f", self.config, "-p", str(self.port)], "port %d" % self.port, "in use", "-p")

    @unittest.skipUnless(AS_ROOT, "only root's gateway has accounts of its own")
    def test_missing_account_is_named_with_the_command_that_makes_it(self):
        for keyword in ("WorkerUser", "ConnectorUser"):
            self.refused(["-t", "-f", self.config, "-o", keyword + "=sp-absent"], keyword, "useradd", "sp-absent")
            self.refused(["-f", self.config, "-o", keyword + "=sp-absent"], keyword, "useradd", "sp-absent")

    @unittest.skipUnless(AS_ROOT, "only root's gateway writes a PidFile")
    def test_the_background_start_returns_when_clients_can_come(self):
        done = self.run_program("-f", self.config, "-p", str(self.port))
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        with open(self.path("pid")) as f:
            pid = int(f.read())
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as s:
                self.assertEqual(s.recv(8), b"SSH-2.0-")
        finally:
            os.kill(pid, 15)
        self.assertTrue(wait_for(lambda: not os.path.exists("/proc/%d" % pid) or
                                 "State:\tZ" in open("/proc/%d/status" % pid).read()))
        self.assertFalse(os.path.exists(self.path("pid")))

    def test_the_example_holds_the_defaults(self):
        example = os.path.join(ROOT, "docs", "sallyport.conf.example")
        with open(example) as f:
            lines = re.findall(r"^#([A-Z]\w+ .*)$", f.read(), re.MULTILINE)
        default = self.run_program("-T", "-f", "none").stdout
        self.assertEqual(self.run_program("-T", "-f", self.file("all", "\n".join(lines) + "\n")).stdout, default)
        keywords = {line.split()[0].lower() for line in default.splitlines()}
        self.assertEqual(keywords - {line.split()[0].lower() for line in lines}, set())

    def test_an_installed_gateway_starts_and_uninstall_leaves_nothing(self):
        dest = self.path("dest")
        make = ["make", "-s", "-C", ROOT, "PREFIX=/usr", "DESTDIR=" + dest, "BUILD=" + os.path.dirname(BIN)]
        subprocess.run(make + ["install"], check=True, stdout=subprocess.DEVNULL)
        program = os.path.join(dest, "usr/sbin/sallyportd")
        gateway = subprocess.Popen([program, "-D", "-e", "-f", self.config, "-p", str(self.port)],
                                   stderr=subprocess.PIPE, text=True)
        try:
            seen = next((line for line in gateway.stderr if "sallyport-worker: layers:" in line), None)
            self.assertIsNotNone(seen)
        finally:
            gateway.terminate()
            gateway.communicate(timeout=20 * PATIENCE)
        self.assertEqual(gateway.returncode, 0)
        subprocess.run(make + ["uninstall"], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual([f for _, _, files in os.walk(dest) for f in files], [])


if __name__ == "__main__":
    unittest.main()
