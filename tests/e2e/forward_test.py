"""Forwarding in every direction: -L -D -W -J -R, unix sockets, agent, X11, many channels."""
import contextlib
import os
import re
import socket
import subprocess
import threading
import time
import unittest

from gateway import Gateway, PATIENCE, end, free_port, wait_for
from server import (Echo, Server, Stall, connect, connect_unix, exchange, read_all, socks4,
                    socks5)

DATA = os.urandom(3 * 1024 * 1024)


def listening(port, address="127.0.0.1"):
    """Whether somebody accepts there: asked of the kernel, so that no connection is made."""
    with open("/proc/net/tcp") as f:
        wanted = "%s:%04X" % (socket.inet_aton(address)[::-1].hex().upper(), port)
        return any(line.split()[1] == wanted and line.split()[3] == "0A"
                   for line in f.readlines()[1:])


class ForwardCase(unittest.TestCase):
    LINES = ()

    @classmethod
    def setUpClass(cls):
        cls.g = Gateway(*cls.LINES, session=False)
        cls.echo = Server(Echo)

    @classmethod
    def tearDownClass(cls):
        cls.echo.__exit__()
        cls.g.__exit__(None)

    @contextlib.contextmanager
    def forward(self, *options, key=None, fails=True):
        """ssh -N with options, once it says that it forwards; gives what it said."""
        p = subprocess.Popen(
            self.g.ssh_argv(key=key, options=["-N", "-o", "LogLevel=DEBUG1", "-o",
                                              "ExitOnForwardFailure=" + ("yes" if fails else "no"),
                                              *options]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        reader = threading.Thread(target=lambda: said.extend(iter(p.stderr.readline, "")), daemon=True)
        reader.start()
        p.said = lambda: "".join(said)
        try:
            ready = wait_for(lambda: p.poll() is not None or "pledge: " in p.said() and
                             not self.unanswered(options, p.said()))
            self.assertTrue(ready, p.said() + self.g.log())
            yield p
        finally:
            end(p)
            reader.join()
            p.stderr.close()

    @staticmethod
    def unanswered(options, said):
        asked = options.count("-R")
        return len(re.findall(r"remote forward (?:success|failure)", said)) < asked

    def refused(self, *options, **kw):
        """What ssh said when -R was refused."""
        with self.forward(*options, **kw) as p:
            self.assertEqual(wait_for(lambda: p.poll() is not None and p.returncode), 255, p.said())
            wait_for(lambda: "failed" in p.said(), 5)  # its last words may still be on their way
            return p.said()

    def through(self, host, port, key=None):
        """ssh -W: the CompletedProcess."""
        return self.g.ssh(options=["-W", "%s:%d" % (host, port), "-o", "LogLevel=INFO"], input=b"hello", key=key)


    def through_unix(self, path):
        """ssh -L to a socket there: what came back."""
        port = free_port()
        with self.forward("-L", "%d:%s" % (port, path)):
            return exchange(connect(port), b"hello")


class LocalTest(ForwardCase):
    LINES = ("LogLevel VERBOSE",)

    def test_a_port_here_leads_to_a_port_there(self):
        port = free_port()
        with self.forward("-L", "%d:localhost:%d" % (port, self.echo.port)):
            for _ in range(3):
                self.assertEqual(exchange(connect(port), DATA), DATA + b"end")

    def test_socks_leads_anywhere(self):
        port = free_port()
        with self.forward("-D", str(port)):
            self.assertEqual(exchange(socks5(port, "localhost", self.echo.port), b"five"), b"fiveend")
            self.assertEqual(exchange(socks4(port, "127.0.0.1", self.echo.port), b"four"), b"fourend")
            with self.assertRaises(OSError):
                socks5(port, "no-such-name.invalid", 80)
            with self.assertRaises(OSError):
                socks5(port, "localhost", free_port())
            self.assertEqual(exchange(socks5(port, "localhost", self.echo.port), b"on"), b"onend")

    def test_standard_input_and_output_are_joined_to_a_port(self):
        done = self.g.ssh(options=["-W", "127.0.0.1:%d" % self.echo.port], input=DATA, check=0)
        self.assertEqual(done.stdout, DATA + b"end")

    def test_a_closed_port_is_refused_cleanly(self):
        done = self.through("127.0.0.1", free_port())
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, b"open failed: connect failed")
        self.assertTrue(self.g.wait_log("connection refused"), "the log has the reason")

    def test_an_unknown_name_is_refused_cleanly(self):
        done = self.through("no-such-name.invalid", 22)
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, b"open failed: connect failed: ")

    def test_a_peer_that_closes_ends_the_channel(self):
        class Short(Echo):
            def handle(self):
                self.request.sendall(b"bye")
        port = free_port()
        with Server(Short) as short, self.forward("-L", "%d:127.0.0.1:%d" % (port, short.port)):
            s = connect(port)
            self.assertEqual(read_all(s), b"bye")
            s.close()

    def test_a_client_that_resets_ends_the_peer(self):
        ended = threading.Event()

        class Watch(Echo):
            def handle(self):
                while self.request.recv(65536):
                    pass
                ended.set()
        port = free_port()
        with Server(Watch) as watch, self.forward("-L", "%d:127.0.0.1:%d" % (port, watch.port)):
            s = connect(port)
            s.sendall(b"x")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.close()
            self.assertTrue(ended.wait(15 * PATIENCE))

    def test_unix_sockets_here_and_there(self):
        here = self.g.path("here.sock")
        folder = self.g.scratch("sockets")
        there = os.path.join(folder, "there.sock")
        with Server(Echo, path=there):
            os.chmod(there, 0o777)
            with self.forward("-L", "%s:%s" % (here, there)):
                self.assertEqual(exchange(connect_unix(here), DATA), DATA + b"end")
        self.assertEqual(self.through_unix(there), b"")

    def test_a_jump_leads_to_another_server(self):
        with Gateway() as other:
            config = self.g.path("config")
            with open(config, "w") as f:
                for name, g in (("gate", self.g), ("other", other)):
                    f.write("Host %s\n HostName 127.0.0.1\n Port %d\n User %s\n IdentityFile %s\n"
                            " UserKnownHostsFile %s\n" % (name, g.port, g.user, g.key, g.path("known_hosts")))
                f.write("Host *\n BatchMode yes\n IdentitiesOnly yes\n IdentityAgent none\n LogLevel ERROR\n")
            done = subprocess.run(["ssh", "-F", config, "-J", "gate", "other", "cat; exit 3"],
                                  input=DATA, capture_output=True, timeout=60 * PATIENCE)
            self.assertEqual(done.returncode, 3, (done.stderr, self.g.log()))
            self.assertEqual(done.stdout, DATA)

    def test_64_channels_move_data_while_one_is_stalled(self):
        port, stalled = free_port(), free_port()
        piece = DATA[:512 * 1024]
        with Server(Stall) as stall, \
                self.forward("-L", "%d:127.0.0.1:%d" % (port, self.echo.port),
                             "-L", "%d:127.0.0.1:%d" % (stalled, stall.port)):
            s = connect(stalled)
            s.settimeout(2)
            sent = 0
            try:
                while sent < 256 << 20:
                    sent += s.send(bytes(1 << 20))
            except TimeoutError:
                pass
            self.assertLess(sent, 64 << 20, "nothing holds back the sender")
            others = [connect(port, timeout=60 * PATIENCE) for _ in range(63)]
            right = []
            threads = [threading.Thread(target=lambda o=o: right.append(
                exchange(o, piece) == piece + b"end")) for o in others]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(right, [True] * 63)
            s.close()

    def test_connections_leave_no_descriptor(self):
        self.assertTrue(wait_for(lambda: len(self.ends()) >= len(self.starts())))
        before = self.g.fds()
        port = free_port()
        with self.forward("-L", "%d:127.0.0.1:%d" % (port, self.echo.port)):
            for _ in range(20):
                exchange(connect(port), b"x")
        self.assertTrue(wait_for(lambda: self.g.fds() <= before), self.g.fds())

    def starts(self):
        return re.findall(r"Accepted publickey", self.g.log())

    def ends(self):
        return re.findall(r"end client=.*user=", self.g.log())


class RemoteTest(ForwardCase):
    """GatewayPorts no"""

    def test_a_port_there_leads_to_a_port_here(self):
        port = free_port()
        with self.forward("-R", "%d:127.0.0.1:%d" % (port, self.echo.port)):
            for _ in range(3):
                self.assertEqual(exchange(connect(port), DATA), DATA + b"end")
            # nobody from elsewhere, whatever the client asks
            self.assertFalse(listening(port, "0.0.0.0"))
            with self.assertRaises(OSError):
                connect(port, address="127.0.0.2")
        self.assertTrue(wait_for(lambda: not listening(port)), "the listener outlived its client")

    def test_any_port_is_chosen_and_told(self):
        with self.forward("-R", "0:127.0.0.1:%d" % self.echo.port,
                          "-R", "0:localhost:%d" % self.echo.port) as p:
            ports = [int(n) for n in re.findall(r"Allocated port (\d+)", p.said())]
            self.assertEqual(len(set(ports)), 2, p.said())
            for port in ports:
                self.assertEqual(exchange(connect(port), b"any"), b"anyend")

    def test_gateway_ports_no_binds_this_host_only(self):
        port = free_port()
        with self.forward("-R", "*:%d:127.0.0.1:%d" % (port, self.echo.port)):
            self.assertTrue(listening(port))
            self.assertFalse(listening(port, "0.0.0.0"))

    def test_a_taken_port_is_refused(self):
        self.assertIn("remote port forwarding failed",
                      self.refused("-R", "%d:127.0.0.1:1" % self.echo.port))

    def test_a_low_port_is_for_root_only(self):
        if self.g.user == "root":
            self.skipTest("root may")
        self.assertIn("remote port forwarding failed", self.refused("-R", "81:127.0.0.1:1"))

    def test_socks_there_leads_anywhere_here(self):
        port = free_port()
        with self.forward("-R", str(port)):
            self.assertEqual(exchange(socks5(port, "localhost", self.echo.port), b"back"), b"backend")

    def test_a_forward_may_be_cancelled(self):
        port = free_port()
        with self.g.master() as options:
            control = self.g.ssh_argv(options=list(options) + ["-R", "%d:127.0.0.1:%d" % (port, self.echo.port)])
            subprocess.run(control[:1] + ["-O", "forward"] + control[1:], check=True, capture_output=True)
            self.assertEqual(exchange(connect(port), b"x"), b"xend")
            subprocess.run(control[:1] + ["-O", "cancel"] + control[1:], check=True, capture_output=True)
            self.assertTrue(wait_for(lambda: not listening(port)))

    def test_a_unix_socket_there_leads_here(self):
        there = os.path.join(self.g.scratch("sockets"), "there.sock")
        here = self.g.path("here.sock")
        with Server(Echo, path=here):
            with self.forward("-R", "%s:%s" % (there, here)):
                self.assertEqual(exchange(connect_unix(there), DATA), DATA + b"end")
                self.assertEqual(os.stat(there).st_mode & 0o777, 0o600)


class GatewayPortsTest(ForwardCase):
    LINES = ("GatewayPorts yes", "StreamLocalBindUnlink yes", "StreamLocalBindMask 0111")

    def test_gateway_ports_yes_binds_every_address(self):
        port = free_port()
        with self.forward("-R", "localhost:%d:127.0.0.1:%d" % (port, self.echo.port)):
            self.assertEqual(exchange(connect(port, address="127.0.0.2"), b"x"), b"xend")

    def test_an_old_socket_is_replaced_where_settings_say_so(self):
        there = os.path.join(self.g.scratch("sockets"), "there.sock")
        here = self.g.path("here.sock")
        with Server(Echo, path=here):
            for _ in range(2):
                with self.forward("-R", "%s:%s" % (there, here)):
                    self.assertEqual(exchange(connect_unix(there), b"x"), b"xend")
                    self.assertEqual(os.stat(there).st_mode & 0o777, 0o666)


class ClientSpecifiedTest(ForwardCase):
    LINES = ("GatewayPorts clientspecified",)

    def test_gateway_ports_clientspecified_binds_what_was_asked(self):
        for asked, address in (("127.0.0.2", "127.0.0.2"), ("localhost", "127.0.0.1"), ("*", "0.0.0.0")):
            port = free_port()
            with self.forward("-R", "%s:%d:127.0.0.1:%d" % (asked, port, self.echo.port)):
                self.assertTrue(listening(port, address), asked)
                self.assertEqual(exchange(connect(port, address="127.0.0.2" if address != "127.0.0.1" else address), b"x"), b"xend")


class PermitTest(ForwardCase):
    @classmethod
    def setUpClass(cls):
        cls.listen = free_port()
        cls.permitted = Server(Echo)
        cls.LINES = ("PermitOpen 127.0.0.1:%d localhost:*" % cls.permitted.port, "PermitListen %d" % cls.listen)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.permitted.__exit__()
        super().tearDownClass()

    def test_permit_open_names_the_only_destinations(self):
        self.assertEqual(self.through("127.0.0.1", self.permitted.port).stdout, b"helloend")
        self.assertEqual(self.through("localhost", self.echo.port).stdout, b"helloend")
        done = self.through("127.0.0.1", self.echo.port)
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"administratively prohibited", done.stderr)

    def test_permit_listen_names_the_only_ports(self):
        with self.forward("-R", "%d:127.0.0.1:%d" % (self.listen, self.echo.port)):
            self.assertEqual(exchange(connect(self.listen), b"x"), b"xend")
        self.assertIn("remote port forwarding failed", self.refused("-R", "%d:127.0.0.1:1" % free_port()))
        self.assertIn("remote port forwarding failed", self.refused("-R", "0:127.0.0.1:1"))

    def test_options_of_a_key_narrow_further(self):
        key = self.g.make_key("narrow", options='permitopen="localhost:%d",permitlisten="1"' % self.echo.port)
        self.assertEqual(self.through("localhost", self.echo.port, key=key).stdout, b"helloend")
        for host, port in (("localhost", self.permitted.port), ("127.0.0.1", self.permitted.port)):
            self.assertEqual(self.through(host, port, key=key).returncode, 255)
        self.refused("-R", "%d:127.0.0.1:1" % self.listen, key=key)

    def test_a_key_may_be_kept_from_forwarding(self):
        for options in ("no-port-forwarding", "restrict"):
            key = self.g.make_key(options, options=options)
            self.assertEqual(self.through("127.0.0.1", self.permitted.port, key=key).returncode, 255)
            self.refused("-R", "%d:127.0.0.1:1" % self.listen, key=key)
        key = self.g.make_key("again", options="restrict,port-forwarding")
        self.assertEqual(self.through("127.0.0.1", self.permitted.port, key=key).returncode, 0)


class NoForwardTest(ForwardCase):
    LINES = ("AllowTcpForwarding no", "AllowStreamLocalForwarding no")

    def test_allow_tcp_forwarding_no_refuses_both_ways(self):
        self.assertIn(b"administratively prohibited", self.through("127.0.0.1", self.echo.port).stderr)
        self.refused("-R", "0:127.0.0.1:1")

    def test_allow_stream_local_forwarding_no_refuses_both_ways(self):
        there = os.path.join(self.g.scratch("sockets"), "there.sock")
        with Server(Echo, path=there):
            os.chmod(there, 0o777)
            self.assertEqual(self.through_unix(there), b"")
        self.refused("-R", "%s.new:%s" % (there, there))


class OneWayTest(ForwardCase):
    LINES = ("AllowTcpForwarding local", "AllowStreamLocalForwarding remote")

    def test_forwarding_may_be_allowed_one_way(self):
        self.assertEqual(self.through("127.0.0.1", self.echo.port).stdout, b"helloend")
        self.refused("-R", "0:127.0.0.1:1")
        there = os.path.join(self.g.scratch("sockets"), "there.sock")
        here = self.g.path("here.sock")
        with Server(Echo, path=here):
            with self.forward("-R", "%s:%s" % (there, here)):
                self.assertEqual(exchange(connect_unix(there), b"x"), b"xend")
            os.chmod(here, 0o777)
            self.assertEqual(self.through_unix(here), b"")


class AgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway("X11Forwarding yes")
        cls.socket = cls.g.path("agent")
        cls.agent = subprocess.Popen(["ssh-agent", "-D", "-a", cls.socket], stdout=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(cls.socket))
        subprocess.run(["ssh-add", "-q", cls.g.key], env=dict(os.environ, SSH_AUTH_SOCK=cls.socket), check=True)

    @classmethod
    def tearDownClass(cls):
        cls.agent.terminate()
        cls.agent.wait()
        cls.g.__exit__(None)

    def agent_ssh(self, *command, key=None, flags=("-A",)):
        return self.g.ssh(*command, key=key, options=[*flags, "-o", "IdentityAgent=" + self.socket])

    def test_the_agent_is_reached_from_inside(self):
        done = self.agent_ssh("ssh-add -l; stat -c %a $SSH_AUTH_SOCK; echo $SSH_AUTH_SOCK")
        lines = done.stdout.decode().splitlines()
        listed = subprocess.run(["ssh-keygen", "-lf", self.g.key], capture_output=True, text=True).stdout
        self.assertEqual(lines[0].split()[1], listed.split()[1], (done, self.g.log()))
        self.assertEqual(lines[1][-2:], "00")
        self.assertTrue(wait_for(lambda: not os.path.exists(os.path.dirname(lines[2]))), lines[2])

    def test_many_use_the_agent_at_once(self):
        done = self.agent_ssh("for i in $(seq 20); do ssh-add -l & done; wait")
        self.assertEqual(done.stdout.count(b"SHA256:"), 20, self.g.log())

    def test_the_agent_stays_here_unless_it_is_wanted_and_permitted(self):
        self.assertEqual(self.agent_ssh("echo -$SSH_AUTH_SOCK-", flags=("-a",)).stdout, b"--\n")
        key = self.g.make_key("noagent", options="no-agent-forwarding")
        self.assertEqual(self.agent_ssh("echo -$SSH_AUTH_SOCK-", key=key).stdout, b"--\n")

    X_CLIENT = r"""
import os, socket, subprocess
display = os.environ["DISPLAY"]
host, number = display.split(":")
number = number.split(".")[0]
line = [l.split() for l in subprocess.check_output(["xauth", "list", display], text=True).splitlines()][0]
cookie = bytes.fromhex(line[2])
s = socket.create_connection((host, 6000 + int(number)), 20)
name = line[1].encode()
pad = lambda b: b + bytes(-len(b) % 4)
s.sendall(b"l\0\x0b\0\0\0" + len(name).to_bytes(2, "little") + len(cookie).to_bytes(2, "little") + b"\0\0" + pad(name) + pad(cookie))
print(display, s.recv(100).decode())
"""

    def x11_ssh(self, flag, key=None):
        """A connection of an X client inside; gives what ssh did, the cookie, the setup that came."""
        came = []

        class Display(Echo):
            def handle(self):
                came.append(self.request.recv(4096))
                self.request.sendall(b"welcome")
        cookie = os.urandom(16)
        for number in range(100, 200):
            try:
                server = Server(Display, port=6000 + number)
                break
            except OSError:
                continue
        authority = self.g.path("Xauthority")
        display = "127.0.0.1:%d" % number
        with server:
            subprocess.run(["xauth", "-q", "-f", authority, "add", display, "MIT-MAGIC-COOKIE-1", cookie.hex()],
                           check=True, capture_output=True)
            done = subprocess.run(self.g.ssh_argv("python3", "-", key=key, options=[flag]), input=self.X_CLIENT.encode(),
                                  capture_output=True, timeout=60 * PATIENCE,
                                  env=dict(os.environ, DISPLAY=display, XAUTHORITY=authority))
        return done, cookie, came

    def test_x11_reaches_the_display_with_its_cookie(self):
        done, cookie, came = self.x11_ssh("-Y")
        self.assertRegex(done.stdout, rb"localhost:\d+\.0 welcome\n", (done, self.g.log()))
        self.assertEqual(len(came), 1)
        self.assertIn(b"MIT-MAGIC-COOKIE-1", came[0])
        self.assertIn(cookie, came[0])

    def test_x11_needs_permission_of_the_key(self):
        done, _, came = self.x11_ssh("-Y", key=self.g.make_key("nox", options="no-X11-forwarding"))
        self.assertEqual(came, [])
        self.assertIn(b"KeyError: 'DISPLAY'", done.stderr)


if __name__ == "__main__":
    unittest.main()
