"""Hostile clients before the login: bad packets, values, states. Each ends with the right reason, named in the log."""
import os
import unittest

import raw
from hostile import AUTH_TRIES, Hostile, KEX_FAILED, MAC_ERROR, PROTOCOL_ERROR, SERVICE
from raw import (Closed, DEBUG, EXT_INFO, GEX_INIT, GEX_REQUEST, GLOBAL_REQUEST, IGNORE, KEX_INIT,
                 KEX_REPLY, NEWKEYS, REQUEST_FAILURE, REQUEST_SUCCESS, Raw, SERVICE_REQUEST, UNIMPLEMENTED,
                 USERAUTH_FAILURE, USERAUTH_REQUEST, mpint, string, u32)

P25519 = 2**255 - 19


class BannerTest(Hostile):
    def test_what_is_no_identification_is_refused_in_plain_text(self):
        cases = {"http": b"GET / HTTP/1.1\r\n\r\n", "nothing but CR LF": b"\r\n", "NUL": b"SSH-2.0-a\0b\r\n",
                 "CR inside": b"SSH-2.0-a\rb\r\n", "no software": b"SSH-2.0-\r\n", "no version": b"SSH--x\r\n",
                 "too long": b"SSH-2.0-" + b"x" * 300 + b"\r\n", "a megabyte": b"SSH-2.0-" + b"x" * (1 << 20),
                 "a megabyte of anything": os.urandom(1 << 20), "many lines": b"hello\r\n" * 100000,
                 "a line before": b"hello\r\nSSH-2.0-x\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}
        for name, text in cases.items():
            with self.subTest(name), self.raw(None) as c:
                try:
                    c.write(text)
                except Closed:
                    pass
                self.assertIn(b"Invalid SSH identification string.", c.rest())
                self.logged(c, 0, "bad identification string")

    def test_other_versions_are_refused(self):
        for version in (b"1.5", b"1.0", b"3.0", b"2.1", b"9999999999.0"):
            with self.subTest(version), self.raw(b"SSH-" + version + b"-x\r\n") as c:
                self.assertIn(b"Protocol major versions differ.", c.rest())
                self.logged(c, 0, "protocol version not supported")

    def test_199_and_a_bare_line_feed_are_taken(self):
        for ident in (b"SSH-1.99-x\r\n", b"SSH-2.0-x\n", b"SSH-2.0-x with a comment\r\n"):
            with self.subTest(ident), self.raw(ident) as c:
                c.login()


class PacketTest(Hostile):
    def lengths(self):
        return {"%d" % n: lambda c, n=n: c.send(b"\2" + bytes(30), length=n) for n in
                (0, 1, 5, 6, 7, 13, 2**31, 2**31 - 1, 2**32 - 1, 2**32 - 4, 256 * 1024 + 4, 256 * 1024 + 12, 2**24 - 4)}

    def test_bad_lengths(self):
        self.each(self.greeted, self.lengths(), PROTOCOL_ERROR, "bad packet length")
        for cipher in raw.CIPHERS:
            self.each(lambda: self.raw(cipher=cipher).keyed(), self.lengths(), PROTOCOL_ERROR, "bad packet length")

    def test_bad_padding(self):
        cases = {"%d" % n: lambda c, n=n: c.send(b"\2" + bytes(30), padding=n) for n in (0, 3, 128, 255)}
        self.each(self.greeted, cases, PROTOCOL_ERROR, "bad packet padding")
        for cipher in raw.CIPHERS:
            self.each(lambda: self.raw(cipher=cipher).keyed(), cases, PROTOCOL_ERROR, "bad packet padding")

    def test_a_packet_without_a_message_number(self):
        self.each(self.greeted, {"empty": b""}, PROTOCOL_ERROR, "bad packet")

    def test_a_flipped_bit_anywhere_is_found(self):
        for cipher in raw.CIPHERS:
            for at in (-1, -10, 5, 20):
                with self.subTest((cipher, at)), self.raw(cipher=cipher).keyed() as c:
                    packet = bytearray(c.out.seal(c.out.frame(bytes([IGNORE]) + string(bytes(40)))))
                    packet[at if cipher != "ctr" else -1 if at < 0 else at + 16] ^= 1
                    c.write(bytes(packet))
                    self.ends(c, MAC_ERROR, "message authentication failed")

    def test_a_packet_that_was_sent_before_is_found(self):
        for cipher in raw.CIPHERS:
            with self.subTest(cipher), self.raw(cipher=cipher).keyed() as c:
                packet = c.out.seal(c.out.frame(bytes([IGNORE]) + string(bytes(40))))
                c.write(packet + packet)
                got = c.disconnected()
                self.assertIn(got[0], (MAC_ERROR, PROTOCOL_ERROR))

    def test_the_largest_packet_is_taken(self):
        with self.keyed() as c:
            c.send(bytes([IGNORE]) + string(bytes(256 * 1024 - 64)))
            c.service()


class StateTest(Hostile):
    STATE = "not allowed in this state: packet type %d"

    def test_before_the_login_nothing_of_the_connection_protocol_is_taken(self):
        for number in [GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE] + list(range(90, 101)):
            self.each(self.keyed, {number: bytes([number]) + bytes(40)}, PROTOCOL_ERROR, self.STATE % number)
        self.each(lambda: self.keyed().service(), {"open": Raw.opening("session", 0)}, PROTOCOL_ERROR, self.STATE % 90)

    def test_a_login_needs_the_service_first(self):
        self.each(self.keyed, {"login": lambda c: c.send(c.auth_request())}, PROTOCOL_ERROR, self.STATE % USERAUTH_REQUEST)

    def test_there_is_one_service(self):
        self.each(self.keyed, {name: bytes([SERVICE_REQUEST]) + string(name) for name in
                               ("ssh-connection", "", "ssh-userauth@x", "x" * 64)}, SERVICE, "service not available")
        self.each(self.keyed, {"long": bytes([SERVICE_REQUEST]) + string("x" * 100000)}, PROTOCOL_ERROR, "range")
        self.each(lambda: self.keyed().service(), {"service": lambda c: c.send(c.auth_request(service="ssh-x"))},
                  SERVICE, "service not available")

    def test_what_is_out_of_turn_in_the_key_exchange(self):
        begin = self.with_lists()

        def twice(c):
            q_c = c.share()
            c.send(bytes([KEX_INIT]) + string(q_c))
            c.derive(q_c, c.wait(KEX_REPLY))
            c.send(bytes([KEX_INIT]) + string(q_c))
            c.wait(NEWKEYS)
            c.back = c.new_back(c.back)
        self.each(begin, {"NEWKEYS early": bytes([NEWKEYS])}, PROTOCOL_ERROR, self.STATE % NEWKEYS)
        self.each(begin, {"KEXDH_INIT twice": twice}, PROTOCOL_ERROR, self.STATE % KEX_INIT)
        self.each(begin, {"KEXINIT twice": lambda c: c.send(c.kexinit())}, PROTOCOL_ERROR, self.STATE % raw.KEXINIT)
        self.each(begin, {"service": bytes([SERVICE_REQUEST]) + string("ssh-userauth")}, PROTOCOL_ERROR, self.STATE % 5)
        self.each(begin, {n: bytes([n]) + string(bytes(32)) for n in (GEX_INIT,)}, PROTOCOL_ERROR, "not allowed")
        self.each(begin, {"ours": bytes([KEX_REPLY]) + bytes(40)}, PROTOCOL_ERROR, "not allowed")
        self.each(self.greeted, {"init first": bytes([KEX_INIT]) + string(bytes(32))}, PROTOCOL_ERROR, self.STATE % 30)
        self.each(self.keyed, {"NEWKEYS again": bytes([NEWKEYS])}, PROTOCOL_ERROR, self.STATE % NEWKEYS)

    def test_a_strict_exchange_takes_nothing_else(self):
        others = {"IGNORE": bytes([IGNORE]) + string("x"), "DEBUG": bytes([DEBUG]) + b"\1" + string("x") + string(""),
                  "EXT_INFO": bytes([EXT_INFO]) + u32(0), "UNIMPLEMENTED": bytes([UNIMPLEMENTED]) + u32(0),
                  "unknown": bytes([200]) + b"x", "ping": bytes([192]) + string("x")}
        for name, packet in others.items():
            self.each(self.with_lists(), {name: packet}, PROTOCOL_ERROR, self.STATE % packet[0])
        for name in ("IGNORE", "DEBUG", "UNIMPLEMENTED"):
            def before(c, packet=others[name]):
                c.send(packet)
                c.send(c.kexinit())
            self.each(self.greeted, {name + " before": before}, PROTOCOL_ERROR, "packets before a strict KEXINIT")

    def test_an_exchange_that_is_not_strict_takes_what_rfc_4253_does(self):
        with self.raw() as c:
            c.send(bytes([IGNORE]) + string("x"))
            c.init(strict=False)
            c.send(bytes([DEBUG]) + b"\0" + string("x") + string(""))
            c.send(bytes([200]))
            c.wait(UNIMPLEMENTED)
            c.exchange().service()

    def test_unknown_packets_are_answered_once_keys_are_there(self):
        with self.logged_in() as c:
            for number in (8, 19, 40, 60, 79, 110, 255):
                c.send(bytes([number]) + b"x")
                seq = c.out.seq - 1
                self.assertEqual(c.wait(UNIMPLEMENTED), bytes([UNIMPLEMENTED]) + u32(seq))

    def test_truncated_and_overlong_messages(self):
        for name, packet in {"service": bytes([SERVICE_REQUEST]) + u32(12) + b"ssh-user",
                             "debug": bytes([DEBUG]) + b"\1", "unimplemented": bytes([UNIMPLEMENTED]) + b"\0",
                             "ping": bytes([192]) + u32(2**32 - 1) + b"x"}.items():
            self.each(self.keyed, {name: packet}, PROTOCOL_ERROR, "ends too early|range")
        for name, packet in {"service": bytes([SERVICE_REQUEST]) + string("ssh-userauth") + b"x",
                             "ext_info": bytes([EXT_INFO]) + u32(0) + b"x"}.items():
            self.each(self.keyed, {name: packet}, PROTOCOL_ERROR, "bytes left")
        self.each(self.keyed, {"ext_info": bytes([EXT_INFO]) + u32(2**32 - 1)}, PROTOCOL_ERROR, "ends too early")


class KexTest(Hostile):
    def test_malformed_kexinit(self):
        good = self.raw().kexinit()
        cases = {"truncated": good[:100], "cookie only": good[:17], "trailing": good + b"x",
                 "no reserved": good[:-4], "number only": good[:1],
                 "list beyond the end": good[:17] + u32(2**32 - 1) + good[21:]}
        for name, lists in {"giant list": dict(kex="x," * 10000), "long name": dict(kex="x" * 65),
                            "NUL": dict(cipher="aes128-ctr\0"), "space": dict(mac="hmac-sha2-256 x"),
                            "empty name": dict(hostkey="ssh-ed25519,,rsa-sha2-512"), "high bit": dict(comp="n\xf6ne")}.items():
            cases[name] = lambda c, lists=lists: c.send(c.kexinit(**lists))
        self.each(self.greeted, cases, PROTOCOL_ERROR, "ends too early|bytes left|range")

    def test_lists_without_a_common_name_are_named(self):
        what = {"kex": "key exchange method", "hostkey": "host key type", "cipher": "cipher from the client",
                "cipher_back": "cipher to the client", "mac": "MAC from the client", "comp": "compression"}
        for name, text in what.items():
            for value in ("", "none-such", ",".join("n%d" % i for i in range(2000))):
                self.each(self.greeted, {name: lambda c, n=name, v=value: c.send(c.kexinit(**{n: v}))},
                          KEX_FAILED, "no common algorithm: " + text)
        self.each(self.greeted, {"markers": lambda c: c.send(c.kexinit(kex="ext-info-c,kex-strict-s-v00@openssh.com"))},
                  KEX_FAILED, "no common algorithm")

    def refuses_values(self, kex, values, number=KEX_INIT):
        self.each(self.with_lists(kex=kex), {"%s %s" % (kex, name): bytes([number]) + value for name, value in values.items()},
                  KEX_FAILED, "key exchange value refused")

    def test_x25519_points_of_low_order_and_wrong_length(self):
        order_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
        low = [0, 1, P25519 - 1, P25519, P25519 + 1, order_8, pow(order_8, -1, P25519)]
        values = {"%d" % n: string(n.to_bytes(32, "little")) for n in low}
        values.update({"%d with bit 255" % n: string((n | 1 << 255).to_bytes(32, "little")) for n in low})
        values.update({"%d bytes" % n: string(bytes([9] * n)) for n in (0, 31, 33, 1024)})
        self.refuses_values("curve25519-sha256", values)

    def test_points_that_are_on_no_curve(self):
        for name, size in (("ecdh-sha2-nistp256", 32), ("ecdh-sha2-nistp384", 48), ("ecdh-sha2-nistp521", 66)):
            self.refuses_values(name, {
                "not on the curve": string(b"\4" + bytes(2 * size - 1) + b"\1"), "zero": string(b"\4" + bytes(2 * size)),
                "infinity": string(b"\0"), "compressed": string(b"\2" + bytes(size - 1) + b"\5"),
                "hybrid form": string(b"\6" + bytes(2 * size)), "beyond p": string(b"\4" + b"\xff" * (2 * size)),
                "short": string(b"\4" + bytes(2 * size - 1)), "long": string(b"\4" + bytes(2 * size + 1)), "empty": string("")})

    def test_dh_values_out_of_range(self):
        for name, bits, pi in (("14", 2048, 124476), ("16", 4096, 240904), ("18", 8192, 4743158)):
            p = modp(bits, pi)
            values = {"0": mpint(0), "1": mpint(1), "p-1": mpint(p - 1), "p": mpint(p), "p+1": mpint(p + 1),
                      "p+2": mpint(p + 2), "far beyond p": mpint(p << 16)}
            method = "diffie-hellman-group%s-sha%d" % (name, 256 if name == "14" else 512)
            self.refuses_values(method, values)
            self.each(self.with_lists(kex=method), {"negative": bytes([KEX_INIT]) + string(b"\x80" + bytes(255)),
                                                    "not minimal": bytes([KEX_INIT]) + string(b"\0\0\5"),
                                                    "huge": bytes([KEX_INIT]) + string(b"\1" * 100000)}, PROTOCOL_ERROR, "range")

    def test_hybrid_values(self):
        for name, size in (("mlkem768x25519-sha256", 1184), ("sntrup761x25519-sha512", 1158)):
            values = {"%d bytes" % n: string(bytes(n)) for n in (0, 1, 32, size, size + 31, size + 33)}
            values["low order"] = string(bytes(size + 32))
            self.refuses_values(name, values)
        self.refuses_values("mlkem768x25519-sha256", {"coefficients beyond q": string(b"\xff" * 1184 + b"\x09" + bytes(31))})

    def test_group_exchange_nonsense(self):
        def ask(*numbers):
            return bytes([GEX_REQUEST]) + b"".join(map(u32, numbers))
        begin = self.with_lists(kex="diffie-hellman-group-exchange-sha256")
        self.each(begin, {"%r" % (a,): ask(*a) for a in ((8192, 4096, 2048), (4096, 2048, 8192),
                                                       (0, 0, 0), (2**32 - 1,) * 3, (1024, 1024, 1024), (8193, 8193, 9000))},
                  KEX_FAILED, "key exchange value refused|no common")
        self.each(begin, {"short": ask(2048, 2048)}, PROTOCOL_ERROR, "ends too early")
        self.each(begin, {"value first": bytes([GEX_INIT]) + mpint(2)}, PROTOCOL_ERROR, "not allowed")
        self.each(begin, {"twice": lambda c: (c.send(ask(2048, 2048, 8192)), c.send(ask(2048, 2048, 8192)))},
                  PROTOCOL_ERROR, "not allowed")

        def after_group(value):
            def do(c):
                c.send(ask(2048, 2048, 8192))
                p = int.from_bytes(raw.take_string(c.wait(KEX_REPLY), 1)[0], "big")
                c.send(bytes([GEX_INIT]) + mpint(value(p)))
            return do
        self.each(begin, {"0": after_group(lambda p: 0), "1": after_group(lambda p: 1), "p-1": after_group(lambda p: p - 1),
                          "p": after_group(lambda p: p), "2p": after_group(lambda p: 2 * p)},
                  KEX_FAILED, "key exchange value refused")

    def test_a_wrong_guess_is_passed_over_once(self):
        with self.raw() as c:
            c.init(kex="curve25519-sha256,ecdh-sha2-nistp256", guess=True)
            c.send(bytes([KEX_INIT]) + string("wrong"))
            c.exchange().service()


def modp(bits, pi):
    """The safe primes of RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + pi_n)."""
    scale = bits + 64

    def arctan(x):
        total = term = (1 << scale) // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total
    four_pi = 16 * arctan(5) - 4 * arctan(239)    # Machin: pi
    return 2**bits - 2**(bits - 64) - 1 + 2**64 * ((four_pi >> (scale - bits + 130)) + pi)


class AuthTest(Hostile):
    def test_a_user_does_not_change(self):
        with self.keyed().service() as c:
            c.send(c.auth_request(user="no-such-user"))
            c.wait(USERAUTH_FAILURE)
            c.send(c.auth_request())
            self.ends(c, PROTOCOL_ERROR, "change of user name")

    def test_a_signature_for_another_session_opens_nothing(self):
        with self.keyed().service() as a, self.keyed().service() as b:
            a.send(b.auth_request())
            a.wait(USERAUTH_FAILURE)
            b.send(b.auth_request())
            b.wait(raw.USERAUTH_SUCCESS)

    def test_tries_are_counted(self):
        with self.keyed().service() as c:
            request = bytes([USERAUTH_REQUEST]) + string(self.g.user) + string("ssh-connection") + string("password") + b"\0"
            for _ in range(10):
                try:
                    c.send(request + string("wrong"))
                except Closed:
                    break
            self.ends(c, AUTH_TRIES, "too many authentication failures")

    def test_requests_are_counted_though_they_are_no_tries(self):
        with self.keyed().service() as c:
            request = bytes([USERAUTH_REQUEST]) + string(self.g.user) + string("ssh-connection") + string("none")
            c.flood([request] * 300)
            self.logged(c, AUTH_TRIES, "too many authentication failures")

    def test_malformed_requests(self):
        user, begin = string(self.g.user), bytes([USERAUTH_REQUEST])
        key = begin + user + string("ssh-connection") + string("publickey")
        cases = {"empty": begin, "long user": begin + string("x" * 256) + string("ssh-connection") + string("none"),
                 "huge user": begin + string("x" * 200000) + string("ssh-connection") + string("none"),
                 "huge password": begin + user + string("ssh-connection") + string("password") + b"\0" + string("x" * 100000),
                 "huge key": key + b"\0" + string("ssh-ed25519") + string(bytes(100000)),
                 "key cut off": key + b"\0" + string("ssh-ed25519") + u32(100), "trailing": key + b"\0" + string("x") * 2 + b"x"}
        self.each(lambda: self.keyed().service(), cases, PROTOCOL_ERROR, "ends too early|range|bytes left")

    def test_odd_names_open_nothing(self):
        for user in (b"a\0b", b"\xff\xfe", b"../../etc/passwd", b" ", b"root\n", b"%s%n"):
            with self.subTest(user), self.keyed().service() as c:
                c.send(c.auth_request(user=user))
                try:
                    c.wait(USERAUTH_FAILURE)
                except (AssertionError, Closed):
                    pass    # ended, which is as good

    def test_malformed_keys_are_refused(self):
        for name, blob in {"empty": b"", "type only": string("ssh-ed25519"), "short": string("ssh-ed25519") + string(bytes(31)),
                           "other type": string("ssh-rsa") + string(bytes(32)), "length": u32(2**32 - 1),
                           "rsa": string("ssh-rsa") + mpint(65537) + mpint(2**8000 - 1)}.items():
            with self.subTest(name), self.keyed().service() as c:
                request = bytes([USERAUTH_REQUEST]) + string(self.g.user) + string("ssh-connection") + string("publickey")
                for proof in (b"\0", b"\1"):
                    c.send(request + proof + string("ssh-ed25519") + string(blob) + (string(bytes(64)) if proof == b"\1" else b""))
                    c.wait(USERAUTH_FAILURE)


if __name__ == "__main__":
    unittest.main()
