"""Small servers that helpers ask: a directory (LDAP), a web service, an identity provider. Loopback only."""
import http.server
import json
import socketserver
import threading
import urllib.parse


class Serving:
    """with Serving(...) as s: s.port"""

    def __init__(self, handler):
        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
        self.server = Server(("127.0.0.1", 0), handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.server.shutdown()
        self.server.server_close()


# ---- LDAP: bind and equality search over the whole tree, RFC 4511 ----

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    return bytes([tag, n]) + body if n < 128 else bytes([tag, 0x82]) + n.to_bytes(2, "big") + body


def take(data):
    tag, n, at = data[0], data[1], 2
    if n & 0x80:
        at += n & 0x7F
        n = int.from_bytes(data[2:at], "big")
    return tag, data[at:at + n], data[at + n:]


def items(data):
    found = []
    while data:
        tag, body, data = take(data)
        found.append((tag, body))
    return found


class LdapHandler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            n = head[1]
            if n & 0x80:
                n = int.from_bytes(self.rfile.read(n & 0x7F), "big")
            (_, number), (tag, body) = items(self.rfile.read(n))[:2]
            if not self.request_of(tlv(2, number), tag, body):
                return

    def send(self, number, tag, *parts):
        self.wfile.write(tlv(0x30, number, tlv(tag, *parts)))

    def result(self, number, tag, code=0, text=b""):
        self.send(number, tag, tlv(0x0A, bytes([code])), tlv(4), tlv(4, text))

    def request_of(self, number, tag, body):
        owner = self.server.owner
        if tag == 0x60:
            _, (_, dn), (_, password) = items(body)
            good = (dn.decode(), password.decode()) == owner.bind
            self.result(number, 0x61, 0 if good else 49, b"" if good else b"invalid credentials")
            return good
        if tag != 0x63:
            return False
        owner.searches += 1
        if owner.silent:
            return True
        fields = items(body)
        (_, name), (_, value) = items(fields[6][1])
        wanted = [v.decode() for _, v in items(fields[7][1])]
        for entry in owner.entries:
            if value.decode() in entry.get(name.decode(), []):
                attributes = [tlv(0x30, tlv(4, a.encode()), tlv(0x31, *(tlv(4, v.encode()) for v in entry[a])))
                              for a in wanted if a in entry]
                self.send(number, 0x64, tlv(4, b"cn=x"), tlv(0x30, *attributes))
        self.result(number, 0x65)
        return not owner.hangs_up


class Ldap(Serving):
    """entries: {attribute: [values]} each"""

    def __init__(self, entries, bind=("", "")):
        self.entries, self.bind = entries, bind
        self.searches = 0
        self.silent = self.hangs_up = False
        super().__init__(LdapHandler)


# ---- a web service ----

class JsonHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()

    def answer(self, what, status=200):
        data = what.encode() if isinstance(what, str) else json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class WebhookHandler(JsonHandler):
    def do_POST(self):
        owner = self.server.owner
        owner.asked.append((json.loads(self.body()), self.headers.get("Authorization")))
        self.answer(*owner.decide(owner.asked[-1][0]))


class Webhook(Serving):
    """decide(request) gives (answer, status)."""

    def __init__(self, decide):
        self.decide = decide
        self.asked = []
        super().__init__(WebhookHandler)


# ---- an identity provider: RFC 8628, and as much of OpenID Connect as it takes ----

class ProviderHandler(JsonHandler):
    def do_GET(self):
        owner = self.server.owner
        if self.path == "/.well-known/openid-configuration":
            base = "http://127.0.0.1:%d" % owner.port
            self.answer({"issuer": base, "device_authorization_endpoint": base + "/device_code",
                         "token_endpoint": base + "/token", "userinfo_endpoint": base + "/userinfo"})
        elif self.path == "/userinfo":
            user = owner.tokens.get((self.headers.get("Authorization") or "").replace("Bearer ", ""))
            self.answer(*(({"sub": "1", "preferred_username": user},) if user else ({"error": "invalid_token"}, 401)))
        else:
            self.answer({}, 404)

    def do_POST(self):
        owner = self.server.owner
        form = {k: v[0] for k, v in urllib.parse.parse_qs(self.body()).items()}
        if (form.get("client_id"), form.get("client_secret")) != ("gateway", "hush"):
            self.answer({"error": "invalid_client"}, 401)
        elif self.path == "/device_code":
            self.answer(owner.begin())
        elif self.path == "/token":
            self.answer(*owner.token(form))
        else:
            self.answer({}, 404)


class Provider(Serving):
    """What the user does in the browser is approve() or deny()."""

    def __init__(self, expires_s=60):
        self.expires_s = expires_s
        self.codes, self.tokens = {}, {}
        self.polls = 0
        super().__init__(ProviderHandler)

    def begin(self):
        n = len(self.codes) + 1
        self.codes["device-%d" % n] = {"user_code": "CODE-%04d" % n, "state": "authorization_pending"}
        return {"device_code": "device-%d" % n, "user_code": "CODE-%04d" % n, "interval": 0.1,
                "verification_uri": "http://127.0.0.1:%d/device" % self.port, "expires_in": self.expires_s}

    def find(self, user_code):
        return [c for c in self.codes.values() if c["user_code"] == user_code][0]

    def approve(self, user_code, user):
        self.find(user_code).update(state="approved", user=user)

    def deny(self, user_code):
        self.find(user_code)["state"] = "access_denied"

    def token(self, form):
        self.polls += 1
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code":
            return {"error": "unsupported_grant_type"}, 400
        code = self.codes.get(form.get("device_code"))
        if code is None:
            return {"error": "invalid_grant"}, 400
        if code["state"] != "approved":
            return {"error": code["state"]}, 400
        code["state"] = "invalid_grant"  # a code is good for one token
        token = "token-%d" % len(self.tokens)
        self.tokens[token] = code["user"]
        return {"access_token": token, "token_type": "Bearer"}, 200
