"""Passwords, attempts, who may log in, and what is told to those who may not."""
import crypt
import os
import socket
import statistics
import time
import unittest

import paramiko

from gateway import AS_ROOT, Gateway, PATIENCE, TEST_PASSWORD, wait_for
from server import Echo, Server, read_all

needs_root = unittest.skipUnless(AS_ROOT, "the account database is for root only")
PASSWORD = "a gateway's own 7 words"


class PasswordTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("MaxAuthTries 3", "Banner /dev/null", "LogLevel VERBOSE", "LoginGraceTime 4", start=False)
        users = cls.g.path("users")
        with open(users, "w") as f:
            f.write("# users of the gateway\n")
            # the system's own method, which unknown users are measured with
            f.write("ann:%s\n" % crypt.crypt(PASSWORD, "$y$j9T$xSBzFZGsUtOvBCLhm0Kf4/"))
            f.write("bob:%s\n" % crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=32)))
            f.write("eve:!%s\n" % crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_SHA512, rounds=5000)))
        os.chmod(users, 0o600)
        banner = cls.g.path("banner")
        with open(banner, "w") as f:
            f.write("Gr\u00fc\u00dfe. Authorized users only.\n")
        cls.g.lines = [l for l in cls.g.lines if not l.startswith("Banner")]
        cls.g.lines += ["UsersFile " + users, "Banner " + banner]
        cls.g.write_conf()
        cls.g.start()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    @needs_root
    def test_the_password_of_an_account_opens_a_session(self):
        done = self.g.password_login("id -un")
        self.assertEqual((done.returncode, done.stdout), (0, self.g.user.encode() + b"\n"), (done.stderr, self.g.log()))

    def test_a_wrong_password_is_refused(self):
        done = self.g.password_login("true", password="wrong")
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"Permission denied", done.stderr)
        self.assertEqual(self.g.password_login("true", password="").returncode, 255)

    def test_users_of_the_file_forward_but_have_no_session(self):
        with Server(Echo) as echo:
            for user in ("ann", "bob"):
                through = ["-W", "127.0.0.1:%d" % echo.port]
                done = self.g.password_login(user=user, password=PASSWORD, options=through)
                self.assertEqual((done.returncode, done.stdout), (0, b"end"), (done.stderr, self.g.log()))
                done = self.g.password_login("true", user=user, password=PASSWORD)
                self.assertEqual(done.returncode, 255)
            for user, password in (("ann", "wrong"), ("eve", PASSWORD), ("nobody-at-all", PASSWORD)):
                done = self.g.password_login(user=user, password=password, options=through)
                self.assertEqual(done.returncode, 255, user)

    def test_too_many_failures_end_the_connection(self):
        done = self.g.password_login("true", password="wrong", options=["-o", "NumberOfPasswordPrompts=9"])
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"too many authentication failures", done.stderr.lower())

    def test_the_banner_is_shown_before(self):
        said = self.g.ssh("true", options=["-o", "LogLevel=INFO"]).stderr.decode()
        self.assertIn("Gr\u00fc\u00dfe. Authorized users only.", said)

    def ends_in_time(self, s):
        begin = time.monotonic()
        s.settimeout(20 * PATIENCE)
        read_all(s)
        s.close()
        self.assertTrue(2 < time.monotonic() - begin < 15 * PATIENCE)

    def test_a_silent_client_is_closed_in_time(self):
        self.ends_in_time(socket.create_connection(("127.0.0.1", self.g.port)))

    def test_a_client_that_stops_in_between_is_closed_in_time(self):
        sock = socket.create_connection(("127.0.0.1", self.g.port))
        t = paramiko.Transport(sock)
        t.start_client(timeout=20 * PATIENCE)
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_password("ann", "wrong")
        begin = time.monotonic()
        self.assertTrue(wait_for(lambda: not t.is_active(), 15))
        self.assertLess(time.monotonic() - begin, 15 * PATIENCE)
        t.close()

    def test_a_session_outlives_the_grace_time(self):
        self.assertEqual(self.g.ssh("sleep 5; echo on", check=0).stdout, b"on\n")

    def refusal_seconds(self, user, password=None):
        """How long the answer to one attempt takes."""
        t = paramiko.Transport(("127.0.0.1", self.g.port))
        t.start_client(timeout=20 * PATIENCE)
        begin = time.monotonic()
        try:
            if password is None:
                t.auth_publickey(user, self.stranger)
            else:
                t.auth_password(user, password)
            self.fail("let in")
        except paramiko.AuthenticationException:
            return time.monotonic() - begin
        finally:
            t.close()

    def test_the_time_of_a_refusal_does_not_tell_whether_a_user_exists(self):
        # medians of 7 interleaved attempts each; a difference of more than half of the larger, and of
        # more than 60 ms, would be more than this machine's noise
        self.stranger = paramiko.Ed25519Key.from_private_key_file(self.g.make_key("stranger", authorize=False))
        for password in (None, "wrong"):
            times = {user: [] for user in (self.g.user, "ann", "no-such-user")}
            for _ in range(7):
                for user, taken in times.items():
                    taken.append(self.refusal_seconds(user, password))
            medians = {user: statistics.median(taken) for user, taken in times.items()}
            low, high = min(medians.values()), max(medians.values())
            self.assertLess(high - low, max(high / 2, 0.06), medians)


class RulesTest(unittest.TestCase):
    """Who may log in. Each rule is for its own user or address, so that one gateway serves all."""

    def refused(self, *lines, key_options=""):
        with Gateway(*lines) as g:
            key = g.make_key("own", options=key_options) if key_options else None
            return g.ssh("true", key=key).returncode == 255

    def test_users_are_allowed_and_denied_by_name_and_address(self):
        with Gateway(start=False) as g:
            name = g.user
        self.assertTrue(self.refused("AllowUsers somebody"))
        self.assertFalse(self.refused("AllowUsers somebody %s@127.0.0.0/8" % name))
        self.assertTrue(self.refused("AllowUsers %s@192.0.2.0/24" % name))
        self.assertTrue(self.refused("AllowUsers %s" % name, "DenyUsers %s*" % name[:3]))

    def test_groups_are_allowed_and_denied(self):
        import grp
        import pwd
        with Gateway(start=False) as g:
            group = grp.getgrgid(pwd.getpwnam(g.user).pw_gid).gr_name
        self.assertTrue(self.refused("AllowGroups no-such-group"))
        self.assertFalse(self.refused("AllowGroups no-such-group %s" % group))
        self.assertTrue(self.refused("DenyGroups %s" % group))

    @unittest.skipUnless(AS_ROOT, "only root may log root in")
    def test_root_logs_in_as_permit_root_login_says(self):
        for value, plain, forced in (("no", 255, 255), ("prohibit-password", 0, 0), ("forced-commands-only", 255, 0), ("yes", 0, 0)):
            with Gateway("PermitRootLogin " + value, user="root") as g:
                key = g.make_key("forced", options='command="true"')
                self.assertEqual((g.ssh("true").returncode, g.ssh("true", key=key).returncode), (plain, forced), value)

    def test_match_blocks_hold_for_whom_they_name(self):
        with Gateway(start=False) as g:
            g.lines = ["Match User %s Address 127.0.0.0/8\n  ForceCommand echo matched" % g.user, "Match User other\n  ForceCommand echo other",
                       "Match Address 192.0.2.1\n  ForceCommand echo elsewhere"]
            g.write_conf()
            g.start()
            self.assertEqual(g.ssh("true", check=0).stdout, b"matched\n")

    def test_methods_may_be_switched_off(self):
        with Gateway("PubkeyAuthentication no") as g:
            self.assertEqual(g.ssh("true").returncode, 255)
        with Gateway("PasswordAuthentication no") as g:
            done = g.password_login("true")
            self.assertIn(b"Permission denied (publickey)", done.stderr)

    @needs_root
    def test_two_methods_may_both_be_demanded(self):
        with Gateway("AuthenticationMethods publickey,password") as g:
            both = ["-o", "PreferredAuthentications=publickey,password"]
            self.assertEqual(g.ssh("true").returncode, 255)
            self.assertEqual(g.password_login("true").returncode, 255)
            self.assertEqual(g.password_login("true", options=both).returncode, 0, g.log())
            self.assertEqual(g.password_login("true", options=both, password="wrong").returncode, 255)


if __name__ == "__main__":
    unittest.main()
