"""Events: each is a handler that writes what it is given to the log, while stock clients do something."""
import re

from gateways import told
from server import Echo, Server
from table import equal, holds, row


def event(reference, name, pattern, does, more=""):
    """A row whose event is seen while ssh runs a command, with a pattern in what the script is given."""
    @row("Events", reference, does, "the script's log line of on_%s%s" % (name, more))
    def _(g):
        since = len(g.script.log_lines)
        g.script.ssh("true", check=0)
        holds(told(g.script, name, "", since), pattern)


event("Connected", "connected", r"conn\.source=127\.0\.0\.1;.*status\.code=0;status\.description=OK", "a connection stands")
event("Disconnected", "disconnected", r"ending\.description=OK;ending\.status_code=0", "ssh says goodbye")
event("Log", "log", r"line\.level=\d;line\.message=", "a log line of a connection")
event("SSHStatus", "status", r"status\.message=.*KEX", "progress of the handshake")
event("SSHServiceRequest", "service_request", r"service\.name=ssh-userauth", "ssh-userauth is asked for")
event("SSHChannelOpened", "channel_opened", r"channel=session", "a session is open")
event("SSHChannelRequested", "channel_requested", r"request=exec", "a request was granted")
event("SSHChannelReadyToSend", "channel_ready_to_send", r"channel=\d", "data can be sent")
event("SSHChannelEOF", "channel_eof", r"channel=session", "ssh has no more input")
event("SSHChannelClosed", "channel_closed", r"channel=session", "a session ended")


@row("Events", "ConnectionRequest", "decides before a byte is said", "on_connection_request, and a script that refuses: ssh gets its words")
def _(g):
    from scripted import scripted
    since = len(g.script.log_lines)
    g.script.ssh("true", check=0)
    told(g.script, "connection_request", "conn.source=127.0.0.1", since)
    with scripted('function on_connection_request(conn) return refuse{ message = "closed today" } end') as own:
        holds(own.ssh("true", options=["-v"]).stderr, rb"closed today")


@row("Events", "Error", "a connection that cannot be made for ssh -W", "on_error 1201")
def _(g):
    since = len(g.script.log_lines)
    g.script.ssh(options=["-W", "127.0.0.1:1"])
    told(g.script, "error", "problem.code=1201", since)


@row("Events", "SSHUserAuthRequest", "decides about each attempt: banner, methods, prompts", "user, method and algorithm of ssh's attempts; the banner")
def _(g):
    since = len(g.script.log_lines)
    g.script.ssh("true", check=0)
    told(g.script, "user_auth_request", "auth.method=none;auth.service=ssh-connection;auth.user=%s;" % g.script.user, since)
    told(g.script, "user_auth_request", "auth.key_algorithm=ssh-ed25519;auth.method=publickey", since)
    holds(g.script.ssh("true", user="nobody-at-all", options=["-o", "LogLevel=INFO"]).stderr, rb"go away")


@row("Events", "SSHChannelOpenRequest", "decides, and routes a channel", "ssh -W refused, and served by the script")
def _(g):
    since = len(g.script.log_lines)
    holds(g.script.ssh(options=["-W", "refused.invalid:1", "-o", "LogLevel=INFO"]).stderr, rb"not there")
    told(g.script, "channel_open_request", "channel.host=refused.invalid;channel.type=direct-tcpip", since)
    equal(g.script.ssh(options=["-W", "script.invalid:1"], input=b"hello").stdout, b"<hello>")


@row("Events", "SSHChannelRequest", "decides, and may say another command", "ssh's commands: refused, replaced, as asked")
def _(g):
    done = g.script.ssh("refused")
    equal((done.returncode != 0, done.stderr.strip()), (True, b"no such thing"))
    equal(g.script.ssh("rewritten", check=0).stdout, b"by the script\n")
    equal(g.script.ssh("echo as asked", check=0).stdout, b"as asked\n")


@row("Events", "SSHChannelDataIn", "data of a channel that the script serves", "on_channel_data_in has what ssh sent")
def _(g):
    since = len(g.script.log_lines)
    equal(g.script.ssh("records", input=b"1234", check=0).stdout, b"<1234>")
    told(g.script, "channel_data_in", "data=1234", since)
