"""The rules and the files of mibs/nms by themselves: promtool's checks and tests, and whether what is made is as it was made."""
import os
import re
import shutil
import unittest

import yaml

import snmp_yml
from nms import ALERTS, NMS, RECORDS, promtool, text_of
from test_mib import MIB, base_mib_directories

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = ("rules_test.yml", "rules_hours_test.yml", "alerts_alone_test.yml")
SNMP_YML = os.path.join(NMS, "prometheus-snmp", "snmp.yml")


@unittest.skipUnless(shutil.which("promtool"), "promtool is missing (Debian package prometheus)")
class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        status, said = promtool("check", "rules", ALERTS, RECORDS)
        self.assertEqual((status, said.count("SUCCESS")), (0, 2), said)

    def test_each_does_what_it_is_for(self):
        for name in TESTS:
            with self.subTest(name):
                status, said = promtool("test", "rules", os.path.join(HERE, name))
                self.assertEqual((status, said.count("SUCCESS")), (0, 1), said)

    def test_each_alert_has_a_test_in_which_it_fires(self):
        alerts = {rule["alert"] for group in yaml.safe_load(text_of(ALERTS))["groups"] for rule in group["rules"]}
        fired = {test["alertname"] for name in TESTS
                 for case in yaml.safe_load(text_of(os.path.join(HERE, name)))["tests"]
                 for test in case.get("alert_rule_test", ()) if test["exp_alerts"]}
        self.assertEqual(alerts - fired, set())

    def test_each_alert_says_how_bad_it_is_and_where(self):
        for group in yaml.safe_load(text_of(ALERTS))["groups"]:
            for rule in group["rules"]:
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"), rule)
                if not re.search(r"Not|Missing", rule["alert"]):
                    self.assertIn("$labels.instance", rule["annotations"]["summary"])


class Metrics(unittest.TestCase):
    @unittest.skipUnless(shutil.which(snmp_yml.GENERATOR),
                         "%s is missing (Debian package prometheus-snmp-exporter)" % snmp_yml.GENERATOR)
    def test_what_is_there_is_what_the_mib_and_generator_yml_make(self):
        before = os.environ.get("MIBDIRS")
        os.environ["MIBDIRS"] = ":".join(base_mib_directories())
        try:
            made = snmp_yml.make()
        finally:
            os.environ.pop("MIBDIRS")
            if before is not None:
                os.environ["MIBDIRS"] = before
        for name, text in made.items():
            self.assertTrue(text == text_of(os.path.join(NMS, "prometheus-snmp", name)), "%s: run tests/nms/snmp_yml.py" % name)

    def test_names_labels_and_types_are_those_of_the_mib(self):
        modules = yaml.safe_load(text_of(SNMP_YML))
        syntax = dict(re.findall(r"^(proctcp\w+) OBJECT-TYPE\s+SYNTAX +(\w+)", text_of(MIB), re.M))
        numbers = {}
        for name, parent, number in re.findall(r"^(proctcp\w+) OBJECT-TYPE.*?::= \{ (proctcp\w+) (\d+) \}", text_of(MIB), re.M | re.S):
            numbers[{"proctcpScan": "1", "proctcpListenerEntry": "4.1", "proctcpStateEntry": "6.1", "proctcpGroupEntry": "7.1",
                     "proctcpSocketEntry": "3.1"}.get(parent, "?") + "." + number] = name
        self.assertEqual(set(modules), {"proctcp", "proctcp_sockets"})
        for module, content in modules.items():
            names = [metric["name"] for metric in content["metrics"]]
            self.assertEqual(len(names), len(set(names)))
            for metric in content["metrics"]:
                self.assertRegex(metric["name"], r"^proctcp_[a-z0-9_]+$")
                of = numbers[metric["oid"].split(".793.1.")[1]]
                self.assertEqual(metric["type"] == "counter", syntax[of] in ("Counter32", "Counter64"), of)
                self.assertEqual(metric["type"] == "counter", metric["name"].endswith("_total"))
                labels = {index["labelname"] for index in metric.get("indexes", ())}
                if module == "proctcp":
                    self.assertFalse(labels & {"pid", "fd", "process"}, metric["name"])

    def test_both_layouts_have_the_same_modules(self):
        old, new = yaml.safe_load(text_of(SNMP_YML)), yaml.safe_load(text_of(os.path.join(NMS, "prometheus-snmp", "snmp-auths.yml")))
        self.assertEqual(set(new), {"auths", "modules"})
        for name, module in old.items():
            self.assertEqual({key: value for key, value in module.items() if key not in ("auth", "version")}, new["modules"][name])

    def test_every_metric_of_the_rules_is_one_that_is_scraped(self):
        have = {metric["name"] for module in yaml.safe_load(text_of(SNMP_YML)).values() for metric in module["metrics"]}
        expressions = re.sub(r"#.*", "", text_of(RECORDS) + text_of(ALERTS)).replace('"proctcp_group_(.*)"', "")
        expressions = re.sub(r"(proctcp_group_)\(([a-z0-9_|]+)\)",
                             lambda found: " ".join(found[1] + each for each in found[2].split("|")), expressions)
        asked = set(re.findall(r"(?<![:\w])proctcp_[a-z0-9_]+", expressions))
        self.assertGreater(len(asked), 20)
        self.assertEqual(asked - have, set())
