"""A gateway whose policy script asks a program."""
import base64
import hashlib
import os
import shutil

from gateway import Gateway


def fingerprint(public):
    """Of a line of a public key."""
    blob = base64.b64decode(public.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


class Scene:
    """A gateway with a script and a helper. Both are copied: only root or we may change them."""

    def __init__(self, script, helper, *args, lines=(), name="h"):
        self.g = Gateway("LogLevel VERBOSE", "MaxAuthTries 20", *lines, start=False)
        self.script = self.write("policy.lua", script, 0o644)
        self.helper = self.write("helper", helper, 0o755)
        self.g.lines += ["PolicyScript " + self.script,
                         "PolicyHelper " + " ".join([name, self.helper, *args])]
        self.g.write_conf()

    def write(self, name, text, mode):
        path = self.g.path(name)
        if os.path.exists(text):
            shutil.copyfile(text, path)
        else:
            with open(path, "w") as f:
                f.write(text)
        os.chmod(path, mode)
        return path

    def __enter__(self):
        self.g.__enter__()
        return self.g.start()

    def __exit__(self, *rest):
        return self.g.__exit__(*rest)
