"""A gateway for one test: its own folder, keys, users and port; it ends with the test.

Every test that talks to a client uses this. What it checks by itself, at the end of each test:
the gateway ends with status 0, leaves no process behind, and logged no crash.
"""
import functools
import getpass
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("BUILD") and os.path.abspath(os.environ["BUILD"]) or
                   os.path.join(ROOT, "build"), "bin")
AS_ROOT = os.geteuid() == 0
# files of scenarios that run at once have one each: some change it
TEST_USER = os.environ.get("E2E_ACCOUNT", "sptest")
TEST_PASSWORD = "correct horse 9 battery"
# a slower build (sanitizers) gets more time
PATIENCE = float(os.environ.get("PATIENCE", "1"))


@functools.cache
def account():
    """The account that tests log in as; as root, one made for the tests."""
    if not AS_ROOT:
        return getpass.getuser()
    try:
        pwd.getpwnam(TEST_USER)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--home-dir", "/var/lib/" + TEST_USER,
                        "--shell", "/bin/bash", TEST_USER], check=True)
    subprocess.run(["chpasswd"], input="%s:%s" % (TEST_USER, TEST_PASSWORD), text=True, check=True)
    return TEST_USER


def free_port():
    """A port that no client of another test is given meanwhile: below those that the kernel hands out."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def wait_for(what, seconds=10.0, every=0.02):
    """Calls what() until it is true, and gives its value; None when the time is over."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            return None
        time.sleep(every)


def end(process):
    """Ends a client. ssh may miss a signal that comes just before it sleeps."""
    process.terminate()
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def descendants(pid):
    """All processes below pid, from /proc."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as f:
                text = f.read()
        except OSError:
            continue
        parent = int(text[text.rindex(")") + 2:].split()[1])
        children.setdefault(parent, []).append(int(name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


class Gateway:
    """with Gateway("LocalSessions yes") as g: g.ssh("true")"""

    def __init__(self, *lines, user=None, session=True, start=True, run_as=None, host_keys=None):
        self.user = user or account()
        self.dir = tempfile.mkdtemp(prefix="sallyport-test-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.conf = self.path("sallyport.conf")
        self.log_lines = []
        self.process = None
        self.lines = list(lines)
        self.session = session
        self.run_as = run_as
        self.host_keys = host_keys or ("ed25519", "ecdsa", "rsa")
        self.crash_expected = False
        subprocess.run([self.program(), "--generate-host-keys", self.dir], check=True)
        self.key = self.make_key("id")
        self.write_conf()
        if start:
            self.start()

    def path(self, name):
        return os.path.join(self.dir, name)

    @staticmethod
    def program(name="sallyportd"):
        return os.path.join(BIN, name)

    def scratch(self, name):
        """A folder that the account may write to."""
        path = self.path(name)
        os.mkdir(path)
        if AS_ROOT:
            shutil.chown(path, self.user, pwd.getpwnam(self.user).pw_gid)
        return path

    def make_key(self, name, kind="ed25519", bits=None, authorize=True, options=""):
        path = self.path(name)
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path] +
                       (["-b", str(bits)] if bits else []), check=True)
        if authorize:
            with open(path + ".pub") as f:
                self.authorize((options + " " if options else "") + f.read())
        return path

    def authorize(self, line):
        """Adds a line to authorized_keys."""
        with open(self.path("authorized_keys"), "a") as f:
            f.write(line.rstrip("\n") + "\n")

    def write_conf(self):
        text = ["ListenAddress 127.0.0.1", "Port %d" % self.port,
                "AuthorizedKeysFile " + self.path("authorized_keys"), "StrictModes no",
                "PidFile none", "LoginGraceTime 60", "MaxStartups 200", "PerSourcePenalties no"]
        text += ["HostKey " + self.path("ssh_host_%s_key" % k) for k in self.host_keys]
        if self.session:
            text += ["LocalSessions yes", "Subsystem sftp internal-sftp"]
        # a test's own lines come first: the first value of a keyword wins
        with open(self.conf, "w") as f:
            f.write("\n".join([l for l in self.lines if not l.startswith("Match")] + text) + "\n")
            f.write("\n".join(l for l in self.lines if l.startswith("Match")) + "\n")
        with open(self.path("known_hosts"), "w") as f:
            for kind in self.host_keys:
                with open(self.path("ssh_host_%s_key.pub" % kind)) as pub:
                    f.write("[127.0.0.1]:%d %s\n" % (self.port, " ".join(pub.read().split()[:2])))

    def start(self):
        command = [self.program(), "-D", "-e", "-f", self.conf]
        if self.run_as:
            entry = pwd.getpwnam(self.run_as)
            # the sources may lie where that user may not look, /root for one
            shutil.copytree(BIN, self.path("bin"), dirs_exist_ok=True)
            command[0] = self.path("bin/sallyportd")
            subprocess.run(["chown", "-R", self.run_as, self.dir], check=True)
            command = ["setpriv", "--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid),
                       "--clear-groups"] + command
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, text=True, errors="replace")
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        if not self.wait_log(r"Sallyport \S+ started", 20):
            raise AssertionError("the gateway did not start:\n" + self.log())
        return self

    def read_log(self):
        for line in self.process.stderr:
            self.log_lines.append(line.rstrip("\n"))

    def log(self):
        return "\n".join(self.log_lines)

    def wait_log(self, pattern, seconds=10.0):
        """Waits until a log line matches; gives the match."""
        regex = re.compile(pattern)

        def find():
            ended = self.process is not None and self.process.poll() is not None
            for line in list(self.log_lines):
                found = regex.search(line)
                if found:
                    return found
            if ended:
                raise AssertionError("the gateway ended:\n" + self.log())
            return None
        return wait_for(find, seconds)

    def stop(self):
        if self.process is None:
            return
        below = descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the gateway does not end on SIGTERM\n" + self.log())
        self.reader.join(5)
        self.process = None
        left = wait_for(lambda: not [p for p in below if self.ours(p)], 10)
        assert left, "processes are left: %s\n%s" % ([p for p in below if self.ours(p)], self.log())
        assert status == 0, "exit status %d\n%s" % (status, self.log())
        if not self.crash_expected:
            assert "event=crash" not in self.log(), self.log()
            assert "event=worker_refused" not in self.log(), self.log()
        for sign in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
            assert sign not in self.log(), self.log()

    @staticmethod
    def ours(pid):
        try:
            with open("/proc/%d/cmdline" % pid) as f, open("/proc/%d/stat" % pid) as s:
                return "sallyport" in f.read().split("\0")[0] and s.read().rsplit(")", 1)[1][1] != "Z"
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        try:
            self.stop()
        except AssertionError:
            if kind is None:
                raise
        finally:
            if kind is not None:
                print(self.log())
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- stock OpenSSH ----
    def options(self, *more, key=None):
        # the first value counts: a test's own come first
        return ["-F", "none", *more, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                "-o", "IdentityAgent=none", "-o", "UserKnownHostsFile=" + self.path("known_hosts"),
                "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20",
                "-o", "LogLevel=ERROR", "-i", key or self.key]

    def ssh_argv(self, *command, options=(), key=None, user=None):
        return (["ssh"] + self.options(*options, key=key) +
                ["-p", str(self.port), "%s@127.0.0.1" % (user or self.user)] + list(command))

    def ssh(self, *command, options=(), key=None, user=None, input=None, timeout=60, check=None):
        """Runs ssh; gives the CompletedProcess, bytes in and out."""
        done = subprocess.run(self.ssh_argv(*command, options=options, key=key, user=user),
                              input=input if input is not None else b"", capture_output=True,
                              timeout=timeout * PATIENCE)
        if check is not None:
            assert done.returncode == check, (done, self.log())
        return done

    def password_login(self, *command, password=TEST_PASSWORD, user=None, options=(), key=None):
        """Logs in with a password that ssh asks a program for; gives the CompletedProcess."""
        ask = self.path("askpass")
        with open(ask, "w") as f:
            f.write("#!/bin/sh\nprintf '%s\\n' \"$TEST_ASKPASS\"\n")
        os.chmod(ask, 0o755)
        argv = self.ssh_argv(*command, user=user, key=key, options=[
            *options, "-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1",
            "-o", "PreferredAuthentications=password"])
        env = dict(os.environ, SSH_ASKPASS=ask, SSH_ASKPASS_REQUIRE="force", TEST_ASKPASS=password)
        return subprocess.run(argv, input=b"", capture_output=True, env=env, timeout=60 * PATIENCE)

    def popen(self, *command, options=(), **kw):
        kw.setdefault("stdin", subprocess.PIPE)
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.ssh_argv(*command, options=options), **kw)

    def master(self, *options):
        """with g.master() as o: g.ssh("true", options=o) – logins share one connection."""
        return Master(self, options)

    def workers(self):
        """Pids of all workers, spares and nurseries too."""
        return [p for p in descendants(self.process.pid) if self.name(p) == "sallyport-worker"]

    @staticmethod
    def name(pid):
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                return os.path.basename(f.read().split("\0")[0])
        except OSError:
            return ""

    def fds(self):
        """How many descriptors the monitor has open."""
        return len(os.listdir("/proc/%d/fd" % self.process.pid))


class Master:
    """A ControlMaster of ssh's. Gives the options for its users."""

    def __init__(self, gateway, options):
        self.path = gateway.path("master%d" % len(gateway.log_lines))
        self.process = gateway.popen(options=["-M", "-N", "-S", self.path, *options])

    def __enter__(self):
        if not wait_for(lambda: os.path.exists(self.path) or self.process.poll() is not None):
            raise AssertionError("no master")
        # a session that is refused is not to be tried by a connection of its own
        return ["-S", self.path, "-o", "ControlMaster=no", "-o", "ProxyCommand=false"]

    def __exit__(self, *rest):
        end(self.process)
        self.process.communicate()
