"""Host keys out of every key store, made by the tools that make them; stock ssh pins each."""
import base64
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway import AS_ROOT, PATIENCE, Gateway, descendants, wait_for

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


MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4321"


class Token:
    """A SoftHSM token of its own, with keys of a Store."""

    def __init__(self, store, *names):
        self.s = store
        self.tokens = store.path("tokens")
        os.mkdir(self.tokens)
        self.conf = write(store.path("softhsm2.conf"), "directories.tokendir = %s\nobjectstore.backend = file\n"
                          "log.level = ERROR\n" % self.tokens, 0o644)
        self.env = dict(os.environ, SOFTHSM2_CONF=self.conf)
        self.pin = write(store.path("pin"), PIN + "\n")
        run("softhsm2-util", "--init-token", "--free", "--label", "gate", "--pin", PIN, "--so-pin", "87654321", env=self.env)
        for i, name in enumerate(names):
            self.add(name, "%02x" % (i + 1))
        if AS_ROOT:
            run("chown", "-R", "sallyport-token", self.tokens)

    def add(self, name, number):
        if name == "ed25519":  # softhsm2-util does not import it
            self.generate(name, number)
            return
        run("softhsm2-util", "--import", self.s.pem(name), "--token", "gate", "--label", name, "--id", number, "--pin", PIN,
            env=self.env)

    def generate(self, name, number):
        """A key that never was outside; its public half becomes the Store's."""
        tool = ["pkcs11-tool", "--module", MODULE, "--token-label", "gate", "--login", "--pin", PIN]
        run(*tool, "--keypairgen", "--key-type", "EC:edwards25519", "--label", name, "--id", number, env=self.env)
        pem = run(*tool, "--read-object", "--type", "pubkey", "--id", number, env=self.env)
        key = ser.load_pem_public_key(pem)
        self.s.public[name] = key.public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH).decode()

    def line(self, name, pin=None, module=MODULE):
        return "pkcs11:token=gate;object=%s module=%s pin-file=%s environment=SOFTHSM2_CONF=%s" % (
            name, module, pin or self.pin, self.conf)


class Case(unittest.TestCase):
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

    def check(self, *keys):
        """What sallyportd -t says of these HostKey lines."""
        conf = write(self.s.path("check.conf"), "".join("HostKey %s\n" % k for k in keys))
        done = subprocess.run([Gateway.program(), "-t", "-f", conf], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60 * PATIENCE)
        return done.returncode, done.stderr


class StoresTest(Case):
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

    def test_pkcs12_certificates_credentials_and_the_configuration_itself(self):
        s, secret = self.s, " password-file=" + self.s.password
        store = s.pfx(["p256"])
        bundle = s.path("bundle.p7b")
        run("openssl", "crl2pkcs7", "-nocrl", "-certfile", s.certificate("p384", "/CN=a"), "-certfile",
            s.certificate("rsa", "/CN=b"), "-out", bundle)
        credentials = s.path("credentials")
        os.mkdir(credentials)
        write(os.path.join(credentials, "host"), open(s.openssh("ed25519"), "rb").read(), 0o400)
        write(os.path.join(credentials, "host.password"), PASSWORD, 0o400)
        with open(s.path("p384"), "rb") as f:
            inline = base64.b64encode(f.read()).decode()

        def start(g):
            os.chmod(g.conf, 0o600)
            os.environ["CREDENTIALS_DIRECTORY"] = credentials
            try:
                g.start()
            finally:
                del os.environ["CREDENTIALS_DIRECTORY"]
        self.serve({"p256": store + secret + ' "subject=CN=p256.example"',
                    "ed25519": "credential:host password-credential=host.password",
                    "p384": "base64:" + inline,
                    "rsa": s.pem("rsa") + " certificate=" + bundle}, start)

    def test_what_is_wrong_is_told_with_file_and_remedy(self):
        s = self.s
        wrong = write(s.path("wrong"), "no\n")
        encrypted = s.openssh("p521")
        for line, words in (
                (encrypted, "%s: the key is encrypted.*password-file" % encrypted),
                (encrypted + " password-file=" + wrong, "%s: its password is not" % encrypted),
                (encrypted + " store=jwk", "%s: it is an OpenSSH private key, not jwk: use store=openssh" % encrypted),
                (encrypted + " password-file=" + write(s.path("loose"), PASSWORD, 0o644), "loose.*chmod 600"),
                (write(s.path("open.jwk"), open(s.jwk("ed25519"), "rb").read(), 0o644), "open.jwk.*UNPROTECTED.*chmod 600"),
                (s.path("p256.pub"), "p256.pub"),
                ("/k store=machine", "Windows"),
                ("/k store=jks", "keytool"),
                ("credential:none", "systemd passed none")):
            code, told = self.check(line)
            self.assertNotEqual(code, 0, line)
            self.assertRegex(told, words)

    def test_a_password_is_typed_at_the_start_and_kept_for_reloads(self):
        """At a terminal of its own; a daemon that goes to the background asks before that."""
        s = self.s
        with Gateway("HostKey %s password-prompt" % s.openssh("ed25519"), start=False) as g:
            master, slave = pty.openpty()
            g.process = subprocess.Popen([g.program(), "-D", "-e", "-f", g.conf], stdin=slave, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, text=True, start_new_session=True,
                                         preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
            os.close(slave)
            g.reader = threading.Thread(target=g.read_log, daemon=True)
            g.reader.start()
            asked = b""
            while not asked.endswith(b": "):
                asked += os.read(master, 4096)
            self.assertIn(b"Password of ", asked)
            os.write(master, PASSWORD.encode() + b"\n")
            self.assertTrue(g.wait_log(r"Sallyport \S+ started", 20), g.log())
            self.pinned(g, "ed25519")
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("configuration reloaded"), g.log())
            self.pinned(g, "ed25519")
            os.close(master)


@unittest.skipUnless(os.path.exists(MODULE) and shutil.which("pkcs11-tool"), "softhsm2 and opensc are not installed")
class TokenTest(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.t = Token(cls.s, "ed25519", "p256", "p384", "p521", "rsa")

    def helpers(self, g):
        def is_token(pid):
            try:
                with open("/proc/%d/cmdline" % pid) as f:
                    return "sallyport-token" in f.read()
            except OSError:
                return False
        return [p for p in descendants(g.process.pid) if is_token(p)]

    def test_every_type_signs_in_a_token_and_processes_are_shared_and_replaced(self):
        names = list(TYPES)
        with Gateway(*["HostKey " + self.t.line(n) for n in names]) as g:
            before = self.helpers(g)
            self.assertEqual(len(before), len(names))
            if AS_ROOT:
                for pid in before:
                    self.assertNotEqual(self.uid(pid), 0)
            for name in names:
                self.pinned(g, name)
            # a new key exchange after the login, and keys that are announced and proved
            algorithms = ",".join(sorted(a for a, _ in TYPES.values()))  # a token's p256 first
            g.ssh("head", "-c", "3000000", "/dev/zero", check=0, options=[
                "-o", "RekeyLimit=1M", "-o", "UpdateHostKeys=yes", "-o", "HostKeyAlgorithms=" + algorithms,
                "-o", "UserKnownHostsFile=" + g.path("hosts-p256")])
            with open(g.path("hosts-p256")) as f:
                text = f.read()
            for name in names:
                self.assertIn(self.s.public[name], text)
            # a reload shares what is open
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("configuration reloaded"), g.log())
            self.assertEqual(sorted(self.helpers(g)), sorted(before))
            self.pinned(g, "rsa")
            # one that dies is started anew
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: len(set(self.helpers(g)) - set(before)) == len(names)), g.log())
            self.pinned(g, "p384")
            self.assertIn("event=token_lost", g.log())

    @staticmethod
    def uid(pid):
        with open("/proc/%d/status" % pid) as f:
            return int(next(l for l in f if l.startswith("Uid:")).split()[1])

    def test_a_token_that_hangs_holds_up_nobody_else(self):
        with Gateway("HostKey " + self.t.line("p256"), "HostKey " + self.s.path("rsa")) as g:
            helper = self.helpers(g)[0]
            os.kill(helper, signal.SIGSTOP)
            stuck = subprocess.Popen(g.ssh_argv("true", options=["-o", "HostKeyAlgorithms=ecdsa-sha2-nistp256"]),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.pinned(g, "rsa")
            self.assertIsNone(stuck.poll())
            os.kill(helper, signal.SIGCONT)
            stuck.wait(30 * PATIENCE)
            self.pinned(g, "p256")

    def test_what_is_wrong_is_told_with_file_and_remedy(self):
        t = self.t
        bad_pin = write(self.s.path("bad-pin"), "9999\n")
        for line, words in (
                (t.line("p256", pin=bad_pin), "the PIN is wrong"),
                (t.line("nothing"), "no such private key"),
                (t.line("p256").replace("token=gate", "token=other"), "no token that the URI means"),
                (t.line("p256").replace(";object=p256", ""), "several private keys"),
                (t.line("p256").replace(" pin-file=" + t.pin, ""), "wants a PIN.*pin-file"),
                (t.line("p256", module="/nonexistent.so"), "module /nonexistent.so"),
                (t.line("p256", module="/usr/lib/x86_64-linux-gnu/libz.so.1"), "not a PKCS#11 library")):
            code, told = self.check(line)
            self.assertNotEqual(code, 0, line)
            self.assertRegex(told, words)


if __name__ == "__main__":
    unittest.main()
