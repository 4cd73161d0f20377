"""Files with stock tools: sftp, scp in both protocols, rsync, git, sshfs."""
import hashlib
import os
import shutil
import subprocess
import unittest

from gateway import Gateway, PATIENCE, wait_for

SIZE = 8 * 1024 * 1024 + 123


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class FilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.g = Gateway()
        cls.there = cls.g.scratch("there")
        cls.here = cls.g.path("here")
        os.mkdir(cls.here)
        cls.big = os.path.join(cls.here, "big")
        with open(cls.big, "wb") as f:
            f.write(os.urandom(SIZE))

    @classmethod
    def tearDownClass(cls):
        cls.g.__exit__(None)

    def run_tool(self, *argv, input=None, env=None, cwd=None):
        done = subprocess.run(argv, input=input, capture_output=True, text=True, cwd=cwd,
                              env=dict(os.environ, **(env or {})), timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0, (done, self.g.log()))
        return done

    def copy(self, *flags):
        """Up, then down again, with scp."""
        back = os.path.join(self.here, "back")
        scp = ["scp", "-q", *flags, *self.g.options(), "-P", str(self.g.port)]
        at = "%s@127.0.0.1:%s/copy" % (self.g.user, self.there)
        self.run_tool(*scp, "-p", self.big, at)
        self.run_tool(*scp, "-p", at, back)
        self.assertEqual(digest(back), digest(self.big))
        self.assertEqual(int(os.stat(back).st_mtime), int(os.stat(self.big).st_mtime))

    def ssh_line(self):
        return " ".join(["ssh"] + self.g.options() + ["-p", str(self.g.port)])

    def test_scp_copies_both_ways_over_sftp(self):
        self.copy("-s")
        self.assertTrue(self.g.wait_log("subsystem sftp"))

    def test_scp_copies_both_ways_in_its_old_protocol(self):
        self.copy("-O")
        self.assertTrue(self.g.wait_log("exec scp"))

    def test_scp_copies_a_tree(self):
        tree = os.path.join(self.here, "tree")
        for name in ("a/b", "c"):
            os.makedirs(os.path.join(tree, name), exist_ok=True)
            for i in range(5):
                with open(os.path.join(tree, name, "f%d" % i), "w") as f:
                    f.write(name * i)
        at = "%s@127.0.0.1:%s" % (self.g.user, self.there)
        self.run_tool("scp", "-q", "-r", *self.g.options(), "-P", str(self.g.port), tree, at)
        self.run_tool("diff", "-r", tree, os.path.join(self.there, "tree"))

    def test_sftp_does_what_its_user_asks(self):
        down = os.path.join(self.here, "down")
        batch = """
            cd %s
            put %s up
            ls -l up
            chmod 600 up
            rename up moved
            ln -s moved link
            get link %s
            mkdir folder
            put %s folder/second
            df
            rm folder/second
            rmdir folder
            rm moved
        """ % (self.there, self.big, down, self.big)
        self.run_tool("sftp", "-q", "-b", "-", *self.g.options(), "-P", str(self.g.port),
                      "%s@127.0.0.1" % self.g.user, input=batch)
        self.assertEqual(digest(down), digest(self.big))
        self.assertEqual([n for n in os.listdir(self.there) if n in ("up", "moved", "folder")], [])

    def test_sftp_continues_a_broken_copy(self):
        part = os.path.join(self.there, "part")
        with open(self.big, "rb") as f, open(part, "wb") as p:
            p.write(f.read(SIZE // 2))
        os.chmod(part, 0o666)
        self.run_tool("sftp", "-q", "-b", "-", *self.g.options(), "-P", str(self.g.port),
                      "%s@127.0.0.1" % self.g.user, input="reput %s %s\n" % (self.big, part))
        self.assertEqual(digest(part), digest(self.big))

    def test_an_unknown_subsystem_is_refused(self):
        done = self.g.ssh("nothing", options=["-s"])
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"subsystem request failed", done.stderr)

    @unittest.skipUnless(shutil.which("rsync"), "no rsync here")
    def test_rsync_synchronizes_both_ways(self):
        at = "%s@127.0.0.1:%s/" % (self.g.user, self.there)
        back = os.path.join(self.here, "rsync")
        self.run_tool("rsync", "-a", "-z", "-e", self.ssh_line(), self.big, at + "rsync/")
        with open(self.big, "r+b") as f:
            f.seek(SIZE // 2)
            f.write(b"changed in the middle")
        self.run_tool("rsync", "-a", "--no-times", "-e", self.ssh_line(), self.big, at + "rsync/")
        self.run_tool("rsync", "-a", "-e", self.ssh_line(), at + "rsync/big", back)
        self.assertEqual(digest(back), digest(self.big))

    @unittest.skipUnless(shutil.which("git"), "no git here")
    def test_git_clones_and_pushes(self):
        env = {"GIT_SSH_COMMAND": self.ssh_line(), "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t",
               "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
        bare = os.path.join(self.there, "repo.git")
        self.g.ssh("git init -q --bare -b main %s" % bare, check=0)
        url = "ssh://%s@127.0.0.1:%d%s" % (self.g.user, self.g.port, bare)
        one, two = os.path.join(self.here, "one"), os.path.join(self.here, "two")
        self.run_tool("git", "clone", "-q", url, one, env=env)
        shutil.copy(self.big, one)
        self.run_tool("git", "checkout", "-q", "-b", "main", cwd=one)
        self.run_tool("git", "add", "big", cwd=one)
        self.run_tool("git", "commit", "-q", "-m", "big", env=env, cwd=one)
        self.run_tool("git", "push", "-q", "origin", "main", env=env, cwd=one)
        self.run_tool("git", "clone", "-q", url, two, env=env)
        self.assertEqual(digest(os.path.join(two, "big")), digest(self.big))

    @unittest.skipUnless(shutil.which("sshfs") and os.access("/dev/fuse", os.W_OK),
                         "sshfs needs /dev/fuse")
    def test_sshfs_mounts_a_folder(self):
        mount = os.path.join(self.here, "mount")
        os.mkdir(mount)
        flags = []
        for o in [o for o in self.g.options() if o not in ("-o", "-F", "none", "-i", self.g.key)]:
            flags += ["-o", o]
        sshfs = subprocess.Popen(["sshfs", "-f", "-F", "/dev/null", *flags,
                                  "-o", "IdentityFile=" + self.g.key, "-p", str(self.g.port),
                                  "%s@127.0.0.1:%s" % (self.g.user, self.there), mount],
                                 stderr=subprocess.PIPE, text=True)
        try:
            ready = wait_for(lambda: os.path.ismount(mount) or sshfs.poll() is not None)
            if sshfs.poll() is not None and not os.path.ismount(mount):
                why = sshfs.stderr.read()
                if "fuse" in why and "ermitted" in why:
                    self.skipTest("mounting is not permitted here: " + why.strip())
                self.fail(why + self.g.log())
            self.assertTrue(ready)
            shutil.copyfile(self.big, os.path.join(mount, "through"))
            self.assertEqual(digest(os.path.join(mount, "through")), digest(self.big))
            self.assertEqual(digest(os.path.join(self.there, "through")), digest(self.big))
        finally:
            subprocess.run(["fusermount3", "-u", mount], capture_output=True)
            if not wait_for(lambda: sshfs.poll() is not None, 5):
                sshfs.kill()
            sshfs.communicate()


if __name__ == "__main__":
    unittest.main()
