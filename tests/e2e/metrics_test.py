"""Metrics: what is counted is told over HTTP in Prometheus' format, by a process that strangers may harm alone."""
import http.client
import os
import re
import signal
import socket
import unittest

from gateway import AS_ROOT, Gateway, descendants, wait_for

LINE = re.compile(r'^(sallyport_[a-z0-9_]+)(\{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\})? (\d+(?:\.\d+)?)$')


class Metrics:
    """The metrics of a gateway with MetricsListen 0."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.port = int(gateway.wait_log(r"Metrics at http://127\.0\.0\.1:(\d+)/metrics").group(1))

    def request(self, method="GET", path="/metrics"):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.getheader("Content-Type"), r.read().decode()
        finally:
            c.close()

    def all(self):
        status, _, text = self.request()
        assert status == 200, text
        return {m.group(1) + (m.group(2) or ""): float(m.group(3))
                for m in map(LINE.match, text.splitlines()) if m}

    def wait(self, **wanted):
        """Waits until all these have their values; names as NAME or NAME__label_value__label_value."""
        names = {self.name(k): v for k, v in wanted.items()}
        seen = {}

        def same():
            seen.update(self.all())
            return all(seen[n] == v for n, v in names.items())
        assert wait_for(same, every=0.25), {n: (seen.get(n), v) for n, v in names.items()}
        return seen

    @staticmethod
    def name(k):
        name, *labels = k.split("__")
        pairs = ['%s="%s"' % (l.split("_", 1)[0], l.split("_", 1)[1]) for l in labels]
        return "sallyport_" + name + ("{%s}" % ",".join(pairs) if pairs else "")

    def process(self):
        for pid in descendants(self.gateway.process.pid):
            if self.gateway.name(pid) == "sallyport-metrics":
                return pid
        return None


class FormatTest(unittest.TestCase):
    def test_each_line_is_of_the_text_format_and_nothing_else_is_served(self):
        with Gateway("MetricsListen 0") as g:
            m = Metrics(g)
            self.assertEqual(m.request(path="/")[0], 404)
            self.assertEqual(m.request(path="/../etc/passwd")[0], 404)
            self.assertGreaterEqual(m.request(method="POST")[0], 400)
            status, kind, text = m.request()
            self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
            self.assertTrue(text.endswith("\n"))
            family, families = None, []
            for line in text.splitlines():
                head = re.match(r"^# (HELP|TYPE) (sallyport_[a-z0-9_]+) (.+)$", line)
                if head and head.group(1) == "HELP":
                    family = head.group(2)
                    families.append(family)
                elif head:
                    self.assertEqual(head.group(2), family)
                    self.assertIn(head.group(3), ("counter", "gauge", "histogram"))
                else:
                    sample = LINE.match(line)
                    self.assertTrue(sample, line)
                    self.assertIn(sample.group(1), [family + s for s in ("", "_bucket", "_sum", "_count")])
            self.assertEqual(len(families), len(set(families)))
            for name in ("connections", "channels", "logins_total", "penalties_total", "build_info"):
                self.assertIn("sallyport_" + name, families)
            layers = g.wait_log("sallyport-metrics: layers: (.*)").group(1)
            self.assertIn("seccomp", layers)
            self.assertIn("landlock", layers)
            if AS_ROOT:
                for layer in ("net-ns", "empty-root", "no-caps"):
                    self.assertIn(layer, layers.split("; without")[0])


class CountTest(unittest.TestCase):
    def test_logins_channels_and_bytes_are_counted(self):
        with Gateway("MetricsListen 0", "PerSourcePenalties authfail:1s min:600s max:600s") as g:
            m = Metrics(g)
            before = m.all()
            self.assertEqual(before["sallyport_connections"], 0)
            g.ssh("head -c 3000000 /dev/zero", check=0)
            stranger = g.make_key("stranger", authorize=False)
            g.ssh("true", key=stranger, check=255)
            now = m.wait(connections_total=2, connections=0, channels=0,
                         logins_total__method_publickey__result_accepted=1,
                         channels_total__type_session=1, channel_opens_total__result_opened=1,
                         key_exchanges_total__kind_first=2, penalties_total__cause_authfail=1,
                         penalized_sources=1)
            self.assertGreaterEqual(now['sallyport_bytes_total{direction="out"}'], 3000000)
            self.assertLess(now['sallyport_bytes_total{direction="out"}'], 3001000)
            ended = sum(v for k, v in now.items() if k.startswith("sallyport_connections_ended_total"))
            self.assertEqual(ended, 2)
            self.assertNotIn(g.user, m.request()[2])
            self.assertNotIn("127.0.0.1", m.request()[2])

    def test_gauges_tell_what_is_there_and_long_transfers_are_told_before_they_end(self):
        with Gateway("MetricsListen 0") as g:
            m = Metrics(g)
            client = g.popen("head -c 40000000 /dev/zero; read line")
            try:
                client.stdout.read(40000000)
                now = m.wait(connections=1, connections_unauthenticated=0, channels=1)
                self.assertGreaterEqual(now['sallyport_bytes_total{direction="out"}'], 16 << 20)
            finally:
                client.communicate(b"\n")
            m.wait(connections=0, channels=0, bytes_total__direction_in=1)

    def test_refusals_and_reloads_are_counted(self):
        with Gateway("MetricsListen 0", "MaxConnections 1") as g:
            m = Metrics(g)
            with socket.create_connection(("127.0.0.1", g.port)) as first:
                first.recv(100)
                with socket.create_connection(("127.0.0.1", g.port)) as second:
                    self.assertIn(b"Exceeded", second.recv(100))
                m.wait(connections_refused_total__reason_max_connections=1, connections=1)
            g.process.send_signal(signal.SIGHUP)
            g.wait_log("configuration reloaded")
            m.wait(reloads_total__result_ok=1, nursery_burns_total__reason_reload=1,
                   connections_ended_total__reason_client=1)

    def test_decisions_of_scripts_are_counted_and_timed(self):
        with Gateway("MetricsListen 0", start=False) as g:
            script = g.path("policy.lua")
            with open(script, "w") as f:
                f.write('function on_channel_request(conn, channel, request)\n'
                        '  if request.type == "exec" then return refuse{reason = "no"} end\nend\n')
            g.lines.append("PolicyScript " + script)
            g.write_conf()
            g.start()
            m = Metrics(g)
            self.assertNotEqual(g.ssh("true").returncode, 0)
            now = m.wait(policy_decisions_total__event_channel_request__verdict_refuse=1)
            self.assertGreaterEqual(now["sallyport_policy_decision_seconds_count"], 1)
            self.assertEqual(now['sallyport_policy_decision_seconds_bucket{le="+Inf"}'],
                             now["sallyport_policy_decision_seconds_count"])


class HarmTest(unittest.TestCase):
    def test_slow_and_hostile_clients_harm_only_each_other(self):
        with Gateway("MetricsListen 0") as g:
            m = Metrics(g)
            silent = []
            try:
                for _ in range(100):  # more than there are descriptors for
                    s = socket.create_connection(("127.0.0.1", m.port), timeout=0.3)
                    s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
                    silent.append(s)
            except OSError:
                pass  # the backlog is full
            for text in (b"\0" * 100000, b"GET " + b"/" * 100000, b"GET /metrics HTTP/9.9\r\n\r\n",
                         b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"):
                try:
                    with socket.create_connection(("127.0.0.1", m.port), timeout=1) as s:
                        s.sendall(text)
                except OSError:
                    pass
            g.ssh("true", check=0)
            for s in silent:
                s.close()

            def served():
                try:
                    return m.request()[0] == 200
                except (OSError, http.client.HTTPException):
                    return False
            self.assertTrue(wait_for(served, 20, 0.2), g.log())
            self.assertNotIn("sallyport-metrics ended", g.log())

    def test_one_that_dies_is_started_again_with_the_same_port(self):
        with Gateway("MetricsListen 0") as g:
            m = Metrics(g)
            m.all()
            os.kill(m.process(), signal.SIGKILL)
            self.assertTrue(g.wait_log("sallyport-metrics ended.*another is started"))
            m.wait(restarts_total__process_metrics=1)
            g.ssh("true", check=0)


class SettingTest(unittest.TestCase):
    def test_a_reload_moves_it_and_none_ends_it(self):
        with Gateway("MetricsListen 0") as g:
            old = Metrics(g)
            old.all()
            g.lines[0] = "MetricsListen localhost:%d" % (old.port + 1 if old.port < 65000 else 64000)
            g.write_conf()
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(g.wait_log("Metrics at http://127.0.0.1:%s/metrics" % g.lines[0].split(":")[1]))
            with self.assertRaises(OSError):
                old.request()
            old.port = int(g.lines[0].split(":")[1])
            old.all()
            g.lines[0] = "MetricsListen none"
            g.write_conf()
            g.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: old.process() is None))
            with self.assertRaises(OSError):
                old.request()

    def test_an_address_that_others_reach_is_warned_of_and_a_port_in_use_costs_no_login(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with Gateway("MetricsListen %d" % taken.getsockname()[1]) as g:
                self.assertTrue(g.wait_log(r"MetricsListen .*another program has it"))
                g.ssh("true", check=0)
                g.lines[0] = "MetricsListen 0.0.0.0:0"
                g.write_conf()
                g.process.send_signal(signal.SIGHUP)
                self.assertTrue(g.wait_log("not an address of this host alone.*127.0.0.1"))


if __name__ == "__main__":
    unittest.main()
