#!/usr/bin/python3 -u
"""A helper that looks users up in an LDAP directory (RFC 4511), with nothing but Python's standard library.

    PolicyHelper directory /etc/sallyport/helpers/directory.py ldap://ldap.example.net dc=example,dc=net
        [bind-dn file-with-its-password]

Request   {"user": "alice"}
Result    {"found": true, "disabled": false, "groups": ["admin"], "keys": ["SHA256:…"]}

A person is an entry below the base whose uid is the user's name; keys are its sshPublicKey values; it is disabled where it
has pwdAccountLockedTime. Groups are the cn of entries whose memberUid is that name. Other directories name these
otherwise: change ATTRIBUTES.
"""
import base64
import hashlib
import json
import socket
import ssl
import sys
import urllib.parse

ATTRIBUTES = {"user": "uid", "key": "sshPublicKey", "disabled": "pwdAccountLockedTime", "member": "memberUid", "group": "cn"}
TIMEOUT_S = 3
MOST_BYTES = 1 << 20  # of one message

BIND, BIND_DONE, SEARCH, ENTRY, SEARCH_DONE, REFERENCE = 0x60, 0x61, 0x63, 0x64, 0x65, 0x73
INTEGER, OCTETS, ENUM, BOOL, SEQUENCE, SET, EQUAL, SIMPLE = 0x02, 0x04, 0x0A, 0x01, 0x30, 0x31, 0xA3, 0x80


# ---- BER, as much as LDAP needs of it ----

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def number(n, tag=INTEGER):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(s):
    return tlv(OCTETS, s.encode())


def take(data):
    """Gives (tag, content, rest)."""
    tag, n, at = data[0], data[1], 2
    if n & 0x80:
        at += n & 0x7F
        n = int.from_bytes(data[2:at], "big")
    if at + n > len(data):
        raise ValueError("the directory's answer ends too early")
    return tag, data[at:at + n], data[at + n:]


def items(data):
    while data:
        tag, body, data = take(data)
        yield tag, body


# ---- the protocol ----

class Directory:
    def __init__(self, url, base, bind_dn="", password=""):
        self.url = urllib.parse.urlsplit(url)
        self.base, self.bind_dn, self.password = base, bind_dn, password
        self.sock = None
        self.last = 0

    def connect(self):
        secure = self.url.scheme == "ldaps"
        where = (self.url.hostname, self.url.port or (636 if secure else 389))
        self.sock = socket.create_connection(where, TIMEOUT_S)
        if secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.url.hostname)
        self.file = self.sock.makefile("rb")
        self.send(BIND, number(3), text(self.bind_dn), tlv(SIMPLE, self.password.encode()))
        self.check(*self.receive(), BIND_DONE)

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def send(self, tag, *parts):
        self.last += 1
        self.sock.sendall(tlv(SEQUENCE, number(self.last), tlv(tag, *parts)))

    def receive(self):
        """Gives tag and content of the next answer to the last request."""
        while True:
            head = self.read(2)
            n = head[1]
            if n & 0x80:
                head += self.read(n & 0x7F)
                n = int.from_bytes(head[2:], "big")
            if n > MOST_BYTES:
                raise ValueError("the directory's answer is too long")
            body = self.read(n)
            _, number_of, rest = take(body)
            if int.from_bytes(number_of, "big") == self.last:
                return take(rest)[:2]

    def read(self, n):
        data = self.file.read(n)
        if len(data) < n:
            raise ConnectionError("the directory closed the connection")
        return data

    @staticmethod
    def check(tag, body, want):
        (_, code), (_, _), (_, message) = list(items(body))[:3]
        if tag != want or any(code):
            raise ValueError("the directory refused: %d %s" % (int.from_bytes(code, "big"), message.decode(errors="replace")))

    def search(self, attribute, value, wanted):
        """Gives the entries whose attribute is value, each as {name: [values]} with names in small letters.

        The value travels as it is, in a field of its own: there is no filter text that it could change.
        """
        self.send(SEARCH, text(self.base), number(2, ENUM), number(0, ENUM), number(0), number(TIMEOUT_S),
                  tlv(BOOL, b"\0"), tlv(EQUAL, text(attribute), text(value)), tlv(SEQUENCE, *map(text, wanted)))
        found = []
        while True:
            tag, body = self.receive()
            if tag == ENTRY:
                (_, _), (_, attributes) = items(body)
                entry = {}
                for _, one in items(attributes):
                    (_, name), (_, values) = items(one)
                    entry[name.decode().lower()] = [v for _, v in items(values)]
                found.append(entry)
            elif tag != REFERENCE:
                self.check(tag, body, SEARCH_DONE)
                return found


def fingerprint(key):
    """Of a line as in authorized_keys; None where it is none."""
    try:
        blob = base64.b64decode(key.split()[1], validate=True)
    except (IndexError, ValueError):
        return None
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def look_up(directory, user):
    a = ATTRIBUTES
    people = directory.search(a["user"], user, [a["key"], a["disabled"]])
    if len(people) != 1:  # none; or two, which nobody can tell apart
        return {"found": False}
    groups = directory.search(a["member"], user, [a["group"]])
    keys = map(fingerprint, people[0].get(a["key"].lower(), []))
    return {"found": True,
            "disabled": a["disabled"].lower() in people[0],
            "groups": sorted(g.decode() for e in groups for g in e.get(a["group"].lower(), [])),
            "keys": [k for k in keys if k]}


def answer(directory, user):
    """A connection that broke while nobody asked is made anew, once."""
    for fresh in (False, True):
        try:
            if fresh or directory.sock is None:
                directory.close()
                directory.connect()
            return {"result": look_up(directory, user)}
        except (OSError, ValueError, IndexError) as e:
            directory.close()
            if fresh or isinstance(e, socket.timeout):
                return {"error": "directory: %s" % e}
    return None


def main():
    url, base, *bind = sys.argv[1:]
    if bind:
        with open(bind[1]) as f:
            bind[1] = f.read().strip()
    directory = Directory(url, base, *bind)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"id": asked["id"], **answer(directory, asked["request"]["user"])}))


main()
