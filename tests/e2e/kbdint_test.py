"""Keyboard-interactive, with clients that we did not write: prompts, answers, rude behaviour."""
import asyncio
import base64
import crypt
import hashlib
import hmac
import os
import statistics
import struct
import subprocess
import sys
import time
import unittest

import asyncssh
import paramiko
from paramiko.common import cMSG_USERAUTH_INFO_RESPONSE
from paramiko.message import Message

from gateway import AS_ROOT, descendants, Gateway, PATIENCE, ROOT, TEST_PASSWORD, wait_for
from terminal import Terminal

sys.path.insert(0, os.path.join(ROOT, "tests", "hostile"))
import raw  # noqa: E402

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


def plink_login(g, answers, *command, user=None, key=None):
    """Logs in with plink, which asks at its terminal."""
    with open(g.path("ssh_host_ed25519_key.pub")) as f:
        host_key = f.read().split()[1]
    argv = ["plink", "-noagent", "-no-antispoof", "-P", str(g.port), "-l", user or g.user, "-hostkey", host_key]
    if key:
        subprocess.run(["puttygen", key, "-o", key + ".ppk"], check=True)
        argv += ["-i", key + ".ppk"]
    with Terminal(argv + ["127.0.0.1", *command]) as t:
        for prompt, answer in answers:
            t.expect(prompt)
            t.send(answer + "\r")
        code = t.wait(20)
        return code, t.seen


def paramiko_login(g, answers, *command, user=None, key=None):
    t = transport(g)
    try:
        if key:
            t.auth_publickey(user or g.user, paramiko.Ed25519Key.from_private_key_file(key))
        t.auth_interactive(user or g.user, Asked({prompt.strip(): answer for prompt, answer in answers}))
        return 0, run(t, *command).decode()
    except paramiko.AuthenticationException as e:
        return 255, str(e)
    finally:
        t.close()


def asyncssh_login(g, answers, *command, user=None, key=None):
    table = {prompt.strip(): answer for prompt, answer in answers}

    class Client(asyncssh.SSHClient):
        def kbdint_auth_requested(self):
            return ""

        def kbdint_challenge_received(self, name, instructions, lang, prompts):
            return [table[text.strip()] for text, _ in prompts]

    async def go():
        async with asyncssh.connect("127.0.0.1", g.port, username=user or g.user, config=None, agent_path=None,
                                    known_hosts=g.path("known_hosts"), client_keys=[key] if key else None,
                                    client_factory=Client,
                                    preferred_auth="publickey,keyboard-interactive") as c:
            done = await c.run(*command)
            return done.exit_status, done.stdout
    try:
        return asyncio.run(asyncio.wait_for(go(), 60 * PATIENCE))
    except (asyncssh.PermissionDenied, asyncssh.ConnectionLost) as e:
        return 255, str(e)


def openssh_login(g, answers, *command, user=None, key=None):
    options = ["-o", "PreferredAuthentications=publickey,keyboard-interactive"]
    done = ssh_login(g, answers, *command, user=user, key=key, options=options + ([] if key else KBDINT))
    return done.returncode, done.stdout.decode() + done.stderr.decode()


CLIENTS = {"openssh": openssh_login, "plink": plink_login, "paramiko": paramiko_login, "asyncssh": asyncssh_login}


def totp(secret, steps=0, digits=6, period=30, digest=hashlib.sha1):
    """The code of now. Source: RFC 6238"""
    left = period - time.time() % period
    if steps < 0 and left < 5:
        time.sleep(left)  # else the step could be too old when it arrives
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // period + steps), digest).digest()
    at = mac[-1] & 15
    return str((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10 ** digits).zfill(digits)


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


INFO_REQUEST = 60
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

    def test_a_conversation_may_be_given_up_at_any_moment(self):
        user, rest = raw.string(self.g.user) + raw.string("ssh-connection"), raw.string("") + raw.string("")
        begin = bytes([raw.USERAUTH_REQUEST]) + user + raw.string("keyboard-interactive") + rest
        with raw.Raw(self.g) as c:
            c.keyed()
            c.service()
            for _ in range(5):
                c.send(begin)
                self.assertEqual(c.wait(INFO_REQUEST)[0], INFO_REQUEST)
            c.send(bytes([raw.USERAUTH_REQUEST]) + user + raw.string("none"))
            self.assertEqual(c.wait(raw.USERAUTH_FAILURE)[0], raw.USERAUTH_FAILURE)
            c.send(begin)
            c.wait(INFO_REQUEST)
        # gone in the middle: nothing is left of it
        self.assertTrue(self.g.wait_log("end client="))

    def test_an_unknown_user_is_asked_the_same(self):
        for user in (self.g.user, "no-such-user"):
            t = transport(self.g)
            asked = Asked({"Password:": "wrong"})
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_interactive(user, asked)
            self.assertEqual(asked.seen, [("", [("Password: ", False)])])
            t.close()

    def refusal_seconds(self, user):
        t = transport(self.g)
        begin = time.monotonic()
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_interactive(user, Asked({"Password:": "wrong"}))
        taken = time.monotonic() - begin
        t.close()
        return taken

    def test_the_time_of_a_refusal_does_not_tell_whether_a_user_exists(self):
        # as in password_test: medians of 7 interleaved attempts; more than half of the larger and 60 ms is no noise
        times = {user: [] for user in (self.g.user, "no-such-user", "another-one")}
        for _ in range(7):
            for user, taken in times.items():
                taken.append(self.refusal_seconds(user))
        medians = {user: statistics.median(taken) for user, taken in times.items()}
        low, high = min(medians.values()), max(medians.values())
        self.assertLess(high - low, max(high / 2, 0.06), medians)


class TotpTest(unittest.TestCase):
    SECRETS = {"ann": base64.b32encode(b"secret of ann......").decode(),
               "long": base64.b32encode(bytes(range(64))).decode()}

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "AuthenticationMethods publickey,keyboard-interactive:totp",
                        "Match User alone\n  AuthenticationMethods any",
                        "Match User three\n  AuthenticationMethods password,publickey,keyboard-interactive", start=False)
        users = cls.g.path("users")
        word = crypt.crypt(TEST_PASSWORD, crypt.mksalt(crypt.METHOD_SHA512, rounds=5000))
        with open(users, "w") as f:
            for name in [*CLIENTS, "replay", "wrong", "late"]:
                f.write("%s:!:%s:totp=%s\n" % (name, cls.g.user, cls.secret(name)))
            f.write("long:!:%s:totp=%s,digits=8,period=60,algorithm=SHA512\n" % (cls.g.user, cls.secret("long")))
            for name in ("alone", "three"):
                f.write("%s:%s:%s:totp=%s\n" % (name, word, cls.g.user, cls.secret(name)))
        os.chmod(users, 0o600)
        cls.g.lines.append("UsersFile " + users)
        cls.g.write_conf()
        cls.g.start()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    @classmethod
    def secret(cls, name):
        return cls.SECRETS.get(name) or base64.b32encode(name.ljust(20, "x").encode()).decode()

    def login(self, client, user, code=None, key=True, answers=()):
        given = list(answers) + [("Verification code: ", totp(self.secret(user)) if code is None else code)]
        return CLIENTS[client](self.g, given, "echo hello", user=user, key=self.g.key if key else None)

    def test_a_key_and_a_code_log_in_from_each_client(self):
        for client in CLIENTS:
            code, text = self.login(client, client)
            self.assertEqual(code, 0, (client, text, self.g.log()))
            self.assertIn("hello", text)
            self.assertTrue(self.g.wait_log("Partial publickey for %s" % client))
            self.assertTrue(self.g.wait_log("Accepted keyboard-interactive/totp for %s" % client))

    def test_a_code_is_taken_once(self):
        code = totp(self.secret("replay"))
        self.assertEqual(self.login("paramiko", "replay", code)[0], 0, self.g.log())
        self.assertEqual(self.login("paramiko", "replay", code)[0], 255)
        self.assertTrue(self.g.wait_log("user=replay code: it was used before"))
        self.assertEqual(self.login("paramiko", "replay", totp(self.secret("replay"), -1))[0], 255)
        # a reload forgets none
        self.g.process.send_signal(1)
        self.assertTrue(self.g.wait_log("configuration reloaded"))
        self.assertEqual(self.login("paramiko", "replay", code)[0], 255)
        self.assertEqual(self.login("paramiko", "replay", totp(self.secret("replay"), 1))[0], 0, self.g.log())

    def test_a_wrong_code_or_one_of_another_time_is_refused(self):
        for code in ("000000", "", totp(self.secret("wrong"), -4), totp(self.secret("wrong"), 4)):
            if code != totp(self.secret("wrong")):
                self.assertEqual(self.login("paramiko", "wrong", code)[0], 255)

    def test_a_code_of_the_step_before_is_good(self):
        self.assertEqual(self.login("paramiko", "late", totp(self.secret("late"), -1))[0], 0, self.g.log())

    def test_digits_period_and_algorithm_are_the_user_s(self):
        code = totp(self.secret("long"), digits=8, period=60, digest=hashlib.sha512)
        self.assertEqual(self.login("openssh", "long", code)[0], 0, self.g.log())

    def test_a_code_without_the_key_is_not_asked_for(self):
        t = transport(self.g)
        with self.assertRaises(paramiko.BadAuthenticationType) as caught:
            t.auth_interactive("ann", lambda *_: self.fail("asked"))
        self.assertEqual(caught.exception.allowed_types, ["publickey"])
        t.close()

    def test_alone_the_code_comes_with_the_password(self):
        password = ("Password: ", TEST_PASSWORD)
        code = totp(self.secret("alone"))
        for answers, wrong in (([("Password: ", "wrong")], code), ([password], "000000")):
            self.assertEqual(self.login("paramiko", "alone", wrong, False, answers)[0], 255)
        # a wrong password did not use the code up
        status, text = self.login("openssh", "alone", code, False, [password])
        self.assertEqual(status, 0, (text, self.g.log()))
        self.assertEqual(self.login("paramiko", "alone", code, False, [password])[0], 255)

    def test_three_methods_in_a_row(self):
        t = transport(self.g)
        self.assertEqual(t.auth_password("three", TEST_PASSWORD), ["publickey"])
        self.assertEqual(t.auth_publickey("three", paramiko.Ed25519Key.from_private_key_file(self.g.key)),
                         ["keyboard-interactive"])
        t.auth_interactive("three", Asked({"Verification code:": totp(self.secret("three"))}))
        self.assertEqual(run(t, "echo hello"), b"hello\n")
        t.close()


@needs_root
class PamTest(unittest.TestCase):
    """A stack of its own: pam_unix, a code with echo (google-authenticator), a program that is told the password."""
    SERVICE = "sallyport-kbdint-test"
    SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    @classmethod
    def stack(cls, text):
        with open("/etc/pam.d/" + cls.SERVICE, "w") as f:
            f.write(text + "account required pam_unix.so\nsession required pam_permit.so\npassword required pam_unix.so\n")

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "UsePAM yes", "PAMServiceName " + cls.SERVICE, "LoginGraceTime 20")
        cls.addClassCleanup(os.unlink, "/etc/pam.d/" + cls.SERVICE)

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def two_prompts(self):
        """DISALLOW_REUSE is not set: the module is to take a code more than once."""
        secret = self.g.path("google")
        with open(secret, "w") as f:
            f.write(self.SECRET + "\n\" TOTP_AUTH\n\" WINDOW_SIZE 5\n")
        os.chmod(secret, 0o400)
        self.stack("auth required pam_unix.so nodelay\n"
                   "auth required pam_google_authenticator.so nullok secret=%s user=root echo_verification_code no_increment_hotp\n" % secret)
        return [("Password: ", TEST_PASSWORD), ("Verification code: ", totp(self.SECRET))]

    def test_two_prompts_one_with_echo_log_in_from_each_client(self):
        answers = self.two_prompts()
        for name, login in CLIENTS.items():
            status, text = login(self.g, answers, "id -un")
            self.assertEqual(status, 0, (name, text, self.g.log()))
            self.assertIn(self.g.user, text)
        self.assertTrue(self.g.wait_log("Accepted keyboard-interactive/pam for "))
        t = transport(self.g)
        asked = Asked({prompt.strip(): answer for prompt, answer in answers})
        t.auth_interactive(self.g.user, asked)
        self.assertEqual([prompts for _, prompts in asked.seen if prompts],
                         [[("Password: ", False)], [("Verification code: ", True)]])
        t.close()

    def test_a_wrong_answer_to_either_is_refused(self):
        (password, word), (code, digits) = self.two_prompts()
        for answers in ([(password, "wrong"), (code, digits)], [(password, word), (code, "000000")]):
            status, text = paramiko_login(self.g, answers, "true")
            self.assertEqual(status, 255, text)
        self.assertTrue(self.g.wait_log(r"PAM \(authenticate\) refuses"), self.g.log())

    def test_a_program_is_told_the_password(self):
        told = self.g.path("told")
        program = self.g.path("judge")
        with open(program, "w") as f:
            f.write("#!/bin/sh\nread -r word\necho \"$PAM_USER $PAM_RHOST $PAM_SERVICE $word\" >%s\nexit 0\n" % told)
        os.chmod(program, 0o700)
        self.stack("auth required pam_unix.so nodelay\nauth required pam_exec.so expose_authtok quiet %s\n" % program)
        status, text = openssh_login(self.g, [("Password: ", TEST_PASSWORD)], "true")
        self.assertEqual(status, 0, (text, self.g.log()))
        with open(told) as f:
            self.assertEqual(f.read().strip("\0\n"),
                             "%s 127.0.0.1 %s %s" % (self.g.user, self.SERVICE, TEST_PASSWORD))

    def test_what_a_module_says_is_shown(self):
        words = self.g.path("words")
        with open(words, "w") as f:
            f.write("the vault closes at six\n")
        self.stack("auth required pam_echo.so file=%s\nauth required pam_unix.so nodelay\n" % words)
        t = transport(self.g)
        asked = Asked({"Password:": TEST_PASSWORD})
        t.auth_interactive(self.g.user, asked)
        self.assertIn("the vault closes at six", "".join(text for text, _ in asked.seen))
        t.close()

    def test_words_without_a_prompt_are_shown_too(self):
        words = self.g.path("last")
        with open(words, "w") as f:
            f.write("mind the step\n")
        self.stack("auth required pam_unix.so nodelay\nauth required pam_echo.so file=%s\n" % words)
        t = transport(self.g)
        asked = Asked({"Password:": TEST_PASSWORD})
        t.auth_interactive(self.g.user, asked)
        self.assertIn(("mind the step\n", []), asked.seen)
        t.close()
        # a request of no prompts needs an answer, too
        for name, login in CLIENTS.items():
            status, text = login(self.g, [("Password: ", TEST_PASSWORD)], "id -un")
            self.assertEqual(status, 0, (name, text, self.g.log()))

    def test_an_expired_password_is_changed_on_the_way(self):
        self.stack("auth required pam_unix.so nodelay\n")
        fresh = "a fresh pass 7 phrase"
        subprocess.run(["chage", "-d", "0", self.g.user], check=True)
        try:
            t = transport(self.g)
            asked = Asked({"Password:": TEST_PASSWORD, "Current password:": TEST_PASSWORD,
                           "New password:": fresh, "Retype new password:": fresh})
            t.auth_interactive(self.g.user, asked)
            self.assertEqual(run(t, "id -un"), self.g.user.encode() + b"\n", self.g.log())
            t.close()
            self.assertEqual(paramiko_login(self.g, [("Password: ", fresh)], "true")[0], 0)
        finally:
            subprocess.run(["chpasswd"], input="%s:%s" % (self.g.user, TEST_PASSWORD), text=True, check=True)
            subprocess.run(["chage", "-d", time.strftime("%Y-%m-%d"), self.g.user], check=True)

    def test_an_expired_account_is_refused(self):
        self.stack("auth required pam_unix.so nodelay\n")
        subprocess.run(["chage", "-E", "1", self.g.user], check=True)
        try:
            self.assertEqual(paramiko_login(self.g, [("Password: ", TEST_PASSWORD)], "true")[0], 255)
        finally:
            subprocess.run(["chage", "-E", "-1", self.g.user], check=True)
        self.assertTrue(self.g.wait_log(r"PAM \(account\) refuses"))

    def test_an_answer_of_10000_bytes_is_wrong(self):
        self.stack("auth required pam_unix.so nodelay\n")
        self.assertEqual(paramiko_login(self.g, [("Password: ", "x" * 10000)], "true")[0], 255)

    def test_unknown_users_are_asked_the_same(self):
        answers = self.two_prompts()
        t = transport(self.g)
        asked = Asked({prompt.strip(): answer for prompt, answer in answers})
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_interactive("no-such-user", asked)
        self.assertEqual(asked.seen[0], ("", [("Password: ", False)]))
        t.close()

    def test_conversations_that_are_given_up_leave_no_helper(self):
        self.two_prompts()
        user, rest = raw.string(self.g.user) + raw.string("ssh-connection"), raw.string("") + raw.string("")
        begin = bytes([raw.USERAUTH_REQUEST]) + user + raw.string("keyboard-interactive") + rest
        answer = bytes([61]) + raw.u32(1) + raw.string(TEST_PASSWORD)
        with raw.Raw(self.g) as c:
            c.keyed()
            c.service()
            for second in (False, True, False, True):
                c.send(begin)
                c.wait(INFO_REQUEST)
                if second:
                    c.send(answer)
                    c.wait(INFO_REQUEST)
            # what was given up after an answer counts
            self.assertTrue(self.g.wait_log("Failed keyboard-interactive/pam for .*given up"))
        self.assertTrue(wait_for(lambda: self.helpers() == 1), self.helpers())

    def helpers(self):
        """How many login processes there are, the master included."""
        return len([p for p in descendants(self.g.process.pid) if self.g.name(p) == "sallyport-login"])

    def test_a_conversation_ends_with_the_grace_time(self):
        self.two_prompts()
        user, rest = raw.string(self.g.user) + raw.string("ssh-connection"), raw.string("") + raw.string("")
        with raw.Raw(self.g, timeout=60) as c:
            c.keyed()
            c.service()
            c.send(bytes([raw.USERAUTH_REQUEST]) + user + raw.string("keyboard-interactive") + rest)
            c.wait(INFO_REQUEST)
            c.rest()
        self.assertTrue(self.g.wait_log("timeout before authentication"))
        self.assertTrue(wait_for(lambda: self.helpers() == 1), self.helpers())

    def test_a_password_still_works_by_its_own_method(self):
        self.stack("auth required pam_unix.so nodelay\n")
        self.assertEqual(self.g.password_login("id -un").returncode, 0, self.g.log())

    def test_the_service_of_another_name_is_not_asked(self):
        self.stack("auth required pam_deny.so\n")
        self.assertEqual(paramiko_login(self.g, [("Password: ", TEST_PASSWORD)], "true")[0], 255)


if __name__ == "__main__":
    unittest.main()
