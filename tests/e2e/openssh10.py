"""OpenSSH 10's client, where the package archive of this machine has the Debian release after ours.

Its packages are unpacked into build/openssh10 (nothing is installed) and run with their own C library.
openssh10() gives the command's first words, or None with the reason in WHY.
"""
import os
import shutil
import subprocess

from gateway import ROOT

FOLDER = os.path.join(ROOT, "build", "openssh10")
RELEASE = "trixie"
PACKAGES = ("openssh-client libc6 libssl3t64 zlib1g libselinux1 libpcre2-8-0 libgssapi-krb5-2 libkrb5-3 libk5crypto3 "
            "libcom-err2 libkrb5support0 libkeyutils1 libedit2 libfido2-1 libcbor0.10 libbsd0 libmd0 libtinfo6 libudev1 "
            "libcap2 libzstd1").split()
WHY = ""


def apt(*words):
    state = os.path.join(FOLDER, "apt")
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(state, name), exist_ok=True)
    return subprocess.run(["apt-get", "-qq", "-o", "Dir::Etc::sourcelist=" + os.path.join(state, "sources.list"),
                           "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::State::lists=" + state + "/lists",
                           "-o", "Dir::Cache=" + state + "/cache", "-o", "APT::Sandbox::User=root"] + list(words),
                          cwd=FOLDER, capture_output=True, text=True, timeout=300)


def archive():
    """The address of the Debian archive that this machine uses."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"],
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        origin, _, rest = line.partition(" ")
        if origin == "Debian" and rest.startswith("bookworm "):
            return rest.split()[1]
    return None


def unpack():
    global WHY
    if not shutil.which("apt-get") or not archive():
        WHY = "no Debian archive is configured here"
        return False
    os.makedirs(os.path.join(FOLDER, "apt"), exist_ok=True)
    with open(os.path.join(FOLDER, "apt", "sources.list"), "w") as f:
        f.write("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n" % (archive(), RELEASE))
    for words in (["update"], ["download"] + PACKAGES):
        done = apt(*words)
        if done.returncode != 0:
            WHY = "the archive has no OpenSSH 10: " + (done.stderr.strip().splitlines() or ["?"])[-1][:100]
            return False
    for name in os.listdir(FOLDER):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", name, "root"], cwd=FOLDER, check=True)
            os.unlink(os.path.join(FOLDER, name))
    shutil.rmtree(os.path.join(FOLDER, "apt"), ignore_errors=True)
    return True


def openssh10():
    root = os.path.join(FOLDER, "root")
    ssh = os.path.join(root, "usr/bin/ssh")
    if not os.path.exists(ssh) and not unpack():
        return None
    lib = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    loader = os.path.join(lib, "ld-linux-x86-64.so.2")
    if not os.path.exists(loader):
        loader = os.path.join(root, "usr/lib64/ld-linux-x86-64.so.2")
    return [loader, "--library-path", lib, ssh]
