"""Keyboard-interactive, with clients that we did not write: prompts, answers, rude behaviour."""
import os
import subprocess
import unittest

import paramiko
from paramiko.common import cMSG_USERAUTH_INFO_RESPONSE
from paramiko.message import Message

from gateway import AS_ROOT, Gateway, PATIENCE, TEST_PASSWORD, wait_for

needs_root = unittest.skipUnless(AS_ROOT, "the account database is for root only")


def ssh_login(g, answers, *command, options=(), user=None, key=None):
    """Logs in with ssh, which has a program asked: answers holds (end of the prompt, answer)."""
    ask = g.path("ask")
    with open(ask, "w") as f:
        f.write("#!/bin/sh\ncase $1 in\n")
        for prompt, answer in answers:
            f.write("*'%s') printf '%%s\\n' '%s' ;;\n" % (prompt, answer))
        f.write("esac\necho \"$1\" >>'%s'\n" % (ask + ".log"))
    os.chmod(ask, 0o755)
    argv = g.ssh_argv(*command, user=user, key=key, options=[
        *options, "-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1"])
    env = dict(os.environ, SSH_ASKPASS=ask, SSH_ASKPASS_REQUIRE="force")
    return subprocess.run(argv, input=b"", capture_output=True, env=env, timeout=60 * PATIENCE)


def transport(g):
    t = paramiko.Transport(("127.0.0.1", g.port))
    t.start_client(timeout=20 * PATIENCE)
    return t


def run(t, command):
    """Runs a command on a paramiko transport; gives its output."""
    chan = t.open_session()
    chan.exec_command(command)
    out = b""
    while True:
        more = chan.recv(4096)
        if not more:
            return out
        out += more


class Asked:
    """Answers prompts by their text, and keeps what was asked."""

    def __init__(self, answers):
        self.answers = answers
        self.seen = []

    def __call__(self, title, instructions, prompts):
        self.seen.append((instructions, list(prompts)))
        return [self.answers[text.strip()] for text, _ in prompts]


KBDINT = ["-o", "PreferredAuthentications=keyboard-interactive", "-o", "PubkeyAuthentication=no"]


class PasswordSourceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "MaxAuthTries 3", start=False)
        cls.banner = cls.g.path("banner")
        with open(cls.banner, "w") as f:
            f.write("hello before\n")
        cls.g.lines += ["Banner " + cls.banner]
        cls.g.write_conf()
        cls.g.start()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    @needs_root
    def test_ssh_logs_in(self):
        done = ssh_login(self.g, [("Password: ", TEST_PASSWORD)], "id -un", options=KBDINT)
        self.assertEqual((done.returncode, done.stdout), (0, self.g.user.encode() + b"\n"), (done.stderr, self.g.log()))
        self.assertTrue(self.g.wait_log("Accepted keyboard-interactive/password for "))

    @needs_root
    def test_paramiko_logs_in_and_a_banner_comes_first(self):
        t = transport(self.g)
        asked = Asked({"Password:": TEST_PASSWORD})
        t.auth_interactive(self.g.user, asked)
        self.assertEqual(run(t, "id -un"), self.g.user.encode() + b"\n")
        self.assertEqual(asked.seen, [("", [("Password: ", False)])])
        self.assertIn("hello before", t.get_banner().decode())
        t.close()

    def test_a_wrong_answer_is_refused_and_counted(self):
        t = transport(self.g)
        for left in (2, 1):
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_interactive(self.g.user, Asked({"Password:": "wrong"}))
            self.assertTrue(t.is_active(), left)
        with self.assertRaises((paramiko.SSHException, EOFError)):
            t.auth_interactive(self.g.user, Asked({"Password:": "wrong"}))
        self.assertTrue(wait_for(lambda: not t.is_active()))

    def test_an_answer_of_10000_bytes_is_wrong_and_no_more(self):
        t = transport(self.g)
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_interactive(self.g.user, Asked({"Password:": "x" * 10000}))
        self.assertTrue(t.is_active())
        t.close()

    def test_another_number_of_answers_is_a_failure(self):
        for answers in ([], ["a", "b"]):
            t = transport(self.g)
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_interactive(self.g.user, lambda *_: answers)
            self.assertTrue(t.is_active())
            t.close()

    def test_too_many_answers_end_the_connection(self):
        t = transport(self.g)
        with self.assertRaises((paramiko.SSHException, EOFError)):
            t.auth_interactive(self.g.user, lambda *_: ["x"] * 33)
        self.assertTrue(wait_for(lambda: not t.is_active()))

    def test_answers_that_nobody_asked_for_end_the_connection(self):
        t = transport(self.g)
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_none(self.g.user)
        m = Message()
        m.add_byte(cMSG_USERAUTH_INFO_RESPONSE)
        m.add_int(1)
        m.add_string("x")
        t._send_message(m)
        self.assertTrue(wait_for(lambda: not t.is_active()))


if __name__ == "__main__":
    unittest.main()
