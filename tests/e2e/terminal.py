"""A program in a terminal of its own, driven as a person would: send, expect, resize."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from gateway import PATIENCE


class Terminal:
    """with Terminal(g.ssh_argv(options=["-tt"])) as t: t.send("ls\\r"); t.expect("name")"""

    def __init__(self, argv, rows=24, columns=80):
        self.seen = ""
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, preexec_fn=self.control)
        os.close(slave)

    @staticmethod
    def control():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.size(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def send(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=15):
        """Reads until the pattern is there; gives the match and forgets what was up to it."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                raise AssertionError("%r did not come, this did: %r" % (pattern, self.seen))

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def wait(self, seconds=15):
        """Reads to the end; gives the exit status."""
        end = time.monotonic() + seconds * PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        while self.read(0):
            pass
        return self.process.poll()

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
