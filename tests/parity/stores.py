"""Key stores: each form is made by the program that it belongs to; ssh believes no host key but that one."""
import os
import subprocess

from gateway import Gateway
from stores_test import PASSWORD, TYPES, Store, Token, run, write
from table import equal, holds, row

SECTION = "Key stores"
store = []


def keys():
    """The keys that all rows share, made once."""
    if not store:
        store.append(Store())
    return store[0]


def secret():
    return " password-file=" + keys().password


def serve(**lines):
    """A gateway with these host keys, by their types; ssh logs in by each."""
    with Gateway(*["HostKey " + line for line in lines.values()]) as g:
        for name in lines:
            hosts = write(g.path("hosts-" + name), "[127.0.0.1]:%d %s\n" % (g.port, keys().public[name]))
            g.ssh("true", check=0, options=["-o", "UserKnownHostsFile=" + hosts, "-o", "UpdateHostKeys=no",
                                            "-o", "HostKeyAlgorithms=" + TYPES[name][0]])


def refused(line):
    """What sallyportd -t says of a HostKey."""
    conf = write(keys().path("refused.conf"), "HostKey %s\nPidFile none\n" % line)
    done = subprocess.run([Gateway.program(), "-t", "-f", conf], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    equal(done.returncode != 0, True)
    return done.stderr


def blob(path):
    """The content of a file as HostKey takes it inline."""
    return "base64:" + run("base64", "-w0", path).decode()


@row(SECTION, "6 PEMKeyFile, 7 PEMKeyBlob", "keys of openssl, encrypted and plain, in a file and inline", "ssh with the key pinned; three types")
def _(g):
    s = keys()
    run("openssl", "pkcs8", "-topk8", "-in", s.pem("rsa"), "-v2", "aes-256-cbc", "-passout", "pass:" + PASSWORD,
        "-out", s.path("p8.pem"))
    os.chmod(s.path("p8.pem"), 0o600)
    conf_key = s.pem("p256")
    serve(rsa=s.path("p8.pem") + secret(), p384=s.pem("p384"))
    with Gateway(start=False) as own:
        own.lines = ["HostKey " + blob(conf_key)]
        own.write_conf()
        os.chmod(own.conf, 0o600)
        own.start()
        hosts = write(own.path("hosts"), "[127.0.0.1]:%d %s\n" % (own.port, s.public["p256"]))
        own.ssh("true", check=0, options=["-o", "UserKnownHostsFile=" + hosts, "-o", "UpdateHostKeys=no", "-o",
                                          "HostKeyAlgorithms=" + TYPES["p256"][0]])


@row(SECTION, "8 PublicKeyFile, 9 PublicKeyBlob, 10 SSHPublicKeyBlob, 13 SSHPublicKeyFile",
     "an authority's key as OpenSSH, RFC 4716 and PEM have it", "ssh with a certificate of that authority")
def _(g):
    s = keys()
    forms = {"line": s.path("ed25519.pub"),
             "rfc4716": write(s.path("ca.4716"), run("ssh-keygen", "-e", "-f", s.path("ed25519.pub"))),
             "pem": write(s.path("ca.pem"), run("openssl", "pkey", "-in", s.pem("ed25519"), "-pubout"))}
    for path in forms.values():
        trusts(path, "ed25519")


def trusts(path, name):
    """A user's certificate, signed by the key of that name, lets ssh in where TrustedUserCAKeys is that file."""
    with Gateway("TrustedUserCAKeys " + path) as own:
        key = own.make_key("mine", authorize=False)
        run("ssh-keygen", "-q", "-s", keys().path(name), "-I", "me", "-n", own.user, key + ".pub")
        own.ssh("true", key=key, check=0)


@row(SECTION, "(OpenSSH's private key)", "keys of ssh-keygen, plain and encrypted", "ssh with the key pinned")
def _(g):
    serve(ed25519=keys().openssh("ed25519") + secret(), rsa=keys().path("rsa"))


@row(SECTION, "2 PFXFile, 3 PFXBlob", "a store of openssl pkcs12, its entry chosen by Subject, or the first", "ssh with the key pinned")
def _(g):
    path = keys().pfx(["p256"])
    serve(p256=path + secret() + " subject=p256.example")
    serve(p256=path + secret() + " subject=*")
    holds(refused(path + secret() + " subject=rsa.example"), 'no key in it has subject="rsa.example"; there are: p256')


@row(SECTION, "11 P7BFile, 12 P7BBlob", "a bundle of openssl crl2pkcs7 names an authority", "ssh with a certificate of that authority")
def _(g):
    s = keys()
    crt = s.certificate("p384", "/CN=authority")
    run("openssl", "crl2pkcs7", "-nocrl", "-certfile", crt, "-out", s.path("bundle.p7b"))
    trusts(s.path("bundle.p7b"), "p384")


@row(SECTION, "14 PPKFile, 15 PPKBlob", "keys of puttygen, versions 2 and 3, encrypted and plain", "ssh with the key pinned")
def _(g):
    s = keys()
    serve(ed25519=s.putty("ed25519") + secret(), p256=s.putty("p256", "--ppk-param", "version=2") + secret(),
          rsa=s.putty("rsa", encrypted=False))


@row(SECTION, "16 XMLFile, 17 XMLBlob", "an XML RSA key value", "ssh with the key pinned")
def _(g):
    serve(rsa=keys().xml("rsa"))


@row(SECTION, "18 JWKFile, 19 JWKBlob", "JSON Web Keys: RSA, EC, OKP", "ssh with the key pinned; three types")
def _(g):
    serve(rsa=keys().jwk("rsa"), p256=keys().jwk("p256"), ed25519=keys().jwk("ed25519"))


@row(SECTION, "20 SecurityKey", "a key in a token of SoftHSM", "ssh with the key pinned; a PIN that is wrong is told")
def _(g):
    token = Token(keys(), "p256")
    serve(p256=token.line("p256"))
    bad = write(keys().path("bad-pin"), "9999\n")
    holds(refused(token.line("p256", pin=bad)), "the PIN is wrong")


@row(SECTION, "99 Auto", "store=auto: the form is found from the content; one that is named must be it", "ssh with the key pinned; the error of a wrong name")
def _(g):
    serve(rsa=keys().xml("rsa") + " store=auto", p256=keys().jwk("p256") + " store=jwk")
    holds(refused(keys().xml("rsa") + " store=ppk"), r"rsa\.xml")


@row(SECTION, "0 User, 1 Machine, 4 JKSFile, 5 JKSBlob, 21 BCFKSFile, 22 BCFKSBlob", "stores of other platforms", "the errors of sallyportd -t say so")
def _(g):
    s = keys()
    jks = write(s.path("store.jks"), b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\0")
    holds(refused(jks), r"(?i)java|jks")
    for name in ("user", "machine", "jks", "bcfks"):
        holds(refused(s.path("rsa") + " store=" + name), name)
