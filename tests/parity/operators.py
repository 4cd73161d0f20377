"""What operators see and do of the same rows over the control socket, beside what scripts do and ssh sees."""
import socket

from control import Control, Refused
from gateway import end, wait_for
from table import also, equal, holds, row


class Session:
    """ssh with a session that the script serves in records of four bytes, and an operator who knows both numbers."""

    def __init__(self, g, command="records"):
        self.c = Control(g)
        before = {r["id"] for r in self.c.call("connection.list")}
        self.p = g.popen(command, options=["-v"])
        self.id = wait_for(lambda: next((r["id"] for r in self.c.call("connection.list") if r["id"] not in before), None))
        self.channel = wait_for(lambda: next((r["id"] for r in self.channels() if r["script"]), None) is not None and
                                self.channels()[0]) ["id"]

    def channels(self):
        try:
            return self.c.call("channel.list", connection=self.id)
        except Refused:  # nobody is logged in yet
            return []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.p)
        self.p.communicate()
        self.c.close()

    def call(self, method, **more):
        return self.c.call(method, connection=self.id, channel=self.channel, **more)


def refused(code, call, *args, **more):
    """The call is refused with the reference's number."""
    try:
        call(*args, **more)
    except Refused as no:
        equal(no.code, code)
        return
    raise AssertionError("was not refused with %d" % code)


@also("Properties", "SSHChannelCount, SSHConnectionCount")
def _(g):
    with Session(g.script) as s:
        equal(len(s.channels()), 1)
        shown = s.c.call("connection.show", id=s.id)
        equal((shown["channels"], shown["user"]), (1, g.script.user))
        equal(s.c.call("status")["connections"] >= 1, True)


@also("Properties", "BytesSent, ChannelId, ReadyToSend, RecordLength, Service")
def _(g):
    with Session(g.script) as s:
        s.p.stdin.write(b"abcd")
        s.p.stdin.flush()
        equal(s.p.stdout.read(6), b"<abcd>")
        row = s.channels()[0]
        equal((row["type"], row["record_length"], row["bytes_sent"], row["bytes_received"], row["ready_to_send"]),
              ("session", 4, 6, 4, True))


@also("Properties", "DataToSend")
@also("Methods", "SendBytes, SendChannelData")
@also("Methods", "SendText")
def _(g):
    with Session(g.script) as s:
        s.call("channel.send", hex="00ff0a")
        equal(s.p.stdout.read(3), b"\0\xff\n")
        s.call("channel.send", text="caf\u00e9")
        equal(s.p.stdout.read(4), b"caf\x82")
        refused(-32602, s.call, "channel.send", text="\u20ac")


@also("Properties", "SSHConnectionConnected")
@also("Methods", "Disconnect")
def _(g):
    with Session(g.script) as s:
        s.c.call("connection.disconnect", id=s.id, message="maintenance at noon")
        out, err = s.p.communicate(timeout=20)
        holds(err, rb"maintenance at noon")
        wait_for(lambda: s.id not in [r["id"] for r in s.c.call("connection.list")])
        refused(126, s.c.call, "connection.show", id=s.id)


@row("Errors", "126", "a connection that is not there", "the control socket's answer")
def _(g):
    with Control(g.script) as c:
        refused(126, c.call, "connection.show", id=999999)
        refused(126, c.call, "connection.disconnect", id=999999)


@also("Properties", "SSHConnectionLocalAddress, SSHConnectionRemoteHost, SSHConnectionRemotePort")
def _(g):
    with Session(g.script) as s:
        shown = s.c.call("connection.show", id=s.id)
        equal((shown["remote_host"], shown["local_address"], shown["local_port"]),
              ("127.0.0.1", "127.0.0.1", g.script.port))
        equal(0 < shown["remote_port"] < 65536, True)


@also("Properties", "SSHConnectionTimeout, DefaultTimeout")
def _(g):
    with Session(g.script) as s:
        equal(s.c.call("connection.show", id=s.id)["timeout"], 60)
        s.c.call("connection.set", id=s.id, timeout=9)
        equal(s.c.call("connection.show", id=s.id)["timeout"], 9)


@also("Properties", "Listening")
@also("Methods", "StartListening, StopListening")
def _(g):
    with Session(g.script) as s:
        equal([r["port"] for r in s.c.call("listener.list")], [g.script.port])
        s.c.call("listener.stop")
        try:
            with socket.socket() as probe:
                equal(probe.connect_ex(("127.0.0.1", g.script.port)) != 0, True)
            s.p.stdin.write(b"abcd")
            s.p.stdin.flush()
            equal(s.p.stdout.read(6), b"<abcd>")  # who is there stays
        finally:
            s.c.call("listener.start")
        equal(g.script.ssh("echo again", check=0).stdout, b"again\n")


@also("Properties", "LocalHost, LocalPort")
def _(g):
    with Control(g.script) as c:
        equal([(r["address"], r["port"]) for r in c.call("listener.list")], [("127.0.0.1", g.script.port)])


@also("Methods", "ChangeRecordLength")
def _(g):
    with Session(g.script) as s:
        s.call("channel.set", record_length=2)
        s.p.stdin.write(b"ab")
        s.p.stdin.flush()
        equal(s.p.stdout.read(4), b"<ab>")


@also("Methods", "OpenChannel")
@also("Errors", "1201")
def _(g):
    with Session(g.script) as s:
        refused(1201, s.c.call, "channel.open", connection=s.id, type="unknown@example.com")


@also("Methods", "CloseChannel")
def _(g):
    with Session(g.script) as s:
        s.call("channel.close", status=9)
        s.p.communicate(timeout=20)
        equal(s.p.returncode, 9)


@also("Methods", "Config")
def _(g):
    with Control(g.script) as c:
        equal(c.call("config.get", name="MaxAuthTries")["values"], ["2"])
        equal("codepage" in [r["name"].lower() for r in c.call("config.list")], True)


@also("Methods", "DoEvents")
def _(g):
    with Control(g.script) as c:
        c.call("events.follow")
        g.script.ssh("true", check=0)
        id = c.event("connected")["conn"]["id"]
        for name in ("channel_opened", "channel_requested", "channel_closed", "disconnected"):
            equal(c.event(name)["conn"]["id"], id)


@also("Methods", "ExchangeKeys")
def _(g):
    with Session(g.script) as s:
        s.c.call("connection.rekey", id=s.id)
        s.p.stdin.write(b"abcd")
        s.p.stdin.flush()
        equal(s.p.stdout.read(6), b"<abcd>")
        s.call("channel.close")
        equal(s.p.communicate(timeout=20)[1].count(b"SSH2_MSG_NEWKEYS received"), 2)


@also("Methods", "SendSSHPacket")
@also("Errors", "10022, 10055, 10057, 10058")
def _(g):
    with Session(g.script) as s:
        s.c.call("connection.send_packet", id=s.id, type=4, payload="01" + "00000007" + b"by hand".hex() + "00000000")
        refused(10022, s.c.call, "connection.send_packet", id=s.id, type=20, payload="00")
        s.call("channel.eof")
        refused(10058, s.call, "channel.send", text="late")
        s.call("channel.close")
        holds(s.p.communicate(timeout=20)[1], rb"Remote: by hand")


@also("Methods", "Reset")
def _(g):
    with Control(g.script) as c:
        c.call("reload")
    g.script.ssh("true", check=0)


@also("Methods", "Shutdown")
def _(g):
    from control import controlled
    with controlled() as own:
        with Control(own) as c:
            c.call("shutdown")
        equal(own.process.wait(20), 0)


@also("Configuration settings", "BuildInfo, LicenseInfo")
def _(g):
    with Control(g.script) as c:
        holds(str(c.call("version")), r"ISC")
