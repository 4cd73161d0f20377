"""The default algorithms, what is refused beside them, bulk data under constant rekeying, extensions.

Each algorithm by itself: algorithm_table_test.py. mlkem768x25519-sha256 is not in OpenSSH 9.2.
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

    def test_what_is_asked_for_by_name_only_is_refused_otherwise(self):
        rsa = self.g.make_key("rsa_sha1", "rsa", 2048)
        for option, key in (("KexAlgorithms=diffie-hellman-group14-sha1", None), ("Ciphers=aes128-cbc,3des-cbc", None),
                            ("HostKeyAlgorithms=ssh-rsa,ssh-dss", None), ("PubkeyAcceptedAlgorithms=ssh-rsa", rsa)):
            done = self.g.ssh("true", options=["-o", option], key=key)
            self.assertEqual(done.returncode, 255, option)
        done = self.g.ssh("true", options=["-o", "MACs=hmac-sha1,hmac-md5", "-c", "aes128-ctr"])
        self.assertEqual(done.returncode, 255)

    def test_the_defaults_are_what_openssh_has_too(self):
        for keyword, what in (("kexalgorithms", "kex"), ("ciphers", "cipher"), ("macs", "mac"),
                              ("hostkeyalgorithms", "HostKeyAlgorithms")):
            self.assertTrue(self.offered(keyword, what))

    def test_a_trial_of_the_configuration_names_what_is_weak(self):
        conf = self.g.path("weak.conf")
        with open(self.g.conf) as f, open(conf, "w") as weak:
            weak.write("Ciphers +arcfour\nMACs +hmac-md5\nHostKeyAlgorithms +ssh-rsa\n" + f.read())
        done = subprocess.run([self.g.program(), "-t", "-f", conf], capture_output=True, text=True)
        said = done.stderr.splitlines()
        self.assertEqual((done.returncode, len(said)), (0, 3), done)
        for line, start in zip(sorted(said), ("warning: Ciphers: arcfour is RC4 from", "warning: HostKeyAlgorithms: ssh-rsa signs SHA-1",
                                              "warning: MACs: hmac-md5 is built on MD5")):
            self.assertTrue(line.startswith(start), said)
        good = subprocess.run([self.g.program(), "-t", "-f", self.g.conf], capture_output=True, text=True)
        self.assertEqual((good.returncode, good.stderr), (0, ""))

    def test_a_provider_that_is_not_there_is_an_error_that_says_so(self):
        conf = self.g.path("fips.conf")
        with open(self.g.conf) as f, open(conf, "w") as fips:
            fips.write("CryptoProvider fips\n" + f.read())
        done = subprocess.run([self.g.program(), "-t", "-f", conf], capture_output=True, text=True)
        if done.returncode == 0:
            self.skipTest("this machine has OpenSSL's FIPS provider")
        self.assertIn("fips.so", done.stderr)
        self.assertIn("CryptoProvider default", done.stderr)

    def test_compression(self):
        got = self.negotiated("zlib", "-C")
        self.assertEqual((got["comp_c2s"], got["comp_s2c"]), ("zlib@openssh.com", "zlib@openssh.com"))
        for cipher in ("chacha20-poly1305@openssh.com", "aes128-ctr"):
            data = os.urandom(100000) + b"again and again " * 100000
            done = self.g.ssh("cat", options=["-C", "-c", cipher], input=data, check=0)
            self.assertEqual(done.stdout, data)

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
