"""Programs that a policy script asks: the three worked examples, each with a server of its own.

The directory is a real subset of LDAP, the identity provider a real subset of RFC 8628: tests/e2e/helper_servers.py.
"""
import json
import os
import shutil
import subprocess
import threading
import time
import unittest

from gateway import AS_ROOT, Gateway, PATIENCE, ROOT, wait_for
from helper_scene import Scene, fingerprint
from helper_servers import Ldap, Provider, Webhook

EXAMPLES = os.path.join(ROOT, "policy", "examples", "helpers")
KBDINT = ["-o", "PreferredAuthentications=publickey,keyboard-interactive", "-o", "BatchMode=no"]


class Helper:
    """An example by itself, as the gateway would run it."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen([os.path.join(EXAMPLES, name), *args], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
                                        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        self.n = 0

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.process.stdin.close()
        self.process.wait(20 * PATIENCE)
        self.process.stdout.close()

    def send(self, request):
        self.n += 1
        self.process.stdin.write(json.dumps({"id": self.n, "conn": 5, "request": request}, separators=(",", ":")) + "\n")
        return self.n

    def receive(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, request):
        n = self.send(request)
        said = self.receive()
        assert said["id"] == n, said
        return said


class ExamplesTest(unittest.TestCase):
    """The examples speak as docs/helpers.md says, whatever their servers do."""

    def test_directory_tells_who_is_there(self):
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me"
        people = [{"uid": ["alice"], "sshPublicKey": [key, "rubbish"]}, {"cn": ["admin"], "memberUid": ["alice", "bob"]},
                  {"cn": ["b" * 300], "memberUid": ["alice"]},
                  {"uid": ["bob"], "pwdAccountLockedTime": ["000001010000Z"]}, {"uid": ["twin"]}, {"uid": ["twin"]}]
        with Ldap(people) as server, Helper("directory.py", "ldap://127.0.0.1:%d" % server.port, "dc=x") as h:
            self.assertEqual(h.ask({"user": "alice"})["result"],
                             {"found": True, "disabled": False, "groups": ["admin", "b" * 300], "keys": [fingerprint(key)]})
            self.assertEqual(h.ask({"user": "bob"})["result"],
                             {"found": True, "disabled": True, "groups": ["admin"], "keys": []})
            for nobody in ("nobody", "*", "alice)(uid=*", "", "twin", "\u00e4"):
                self.assertEqual(h.ask({"user": nobody})["result"], {"found": False}, nobody)

    def test_directory_connects_again_where_its_server_hung_up(self):
        with Ldap([{"uid": ["alice"]}]) as server, \
                Helper("directory.py", "ldap://127.0.0.1:%d" % server.port, "dc=x") as h:
            for _ in range(3):
                # after the search for groups the connection is over
                self.assertTrue(h.ask({"user": "alice"})["result"]["found"])
                server.hangs_up = False
                self.assertTrue(h.ask({"user": "alice"})["result"]["found"])
            server.hangs_up = True
            self.assertFalse(h.ask({"user": "bob"}).get("result", {}).get("found", False))
            self.assertIn("error", h.ask({"user": "alice"}))
            server.hangs_up = False
            self.assertTrue(h.ask({"user": "alice"})["result"]["found"])

    def test_directory_binds_with_the_password_of_a_file(self):
        with Ldap([{"uid": ["alice"]}], bind=("cn=gw", "s3cret")) as server, Gateway(start=False) as g:
            for password, want in (("s3cret\n", "result"), ("wrong", "error")):
                with open(g.path("password"), "w") as f:
                    f.write(password)
                with Helper("directory.py", "ldap://127.0.0.1:%d" % server.port, "dc=x", "cn=gw",
                            g.path("password")) as h:
                    self.assertIn(want, h.ask({"user": "alice"}))

    def test_webhook_gives_what_the_service_says(self):
        answers = {"good": ({"allow": True, "list": [1]}, 200), "lines": ('{\n"a":\r\n1}\n', 200), "bad": ({}, 503),
                   "text": ("hello", 200), "long": ({"x": "y" * 4000}, 200), "elsewhere": ({}, 302)}
        with Webhook(lambda r: answers[r["say"]]) as server, Gateway(start=False) as g:
            with open(g.path("curlrc"), "w") as f:
                f.write('header = "Authorization: Bearer t0ken"\n')
            with Helper("webhook.sh", "http://127.0.0.1:%d/" % server.port, g.path("curlrc")) as h:
                self.assertEqual(h.ask({"say": "good"})["result"], {"allow": True, "list": [1]})
                self.assertEqual(h.ask({"say": "lines"})["result"], {"a": 1})
                for say in ("bad", "text", "long", "elsewhere"):
                    self.assertIn("error", h.ask({"say": say}), say)
                # what a stranger chose is data, and nothing of it is a command
                odd = {"say": "good", "user": "$(touch /tmp/x)`id`\"'\\\n%s -o /tmp/y"}
                self.assertTrue(h.ask(odd)["result"]["allow"])
                self.assertEqual(server.asked[-1], (odd, "Bearer t0ken"))

    def test_webhook_asks_several_at_once(self):
        gate = threading.Barrier(4, timeout=10 * PATIENCE)

        def decide(request):
            gate.wait()
            return {"n": request["n"]}, 200
        with Webhook(decide) as server, Helper("webhook.sh", "http://127.0.0.1:%d/" % server.port) as h:
            sent = {h.send({"n": n}): n for n in range(4)}
            got = {said["id"]: said["result"]["n"] for said in (h.receive() for _ in range(4))}
            self.assertEqual(got, sent)

    def provider_file(self, g, port, secret="hush"):
        with open(g.path("device.json"), "w") as f:
            json.dump({"issuer": "http://127.0.0.1:%d" % port, "client_id": "gateway", "client_secret": secret}, f)
        return g.path("device.json")

    def test_device_flow_waits_for_the_user(self):
        with Provider() as server, Gateway(start=False) as g, Helper("device.py", self.provider_file(g, server.port)) as h:
            first, second = (h.ask({"begin": True})["result"] for _ in range(2))
            self.assertEqual((first["code"], second["code"]), ("CODE-0001", "CODE-0002"))
            waits = h.send({"wait": first["flow"]})
            denied = h.send({"wait": second["flow"]})
            self.assertTrue(wait_for(lambda: server.polls > 3))
            server.deny(second["code"])
            self.assertEqual(h.receive(), {"id": denied, "result": {"ok": False, "why": "access_denied"}})
            server.approve(first["code"], "alice")
            self.assertEqual(h.receive(), {"id": waits, "result": {"ok": True, "user": "alice"}})
            # a flow is waited for once
            self.assertEqual(h.ask({"wait": first["flow"]})["result"]["ok"], False)

    def test_device_flow_ends_with_its_code(self):
        with Provider(expires_s=1) as server, Gateway(start=False) as g, \
                Helper("device.py", self.provider_file(g, server.port)) as h:
            flow = h.ask({"begin": True})["result"]["flow"]
            self.assertEqual(h.ask({"wait": flow})["result"], {"ok": False, "why": "expired_token"})

    def test_device_flow_tells_what_the_provider_refused(self):
        with Provider() as server, Gateway(start=False) as g, \
                Helper("device.py", self.provider_file(g, server.port, "wrong")) as h:
            self.assertIn("invalid_client", h.ask({"begin": True})["error"])
            self.assertIn("error", h.ask({"odd": 1}))


def asked_ssh(g, ask, *command, options=(), user=None):
    """ssh, whose prompts a shell fragment answers: the prompt is $1."""
    path = g.path("ask")
    with open(path, "w") as f:
        f.write("#!/bin/sh\n%s\n" % ask)
    os.chmod(path, 0o755)
    env = dict(os.environ, SSH_ASKPASS=path, SSH_ASKPASS_REQUIRE="force")
    return subprocess.run(g.ssh_argv(*command, user=user, options=["-o", "LogLevel=INFO", *KBDINT, *options]), input=b"",
                          capture_output=True, env=env, timeout=60 * PATIENCE)


def example(name, extension):
    return os.path.join(EXAMPLES, name + extension)


class DirectoryLoginTest(unittest.TestCase):
    def test_the_directory_decides_who_logs_in_and_with_which_key(self):
        server = Ldap([])
        scene = Scene(example("directory", ".lua"), example("directory", ".py"), "ldap://127.0.0.1:%d" % server.port,
                      "dc=x", name="directory", lines=["AllowTcpForwarding yes"])
        g = scene.g
        listed = g.make_key("listed", authorize=False)
        with open(listed + ".pub") as f:
            person = {"uid": [g.user], "sshPublicKey": [f.read().strip()]}
        server.entries.append(person)
        with server, scene:
            # authorized_keys has the other key, and does not count
            self.assertEqual(g.ssh("echo in", key=listed).stdout, b"in\n", g.log())
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertTrue(g.wait_log("not a key of this user in the directory"))
            # one look-up was kept for all of these
            self.assertLessEqual(server.searches, 2)
            refused = g.ssh(key=listed, options=["-o", "LogLevel=INFO", "-W", "127.0.0.1:%d" % server.port])
            self.assertIn(b"prohibited", refused.stderr)

    def test_a_disabled_user_stays_outside(self):
        server = Ldap([])
        scene = Scene(example("directory", ".lua"), example("directory", ".py"), "ldap://127.0.0.1:%d" % server.port,
                      "dc=x", name="directory")
        with open(scene.g.key + ".pub") as f:
            server.entries.append({"uid": [scene.g.user], "sshPublicKey": [f.read().strip()],
                                   "pwdAccountLockedTime": ["000001010000Z"]})
        with server, scene as g:
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertTrue(g.wait_log("disabled in the directory"))

    def test_a_directory_that_is_silent_refuses_and_holds_up_nobody(self):
        server = Ldap([])
        server.silent = True
        scene = Scene(example("directory", ".lua"), example("directory", ".py"), "ldap://127.0.0.1:%d" % server.port,
                      "dc=x", name="directory")
        with server, scene as g:
            began = time.monotonic()
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertLess(time.monotonic() - began, 20 * PATIENCE)
            self.assertTrue(g.wait_log("directory: timed out|deadline"))


class WebhookLoginTest(unittest.TestCase):
    def test_the_service_has_the_last_word(self):
        said = {}
        with Webhook(lambda request: (said, 200)) as server, \
                Scene(example("webhook", ".lua"), example("webhook", ".sh"), "http://127.0.0.1:%d/" % server.port,
                      name="webhook") as g:
            said.update(allow=True)
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", g.log())
            asked = server.asked[-1][0]
            with open(g.key + ".pub") as f:
                self.assertEqual(asked, {"user": g.user, "source": "127.0.0.1", "method": "publickey",
                                         "fingerprint": fingerprint(f.read())})
            said.update(command="echo instead")
            self.assertEqual(g.ssh("echo in").stdout, b"instead\n")
            said.update(allow=False, why="not on duty")
            refused = g.ssh("true")
            self.assertNotEqual(refused.returncode, 0)
            self.assertTrue(g.wait_log("webhook: refused"))
            # who the rules refuse is nobody's business
            before = len(server.asked)
            other = g.make_key("other", authorize=False)
            self.assertNotEqual(g.ssh("true", key=other).returncode, 0)
            self.assertEqual(len(server.asked), before)

    def test_a_service_that_is_down_lets_nobody_in(self):
        with Webhook(lambda request: ({}, 500)) as server, \
                Scene(example("webhook", ".lua"), example("webhook", ".sh"), "http://127.0.0.1:%d/" % server.port,
                      name="webhook") as g:
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertTrue(g.wait_log("webhook: status 500"))


class DeviceLoginTest(unittest.TestCase):
    def setUp(self):
        self.provider = Provider().__enter__()
        self.addCleanup(self.provider.__exit__)
        self.scene = Scene(example("device", ".lua"), example("device", ".py"), "/SETTINGS", name="device")
        g = self.scene.g
        path = g.path("device.json")
        with open(path, "w") as f:
            json.dump({"issuer": "http://127.0.0.1:%d" % self.provider.port, "client_id": "gateway",
                       "client_secret": "hush"}, f)
        if AS_ROOT:
            shutil.chown(path, "sallyport-helper")
        os.chmod(path, 0o400)
        g.lines = [line.replace("/SETTINGS", path) for line in g.lines]
        g.write_conf()

    def browse(self, act):
        """The user with the browser: acts on the first code, once the gateway polls for it."""
        def run():
            if wait_for(lambda: self.provider.polls > 1, 30):
                act()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join)

    def test_the_prompt_shows_the_code_and_the_login_waits(self):
        with self.scene as g:
            self.browse(lambda: self.provider.approve("CODE-0001", g.user))
            # ssh shows the instruction itself and asks us for the answer
            done = asked_ssh(g, 'echo "$1" >>%s; echo' % g.path("asked"), "echo in")
            self.assertEqual(done.stdout, b"in\n", (done.stderr, g.log()))
            self.assertIn(b"/device and enter the code CODE-0001", done.stderr)
            with open(g.path("asked")) as f:
                self.assertIn("Then press Enter here:", f.read())

    def test_others_log_in_while_one_waits(self):
        with self.scene as g:
            waiting = threading.Thread(target=asked_ssh, args=(g, "echo", "true"), daemon=True)
            waiting.start()
            self.assertTrue(wait_for(lambda: self.provider.polls > 1, 20))
            polls = self.provider.polls

            def second():
                if wait_for(lambda: "CODE-0002" in str(self.provider.codes), 20):
                    self.provider.approve("CODE-0002", g.user)
            threading.Thread(target=second, daemon=True).start()
            self.assertEqual(asked_ssh(g, "echo", "echo in").stdout, b"in\n")
            self.assertEqual(self.provider.codes["device-1"]["state"], "authorization_pending")
            self.assertTrue(wait_for(lambda: self.provider.polls > polls))
            self.provider.approve("CODE-0001", g.user)
            waiting.join(30)

    def test_who_denies_or_is_somebody_else_stays_outside(self):
        with self.scene as g:
            self.browse(lambda: self.provider.deny("CODE-0001"))
            self.assertNotEqual(asked_ssh(g, "echo", "true", options=["-o", "NumberOfPasswordPrompts=1"]).returncode, 0)
            self.assertTrue(g.wait_log("identity provider: access_denied"))

    def test_somebody_else_at_the_browser_is_not_this_user(self):
        with self.scene as g:
            self.browse(lambda: self.provider.approve("CODE-0001", "mallory"))
            self.assertNotEqual(asked_ssh(g, "echo", "true", options=["-o", "NumberOfPasswordPrompts=1"]).returncode, 0)
            self.assertTrue(g.wait_log("logged in there as mallory"))

    def test_strangers_cannot_have_a_code_made(self):
        with self.scene as g:
            other = g.make_key("other", authorize=False)
            self.assertNotEqual(g.ssh("true", key=other).returncode, 0)
            self.assertEqual(self.provider.codes, {})


class CheckTest(unittest.TestCase):
    """A program that others can change is refused, with its name and the remedy, at start and reload."""

    def refused(self, g, *wanted):
        done = subprocess.run([g.program(), "-t", "-f", g.conf], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        for text in wanted:
            self.assertIn(text, done.stderr)

    def test_start_and_reload_look_at_the_program(self):
        with Gateway(start=False) as g:
            path = g.path("helper")
            g.lines.append("PolicyHelper h " + path)
            g.write_conf()
            self.refused(g, "PolicyHelper h: " + path, "No such file")
            with open(path, "w") as f:
                f.write("#!/bin/cat\n")
            self.refused(g, path, "use chmod +x")
            os.chmod(path, 0o777)
            self.refused(g, path, "use chmod go-w")
            os.chmod(path, 0o755)
            g.start()
            os.chmod(path, 0o775)
            g.process.send_signal(1)
            self.assertTrue(g.wait_log("can be changed by others: use chmod go-w"))
            self.assertTrue(g.wait_log("reload failed"))
            self.assertEqual(g.ssh("echo in").stdout, b"in\n")

    def test_a_path_must_be_whole(self):
        with Gateway("PolicyHelper h bin/helper", start=False) as g:
            self.refused(g, "must begin with /")
