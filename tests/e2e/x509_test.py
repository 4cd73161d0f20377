"""X.509 certificates: users by key, certificate and authority, and hosts.

asyncssh is the client of RFC 6187. The form before it (x509v3-sign-rsa, x509v3-sign-dss) no client of Debian or npm has:
paramiko is taught its two names, and how a certificate lies in a key; all else is paramiko's.
"""
import asyncio
import base64
import os
import signal
import struct
import subprocess
import unittest
import warnings

from gateway import Gateway, PATIENCE, wait_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import asyncssh
    import paramiko

BULK = 10 * 1000 * 1000
NAMES = ("x509v3-rsa2048-sha256", "x509v3-ssh-rsa", "x509v3-ssh-dss", "x509v3-ecdsa-sha2-nistp256",
         "x509v3-ecdsa-sha2-nistp384", "x509v3-ecdsa-sha2-nistp521")
KINDS = {"rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
         "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "ec384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
         "ec521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]}
KEY_OF = {"x509v3-ssh-dss": "dsa", "x509v3-ecdsa-sha2-nistp256": "ec", "x509v3-ecdsa-sha2-nistp384": "ec384",
          "x509v3-ecdsa-sha2-nistp521": "ec521", "x509v3-sign-dss": "dsa"}


def openssl(*argv, **options):
    return subprocess.run(["openssl", *argv], check=True, capture_output=True, **options).stdout


class Authority:
    """An authority in a folder, by openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.key, self.cert = self.path("ca.key"), self.path("ca.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.cert, "-subj", "/CN=ca")

    def path(self, name):
        return os.path.join(self.folder, name)

    def ssh_key(self):
        public = openssl("x509", "-in", self.cert, "-noout", "-pubkey").decode()
        with open(self.path("ca.pub.pem"), "w") as f:
            f.write(public)
        return subprocess.run(["ssh-keygen", "-i", "-m", "PKCS8", "-f", self.path("ca.pub.pem")], check=True,
                              capture_output=True, text=True).stdout.strip()

    def make_key(self, name, kind):
        key = self.path(name + ".key")
        if kind == "dsa":
            # openssl(1) makes its q longer than SSH takes it
            subprocess.run(["ssh-keygen", "-q", "-t", "dsa", "-m", "PEM", "-N", "", "-f", key], check=True)
        else:
            openssl("genpkey", *KINDS[kind], "-out", key)
        os.chmod(key, 0o600)
        return key

    def issue(self, name, kind, subject, days="30", usage="keyUsage=digitalSignature", digest="-sha256"):
        """Gives the paths of a key and its certificate."""
        key, cert = self.make_key(name, kind), self.path(name + ".pem")
        request = openssl("req", "-new", "-key", key, "-subj", subject)
        with open(self.path(name + ".ext"), "w") as f:
            f.write(usage + "\n")
        openssl("x509", "-req", "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", digest, "-days", days,
                "-extfile", self.path(name + ".ext"), "-out", cert, input=request)
        return key, cert


def der(cert):
    return openssl("x509", "-in", cert, "-outform", "DER")


def string(b):
    return struct.pack(">I", len(b)) + b


class X509Key(paramiko.PKey):
    """paramiko's key of the form before RFC 6187; host is what came from the gateway, or key and cert are ours."""

    def __init__(self, name, inner, cert):
        self.name, self.inner, self.cert = name, inner, cert
        self.public_blob = None

    @classmethod
    def of_host(cls, name, make):
        def read(msg):
            assert msg.get_text() == name
            cert = msg.get_binary()
            public = openssl("x509", "-inform", "DER", "-noout", "-pubkey", input=cert)
            done = subprocess.run(["ssh-keygen", "-i", "-m", "PKCS8", "-f", "/dev/stdin"], input=public, check=True,
                                  capture_output=True)
            return cls(name, make(data=base64.b64decode(done.stdout.split()[1])), cert)
        return read

    def get_name(self):
        return self.name

    def asbytes(self):
        return string(self.name.encode()) + string(self.cert)

    def get_bits(self):
        return self.inner.get_bits()

    def can_sign(self):
        return True

    def sign_ssh_data(self, data, algorithm=None):
        plain = self.inner.sign_ssh_data(data, "ssh-rsa") if "rsa" in self.name else self.inner.sign_ssh_data(data)
        said = paramiko.Message(plain.asbytes())
        said.get_text()
        message = paramiko.Message()
        message.add_string(self.name)
        message.add_string(said.get_binary())
        return message

    def verify_ssh_sig(self, data, msg):
        assert msg.get_text() == self.name
        plain = paramiko.Message()
        plain.add_string("ssh-rsa" if "rsa" in self.name else "ssh-dss")
        plain.add_string(msg.get_binary())
        return self.inner.verify_ssh_sig(data, paramiko.Message(plain.asbytes()))


class X509Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "PubkeyAcceptedAlgorithms +x509v3-*,ssh-rsa,ssh-dss",
                        "HostKeyAlgorithms +x509v3-*", "CASignatureAlgorithms rsa-sha2-256", start=False)
        cls.ca = Authority(cls.g.path("."))
        cls.hosts = {}
        for kind in ("rsa", "dsa", "ec", "ec384", "ec521"):
            key, cert = cls.ca.issue("host_" + kind, kind, "/CN=127.0.0.1", usage="subjectAltName=IP:127.0.0.1")
            # PEM: the key, then its certificate
            with open(key, "a") as f, open(cert) as c:
                f.write(c.read())
            cls.hosts[kind] = cert
            cls.g.lines.append("HostKey " + key)
        cls.keys = {kind: cls.ca.issue("user_" + kind, kind, "/CN=" + cls.g.user) for kind in ("rsa", "dsa", "ec", "ec384", "ec521")}
        cls.g.write_conf()
        cls.g.start()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def allow(self, *lines):
        """Makes authorized_keys of these lines; what the gateway kept of the account is forgotten by a reload."""
        with open(self.g.path("authorized_keys"), "w") as f:
            f.writelines(line + "\n" for line in lines)

        def reloads():
            return sum("configuration reloaded" in line for line in self.g.log_lines)
        before = reloads()
        self.g.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: reloads() > before))

    def plain(self, key):
        done = subprocess.run(["ssh-keygen", "-y", "-f", key], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    # ---- asyncssh ----
    def login(self, pair, algorithm, **options):
        """Whether it gets in."""
        async def go():
            async with asyncssh.connect("127.0.0.1", self.g.port, username=self.g.user, config=None, agent_path=None,
                                        client_keys=[pair], signature_algs=[algorithm], compression_algs=["none"],
                                        **{"known_hosts": None, **options}) as c:
                return (await c.run("echo in")).stdout == "in\n"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return asyncio.run(asyncio.wait_for(go(), 60 * PATIENCE))
        except asyncssh.PermissionDenied:
            return False

    def refused(self, pair, why):
        seen = len(self.g.log_lines)
        self.assertFalse(self.login(pair, "x509v3-rsa2048-sha256"))
        self.assertTrue(self.g.wait_log(why), self.g.log_lines[seen:])

    def test_a_certificate_counts_as_its_key(self):
        for name in NAMES:
            with self.subTest(name):
                pair = self.keys[KEY_OF.get(name, "rsa")]
                self.allow(*(self.plain(k[0]) for k in self.keys.values() if k != pair))
                self.assertFalse(self.login(pair, name))
                self.allow(self.plain(pair[0]))
                self.assertTrue(self.login(pair, name), self.g.log_lines[-10:])

    def test_a_certificate_may_stand_in_authorized_keys_itself(self):
        pair = self.keys["ec"]
        blob = string(b"x509v3-ecdsa-sha2-nistp256") + struct.pack(">I", 1) + string(der(pair[1])) + struct.pack(">I", 0)
        self.allow("x509v3-ecdsa-sha2-nistp256 %s user@host" % base64.b64encode(blob).decode())
        self.assertTrue(self.login(pair, "x509v3-ecdsa-sha2-nistp256"))
        other = self.ca.issue("other_ec", "ec", "/CN=" + self.g.user)
        self.assertFalse(self.login(other, "x509v3-ecdsa-sha2-nistp256"))

    def test_an_authority_lets_in_whom_it_names(self):
        self.allow("cert-authority " + self.ca.ssh_key())
        for kind, name in (("rsa", "x509v3-rsa2048-sha256"), ("ec", "x509v3-ecdsa-sha2-nistp256")):
            self.assertTrue(self.login(self.keys[kind], name), self.g.log_lines[-10:])
        self.refused(self.ca.issue("stranger", "rsa", "/CN=stranger"), "common name is not the user's")

    def test_a_subject_is_asked_for_as_openssl_prints_it(self):
        pair = self.ca.issue("subject", "rsa", "/C=DE/O=Example/CN=somebody")
        printed = openssl("x509", "-in", pair[1], "-noout", "-subject").decode().strip()[len("subject="):]
        for text in ("/C=DE/O=Example/CN=somebody", printed):
            with self.subTest(text):
                self.allow('cert-authority,subject="%s" %s' % (text, self.ca.ssh_key()))
                self.assertTrue(self.login(pair, "x509v3-rsa2048-sha256"), self.g.log_lines[-10:])
        self.refused(self.keys["rsa"], "has another subject")

    def test_certificates_that_are_no_good_are_refused(self):
        self.allow("cert-authority " + self.ca.ssh_key())
        user = "/CN=" + self.g.user
        self.refused(self.ca.issue("old", "rsa", user, days="-1"), "has expired")
        self.refused(self.ca.issue("server", "rsa", user, usage="extendedKeyUsage=serverAuth"), "usage does not allow")
        self.refused(self.ca.issue("critical", "rsa", user, usage="1.2.3.4=critical,DER:0500"), "critical extension")
        self.refused(self.ca.issue("sha1", "rsa", user, digest="-sha1"), "CASignatureAlgorithms does not have")
        os.mkdir(self.g.path("evil"))
        self.assertFalse(self.login(Authority(self.g.path("evil")).issue("forged", "rsa", user), "x509v3-rsa2048-sha256"))
        # also where the line names the key
        key, cert = self.ca.path("old.key"), self.ca.path("old.pem")
        self.allow(self.plain(key))
        self.refused((key, cert), "has expired")

    def test_without_the_setting_nobody_gets_in_by_one(self):
        with Gateway("LogLevel VERBOSE") as g:
            pair = self.keys["ec"]
            g.authorize(self.plain(pair[0]))
            self.g, kept = g, self.g
            try:
                self.assertFalse(self.login(pair, "x509v3-ecdsa-sha2-nistp256"))
            finally:
                self.g = kept

    # ---- hosts ----
    def test_a_host_is_known_by_its_authority(self):
        self.allow(self.plain(self.keys["ec"][0]))
        for name in NAMES:
            with self.subTest(name):
                seen = len(self.g.log_lines)
                self.assertTrue(self.login(self.keys["ec"][0], "ecdsa-sha2-nistp256", server_host_key_algs=[name],
                                           known_hosts=([], [], [], [self.ca.cert], [], [], []), x509_trusted_certs=[self.ca.cert],
                                           x509_purposes="any"), self.g.log_lines[seen:])
                self.assertTrue([l for l in self.g.log_lines[seen:] if " hostkey=%s " % name in l])

    # ---- the form before RFC 6187 ----
    def test_the_older_form_is_spoken_by_users_and_hosts(self):
        for name, make in (("x509v3-sign-rsa", paramiko.RSAKey), ("x509v3-sign-dss", paramiko.DSSKey)):
            with self.subTest(name):
                pair = self.keys[KEY_OF.get(name, "rsa")]
                self.allow(self.plain(pair[0]))
                seen = len(self.g.log_lines)
                self.assertTrue(self.paramiko(X509Key(name, make.from_private_key_file(self.pem(pair[0])), der(pair[1])), make),
                                self.g.log_lines[seen:])
                self.assertTrue([l for l in self.g.log_lines[seen:] if " hostkey=%s " % name in l])

    def pem(self, key):
        """As paramiko reads it: PKCS#1; DSA's own it is already."""
        with open(key) as f:
            if "BEGIN PRIVATE KEY" not in f.read():
                return key
        openssl("pkey", "-in", key, "-traditional", "-out", key + ".old")
        return key + ".old"

    def paramiko(self, key, make):
        transport = paramiko.Transport(("127.0.0.1", self.g.port))
        transport._key_info = {**transport._key_info, key.name: X509Key.of_host(key.name, make)}
        transport._preferred_keys = (key.name,)
        transport._preferred_pubkeys = (key.name,)
        try:
            transport.start_client(timeout=20 * PATIENCE)
            transport.auth_publickey(self.g.user, key)
            with transport.open_session() as session:
                session.exec_command("echo in")
                return session.makefile("rb").read() == b"in\n"
        finally:
            transport.close()


if __name__ == "__main__":
    unittest.main()
