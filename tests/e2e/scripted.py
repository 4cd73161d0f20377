"""A gateway with a policy script, for tests of what scripts decide and are told."""
import os
import re
import unittest

from gateway import Gateway, wait_for


def write_script(g, script):
    """Puts the script where the gateway reads it; gives the path."""
    path = g.path("policy.lua")
    with open(path, "w") as f:
        f.write(script)
    os.chmod(path, 0o600)
    return path


def scripted(script, *lines, **kw):
    """A gateway that has the script from its start."""
    start = kw.pop("start", True)
    g = Gateway(start=False, **kw)
    # one address logs in all the time, and is refused most of it
    g.lines = ["PolicyScript " + write_script(g, script), "LogLevel VERBOSE", "PerSourcePenalties no", *lines]
    g.write_conf()
    return g.start() if start else g


# show(event, name of the argument, argument, conn): a line for each fact
SHOW = r"""
local function show_one(event, name, value)
  if type(value) ~= "table" then
    log("info", event .. ": " .. name .. "=" .. tostring(value))
  elseif #value > 0 then
    log("info", event .. ": " .. name .. "=" .. table.concat(value, ","))
  else
    for key, one in pairs(value) do show_one(event, name .. "." .. key, one) end
  end
end
local function show(event, name, value, conn)
  show_one(event, name, value)
  if conn then show_one(event, "conn", { verified = conn.verified, claimed = conn.claimed, id = conn.id }) end
  log("info", event .. ": over")
end
"""


class ScriptCase(unittest.TestCase):
    """One gateway for all tests of a class."""
    SCRIPT = ""
    LINES = ()

    @classmethod
    def setUpClass(cls):
        cls.g = scripted(cls.SCRIPT, *cls.LINES)

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def since(self):
        """The place in the log where what follows begins."""
        return len(self.g.log_lines)

    def told(self, event, since=0):
        """Waits until the handler that shows its facts was told an event; gives the facts by their names."""
        at = {}
        self.noted(event + r": over$", since)
        for line in self.g.log_lines[since:]:
            found = re.search(r"policy: %s: (?:([\w.]+)=(.*)|over)$" % event, line)
            if found and found.group(1):
                at[found.group(1)] = found.group(2)
            elif found:
                return at
        return at

    def noted(self, pattern, since=0, seconds=10):
        """Waits for a line of the script's own that matches, after since; gives the match."""
        regex = re.compile("policy: .*" + pattern)

        def find():
            for line in self.g.log_lines[since:]:
                found = regex.search(line)
                if found:
                    return found
            return None
        found = wait_for(find, seconds)
        self.assertTrue(found, "no line %r in:\n%s" % (pattern, "\n".join(self.g.log_lines[since:])))
        return found
