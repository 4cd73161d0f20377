"""An SSH client that does as it is told, right or wrong: packets are built by hand, byte for byte.

Key exchange is curve25519-sha256 where it is to succeed. Source: RFC 4253, RFC 8731, PROTOCOL 1.5, 1.6
"""
import hashlib
import hmac
import os
import socket
import struct
import time
import warnings
import zlib

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography.hazmat.primitives import poly1305, serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, SERVICE_ACCEPT, EXT_INFO = range(1, 8)
KEXINIT, NEWKEYS, KEX_INIT, KEX_REPLY, GEX_INIT, GEX_REPLY, GEX_REQUEST = 20, 21, 30, 31, 32, 33, 34
USERAUTH_REQUEST, USERAUTH_FAILURE, USERAUTH_SUCCESS = 50, 51, 52
GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE = 80, 81, 82
OPEN, CONFIRMATION, OPEN_FAILURE, ADJUST, DATA, EXTENDED, EOF, CLOSE, REQUEST, SUCCESS, FAILURE = range(90, 101)
STRICT = "kex-strict-c-v00@openssh.com"
LISTS = ("kex", "hostkey", "cipher", "cipher_back", "mac", "mac_back", "comp", "comp_back", "lang", "lang_back")
CIPHERS = {  # name: cipher, MAC, key bytes, IV bytes
    "ctr": ("aes128-ctr", "hmac-sha2-256", 16, 16),
    "etm": ("aes128-ctr", "hmac-sha2-256-etm@openssh.com", 16, 16),
    "gcm": ("aes128-gcm@openssh.com", "hmac-sha2-256", 16, 12),
    "chacha": ("chacha20-poly1305@openssh.com", "hmac-sha2-256", 64, 0),
}


class Closed(Exception):
    """The gateway closed the connection."""


def u32(n):
    return struct.pack(">I", n)


def string(s):
    s = s.encode() if isinstance(s, str) else s
    return u32(len(s)) + s


def mpint(n):
    return string(n.to_bytes(n.bit_length() // 8 + 1, "big") if n > 0 else b"")


def take_string(data, at):
    n = struct.unpack_from(">I", data, at)[0]
    return data[at + 4:at + 4 + n], at + 4 + n


class Seal:
    """One direction: packets of any shape, rightly encrypted whatever they hold."""

    def __init__(self, shape=None, iv=b"", key=b"", mac_key=b""):
        self.shape, self.iv, self.key, self.mac_key = shape, iv, key, mac_key
        self.seq = 0
        self.stream = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor() if shape in ("ctr", "etm") else None

    def block(self):
        return 8 if self.shape in (None, "chacha") else 16

    def tag_bytes(self):
        return {None: 0, "ctr": 32, "etm": 32}.get(self.shape, 16)

    def mac(self, data):
        return hmac.new(self.mac_key, u32(self.seq) + data, hashlib.sha256).digest()

    def chacha(self, key, counter, data):
        nonce = struct.pack("<Q", counter) + struct.pack(">Q", self.seq)
        return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(data)

    def frame(self, payload, padding=None, length=None):
        """Length, padding length, payload, padding: the latter and length as given."""
        apart = 0 if self.shape in (None, "ctr") else 4
        fit = self.block() - (5 + len(payload) - apart) % self.block()
        n = padding if padding is not None else fit + self.block() * (fit < 4)
        body = bytes([n & 255]) + payload + bytes(n if padding is None else fit + self.block())
        return u32(len(body) if length is None else length) + body

    def seal(self, plain):
        """Encrypts a frame and adds the tag."""
        if self.shape == "ctr":
            out = self.stream.update(plain) + self.mac(plain)
        elif self.shape == "etm":
            out = plain[:4] + self.stream.update(plain[4:])
            out += self.mac(out)
        elif self.shape == "gcm":
            out = plain[:4] + AESGCM(self.key).encrypt(self.iv, plain[4:], plain[:4])
            self.iv = self.iv[:4] + struct.pack(">Q", struct.unpack(">Q", self.iv[4:])[0] + 1)
        elif self.shape == "chacha":
            out = self.chacha(self.key[32:], 0, plain[:4]) + self.chacha(self.key[:32], 1, plain[4:])
            out += poly1305.Poly1305.generate_tag(self.chacha(self.key[:32], 0, bytes(32)), out)
        else:
            out = plain
        self.seq += 1
        return out

    def open(self, read):
        """Reads one packet by read(n) and gives its payload. Tags are not looked at: ours is the hostile side."""
        head = read(16 if self.shape == "ctr" else 4)
        if self.shape == "ctr":
            head = self.stream.update(head)
        if self.shape == "chacha":
            n = struct.unpack(">I", self.chacha(self.key[32:], 0, head))[0]
        else:
            n = struct.unpack(">I", head[:4])[0]
        rest = read(4 + n - len(head) + self.tag_bytes())
        if self.shape == "ctr":
            body = head[4:] + self.stream.update(rest[:-32])
        elif self.shape == "etm":
            body = self.stream.update(rest[:-32])
        elif self.shape == "gcm":
            body = AESGCM(self.key).decrypt(self.iv, rest, head)
            self.iv = self.iv[:4] + struct.pack(">Q", struct.unpack(">Q", self.iv[4:])[0] + 1)
        elif self.shape == "chacha":
            body = self.chacha(self.key[:32], 1, rest[:-16])
        else:
            body = rest
        self.seq += 1
        return body[1:n - body[0]]


class Raw:
    def __init__(self, g, ident=b"SSH-2.0-hostile\r\n", cipher="ctr", timeout=20):
        self.g, self.cipher = g, cipher
        self.socket = socket.create_connection(("127.0.0.1", g.port), timeout)
        self.port = self.socket.getsockname()[1]
        self.buffer = b""
        self.out, self.back = Seal(), Seal()
        self.deflate = self.inflate = None
        self.ident = ident
        self.server_ident = self.read_line()
        if ident:
            self.write(ident)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ---- bytes ----
    def write(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed() from e

    def read(self, n):
        while len(self.buffer) < n:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError as e:
                raise Closed("reset") from e
            if not more:
                raise Closed()
            self.buffer += more
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            line += self.read(1)
        return line

    def rest(self):
        """All that comes until the end."""
        data = b""
        try:
            while True:
                data += self.read(1)
        except Closed:
            return data

    # ---- packets ----
    def send(self, payload, **frame):
        if self.deflate:
            payload = self.deflate.compress(payload) + self.deflate.flush(zlib.Z_PARTIAL_FLUSH)
        self.write(self.out.seal(self.out.frame(payload, **frame)))

    def recv(self):
        payload = self.back.open(self.read)
        return self.inflate.decompress(payload) if self.inflate else payload

    def wait(self, *numbers):
        """The next packet that has one of the numbers; a DISCONNECT is none."""
        while True:
            payload = self.recv()
            if payload[0] in numbers:
                return payload
            if payload[0] == DISCONNECT:
                raise AssertionError("disconnected: %r" % payload)

    def disconnected(self):
        """Reads to the end: reason and text of the DISCONNECT; None where there was none."""
        found = None
        try:
            while True:
                payload = self.recv()
                if payload[0] == DISCONNECT:
                    found = struct.unpack_from(">I", payload, 1)[0], take_string(payload, 5)[0].decode()
        except Closed:
            return found

    # ---- key exchange ----
    def kexinit(self, strict=True, guess=False, **lists):
        """A KEXINIT; lists by the names of LISTS."""
        cipher, mac = CIPHERS[self.cipher][:2]
        all_lists = dict(kex="curve25519-sha256", hostkey="ssh-ed25519", cipher=cipher, mac=mac, comp="none", lang="")
        all_lists.update(lists)
        for name in LISTS[3::2]:
            all_lists.setdefault(name, all_lists[name[:-5]])
        if strict:
            all_lists["kex"] = ",".join(filter(None, (all_lists["kex"], STRICT)))
        self.strict = strict
        return bytes([KEXINIT]) + os.urandom(16) + b"".join(string(all_lists[n]) for n in LISTS) + \
            bytes([guess]) + u32(0)

    def init(self, strict=True, **lists):
        """Both KEXINITs."""
        self.i_c = self.kexinit(strict, **lists)
        self.comp = lists.get("comp", "none")
        self.send(self.i_c)
        self.i_s = self.recv()
        assert self.i_s[0] == KEXINIT
        return self

    def share(self):
        self.secret = X25519PrivateKey.generate()
        return self.secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def exchange(self):
        """From KEXDH_INIT to both NEWKEYS."""
        q_c = self.share()
        self.send(bytes([KEX_INIT]) + string(q_c))
        self.finish(q_c, self.wait(KEX_REPLY))
        return self

    def finish(self, q_c, reply):
        """Both NEWKEYS, and the keys."""
        self.derive(q_c, reply)
        self.send(bytes([NEWKEYS]))
        self.out = self.new_out(self.out)
        assert self.wait(NEWKEYS)
        self.back = self.new_back(self.back)

    def derive(self, q_c, reply):
        k_s, at = take_string(reply, 1)
        q_s = take_string(reply, at)[0]
        k = mpint(int.from_bytes(self.secret.exchange(X25519PublicKey.from_public_bytes(q_s)), "big"))
        h = hashlib.sha256(string(self.ident.strip()) + string(self.server_ident.strip()) + string(self.i_c) +
                           string(self.i_s) + string(k_s) + string(q_c) + string(q_s) + k).digest()
        self.session_id = getattr(self, "session_id", h)
        self.new_out = lambda old: self.keys(k, h, b"ACE", old)
        self.new_back = lambda old: self.keys(k, h, b"BDF", old)

    def keys(self, k, h, letters, old):
        def derive(letter, n):
            out = hashlib.sha256(k + h + bytes([letter]) + self.session_id).digest()
            while len(out) < n:
                out += hashlib.sha256(k + h + out).digest()
            return out[:n]
        key_n, iv_n = CIPHERS[self.cipher][2:]
        new = Seal(self.cipher, derive(letters[0], iv_n), derive(letters[1], key_n), derive(letters[2], 32))
        new.seq = 0 if self.strict else old.seq
        return new

    # ---- login and channels ----
    def keyed(self, **lists):
        return self.init(**lists).exchange()

    def service(self):
        self.send(bytes([SERVICE_REQUEST]) + string("ssh-userauth"))
        assert self.wait(SERVICE_ACCEPT)
        return self

    def auth_request(self, user=None, service="ssh-connection"):
        with open(self.g.key, "rb") as f:
            key = serialization.load_ssh_private_key(f.read(), None)
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        request = bytes([USERAUTH_REQUEST]) + string(user or self.g.user) + string(service) + string("publickey") + \
            b"\1" + string("ssh-ed25519") + string(string("ssh-ed25519") + string(public))
        signature = key.sign(string(self.session_id) + request)
        return request + string(string("ssh-ed25519") + string(signature))

    def login(self, **lists):
        """All the way to an open door."""
        self.keyed(**lists).service().send(self.auth_request())
        assert self.wait(USERAUTH_SUCCESS, USERAUTH_FAILURE)[0] == USERAUTH_SUCCESS
        if self.comp == "zlib@openssh.com":
            self.deflate, self.inflate = zlib.compressobj(), zlib.decompressobj()
        return self

    @staticmethod
    def opening(kind, number, rest=b"", window=1 << 21, packet=1 << 15):
        return bytes([OPEN]) + string(kind) + u32(number) + u32(window) + u32(packet) + rest

    @staticmethod
    def tcp(host, port):
        return string(host) + u32(port) + string("127.0.0.1") + u32(1)

    @staticmethod
    def request(channel, name, rest=b"", reply=True):
        return bytes([REQUEST]) + u32(channel) + string(name) + bytes([reply]) + rest

    def session(self, number=0):
        """Opens a session; gives the gateway's number for it."""
        self.send(self.opening("session", number))
        return struct.unpack_from(">I", self.wait(CONFIRMATION), 5)[0]

    def flood(self, payloads, seconds=20):
        """Sends all of them while reading; gives how many packets came back, by number."""
        data = b"".join(self.out.seal(self.out.frame(p)) for p in payloads)
        counts, end = {}, time.monotonic() + seconds * 4
        self.socket.settimeout(0.002)
        try:
            while data and time.monotonic() < end:
                try:
                    data = data[self.socket.send(data[:1 << 18]):]
                except (TimeoutError, BlockingIOError):
                    pass
                self.count(counts)
        except (BrokenPipeError, ConnectionResetError, Closed):
            pass
        self.socket.settimeout(seconds)
        return counts

    def count(self, counts):
        """Takes the packets that are there."""
        try:
            while True:
                more = self.socket.recv(1 << 18)
                if not more:
                    raise Closed()
                self.buffer += more
        except (TimeoutError, BlockingIOError):
            pass
        while len(self.buffer) > 4096:
            number = self.recv()[0]
            counts[number] = counts.get(number, 0) + 1
