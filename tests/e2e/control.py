"""A client of the control socket in plain Python: JSON-RPC 2.0, one object a line."""
import json
import socket

from gateway import Gateway, PATIENCE

SOCKET = "control.sock"


class Refused(Exception):
    def __init__(self, error):
        super().__init__("%(code)d: %(message)s" % error)
        self.code = error["code"]
        self.message = error["message"]


class Control:
    """with Control(g) as c: c.call("connection.list", user="alice")"""

    def __init__(self, gateway, timeout=10.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout * PATIENCE)
        self.socket.connect(gateway.path(SOCKET))
        self.file = self.socket.makefile("rb")
        self.calls = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next object; None at the end."""
        line = self.file.readline()
        return json.loads(line) if line else None

    def answer(self, id):
        """The answer to a call; events that come before it are kept."""
        while True:
            got = self.read()
            if got is None:
                raise EOFError("the control process hung up")
            if got.get("method") == "event":
                self.events.append(got["params"])
                continue
            assert got["jsonrpc"] == "2.0" and got["id"] == id, got
            if "error" in got:
                raise Refused(got["error"])
            return got["result"]

    def call(self, method, **params):
        self.calls += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.calls, "method": method,
                              "params": params}).encode() + b"\n")
        return self.answer(self.calls)

    def event(self, *names, **fields):
        """Waits for an event of one of the names, with these fields."""
        def fits(e):
            return e["event"] in names and all(e.get(k) == v for k, v in fields.items())
        while True:
            for i, e in enumerate(self.events):
                if fits(e):
                    return self.events.pop(i)
            got = self.read()
            if got is None:
                raise EOFError("the control process hung up")
            assert got.get("method") == "event", got
            self.events.append(got["params"])


def controlled(*lines, **how):
    """A gateway with a control socket in its folder."""
    start = how.pop("start", True)
    g = Gateway(*lines, start=False, **how)
    g.lines.insert(0, "ControlSocket " + g.path(SOCKET))
    g.write_conf()
    return g.start() if start else g
