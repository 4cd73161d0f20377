"""The control socket, with a client that is not ours: plain sockets and JSON."""
import json
import os
import unittest

from control import Control, Refused, controlled
from gateway import Gateway, wait_for


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


if __name__ == "__main__":
    unittest.main()
