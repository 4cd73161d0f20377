"""Hostile clients after the login, and in numbers: floods, bombs, the slow and those that go away."""
import socket
import struct
import threading
import time
import unittest
import zlib

import gateway
from hostile import COMPRESSION, Hostile, PROTOCOL_ERROR, TOO_MANY
from raw import (ADJUST, CLOSE, CONFIRMATION, Closed, DATA, EOF, EXTENDED, FAILURE, GLOBAL_REQUEST, IGNORE,
                 KEX_INIT, OPEN_FAILURE, REQUEST_FAILURE, Raw, SUCCESS, string, u32)


class ChannelTest(Hostile):
    def test_windows(self):
        def adjust(c):
            n = c.session()
            c.send(bytes([ADJUST]) + u32(n) + u32(2**32 - 1 - (1 << 21)))
            c.send(bytes([ADJUST]) + u32(n) + u32(1))

        def beyond(c):
            n = c.session()
            for _ in range(65):
                c.send(bytes([DATA]) + u32(n) + string(bytes(32768)))

        def extended(c):
            n = c.session()
            for _ in range(65):
                c.send(bytes([EXTENDED]) + u32(n) + u32(1) + string(bytes(32768)))

        def too_large(c):
            c.send(bytes([DATA]) + u32(c.session()) + string(bytes(32769)))
        self.each(self.logged_in, {"ADJUST": adjust}, PROTOCOL_ERROR, "range")
        self.each(self.logged_in, {"DATA": beyond}, PROTOCOL_ERROR, "channel window exceeded")
        self.each(self.logged_in, {"packet": too_large}, PROTOCOL_ERROR, "range")
        with self.logged_in() as c:    # nobody reads it: its window is given back
            extended(c)
            self.assertEqual(c.wait(ADJUST)[0], ADJUST)

    def test_unknown_channels(self):
        for number in (ADJUST, DATA, EOF, CLOSE, SUCCESS, FAILURE):
            rest = {ADJUST: u32(1), DATA: string("x")}.get(number, b"")
            # an ADJUST may have crossed a CLOSE
            self.each(self.logged_in, {(number, n): bytes([number]) + u32(n) + rest for n in (0, 3, 2**31, 2**32 - 1)
                                       if number != ADJUST or n > 3},
                      PROTOCOL_ERROR, "unknown channel")
        self.each(self.logged_in, {"request": Raw.request(7, "shell"), "confirmation": bytes([CONFIRMATION]) + u32(0) * 4,
                                   "failure": bytes([OPEN_FAILURE]) + u32(0) * 4}, PROTOCOL_ERROR, "unknown channel")

    def test_after_eof_and_close(self):
        def after(number, then):
            def do(c):
                n = c.session()
                c.send(c.request(n, "exec", string("sleep 3")))
                c.wait(SUCCESS)
                c.send(bytes([number]) + u32(n))
                c.send(then(n))
            return do
        data = lambda n: bytes([DATA]) + u32(n) + string("x")
        eof = lambda n: bytes([EOF]) + u32(n)
        self.each(self.logged_in, {"data after EOF": after(EOF, data), "EOF twice": after(EOF, eof)},
                  PROTOCOL_ERROR, "not allowed in this state")
        self.each(self.logged_in, {"data after CLOSE": after(CLOSE, data), "CLOSE twice": after(CLOSE, lambda n: bytes([CLOSE]) + u32(n))},
                  PROTOCOL_ERROR, "not allowed in this state|unknown channel")

    def test_ten_thousand_sessions(self):
        with self.logged_in() as c:
            counts = c.flood(c.opening("session", n) for n in range(10000))
            self.logged(c, TOO_MANY, "too many channels asked for")
            self.assertLessEqual(counts.get(CONFIRMATION, 0), 10)

    def test_ten_thousand_connections_to_a_port_that_takes_them(self):
        with socket.create_server(("127.0.0.1", 0), backlog=4096) as s, self.logged_in() as c:
            to = c.tcp("127.0.0.1", s.getsockname()[1])
            counts = c.flood(c.opening("direct-tcpip", n, to) for n in range(10000))
            self.logged(c, TOO_MANY, "too many channels asked for")
            self.assertLessEqual(counts.get(CONFIRMATION, 0), 512)

    def test_ten_thousand_connections_to_a_port_that_refuses_are_answered(self):
        port = gateway.free_port()
        with self.logged_in() as c:
            for first in range(0, 10000, 250):
                for n in range(first, first + 250):
                    c.send(c.opening("direct-tcpip", n, c.tcp("127.0.0.1", port)))
                for _ in range(250):
                    self.assertEqual(struct.unpack_from(">I", c.wait(OPEN_FAILURE), 5)[0], 2)

    def test_unknown_types_of_channels_are_refused(self):
        with self.logged_in() as c:
            for kind in ("", "x", "forwarded-tcpip", "auth-agent@openssh.com", "x11", "x" * 200):
                c.send(c.opening(kind, 5))
                self.assertEqual(struct.unpack_from(">II", c.wait(OPEN_FAILURE), 1), (5, 3))

    def test_huge_strings(self):
        big = string("x" * 200000)
        with self.logged_in() as c:
            n = c.session()
            for name, rest in {"exec": big, "subsystem": big, "env": big + string("v"), "env ": string("n") + big,
                               "signal": big, "pty-req": big + u32(80) * 4 + string(""),
                               "pty-req ": string("xterm") + u32(80) * 4 + big,
                               "x11-req": b"\0" + big + big[:40000] + u32(0), "none-such": big}.items():
                if name == "x11-req":
                    rest = b"\0" + string("x" * 90000) + string("y" * 90000) + u32(0)
                c.send(c.request(n, name.strip(), rest))
                self.assertEqual(c.wait(SUCCESS, FAILURE)[0], FAILURE, name)
            for name, rest in {"tcpip-forward": big + u32(0), "streamlocal-forward@openssh.com": big,
                               "cancel-tcpip-forward": big + u32(1), "none-such": big}.items():
                c.send(bytes([GLOBAL_REQUEST]) + string(name) + b"\1" + rest)
                c.wait(REQUEST_FAILURE)
            c.send(c.opening("direct-tcpip", 9, c.tcp("x" * 200000, 1)))
            self.assertEqual(c.wait(OPEN_FAILURE)[:5], bytes([OPEN_FAILURE]) + u32(9))
        self.each(self.logged_in, {"request name": lambda c: c.send(c.request(c.session(), "x" * 257)),
                                   "global name": bytes([GLOBAL_REQUEST]) + string("x" * 257) + b"\1",
                                   "channel type": Raw.opening("x" * 257, 0)}, PROTOCOL_ERROR, "range")

    def test_thousands_of_environment_variables(self):
        with self.logged_in() as c:
            n = c.session()
            counts = c.flood(c.request(n, "env", string("LC_%d" % i) + string("x" * 100)) for i in range(5000))
            c.send(c.request(n, "exec", string("echo alive")))
            self.assertIn(b"alive", c.wait(DATA))
            self.assertGreater(counts.get(FAILURE, 0), 0)

    def test_floods_of_global_requests(self):
        with self.logged_in() as c:
            counts = c.flood(bytes([GLOBAL_REQUEST]) + string("keepalive@openssh.com") + b"\1" for _ in range(20000))
            c.send(bytes([GLOBAL_REQUEST]) + string("last") + b"\1")
            self.assertGreater(counts[REQUEST_FAILURE], 10000)
            c.session()
        with self.logged_in() as c:
            c.flood(bytes([GLOBAL_REQUEST]) + string("tcpip-forward") + b"\1" + string("127.0.0.1") + u32(0) for _ in range(20000))
            self.logged(c, PROTOCOL_ERROR, "message sent too often")

    def test_a_flood_of_pings_that_nobody_reads(self):
        with self.logged_in() as c:
            c.socket.settimeout(1)
            packet = bytes([192]) + string(bytes(16000))
            try:
                for _ in range(2000):
                    c.send(packet)
            except (Closed, TimeoutError):
                pass    # 32 MB went nowhere, and waited with us

    def test_requests_that_the_program_cannot_keep_up_with(self):
        with self.logged_in() as c:
            n = c.session()
            c.send(c.request(n, "exec", string("sleep 1; echo done")))
            c.flood(c.request(n, "signal", string("USR2"), reply=False) for _ in range(1000))
            c.flood(c.request(n, "window-change", u32(80) * 4, reply=False) for _ in range(20000))


class CompressionTest(Hostile):
    def compressed(self):
        return self.logged_in(comp="zlib@openssh.com")

    def test_a_bomb_is_not_unpacked(self):
        def bomb(c):
            packer = zlib.compressobj(9)
            data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush(zlib.Z_PARTIAL_FLUSH)
            c.deflate = None
            c.send(data[:250000])
        self.each(self.compressed, {"200 MB": bomb}, COMPRESSION, "bad compressed data")

    def test_a_bomb_just_above_the_limit(self):
        self.each(self.compressed, {"257 KB": bytes([IGNORE]) + string(bytes(257 * 1024))}, COMPRESSION, "bad compressed data")
        with self.compressed() as c:
            c.send(bytes([IGNORE]) + string(bytes(255 * 1024)))
            c.session()

    def test_what_is_no_zlib_stream(self):
        def plain(data):
            def do(c):
                c.deflate = None
                c.send(data)
            return do
        self.each(self.compressed, {"text": plain(b"not compressed at all"), "zeros": plain(bytes(100)),
                                    "header only": plain(b"\x78\x9c"), "dictionary": plain(b"\x78\xbb" + bytes(4)),
                                    "ended": lambda c: c.write(c.out.seal(c.out.frame(zlib.compress(bytes([IGNORE]) + string("x")) + b"more")))},
                  COMPRESSION, "bad compressed data")


class TimeTest(Hostile):
    lines = ("LoginGraceTime 3",)

    def slowly(self, c, data):
        """A byte a second until the gateway has had enough."""
        data = data or (c.out.seal(c.out.frame(bytes([IGNORE]) + string(bytes(40)))) if hasattr(c, "session_id")
                        else b"SSH-2.0-slow")
        for i in range(len(data)):
            try:
                c.write(data[i:i + 1])
            except (Closed, OSError):
                return    # ended, or closed by the test
            time.sleep(1)

    def test_slow_clients_are_ended_when_their_time_is_over(self):
        idents, packets = [self.raw(None) for _ in range(10)], [self.greeted() for _ in range(10)]
        keyed, silent = [self.keyed() for _ in range(10)], [self.raw(None) for _ in range(10)]
        began = time.monotonic()
        threads = [threading.Thread(target=self.slowly, args=(c, data), daemon=True) for clients, data in
                   ((idents, None), (packets, u32(1004) + bytes(20)), (keyed, None)) for c in clients]
        for t in threads:
            t.start()
        for c in packets + keyed:
            self.ends(c, PROTOCOL_ERROR, "no login in the time allowed")
        for c in idents:
            c.rest()
            self.logged(c, PROTOCOL_ERROR, "no login in the time allowed")
        for c in silent:
            self.assertEqual(c.rest(), b"")
            self.assertTrue(self.g.wait_log("timeout before key exchange for 127.0.0.1 port %d" % c.port))
        self.assertLess(time.monotonic() - began, 8 * gateway.PATIENCE)
        for t in threads:
            t.join(5)


class DropTest(Hostile):
    def stages(self):
        def opened(c):
            n = c.session()
            c.send(c.request(n, "exec", string("echo hi; cat")))
            return c
        return {"at once": lambda: self.raw(None), "in the identification": lambda: self.raw(b"SSH-2.0-x"),
                "identified": self.raw, "KEXINIT": lambda: self.raw().init(),
                "KEXDH_INIT": lambda: (lambda c: (c.send(bytes([KEX_INIT]) + string(c.share())), c)[1])(self.raw().init()),
                "in a packet": lambda: (lambda c: (c.write(u32(1000) + bytes(10)), c)[1])(self.greeted()),
                "NEWKEYS": self.keyed, "service": lambda: self.keyed().service(),
                "login": lambda: (lambda c: (c.send(c.auth_request()), c)[1])(self.keyed().service()),
                "logged in": self.logged_in, "session": lambda: opened(self.logged_in())}

    def test_clients_that_go_at_each_stage(self):
        for name, begin in self.stages().items():
            with self.subTest(name):
                for i in range(300 if name in ("at once", "in the identification", "identified") else 30):
                    c = begin()
                    if i % 2:    # a reset, not an end
                        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    c.socket.close()

    def test_clients_that_close_one_half_at_each_stage(self):
        for name, begin in self.stages().items():
            with self.subTest(name), begin() as c:
                c.socket.shutdown(socket.SHUT_WR)
                c.rest()


if __name__ == "__main__":
    unittest.main()
