"""What the time of a refusal tells: nothing about whether a user exists, by a method that it may use or by another.

The gateway holds each refusal back to a floor of its own for each name (5 to 9.2 ms, doubled until the work is
covered), so that one name's time tells nothing; what could tell is a group of names that is slower than another.
The statistics: there are names that may use passwords and names that a Match block leaves keys only, half of each are
accounts. For each name the median of some attempts is taken, names in random order; accounts and names that do not exist
are compared, under either rule and by either method, by a permutation test of the difference of their means, names being
what is exchanged. p < 0.001 is a difference. Chance finds one in a thousand comparisons, so one that finds a difference
is made once more, with a fresh gateway, whose floors are others: one in a million then. That the test can see anything
is tested with the same figures: a group whose work took one doubling more must be found, in one of three sittings.

The two rules are not compared: which methods a name may use is in each refusal for all to read (RFC 4252 5.1), and a
password that would count for nothing is not worked on.
"""
import os
import random
import statistics
import subprocess
import sys
import time
import unittest

from gateway import PATIENCE, ROOT, TEST_PASSWORD, Gateway
from kbdint_test import needs_root
from scripted import scripted

sys.path.insert(0, os.path.join(ROOT, "tests", "hostile"))
import raw  # noqa: E402

ALONE = True    # it measures time

NAMES, ATTEMPTS, PERMUTATIONS, ALPHA = 10, 3, 10000, 0.001
SITTINGS = 3    # until the machine is quiet enough
GROUPS = {"password, account": "sptimepwa%d", "password, missing": "sptimepwm%d",
          "keys only, account": "sptimekeya%d", "keys only, missing": "sptimekeym%d"}
PAIRS = [("password, account", "password, missing"), ("keys only, account", "keys only, missing")]
STRANGER = bytes(range(32))

SCRIPT = r"""
owns = { "publickey" }
function on_user_auth_request(conn, auth)
  if auth.method == "none" then return refuse{ banner = "authorised use only\n" } end
  if auth.method == "publickey" then return auth.verified.fingerprint == "SHA256:x" and accept{} or refuse{} end
  if conn.user and conn.user.name then crypto.sha256(conn.user.name) end
end
"""


def password(user):
    return bytes([raw.USERAUTH_REQUEST]) + raw.string(user) + raw.string("ssh-connection") + raw.string("password") + \
        b"\0" + raw.string("wrong")


def publickey(user):
    blob = raw.string("ssh-ed25519") + raw.string(STRANGER)
    return bytes([raw.USERAUTH_REQUEST]) + raw.string(user) + raw.string("ssh-connection") + raw.string("publickey") + \
        b"\0" + raw.string("ssh-ed25519") + raw.string(blob)


METHODS = {"password": password, "publickey": publickey}


def permutation_p(a, b, rng):
    """How likely the means differ at least so much where the names are dealt out by chance."""
    seen = abs(statistics.fmean(a) - statistics.fmean(b))
    both, beyond = a + b, 0
    for _ in range(PERMUTATIONS):
        rng.shuffle(both)
        # a hair less: sums in another order are not the same to the last bit
        if abs(statistics.fmean(both[:len(a)]) - statistics.fmean(both[len(a):])) >= seen * (1 - 1e-9):
            beyond += 1
    return (beyond + 1) / (PERMUTATIONS + 1)


@needs_root
class TimingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if PATIENCE > 1:
            raise unittest.SkipTest("an instrumented build: its times are not the gateway's")
        accounts = [GROUPS[group] % i for group, _ in PAIRS for i in range(NAMES)]
        for name in accounts:
            subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True)
            cls.addClassCleanup(subprocess.run, ["userdel", name], check=True)
        subprocess.run(["chpasswd"], text=True, check=True,
                       input="".join("%s:%s\n" % (name, TEST_PASSWORD) for name in accounts))

    def gateway(self, script):
        lines = ("PasswordAuthentication yes", "PerSourcePenalties no", "MaxAuthTries 30",
                 "Match User sptimekey*\n  AuthenticationMethods publickey")
        return scripted(script, *lines) if script else Gateway(*lines)

    def measure(self, script):
        """Gives {method: {group: a median in ms for each name}}."""
        times = {method: {group: [] for group in GROUPS} for method in METHODS}
        names = [(group, GROUPS[group] % i) for group in GROUPS for i in range(NAMES)]
        random.Random(1).shuffle(names)
        with self.gateway(script) as g:
            for group, name in names:
                with raw.Raw(g) as c:
                    c.keyed()
                    c.service()
                    for method, request in METHODS.items():
                        taken = [self.refusal_ms(c, request(name)) for _ in range(ATTEMPTS)]
                        times[method][group].append(statistics.median(taken))
        return times

    def refusal_ms(self, c, request):
        begin = time.perf_counter()
        c.send(request)
        self.assertEqual(c.wait(raw.USERAUTH_SUCCESS, raw.USERAUTH_FAILURE)[0], raw.USERAUTH_FAILURE)
        return (time.perf_counter() - begin) * 1000

    def differences(self, times):
        """Gives the comparisons that find a difference, as {(method, group, group): p}."""
        rng, found = random.Random(2), {}
        for method, of in times.items():
            print("%s: %s" % (method, ", ".join("%s %.1f ms" % (g, statistics.fmean(of[g])) for g in GROUPS)))
            for a, b in PAIRS:
                p = permutation_p(of[a], of[b], rng)
                print("  %s / %s: p = %.3f" % (a, b, p))
                if p < ALPHA:
                    found[method, a, b] = p
        return found

    def blind(self, times):
        """Gives where a group with one doubling more is not told apart, at the noise that there was."""
        return [(method, of) for method, of in times.items() for _, missing in PAIRS
                if permutation_p([2 * ms for ms in of[missing]], of[missing], random.Random(3)) >= ALPHA]

    def compare(self, script):
        for _ in range(SITTINGS):
            times = self.measure(script)
            blind = self.blind(times)
            if not blind:
                break
        self.assertEqual(blind, [], "the machine is too noisy to see anything")
        found = self.differences(times)
        if found:
            again = self.differences(self.measure(script))
            self.assertFalse(found.keys() & again.keys(), (found, again))

    def test_without_a_script(self):
        self.compare(None)

    def test_with_a_script(self):
        self.compare(SCRIPT)


if __name__ == "__main__":
    unittest.main()
