#!/usr/bin/python3
"""Makes the known answers of the algorithm tables with Python's own arithmetic, hashlib, zlib and
python3-cryptography, none of which the gateway uses. Run from the top: tests/vectors/generate.py
RC4 and UMAC are written out here, and asked for the answers of RFC 6229 and RFC 4418 first.

The two key encapsulations are taken from mlkem768.txt and sntrup761.txt beside it."""
import hashlib
import hmac
import os
import zlib

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.poly1305 import Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = os.path.dirname(os.path.abspath(__file__))


def noise(label, n):
    """n bytes that look random and are the same each time"""
    return hashlib.shake_256(label.encode()).digest(n)


def string(b):
    return len(b).to_bytes(4, "big") + b


def u32(v):
    return v.to_bytes(4, "big")


def mpint(v):
    return string(v.to_bytes(v.bit_length() // 8 + 1, "big") if v else b"")


def write(name, source, records):
    with open(os.path.join(HERE, name + ".txt"), "w") as f:
        f.write(f"# {source}\n")
        for record in records:
            f.write("\n")
            for key, value in record.items():
                f.write(f"{key} = {value.hex() if isinstance(value, bytes) else value}\n")


def read(name):
    """the records of a vector file"""
    records, record = [], {}
    for line in open(os.path.join(HERE, name + ".txt")):
        line = line.strip()
        if line.startswith("#"):
            continue
        if not line:
            if record:
                records.append(record)
            record = {}
            continue
        key, _, value = line.partition(" = ")
        record[key] = value
    return records + ([record] if record else [])


# ---- ciphers: packets are whole, length and padding in front, so that rows are tested alone ----

def packet(payload, block, apart):
    n = len(payload) + 1 + (0 if apart else 4)
    padding = block - n % block
    padding += block if padding < 4 else 0
    return string(bytes([padding]) + payload + bytes(padding))


def aes(key, mode):
    return Cipher(algorithms.AES(key), mode).encryptor()


def ctr_sealer(key, iv):
    stream = aes(key, modes.CTR(iv))
    return lambda seq, plain: stream.update(plain)


def cbc_sealer(cipher):
    """of one of python3-cryptography's ciphers"""
    def sealer(key, iv):
        chain = Cipher(cipher(key), modes.CBC(iv)).encryptor()
        return lambda seq, plain: chain.update(plain)
    return sealer


def ctr64_sealer(key, iv):
    """RFC 4344 4 over triple DES, one counter after the other"""
    state = {"count": int.from_bytes(iv, "big")}
    des = Cipher(algorithms.TripleDES(key), modes.ECB()).encryptor()

    def seal(seq, plain):
        stream = b""
        while len(stream) < len(plain):
            stream += des.update(state["count"].to_bytes(8, "big"))
            state["count"] = (state["count"] + 1) % 2**64
        return bytes(a ^ b for a, b in zip(plain, stream))
    return seal


def rc4(key):
    """the key stream"""
    s, j = list(range(256)), 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    i = j = 0
    while True:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        yield s[(s[i] + s[j]) % 256]


def rc4_check():
    """RFC 6229"""
    head = bytes(b for b, _ in zip(rc4(bytes(range(1, 17))), range(1552)))
    assert head[:16].hex() == "9ac7cc9a609d1ef7b2932899cde41b97"
    assert head[1536:].hex() == "ffa0b514647ec04f6306b892ae661181"


def rc4_sealer(drop):
    def sealer(key, iv):
        stream = rc4(key)
        for _ in range(drop):
            next(stream)
        return lambda seq, plain: bytes(b ^ next(stream) for b in plain)
    return sealer


def gcm_sealer(key, iv):
    state = {"count": int.from_bytes(iv[4:], "big")}

    def seal(seq, plain):
        nonce = iv[:4] + state["count"].to_bytes(8, "big")
        state["count"] = (state["count"] + 1) % 2**64
        return plain[:4] + AESGCM(key).encrypt(nonce, plain[4:], plain[:4])
    return seal


def chacha(key, counter, seq, data):
    nonce = counter.to_bytes(8, "little") + seq.to_bytes(8, "big")
    return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(data)


def chacha_sealer(key, iv):
    def seal(seq, plain):
        poly = chacha(key[:32], 0, seq, bytes(32))
        out = chacha(key[32:], 0, seq, plain[:4]) + chacha(key[:32], 1, seq, plain[4:])
        return out + Poly1305.generate_tag(poly, out)
    return seal


CIPHERS = {
    "chacha20-poly1305@openssh.com": (64, 0, 8, True, chacha_sealer),
    "aes128-gcm@openssh.com": (16, 12, 16, True, gcm_sealer),
    "aes256-gcm@openssh.com": (32, 12, 16, True, gcm_sealer),
    "aes128-ctr": (16, 16, 16, False, ctr_sealer),
    "aes192-ctr": (24, 16, 16, False, ctr_sealer),
    "aes256-ctr": (32, 16, 16, False, ctr_sealer),
}
ASKED_CIPHERS = {
    "aes128-cbc": (16, 16, 16, False, cbc_sealer(algorithms.AES)),
    "aes192-cbc": (24, 16, 16, False, cbc_sealer(algorithms.AES)),
    "aes256-cbc": (32, 16, 16, False, cbc_sealer(algorithms.AES)),
    "3des-ctr": (24, 8, 8, False, ctr64_sealer),
    "3des-cbc": (24, 8, 8, False, cbc_sealer(algorithms.TripleDES)),
    "blowfish-cbc": (16, 8, 8, False, cbc_sealer(algorithms.Blowfish)),
    "cast128-cbc": (16, 8, 8, False, cbc_sealer(algorithms.CAST5)),
    "arcfour256": (32, 0, 8, False, rc4_sealer(1536)),
    "arcfour128": (16, 0, 8, False, rc4_sealer(1536)),
    "arcfour": (16, 0, 8, False, rc4_sealer(0)),
}
ALL_CIPHERS = {**CIPHERS, **ASKED_CIPHERS}


def cipher_records(name):
    key_n, iv_n, block, apart, sealer = ALL_CIPHERS[name]
    # the second IV carries through all its counted bytes after one packet or block
    for i, iv in enumerate([noise(name + "iv", iv_n), noise(name, 4)[:iv_n] + b"\xff" * max(iv_n - 4, 0)]):
        key = noise(f"{name} key {i}", key_n)
        seal = sealer(key, iv)
        record = {"key": key, "iv": iv}
        for j, n in enumerate([1, 33, 1500]):
            seq = (0, 0xfffffffe)[i] + j & 0xffffffff
            plain = packet(noise(f"payload {n}", n), block, apart)
            record.update({f"seq{j}": u32(seq), f"plain{j}": plain, f"sealed{j}": seal(seq, plain)})
        yield record


# ---- MACs ----

def umac(key, nonce, message, tag_n):
    """RFC 4418, as its pseudo-code has it"""
    def block(k, b):
        return aes(k, modes.ECB()).update(b)

    def kdf(index, n):
        out = b"".join(block(key, index.to_bytes(8, "big") + i.to_bytes(8, "big")) for i in range(1, n // 16 + 2))
        return out[:n]

    def nh(k, m):
        ks = [int.from_bytes(k[i:i + 4], "big") for i in range(0, len(m), 4)]
        ms = [int.from_bytes(m[i:i + 4], "little") for i in range(0, len(m), 4)]
        total = 0
        for i in range(0, len(ms), 8):
            for j in range(4):
                a, b = ms[i + j] + ks[i + j], ms[i + j + 4] + ks[i + j + 4]
                total += (a % 2**32) * (b % 2**32)
        return total % 2**64

    def l1(k, m):
        out = b""
        chunks = [m[i:i + 1024] for i in range(0, len(m), 1024)] or [b""]
        for chunk in chunks:
            padded = chunk + bytes(-len(chunk) % 32 if chunk else 32)
            out += ((nh(k, padded) + len(chunk) * 8) % 2**64).to_bytes(8, "big")
        return out

    def poly(bits, limit, k, m):
        p = 2**64 - 59 if bits == 64 else 2**128 - 159
        y = 1
        for i in range(0, len(m), bits // 8):
            v = int.from_bytes(m[i:i + bits // 8], "big")
            if v >= limit:
                y = (k * y + p - 1) % p
                v -= 2**bits - p
            y = (k * y + v) % p
        return y

    def l2(k, m):
        k64 = int.from_bytes(k[:8], "big") & 0x01ffffff01ffffff
        k128 = int.from_bytes(k[8:24], "big") & 0x01ffffff01ffffff01ffffff01ffffff
        head, tail = m[:2**17], m[2**17:]
        y = poly(64, 2**64 - 2**32, k64, head)
        if tail:
            tail += b"\x80"
            y = poly(128, 2**128 - 2**96, k128, y.to_bytes(16, "big") + tail + bytes(-len(tail) % 16))
        return y.to_bytes(16, "big")

    def l3(k1, k2, m):
        p = 2**36 - 5
        y = sum(int.from_bytes(m[2 * i:2 * i + 2], "big") * (int.from_bytes(k1[8 * i:8 * i + 8], "big") % p)
                for i in range(8)) % p % 2**32
        return bytes(a ^ b for a, b in zip(y.to_bytes(4, "big"), k2))

    iters = tag_n // 4
    l1_key, l2_key = kdf(1, 1024 + (iters - 1) * 16), kdf(2, iters * 24)
    l3_key1, l3_key2 = kdf(3, iters * 64), kdf(4, iters * 4)
    hashed = b""
    for i in range(iters):
        a = l1(l1_key[i * 16:i * 16 + 1024], message)
        b = bytes(8) + a if len(message) <= 1024 else l2(l2_key[i * 24:i * 24 + 24], a)
        hashed += l3(l3_key1[i * 64:i * 64 + 64], l3_key2[i * 4:i * 4 + 4], b)
    index = 0
    if tag_n in (4, 8):
        index = int.from_bytes(nonce, "big") % (16 // tag_n)
        nonce = (int.from_bytes(nonce, "big") ^ index).to_bytes(len(nonce), "big")
    pad = block(kdf(0, 16), nonce + bytes(16 - len(nonce)))[index * tag_n:(index + 1) * tag_n]
    return bytes(a ^ b for a, b in zip(hashed, pad))


def umac_check():
    """RFC 4418 appendix: the code above is right before it is asked for more"""
    key, nonce = b"abcdefghijklmnop", b"bcdefghi"
    assert umac(key, nonce, b"", 4).hex() == "113145fb"
    assert umac(key, nonce, b"", 8).hex() == "6e155fad26900be1"
    assert umac(key, nonce, b"", 12).hex() == "32fedb100c79ad58f07ff764"
    assert umac(key, nonce, b"a" * 3, 12).hex() == "185e4fe905cba7bd85e4c2dc"
    assert umac(key, nonce, b"abc" * 500, 4).hex() == "abeb3c8b"


def mac_hmac(digest, tag_n=None):
    return lambda key, seq, data: hmac.new(key, seq.to_bytes(4, "big") + data, digest).digest()[:tag_n]


def mac_umac(tag_n):
    return lambda key, seq, data: umac(key, seq.to_bytes(8, "big"), data, tag_n)


MACS = {
    "hmac-sha2-256-etm@openssh.com": (32, mac_hmac("sha256")),
    "hmac-sha2-512-etm@openssh.com": (64, mac_hmac("sha512")),
    "hmac-sha2-256": (32, mac_hmac("sha256")),
    "hmac-sha2-512": (64, mac_hmac("sha512")),
    "umac-128-etm@openssh.com": (16, mac_umac(16)),
}
ASKED_MACS = {
    "umac-128@openssh.com": (16, mac_umac(16)),
    "umac-64-etm@openssh.com": (16, mac_umac(8)),
    "umac-64@openssh.com": (16, mac_umac(8)),
    "hmac-sha2-256-96": (32, mac_hmac("sha256", 12)),
    "hmac-sha2-512-96": (64, mac_hmac("sha512", 12)),
    "hmac-sha1-etm@openssh.com": (20, mac_hmac("sha1")),
    "hmac-sha1": (20, mac_hmac("sha1")),
    "hmac-sha1-96-etm@openssh.com": (20, mac_hmac("sha1", 12)),
    "hmac-sha1-96": (20, mac_hmac("sha1", 12)),
    "hmac-ripemd160": (20, mac_hmac("ripemd160")),
    "hmac-ripemd160@openssh.com": (20, mac_hmac("ripemd160")),
    "hmac-ripemd160-96": (20, mac_hmac("ripemd160", 12)),
    "hmac-md5-etm@openssh.com": (16, mac_hmac("md5")),
    "hmac-md5": (16, mac_hmac("md5")),
    "hmac-md5-96-etm@openssh.com": (16, mac_hmac("md5", 12)),
    "hmac-md5-96": (16, mac_hmac("md5", 12)),
}
ALL_MACS = {**MACS, **ASKED_MACS}


def mac_records(name):
    key_n, tag = ALL_MACS[name]
    for i, n in enumerate([0, 1, 16, 31, 32, 1024, 1025, 4000]):
        key, data = noise(f"{name} key {i}", key_n), noise(f"data {n}", n)
        seq = 0xffffffff - i if i % 2 else i
        yield {"key": key, "seq": u32(seq), "data": data, "tag": tag(key, seq, data)}


# ---- key exchange: the client's secret is given, so that finish() has a known answer ----

def x25519_pair(label):
    key = x25519.X25519PrivateKey.from_private_bytes(noise(label, 32))
    return key, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def x25519_records():
    for i in range(4):
        ours, our_point = x25519_pair(f"x25519 client {i}")
        theirs, their_point = x25519_pair(f"x25519 server {i}")
        k = ours.exchange(theirs.public_key())
        yield {"client_secret": noise(f"x25519 client {i}", 32), "q_client": string(our_point),
               "q_server": their_point, "k": mpint(int.from_bytes(k, "big"))}


def nist_records(curve):
    size = (curve.key_size + 7) // 8

    def pair(label):
        # less than any of the orders, which begin with ff or 01ff
        secret = int.from_bytes(noise(label, size), "big") >> 8
        key = ec.derive_private_key(secret, curve)
        return key, secret.to_bytes(size, "big"), key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint)

    for i in range(3):
        ours, secret, our_point = pair(f"{curve.name} client {i}")
        theirs, _, their_point = pair(f"{curve.name} server {i}")
        k = ours.exchange(ec.ECDH(), theirs.public_key())
        yield {"client_secret": secret + our_point, "q_client": string(our_point), "q_server": their_point,
               "k": mpint(int.from_bytes(k, "big"))}


def arctan_inverse(n, bits):
    """2^bits times arctan(1/n)"""
    term = total = (1 << bits) // n
    k, sign = 3, -1
    while term:
        term //= n * n
        total += sign * (term // k)
        k, sign = k + 2, -sign
    return total


def modp(bits):
    """RFC 2409 6.2, RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + c)"""
    c = {1024: 129093, 1536: 741804, 2048: 124476, 3072: 1690314, 4096: 240904, 6144: 929484, 8192: 4743158}[bits]
    extra = 64
    pi = 4 * (4 * arctan_inverse(5, bits + extra) - arctan_inverse(239, bits + extra))
    return 2**bits - 2**(bits - 64) - 1 + 2**64 * ((pi >> (130 + extra)) + c)


def dh_records(bits, asked=False):
    p = modp(bits)
    for i in range(2):
        secret = noise(f"dh client {bits} {i}", 64)
        x, y = int.from_bytes(secret, "big"), int.from_bytes(noise(f"dh server {bits} {i}", 64), "big")
        f = pow(2, y, p)
        record = {"client_secret": secret, "q_client": mpint(pow(2, x, p)),
                  "q_server": f.to_bytes((f.bit_length() + 7) // 8, "big"), "k": mpint(pow(f, x, p))}
        if asked:
            record.update({"p": p.to_bytes(bits // 8, "big"), "g": b"\x02"})
        yield record


def hybrid_records(kem, ek_at, ek_n, digest):
    made = [r for r in read(kem) if r["op"] == "decap" and ("dk" in r or "sk" in r)]
    for i, r in enumerate(made[:3]):
        dk = bytes.fromhex(r.get("dk") or r["sk"])
        ours, our_point = x25519_pair(f"{kem} client {i}")
        theirs, their_point = x25519_pair(f"{kem} server {i}")
        k = hashlib.new(digest, bytes.fromhex(r["ss"]) + ours.exchange(theirs.public_key())).digest()
        yield {"client_secret": dk + noise(f"{kem} client {i}", 32),
               "q_client": string(dk[ek_at:ek_at + ek_n] + our_point),
               "q_server": bytes.fromhex(r["ct"]) + their_point, "k": string(k)}


def kex_all():
    for name in ("curve25519-sha256", "curve25519-sha256@libssh.org"):
        write(name, "RFC 8731", x25519_records())
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        write(f"ecdh-sha2-nistp{curve.key_size}", "RFC 5656", nist_records(curve))
    for name, bits in (("group14-sha256", 2048), ("group16-sha512", 4096), ("group18-sha512", 8192)):
        write(f"diffie-hellman-{name}", "RFC 8268", dh_records(bits))
    write("diffie-hellman-group-exchange-sha256", "RFC 4419",
          [r for bits in (2048, 3072, 6144) for r in dh_records(bits, True)])
    write("diffie-hellman-group14-sha1", "RFC 4253 8.2", dh_records(2048))
    write("diffie-hellman-group1-sha1", "RFC 4253 8.1", dh_records(1024))
    write("diffie-hellman-group-exchange-sha1", "RFC 4419",
          [r for bits in (1024, 1536, 2048) for r in dh_records(bits, True)])
    write("mlkem768x25519-sha256", "draft-ietf-sshm-mlkem-hybrid-kex",
          hybrid_records("mlkem768", 1152, 1184, "sha256"))
    for name in ("sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com"):
        write(name, "draft-ietf-sshm-ntruprime-ssh", hybrid_records("sntrup761", 382, 1158, "sha512"))


# ---- compression, key derivation, whole packets ----

def zlib_record():
    payloads = [b"abcabcabcabc" * 20, noise("zlib", 3000), b"\x5e" + bytes(30000), b"x"]
    stream = zlib.compressobj(6)
    record = {}
    for i, payload in enumerate(payloads):
        record[f"payload{i}"] = payload
        record[f"packed{i}"] = stream.compress(payload) + stream.flush(zlib.Z_PARTIAL_FLUSH)
    return record


def keys_records():
    for name in ("sha256", "sha512"):
        k, n = mpint(int.from_bytes(noise("K " + name, 32), "big")), hashlib.new(name).digest_size
        h, session = noise("H " + name, n), noise("session " + name, n)
        for letter in "ABCDEF":
            have = hashlib.new(name, k + h + letter.encode() + session).digest()
            while len(have) < 150:
                have += hashlib.new(name, k + h + have).digest()
            yield {"digest": name, "letter": letter, "k": k, "h": h, "session": session, "key": have[:150]}


def packets_pairs():
    """the default ones with each other; the others with one or two"""
    for cipher, row in CIPHERS.items():
        for mac in ["-"] if row[3] else MACS:
            yield cipher, mac, (1, 8, 700)
    for cipher in ASKED_CIPHERS:
        for mac in ("hmac-sha1", "hmac-sha2-256-etm@openssh.com"):
            yield cipher, mac, (1, 8, 33)
    for mac in ASKED_MACS:
        yield "aes128-ctr", mac, (1, 8, 33)


def packets_records():
    for cipher, mac, sizes in packets_pairs():
        key_n, iv_n, block, apart, sealer = ALL_CIPHERS[cipher]
        mac_key_n, tag = (0, None) if apart else ALL_MACS[mac]
        etm = "etm" in mac
        key, iv = noise(cipher + mac + "key", key_n), noise(cipher + mac + "iv", iv_n)
        mac_key = noise(cipher + mac + "mac", mac_key_n)
        record = {"cipher": cipher, "mac": mac, "key": key, "iv": iv, "mac_key": mac_key}
        seal = sealer(key, iv)
        for seq, n in enumerate(sizes):
            payload = noise(f"payload {n}", n)
            plain = packet(payload, block, apart or etm)
            if apart:
                whole = seal(seq, plain)
            elif etm:
                whole = plain[:4] + seal(seq, plain[4:])
                whole += tag(mac_key, seq, whole)
            else:
                whole = seal(seq, plain) + tag(mac_key, seq, plain)
            record.update({f"payload{seq}": payload, f"packet{seq}": whole})
        yield record


def main():
    umac_check()
    rc4_check()
    for name in ALL_CIPHERS:
        write(name, "whole packets, sealed by one key one after the other", cipher_records(name))
    for name in ALL_MACS:
        write(name, "tags of sequence number and data", mac_records(name))
    kex_all()
    write("none", "payloads stay as they are", [{"payload0": b"abc", "packed0": b"abc"}])
    for name in ("zlib@openssh.com", "zlib"):
        write(name, "one stream, a partial flush a payload", [zlib_record()])
    write("keys", "RFC 4253 7.2", keys_records())
    write("packets", "RFC 4253 6: three packets each, sequence numbers from 0", packets_records())


main()
