"""Configuration settings."""
import signal
import socket
import subprocess
import time

from gateway import Gateway, end, wait_for
from gateways import program, sockets, told
from table import equal, holds, row

SECTION = "Configuration settings"


def default(g, keyword):
    """The value of a keyword where no file says anything, as sallyportd -T prints it."""
    return holds(program(g, "-T", "-f", "none").stdout, r"(?m)^%s (.*)$" % keyword).group(1)


def established(g):
    """ssh that is logged in, and its socket as ss shows it."""
    p = g.popen("cat")
    p.stdin.write(b"x")
    p.stdin.flush()
    equal(p.stdout.read(1), b"x")
    line = sockets(g.port, "state", "established")
    end(p)
    p.communicate()
    return line


@row(SECTION, "AltSSHCertCount, AltSSHCertStore, AltSSHCertStorePassword, AltSSHCertStoreType, AltSSHCertSubject",
     "several HostKey lines", "ssh is served by the key that it asks for, of three")
def _(g):
    for name in ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"):
        holds(g.script.ssh("true", options=["-v", "-o", "HostKeyAlgorithms=" + name], check=0).stderr,
              b"host key algorithm: " + name.encode())


@row(SECTION, "DefaultIdleTimeout", "IdleTimeout 2s", "ssh without data is told why it ends")
def _(g):
    p = g.old.popen("sleep 1000", options=["-o", "LogLevel=INFO"])
    err = p.communicate(timeout=30)[1]
    holds(err, rb"no data in the time allowed")
    equal(default(g.old, "idletimeout"), "none")


@row(SECTION, "KeyboardInteractivePrompts[ConnectionId]", "prompts in a decision", "paramiko is asked them, on that connection")
def _(g):
    import paramiko
    asked = []
    t = paramiko.Transport(("127.0.0.1", g.script.port))
    try:
        t.start_client(timeout=20)

        def answer(title, instruction, prompts):
            asked.append((instruction, [(text.strip(), bool(echo)) for text, echo in prompts]))
            return ["x"] * len(prompts)
        for attempt in (lambda: t.auth_none("nobody-at-all"), lambda: t.auth_interactive("nobody-at-all", answer)):
            try:
                attempt()
            except paramiko.SSHException:
                pass
    finally:
        t.close()
    equal(asked[0], ("who are you", [("Name:", True), ("Word:", False)]))


@row(SECTION, "KeyRenegotiationThreshold", "RekeyLimit 64K; 1G and an hour by default", "ssh -v counts key exchanges of 3 MB")
def _(g):
    done = g.set.ssh("head -c 3000000 /dev/zero", options=["-v"], check=0)
    equal(done.stderr.count(b"SSH2_MSG_NEWKEYS received") > 2, True)
    equal(default(g.set, "rekeylimit"), "1073741824 3600")


@row(SECTION, "LogLevel", "LogLevel 3 and 0", "debug lines; none at all")
def _(g):
    g.set.ssh("true", check=0)
    equal(bool(g.set.wait_log("channel 0: session opened|channel 0 closed")), True)
    for word, name in (("0", "QUIET"), ("1", "INFO"), ("2", "VERBOSE"), ("3", "DEBUG")):
        out = program(g.set, "-T", "-f", "none", "-o", "LogLevel " + word).stdout
        holds(out, r"(?m)^loglevel %s" % name)


@row(SECTION, "MaxAuthAttempts", "MaxAuthTries 2", "paramiko answers wrongly until it is cut: twice")
def _(g):
    import paramiko
    tries = []
    t = paramiko.Transport(("127.0.0.1", g.set.port))
    try:
        t.start_client(timeout=20)
        while t.is_active() and len(tries) < 9:
            try:
                t.auth_interactive(g.set.user, lambda *asked: tries.append(asked) or ["x"] * len(asked[2]))
            except paramiko.SSHException:
                wait_for(lambda: not t.is_active(), 0.5)
    finally:
        t.close()
    equal(len(tries), 2)


@row(SECTION, "ServerSSHVersionString", "ServerVersion SSH-2.0-Parity", "the first line that a client reads")
def _(g):
    with socket.create_connection(("127.0.0.1", g.set.port), timeout=10) as s:
        equal(s.makefile("rb").readline(), b"SSH-2.0-Parity\r\n")
    holds(program(g.set, "-t", "-f", "none", "-o", "ServerVersion SSH-1.5-x").stderr, "must begin|SSH-2.0-")


@row(SECTION, "SSHKeepAliveCountMax, SSHKeepAliveInterval", "ClientAliveInterval 1, ClientAliveCountMax 2",
     "ssh that is stopped loses its connection")
def _(g):
    since = len(g.set.log_lines)
    p = g.set.popen("cat")
    p.stdin.write(b"x")
    p.stdin.flush()
    equal(p.stdout.read(1), b"x")
    p.send_signal(signal.SIGSTOP)
    found = wait_for(lambda: [line for line in g.set.log_lines[since:] if "end client" in line], 20)
    p.send_signal(signal.SIGCONT)
    end(p)
    p.communicate()
    equal(bool(found), True)


@row(SECTION, "SSHKeyExchangeAlgorithms, SSHMacAlgorithms, SSHPublicKeyAlgorithms", "lists with + in front",
     "ssh with one algorithm of each that is not on by default")
def _(g):
    done = g.old.ssh("true", check=0, options=["-v", "-o", "KexAlgorithms=diffie-hellman-group14-sha1", "-o",
                                               "MACs=hmac-sha1", "-c", "aes128-ctr", "-o", "HostKeyAlgorithms=ssh-rsa"])
    holds(done.stderr, rb"kex: algorithm: diffie-hellman-group14-sha1")
    holds(done.stderr, rb"kex: host key algorithm: ssh-rsa")
    holds(done.stderr, rb"MAC: hmac-sha1 ")


@row(SECTION, "SSHVersionPattern", "ClientVersionPattern SSH-2.0-OpenSSH*,*paramiko*", "ssh comes in, PuTTY does not")
def _(g):
    g.set.ssh("true", check=0)
    with socket.create_connection(("127.0.0.1", g.set.port), timeout=10) as s:
        s.sendall(b"SSH-2.0-PuTTY_Release_0.78\r\n")
        seen = b""
        while True:
            more = s.recv(4096)
            seen += more
            if not more:
                break
    holds(seen, rb"Protocol major versions differ")
    equal(default(g.set, "clientversionpattern"), "SSH-2.0-*,SSH-1.99-*")


@row(SECTION, "UserAuthBanner[ConnectionId]", "Banner of a file, banner of a decision", "ssh prints both")
def _(g):
    holds(g.set.ssh("true", options=["-o", "LogLevel=INFO"], check=0).stderr, rb"Banner of a file")
    holds(g.script.ssh("true", user="nobody-at-all", options=["-o", "LogLevel=INFO"]).stderr, rb"go away")


@row(SECTION, "AllowedClients", "names, networks, patterns", "ssh from localhost by name; refused where another network is named")
def _(g):
    g.set.ssh("true", check=0)
    with Gateway("AllowedClients 192.0.2.0/24 198.51.100.*", "LogLevel VERBOSE") as own:
        equal(own.ssh("true").returncode, 255)
        equal(bool(own.wait_log("refused 127.0.0.1 .*AllowedClients")), True)
    equal(default(g.set, "allowedclients"), "*")


@row(SECTION, "BindExclusively", "yes by default: the port is the gateway's alone; no shares it", "a second gateway at the same port, twice")
def _(g):
    def second(first, value):
        own = Gateway("BindExclusively " + value, start=False)
        own.port = first.port
        own.write_conf()
        p = subprocess.Popen([own.program(), "-D", "-e", "-f", own.conf], stderr=subprocess.PIPE, text=True)
        line = next((line for line in p.stderr if "Server listening" in line or "cannot listen" in line), "")
        p.terminate()
        p.communicate(timeout=20)
        import shutil
        shutil.rmtree(own.dir)
        return line
    holds(second(g.script, "yes"), "cannot listen .*another server has it")
    holds(second(g.old, "no"), "Server listening")


@row(SECTION, "DefaultConnectionTimeout", "HandshakeTimeout 1s", "a client that says nothing is cut")
def _(g):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", g.set.port), timeout=20) as s:
        s.sendall(b"SSH-2.0-OpenSSH_9\r\n")
        while s.recv(4096):
            pass
    equal(0.5 < time.monotonic() - began < 15, True)


@row(SECTION, "InBufferSize, OutBufferSize", "ReceiveBuffer 70000, SendBuffer 90000", "the buffers of ssh's connection, by ss: the kernel doubles them")
def _(g):
    line = established(g.set)
    holds(line, r"rb140000,")
    holds(line, r"tb180000,")


@row(SECTION, "KeepAliveTime, KeepAliveInterval", "TCPKeepAliveTime 100s, TCPKeepAliveInterval 10s", "the timer of ssh's connection, by ss")
def _(g):
    holds(established(g.set), r"timer:\(keepalive,1min(3\d|40)sec|timer:\(on,")


@row(SECTION, "MaxConnections", "MaxConnections 5; at most 100,000", "the sixth client is refused; 100,001 is an error")
def _(g):
    equal(default(g.set, "maxconnections"), "1000")
    equal(program(g.set, "-T", "-f", "none", "-o", "MaxConnections 100000").returncode, 0)
    equal(program(g.set, "-T", "-f", "none", "-o", "MaxConnections 100001").returncode, 1)
    wait_for(lambda: not sockets(g.set.port, "state", "established"))
    held = [socket.create_connection(("127.0.0.1", g.set.port), timeout=10) for _ in range(5)]
    for s in held:
        equal(s.recv(8), b"SSH-2.0-")
    with socket.create_connection(("127.0.0.1", g.set.port), timeout=10) as s:
        holds(s.recv(100), rb"Exceeded MaxStartups|Not allowed")
    for s in held:
        s.close()
    equal(bool(wait_for(lambda: g.set.ssh("true").returncode == 0)), True)


@row(SECTION, "TcpNoDelay", "TCPNoDelay yes and no", "sallyportd -T; a socket without delay answers ssh at once")
def _(g):
    equal(default(g.set, "tcpnodelay"), "yes")
    holds(program(g.set, "-T", "-f", g.set.conf).stdout, r"(?m)^tcpnodelay no$")
    g.set.ssh("true", check=0)


@row(SECTION, "UseIPv6", "AddressFamily inet6", "connects by IPv6 and by IPv4")
def _(g):
    own = Gateway("ListenAddress ::1", "AddressFamily inet6", start=False)
    own.write_conf()
    with open(own.conf) as f:
        text = f.read().replace("ListenAddress 127.0.0.1\n", "")
    with open(own.conf, "w") as f:
        f.write(text)
    with own.start():
        holds(own.log(), r"Server listening on ::1 port")
        with socket.create_connection(("::1", own.port), timeout=10) as s:
            equal(s.recv(8), b"SSH-2.0-")
        with socket.socket() as s:
            equal(s.connect_ex(("127.0.0.1", own.port)) != 0, True)


@row(SECTION, "BuildInfo, LicenseInfo", "sallyportd -V", "its version")
def _(g):
    done = program(g.script, "-V")
    holds(done.stdout + done.stderr, r"Sallyport[ _]\S*\d")


@row(SECTION, "CodePage", "CodePage 850; a name; a number that the C library has not", "a letter's byte; errors that name the page")
def _(g):
    equal(g.script.ssh("script text", check=0).stdout, b"caf\x82")
    equal(program(g.script, "-T", "-f", "none", "-o", "CodePage ISO-8859-15").returncode, 0)
    holds(program(g.script, "-T", "-f", "none", "-o", "CodePage 57002").stderr, "57002")
    equal(default(g.script, "codepage"), "UTF-8")


@row(SECTION, "UseInternalSecurityAPI", "CryptoProvider default", "sallyportd -T, and a login")
def _(g):
    equal(default(g.script, "cryptoprovider"), "default")
    g.script.ssh("true", check=0)
