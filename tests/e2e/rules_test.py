"""What an operator ruled must hold, whatever the user does: forced commands, files of keys, accounts."""
import os
import socket
import unittest

import paramiko

from gateway import AS_ROOT, TEST_PASSWORD, Gateway


class ForcedCommandTest(unittest.TestCase):
    def test_the_users_rc_file_does_not_run_where_a_command_is_forced(self):
        with Gateway("ForceCommand echo forced") as g:
            home = os.path.expanduser("~" + g.user)
            rc = os.path.join(home, ".ssh", "rc")
            if not AS_ROOT and os.path.exists(rc):
                self.skipTest("the user has a ~/.ssh/rc")
            os.makedirs(os.path.dirname(rc), exist_ok=True)
            with open(rc, "w") as f:
                f.write("echo escaped\n")
            try:
                self.assertEqual(g.ssh("id").stdout, b"forced\n")
            finally:
                os.unlink(rc)

    def test_an_empty_command_of_a_key_gives_no_shell(self):
        with Gateway() as g:
            key = g.make_key("bare", options='command=""')
            for command in (["id"], ["cat", "/etc/passwd"]):
                done = g.ssh(*command, key=key)
                self.assertEqual(done.stdout, b"")
                self.assertEqual(done.returncode, 0)
            done = g.ssh(key=key, input=b"id\n")
            self.assertEqual(done.stdout, b"")


@unittest.skipUnless(AS_ROOT, "PAM needs root")
class PamTest(unittest.TestCase):
    def test_pam_judges_passwords_where_it_is_used(self):
        with Gateway("UsePAM yes") as g:
            for password, good in ((TEST_PASSWORD, True), (TEST_PASSWORD + "x", False)):
                with socket.create_connection(("127.0.0.1", g.port)) as s:
                    client = paramiko.Transport(s)
                    client.start_client(timeout=30)
                    try:
                        client.auth_password(g.user, password, fallback=False)
                    except paramiko.AuthenticationException:
                        pass
                    self.assertEqual(client.is_authenticated(), good, g.log())
                    client.close()
            self.assertTrue(g.wait_log("PAM refuses"), g.log())


if __name__ == "__main__":
    unittest.main()
