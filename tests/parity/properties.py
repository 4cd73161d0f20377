"""Properties."""
import re
import signal
import socket
import time

from gateway import Gateway, end, free_port, wait_for
from gateways import program, sockets, told
from table import equal, holds, row


@row("Properties", "SSHChannelCount, SSHConnectionCount", "channels and connections are told from their begin to their end",
     "as many ends as begins after ten ssh")
def _(g):
    since = len(g.script.log_lines)
    for _ in range(3):
        g.script.ssh("true", check=0)

    def counts():
        lines = g.script.log_lines[since:]
        return [sum("EV %s " % e in line for line in lines)
                for e in ("connected", "disconnected", "channel_opened", "channel_closed")]
    if not wait_for(lambda: counts() == [3, 3, 3, 3]):
        raise AssertionError(counts())


@row("Properties", "BytesSent, ChannelId, ReadyToSend, RecordLength, Service", "a channel's facts, in each event of it",
     "what the script logs of an echo in records of four bytes")
def _(g):
    since = len(g.script.log_lines)
    equal(g.script.ssh("records", input=b"abcdefgh", check=0).stdout, b"<abcd><efgh>")
    holds(told(g.script, "channel_data_in", "data=efgh", since), r"record=4;received=8;sent=6;")
    holds(told(g.script, "channel_opened", "", since), r"channel=session;ready=true")


@row("Properties", "DataToSend", "the script sends over a channel", "ssh prints it")
def _(g):
    equal(g.script.ssh("script status").stdout, b"out")


@row("Properties", "ConnectionBacklog", "ListenBacklog 17", "the length of the kernel's queue, by ss; 4096 where nothing is said")
def _(g):
    holds(sockets(g.set.port, "-l"), r"^LISTEN 0 +17 ")
    holds(sockets(g.script.port, "-l"), r"^LISTEN 0 +(\d{3,}) ")


@row("Properties", "SSHConnectionConnected", "a script ends a connection", "ssh ends with the script's words")
def _(g):
    since = len(g.script.log_lines)
    done = g.script.ssh("script disconnect", options=["-o", "LogLevel=INFO"])
    equal(done.returncode, 255)
    holds(done.stderr, rb"that is all")
    told(g.script, "disconnected", "ending.status_code=10013", since)


@row("Properties", "SSHConnectionLocalAddress, SSHConnectionRemoteHost, SSHConnectionRemotePort",
     "the addresses of a connection", "the script answers ssh with them; the port is ssh's own")
def _(g):
    port = free_port()
    p = g.script.popen("script address", options=["-o", "ProxyCommand=socat - TCP:127.0.0.1:%d,bind=127.0.0.1:%d" %
                                                 (g.script.port, port)])
    out, err = p.communicate(timeout=20)
    equal(out, b"127.0.0.1 %d 127.0.0.1" % port)


def takes_nothing(g):
    """A client that opens a session and never reads: what the script sent waits for a second, and no longer."""
    import paramiko
    since = len(g.script.log_lines)
    c = paramiko.SSHClient()
    c.load_host_keys(g.script.path("known_hosts"))
    c.connect("127.0.0.1", g.script.port, g.script.user, key_filename=g.script.key, look_for_keys=False,
              allow_agent=False)
    channel = c.get_transport().open_session(window_size=1024, max_packet_size=1024)
    channel.exec_command("script late")
    holds(told(g.script, "error", "10060", since), "the client took nothing for 1 seconds")
    holds("\n".join(g.script.log_lines[since:]), "channel:send: the client does not read")
    c.close()


@row("Properties", "SSHConnectionTimeout, DefaultTimeout", "what is sent and not taken is an error after the timeout; beyond what may wait at once",
     "a client that does not read: on_error 10060, a log line for the send that was refused")
def _(g):
    takes_nothing(g)
    equal(holds(program(g.script, "-T", "-f", "none").stdout, r"connectiontimeout (\d+)").group(1), "60")


@row("Properties", "DefaultAuthMethods", "PasswordAuthentication no and prompts; available_methods of a script",
     "the methods that ssh lists when it gives up")
def _(g):
    done = g.set.ssh("true", user="nobody-at-all", options=["-o", "PubkeyAuthentication=no"])
    holds(done.stderr, rb"\(publickey,keyboard-interactive\)")
    done = g.script.ssh("true", user="nobody-at-all")
    holds(done.stderr, rb"\(keyboard-interactive\)")


@row("Properties", "KeyboardInteractiveMessage, KeyboardInteractivePromptCount, KeyboardInteractivePromptEcho, "
     "KeyboardInteractivePromptPrompt", "an instruction and two prompts, one with echo", "asked by paramiko; what it is asked")
def _(g):
    import paramiko
    asked = []
    t = paramiko.Transport(("127.0.0.1", g.set.port))
    try:
        t.start_client(timeout=20)

        def answer(title, instruction, prompts):
            asked.append((instruction, [(text.strip(), bool(echo)) for text, echo in prompts]))
            return ["x"] * len(prompts)
        try:
            t.auth_interactive(g.set.user, answer)
        except paramiko.SSHException:
            pass
    finally:
        t.close()
    equal(asked[0], ("Answer truly", [("Token:", True), ("PIN:", False)]))


@row("Properties", "Listening", "a reload opens and closes ports; connections outlive them", "connects and ssh sessions around SIGHUP")
def _(g):
    other = free_port()
    with Gateway("Port %d" % other) as own:
        p = own.popen("cat")
        p.stdin.write(b"a")
        p.stdin.flush()
        equal(p.stdout.read(1), b"a")
        equal(own.ssh("true").returncode, 0)
        own.lines = []
        own.write_conf()
        own.process.send_signal(signal.SIGHUP)
        equal(bool(own.wait_log("configuration reloaded")), True)
        with socket.socket() as s:
            equal(s.connect_ex(("127.0.0.1", other)) != 0, True)
        p.stdin.write(b"b")
        p.stdin.flush()
        equal(p.stdout.read(1), b"b")
        end(p)
        p.communicate()


@row("Properties", "LocalHost, LocalPort", "ListenAddress with port 0", "the log names the port; ssh-keyscan's greeting comes from there")
def _(g):
    own = Gateway(start=False)
    own.port = 0
    own.write_conf()
    with own.start():
        port = int(holds(own.log(), r"Server listening on 127\.0\.0\.1 port (\d+)\.").group(1))
        equal(port != 0, True)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            equal(s.recv(8), b"SSH-2.0-")


@row("Properties", "SSHCertEncoded, SSHCertStore, SSHCertStorePassword, SSHCertStoreType, SSHCertSubject",
     "HostKey names a key", "ssh knows the gateway by it, and by no other")
def _(g):
    equal(g.script.ssh("true", options=["-o", "HostKeyAlgorithms=ssh-ed25519"]).returncode, 0)
    holds(g.script.ssh("true", options=["-o", "UserKnownHostsFile=/dev/null"]).stderr, b"verification failed|No ED25519")


@row("Properties", "SSHCompressionAlgorithms", "CompressionAlgorithms +zlib", "ssh -C compresses by zlib@openssh.com; paramiko finds zlib")
def _(g):
    done = g.old.ssh("true", options=["-vv", "-C"])
    holds(done.stderr, rb"compression: zlib@openssh\.com")
    holds(done.stderr, rb"compression stoc: none,zlib@openssh\.com,zlib\r?\n")


@row("Properties", "SSHEncryptionAlgorithms", "Ciphers +aes128-cbc", "ssh -c aes128-cbc; where it is not named ssh is refused")
def _(g):
    equal(g.old.ssh("echo x", options=["-c", "aes128-cbc"], check=0).stdout, b"x\n")
    holds(g.script.ssh("true", options=["-c", "aes128-cbc", "-o", "LogLevel=INFO"]).stderr, rb"no matching cipher")
