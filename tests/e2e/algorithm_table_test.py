"""Every algorithm there is, off by default or not, negotiated by a client that we did not write: 10 MB there and back.

One connection proves a key exchange, a cipher, a MAC, a compression, a host key and a user's key at once. The end prints
which client had what, and fails for an algorithm that none had.
"""
import asyncio
import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import warnings

import clients_test
import x509_test
from gateway import Gateway, PATIENCE, wait_for

BULK = 10 * 1000 * 1000
KINDS = {"kex": "kexalgorithms", "cipher": "ciphers", "mac": "macs", "comp": "compressionalgorithms",
         "hostkey": "hostkeyalgorithms", "userkey": "pubkeyacceptedalgorithms"}
KEYWORDS = ("KexAlgorithms", "Ciphers", "MACs", "CompressionAlgorithms", "HostKeyAlgorithms",
            "PubkeyAcceptedAlgorithms", "CASignatureAlgorithms")
# no client of Debian or npm has these: a client that has all else is taught the name
TAUGHT = ("hmac-ripemd160-96",)
# tokens and X.509, which have tests of their own
ELSEWHERE = {
    **{n: "ssh with a token of software (certs_test.py)" for n in (
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com",
        "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")},
    **{n: "asyncssh (x509_test.py)" for n in x509_test.NAMES},
    **{n: "paramiko, taught the name (x509_test.py)" for n in ("x509v3-sign-rsa", "x509v3-sign-dss")}}
FILES = {"ssh-ed25519": "ed25519", "ecdsa-sha2-nistp256": "ecdsa", "ecdsa-sha2-nistp384": "ecdsa384",
         "ecdsa-sha2-nistp521": "ecdsa521", "rsa-sha2-512": "rsa", "rsa-sha2-256": "rsa", "ssh-rsa": "rsa", "ssh-dss": "dsa"}


def openssh_has(what):
    return subprocess.run(["ssh", "-Q", what], capture_output=True, text=True, check=True).stdout.split()


def learn_names():
    """asyncssh has HMAC and its tags cut short, but not under each name."""
    from asyncssh import mac
    mac.register_mac_alg(b"hmac-ripemd160-96", 20, 12, False, mac._HMAC,
                         (functools.partial(hashlib.new, "ripemd160"),), False)


class TableTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", *(k + " *" for k in KEYWORDS), start=False)
        for name, kind, bits in (("ecdsa384", "ecdsa", 384), ("ecdsa521", "ecdsa", 521), ("dsa", "dsa", 1024)):
            cls.g.make_key("ssh_host_%s_key" % name, kind, bits, authorize=False)
            cls.g.host_keys += (name,)
        cls.authority = cls.g.make_key("authority", authorize=False)
        for kind in cls.g.host_keys:
            cls.sign("-h", "-n", "gate.test,127.0.0.1", cls.g.path("ssh_host_%s_key" % kind))
            cls.g.lines.append("HostCertificate " + cls.g.path("ssh_host_%s_key-cert.pub" % kind))
        cls.g.lines.append("TrustedUserCAKeys " + cls.authority + ".pub")
        cls.g.write_conf()
        with open(cls.g.path("known_hosts"), "a") as f, open(cls.authority + ".pub") as pub:
            f.write("@cert-authority * " + pub.read())
        cls.make_user_keys()
        cls.data = os.urandom(BULK)
        cls.file = cls.g.path("bulk")
        with open(cls.file, "wb") as f:
            f.write(cls.data)
        cls.g.start()
        cls.names = cls.all_names()
        cls.table = {(kind, n): by for kind in ("hostkey", "userkey") for n, by in ELSEWHERE.items()}

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    @classmethod
    def sign(cls, *options):
        subprocess.run(["ssh-keygen", "-q", "-s", cls.authority, "-I", "test", *options], check=True,
                       stderr=subprocess.DEVNULL)

    @classmethod
    def make_user_keys(cls):
        """Of each kind one that is authorized, and one that has nothing but a certificate."""
        for name, kind, bits in (("ecdsa", "ecdsa", 256), ("ecdsa384", "ecdsa", 384), ("ecdsa521", "ecdsa", 521),
                                 ("rsa", "rsa", 2048), ("dsa", "dsa", 1024), ("ed25519", "ed25519", None)):
            cls.g.make_key("user_" + name, kind, bits)
            cls.sign("-n", cls.g.user, cls.g.make_key("cert_" + name, kind, bits, authorize=False) + ".pub")

    @classmethod
    def all_names(cls):
        shown = subprocess.run([cls.g.program(), "-T", "-f", cls.g.conf], capture_output=True, text=True, check=True)
        shown = dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)
        return {kind: shown[keyword].split(",") for kind, keyword in KINDS.items()}

    def user_key(self, algorithm):
        plain = algorithm.replace("-cert-v01@openssh.com", "")
        return self.g.path(("user_" if plain == algorithm else "cert_") + FILES[plain])

    # ---- the clients: each moves the file and gives what came back ----
    def openssh(self, want, program="ssh"):
        options = ["-o", "KexAlgorithms=" + want["kex"], "-o", "Ciphers=" + want["cipher"], "-o",
                   "HostKeyAlgorithms=" + want["hostkey"], "-o", "PubkeyAcceptedAlgorithms=" + want["userkey"],
                   "-o", "Compression=" + ("no" if want["comp"] == "none" else "yes")]
        options += ["-o", "MACs=" + want["mac"]] if want["mac"] else []
        argv = self.g.ssh_argv("cat", options=options, key=self.user_key(want["userkey"]))
        return subprocess.run([program] + argv[1:], input=self.data, capture_output=True, timeout=60 * PATIENCE)

    def asyncssh(self, want):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import asyncssh
        learn_names()

        async def go():
            async with asyncssh.connect(
                    "127.0.0.1", self.g.port, username=self.g.user, config=None, agent_path=None,
                    client_keys=[self.user_key(want["userkey"])], known_hosts=self.g.path("known_hosts"),
                    kex_algs=[want["kex"]], encryption_algs=[want["cipher"]], mac_algs=[want["mac"]],
                    compression_algs=[want["comp"]], server_host_key_algs=[want["hostkey"]],
                    signature_algs=[want["userkey"]]) as c:
                done = await c.run("cat", input=self.data, encoding=None)
                return subprocess.CompletedProcess("asyncssh", done.exit_status, done.stdout, done.stderr)
        return asyncio.run(asyncio.wait_for(go(), 60 * PATIENCE))

    def plink(self, want):
        """It takes its preferences from a saved session; who offers 3DES gets it in counter mode."""
        home = self.g.path("putty")
        os.makedirs(home + "/.putty/sessions", exist_ok=True)
        with open(home + "/.putty/sessions/table", "w") as f:
            f.write("HostName=127.0.0.1\nPortNumber=%d\nProtocol=ssh\nCipher=3des,WARN\n" % self.g.port)
        subprocess.run(["puttygen", self.user_key(want["userkey"]), "-o", home + "/id.ppk"], check=True)
        with open(self.g.path("ssh_host_ed25519_key.pub")) as f:
            key = f.read().split()[1]
        return subprocess.run(
            ["plink", "-batch", "-noagent", "-load", "table", "-l", self.g.user, "-hostkey", key, "-i",
             home + "/id.ppk", "cat"], input=self.data, capture_output=True, timeout=60 * PATIENCE,
            env={**os.environ, "HOME": home})

    def node(self, script, want, command, **env):
        clients_test.npm_install()
        return subprocess.run(
            ["node", os.path.join(clients_test.NPM, script), str(self.g.port), self.g.user,
             "key:" + self.user_key(want["userkey"]), "exec", command], input=self.data, capture_output=True,
            timeout=60 * PATIENCE, env={**os.environ, "NODE_MODULES": clients_test.NODE_MODULES, **env})

    def ssh2(self, want):
        return self.node("ssh2_client.js", want, "cat", ALGORITHMS=json.dumps(
            {"kex": [want["kex"]], "cipher": [want["cipher"]], "hmac": [want["mac"]], "compress": [want["comp"]],
             "serverHostKey": [want["hostkey"]]}))

    def russh(self, want):
        return self.node("russh_client.js", want, "cat " + self.file, KEX=want["kex"])

    def libssh2(self, want):
        done = subprocess.run(
            [sys.executable, os.path.join(os.path.dirname(__file__), "libssh2_client.py"), str(self.g.port), self.g.user,
             self.user_key(want["userkey"]), self.file, *("%s=%s" % w for w in want.items() if w[0] != "userkey")],
            capture_output=True, timeout=60 * PATIENCE)
        digest, _, done.stdout = done.stdout.partition(b"\n")
        self.assertEqual(digest.decode(), hashlib.sha256(self.data).hexdigest(), done.stderr)
        return done

    def renamed(self, want):
        """ssh with sntrup761x25519-sha512@openssh.com shortened, nothing else; see clients_test.py"""
        with open(shutil.which("ssh"), "rb") as f:
            program = f.read()
        old = b"\0sntrup761x25519-sha512@openssh.com\0"
        path = self.g.path("ssh-sntrup")
        with open(path, "wb") as f:
            f.write(program.replace(old, old[:old.index(b"@")].ljust(len(old), b"\0")))
        os.chmod(path, 0o755)
        return self.openssh(want, path)

    # ---- a connection ----
    BASE = {"kex": "curve25519-sha256", "cipher": "aes128-ctr", "mac": "hmac-sha2-256", "comp": "none",
            "hostkey": "ssh-ed25519", "userkey": "ssh-ed25519"}

    def move(self, client, name, **want):
        """Moves the file with these algorithms, and notes that this client has them."""
        want = {**self.BASE, **want}
        if "gcm" in want["cipher"] or "poly1305" in want["cipher"]:
            want["mac"] = None
        seen = len(self.g.log_lines)
        with self.subTest(name, **want):
            try:
                done = client(want)
            except unittest.SkipTest as why:
                for kind, n in want.items():
                    self.table.setdefault((kind, n), "not seen here: %s" % why)
                raise
            log = self.g.log_lines[seen:]
            self.assertEqual(done.returncode, 0, (done.stderr[-500:], log))
            self.assertTrue(done.stdout == self.data, (len(done.stdout), log))
            line = wait_for(lambda: [l for l in self.g.log_lines[seen:] if " kex=" in l])[0]
            got = dict(re.findall(r"(\w+)=(\S+)", line))
            if "russh" in name:    # has its own mind beyond the key exchange
                want = {"kex": want["kex"]}
            for kind, names in (("kex", ("kex",)), ("hostkey", ("hostkey",)), ("cipher", ("c2s", "s2c")),
                                ("mac", ("mac_c2s", "mac_s2c")), ("comp", ("comp_c2s", "comp_s2c"))):
                for n in names:
                    self.assertEqual(got[n], want.get(kind, got[n]) or "implicit")
            for kind, n in want.items():
                self.table.setdefault((kind, n), name)

    def ours(self, kind, what):
        """What OpenSSH has too, in our order."""
        theirs = set(openssh_has(what))
        return [n for n in self.names[kind] if n in theirs]

    def test_1_openssh(self):
        macs, ciphers = self.ours("mac", "mac"), self.ours("cipher", "cipher")
        # each MAC with a cipher that needs one, CBC among them, and then the AEADs
        plain = itertools.cycle([n for n in ciphers if "gcm" not in n and "poly1305" not in n])
        pairs = [(next(plain), m) for m in macs] + [(n, None) for n in ciphers if "gcm" in n or "poly1305" in n]
        kex, hostkeys = self.ours("kex", "kex"), self.ours("hostkey", "HostKeyAlgorithms")
        users = [n for n in self.ours("userkey", "PubkeyAcceptedAlgorithms") if n not in ELSEWHERE]
        self.assertGreaterEqual(len(pairs), max(len(kex), len(hostkeys), len(users)))
        rows = zip(pairs, itertools.cycle(kex), itertools.cycle(hostkeys), itertools.cycle(users),
                   itertools.cycle(["none", "none", "none", "none", "zlib@openssh.com"]))
        for (cipher, mac), k, h, u, comp in rows:
            self.move(self.openssh, "OpenSSH", cipher=cipher, mac=mac, kex=k, hostkey=h, userkey=u, comp=comp)

    def test_2_asyncssh(self):
        for cipher, mac in (("blowfish-cbc", "hmac-sha2-256"), ("cast128-cbc", "hmac-sha1"),
                            ("arcfour256", "hmac-md5"), ("arcfour128", "hmac-sha1-96"),
                            ("arcfour", "umac-64@openssh.com"), ("aes256-cbc", "hmac-ripemd160-96")):
            self.move(self.asyncssh, "asyncssh, taught the name" if mac in TAUGHT else "asyncssh", cipher=cipher, mac=mac)
        self.move(self.asyncssh, "asyncssh", comp="zlib", kex="diffie-hellman-group-exchange-sha1")

    def test_3_plink(self):
        self.move(self.plink, "PuTTY", cipher="3des-ctr", kex="sntrup761x25519-sha512@openssh.com")

    def test_4_ssh2(self):
        for mac, comp in (("hmac-sha2-256-96", "none"), ("hmac-sha2-512-96", "zlib"), ("hmac-ripemd160", "none")):
            self.move(self.ssh2, "ssh2 (npm)", mac=mac, comp=comp, cipher="aes256-ctr")

    def test_5_libssh2(self):
        self.move(self.libssh2, "libssh2", mac="hmac-ripemd160@openssh.com", cipher="aes128-cbc",
                  kex="diffie-hellman-group14-sha1")

    def test_6_hybrids(self):
        self.move(self.russh, "russh (npm)", kex="mlkem768x25519-sha256")
        if "sntrup761x25519-sha512" not in openssh_has("kex"):
            self.move(self.renamed, "OpenSSH, the name shortened", kex="sntrup761x25519-sha512")

    def test_9_the_table_is_whole(self):
        rows = [(kind, n, self.table.get((kind, n))) for kind, names in self.names.items() for n in names]
        print("\n" + "\n".join("%-8s %-42s %s" % (kind, n, by or "NOBODY") for kind, n, by in rows))
        self.assertEqual([r for r in rows if r[2] is None], [])


if __name__ == "__main__":
    unittest.main()
