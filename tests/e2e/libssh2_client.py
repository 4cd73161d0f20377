"""libssh2 as a program: libssh2_client.py PORT USER KEY FILE KIND=NAME ...; the kinds are those of METHODS.

FILE is sent to the gateway, whose digest of it is printed, and then read there and printed.
"""
import ctypes
import socket
import sys

METHODS = {"kex": (0,), "hostkey": (1,), "cipher": (2, 3), "mac": (4, 5), "comp": (6, 7)}
PIECE = 32768
WINDOW = 2 * 1024 * 1024


def load():
    lib = ctypes.CDLL("libssh2.so.1")
    for name in ("libssh2_session_init_ex", "libssh2_channel_open_ex"):
        getattr(lib, name).restype = ctypes.c_void_p
    for name in ("libssh2_channel_read_ex", "libssh2_channel_write_ex"):
        getattr(lib, name).restype = ctypes.c_ssize_t
    return lib


def good(status, what):
    if not status if what == "channel" else status < 0:
        sys.exit("%s: %s" % (what, status))
    return status


def start(lib, session, command):
    channel = ctypes.c_void_p(good(lib.libssh2_channel_open_ex(session, b"session", 7, WINDOW, PIECE, None, 0), "channel"))
    good(lib.libssh2_channel_process_startup(channel, b"exec", 4, command, len(command)), "exec")
    return channel


def send(lib, channel, data):
    while data:
        data = data[good(lib.libssh2_channel_write_ex(channel, 0, data, ctypes.c_size_t(min(len(data), PIECE))), "write"):]
    good(lib.libssh2_channel_send_eof(channel), "eof")


def receive(lib, channel):
    buffer, parts = ctypes.create_string_buffer(PIECE), []
    while True:
        n = good(lib.libssh2_channel_read_ex(channel, 0, buffer, ctypes.c_size_t(PIECE)), "read")
        if n == 0:
            return b"".join(parts)
        parts.append(buffer.raw[:n])


def main(port, user, key, path, *wanted):
    lib = load()
    good(lib.libssh2_init(0), "init")
    session = ctypes.c_void_p(lib.libssh2_session_init_ex(None, None, None, None))
    for kind, name in (w.split("=", 1) for w in wanted):
        for method in METHODS[kind]:
            good(lib.libssh2_session_method_pref(session, method, name.encode()), kind)
    if any(w.startswith("comp=zlib") for w in wanted):
        good(lib.libssh2_session_flag(session, 2, 1), "compress")
    with socket.create_connection(("127.0.0.1", int(port))) as s:
        good(lib.libssh2_session_handshake(session, s.fileno()), "handshake")
        good(lib.libssh2_userauth_publickey_fromfile_ex(session, user.encode(), len(user), (key + ".pub").encode(),
                                                        key.encode(), None), "login")
        with open(path, "rb") as f:
            there = start(lib, session, b"sha256sum")
            send(lib, there, f.read())
        sys.stdout.buffer.write(receive(lib, there).split()[0] + b"\n")
        sys.stdout.buffer.write(receive(lib, start(lib, session, b"cat " + path.encode())))


main(*sys.argv[1:])
