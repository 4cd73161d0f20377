"""Small servers and clients of sockets, for what is forwarded."""
import socket
import socketserver
import threading


class Echo(socketserver.BaseRequestHandler):
    """Sends back what comes; after the end of input says so."""

    def handle(self):
        try:
            while True:
                data = self.request.recv(65536)
                if not data:
                    self.request.sendall(b"end")
                    return
                self.request.sendall(data)
        except OSError:
            pass


class Stall(socketserver.BaseRequestHandler):
    """Reads nothing until it is let."""

    def handle(self):
        self.server.let.wait()
        try:
            while self.request.recv(65536):
                pass
        except OSError:
            pass


class Server:
    """with Server(Echo) as s: connect to s.port, or to s.path"""

    def __init__(self, handler, path=None, port=0):
        kind = socketserver.ThreadingUnixStreamServer if path else socketserver.ThreadingTCPServer
        kind.daemon_threads = True
        kind.request_queue_size = 128
        kind.allow_reuse_address = True
        self.server = kind(path or ("127.0.0.1", port), handler)
        self.server.let = self.let = threading.Event()
        self.path = path
        self.port = None if path else self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.let.set()
        self.server.shutdown()
        self.server.server_close()


def connect(port, address="127.0.0.1", timeout=30):
    return socket.create_connection((address, port), timeout)


def connect_unix(path, timeout=30):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(timeout)
    s.connect(path)
    return s


def exchange(s, data):
    """Sends data, ends it, and gives all that comes back."""
    sender = threading.Thread(target=send_all, args=(s, data), daemon=True)
    sender.start()
    got = read_all(s)
    sender.join()
    s.close()
    return got


def send_all(s, data):
    try:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def read_all(s):
    got = bytearray()
    while True:
        try:
            data = s.recv(1 << 20)
        except OSError:
            break
        if not data:
            break
        got += data
    return bytes(got)


def socks5(proxy, host, port, timeout=30):
    """A connection through a SOCKS 5 proxy, RFC 1928; the name is resolved there."""
    s = connect(proxy, timeout=timeout)
    s.sendall(b"\x05\x01\x00")
    assert s.recv(2) == b"\x05\x00"
    s.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + port.to_bytes(2, "big"))
    answer = b""
    while len(answer) < 10:
        more = s.recv(10 - len(answer))
        if not more:
            raise ConnectionError("the proxy closed: %r" % answer)
        answer += more
    if answer[1] != 0:
        raise ConnectionError("the proxy refused: %d" % answer[1])
    return s


def socks4(proxy, address, port, timeout=30):
    s = connect(proxy, timeout=timeout)
    s.sendall(b"\x04\x01" + port.to_bytes(2, "big") + socket.inet_aton(address) + b"user\0")
    answer = s.recv(8)
    if answer[:2] != b"\x00\x5a":
        raise ConnectionError("the proxy refused: %r" % answer)
    return s
