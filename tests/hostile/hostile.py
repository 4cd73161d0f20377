"""What tests of hostile clients share: a gateway, how a connection must end, and that nobody else is harmed."""
import unittest

from gateway import Gateway, wait_for
from raw import Closed, Raw

PROTOCOL_ERROR, KEX_FAILED, MAC_ERROR, COMPRESSION, SERVICE, TOO_MANY, AUTH_TRIES = 2, 3, 5, 6, 7, 12, 14


class Hostile(unittest.TestCase):
    lines = ()

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("MaxStartups 2000", "MaxSessions 10", *cls.lines)
        cls.g.ssh("true", check=0)
        wait_for(lambda: len(cls.g.workers()) == 5, 5)
        cls.workers, cls.fds = len(cls.g.workers()), cls.g.fds()

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def tearDown(self):
        """After each group others are served, and nothing is left behind."""
        self.assertEqual(self.g.ssh("echo", "served").stdout, b"served\n")
        self.assertTrue(wait_for(lambda: len(self.g.workers()) == self.workers), "workers are left")
        self.assertTrue(wait_for(lambda: self.g.fds() <= self.fds), "the monitor has more descriptors than before")
        events = [line for line in self.g.log_lines if line.startswith("event=")]
        self.assertEqual(events, [])

    def raw(self, *args, **kw):
        return Raw(self.g, *args, **kw)

    def ends(self, c, reason, cause):
        """The connection ends with a DISCONNECT of that reason, and the log has why."""
        got = c.disconnected()
        self.assertIsNotNone(got, "no DISCONNECT")
        self.assertEqual(got[0], reason, got)
        self.assertRegex(got[1], cause)
        self.logged(c, reason, cause)
        c.socket.close()

    def logged(self, c, reason, cause):
        self.assertTrue(self.g.wait_log('end client="127.0.0.1 port %d".* reason=%d .*%s' % (c.port, reason, cause)),
                        "%d %s is not in the log:\n%s" % (reason, cause, self.g.log()[-1500:]))

    def each(self, begin, cases, reason, cause):
        """Sends each case on a connection of its own; a case is bytes, or a function of the connection."""
        for name, case in cases.items():
            with self.subTest(name), begin() as c:
                try:
                    case(c) if callable(case) else c.send(case)
                except Closed:
                    pass
                self.ends(c, reason, cause)

    # ---- beginnings ----
    def greeted(self):
        c = self.raw()
        c.i_s = c.recv()
        return c

    def with_lists(self, **lists):
        return lambda: self.raw().init(**lists)

    def keyed(self, **lists):
        return self.raw().keyed(**lists)

    def logged_in(self, **lists):
        return self.raw().login(**lists)
