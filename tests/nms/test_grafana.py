"""The dashboards of mibs/nms/grafana: as they were made, of the shape that Grafana takes, and every query in them run against
Prometheus over either way, with sockets, faults and alerts that the test provoked. Grafana itself is not run."""
import itertools
import json
import os
import re
import shutil
import subprocess
import unittest

import bpf
import grafana
from faults import LEAKED, Faulty
from nms import ALERTS, text_of
from support import BUILD, wait_until
from test_collectd import Holder
from ways import EXPORTER, OverCollectdTest, OverSnmpTest, named

# With the types that Grafana's own code has for dashboards.
SCHEMA, TYPESCRIPT = "@grafana/schema@11.6.16", "typescript@7.0.2"
NODE = os.path.join(BUILD, "nms", "node")
# Folders of panels in the package.
OPTIONS = {"timeseries": "TimeSeries", "stat": "Stat", "table": "Table"}
# {stat panel: (least, most)} with the faults of Queries.provoked(): two services run, a third has gone with its listener, and a queue is
# full. What else the host has counts, too, where a panel is not of a service.
NUMBERS = {"Hosts seen": (1, 1), "Hosts blind": (0, 0), "Alerts": (1, None), "Services": (2, None), "Sockets": (2 * LEAKED, None),
           "Listeners gone": (1, None), "Processes": (2, 2), "Established": (6, None), "CLOSE_WAIT": (LEAKED, LEAKED),
           "Descriptors": (0.8, 1), "Listeners": (3, None), "Gone": (1, None), "Fullest accept queue": (0.7, 2)}
# What JSON has in the place of an enumeration.
LOOSE = "type Loose<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;"


def dashboards():
    """{file name: dashboard}"""
    return {name: json.loads(text_of(os.path.join(grafana.FOLDER, name))) for name in sorted(os.listdir(grafana.FOLDER))
            if name.endswith(".json")}


def panels():
    return [(name, panel) for name, made in dashboards().items() for panel in made["panels"] if panel["type"] != "row"]


def expressions():
    """[(where, PromQL, its panel)] of panels, annotations and variables."""
    found = [("%s: %s" % (name, panel["title"]), target["expr"], panel) for name, panel in panels() for target in panel["targets"]]
    for name, made in dashboards().items():
        found += [("%s: %s" % (name, each["name"]), each["expr"], None) for each in made["annotations"]["list"]]
        for each in made["templating"]["list"]:
            if each["type"] == "query":
                label_values, _, rest = each["query"]["query"].partition("(")
                assert label_values == "label_values", each
                found.append(("%s: $%s" % (name, each["name"]), rest.rpartition(",")[0], None))
    return found


class Files(unittest.TestCase):
    def test_they_are_what_the_script_makes(self):
        made = grafana.make()
        self.assertEqual({name: text_of(os.path.join(grafana.FOLDER, name)) for name in made}, made, "run tests/nms/grafana.py")
        self.assertEqual(set(dashboards()), set(made))

    def test_panels_have_places_of_their_own(self):
        for name, made in dashboards().items():
            self.assertEqual(len({panel["id"] for panel in made["panels"]}), len(made["panels"]), name)
            taken = set()
            for panel in made["panels"]:
                at = panel["gridPos"]
                cells = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
                self.assertEqual(taken & cells, set(), (name, panel["title"]))
                self.assertLessEqual(at["x"] + at["w"], grafana.WIDTH)
                taken |= cells

    def test_any_prometheus_will_do_and_links_lead_somewhere(self):
        made = dashboards()
        self.assertEqual({each["uid"] + ".json" for each in made.values()}, set(made))
        for name, each in made.items():
            text = json.dumps(each)
            self.assertEqual(set(re.findall(r'"uid": "([^"]*)"', text)), {each["uid"], "${datasource}"}, name)
            for link in text.split('"url": "/d/')[1:]:
                self.assertIn(link.split("?")[0] + ".json", made)

    def test_what_is_gone_is_what_alerts_tell_of(self):
        self.assertIn("listener:proctcp_gone{%s} == 1" % grafana.WATCHED, text_of(ALERTS))
        self.assertEqual({where for where, expression, _ in expressions() if grafana.WATCHED in expression},
                         {"proctcp-services.json: Listeners gone", "proctcp-listeners.json: Gone"})

    def have_types(self):
        """Skips where they cannot be had, or not be used."""
        def tried(*words, seconds):
            try:
                done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds)
            except subprocess.TimeoutExpired:
                return "took more than %d s" % seconds
            return done.stdout.strip()[-500:] or "status %d" % done.returncode if done.returncode else None
        wrong = None
        if not os.path.exists(os.path.join(NODE, "node_modules", "@grafana")):
            os.makedirs(NODE, exist_ok=True)
            wrong = tried("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=20000",
                          "--prefix", NODE, SCHEMA, TYPESCRIPT, seconds=90)
        wrong = wrong or tried(os.path.join(NODE, "node_modules", ".bin", "tsc"), "--version", seconds=30)
        if wrong:
            shutil.rmtree(NODE)
            self.skipTest("Grafana's types cannot be had by npm: " + wrong)

    @unittest.skipUnless(shutil.which("npm") and shutil.which("node"), "npm is missing: Grafana's types for dashboards cannot be had")
    def test_grafanas_own_types_take_them(self):
        self.have_types()
        raw = "./node_modules/@grafana/schema/dist/esm/raw/"
        lines = ['import type { Dashboard } from "%sdashboard/x/dashboard_types.gen";' % raw,
                 'import type { TableFieldOptions, GraphFieldConfig } from "@grafana/schema";']
        lines += ['import type * as %s from "%scomposable/%s/panelcfg/x/%sPanelCfg_types.gen";' % (kind, raw, kind, prefix)
                  for kind, prefix in OPTIONS.items()]
        lines.append(LOOSE)
        for number, made in enumerate(dashboards().values()):
            for each in made["annotations"]["list"]:
                for name in ("expr", "step", "textFormat", "titleFormat"):  # what its data source makes of it
                    del each[name]
            lines.append("export const d%d: Loose<Dashboard> = %s;" % (number, json.dumps(made)))
        for number, (_, panel) in enumerate(panels()):
            custom = panel["fieldConfig"]["defaults"].get("custom")
            lines.append("export const o%d: Loose<%s.Options> = %s;" % (number, panel["type"], json.dumps(panel["options"])))
            if custom is not None:
                lines.append("export const c%d: Loose<%s> = %s;" % (
                    number, {"timeseries": "GraphFieldConfig", "table": "TableFieldOptions"}[panel["type"]], json.dumps(custom)))
        with open(os.path.join(NODE, "dashboards.ts"), "w") as file:
            file.write("\n".join(lines))
        done = subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--ignoreConfig", "--module", "esnext",
                               "--moduleResolution", "bundler", "dashboards.ts"], cwd=NODE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=200)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


class Queries:
    """What both ways have in common."""
    counted = False  # whether connections are

    def provoked(self):
        faulty = Faulty(self, named("bad"))
        self.busy = Holder(self, named("web"))
        listener = self.busy.listen()
        pairs = [self.busy.pair(listener) for _ in range(3)]
        self.busy.send(pairs[0][0], 1000)
        self.busy.receive(pairs[0][1], 1000)
        return faulty

    def every_query_is_answered(self, prometheus, instance):
        """Each, once there is enough to tell a rate, in the test's own pace."""
        values = {"${datasource}": "", "$__range": "5m", "$__rate_interval": "10s"}
        values.update({"$" + name: pattern for name, pattern in
                       {"instance": instance, "group": "nms.*", "listener": ".*"}.items()})
        told = set()
        for where, expression, panel in expressions():
            if panel and not self.counted and panel["description"] == grafana.COUNTED:
                continue
            for name in sorted(values, key=len, reverse=True):
                expression = expression.replace(name, values[name])
            with self.subTest(where):
                self.assertNotIn("$", expression.replace('"$', ""))
                wait_until(lambda: prometheus.query(expression), "an answer to " + expression)
                if panel and panel["type"] == "stat":
                    value, title = prometheus.value(expression), panel["title"]
                    low, high = NUMBERS.get(title, (0, None))
                    self.assertGreaterEqual(value, low, expression)
                    if high is not None:
                        self.assertLessEqual(value, high, expression)
                    told.add(title)
        self.assertLessEqual(set(NUMBERS), told)
        with self.subTest("services"):
            self.assertEqual(prometheus.value('group:proctcp_established:max{group="%s"}' % named("web")), 6)


@unittest.skipUnless(shutil.which(EXPORTER), "%s is missing (Debian package %s)" % (EXPORTER, EXPORTER))
@unittest.skipUnless(shutil.which("prometheus"), "prometheus is missing (Debian package prometheus)")
class OverSnmp(Queries, OverSnmpTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counted = not bpf.load_here()
        if cls.counted:
            cls.addClassCleanup(bpf.load, "unload")

    def test_every_query_is_answered(self):
        faulty = self.provoked()
        self.start_all(faulty.name, faulty.gone.name, named("web"))
        prometheus = self.prometheus()
        prometheus.wait_for('listener:proctcp_gone{listener="127.0.0.1:%d"}' % faulty.gone_port, 0)
        faulty.provoke(self)
        prometheus.wait_for_alerts({("ProctcpCloseWaitLeak", faulty.name)})
        self.every_query_is_answered(prometheus, "127.0.0.1:%d" % self.port)


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is missing (Debian package prometheus)")
class OverCollectd(Queries, OverCollectdTest):
    def test_every_query_is_answered(self):
        faulty = self.provoked()
        daemon = self.start_collectd([faulty.name, faulty.gone.name, named("web")])
        daemon.fresh()
        daemon.needs_netlink()
        prometheus = self.prometheus()
        prometheus.wait_for('listener:proctcp_gone{listener="127.0.0.1:%d"}' % faulty.gone_port, 0)
        faulty.provoke(self)
        prometheus.wait_for_alerts({("ProctcpCloseWaitLeak", faulty.name)})
        self.every_query_is_answered(prometheus, "h")
