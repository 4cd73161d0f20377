#!/usr/bin/env python3
"""Runs tests/parity: tests/parity/run.py [PATTERN], a part of a row's name. Prints the table with ok or FAIL, why a row
failed, and a count. A row of docs/parity.md that nothing looks at is a failure."""
import sys
import traceback

sys.dont_write_bytecode = True

import table
from gateways import Gateways
import algorithms, errors, events, methods, operators, properties, settings, stores  # noqa: E401,F401  each adds its rows


def look(row, gateways):
    try:
        for look_at in (row.look, *table.ALSO[row.section, row.name]):
            look_at(gateways)
        return None
    except Exception:  # whatever it is, the others go on
        return traceback.format_exc()


def main(pattern):
    rows = [r for r in table.ROWS if pattern in r.name]
    wrong, names = [], {(r.section, r.name) for r in table.ROWS}
    with Gateways() as gateways:
        section = ""
        for r in sorted(rows, key=lambda r: list(dict.fromkeys(x.section for x in table.ROWS)).index(r.section)):
            if r.section != section:
                section = r.section
                print("\n%s" % section)
            why = look(r, gateways)
            wrong += [(r, why)] if why else []
            print("%-4s %-44s %s; seen: %s" % ("FAIL" if why else "ok", r.name[:44], r.does, r.seen), flush=True)
    missing = [] if pattern else [d for d in table.documented() if d not in names]
    unknown = (names | set(table.ALSO)) - set(table.documented())
    for r, why in wrong:
        print("\nFAIL %s: %s\n%s" % (r.section, r.name, why))
    for section, name in missing:
        print("FAIL %s: %s: nothing looks at it" % (section, name))
    for section, name in unknown:
        print("FAIL %s: %s: docs/parity.md has no such row" % (section, name))
    bad = len(wrong) + len(missing) + len(unknown)
    print("\n%d rows: %d ok, %d failed" % (len(rows) + len(missing), len(rows) - len(wrong), bad))
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
