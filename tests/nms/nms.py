"""What the tests of mibs/nms share: a Prometheus that scrapes as the shipped examples say, with the shipped rules at a test's pace."""
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "live"))

from support import free_tcp_port, wait_until  # noqa: E402

NMS = os.path.join(TOP, "mibs", "nms")
RULES = os.path.join(NMS, "rules")
ALERTS = os.path.join(RULES, "proctcp-alerts.yml")
RECORDS = os.path.join(RULES, "proctcp-records.yml")

# Minutes of the shipped rules in seconds of a test, which scrapes and evaluates every second. Hours and days stay, but for the hour for
# which a listener must have been there: a second of the test.
ALERTS_PACE = [(r"\bfor: \d+m$", "for: 3s"), (r"\[10m\]", "[20s]"), (r"\[1d:1m\]", "[10m:1s]")]
RECORDS_PACE = [(r"\[5m\]", "[10s]"), (r"\) / 300$", ") / 10"), (r"\[2m\]", "[5s]"),
                (r"\[1d:5m\]\) >= bool 12\b", "[10m:1s]) >= bool 1")]


def text_of(path):
    with open(path) as file:
        return file.read()


def substituted(text, *pairs):
    """With each pattern replaced; each must be there, so that an example that was changed is noticed."""
    for pattern, replacement in pairs:
        text, count = re.subn(pattern, lambda found: replacement, text, flags=re.M)
        assert count, "%r is not there" % pattern
    return text


def fetched(where, patience_s=30):
    """The page as text; None while nobody listens there. An answer that is an error is an AssertionError with what it says."""
    try:
        with urllib.request.urlopen(where, timeout=patience_s) as answer:
            return answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        raise AssertionError("%s: %s" % (where, error.read().decode("utf-8", "replace")[:2000])) from None
    except (ConnectionError, urllib.error.URLError) as error:
        if isinstance(getattr(error, "reason", error), ConnectionError):
            return None
        raise


def promtool(*words, **options):
    done = subprocess.run(["promtool", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **options)
    return done.returncode, done.stdout


class Prometheus:
    """Runs until the test is over. example: prometheus.yml of a folder of mibs/nms, with what is to be replaced in it."""

    def __init__(self, test, example, *pairs):
        configuration = substituted(text_of(example), *pairs, (r"scrape_interval: 30s", "scrape_interval: 1s"))
        # What is missing in a scrape is noted at once, but a scrape may take its time on a busy machine.
        configuration = "global: {evaluation_interval: 1s, scrape_timeout: 1s}\n" + configuration
        test.write("prometheus.yml", configuration)
        for name, path, paces in (("proctcp-alerts.yml", ALERTS, ALERTS_PACE), ("proctcp-records.yml", RECORDS, RECORDS_PACE)):
            test.write(name, substituted(text_of(path), *paces))
        status, said = promtool("check", "config", test.path("prometheus.yml"))
        test.assertEqual(status, 0, said)
        self.where = "http://127.0.0.1:%d" % free_tcp_port()
        self.log = test.path("prometheus.log")
        with open(self.log, "w") as log:
            self.process = test.start("prometheus", "--config.file=" + test.path("prometheus.yml"),
                                      "--storage.tsdb.path=" + test.path("tsdb"), "--storage.tsdb.retention.time=1h",
                                      "--web.listen-address=" + self.where[len("http://"):], stdout=log, stderr=log)

        def ready():
            test.assertIsNone(self.process.poll(), text_of(self.log))
            try:
                return fetched(self.where + "/-/ready")
            except AssertionError:  # not yet
                return None
        wait_until(ready, "Prometheus to be ready")

    def ask(self, path, **parameters):
        answer = json.loads(fetched("%s/api/v1/%s?%s" % (self.where, path, urllib.parse.urlencode(parameters))))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """[(labels, value)]"""
        return [(row["metric"], float(row["value"][1])) for row in self.ask("query", query=expression)["result"]]

    def value(self, expression):
        """Of the one series that it gives, or None."""
        rows = self.query(expression)
        return rows[0][1] if len(rows) == 1 else None

    def wait_for(self, expression, value):
        wait_until(lambda: self.value(expression) == value, "%s to be %s, not %s" % (expression, value, self.query(expression)))

    def alerts(self):
        """Those that fire: {(name, its group or listener or host): the alert}"""
        return {(alert["labels"]["alertname"], alert["labels"].get("group") or alert["labels"].get("listener") or
                 alert["labels"].get("instance")): alert for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def firing(self):
        return set(self.alerts())

    def opened(self, alerts):
        """When each of these, which fire, began; one that was closed meanwhile has another time."""
        fire = self.alerts()
        return {alert: fire[alert]["activeAt"] for alert in alerts}

    def wait_for_alerts(self, wanted):
        """Until all of these fire."""
        try:
            wait_until(lambda: wanted <= self.firing(), "alerts")
        except AssertionError:
            raise AssertionError("not firing: %s; firing: %s" % (wanted - self.firing(), self.firing())) from None

    def wait_for_no(self, alerts):
        try:
            wait_until(lambda: not alerts & self.firing(), "no alerts")
        except AssertionError:
            raise AssertionError("still firing: %s" % (alerts & self.firing())) from None
