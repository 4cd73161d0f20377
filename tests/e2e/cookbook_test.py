"""Each script of policy/examples/ in a real gateway: stock clients find what its first lines promise."""
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from gateway import AS_ROOT, ROOT, Gateway
from kbdint_test import ssh_login, totp
from server import Echo, Server

EXAMPLES = os.path.join(ROOT, "policy", "examples")
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ALL_METHODS = ["-o", "PreferredAuthentications=publickey,keyboard-interactive,password"]


def cook(name, *lines, changes=(), **options):
    """A gateway that is not started yet, with a copy of an example as its script."""
    g = Gateway(*lines, start=False, **options)
    with open(os.path.join(EXAMPLES, name + ".lua")) as f:
        text = f.read()
    for old, new in changes:
        assert old in text, (name, old)
        text = text.replace(old, new)
    script = g.path("policy.lua")
    with open(script, "w") as f:
        f.write(text)
    os.chmod(script, 0o644)
    g.lines.append("PolicyScript " + script)
    g.write_conf()
    return g


def fingerprint(key):
    done = subprocess.run(["ssh-keygen", "-l", "-f", key + ".pub"], capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


class LoginTest(unittest.TestCase):
    @unittest.skipUnless(AS_ROOT, "the account database is for root only")
    def test_keys_only(self):
        with cook("keys-only", "PasswordAuthentication yes") as g:
            g.start()
            self.assertEqual(g.ssh("echo in").stdout, b"in\n")
            done = g.password_login("echo in", options=["-o", "PubkeyAuthentication=no"])
            self.assertEqual((done.returncode, done.stdout), (255, b""))
            self.assertIn(b"(publickey)", done.stderr)
            told = g.ssh("true", options=["-o", "LogLevel=INFO"])
            self.assertIn(b"Authorised use only.", told.stderr)

    def test_key_and_totp(self):
        with cook("key-and-totp") as g:
            users = g.path("users")
            with open(users, "w") as f:
                f.write("%s:*:%s:totp=%s\n" % (g.user, g.user, SECRET))
            os.chmod(users, 0o600)
            g.lines.append("UsersFile " + users)
            g.write_conf()
            g.start()
            done = ssh_login(g, [("Code: ", "000000")], "echo in", options=ALL_METHODS)
            self.assertEqual((done.returncode, done.stdout), (255, b""))
            code = totp(SECRET)
            done = ssh_login(g, [("Code: ", code)], "echo in", options=ALL_METHODS + ["-o", "LogLevel=INFO"])
            self.assertEqual((done.returncode, done.stdout), (0, b"in\n"), g.log())
            self.assertIn(b"Second factor", done.stderr)
            # a key alone, a code alone, and the same code again are not enough
            self.assertEqual(g.ssh("echo in").returncode, 255)
            other = g.make_key("other", authorize=False)
            for key in (other, None):
                done = ssh_login(g, [("Code: ", code)], "echo in", options=ALL_METHODS, key=key)
                self.assertEqual((done.returncode, done.stdout), (255, b""))

    def test_certificates(self):
        ca_dir = tempfile.mkdtemp(prefix="sallyport-ca-")
        self.addCleanup(shutil.rmtree, ca_dir)
        ca = os.path.join(ca_dir, "ca")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ca], check=True)
        with cook("certificates", "TrustedUserCAKeys " + ca + ".pub", changes=[
                ("build.example.org:22", "127.0.0.1:1")]) as g, Server(Echo) as echo:
            os.chmod(ca_dir, 0o755)
            g.start()

            def certified(*principals):
                key = g.make_key("-".join(principals).replace(":", "_"), authorize=False)
                subprocess.run(["ssh-keygen", "-q", "-s", ca, "-I", "laptop", "-n", ",".join(principals),
                                "-V", "+1h", key + ".pub"], check=True)
                return key

            tty = ["-tt"]
            forward = ["-W", "127.0.0.1:%d" % echo.port]
            admin, operator = certified(g.user, "role:admin"), certified(g.user, "role:operator")
            deploy = certified(g.user, "role:deploy")
            self.assertEqual(g.ssh("echo in", key=admin).stdout, b"in\n", g.log())
            self.assertEqual(g.ssh(options=forward, key=admin, input=b"x\n").stdout, b"x\nend")
            self.assertEqual(g.ssh("echo in", key=operator).stdout, b"in\n")
            self.assertEqual(g.ssh(options=forward, key=operator, input=b"x\n").stdout, b"")
            # a deployment has no terminal, and no host but its own
            self.assertEqual(g.ssh(options=forward, key=deploy, input=b"x\n").stdout, b"")
            self.assertNotIn(b"/dev/", g.ssh("tty", options=tty, key=deploy).stdout)
            self.assertIn(b"/dev/", g.ssh("tty", options=tty, key=admin).stdout)
            # no role, no certificate
            self.assertEqual(g.ssh("echo in", key=certified(g.user)).returncode, 255)
            self.assertEqual(g.ssh("echo in").returncode, 255)

    def test_office_hours(self):
        closed = [('opens, closes = "07:00", "19:00"', 'opens, closes = "%s", "%s"' % (
            time.strftime("%H:%M", time.localtime(time.time() + 3600)),
            time.strftime("%H:%M", time.localtime(time.time() + 7200))))]
        with cook("office-hours", changes=closed) as g:
            g.start()
            done = g.ssh("echo in", options=["-o", "LogLevel=INFO"])
            self.assertEqual((done.returncode, done.stdout), (255, b""))
            self.assertIn(b"closed until", done.stderr)
            self.assertTrue(g.wait_log("outside office hours"))
        with cook("office-hours", changes=closed + [('"alice", "bob"', '"%s"' % g.user)]) as g:
            g.start()
            self.assertEqual(g.ssh("echo in").stdout, b"in\n")
            self.assertTrue(g.wait_log("comes in outside office hours, on call"))
        with cook("office-hours", changes=[
                ("time.weekday() <= 5 and time.between(opens, closes)", "true"),
                ("(19 - time.hour()) * 3600 - time.minute() * 60 + evening_s", "2")]) as g:
            g.start()
            began = time.monotonic()
            done = g.ssh("echo in; sleep 30", timeout=25)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(done.stdout, b"in\n", g.log())
            self.assertLess(time.monotonic() - began, 20)

    def test_break_glass(self):
        with cook("break-glass") as g:
            glass = g.make_key("glass")
            with open(g.path("policy.lua")) as f:
                text = f.read()
            with open(g.path("policy.lua"), "w") as f:
                f.write(re.sub(r'glass = "SHA256:[^"]*"', 'glass = "%s"' % fingerprint(glass), text)
                        .replace("= 3, 24", "= 1, 24"))
            g.start()
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", "other keys are as ever")
            why = "Why is the glass broken? "
            done = ssh_login(g, [(why, "the database is on fire")], "echo in", options=ALL_METHODS, key=glass)
            self.assertEqual((done.returncode, done.stdout), (0, b"in\n"), g.log())
            self.assertTrue(g.wait_log("BREAK GLASS by %s from 127.0.0.1: the database is on fire" % g.user))
            # without a reason not, and not a second time a day
            self.assertEqual(ssh_login(g, [(why, "x")], "echo in", options=ALL_METHODS, key=glass).returncode, 255)
            self.assertEqual(ssh_login(g, [(why, "the database is on fire")], "echo in", options=ALL_METHODS,
                                       key=glass).returncode, 255)
            self.assertTrue(g.wait_log("more than 1 times a day"))

    def test_networks(self):
        outside = [('"10.0.0.0/8", "fd00::/8"', '"192.0.2.0/24"')]
        with cook("networks", changes=outside + [("max_channels = 8", "max_channels = 1")]) as g:
            g.start()
            self.assertEqual(g.ssh("echo in").stdout, b"in\n")
            with g.master() as shared:
                self.assertTrue(g.ssh("true", options=shared).returncode == 0, g.log())
                with_one = subprocess.Popen(g.ssh_argv("sleep 20", options=shared), stdin=subprocess.DEVNULL)
                self.assertTrue(g.wait_log("exec sleep 20"))
                # the one channel is in use
                self.assertNotEqual(g.ssh("echo in", options=shared).stdout, b"in\n")
                with_one.kill()
                with_one.wait()
        with cook("networks", changes=[("203.0.113.0/24", "127.0.0.0/8")]) as g:
            g.start()
            self.assertEqual(g.ssh("echo in").returncode, 255)
            self.assertTrue(g.wait_log("banned network"))


class SessionTest(unittest.TestCase):
    def sftp(self, g, commands):
        argv = ["sftp", "-b", "-", *g.options(), "-P", str(g.port), "%s@127.0.0.1" % g.user]
        return subprocess.run(argv, input=commands.encode(), capture_output=True, timeout=60)

    def test_read_only_sftp(self):
        with cook("sftp-read-only") as g, Server(Echo) as echo:
            g.start()
            folder = g.scratch("files")
            with open(os.path.join(folder, "a"), "w") as f:
                f.write("content\n")
            got = g.path("got")
            done = self.sftp(g, "get %s/a %s\n" % (folder, got))
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(got) as f:
                self.assertEqual(f.read(), "content\n")
            done = self.sftp(g, "put %s %s/b\n" % (got, folder))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(b"ermission denied", done.stderr)
            self.assertEqual(os.listdir(folder), ["a"])
            self.assertEqual(g.ssh("echo in").stdout, b"")
            self.assertEqual(g.ssh(input=b"echo in\n").stdout, b"")
            self.assertEqual(g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"x\n").stdout, b"")

    def test_git_only(self):
        with cook("git-only") as g:
            folder = g.scratch("git")
            repo = os.path.join(folder, "a.git")
            with open(g.path("policy.lua")) as f:
                text = f.read()
            with open(g.path("policy.lua"), "w") as f:
                f.write(text.replace("/srv/git/", folder + "/"))
            g.start()
            as_user = ["runuser", "-u", g.user, "--"] if AS_ROOT else []
            subprocess.run(as_user + ["git", "init", "-q", "--bare", repo], check=True, cwd=folder)
            ssh = " ".join(["ssh", *g.options(), "-p", str(g.port)])
            env = dict(os.environ, GIT_SSH_COMMAND=ssh, GIT_CONFIG_NOSYSTEM="1", HOME=g.dir,
                       GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b")
            url = "ssh://%s@127.0.0.1%s" % (g.user, repo)

            def git(*args, cwd=g.dir):
                return subprocess.run(["git", *args], env=env, cwd=cwd, capture_output=True, timeout=60)
            done = git("clone", "-q", url, "work")
            self.assertEqual(done.returncode, 0, done.stderr)
            work = g.path("work")
            git("commit", "-q", "--allow-empty", "-m", "first", cwd=work)
            done = git("push", "-q", "origin", "HEAD:main", cwd=work)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(git("ls-remote", url, "main").returncode, 0)
            self.assertNotEqual(git("clone", url.replace("a.git", "../ssh_host_ed25519_key"), "x").returncode, 0)
            done = g.ssh("id")
            self.assertEqual(done.stdout, b"")
            self.assertEqual(g.ssh("git-upload-pack '%s'; id" % repo).stdout, b"")

    def test_jump_only(self):
        with Gateway() as inner:
            with cook("jump-only", changes=[("channel.port ~= 22", "channel.port ~= %d" % inner.port),
                                            ('"10.0.0.0/8", "fd00::/8"', '"127.0.0.0/8"')]) as g, Server(Echo) as echo:
                g.start()
                proxy = "ProxyCommand=" + " ".join(g.ssh_argv(options=["-W", "%h:%p"]))
                self.assertEqual(inner.ssh("echo through", options=["-o", proxy]).stdout, b"through\n", g.log())
                self.assertEqual(g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"x\n").stdout, b"")
                self.assertEqual(g.ssh("echo in").stdout, b"")
                self.assertNotEqual(g.ssh(options=["-N", "-o", "ExitOnForwardFailure=yes", "-R",
                                                   "0:127.0.0.1:1"]).returncode, 0)

    def test_contractors(self):
        with cook("contractors") as g, Server(Echo) as echo:
            done = subprocess.run(["id", "-Gn", g.user], capture_output=True, text=True, check=True)
            with open(g.path("policy.lua")) as f:
                text = f.read()
            with open(g.path("policy.lua"), "w") as f:
                f.write(text.replace('"contractors"', '"%s"' % done.stdout.split()[0])
                        .replace('"build-*.example.org:22"', '"127.0.0.?:%d"' % echo.port))
            g.start()
            self.assertEqual(g.ssh(options=["-W", "127.0.0.1:%d" % echo.port], input=b"x\n").stdout, b"x\nend", g.log())
            done = g.ssh(options=["-W", "127.0.0.1:%d" % g.port], input=b"x\n")
            self.assertEqual(done.stdout, b"")
            self.assertEqual(g.ssh("echo in").stdout, b"")
            self.assertNotEqual(g.ssh(options=["-N", "-o", "ExitOnForwardFailure=yes", "-R",
                                               "0:127.0.0.1:1"]).returncode, 0)
        with cook("contractors") as g:
            g.start()
            self.assertEqual(g.ssh("echo in").stdout, b"in\n", "all others are left to the configuration")


if __name__ == "__main__":
    unittest.main()
