"""Clients other than OpenSSH: each by key and by password, statuses, terminal, files, forwarding.

dropbear, PuTTY, paramiko, asyncssh, libssh (libssh_client.c), and from npm ssh2 and russh (npm/*.js).
russh is also the client that has mlkem768x25519-sha256; no package of Debian 12 has it. And none has
sntrup761x25519-sha512 under its final name: a copy of ssh has the name shortened, nothing else.
"""
import asyncio
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import threading
import unittest
import warnings

import gateway
from gateway import PATIENCE, ROOT, TEST_PASSWORD, Gateway

BUILD = os.path.dirname(gateway.BIN)
NPM = os.path.join(ROOT, "tests", "e2e", "npm")
NODE_MODULES = os.path.join(BUILD, "npm", "node_modules")
HELLO = b"hello from behind\n"
g = None
behind = None


class Behind:
    """A server behind the gateway: says hello to each client that has said something."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            with peer:
                peer.recv(1)
                peer.sendall(HELLO)

    def close(self):
        self.socket.close()


def gateway_of_users(*entries):
    """A gateway with users of its own, of one password; an entry is NAME or NAME:ACCOUNT."""
    users = os.path.join(BUILD, "users-%d" % os.getpid())
    hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=TEST_PASSWORD + "\n", text=True,
                            capture_output=True, check=True).stdout.strip()
    with open(users, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        for name, colon, account in (entry.partition(":") for entry in entries):
            f.write(name + ":" + hashed + colon + account + "\n")
    try:
        return Gateway("LogLevel VERBOSE", "PasswordAuthentication yes", "UsersFile " + users)
    finally:
        os.unlink(users)


def setUpModule():
    global g, behind
    g = gateway_of_users("%s:%s" % (gateway.account(), gateway.account()))
    os.mkdir(g.path("home"))
    behind = Behind()


def tearDownModule():
    behind.close()
    g.__exit__(None)


def run(argv, input=b"", env=()):
    return subprocess.run(argv, input=input, capture_output=True, timeout=60 * PATIENCE,
                          env={**os.environ, "HOME": g.path("home"), **dict(env)})


class Client:
    """The scenarios. A client has exec(command, password), shell(typed), copy(), forward()."""

    name = None    # what its identification string begins with

    @classmethod
    def setUpClass(cls):
        cls.dir = g.path(cls.__name__)
        os.mkdir(cls.dir)
        os.chmod(cls.dir, 0o777)

    def path(self, name):
        return os.path.join(self.dir, name)

    def sample(self):
        """A file to send; the name it gets there, and that of the copy that comes back."""
        data = os.urandom(300 * 1024)
        with open(self.path("sample"), "wb") as f:
            f.write(data)
        return data, self.path("sample"), self.path("there"), self.path("back")

    def test_a_key_opens_the_door_and_statuses_are_exact(self):
        self.assertEqual(self.exec("echo hello", False), (0, b"hello\n"))
        self.assertEqual(self.exec("echo out; exit 42", False), (42, b"out\n"))
        self.assertTrue(g.wait_log(re.escape(self.name)), "client's name is not in the log")

    def test_a_password_opens_the_door(self):
        self.assertEqual(self.exec("echo hello; exit 3", True), (3, b"hello\n"))

    def test_a_shell_has_a_terminal(self):
        output = self.shell(b"tty && echo it has $((40+2))\nexit 7\n")
        self.assertIn(b"/dev/pts/", output)
        self.assertIn(b"it has 42", output)

    def test_files_travel_both_ways(self):
        data, sample, there, back = self.sample()
        self.copy(sample, there, back)
        for name in (there, back):
            with open(name, "rb") as f:
                self.assertEqual(f.read(), data)

    def test_a_port_is_forwarded(self):
        self.assertEqual(self.forward(behind.port), HELLO)


def through(port):
    """What the server says behind a local port that a client listens on."""
    def ask():
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as s:
                s.sendall(b"?")
                return s.recv(100)
        except OSError:
            return None
    return gateway.wait_for(ask)


class DropbearTest(Client, unittest.TestCase):
    name = "SSH-2.0-dropbear"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.mkdir(os.path.join(cls.dir, ".ssh"), 0o700)
        shutil.copy(g.key, os.path.join(cls.dir, "id"))
        subprocess.run(["dropbearconvert", "openssh", "dropbear", g.key, os.path.join(cls.dir, "id")],
                       check=True, capture_output=True)
        # dropbear knows a host without its port
        with open(g.path("known_hosts")) as f, open(os.path.join(cls.dir, ".ssh/known_hosts"), "w") as out:
            out.write(f.read().replace("[127.0.0.1]:%d" % g.port, "127.0.0.1"))

    def env(self):
        return {**os.environ, "HOME": self.dir, "DROPBEAR_PASSWORD": TEST_PASSWORD}

    def argv(self, *options, password=False):
        return ["dbclient", "-p", str(g.port), "-l", g.user] + ([] if password else ["-i", self.path("id")]) + \
            list(options) + ["127.0.0.1"]

    def exec(self, command, password):
        done = run(self.argv(password=password) + [command], env=self.env())
        return done.returncode, done.stdout

    def shell(self, typed):
        """dropbear wants a terminal of its own, and takes what is typed once it is raw."""
        master, slave = pty.openpty()
        client = subprocess.Popen(self.argv("-t"), stdin=slave, stdout=subprocess.PIPE, env=self.env())
        os.close(slave)
        output = os.read(client.stdout.fileno(), 1)
        os.write(master, typed)
        output += client.stdout.read()
        client.stdout.close()
        os.close(master)
        self.assertEqual(client.wait(), 7)
        return output

    def copy(self, sample, there, back):
        """By scp: dropbear has no sftp of its own."""
        wrapper = self.path("dbclient")
        with open(wrapper, "w") as f:
            f.write("#!/bin/sh\nHOME=%s exec dbclient -i %s \"$@\"\n" % (self.dir, self.path("id")))
        os.chmod(wrapper, 0o755)
        scp = ["scp", "-O", "-q", "-S", wrapper, "-P", str(g.port)]
        remote = "%s@127.0.0.1:%s" % (g.user, there)
        for pair in ([sample, remote], [remote, back]):
            done = run(scp + pair)
            self.assertEqual(done.returncode, 0, done)

    def forward(self, to):
        port = gateway.free_port()
        client = subprocess.Popen(self.argv("-N", "-L", "127.0.0.1:%d:127.0.0.1:%d" % (port, to)),
                                  env=self.env(), stdin=subprocess.DEVNULL)
        try:
            return through(port)
        finally:
            client.terminate()
            client.wait()

    def test_a_port_is_forwarded_back(self):
        port = gateway.free_port()
        client = subprocess.Popen(self.argv("-N", "-R", "%d:127.0.0.1:%d" % (port, behind.port)),
                                  env=self.env(), stdin=subprocess.DEVNULL)
        try:
            self.assertEqual(through(port), HELLO)
        finally:
            client.terminate()
            client.wait()


class PuttyTest(Client, unittest.TestCase):
    name = "SSH-2.0-PuTTY_Release"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(["puttygen", g.key, "-o", os.path.join(cls.dir, "id.ppk")], check=True)
        with open(os.path.join(cls.dir, "password"), "w") as f:
            f.write(TEST_PASSWORD + "\n")
        with open(g.path("ssh_host_ed25519_key.pub")) as f:
            cls.host_key = f.read().split()[1]

    def argv(self, program, *options, password=False):
        login = ["-pwfile", self.path("password")] if password else ["-i", self.path("id.ppk")]
        return [program, "-batch", "-noagent", "-P", str(g.port), "-l", g.user, "-hostkey", self.host_key] + \
            login + list(options)

    def exec(self, command, password):
        done = run(self.argv("plink", "127.0.0.1", command, password=password))
        return done.returncode, done.stdout

    def shell(self, typed):
        done = run(self.argv("plink", "-t", "127.0.0.1"), typed)
        self.assertEqual(done.returncode, 7)
        return done.stdout

    def copy(self, sample, there, back):
        done = run(self.argv("psftp", "127.0.0.1"),
                   ("put %s %s\nget %s %s\nquit\n" % (sample, there, there, back)).encode())
        self.assertEqual(done.returncode, 0, done)

    def forward(self, to):
        return run(self.argv("plink", "-nc", "127.0.0.1:%d" % to, "127.0.0.1"), b"?").stdout

    def test_files_travel_both_ways_with_pscp(self):
        data, sample, there, back = self.sample()
        remote = "127.0.0.1:" + there
        for pair in ([sample, remote], [remote, back]):
            done = run(self.argv("pscp", "-q", *pair))
            self.assertEqual(done.returncode, 0, done)
        with open(back, "rb") as f:
            self.assertEqual(f.read(), data)

    def test_compression_is_used(self):
        done = run(self.argv("plink", "-C", "127.0.0.1", "head -c 300000 /dev/zero"))
        self.assertEqual((done.returncode, len(done.stdout)), (0, 300000))
        self.assertTrue(g.wait_log("PuTTY.* comp_c2s=zlib@openssh.com .*comp_s2c=zlib@openssh.com"))


class ParamikoTest(Client, unittest.TestCase):
    name = "SSH-2.0-paramiko"

    def client(self, password=False):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import paramiko
        client = paramiko.SSHClient()
        client.load_host_keys(g.path("known_hosts"))
        login = {"password": TEST_PASSWORD} if password else {"key_filename": g.key}
        client.connect("127.0.0.1", g.port, g.user, allow_agent=False, look_for_keys=False, **login)
        return client

    def exec(self, command, password):
        with self.client(password) as c:
            _, out, _ = c.exec_command(command)
            output = out.read()
            return out.channel.recv_exit_status(), output

    def shell(self, typed):
        with self.client() as c:
            channel = c.invoke_shell("xterm", 97, 31)
            channel.sendall(typed)
            output = channel.makefile("rb").read()
            self.assertEqual(channel.recv_exit_status(), 7)
            return output

    def copy(self, sample, there, back):
        with self.client() as c, c.open_sftp() as sftp:
            sftp.put(sample, there)
            sftp.get(there, back)

    def forward(self, to):
        with self.client() as c:
            channel = c.get_transport().open_channel("direct-tcpip", ("127.0.0.1", to), ("127.0.0.1", 1))
            channel.sendall(b"?")
            return channel.makefile("rb").read()

    def test_new_keys_are_made_in_the_middle(self):
        with self.client() as c:
            into, out, _ = c.exec_command("cat")
            for text in (b"before\n", b"after\n"):
                into.write(text)
                into.flush()
                self.assertEqual(out.readline().encode(), text)
                c.get_transport().renegotiate_keys()
            into.channel.shutdown_write()
            self.assertEqual(out.channel.recv_exit_status(), 0)


class AsyncsshTest(Client, unittest.TestCase):
    name = "SSH-2.0-AsyncSSH"

    def with_client(self, use, password=False, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import asyncssh

        login = {"password": TEST_PASSWORD, "client_keys": None} if password else {"client_keys": [g.key]}

        async def go():
            async with asyncssh.connect("127.0.0.1", g.port, username=g.user, config=None, agent_path=None,
                                        known_hosts=g.path("known_hosts"), **login, **options) as c:
                return await use(c)
        return asyncio.run(asyncio.wait_for(go(), 60 * PATIENCE))

    def exec(self, command, password, **options):
        async def use(c):
            done = await c.run(command, encoding=None)
            return done.exit_status, done.stdout
        return self.with_client(use, password, **options)

    def shell(self, typed):
        async def use(c):
            return await c.run(input=typed, term_type="xterm", term_size=(97, 31), encoding=None)
        done = self.with_client(use)
        self.assertEqual(done.exit_status, 7)
        return done.stdout

    def copy(self, sample, there, back):
        async def use(c):
            async with c.start_sftp_client() as sftp:
                await sftp.put(sample, there)
                await sftp.get(there, back)
        self.with_client(use)

    def forward(self, to):
        async def use(c):
            reader, writer = await c.open_connection("127.0.0.1", to)
            writer.write(b"?")
            return await reader.read()
        return self.with_client(use)

    def test_a_port_is_forwarded_back(self):
        async def use(c):
            listener = await c.forward_remote_port("127.0.0.1", 0, "127.0.0.1", behind.port)
            return await asyncio.get_running_loop().run_in_executor(None, through, listener.get_port())
        self.assertEqual(self.with_client(use), HELLO)

    def test_each_algorithm_that_it_has_is_negotiated(self):
        kinds = {
            "kex": ("kex_algs", ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
                                 "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group16-sha512",
                                 "diffie-hellman-group18-sha512", "diffie-hellman-group-exchange-sha256",
                                 "diffie-hellman-group14-sha256"]),
            "hostkey": ("server_host_key_algs", ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512",
                                                 "rsa-sha2-256"]),
            "c2s": ("encryption_algs", ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com",
                                        "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"]),
            "mac_c2s": ("mac_algs", ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
                                     "hmac-sha2-256", "hmac-sha2-512", "umac-128-etm@openssh.com"]),
            "comp_c2s": ("compression_algs", ["none", "zlib@openssh.com"]),
        }
        for kind, (option, names) in kinds.items():
            for name in names:
                options = {option: [name]}
                if kind == "mac_c2s":
                    options["encryption_algs"] = ["aes128-ctr"]
                with self.subTest(name):
                    self.assertEqual(self.exec("echo hello", False, **options), (0, b"hello\n"))
                    self.assertTrue(g.wait_log("AsyncSSH.* %s=%s " % (kind, re.escape(name))))


class UsersFileTest(unittest.TestCase):
    def session(self, gate, user):
        """What a command says in a session of user, who logs in by password; None where there is none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import paramiko
        with paramiko.SSHClient() as client:
            client.load_host_keys(gate.path("known_hosts"))
            paramiko.util.logging.getLogger("paramiko").setLevel("CRITICAL")
            client.connect("127.0.0.1", gate.port, user, TEST_PASSWORD, allow_agent=False, look_for_keys=False)
            try:
                return client.exec_command("id -un")[1].read().decode().strip()
            except paramiko.ChannelException:
                return None

    def test_sessions_run_as_the_account_that_is_given_and_without_one_there_are_none(self):
        account = gateway.account()
        with gateway_of_users("guest", "pilot:" + account, account) as gate:
            self.assertEqual(self.session(gate, "pilot"), account)
            # of the same name as the account, and looked up a moment later
            self.assertIsNone(self.session(gate, account))
            self.assertIsNone(self.session(gate, "guest"))
            self.assertEqual(self.session(gate, "pilot"), account)


class Program(Client):
    """A program of ours around a library: PORT USER key:FILE|password:TEXT MODE ..."""

    argv = None
    env = {}

    def program(self, password, *rest, input=b""):
        auth = "password:" + TEST_PASSWORD if password else "key:" + g.key
        done = run(self.argv + [str(g.port), g.user, auth, *rest], input, env=self.env)
        self.assertLess(done.returncode, 254, done)
        return done

    def exec(self, command, password):
        done = self.program(password, "exec", command)
        return done.returncode, done.stdout

    def shell(self, typed):
        done = self.program(False, "shell", input=typed)
        self.assertEqual(done.returncode, 7)
        return done.stdout

    def copy(self, sample, there, back):
        self.assertEqual(self.program(False, "sftp", sample, there, back).returncode, 0)

    def forward(self, to):
        return self.program(False, "forward", str(to), input=b"?").stdout


class LibsshTest(Program, unittest.TestCase):
    name = "SSH-2.0-libssh_"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program = os.path.join(BUILD, "tests", "e2e", "libssh_client")
        if not os.path.exists(program):
            subprocess.run(["make", "-s", "-C", ROOT, os.path.relpath(program, ROOT)], check=True)
        cls.argv = [program, g.path("known_hosts")]


def npm_install():
    """Installs what the lock file has, once; a machine without npm or registry has the rest of the tests."""
    folder = os.path.dirname(NODE_MODULES)
    lock = os.path.join(folder, "package-lock.json")
    with open(os.path.join(NPM, "package-lock.json")) as f:
        wanted = f.read()
    if os.path.exists(os.path.join(folder, "done")) and pathlib.Path(lock).read_text() == wanted:
        return
    if shutil.which("npm") is None:
        raise unittest.SkipTest("npm is not installed")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(NPM, name), folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"],
                          cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise unittest.SkipTest("npm ci: " + done.stderr[-300:])
    open(os.path.join(folder, "done"), "w").close()


class Node(Program):
    script = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        npm_install()
        cls.argv = ["node", os.path.join(NPM, cls.script)]
        cls.env = {"NODE_MODULES": NODE_MODULES}


class Ssh2Test(Node, unittest.TestCase):
    name = "SSH-2.0-ssh2js"
    script = "ssh2_client.js"


class RusshTest(Node, unittest.TestCase):
    name = "SSH-2.0-russh"
    script = "russh_client.js"

    def exec(self, command, password):
        """Its binding tells no statuses: the shell prints them."""
        done = self.program(password, "exec", "(%s); echo status $?" % command)
        output, status = done.stdout.rsplit(b"status ", 1)
        return int(status), output

    def shell(self, typed):
        return self.program(False, "shell", input=typed).stdout

    def test_mlkem768x25519_sha256_is_negotiated(self):
        self.env = {**self.env, "KEX": "mlkem768x25519-sha256"}
        self.assertEqual(self.exec("echo hello", False), (0, b"hello\n"))
        self.assertTrue(g.wait_log("russh.* kex=mlkem768x25519-sha256 "))


class SntrupTest(unittest.TestCase):
    def test_plink_negotiates_sntrup761x25519_sha512_of_openssh(self):
        with open(g.path("ssh_host_ed25519_key.pub")) as f:
            key = f.read().split()[1]
        home = g.path("sntrup")
        os.mkdir(home)
        subprocess.run(["puttygen", g.key, "-o", home + "/id.ppk"], check=True)
        done = run(["plink", "-batch", "-noagent", "-P", str(g.port), "-l", g.user, "-hostkey", key,
                    "-i", home + "/id.ppk", "127.0.0.1", "echo hello"])
        self.assertEqual(done.stdout, b"hello\n", done)
        self.assertTrue(g.wait_log("PuTTY.* kex=sntrup761x25519-sha512@openssh.com "))

    def test_sntrup761x25519_sha512_is_negotiated_under_its_final_name(self):
        with open(shutil.which("ssh"), "rb") as f:
            program = f.read()
        old = b"\0sntrup761x25519-sha512@openssh.com\0"
        self.assertEqual(program.count(old), 1)
        path = g.path("ssh-sntrup")
        with open(path, "wb") as f:
            f.write(program.replace(old, old[:old.index(b"@")].ljust(len(old), b"\0")))
        os.chmod(path, 0o755)
        argv = g.ssh_argv("echo", "hello", options=["-o", "KexAlgorithms=sntrup761x25519-sha512"])
        done = run([path] + argv[1:])
        self.assertEqual(done.stdout, b"hello\n", done)
        self.assertTrue(g.wait_log("kex=sntrup761x25519-sha512 "))


if __name__ == "__main__":
    unittest.main()
