"""Certificates of users, made by ssh-keygen and used by the stock client: whom they let in, and why they do not."""
import asyncio
import base64
import os
import pwd
import re
import signal
import subprocess
import unittest

import asyncssh
import paramiko

from authority import PRESENT, VERIFIED, Agent, Authority, SecurityKey, fingerprint, keygen
from gateway import AS_ROOT, Gateway, wait_for

needs_root = unittest.skipUnless(AS_ROOT, "another account's rights are for root only")


class Certs(unittest.TestCase):
    """A gateway that trusts one authority; tests add what they need to lines."""
    lines = []

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway(start=False)
        cls.ca = Authority(cls.g.dir, "ca")
        cls.other = Authority(cls.g.dir, "other_ca")
        with open(cls.g.path("cas"), "w") as f:
            f.write("# whom we trust\n%s the office\n" % cls.ca.public())
        cls.prepare()
        cls.g.lines += ["TrustedUserCAKeys " + cls.g.path("cas"), *cls.lines]
        cls.g.write_conf()
        cls.g.start()

    @classmethod
    def prepare(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def take(self, key, *command, options=()):
        done = self.g.ssh(*(command or ("echo in",)), key=key, options=options)
        self.assertEqual(done.returncode, 0, (done.stderr, self.g.log()))
        return done.stdout.strip().decode()

    def log_after(self, before, pattern):
        """What was logged since, once a line of it matches."""
        def text():
            return "\n".join(self.g.log_lines[before:])
        self.assertTrue(wait_for(lambda: re.search(pattern, text())), self.g.log())
        return text()

    def refuse(self, key, why, options=()):
        """The client learns nothing; the log says why."""
        before = len(self.g.log_lines)
        done = self.g.ssh("true", key=key, options=options)
        self.assertEqual(done.returncode, 255, self.g.log())
        self.assertRegex(done.stderr, rb"Permission denied \([a-z,-]+\)\.")
        lines = self.log_after(before, "end client=")
        self.assertRegex(lines, why)
        self.assertNotIn("Accepted", lines)


class TrustTest(Certs):
    @classmethod
    def prepare(cls):
        cls.g.authorize("cert-authority,principals=\"ops,dev\" " + cls.other.public())

    def test_a_certificate_lets_its_principal_in_and_is_logged(self):
        key = self.ca.sign(self.g.user, serial=77, key_id="alice@office")
        self.assertEqual(self.take(key), "in")
        self.assertTrue(self.g.wait_log(
            r"Accepted publickey for %s from 127\.0\.0\.1 port \d+ key=%s ID alice@office \(serial 77\) CA %s" % (
                self.g.user, re.escape(fingerprint(key + ".pub")), re.escape(self.ca.fingerprint()))))

    def test_every_kind_of_key(self):
        for kind in ("ecdsa", "rsa"):
            self.assertEqual(self.take(self.ca.sign("x," + self.g.user, kind=kind)), "in")

    def test_every_kind_of_authority(self):
        for kind in ("ecdsa", "rsa"):
            ca = Authority(self.g.dir, "ca_" + kind, kind)
            self.g.authorize("cert-authority " + ca.public())
            self.assertEqual(self.take(ca.sign(self.g.user)), "in")

    def test_the_key_alone_does_not_open(self):
        self.refuse(self.ca.key_pair(), "end client=")

    def test_an_expired_one(self):
        self.refuse(self.ca.sign(self.g.user, "-V", "20200101:20200102"), "certificate has expired")

    def test_one_that_is_not_yet_valid(self):
        self.refuse(self.ca.sign(self.g.user, "-V", "+1d:+2d"), "certificate is not yet valid")

    def test_another_principal(self):
        self.refuse(self.ca.sign("somebody,else"), "does not name an authorized principal")

    def test_no_principal_at_all(self):
        self.refuse(self.ca.sign(None), "certificate names no principals")

    def test_another_authority(self):
        ca = Authority(self.g.dir, "stranger_ca")
        key = ca.sign(self.g.user, serial=5, key_id="mallory")
        self.refuse(key, r"certificate ID mallory \(serial 5\) CA %s not used: its authority is not trusted" %
                    re.escape(ca.fingerprint()))

    def test_a_certificate_of_a_host(self):
        # the stock client does not even offer it
        self.assertFalse(self.paramiko_login(self.ca.sign(self.g.user, "-h")))
        self.assertTrue(self.g.wait_log("certificate is not for users"))

    def test_an_unknown_critical_option(self):
        key = self.ca.sign(self.g.user, "-O", "critical:launch@example.com=now")
        self.refuse(key, "critical option that is not known")

    def test_an_unknown_extension_is_nothing(self):
        self.take(self.ca.sign(self.g.user, "-O", "extension:note@example.com=x"))

    def test_source_address(self):
        self.take(self.ca.sign(self.g.user, "-O", "source-address=127.0.0.0/8,::1"))
        self.refuse(self.ca.sign(self.g.user, "-O", "source-address=192.0.2.0/24"), "not allowed from this address")

    def test_force_command(self):
        key = self.ca.sign(self.g.user, "-O", "force-command=echo forced $SSH_ORIGINAL_COMMAND")
        self.assertEqual(self.take(key, "id"), "forced id")

    def test_extensions_permit(self):
        bare = self.ca.sign(self.g.user, "-O", "clear")
        done = self.g.ssh("tty", key=bare, options=["-tt"])
        self.assertIn(b"PTY allocation request failed", done.stderr)
        done = self.g.ssh(key=bare, options=["-W", "127.0.0.1:%d" % self.g.port])
        self.assertNotEqual(done.returncode, 0)
        with_pty = self.ca.sign(self.g.user, "-O", "clear", "-O", "permit-pty")
        self.assertIn("/dev/pts/", self.take(with_pty, "tty", options=["-tt"]))
        forwards = self.ca.sign(self.g.user, "-O", "clear", "-O", "permit-port-forwarding")
        done = self.g.ssh(key=forwards, options=["-W", "127.0.0.1:%d" % self.g.port])
        self.assertTrue(done.stdout.startswith(b"SSH-2.0-"), done)

    def test_a_line_of_the_users_own_names_principals(self):
        self.take(self.other.sign("dev"))
        self.take(self.other.sign("x,ops"))
        self.refuse(self.other.sign(self.g.user), "by .*authorized_keys:\\d+ not used: certificate does not name")
        self.refuse(self.other.sign("de"), "does not name an authorized principal")

    def test_options_of_the_line_and_the_certificate_both_hold(self):
        ca = Authority(self.g.dir, "narrow_ca")
        self.g.authorize("cert-authority,no-pty,command=\"echo line\" " + ca.public())
        self.assertEqual(self.take(ca.sign(self.g.user)), "line")
        self.assertEqual(self.take(ca.sign(self.g.user, "-O", "force-command=echo line")), "line")
        self.refuse(ca.sign(self.g.user, "-O", "force-command=echo other"), "force different commands")
        ca = Authority(self.g.dir, "from_ca")
        self.g.authorize("cert-authority,from=\"192.0.2.1\" " + ca.public())
        self.refuse(ca.sign(self.g.user), "not allowed from this address")

    def test_principals_without_cert_authority_open_nothing(self):
        key = self.g.make_key("principals", options="principals=\"%s\"" % self.g.user)
        self.refuse(key, "principals without cert-authority")

    def test_an_authority_itself_does_not_log_in(self):
        self.refuse(self.ca.key, "Failed publickey|end client")
        self.refuse(self.other.key, "end client")

    def test_a_changed_certificate(self):
        key = self.ca.sign(self.g.user)
        with open(key + "-cert.pub") as f:
            kind, text = f.read().split()[:2]
        blob = bytearray(base64.b64decode(text))
        at = blob.index(self.g.user.encode())
        blob[at] ^= 1
        with open(key + "-cert.pub", "w") as f:
            f.write("%s %s\n" % (kind, base64.b64encode(bytes(blob)).decode()))
        # the stock client verifies what it loads: paramiko does not
        self.assertFalse(self.paramiko_login(key))
        self.assertTrue(self.g.wait_log("certificate's signature does not verify"))

    def paramiko_login(self, key):
        loaded = paramiko.Ed25519Key.from_private_key_file(key)
        loaded.load_certificate(key + "-cert.pub")
        transport = paramiko.Transport(("127.0.0.1", self.g.port))
        try:
            transport.start_client(timeout=30)
            transport.auth_publickey(self.g.user, loaded)
            return transport.is_authenticated()
        except paramiko.SSHException:
            return False
        finally:
            transport.close()

    def test_paramiko_and_asyncssh(self):
        key = self.ca.sign(self.g.user)
        self.assertTrue(self.paramiko_login(key), self.g.log())

        async def login():
            async with asyncssh.connect("127.0.0.1", self.g.port, username=self.g.user, known_hosts=None,
                                        agent_path=None, client_keys=[(key, key + "-cert.pub")]) as client:
                return (await client.run("echo in")).stdout
        self.assertEqual(asyncio.run(login()), "in\n")


class AlgorithmsTest(Certs):
    lines = ["CASignatureAlgorithms ecdsa-sha2-nistp256", "PubkeyAcceptedAlgorithms *-cert-v01@openssh.com"]

    def test_the_authoritys_algorithm(self):
        ca = Authority(self.g.dir, "ecdsa_ca", "ecdsa")
        self.g.authorize("cert-authority " + ca.public())
        self.take(ca.sign(self.g.user))
        # a client with RSA keys asks by the plain names, which must be told although no plain key is accepted
        self.take(ca.sign(self.g.user, kind="rsa"))
        self.refuse(self.ca.sign(self.g.user), "CASignatureAlgorithms does not have")

    def test_plain_keys_are_not_accepted(self):
        self.refuse(self.g.key, "end client")


class RevokedTest(Certs):
    @classmethod
    def prepare(cls):
        g = cls.g
        cls.by_serial = [cls.ca.sign(g.user, serial=n) for n in (10, 11, 25, 90)]
        cls.free = [cls.ca.sign(g.user, serial=n) for n in (9, 12, 31)]
        cls.by_id = cls.ca.sign(g.user, serial=1000, key_id="lost laptop")
        cls.by_key = cls.ca.sign(g.user, serial=1001)
        cls.by_hash = cls.ca.sign(g.user, serial=1002)
        cls.by_sha1 = cls.ca.sign(g.user, serial=1003)
        cls.plain = g.make_key("plain_revoked")
        cls.bad_ca = Authority(g.dir, "bad_ca")
        g.authorize("cert-authority " + cls.bad_ca.public())
        with open(g.path("spec"), "w") as f:
            f.write("serial: 10-11\nserial: 20-30\nserial: 90\nid: lost laptop\n")
            for word, key in (("key", cls.by_key), ("key", cls.plain), ("sha256", cls.by_hash),
                              ("sha1", cls.by_sha1), ("key", cls.bad_ca.key)):
                with open(key + ".pub") as pub:
                    f.write("%s: %s" % (word, pub.read()))
        keygen("-k", "-f", g.path("krl"), "-s", cls.ca.key + ".pub", g.path("spec"))
        cls.lines = ["RevokedKeys " + g.path("krl")]

    def test_what_is_not_in_it_opens(self):
        for key in self.free:
            self.take(key)
        self.take(self.g.key)

    def test_by_serial_number(self):
        for key in self.by_serial:
            self.refuse(key, "certificate is revoked by its serial number")

    def test_by_key_id(self):
        self.refuse(self.by_id, "certificate is revoked by its key ID")

    def test_by_key_and_fingerprints(self):
        for key in (self.by_key, self.by_hash, self.by_sha1):
            self.refuse(key, "not used: key is revoked")
        self.refuse(self.plain, "key not used: key is revoked")

    def test_by_authority(self):
        self.refuse(self.bad_ca.sign(self.g.user), "certificate authority is revoked")


class RevokedListTest(Certs):
    """A plain list; a reload takes a new one, a bad one changes nothing."""
    @classmethod
    def prepare(cls):
        cls.first, cls.second = cls.g.make_key("first"), cls.ca.sign(cls.g.user)
        cls.write(cls.first)
        cls.lines = ["RevokedKeys " + cls.g.path("revoked")]

    @classmethod
    def write(cls, *keys):
        with open(cls.g.path("revoked"), "w") as f:
            f.write("# out\n\n")
            for key in keys:
                with open(key + ".pub") as pub:
                    f.write(pub.read())

    def reload(self, pattern):
        before = len(self.g.log_lines)
        self.g.process.send_signal(signal.SIGHUP)
        self.log_after(before, pattern)

    def test_reloads(self):
        self.refuse(self.first, "key not used: key is revoked")
        self.take(self.second)
        self.write(self.second)
        self.reload("configuration reloaded")
        self.take(self.first)
        self.refuse(self.second, "key is revoked")
        with open(self.g.path("revoked"), "a") as f:
            f.write("ssh-ed25519 AAAAtypo\n")
        self.reload(r"RevokedKeys: .*revoked:4: not a public key(.|\n)*everything stays as it was")
        self.refuse(self.second, "key is revoked")
        os.unlink(self.g.path("revoked"))
        self.reload(r"RevokedKeys: .*cannot be opened(.|\n)*everything stays as it was")
        self.take(self.first)


class PrincipalsFileTest(Certs):
    @classmethod
    def prepare(cls):
        with open(cls.g.path("principals"), "w") as f:
            f.write("# roles\nadmins\ncommand=\"echo as operator\",no-pty operators\n"
                    "from=\"192.0.2.1\" \t far\ncert-authority odd\n\t  \nnonsense=1 broken\n")
        cls.lines = ["AuthorizedPrincipalsFile " + cls.g.path("principals")]

    def test_names_of_the_file_count_and_the_users_own_does_not(self):
        self.assertEqual(self.take(self.ca.sign("admins")), "in")
        self.refuse(self.ca.sign(self.g.user), "does not name an authorized principal")
        self.refuse(self.ca.sign("nobody"), "does not name an authorized principal")

    def test_options_of_a_name(self):
        self.assertEqual(self.take(self.ca.sign("operators"), "id"), "as operator")
        self.refuse(self.ca.sign("far"), "by .*principals:4 not used: key not allowed from this address")
        self.refuse(self.ca.sign("odd"), "cert-authority before a principal")
        self.refuse(self.ca.sign("broken"), "unknown option")
        # another name of the same certificate may be good
        self.assertEqual(self.take(self.ca.sign("far,admins")), "in")


def script(g, name, text):
    """A program in a folder that belongs to root all the way up, as commands must."""
    path = os.path.join(g.commands, name)
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


class Commands(Certs):
    @classmethod
    def setUpClass(cls):
        folder = "/var/lib" if AS_ROOT else os.path.expanduser("~")
        cls.commands = subprocess.run(["mktemp", "-d", folder + "/sallyport-test-XXXXXX"], check=True,
                                      capture_output=True, text=True).stdout.strip()
        os.chmod(cls.commands, 0o755)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        subprocess.run(["rm", "-r", cls.commands], check=True)

    @classmethod
    def runs_as(cls):
        return "nobody" if AS_ROOT else cls.g.user


@needs_root
class PrincipalsCommandTest(Commands):
    @classmethod
    def prepare(cls):
        cls.g.commands = cls.commands
        path = script(cls.g, "principals", 'test "$5" = 42 || exit 1\n'
                      'test "$4" = \'a b;c $(id)\' || exit 0\n'
                      'echo "command=\\"echo $(id -un) $1 $2 $3 $6 $7 $8 $#\\" role-of-$1"\n')
        cls.lines = ["AuthorizedPrincipalsCommand %s %%u %%h %%U %%i %%s %%T %%F \"%%t x\"" % path,
                     "AuthorizedPrincipalsCommandUser " + cls.runs_as()]

    def test_it_lists_names_with_options(self):
        key = self.ca.sign("role-of-" + self.g.user, serial=42, key_id="a b;c $(id)")
        entry = pwd.getpwnam(self.g.user)
        self.assertEqual(self.take(key, "id"), "nobody %s %s %d ssh-ed25519 %s %s x 8" % (
            entry.pw_name, entry.pw_dir, entry.pw_uid, self.ca.fingerprint(), "ssh-ed25519-cert-v01@openssh.com"))
        self.assertNotIn("not used", self.g.log())
        self.refuse(self.ca.sign("role-of-somebody", serial=42), "does not name an authorized principal")
        self.refuse(self.ca.sign("role-of-" + self.g.user, serial=43), "ended with status 1")


@needs_root
class KeysCommandTest(Commands):
    @classmethod
    def prepare(cls):
        cls.g.commands = cls.commands
        g = cls.g
        cls.listed, cls.failing, cls.slow = (g.make_key(n, authorize=False) for n in ("listed", "failing", "slow"))
        cls.endless = g.make_key("endless", authorize=False)
        print_of = {k: fingerprint(k + ".pub") for k in (cls.listed, cls.failing, cls.slow, cls.endless)}
        path = script(g, "keys", 'case "$4" in\n'
                      '%s) echo "command=\\"echo $1 $(id -un) $HOME $#\\" $2 $3" ;;\n'
                      '%s) echo "$2 $3"; exit 3 ;;\n'
                      '%s) sleep 60 & sleep 60; echo "$2 $3" ;;\n'
                      '%s) while :; do echo "$2 $3"; done ;;\n'
                      '*) echo "cert-authority %s" ;;\nesac\n' % (
                          print_of[cls.listed], print_of[cls.failing], print_of[cls.slow], print_of[cls.endless],
                          cls.other.public()))
        cls.lines = ["AuthorizedKeysCommand %s %%u %%t %%k %%f" % path,
                     "AuthorizedKeysCommandUser " + cls.runs_as()]

    def test_it_lists_keys_with_options(self):
        self.assertEqual(self.take(self.listed, "id"), "%s nobody /nonexistent 4" % self.g.user)
        self.assertEqual(self.take(self.g.key), "in")  # of the file: nothing is run

    def test_it_lists_authorities(self):
        self.take(self.other.sign(self.g.user))

    def test_what_fails_lists_nothing(self):
        self.refuse(self.failing, "keys: ended with status 3")

    def test_what_takes_too_long_is_killed(self):
        self.refuse(self.slow, "killed: it took longer than 10 seconds")
        left = subprocess.run(["pgrep", "-u", "nobody", "-f", self.commands], capture_output=True)
        self.assertEqual(left.stdout, b"")

    def test_what_prints_too_much_is_killed(self):
        self.refuse(self.endless, "killed: it printed more than")

    def test_an_unknown_user_is_answered_alike(self):
        before = len(self.g.log_lines)
        done = self.g.ssh("true", key=self.listed, user="no-such-user")
        self.assertEqual(done.returncode, 255)
        self.assertNotIn("Accepted", "\n".join(self.g.log_lines[before:]))


@needs_root
class UnsafeCommandTest(Commands):
    @classmethod
    def prepare(cls):
        cls.g.commands = cls.commands
        path = script(cls.g, "loose", "echo never\n")
        os.chmod(path, 0o777)
        cls.lines = ["AuthorizedKeysCommand " + path, "AuthorizedKeysCommandUser " + cls.runs_as()]

    def test_a_program_that_others_could_change_is_not_run(self):
        self.refuse(self.g.make_key("any", authorize=False), r"loose: bad owner or modes \(chown root, chmod go-w\)")


class SecurityKeyTest(Certs):
    """Security keys made of software behind an agent; the client is stock ssh."""

    def login(self, key, options="", cert=None, by=None):
        name = self.g.path("sk%d" % len(os.listdir(self.g.dir)))
        with open(name + ".pub", "w") as f:
            f.write("%s %s\n" % (key.type.decode(), base64.b64encode(key.blob).decode()))
        if cert is not None:
            (by or self.ca).sign(self.g.user, *cert, key=name)
        else:
            with open(name + ".pub") as f:
                self.g.authorize((options + " " if options else "") + f.read())
        with Agent(name + ".sock", key):
            extra = ["-o", "CertificateFile=%s-cert.pub" % name] if cert is not None else []
            done = self.g.ssh("echo in", key=name + ".pub",
                              options=["-o", "IdentityAgent=" + name + ".sock", *extra])
        return done.returncode == 0 and done.stdout == b"in\n"

    def refused(self, key, why, *args, **kw):
        before = len(self.g.log_lines)
        self.assertFalse(self.login(key, *args, **kw), self.g.log())
        self.assertRegex("\n".join(self.g.log_lines[before:]), why)

    def test_both_kinds_open(self):
        for kind in ("sk-ed25519", "sk-ecdsa"):
            key = SecurityKey(kind)
            self.assertTrue(self.login(key), self.g.log())

    def test_touch_is_required_unless_the_key_says_otherwise(self):
        for kind in ("sk-ed25519", "sk-ecdsa"):
            key = SecurityKey(kind)
            key.flags = 0
            self.refused(key, "security key was not touched")
            key = SecurityKey(kind)
            key.flags = 0
            self.assertTrue(self.login(key, "no-touch-required"), self.g.log())

    def test_verify_required(self):
        for kind in ("sk-ed25519", "sk-ecdsa"):
            key = SecurityKey(kind)
            self.refused(key, "security key did not verify its user", "verify-required")
            key = SecurityKey(kind)
            key.flags = PRESENT | VERIFIED
            self.assertTrue(self.login(key, "verify-required"), self.g.log())

    def test_another_application_does_not_verify(self):
        key = SecurityKey("sk-ed25519")
        key.application = b"ssh:elsewhere"
        self.refused(key, "Failed publickey .*: signature does not verify")

    def test_certificates_of_them(self):
        for kind in ("sk-ed25519", "sk-ecdsa"):
            key = SecurityKey(kind)
            self.assertTrue(self.login(key, cert=()), self.g.log())
            key = SecurityKey(kind)
            key.flags = 0
            self.refused(key, "security key was not touched", cert=())
            key = SecurityKey(kind)
            key.flags = 0
            self.assertTrue(self.login(key, cert=("-O", "no-touch-required")), self.g.log())
            key = SecurityKey(kind)
            self.refused(key, "did not verify its user", cert=("-O", "verify-required"))

    def test_a_line_and_a_certificate_without_touch(self):
        self.g.authorize("cert-authority,no-touch-required " + self.other.public())
        key = SecurityKey("sk-ed25519")
        key.flags = 0
        self.assertTrue(self.login(key, cert=("-O", "no-touch-required"), by=self.other), self.g.log())
        self.refused(key, "security key was not touched", cert=(), by=self.other)
        ca = Authority(self.g.dir, "touch_ca")
        self.g.authorize("cert-authority " + ca.public())
        self.refused(key, "security key was not touched", cert=("-O", "no-touch-required"), by=ca)


class PubkeyAuthOptionsTest(SecurityKeyTest):
    """The operator demands both of everybody."""
    lines = ["PubkeyAuthOptions touch-required verify-required"]

    def test_both_kinds_open(self):
        key = SecurityKey("sk-ed25519")
        self.refused(key, "did not verify its user")
        key.flags = PRESENT | VERIFIED
        self.assertTrue(self.login(key), self.g.log())

    def test_touch_is_required_unless_the_key_says_otherwise(self):
        key = SecurityKey("sk-ecdsa")
        key.flags = VERIFIED
        self.refused(key, "security key was not touched", "no-touch-required")

    def test_certificates_of_them(self):
        key = SecurityKey("sk-ecdsa")
        self.refused(key, "did not verify its user", cert=())

    def test_a_line_and_a_certificate_without_touch(self):
        key = SecurityKey("sk-ed25519")
        key.flags = VERIFIED
        self.refused(key, "security key was not touched", cert=("-O", "no-touch-required"))

    def test_others_keys_are_not_asked(self):
        self.assertEqual(self.take(self.g.key), "in")


class PolicyTest(Certs):
    """A script judges by what a proved certificate says; the rules hold all the same."""
    @classmethod
    def prepare(cls):
        with open(cls.g.path("policy.lua"), "w") as f:
            f.write("""
function on_user_auth_request(conn, auth)
  local v = auth.verified
  if auth.method ~= "publickey" or auth.probe then return end
  log("info", "cert " .. tostring(v.cert_key_id) .. " " .. tostring(v.cert_serial) .. " " ..
    (v.cert_principals and v.cert_principals[1] .. "+" .. v.cert_principals[2] or "nil") .. " " .. tostring(v.cert_ca))
  if v.cert_key_id == "lent out" then return refuse{ reason = "certificate was lent out" } end
  return accept{}
end
""")
        cls.lines = ["PolicyScript " + cls.g.path("policy.lua")]

    def test_what_is_proved_is_told(self):
        before = len(self.g.log_lines)
        self.take(self.ca.sign(self.g.user + ",second", serial=9000, key_id="alice@office"))
        self.log_after(before, re.escape("cert alice@office 9000 %s+second %s" % (self.g.user, self.ca.fingerprint())))
        before = len(self.g.log_lines)
        self.take(self.g.key)
        self.log_after(before, "cert nil nil nil nil")

    def test_a_script_refuses_one(self):
        self.refuse(self.ca.sign(self.g.user + ",x", key_id="lent out"), "reason=certificate was lent out")

    def test_a_script_that_accepts_does_not_make_one_good(self):
        for key in (self.other.sign(self.g.user), self.ca.sign(self.g.user, "-V", "20200101:20200102")):
            self.refuse(key, "not used")


class MistakesTest(unittest.TestCase):
    def test_of_an_operator_are_named(self):
        with Gateway(start=False) as g:
            with open(g.path("cas"), "w") as f:
                f.write("no key\n")
            for line, said in (("TrustedUserCAKeys " + g.path("cas"), "TrustedUserCAKeys: .*cas:1: not a usable public key"),
                               ("TrustedUserCAKeys /nonexistent", "TrustedUserCAKeys: /nonexistent: cannot be opened"),
                               ("RevokedKeys /nonexistent", "RevokedKeys: /nonexistent: cannot be opened"),
                               ("Match User x\nRevokedKeys /nonexistent", "RevokedKeys: /nonexistent"),
                               ("AuthorizedKeysCommand /bin/true", "AuthorizedKeysCommandUser"),
                               ("AuthorizedKeysCommand true\nAuthorizedKeysCommandUser nobody", "absolute path"),
                               ("AuthorizedPrincipalsCommand /bin/true %q", "%q"),
                               ("PubkeyAuthOptions sometimes", "touch-required")):
                g.lines = [line]
                g.write_conf()
                done = subprocess.run([g.program(), "-t", "-f", g.conf], capture_output=True, text=True)
                self.assertNotEqual(done.returncode, 0, line)
                self.assertRegex(done.stderr, said)


if __name__ == "__main__":
    unittest.main()
