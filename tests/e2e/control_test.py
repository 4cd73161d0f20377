"""The control socket, with a client that is not ours: plain sockets and JSON."""
import json
import os
import re
import unittest

from control import Control, Refused, controlled
from gateway import Gateway, ROOT, wait_for


class StatusTest(unittest.TestCase):
    def test_version_status_and_connections(self):
        with controlled() as g, Control(g) as c:
            version = c.call("version")
            self.assertTrue(any(l.startswith("OpenSSL") for l in version["libraries"]), version)
            self.assertIn("ISC", version["license"])
            with g.master() as shared:
                g.ssh("true", options=shared, check=0)
                status = c.call("status")
                self.assertEqual(status["pid"], g.process.pid)
                self.assertEqual((status["connections"], status["startups"]), (1, 0), status)
                self.assertTrue(status["listening"])
                self.assertEqual(status["clients"], 1)
                rows = c.call("connection.list", user=g.user)
                self.assertEqual([(r["state"], r["user"], r["remote_host"], r["local_port"])
                                  for r in rows], [("open", g.user, "127.0.0.1", g.port)])
                self.assertEqual(c.call("connection.list", user="nobody-else"), [])
            wait_for(lambda: not c.call("connection.list"))


class CallTest(unittest.TestCase):
    """What is no call is told why, and costs nobody else anything."""

    def refused(self, c, line, code, words):
        c.send(line + b"\n")
        got = c.read()
        self.assertEqual(got["error"]["code"], code, got)
        self.assertIn(words, got["error"]["message"])
        return got

    def test_mistakes_are_named(self):
        with controlled() as g, Control(g) as c:
            got = self.refused(c, b"{\"jsonrpc\"", -32700, "this is not JSON")
            self.assertIsNone(got["id"])
            self.refused(c, b"\xff\xfe{}", -32700, "this is not JSON")
            self.refused(c, b"[]", -32600, "a call is an object")
            self.refused(c, b"7", -32600, "a call is an object")
            self.refused(c, b'{"id": 1, "method": "status"}', -32600, '"jsonrpc" must be "2.0"')
            self.refused(c, b'{"jsonrpc": "2.0", "id": [], "method": "status"}', -32600, '"id" must be')
            self.refused(c, b'{"jsonrpc": "2.0", "id": 1, "method": "status", "uid": 0}', -32600,
                         'no member "uid"')
            self.refused(c, b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "status"}', -32700,
                         "duplicate")
            got = self.refused(c, b'{"jsonrpc": "2.0", "id": "x", "method": "statu"}', -32601,
                               "did you mean status?")
            self.assertEqual(got["id"], "x")
            call = b'{"jsonrpc": "2.0", "id": 1, "method": "connection.list", "params": %s}'
            self.refused(c, call % b"[1]", -32602, "must be an object")
            self.refused(c, call % b'{"usr": "a"}', -32602, "did you mean user?")
            self.refused(c, call % b'{"user": 7}', -32602, "user must be a string")
            self.refused(c, call % b'{"user": {"base64": "!"}}', -32602, "user must be a string")
            # a notification is not answered: the next answer is of the next call
            c.send(b'{"jsonrpc": "2.0", "method": "status"}\n\n  \r\n')
            self.assertEqual(c.call("status")["clients"], 1)

    def test_what_stands_before_the_end_is_served(self):
        with controlled() as g, Control(g) as c:
            calls = [{"jsonrpc": "2.0", "id": i, "method": "status"} for i in range(50)]
            c.send("\n".join(json.dumps(call) for call in calls).encode())
            c.socket.shutdown(1)
            self.assertEqual([c.read()["id"] for _ in calls], list(range(50)))
            self.assertIsNone(c.read())


ECHO = """
function on_channel_open_request(conn, channel)
    return accept{ route = "script" }
end
function on_channel_request(conn, channel, request)
    if request.type == "shell" or request.type == "exec" then
        return accept{ route = "script" }
    end
end
function on_channel_data_in(conn, channel, data)
    channel:send("got " .. data)
end
"""


class ActTest(unittest.TestCase):
    """What an operator does, seen by a stock client."""

    def test_text_into_a_script_s_channel_a_close_and_the_events_of_it(self):
        with controlled("PolicyScript policy.lua", start=False) as g:
            with open(g.path("policy.lua"), "w") as f:
                f.write(ECHO)
            g.lines[g.lines.index("PolicyScript policy.lua")] = "PolicyScript " + g.path("policy.lua")
            g.write_conf()
            g.start()
            with Control(g) as c, Control(g) as watcher:
                watcher.call("events.follow", events=["connected", "disconnected", "channel_closed",
                                                      "control"])
                client = g.popen("anything")
                id = watcher.event("connected")["conn"]["id"]
                rows = wait_for(lambda: [r for r in c.call("channel.list", connection=id)
                                         if r["script"]])
                self.assertEqual(rows[0]["type"], "session")
                where = {"connection": id, "channel": rows[0]["id"]}
                c.call("channel.send", text="hello from the operator\n", **where)
                self.assertEqual(client.stdout.readline(), b"hello from the operator\n")
                c.call("channel.send", hex="00ff0a", **where)
                self.assertEqual(client.stdout.readline(), b"\x00\xff\n")
                client.stdin.write(b"ping\n")
                client.stdin.flush()
                self.assertEqual(client.stdout.readline(), b"got ping\n")
                with self.assertRaisesRegex(Refused, "text or hex"):
                    c.call("channel.send", **where)
                with self.assertRaises(Refused) as no:
                    c.call("channel.send", connection=id, channel=77, text="x")
                self.assertEqual(no.exception.code, 10009)
                c.call("channel.set", record_length=4, **where)
                self.assertEqual(c.call("channel.list", connection=id)[0]["record_length"], 4)
                c.call("channel.close", status=7, **where)
                client.communicate(timeout=20)
                self.assertEqual(client.returncode, 7)
                watcher.event("channel_closed")
                self.assertEqual(watcher.event("disconnected")["conn"]["id"], id)
                done = watcher.event("control")["control"]
                self.assertEqual((done["method"], done["uid"]), ("channel.send", os.getuid()))

    def test_channels_are_told_of_without_a_script(self):
        with controlled() as g, Control(g) as c:
            c.call("events.follow", events=["channel_opened", "channel_requested", "channel_closed"])
            self.assertEqual(c.call("connection.list"), [])
            self.assertEqual(g.ssh("echo", "hello").stdout, b"hello\n")
            self.assertEqual(c.event("channel_opened")["channel"]["type"], "session")
            asked = c.event("channel_requested")["request"]
            self.assertEqual((asked["type"], asked["command"]), ("exec", "echo hello"))
            closed = c.event("channel_closed")["channel"]
            self.assertEqual((closed["type"], closed["bytes_sent"]), ("session", 6))

    def test_new_keys_and_the_end_of_a_connection(self):
        with controlled() as g, Control(g) as c:
            c.call("events.follow")
            client = g.popen("sleep 60", options=["-v", "-o", "LogLevel=DEBUG1"])
            id = c.event("connected")["conn"]["id"]
            wait_for(lambda: c.call("connection.show", id=id).get("user") == g.user and
                     c.call("connection.show", id=id)["channels"] == 1)
            shown = c.call("connection.show", id=id)
            self.assertTrue(shown["fingerprints"][0].startswith("SHA256:"), shown)
            self.assertIn("OpenSSH", shown["client_version"])
            c.call("connection.rekey", id=id)
            wait_for(lambda: c.call("status") and
                     sum("NEWKEYS" in e["status"].get("message", "") for e in c.events
                         if e["event"] == "status") == 2)
            c.call("connection.set", id=id, timeout=9)
            self.assertEqual(c.call("connection.show", id=id)["timeout"], 9)
            c.call("connection.disconnect", id=id, message="maintenance at noon")
            _, err = client.communicate(timeout=20)
            self.assertIn(b"maintenance at noon", err)
            self.assertGreaterEqual(err.count(b"SSH2_MSG_NEWKEYS received"), 2)
            c.event("disconnected")
            with self.assertRaises(Refused) as no:
                c.call("connection.rekey", id=id)
            self.assertEqual(no.exception.code, 126)


class PenaltyTest(unittest.TestCase):
    def test_who_is_refused_why_and_forgiven(self):
        with controlled("PerSourcePenalties authfail:600 noauth:600 min:15") as g, Control(g) as c:
            self.assertEqual(c.call("penalty.list"), [])
            self.assertEqual(c.call("penalty.explain", source="127.0.0.1"), {"refused": False})
            g.ssh("true", user="nobody-there")
            row, = wait_for(lambda: c.call("penalty.list"))
            self.assertEqual((row["source"], row["refused"]), ("127.0.0.1", True))
            self.assertGreater(row["seconds"], 500)
            why = c.call("penalty.explain", source="127.0.0.1")
            self.assertTrue(why["refused"] and why["reason"].endswith(row["cause"]), why)
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertEqual(c.call("penalty.clear", source="::1"), {"cleared": 0})
            self.assertEqual(c.call("penalty.clear", source="127.0.0.1"), {"cleared": 1})
            g.ssh("true", check=0)
            with self.assertRaisesRegex(Refused, "source is an address"):
                c.call("penalty.clear", source="localhost")


class GatewayTest(unittest.TestCase):
    def test_listeners_settings_keys_reload_and_shutdown(self):
        with controlled() as g:
            c = Control(g)
            self.assertEqual(c.call("listener.list"),
                             [{"address": "127.0.0.1", "port": g.port, "accepting": True}])
            with self.assertRaises(Refused) as no:
                c.call("listener.start")
            self.assertEqual(no.exception.code, 104)
            c.call("listener.stop")
            self.assertNotEqual(g.ssh("true").returncode, 0)
            self.assertFalse(c.call("status")["listening"])
            self.assertEqual(c.call("listener.start"), {"listeners": 1})
            g.ssh("true", check=0)
            self.assertEqual(c.call("config.get", name="logingracetime"),
                             {"name": "LoginGraceTime", "values": ["60"]})
            with self.assertRaisesRegex(Refused, "no keyword"):
                c.call("config.get", name="NoSuchThing")
            every = {r["name"]: r["values"] for r in c.call("config.list")}
            self.assertGreater(len(every), 100)
            self.assertEqual(every["ControlSocket"], [g.path("control.sock")])
            self.assertEqual({k["type"] for k in c.call("key.list")},
                             {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"})
            g.lines.insert(0, "MaxAuthTries 3")
            g.write_conf()
            c.call("reload")
            self.assertEqual(c.call("config.get", name="MaxAuthTries")["values"], ["3"])
            g.lines.insert(0, "MaxAuthTries many")
            g.write_conf()
            with self.assertRaisesRegex(Refused, "nothing was changed"):
                c.call("reload")
            self.assertEqual(c.call("config.get", name="MaxAuthTries")["values"], ["3"])
            c.call("shutdown")
            self.assertEqual(g.process.wait(20), 0)
            c.close()

    def test_what_may_change_while_it_runs_and_what_not(self):
        with controlled() as g, Control(g) as c:
            def value(name):
                return c.call("config.get", name=name)["values"]
            was = value("LoginGraceTime")
            c.call("config.set", name="logingracetime", value="77")
            self.assertEqual(value("LoginGraceTime"), ["77"])
            with self.assertRaisesRegex(Refused, "nothing was changed"):
                c.call("config.set", name="LoginGraceTime", value="soon")
            self.assertEqual(value("LoginGraceTime"), ["77"])
            c.call("reload")
            self.assertEqual(value("LoginGraceTime"), ["77"])
            for name, code in (("Port", 106), ("ListenAddress", 107), ("MaxConnections", 108),
                               ("AuthorizedKeysCommand", 10045), ("NoSuchThing", 10022)):
                with self.assertRaises(Refused) as no:
                    c.call("config.set", name=name, value="1")
                self.assertEqual(no.exception.code, code, no.exception)
            with self.assertRaisesRegex(Refused, "one line"):
                c.call("config.set", name="LogLevel", value="INFO\nPermitRootLogin yes")
            c.call("reset")
            self.assertEqual(value("LoginGraceTime"), was)
            g.ssh("true", check=0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root: other users are to connect")
    def test_who_may_do_what_is_the_kernel_s_word(self):
        script = """
import json, socket, struct, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
def call(method, **params):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\\n"
    cred = struct.pack("3i", 1, 0, 0)
    try:
        s.sendmsg([line], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, cred)])
    except OSError:
        s.sendall(line)  # the kernel refuses the forgery
    got = s.recv(65536)
    return json.loads(got) if got else {"error": {"code": "cut"}}
print([call(m).get("error", {}).get("code", "ok") for m in ("status", "listener.stop", "shutdown")])
"""
        def run_as(user, group):
            return os.popen("setpriv --reuid %s --regid %s --clear-groups /usr/bin/python3 -c '%s' %s 2>&1"
                            % (user, group, script, g.path("control.sock"))).read()
        with controlled("ControlViewers nobody", "ControlAdmins @games") as g:
            self.assertIn("['ok', 10013, 10013]", run_as("nobody", "nogroup"))
            self.assertIn("['ok', 'ok', 'ok']", run_as("games", "games"))
            self.assertEqual(g.process.wait(20), 0)
        with controlled() as g:
            self.assertNotIn("'ok'", run_as("nobody", "nogroup"))
            self.assertTrue(g.wait_log("event=control_refused uid=65534"))


class SocketTest(unittest.TestCase):
    def test_a_socket_that_is_left_over_is_replaced_and_a_live_one_refused(self):
        with controlled() as g:
            path = g.path("control.sock")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o666)
            with Gateway("ControlSocket " + path, start=False) as other:
                with self.assertRaisesRegex(AssertionError, "another gateway listens there"):
                    other.start()
                other.process = None
            g.process.kill()
            g.process.wait()
            self.assertTrue(os.path.exists(path))
            g.log_lines.clear()
            g.start()
            with Control(g) as c:
                self.assertEqual(c.call("status")["clients"], 1)
        self.assertFalse(os.path.exists(path))

    def test_what_is_no_socket_stays(self):
        with controlled(start=False) as g:
            with open(g.path("control.sock"), "w") as f:
                f.write("precious")
            with self.assertRaisesRegex(AssertionError, "something else stands there"):
                g.start()
            g.process = None
            with open(g.path("control.sock")) as f:
                self.assertEqual(f.read(), "precious")

    def test_the_control_process_is_replaced_and_logins_go_on(self):
        with controlled() as g, Control(g) as c:
            with g.master() as shared:
                g.ssh("true", options=shared, check=0)
                pid = [p for p in os.popen("ps -eo pid,ppid,comm").read().splitlines()
                       if "sallyport-contr" in p and str(g.process.pid) in p]
                self.assertTrue(pid)
                os.kill(int(pid[0].split()[0]), 9)
                self.assertIsNone(c.read())
                self.assertTrue(g.wait_log("sallyport-control ended.*its clients are cut"))
                g.ssh("true", options=shared, check=0)

            def again():
                with Control(g) as fresh:
                    try:
                        return fresh.call("status")
                    except (EOFError, ConnectionError):
                        return None
            self.assertTrue(wait_for(again))


class DocumentTest(unittest.TestCase):
    def test_the_guide_has_every_method_parameter_and_field_as_the_table_has_it(self):
        with open(os.path.join(ROOT, "common/ctl.def")) as f:
            rows = re.findall(r'^(METHOD|PARAM|RESULT) *\((\w+), *"?([\w.]+)"?, .*, +"(.*)"\)$', f.read(), re.M)
        with open(os.path.join(ROOT, "docs/control.md")) as f:
            guide = f.read()
        parts = {part.split("`")[0]: part for part in guide.split("\n**`")[1:]}
        names = {id: name for kind, id, name, _ in rows if kind == "METHOD"}
        self.assertEqual(sorted(parts), sorted(names.values()), "run scripts/methods")
        for kind, id, name, words in rows:
            mark = {"METHOD": "%s`**", "PARAM": "→ `%s`", "RESULT": "← `%s`"}[kind] % name
            words = words.replace('\\"', '"')
            lines = [l for l in parts[names[id]].splitlines() if mark in l]
            self.assertTrue(lines and words in lines[0],
                            ("run scripts/methods: it writes this part anew", kind, id, name, words))


if __name__ == "__main__":
    unittest.main()
