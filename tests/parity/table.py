"""The table of tests/parity: a row for each row of docs/parity.md, what it does, how it is seen, and the function that
looks. A function gets the gateways that all rows share, and fails by an exception."""
import collections
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

Row = collections.namedtuple("Row", "section name does seen look")
ROWS = []
ALSO = collections.defaultdict(list)


def row(section, name, does, seen):
    """Declares a row: section and name as docs/parity.md has them."""
    def keep(look):
        ROWS.append(Row(section, name, does, seen, look))
        return look
    return keep


def also(section, name):
    """Another look at a row: from another surface."""
    def keep(look):
        ALSO[section, name].append(look)
        return look
    return keep


def documented():
    """(section, name) of each row of docs/parity.md; what the surfaces are is none."""
    section = ""
    for line in open(os.path.join(ROOT, "docs", "parity.md")):
        found = re.match(r"## (.*)", line)
        if found:
            section = found.group(1)
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if section and line.startswith("| ") and cells[0] not in ("SSHDaemon", "kind", "code"):
            yield section, cells[0]


def equal(a, b):
    if a != b:
        raise AssertionError("%r is not %r" % (a, b))


def holds(text, pattern):
    """The match of a pattern in a text, either bytes or both str."""
    found = re.search(pattern, text)
    if not found:
        raise AssertionError("no %r in %r" % (pattern, text[-2000:]))
    return found
