"""Clients that are rude, not wrong: the gateway neither suffers nor sounds the alarm.

That no event=worker_refused is logged is checked at the end of each test (gateway.py).
"""
import os
import signal
import socket
import struct
import threading
import time
import unittest
import warnings

from gateway import TEST_PASSWORD, Gateway, wait_for

warnings.filterwarnings("ignore")
try:
    import paramiko
    from paramiko.message import Message
except ImportError:
    paramiko = None

CHANNEL_OPEN, OPEN_CONFIRMATION, CHANNEL_DATA = b"\x5a", 91, b"\x5e"


def string(b):
    return struct.pack(">I", len(b)) + b


class Wire:
    """A login of paramiko's whose channels are handled here, packet by packet."""

    def __init__(self, g):
        self.transport = paramiko.Transport(("127.0.0.1", g.port))
        self.windows = {}
        self.read = self.transport.packetizer.read_message
        self.transport.packetizer.read_message = self.read_message
        self.transport.start_client(timeout=20)
        self.transport.auth_publickey(g.user, paramiko.Ed25519Key.from_private_key_file(g.key))

    def read_message(self):
        while True:
            kind, message = self.read()
            if kind == OPEN_CONFIRMATION:
                _, number, window, _ = struct.unpack(">IIII", message.asbytes()[:16])
                self.windows[number] = window
            if kind < 90:
                return kind, message

    def send(self, payload):
        self.transport._send_user_message(Message(payload))


@unittest.skipUnless(paramiko, "paramiko is not installed")
class HostileTest(unittest.TestCase):
    def test_a_client_that_asks_for_the_service_before_each_attempt_logs_in(self):
        with Gateway("PasswordAuthentication yes") as g:
            unknown = paramiko.Ed25519Key.from_private_key_file(g.make_key("unknown", authorize=False))
            t = paramiko.Transport(("127.0.0.1", g.port))
            t.start_client(timeout=20)
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_publickey(g.user, unknown)
            with self.assertRaises(paramiko.AuthenticationException):
                t.auth_password(g.user, "wrong")
            t.auth_publickey(g.user, paramiko.Ed25519Key.from_private_key_file(g.key))
            self.assertTrue(t.is_authenticated())
            t.close()

    def test_channels_that_nobody_drains_do_not_end_the_connection(self):
        with Gateway() as g, socket.socket(socket.AF_UNIX) as deaf:
            path = os.path.join(g.scratch("run"), "deaf")
            deaf.bind(path)
            os.chmod(path, 0o777)
            deaf.listen(256)
            kept = []
            threading.Thread(target=self.accept, args=(deaf, kept), daemon=True).start()
            wire = Wire(g)
            n = 160  # two megabytes each would be more than a worker may have
            for i in range(n):
                wire.send(CHANNEL_OPEN + string(b"direct-streamlocal@openssh.com") +
                          struct.pack(">III", i, 1 << 20, 1 << 15) + string(path.encode()) +
                          string(b"") + struct.pack(">I", 0))
                if i % 16 == 15:
                    self.assertTrue(wait_for(lambda: len(wire.windows) == i + 1), g.log())
            for number, window in list(wire.windows.items()):
                for left in range(window, 0, -32768):
                    wire.send(CHANNEL_DATA + struct.pack(">I", number) + string(b"x" * min(left, 32768)))
            wire.transport.send_ignore()
            time.sleep(1)
            self.assertTrue(wire.transport.is_active(), g.log())
            wire.transport.close()
            for s in kept:
                s.close()

    @staticmethod
    def accept(listener, kept):
        while True:
            try:
                kept.append(listener.accept()[0])
            except OSError:
                return

    def test_a_client_that_is_killed_while_its_program_writes_is_no_alarm(self):
        with Gateway() as g:
            for i in range(3):
                p = g.popen("cat /dev/zero")
                p.stdout.read(100000)
                os.kill(p.pid, signal.SIGSTOP)
                time.sleep(0.3)
                p.kill()
                p.communicate()
                g.wait_log(r"conn=%d end" % (i + 1))
            # a helper's last word may come a moment later
            self.assertEqual(g.ssh("echo", "on").stdout, b"on\n")


if __name__ == "__main__":
    unittest.main()
