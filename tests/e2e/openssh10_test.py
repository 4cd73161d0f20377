"""OpenSSH 10 (post-quantum by default, as PARITY wants it first): login, commands, data with rekeying."""
import hashlib
import os
import subprocess
import unittest

from gateway import PATIENCE, Gateway
import openssh10


class OpenSsh10Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.command = openssh10.openssh10()
        if cls.command is None:
            raise unittest.SkipTest("OpenSSH 10 cannot be had: " + openssh10.WHY)
        cls.g = Gateway("MaxSessions 20", "LogLevel VERBOSE")

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def ssh(self, *command, options=(), input=b""):
        argv = self.command + self.g.ssh_argv(*command, options=options)[1:]
        return subprocess.run(argv, input=input, capture_output=True, timeout=120 * PATIENCE)

    def test_it_is_version_10(self):
        done = subprocess.run(self.command + ["-V"], capture_output=True, text=True)
        self.assertRegex(done.stderr, r"OpenSSH_1[0-9]\.")

    def test_it_agrees_on_mlkem_without_being_asked(self):
        done = self.ssh("exit 7", options=["-v", "-o", "LogLevel=DEBUG1"])
        self.assertEqual(done.returncode, 7, done.stderr.decode())
        self.assertIn(b"kex: algorithm: mlkem768x25519-sha256", done.stderr)
        self.assertTrue(self.g.wait_log("kex=mlkem768x25519-sha256"))

    def test_every_key_exchange_works(self):
        for kex in ("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com",
                    "curve25519-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group-exchange-sha256"):
            with self.subTest(kex):
                done = self.ssh("echo", kex, options=["-o", "KexAlgorithms=" + kex])
                self.assertEqual((done.returncode, done.stdout.strip()), (0, kex.encode()), done.stderr)

    def test_data_survives_rekeying_every_megabyte(self):
        data = os.urandom(1 << 20) * 20
        done = self.ssh("cat", options=["-o", "RekeyLimit=1M"], input=data)
        self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest())

    def test_pings_are_answered(self):
        """ObscureKeystrokeTiming sends ping@openssh.com with a terminal."""
        done = self.ssh("cat", options=["-tt", "-o", "ObscureKeystrokeTiming=yes", "-o", "LogLevel=DEBUG1"],
                        input=b"hello\n\x04")
        self.assertIn(b"hello", done.stdout)


if __name__ == "__main__":
    unittest.main()
