"""Algorithms: what the gateway offers is read from ssh's own protocol; the same names stand in docs/parity.md."""
import os
import re

from table import ROOT, equal, holds, row


def named(kind):
    """The two lists of a kind in docs/parity.md."""
    for line in open(os.path.join(ROOT, "docs", "parity.md")):
        if line.startswith("| %s | " % kind):
            return [cell.strip().split(", ") for cell in line.strip().strip("|").split(" | ")[1:]]
    raise AssertionError(kind)


def offered(gateway, what):
    """A list of the server's KEXINIT, as ssh -vv shows it."""
    err = gateway.ssh("true", options=["-vv"], check=0).stderr.decode()
    return holds(err[err.index("peer server KEXINIT"):], r"%s: (\S*)" % what).group(1).split(",")


def table(kind, what, option, ignore=()):
    @row("Algorithms", kind, "the first list by default, both where they are named",
         "the server's KEXINIT in ssh -vv, with and without")
    def _(g):
        usual, more = named(kind)
        plain = [n for n in offered(g.script, what) if not n.startswith(("kex-strict", "ext-info"))]
        equal(sorted(plain), sorted(n for n in usual if n not in ignore))
        everything = set(offered(g.old, what))
        missing = [n for n in usual + more if n not in everything and n not in ignore]
        equal(missing, [])


table("Key exchange", "KEX algorithms", "KexAlgorithms")
table("Ciphers", "ciphers ctos", "Ciphers")
table("MACs", "MACs ctos", "MACs")
table("Compression", "compression ctos", "CompressionAlgorithms")
# the gateway has keys of three kinds, and offers what it has keys for
table("Host keys", "host key algorithms", "HostKeyAlgorithms",
      ignore=("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-dss", "x509v3-sign-rsa", "x509v3-sign-dss"))
