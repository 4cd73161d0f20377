"""Host keys out of every key store, made by the tools that make them; stock ssh pins each."""
import base64
import os
import subprocess
import tempfile
import unittest

from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway import PATIENCE, Gateway

PASSWORD = "an open secret"
TYPES = {
    "ed25519": ("ssh-ed25519", ["-t", "ed25519"]),
    "p256": ("ecdsa-sha2-nistp256", ["-t", "ecdsa", "-b", "256"]),
    "p384": ("ecdsa-sha2-nistp384", ["-t", "ecdsa", "-b", "384"]),
    "p521": ("ecdsa-sha2-nistp521", ["-t", "ecdsa", "-b", "521"]),
    "rsa": ("rsa-sha2-512", ["-t", "rsa", "-b", "2048"]),
}


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, timeout=60 * PATIENCE, **more)
    assert done.returncode == 0, (argv, done)
    return done.stdout


def write(path, content, mode=0o600):
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)
    return path


class Store:
    """A folder with one plain key of each type, and ways to write it in other forms."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sallyport-stores-")
        self.dir = self.folder.name
        os.chmod(self.dir, 0o755)
        self.password = write(self.path("password"), PASSWORD + "\n")
        self.public = {}
        for name, (_, argv) in TYPES.items():
            run("ssh-keygen", "-q", "-N", "", "-C", name, "-f", self.path(name), *argv)
            with open(self.path(name + ".pub")) as f:
                self.public[name] = " ".join(f.read().split()[:2])

    def path(self, name):
        return os.path.join(self.dir, name)

    def key(self, name):
        with open(self.path(name), "rb") as f:
            return ser.load_ssh_private_key(f.read(), None)

    def pem(self, name, form=ser.PrivateFormat.PKCS8, encoding=ser.Encoding.PEM):
        """The key as an unencrypted file for openssl."""
        return write(self.path(name + ".plain"), self.key(name).private_bytes(encoding, form, ser.NoEncryption()))

    def certificate(self, name, subject):
        """A certificate of its own for a key."""
        path = self.path(name + ".crt")
        run("openssl", "req", "-x509", "-new", "-key", self.pem(name), "-subj", subject, "-days", "9", "-out", path)
        return path

    # ---- forms of other programs ----
    def openssh(self, name, *argv):
        path = write(self.path(name + ".openssh"), open(self.path(name), "rb").read())
        run("ssh-keygen", "-q", "-p", "-P", "", "-N", PASSWORD, "-f", path, *argv)
        return path

    def putty(self, name, *argv, encrypted=True):
        path = self.path(name + ".ppk")
        run("puttygen", self.path(name), "-O", "private", "-o", path, *argv, "--new-passphrase",
            self.password if encrypted else "/dev/null")
        os.chmod(path, 0o600)
        return path

    def pfx(self, names, *argv):
        """One store with several keys, each with its certificate: the first named by -name."""
        path = self.path("store.p12")
        text = b"".join(open(self.pem(n), "rb").read() + open(self.certificate(n, "/O=Example/CN=%s.example" % n), "rb").read()
                        for n in names)
        run("openssl", "pkcs12", "-export", "-in", write(self.path("all.pem"), text), "-passout", "pass:" + PASSWORD,
            "-name", names[0], "-out", path, *argv)
        os.chmod(path, 0o600)
        return path

    @staticmethod
    def number(value, n=None):
        data = value.to_bytes(n or (value.bit_length() + 7) // 8, "big")
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def jwk(self, name):
        key, n = self.key(name), self.number
        if isinstance(key, rsa.RSAPrivateKey):
            p = key.private_numbers()
            fields = {"kty": "RSA", "n": n(p.public_numbers.n), "e": n(p.public_numbers.e), "d": n(p.d), "p": n(p.p),
                      "q": n(p.q), "dp": n(p.dmp1), "dq": n(p.dmq1), "qi": n(p.iqmp)}
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            p, size = key.private_numbers(), (key.key_size + 7) // 8
            fields = {"kty": "EC", "crv": "P-%d" % key.key_size, "x": n(p.public_numbers.x, size),
                      "y": n(p.public_numbers.y, size), "d": n(p.private_value, size)}
        else:
            assert isinstance(key, ed25519.Ed25519PrivateKey)
            raw = (ser.Encoding.Raw, ser.PublicFormat.Raw)
            fields = {"kty": "OKP", "crv": "Ed25519", "x": n(int.from_bytes(key.public_key().public_bytes(*raw), "big"), 32),
                      "d": n(int.from_bytes(key.private_bytes(raw[0], ser.PrivateFormat.Raw, ser.NoEncryption()), "big"), 32)}
        text = ", ".join('"%s": "%s"' % item for item in fields.items())
        return write(self.path(name + ".jwk"), '{"use": "sig", "key_ops": ["sign"], %s}\n' % text)

    def xml(self, name):
        p = self.key(name).private_numbers()
        fields = {"Modulus": p.public_numbers.n, "Exponent": p.public_numbers.e, "P": p.p, "Q": p.q, "DP": p.dmp1,
                  "DQ": p.dmq1, "InverseQ": p.iqmp, "D": p.d}
        text = "".join("  <%s>%s</%s>\n" % (k, base64.b64encode(v.to_bytes((v.bit_length() + 7) // 8, "big")).decode(), k)
                       for k, v in fields.items())
        return write(self.path(name + ".xml"), '<?xml version="1.0"?>\n<RSAKeyValue>\n%s</RSAKeyValue>\n' % text)


class StoresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = Store()

    @classmethod
    def tearDownClass(cls):
        cls.s.folder.cleanup()

    def pinned(self, g, name):
        """Logs in, believing no host key but this one."""
        hosts = g.path("hosts-" + name)
        write(hosts, "[127.0.0.1]:%d %s\n" % (g.port, self.s.public[name]))
        g.ssh("true", check=0, options=["-o", "UserKnownHostsFile=" + hosts, "-o", "UpdateHostKeys=no",
                                        "-o", "HostKeyAlgorithms=" + TYPES[name][0]])

    def serve(self, keys, start=None):
        """keys: type -> what stands behind HostKey"""
        with Gateway(*["HostKey " + line for line in keys.values()], start=start is None) as g:
            if start is not None:
                start(g)
            for name in keys:
                self.pinned(g, name)

    def test_pem_der_and_openssh_encrypted(self):
        s, secret = self.s, " password-file=" + self.s.password
        ser_p256 = s.pem("p256", ser.PrivateFormat.TraditionalOpenSSL)
        run("openssl", "ec", "-in", ser_p256, "-aes128", "-passout", "pass:" + PASSWORD, "-out", s.path("sec1.pem"))
        run("openssl", "pkcs8", "-topk8", "-in", s.pem("p384"), "-scrypt", "-passout", "pass:" + PASSWORD, "-outform", "DER",
            "-out", s.path("p8.der"))
        run("openssl", "pkey", "-in", s.pem("p521"), "-outform", "DER", "-out", s.path("plain.der"))
        run("openssl", "pkcs8", "-topk8", "-in", s.pem("rsa"), "-v2", "aes-256-cbc", "-passout", "pass:" + PASSWORD,
            "-out", s.path("p8.pem"))
        with open(s.certificate("rsa", "/CN=gw"), "rb") as f, open(s.path("p8.pem"), "ab") as key:
            key.write(f.read())
        for name in ("sec1.pem", "p8.der", "plain.der", "p8.pem"):
            os.chmod(s.path(name), 0o600)
        self.serve({"ed25519": s.openssh("ed25519") + secret,
                    "p256": s.path("sec1.pem") + secret + " store=pem",
                    "p384": s.path("p8.der") + secret,
                    "p521": s.path("plain.der"),
                    "rsa": s.path("p8.pem") + secret})

    def test_putty(self):
        s, secret = self.s, " password-file=" + self.s.password
        self.serve({"ed25519": s.putty("ed25519") + secret,
                    "p256": s.putty("p256", "--ppk-param", "version=2") + secret,
                    "p384": s.putty("p384", "--ppk-param", "kdf=argon2d,memory=1024,passes=3") + secret,
                    "p521": s.putty("p521", encrypted=False),
                    "rsa": s.putty("rsa", "--ppk-param", "version=2", encrypted=False)})

    def test_jwk_and_xml(self):
        s = self.s
        self.serve({"ed25519": s.jwk("ed25519"), "p256": s.jwk("p256"), "p384": s.jwk("p384"),
                    "p521": s.jwk("p521") + " store=jwk", "rsa": s.xml("rsa")})


if __name__ == "__main__":
    unittest.main()
