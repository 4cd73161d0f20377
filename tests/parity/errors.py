"""Errors: each number where it comes about. Those that have no occasion here must come about nowhere."""
import os
import re
import socket
import struct

from control import Control
from gateway import Gateway, wait_for
from gateways import program, told
from operators import refused
from table import ROOT, equal, holds, row

SECTION = "Errors"


def never(name, codes):
    """Numbers that stand for nothing here."""
    @row(SECTION, name, "have no occasion", "nothing in the gateway uses a name that stands for them")
    def _(g):
        with open(os.path.join(ROOT, "common", "ctl_errors.def")) as f:
            names = ["CTL_BAD_" + n for n, code in re.findall(r"^E\((\w+), +(\d+),", f.read(), re.M) if code in codes]
        equal(len(names), len(codes))
        for folder in ("monitor", "common", "worker", "policy"):
            for at, _, files in os.walk(os.path.join(ROOT, folder)):
                for file in files:
                    with open(os.path.join(at, file), errors="replace") as f:
                        text = f.read()
                    equal(set(re.findall(r"CODE_\w+ = (\d+)\b", text)) & set(codes), set())
                    equal([n for n in names if re.search(r"\b%s\b" % n, text)], [])


never("100, 101, 102, 116, 1202", ("100", "101", "102", "116", "1202"))


@row(SECTION, "104, 106, 107, 108", "what cannot be while it listens", "the control socket's answers")
def _(g):
    with Control(g.script) as c:
        refused(104, c.call, "listener.start")
        for name, code in (("Port", 106), ("ListenAddress", 107), ("MaxConnections", 108)):
            refused(code, c.call, "config.set", name=name, value="1")


@row(SECTION, "112", "a line of more than 1 MiB", "the control socket's answer, and its end")
def _(g):
    with Control(g.script) as c:
        c.send(b" " * ((1 << 20) + 2))
        equal(c.read()["error"]["code"], 112)
        equal(c.read(), None)


@row(SECTION, "10022, 10055, 10057, 10058", "what a script asks for cannot be", "the log names the action and why: a send after the end")
def _(g):
    since = len(g.script.log_lines)
    g.script.ssh("script ended", check=0)
    found = wait_for(lambda: "channel:send: it was ended before" in "\n".join(g.script.log_lines[since:]))
    equal(bool(found), True)


@row(SECTION, "1201", "a connection for ssh -W is not made", "on_error")
def _(g):
    since = len(g.script.log_lines)
    g.script.ssh(options=["-W", "127.0.0.1:1"])
    told(g.script, "error", "problem.code=1201", since)


@row(SECTION, "1300", "attempts are used up", "paramiko with wrong passwords: on_disconnected")
def _(g):
    import paramiko
    since = len(g.script.log_lines)
    t = paramiko.Transport(("127.0.0.1", g.script.port))
    try:
        t.start_client(timeout=20)
        for _ in range(3):
            try:
                t.auth_password("nobody", "wrong")
            except (paramiko.SSHException, EOFError):
                pass
    finally:
        t.close()
    told(g.script, "disconnected", "ending.status_code=1300", since)


@row(SECTION, "1301", "no host key can be used", "sallyportd does not start, and says how to make one")
def _(g):
    conf = g.script.path("nokey.conf")
    with open(conf, "w") as f:
        f.write("HostKey /nonexistent\nPidFile none\nListenAddress 127.0.0.1:0\n")
    done = program(g.script, "-t", "-f", conf)
    equal(done.returncode != 0, True)
    holds(done.stderr, "no host key can be used: make some with sallyportd --generate-host-keys")


@row(SECTION, "135", "a send that the client leaves no room for", "the log line; on_channel_ready_to_send says when there is room")
def _(g):
    import paramiko
    since = len(g.script.log_lines)
    c = paramiko.SSHClient()
    c.load_host_keys(g.script.path("known_hosts"))
    c.connect("127.0.0.1", g.script.port, g.script.user, key_filename=g.script.key, look_for_keys=False,
              allow_agent=False)
    try:
        c.get_transport().open_session(window_size=1024, max_packet_size=1024).exec_command("script late")
        found = wait_for(lambda: "channel:send: the client does not read" in "\n".join(g.script.log_lines[since:]))
        equal(bool(found), True)
    finally:
        c.close()


@row(SECTION, "10013", "the script ends a connection", "on_disconnected")
def _(g):
    since = len(g.script.log_lines)
    g.script.ssh("script disconnect")
    told(g.script, "disconnected", "ending.status_code=10013", since)


@row(SECTION, "10048", "the port is another server's", "sallyportd says so, and what to do")
def _(g):
    own = Gateway(start=False)
    try:
        own.port = g.script.port
        own.write_conf()
        done = program(own, "-D", "-e", "-f", own.conf)
        holds(done.stderr, "Address already in use: another server has it; choose a free one")
    finally:
        own.__exit__(None)


@row(SECTION, "10049", "an address that the host has not", "sallyportd says so")
def _(g):
    conf = g.script.path("address.conf")
    with open(conf, "w") as f:
        f.write("HostKey %s\nPidFile none\nListenAddress 192.0.2.77:2222\n" % g.script.path("ssh_host_ed25519_key"))
    holds(program(g.script, "-D", "-e", "-f", conf).stderr, "this host has no such address; see ListenAddress")


@row(SECTION, "10053", "a client that breaks the protocol", "on_error and on_disconnected")
def _(g):
    since = len(g.script.log_lines)
    with socket.create_connection(("127.0.0.1", g.script.port), timeout=10) as s:
        s.sendall(b"SSH-2.0-x\r\n" + b"\0\0\0\x0c\x0a" + bytes(11) * 8)
        while s.recv(4096):
            pass
    told(g.script, "disconnected", "ending.status_code=10053", since)


@row(SECTION, "10054", "a client whose connection is reset", "paramiko's socket, closed with linger 0: on_disconnected")
def _(g):
    import paramiko
    since = len(g.script.log_lines)
    c = paramiko.SSHClient()
    c.load_host_keys(g.script.path("known_hosts"))
    c.connect("127.0.0.1", g.script.port, g.script.user, key_filename=g.script.key, look_for_keys=False,
              allow_agent=False)
    s = c.get_transport().sock
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    told(g.script, "disconnected", "ending.status_code=10054", since)
    c.close()


@row(SECTION, "10060", "a client that takes nothing", "on_error after conn:set_timeout(1)")
def _(g):
    from properties import takes_nothing
    takes_nothing(g)


@row(SECTION, "10061", "ssh -W to a port where nobody listens", "the log line of the connection")
def _(g):
    g.script.ssh(options=["-W", "127.0.0.1:1"])
    equal(bool(g.script.wait_log("127.0.0.1:1: connection refused")), True)


@row(SECTION, "11001", "ssh -W to a host that nobody knows", "the log line of the connection")
def _(g):
    g.script.ssh(options=["-W", "nobody.invalid:1"])
    equal(bool(g.script.wait_log("nobody.invalid:1: no such host")), True)
