"""Prompts of a policy script, from clients that we did not write: several at once, with and without echo."""
import os
import unittest

import paramiko

from gateway import Gateway
from kbdint_test import Asked, CLIENTS, run, totp, transport

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
# the answers come one by one, then the method as a whole
SCRIPT = """
local given = {}

function on_user_auth_request(conn, auth)
	local n = auth.response_index
	if auth.method == "publickey" and auth.verified.credential then
		return partial{ available_methods = { "keyboard-interactive" }, prompts = { instruction = "Two things",
			{ "Colour: ", echo = true }, { "Code: " } } }
	elseif auth.method == "keyboard-interactive-1" and auth.response_count == 2 then
		given[n] = auth.param
		return auth.param == "deep blue" and accept{} or refuse{ reason = "the wrong colour" }
	elseif auth.method == "keyboard-interactive-2" then
		given[n] = auth.param
		return totp.verify("SECRET", auth.param) and accept{} or refuse{ reason = "the wrong code" }
	elseif auth.method == "keyboard-interactive" then
		log("both came: " .. #given)
		return
	end
end
""".replace("SECRET", SECRET)


class ScriptPromptsTest(unittest.TestCase):
    def setUp(self):
        self.g = Gateway("LogLevel VERBOSE", "MaxAuthTries 10", start=False)
        self.addCleanup(self.g.__exit__, None)
        script = self.g.path("policy.lua")
        with open(script, "w") as f:
            f.write(SCRIPT)
        os.chmod(script, 0o644)
        self.g.lines.append("PolicyScript " + script)
        self.g.write_conf()
        self.g.start()

    def test_two_prompts_at_once_after_a_key_from_three_clients(self):
        # a code counts once: each takes that of another step
        for steps, name in zip((-1, 0, 1), ("openssh", "plink", "paramiko")):
            self.log_in(name, steps)

    def test_two_prompts_at_once_from_asyncssh(self):
        self.log_in("asyncssh", 0)

    def log_in(self, name, steps):
        answers = [("Colour: ", "deep blue"), ("Code: ", totp(SECRET, steps))]
        status, text = CLIENTS[name](self.g, answers, "echo hello", key=self.g.key)
        self.assertEqual(status, 0, (name, text, self.g.log()))
        self.assertIn("hello", text)
        self.assertTrue(self.g.wait_log("both came: 2"))

    def keyed(self):
        t = transport(self.g)
        left = t.auth_publickey(self.g.user, paramiko.Ed25519Key.from_private_key_file(self.g.key))
        self.assertEqual(left, ["keyboard-interactive"])
        self.addCleanup(t.close)
        return t

    def test_the_client_sees_them_as_the_script_wrote_them(self):
        t = self.keyed()
        asked = Asked({"Colour:": "deep blue", "Code:": totp(SECRET)})
        t.auth_interactive(self.g.user, asked)
        self.assertEqual(asked.seen, [("Two things", [("Colour: ", True), ("Code: ", False)])])
        self.assertEqual(run(t, "echo hello"), b"hello\n")

    def test_each_answer_must_be_right(self):
        for colour, code, reason in (("red", totp(SECRET), "the wrong colour"), ("deep blue", "000000", "the wrong code")):
            t = self.keyed()
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_interactive(self.g.user, Asked({"Colour:": colour, "Code:": code}))
            self.assertTrue(self.g.wait_log(reason))

    def test_a_code_counts_once(self):
        answers = Asked({"Colour:": "deep blue", "Code:": totp(SECRET)})
        self.keyed().auth_interactive(self.g.user, answers)
        with self.assertRaises(paramiko.AuthenticationException):
            self.keyed().auth_interactive(self.g.user, answers)

    def test_another_number_of_answers_is_refused(self):
        for answers in ([], ["deep blue"], ["deep blue", totp(SECRET), ""]):
            with self.assertRaises(paramiko.AuthenticationException):
                self.keyed().auth_interactive(self.g.user, lambda *_: answers)

    def test_without_the_key_they_are_not_asked(self):
        t = transport(self.g)
        self.addCleanup(t.close)
        asked = Asked({"Password:": "wrong"})
        with self.assertRaises(paramiko.AuthenticationException):
            t.auth_interactive(self.g.user, asked)
        self.assertNotIn("Colour", str(asked.seen))


if __name__ == "__main__":
    unittest.main()
