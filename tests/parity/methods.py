"""Methods."""
import os
import signal
import socket

from gateway import Gateway, end, free_port
from gateways import program, told
from table import equal, holds, row


@row("Methods", "ChangeRecordLength", "the length of records changes within the handler", "an echo in records of four, then eight bytes")
def _(g):
    done = g.script.ssh("records", input=b"abcd8888abcdefghrest", check=0)
    equal(done.stdout, b"<abcd><8888><abcdefgh><rest>")


@row("Methods", "OpenChannel", "the script opens a channel to ssh -R; one that ssh does not know is error 1201",
     "what the far end of ssh -R reads; on_error")
def _(g):
    since = len(g.script.log_lines)
    with socket.create_server(("127.0.0.1", 0)) as far:
        far.settimeout(20)
        p = g.script.popen(options=["-N", "-R", "127.0.0.1:%d:127.0.0.1:%d" % (free_port(), far.getsockname()[1])])
        try:
            with far.accept()[0] as s:
                s.settimeout(20)
                equal(s.makefile("rb").read(), b"opened by the gateway\n")
        finally:
            end(p)
            p.communicate()
    p = g.script.popen("script open")
    try:
        holds(told(g.script, "error", "1201", since), r"channel unknown@example\.com: the client refuses")
    finally:
        end(p)
        p.communicate()


@row("Methods", "CloseChannel", "the script closes a session, with a status", "ssh's exit status")
def _(g):
    equal(g.script.ssh("script status").returncode, 7)


@row("Methods", "Config", "settings are read, and changed by a reload", "sallyportd -T; a banner after SIGHUP")
def _(g):
    with Gateway() as own:
        equal(holds(program(own, "-T", "-f", own.conf).stdout, r"(?m)^maxauthtries (\d+)").group(1), "6")
        banner = own.path("banner")
        with open(banner, "w") as f:
            f.write("since the reload\n")
        own.lines = ["Banner " + banner]
        own.write_conf()
        own.process.send_signal(signal.SIGHUP)
        equal(bool(own.wait_log("configuration reloaded")), True)
        holds(own.ssh("true", options=["-o", "LogLevel=INFO"]).stderr, b"since the reload")


@row("Methods", "Disconnect", "the script ends the connection", "ssh says what it was told")
def _(g):
    holds(g.script.ssh("script disconnect", options=["-o", "LogLevel=INFO"]).stderr, rb"that is all")


@row("Methods", "DoEvents", "handlers are called when something happens", "two clients at once, each is heard at once")
def _(g):
    since = len(g.script.log_lines)
    ps = [g.script.popen("records") for _ in range(2)]
    for i, p in enumerate(ps):
        p.stdin.write(b"data" if i else b"DATA")
        p.stdin.flush()
        equal(p.stdout.read(6), b"<data>" if i else b"<DATA>")
    for p in ps:
        p.communicate(timeout=20)
    told(g.script, "channel_data_in", "data=data", since)


@row("Methods", "ExchangeKeys", "the script has keys exchanged", "on_status, and a second key exchange in ssh -v")
def _(g):
    done = g.script.ssh("script rekey", options=["-v"], check=0)
    equal(done.stderr.count(b"SSH2_MSG_NEWKEYS received") >= 2 or b"rekey" in done.stderr, True)


@row("Methods", "GetSSHParam, GetSSHParamBytes", "fields of packets by name and by type", "Command, VariableValue and %s,i,s,f of what ssh sends")
def _(g):
    since = len(g.script.log_lines)
    env = dict(os.environ, LANG="C.parity")
    import subprocess
    subprocess.run(g.script.ssh_argv("true", options=["-o", "SendEnv=LANG"]), env=env, check=True, timeout=30,
                   stdin=subprocess.DEVNULL)
    holds(told(g.script, "channel_request", "type=exec", since), r"field=true;.*types=true;")
    holds(told(g.script, "channel_request", "type=env", since), r"field=C\.parity;")


@row("Methods", "SetSSHParam", "a payload is made field by field", "the packet that it is part of reaches ssh")
def _(g):
    holds(g.script.ssh("script packet", options=["-v"]).stderr, rb"Remote: by hand")


@row("Methods", "SendSSHPacket", "a packet made by the script", "ssh -v shows the debug message; a harmful number is refused by name")
def _(g):
    holds(g.script.ssh("script packet", options=["-v"]).stderr, rb"Remote: by hand")


@row("Methods", "SendBytes, SendChannelData", "bytes to stdout and stderr of ssh", "both come out where they belong")
def _(g):
    done = g.script.ssh("script status")
    equal((done.stdout, done.stderr), (b"out", b"err"))


@row("Methods", "SendText", "text in the encoding of CodePage 850", "the byte of an accented letter")
def _(g):
    equal(g.script.ssh("script text", check=0).stdout, b"caf\x82")


@row("Methods", "Reset", "SIGHUP takes the settings of the file anew", "a keyword that was removed has its default again")
def _(g):
    with Gateway("Ciphers aes128-ctr") as own:
        equal(own.ssh("true", options=["-c", "aes256-ctr"]).returncode, 255)
        own.lines = []
        own.write_conf()
        own.process.send_signal(signal.SIGHUP)
        equal(bool(own.wait_log("configuration reloaded")), True)
        own.ssh("true", options=["-c", "aes256-ctr"], check=0)


@row("Methods", "Shutdown", "SIGTERM ends listening and every connection", "ssh is disconnected, the gateway ends with status 0")
def _(g):
    with Gateway() as own:
        p = own.popen("cat")
        p.stdin.write(b"a")
        p.stdin.flush()
        equal(p.stdout.read(1), b"a")
        own.process.terminate()
        equal(own.process.wait(20), 0)
        equal(p.wait(20), 255)
        p.communicate()


@row("Methods", "StartListening, StopListening", "a gateway listens from its start to its end", "connect before and after")
def _(g):
    with Gateway() as own:
        with socket.create_connection(("127.0.0.1", own.port), timeout=10):
            pass
        own.process.terminate()
        equal(own.process.wait(20), 0)
        with socket.socket() as s:
            equal(s.connect_ex(("127.0.0.1", own.port)) != 0, True)
