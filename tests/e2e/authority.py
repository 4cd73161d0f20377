"""A certificate authority for tests (ssh-keygen -s), and an agent that holds security keys made of software."""
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import threading

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils


def keygen(*arguments):
    subprocess.run(["ssh-keygen", "-q", *arguments], check=True, stdin=subprocess.DEVNULL)


class Authority:
    """One CA key, and the certificates that it signs."""

    def __init__(self, folder, name, kind="ed25519"):
        self.folder = folder
        self.key = os.path.join(folder, name)
        keygen("-t", kind, "-N", "", "-f", self.key)
        self.count = 0

    def public(self):
        with open(self.key + ".pub") as f:
            return " ".join(f.read().split()[:2])

    def fingerprint(self):
        return fingerprint(self.key + ".pub")

    def key_pair(self, kind="ed25519"):
        """A new key, without a certificate."""
        self.count += 1
        path = "%s-user%d" % (self.key, self.count)
        keygen("-t", kind, "-N", "", "-f", path)
        return path

    def sign(self, principals, *options, key=None, kind="ed25519", serial=None, key_id="test"):
        """A certificate, for a new key unless one is given; ssh finds it beside the key."""
        path = key or self.key_pair(kind)
        arguments = ["-s", self.key, "-I", key_id]
        if principals:
            arguments += ["-n", principals]
        if serial is not None:
            arguments += ["-z", str(serial)]
        keygen(*arguments, *options, path + ".pub")
        return path

    def copy(self, key):
        """The same key under another name, so that it can have another certificate."""
        self.count += 1
        path = "%s-copy%d" % (self.key, self.count)
        shutil.copy(key, path)
        shutil.copy(key + ".pub", path + ".pub")
        return path


def fingerprint(public_file):
    out = subprocess.run(["ssh-keygen", "-l", "-f", public_file], check=True, capture_output=True, text=True).stdout
    return out.split()[1]


def string(data):
    return struct.pack(">I", len(data)) + data


def mpint(n):
    return string(n.to_bytes(n.bit_length() // 8 + 1, "big"))


PRESENT, VERIFIED = 0x01, 0x04


class SecurityKey:
    """What a FIDO token would hold and sign. flags: what it says of its user. Source: PROTOCOL.u2f"""

    def __init__(self, kind):
        self.flags = PRESENT
        self.counter = 0
        self.application = b"ssh:"
        if kind == "sk-ed25519":
            self.type = b"sk-ssh-ed25519@openssh.com"
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            public = string(raw)
        else:
            self.type = b"sk-ecdsa-sha2-nistp256@openssh.com"
            self.private = ec.generate_private_key(ec.SECP256R1())
            point = self.private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
            public = string(b"nistp256") + string(point)
        self.blob = string(self.type) + public + string(self.application)

    def sign(self, data):
        self.counter += 1
        told = struct.pack(">BI", self.flags, self.counter)
        text = hashlib.sha256(self.application).digest() + told + hashlib.sha256(data).digest()
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            signature = self.private.sign(text)
        else:
            r, s = utils.decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            signature = mpint(r) + mpint(s)
        return string(self.type) + string(signature) + told


class Agent:
    """with Agent(path, key): – an ssh-agent that holds one security key, whom stock clients ask."""
    REQUEST, ANSWER, SIGN, SIGNED, FAILURE = 11, 12, 13, 14, 5

    def __init__(self, path, key):
        self.path, self.key = path, key
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *rest):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.listener.close()
        os.unlink(self.path)

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                self.serve(peer)

    def serve(self, peer):
        while True:
            head = peer.recv(4, socket.MSG_WAITALL)
            if len(head) < 4:
                return
            body = peer.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
            peer.sendall(string(self.answer(body)))

    def answer(self, body):
        if body[0] == self.REQUEST:
            return bytes([self.ANSWER]) + struct.pack(">I", 1) + string(self.key.blob) + string(b"software key")
        if body[0] != self.SIGN:
            return bytes([self.FAILURE])
        n = struct.unpack_from(">I", body, 1)[0]
        blob, rest = body[5:5 + n], body[5 + n:]
        if blob != self.key.blob:
            return bytes([self.FAILURE])
        n = struct.unpack_from(">I", rest)[0]
        return bytes([self.SIGNED]) + string(self.key.sign(rest[4:4 + n]))
