"""Every default algorithm that OpenSSH 9.2 has, bulk data under constant rekeying, extensions.

mlkem768x25519-sha256 is not in OpenSSH 9.2: openssh10_test.py and tests/worker/alg have it.
"""
import hashlib
import os
import re
import subprocess
import unittest

from gateway import Gateway, PATIENCE, wait_for

BULK = 100 * 1000 * 1000
SERVER_ONLY = {"mlkem768x25519-sha256"}


def known(what):
    return set(subprocess.run(["ssh", "-Q", what], capture_output=True, text=True, check=True).stdout.split())


class AlgorithmsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "RekeyLimit 1M", start=False)
        for bits in (384, 521):
            kind = "ecdsa%d" % bits
            cls.g.make_key("ssh_host_%s_key" % kind, "ecdsa", bits, authorize=False)
            cls.g.host_keys += (kind,)
        cls.authority = cls.g.make_key("authority", authorize=False)
        for kind in cls.g.host_keys:
            cls.sign("-h", "-n", "gate.test,127.0.0.1", cls.g.path("ssh_host_%s_key" % kind))
            cls.g.lines.append("HostCertificate " + cls.g.path("ssh_host_%s_key-cert.pub" % kind))
        cls.g.write_conf()
        cls.g.start()
        shown = subprocess.run([cls.g.program(), "-T", "-f", cls.g.conf], capture_output=True, text=True, check=True)
        cls.shown = dict(line.split(" ", 1) for line in shown.stdout.splitlines() if " " in line)

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    @classmethod
    def sign(cls, *options):
        subprocess.run(["ssh-keygen", "-q", "-s", cls.authority, "-I", "test", *options], check=True,
                       stderr=subprocess.DEVNULL)

    def offered(self, keyword, what, certificates=False):
        """What both sides have."""
        ours = [n for n in self.shown[keyword].split(",") if certificates == ("-cert-" in n)]
        lacking = [n for n in ours if n not in known(what) | SERVER_ONLY]
        self.assertEqual(lacking, [])
        return [n for n in ours if n not in SERVER_ONLY]

    def negotiated(self, name, *options, key=None, user=None):
        seen = len(self.g.log_lines)
        done = self.g.ssh("cat", options=options, key=key, input=b"x" * 100000)
        self.assertEqual((done.returncode, done.stdout), (0, b"x" * 100000), (name, done.stderr, self.g.log_lines[seen:]))
        line = wait_for(lambda: [l for l in self.g.log_lines[seen:] if " kex=" in l])[0]
        return dict(re.findall(r"(\w+)=(\S+)", line))

    def test_every_key_exchange(self):
        for name in self.offered("kexalgorithms", "kex"):
            with self.subTest(name):
                self.assertEqual(self.negotiated(name, "-o", "KexAlgorithms=" + name)["kex"], name)

    def test_every_cipher(self):
        for name in self.offered("ciphers", "cipher"):
            with self.subTest(name):
                got = self.negotiated(name, "-c", name)
                self.assertEqual((got["c2s"], got["s2c"]), (name, name))

    def test_every_mac(self):
        for name in self.offered("macs", "mac"):
            with self.subTest(name):
                got = self.negotiated(name, "-c", "aes128-ctr", "-m", name)
                self.assertEqual((got["mac_c2s"], got["mac_s2c"]), (name, name))

    def test_compression(self):
        got = self.negotiated("zlib", "-C")
        self.assertEqual((got["comp_c2s"], got["comp_s2c"]), ("zlib@openssh.com", "zlib@openssh.com"))
        for cipher in ("chacha20-poly1305@openssh.com", "aes128-ctr"):
            data = os.urandom(100000) + b"again and again " * 100000
            done = self.g.ssh("cat", options=["-C", "-c", cipher], input=data, check=0)
            self.assertEqual(done.stdout, data)

    def test_every_host_key_algorithm(self):
        for name in self.offered("hostkeyalgorithms", "HostKeyAlgorithms"):
            with self.subTest(name):
                got = self.negotiated(name, "-o", "HostKeyAlgorithms=" + name)
                self.assertEqual(got["hostkey"], name)

    def test_every_host_certificate_algorithm(self):
        trust = self.g.path("trust")
        with open(trust, "w") as f, open(self.authority + ".pub") as pub:
            f.write("@cert-authority * " + pub.read())
        for name in self.offered("hostkeyalgorithms", "HostKeyAlgorithms", certificates=True):
            with self.subTest(name):
                got = self.negotiated(name, "-o", "HostKeyAlgorithms=" + name, "-o", "UserKnownHostsFile=" + trust)
                self.assertEqual(got["hostkey"], name)

    def test_every_user_key_algorithm(self):
        keys = {"ssh-ed25519": self.g.key}
        for bits in (256, 384, 521):
            keys["ecdsa-sha2-nistp%d" % bits] = self.g.make_key("ecdsa%d" % bits, "ecdsa", bits)
        keys["rsa-sha2-512"] = keys["rsa-sha2-256"] = self.g.make_key("rsa", "rsa", 2048)
        wanted = [n for n in self.offered("pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms") if not n.startswith("sk-")]
        self.assertEqual(sorted(wanted), sorted(keys))
        for name, key in keys.items():
            with self.subTest(name):
                self.negotiated(name, "-o", "PubkeyAcceptedAlgorithms=" + name, key=key)
                self.assertTrue(self.g.wait_log("Accepted publickey"))

    # ---- what is negotiated beside ----
    def debug(self, *options, key=None, command="true"):
        return self.g.ssh(command, options=["-o", "LogLevel=DEBUG3", *options], key=key, check=0).stderr.decode()

    def test_strict_key_exchange_resets_sequence_numbers(self):
        said = self.debug()
        self.assertIn("kex-strict-s-v00@openssh.com", said)
        self.assertRegex(said, "resetting send seqnr")
        self.assertRegex(said, "resetting read seqnr")

    def test_the_servers_signature_algorithms_are_announced_and_used(self):
        key = self.g.make_key("rsa2", "rsa", 2048)
        said = self.debug(key=key)
        self.assertRegex(said, "kex_input_ext_info: server-sig-algs=<[^>]*rsa-sha2-512")
        self.assertRegex(said, "signing using rsa-sha2-512")
        with open(self.g.key + ".pub") as f:
            self.assertIn("ssh-ed25519", f.read())

    def test_user_signatures_are_bound_to_the_host_key(self):
        self.assertIn("using publickey-hostbound-v00@openssh.com", self.debug())

    def test_other_host_keys_are_announced_and_proved(self):
        known_hosts = self.g.path("known_hosts_few")
        with open(self.g.path("known_hosts")) as f, open(known_hosts, "w") as few:
            few.writelines(l for l in f if "ssh-ed25519" in l)
        said = self.debug("-o", "UpdateHostKeys=yes", "-o", "UserKnownHostsFile=" + known_hosts, "-o",
                          "HostKeyAlgorithms=" + ",".join(self.offered("hostkeyalgorithms", "HostKeyAlgorithms")),
                          command="sleep 0.5")
        with open(known_hosts) as f:
            kinds = sorted(l.split()[1] for l in f)
        self.assertEqual(kinds, ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519", "ssh-rsa"], said[-3000:])


class BulkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("LogLevel VERBOSE", "RekeyLimit 1M")
        cls.file = cls.g.path("bulk")
        data = os.urandom(BULK)
        with open(cls.file, "wb") as f:
            f.write(data)
        cls.digest = hashlib.sha256(data).hexdigest()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def bulk(self, *options):
        """100 MB there and back, with new keys every megabyte."""
        seen = len(self.g.log_lines)
        with open(self.file, "rb") as f:
            ssh = subprocess.Popen(self.g.ssh_argv("cat", options=["-o", "RekeyLimit=1M", *options]),
                                   stdin=f, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            summed = subprocess.run(["sha256sum"], stdin=ssh.stdout, capture_output=True, text=True,
                                    timeout=200 * PATIENCE)
        ssh.stdout.close()
        error = ssh.stderr.read()
        ssh.stderr.close()
        self.assertEqual((ssh.wait(), error), (0, b""), self.g.log_lines[seen:][-20:])
        self.assertEqual(summed.stdout.split()[0], self.digest)
        keys = sum(" kex=" in l for l in self.g.log_lines[seen:])
        self.assertGreater(keys, 80, "keys were not renewed")

    def test_100_mb_both_ways_with_chacha20(self):
        self.bulk("-c", "chacha20-poly1305@openssh.com")

    def test_100_mb_both_ways_with_aes128_gcm(self):
        self.bulk("-c", "aes128-gcm@openssh.com")

    def test_100_mb_both_ways_with_aes256_gcm(self):
        self.bulk("-c", "aes256-gcm@openssh.com")

    def test_100_mb_both_ways_with_aes128_ctr(self):
        self.bulk("-c", "aes128-ctr", "-m", "umac-128-etm@openssh.com")

    def test_100_mb_both_ways_with_aes192_ctr(self):
        self.bulk("-c", "aes192-ctr", "-m", "hmac-sha2-512-etm@openssh.com")

    def test_100_mb_both_ways_with_aes256_ctr(self):
        self.bulk("-c", "aes256-ctr", "-m", "hmac-sha2-256")


if __name__ == "__main__":
    unittest.main()
