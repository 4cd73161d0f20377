"""sallyport-policy on the command line: what it finds, what it prints, how it exits."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from gateway import BIN, PATIENCE, ROOT

EXAMPLES = os.path.join(ROOT, "policy", "examples")
TOOL = os.path.join(BIN, "sallyport-policy")


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sallyport-policy-")
        self.addCleanup(shutil.rmtree, self.dir)

    def tool(self, *args, **options):
        done = subprocess.run((TOOL,) + args, capture_output=True, text=True, timeout=60, cwd=self.dir,
                              **options)
        return done

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text if isinstance(text, str) else json.dumps(text))
        return path

    def example(self, name, *change):
        """A copy of an example, with its fixtures, one text in it replaced."""
        for suffix in (".lua", ".json"):
            with open(os.path.join(EXAMPLES, name + suffix)) as f:
                text = f.read()
            if suffix == ".lua" and change:
                self.assertIn(change[0], text)
                text = text.replace(*change)
            self.file(name + suffix, text)
        return os.path.join(self.dir, name)


class CheckTest(ToolTest):
    def test_every_mistake_is_named_with_its_line(self):
        path = self.file("p.lua", """function on_user_auth_reqest(conn) end
function on_user_auth_request(conn, auth)
  if conn.verifed.source == "x" then return refuse{ raeson = "x" } end
  if auth.metod == 1 then return accept{ message = "a" } end
  if net.withn(conn.verified.source, "::/0") then foo() end
  return accept{ route = "tcp" }
end
function on_disconnected(conn, ending)
  return refuse{}
end
function str() end
function on_connection_request(conn)
  return partial{}
end
""")
        done = self.tool("check", path)
        self.assertEqual(done.returncode, 1, done.stderr)
        want = [
            "1: on_user_auth_reqest is no handler: there is no such event; did you mean on_user_auth_request",
            "3: conn.verifed is no fact of this event; did you mean conn.verified",
            "3: refuse.raeson is no field of a decision; did you mean reason",
            "4: auth.metod is no fact of this event; did you mean auth.method",
            "4: accept.message does not belong to this verdict",
            "5: net.withn is not in that library; did you mean within",
            "5: foo is defined nowhere",
            "6: accept.route does not belong to a decision of this handler",
            "9: refuse does nothing here: this handler is told, it does not decide",
            "11: str hides what every script has by that name",
            "13: partial is no verdict of this handler",
        ]
        self.assertEqual(sorted(done.stdout.splitlines()), sorted("%s:%s" % (path, w) for w in want))

    def test_what_is_right_is_not_blamed(self):
        path = self.file("p.lua", """local seen = {}
counter = 0
local function helper(conn, field) return conn.claimed[field] or conn.anything end
function on_channel_data_in(conn, channel, data)
  counter = counter + #data
  channel:send(data:upper())
  conn:disconnect("bye")
  seen[#seen + 1] = string.format("%d", counter)
end
function on_user_auth_request(conn, auth)
  local verified = auth.verified
  if verified.credential and conn.user.name:match("^a") then
    return accept{ env = { ANYTHING = "x" }, max_sessions = math.maxinteger & 3 }
  end
  local decision = refuse
  return decision{ reason = helper(conn, "user") }
end
""")
        done = self.tool("check", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(done.stdout, path + ": ok, handlers: on_user_auth_request, on_channel_data_in\n")

    def test_syntax_and_errors_of_loading_have_their_line(self):
        done = self.tool("check", self.file("a.lua", "\nx = = 1\n"), self.file("b.lua", "\n\nerror('no')\n"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"a\.lua:2: unexpected symbol near '='")
        self.assertRegex(done.stdout, r"b\.lua:3: no")

    def test_a_file_that_is_not_there_is_another_matter(self):
        done = self.tool("check", "nowhere.lua")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("nowhere.lua: No such file or directory", done.stderr)


class FixturesTest(ToolTest):
    def test_each_example_fails_when_it_is_broken(self):
        broken = {
            "keys-only": ('auth.method ~= "publickey"', 'auth.method ~= "password"'),
            "key-and-totp": ("code_good = true", "code_good = false"),
            "certificates": ("roles[name] ~= nil", "roles[name] == nil"),
            "office-hours": ("time.weekday() <= 5", "time.weekday() <= 6"),
            "contractors": ("10.1.0.0/16", "10.0.0.0/8"),
            "break-glass": ("> times then", ">= 99 then"),
            "networks": ("10.99.0.0/24", "10.0.0.0/8"),
            "sftp-read-only": ("internal-sftp -R", "internal-sftp"),
            "git-only": ('str.contains(path, "..")', "false"),
            "jump-only": ("channel.port ~= 22 or ", ""),
            "echo": ('channel.type ~= "session"', "false"),
            "admin-menu": ('return refuse{ message = "there is a menu', 'return accept{ message = "there is a menu'),
            "git-commands": ("and may.write or may.read", "and may.read or may.read"),
        }
        names = {n[:-4] for n in os.listdir(EXAMPLES) if n.endswith(".lua")}
        self.assertEqual(names, set(broken), "each example is broken here")
        for name, change in broken.items():
            with self.subTest(name):
                base = self.example(name, *change)
                done = self.tool("test", base + ".json")
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stdout, r"FAIL .*%s\.json: " % name)
                self.assertRegex(done.stdout, r"want .*, got .*")

    def test_a_failure_names_the_line_that_decided(self):
        base = self.example("office-hours", "time.weekday() <= 5", "time.weekday() <= 6")
        with open(base + ".lua") as f:
            line = next(i for i, l in enumerate(f, 1) if "return accept" in l)
        done = self.tool("test", base + ".json")
        self.assertIn('     verdict: want "refuse", got "accept" (%s.lua:%d)' % (base, line), done.stdout)
        self.assertRegex(done.stdout, r"\n\d+ passed, 2 failed\n$")

    def test_a_script_that_fails_is_told_with_its_error(self):
        base = self.example("key-and-totp", "totp.verify", "totp.verfy")
        done = self.tool("test", base + ".json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"got \"error\" \(.*key-and-totp\.lua:\d+: attempt to call a nil value")

    def test_a_script_that_does_not_load_fails_its_fixtures(self):
        base = self.example("jump-only", "local behind = {", "local behind = = {")
        done = self.tool("test", base + ".json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAIL .*jump-only\.json: .*jump-only\.lua:3: unexpected symbol")

    def test_lines_that_no_case_reaches_are_named(self):
        self.file("p.lua", "function on_connection_request(conn)\n  if conn.id == 1 then\n    return accept{}\n"
                           "  end\n  local x = 1\n  return refuse{ reason = 'a' .. x }\nend\n"
                           "function on_log(conn, line)\n  log(line.message)\nend\n")
        self.file("p.json", {"name": "one", "event": "connection_request", "conn": {"id": 1}, "want": "accept"})
        done = self.tool("test", "p.json")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("coverage p.lua: handlers 1 of 2 (never asked: on_log), lines 2 of 5 (40 %), "
                      "never reached: 5-9\n1 passed, 0 failed", done.stdout)
        self.assertEqual(self.tool("test", "--coverage", "41", "p.json").returncode, 1)
        self.assertEqual(self.tool("test", "--coverage", "40", "p.json").returncode, 0)

    def test_times_of_decisions_are_shown(self):
        done = self.tool("test", "-q", "--times", os.path.join(ROOT, "policy", "default.json"))
        self.assertEqual(done.returncode, 0)
        found = re.search(r"times .*default\.lua: first decisions (\d+), median (\S+) us, at most \S+ us; "
                          r"later ones (\d+), median (\S+) us", done.stdout)
        self.assertTrue(found, done.stdout)
        self.assertGreaterEqual(int(found.group(3)), int(found.group(1)))
        for median in (float(found.group(2)), float(found.group(4))):
            self.assertGreater(median, 0)
            self.assertLess(median, 50 * PATIENCE, "issue 3: a decision of the default policy costs at most 50 us")

    def test_a_fixture_that_is_none_cannot_be_run(self):
        self.file("p.lua", "")
        for text, why in (("{", "line 1"), ({"name": "a", "event": "lag"}, "did you mean log"),
                          ({"name": "a", "event": "log", "line": {"mesage": 1}}, "did you mean line.message")):
            self.file("p.json", text)
            done = self.tool("test", "p.json")
            self.assertEqual(done.returncode, 2)
            self.assertIn(why, done.stderr)
        self.assertEqual(self.tool("test", "nowhere").returncode, 2)
        self.assertEqual(self.tool("test").returncode, 2)
        self.assertEqual(self.tool("test", "--coverage", "101", "p.json").returncode, 2)

    def test_a_helper_without_an_answer_fails_the_case(self):
        self.file("p.lua", "function on_connection_request(conn)\n  local a = helper.call('ldap', {})\n"
                           "  return a and accept{} or refuse{}\nend\n")
        case = {"name": "a", "event": "connection_request", "want": "refuse"}
        self.file("p.json", case)
        done = self.tool("test", "p.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn('no answer in "helpers" for "ldap"', done.stdout)
        self.file("p.json", dict(case, want="accept", helpers={"ldap": {"ok": True, "answer": {"x": 1}}}))
        self.assertEqual(self.tool("test", "p.json").returncode, 0)


class ExplainTest(ToolTest):
    question = {"event": "user_auth_request", "now": "2026-03-07T10:00:00Z",
                "auth": {"user": "alice", "verified": {"credential": True}}}

    def test_a_decision_is_shown_with_its_way(self):
        script = os.path.join(EXAMPLES, "office-hours.lua")
        question = self.file("q.json", self.question)
        for args in ((script, question), (script, "-")):
            done = self.tool("explain", *args, input=json.dumps(self.question))
            self.assertEqual(done.returncode, 0, done.stderr)
            for want in (r"handler   on_user_auth_request", r"decision  none: the configuration's rules decide",
                         r"if str\.one_of\(auth\.user, on_call\) then", r'auth\.user = "alice"',
                         r"time      \d+ us of CPU", r"alice comes in outside office hours"):
                self.assertRegex(done.stdout, want)
            self.assertNotIn("return refuse", done.stdout)

    def test_json_says_the_same(self):
        done = self.tool("explain", "--json", os.path.join(EXAMPLES, "office-hours.lua"), "-",
                         input=json.dumps(dict(self.question, now="2026-03-02T10:00:00Z")))
        told = json.loads(done.stdout)
        self.assertEqual(told["decision"]["verdict"], "accept")
        self.assertEqual(told["facts"]["auth.verified.credential"], True)
        self.assertRegex(told["where"], r"office-hours\.lua:\d+$")
        self.assertIn(int(told["where"].rsplit(":", 1)[1]), told["lines"])

    def test_helpers_are_shown_with_what_they_said(self):
        script = self.file("p.lua", "function on_connection_request(conn)\n"
                                    "  return helper.call('ldap', { a = 1 }) and accept{}\nend\n")
        done = self.tool("explain", script, "-", input=json.dumps(
            {"event": "connection_request", "helpers": {"ldap": {"ok": True, "answer": {"x": 1}}}}))
        self.assertRegex(done.stdout, r'helper    .*"answer": \{"x": 1\}.*"name": "ldap"')

    def test_one_case_of_many(self):
        args = (os.path.join(EXAMPLES, "git-only.lua"), os.path.join(EXAMPLES, "git-only.json"))
        done = self.tool("explain", "--case", "a push", *args)
        self.assertEqual(len(re.findall("^handler", done.stdout, re.M)), 1)
        self.assertEqual(self.tool("explain", "--case", "nothing", *args).returncode, 2)

    def test_a_script_that_fails_exits_1(self):
        script = self.file("p.lua", "function on_connection_request(conn)\n  error('boom')\nend\n")
        done = self.tool("explain", script, "-", input='{"event": "connection_request"}')
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"p\.lua:2: boom")


class DiffTest(ToolTest):
    def test_decisions_that_change_are_shown(self):
        base = self.example("office-hours", "time.weekday() <= 5", "time.weekday() <= 6")
        old = os.path.join(EXAMPLES, "office-hours.lua")
        done = self.tool("diff", old, base + ".lua", "--corpus", self.dir)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"changed .*closed on Saturdays, step 1 \(user_auth_request\)\n"
                                      r"  - refuse .*office-hours\.lua:\d+\)\n  \+ accept total_s=39600")
        self.assertRegex(done.stdout, r"\n2 of 9 decisions would change\n$")

    def test_the_same_changes_nothing(self):
        old = os.path.join(EXAMPLES, "office-hours.lua")
        done = self.tool("diff", old, old, "--corpus", os.path.join(EXAMPLES, "office-hours.json"))
        self.assertEqual((done.returncode, done.stdout), (0, "0 of 9 decisions would change\n"))

    def test_without_files_nothing_is_said_to_be_the_same(self):
        self.assertEqual(self.tool("diff", "default", "default", "--corpus", self.dir).returncode, 2)


class RecordTest(ToolTest):
    def line(self, connection, port, **more):
        conn = {"verified": {"source": "192.0.2.7", "source_port": port}}
        return json.dumps(dict({"connection": connection, "script": "/x.lua", "now": 1000, "zone": 0,
                                "conn": conn, "where": "x.lua:1", "cpu_us": 5}, **more))

    def test_recorded_decisions_become_fixtures_that_hold(self):
        script = os.path.join(EXAMPLES, "keys-only.lua")
        log = self.file("log", "\n".join((
            self.line(17, 5, event="user_auth_request", auth={"user": "a", "method": "none"},
                      want={"verdict": "refuse", "available_methods": ["publickey"],
                            "banner": "Authorised use only.\n"}),
            self.line(18, 6, event="user_auth_request", now=1001, auth={"user": "b", "method": "publickey"},
                      want={"verdict": "none"}),
            self.line(17, 5, event="user_auth_request", masked=["auth.param"],
                      auth={"user": "a", "method": "password", "param": "masked"},
                      want={"verdict": "refuse", "available_methods": ["publickey"], "reason": "password: keys only"}),
            self.line(17, 9, event="user_auth_request", now=2000, auth={"user": "c", "method": "publickey"},
                      want={"verdict": "none"}))) + "\n")
        out = os.path.join(self.dir, "out")
        os.mkdir(out)
        done = self.tool("record", "--script", script, log, out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("4 decisions about 3 connections\n1 hold masked secrets", done.stdout)
        self.assertEqual(sorted(os.listdir(out)), ["1000-17.json", "1001-18.json", "2000-17.json"])
        done = self.tool("test", out)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("3 passed, 0 failed", done.stdout)
        # nothing is written over
        self.assertEqual(self.tool("record", log, out).returncode, 2)

    def test_a_log_that_is_none_is_named_with_its_line(self):
        log = self.file("log", self.line(1, 1, event="log", want={}) + "\n{}\n")
        done = self.tool("record", log, self.dir)
        self.assertEqual(done.returncode, 2)
        self.assertIn("log:2: is no recorded decision", done.stderr)


class GuideTest(ToolTest):
    def test_tables_of_the_guide_are_those_of_the_program(self):
        with open(os.path.join(ROOT, "docs", "policy.md")) as f:
            guide = f.read()
        for table in self.tool("--help-events").stdout.strip().split("\n\n"):
            for row in table.split("\n"):
                self.assertTrue("\n" + row + "\n" in guide,
                                "docs/policy.md: put in what sallyport-policy --help-events prints: " + row)
            self.assertEqual(guide.count(table), 1, "rows that there are no more, or in another order")

    def test_every_function_of_every_library_stands_in_the_guide(self):
        with open(os.path.join(ROOT, "docs", "policy.md")) as f:
            guide = f.read()
        names = self.tool("--help-names").stdout.split()
        self.assertIn("net.within", names)
        for name in names:
            self.assertRegex(guide, r"`[^`]*\b%s\b" % re.escape(name))

    def test_scripts_in_the_guide_pass_check(self):
        with open(os.path.join(ROOT, "docs", "policy.md")) as f:
            blocks = re.findall(r"```lua\n(.*?)```", f.read(), re.S)
        self.assertGreaterEqual(len(blocks), 5)
        for i, block in enumerate(blocks):
            done = self.tool("check", self.file("block%d.lua" % i, block))
            self.assertEqual(done.returncode, 0, block + done.stdout)

    def test_each_command_explains_itself(self):
        for command in ("check", "test", "explain", "record", "diff"):
            done = self.tool(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Exit status: 0", done.stdout)
            self.assertEqual(self.tool(command).returncode, 2)
        self.assertRegex(self.tool("-V").stdout, r"^sallyport-policy \d")
        self.assertEqual(self.tool("--help").returncode, 0)
        done = self.tool("tset")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean test", done.stderr)

    def test_the_built_in_policy_is_the_file(self):
        with open(os.path.join(ROOT, "policy", "default.lua")) as f:
            self.assertEqual(self.tool("--default").stdout, f.read())


if __name__ == "__main__":
    unittest.main()
