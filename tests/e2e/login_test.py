"""Logins with the OpenSSH client: keys, commands, statuses."""
import unittest

from gateway import Gateway


class LoginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def test_a_key_opens_the_door_and_a_command_runs(self):
        done = self.g.ssh("echo", "hello", check=0)
        self.assertEqual(done.stdout, b"hello\n")

    def test_exit_statuses_are_exact(self):
        for status in (0, 1, 2, 42, 126, 127, 255):
            self.assertEqual(self.g.ssh("exit %d" % status).returncode, status)

    def test_stderr_stays_apart(self):
        done = self.g.ssh("echo out; echo err >&2", check=0)
        self.assertEqual((done.stdout, done.stderr), (b"out\n", b"err\n"))

    def test_input_reaches_the_command_and_ends(self):
        data = bytes(range(256)) * 4096
        self.assertEqual(self.g.ssh("cat", input=data, check=0).stdout, data)

    def test_another_key_is_refused(self):
        key = self.g.make_key("stranger", authorize=False)
        self.assertEqual(self.g.ssh("true", key=key).returncode, 255)
        self.assertTrue(self.g.wait_log(r"end client="))


if __name__ == "__main__":
    unittest.main()
