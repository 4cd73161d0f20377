"""The control socket under people who mean harm: logins are as fast, nothing grows, nobody is let in."""
import json
import os
import socket
import time
import unittest

from control import Control, controlled
from gateway import PATIENCE, descendants, wait_for

STATUS = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "status"}).encode() + b"\n"


def control_pid(g):
    return [p for p in descendants(g.process.pid) if g.name(p) == "sallyport-control"][-1]


def memory_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        return int([l for l in f if l.startswith("VmRSS")][0].split()[1])


def connect(g):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10 * PATIENCE)
    s.connect(g.path("control.sock"))
    return s


def login_s(g):
    began = time.monotonic()
    g.ssh("true", check=0)
    return time.monotonic() - began


class ControlTest(unittest.TestCase):
    def test_a_thousand_clients_do_not_delay_logins(self):
        with controlled() as g:
            alone = min(login_s(g) for _ in range(3))
            fds = g.fds()
            clients = [connect(g) for _ in range(1000)]
            for s in clients:
                s.sendall(STATUS)
            for s in clients:
                self.assertIn(b'"result"', s.recv(65536))
            for s in clients[:500]:  # that many follow, and never read
                s.sendall(STATUS.replace(b"status", b"events.follow"))
            crowded = min(login_s(g) for _ in range(3))
            self.assertLess(crowded, 3 * alone + 0.5 * PATIENCE)
            for s in clients:
                s.close()
            with Control(g) as c:
                self.assertTrue(wait_for(lambda: c.call("status")["clients"] == 1))
                self.assertTrue(wait_for(lambda: not c.call("status")["following"]))
            self.assertTrue(wait_for(lambda: g.fds() <= fds))

    def test_a_line_without_an_end_is_cut_and_costs_no_memory(self):
        with controlled() as g:
            with Control(g) as c:
                c.call("status")
            before = memory_kib(control_pid(g))
            piece = b"[" * 65536
            for _ in range(3):
                s = connect(g)
                sent = 0
                try:
                    while sent < 100 * 1024 * 1024:
                        s.sendall(piece)
                        sent += len(piece)
                except OSError:
                    pass
                self.assertLess(sent, 4 * 1024 * 1024)
                self.assertIn(b"a line may have 1 MiB", s.recv(65536))
                s.close()
            self.assertLess(memory_kib(control_pid(g)) - before, 16 * 1024)

    def test_who_does_not_read_events_loses_some_and_is_told_how_many(self):
        with controlled() as g, Control(g) as slow, Control(g) as c:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.call("events.follow", events=["control"])
            # each refusal is an event; many more than a follower's queue and its socket hold
            line = json.dumps({"jsonrpc": "2.0", "method": "connection.rekey",
                               "params": {"id": 1}}).encode() + b"\n"
            for _ in range(40):
                c.send(line * 100)
                c.call("status")
            seen = lost = 0
            while seen + lost < 4000:
                event = slow.read()["params"]
                if event["event"] == "lost":
                    lost += event["count"]
                else:
                    seen += 1
                if seen % 100 == 99:  # what was lost is told with the next event
                    c.send(line)
            self.assertGreater(lost, 0)
            self.assertGreater(seen, 100)

    def test_noise_is_answered_with_errors_and_others_are_served(self):
        with controlled() as g, Control(g) as c:
            noise = connect(g)
            noise.sendall(b"".join(os.urandom(60).replace(b"\n", b" ") + b"\n" for _ in range(500)))
            noise.sendall(b"[" * 100000 + b"\n" + b'{"a":' * 5000 + b"\n")
            self.assertEqual(c.call("status")["clients"], 2)
            noise.shutdown(1)
            got = b""
            while True:
                piece = noise.recv(65536)
                if not piece:
                    break
                got += piece
            answers = [json.loads(l) for l in got.splitlines()]
            self.assertGreaterEqual(len(answers), 502)
            self.assertTrue(all(a["error"]["code"] in (-32700, -32600) for a in answers))
            noise.close()


if __name__ == "__main__":
    unittest.main()
