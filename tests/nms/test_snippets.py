"""Files of mibs/nms for systems that are not run here: whether they can be read, and whether each number is of the object that stands
beside it in the MIB."""
import os
import re
import unittest
import xml.etree.ElementTree as tree

import tomllib
import yaml

from nms import NMS, text_of
from test_mib import MIB

OBJECTS = ".1.3.6.1.4.1.8072.9999.9999.793.1."
PARENTS = {"proctcpScan": "1", "proctcpListenerEntry": "4.1", "proctcpGroupEntry": "7.1"}


def objects():
    """{number: (name, syntax)}"""
    return {OBJECTS + PARENTS[parent] + "." + number: (name, syntax) for name, syntax, parent, number in re.findall(
        r"^(proctcp\w+) OBJECT-TYPE\s+SYNTAX +(\w+).*?::= \{ (proctcp\w+) (\d+) \}", text_of(MIB), re.M | re.S) if parent in PARENTS}


class Files(unittest.TestCase):
    def test_telegraf(self):
        asked, = tomllib.loads(text_of(os.path.join(NMS, "telegraf", "proctcp.conf")))["inputs"]["snmp"]
        seen = 0
        for prefix, fields in [("proctcpScan", asked["field"])] + [
                ("proctcp" + table["name"].split("_")[1].capitalize(), table["field"]) for table in asked["table"]]:
            for field in fields:
                name = objects()[field["oid"][:-2] if prefix == "proctcpScan" else field["oid"]][0]
                if not field.get("is_tag"):
                    self.assertEqual(name, prefix + "".join(part.capitalize() for part in field["name"].split("_")))
                seen += 1
        self.assertGreater(seen, 30)
        tags = {table["name"]: [field["name"] for field in table["field"] if field.get("is_tag")] +
                ["index"] * table.get("index_as_tag", False)
                for table in asked["table"]}
        self.assertEqual(tags, {"proctcp_group": ["group"], "proctcp_listener": ["listener", "index"]})

    def test_librenms(self):
        sensors = yaml.safe_load(text_of(os.path.join(NMS, "librenms", "linux.yaml")))["modules"]["sensors"]
        found = [sensor for kind in sensors.values() for sensor in kind["data"]]
        for sensor in found:
            name = objects()[sensor["num_oid"][:-len(".{{ $index }}")]][0]
            self.assertEqual(sensor["value"], "PROCTCP-MIB::" + name)
            self.assertEqual(sensor["index"], name + ".{{ $index }}")
            self.assertNotIn("low_limit", sensor)  # a client that has ended is no fault
        self.assertGreater(len(found), 8)

    def test_opennms(self):
        spaces = {"": "http://xmlns.opennms.org/xsd/config/datacollection", "e": "http://xmlns.opennms.org/xsd/eventconf"}
        collection = tree.parse(os.path.join(NMS, "opennms", "proctcp.xml")).getroot()
        aliases = [each.get("alias") for each in collection.iterfind(".//mibObj", spaces)]
        self.assertEqual(len(set(aliases)), len(aliases))
        for each in collection.iterfind(".//mibObj", spaces):
            name, syntax = objects()[each.get("oid")]
            kinds = {"SnmpAdminString": "string", "Counter32": "counter", "Counter64": "counter"}
            self.assertEqual(each.get("type"), kinds.get(syntax, "gauge"))
            letters = iter(name)
            self.assertTrue(all(letter in letters for letter in each.get("alias")), "%s is not short for %s" % (each.get("alias"), name))
            self.assertLessEqual(len(each.get("alias")), 19)
        events = tree.parse(os.path.join(NMS, "opennms", "proctcp.events.xml")).getroot()
        keys = {each.find("e:uei", spaces).text: each.find("e:alarm-data", spaces).attrib for each in events}
        self.assertEqual(len(keys), 6)
        for key in keys.values():
            if "clear-key" in key:
                uei, rest = key["clear-key"].split(":", 1)
                self.assertEqual(keys[uei]["reduction-key"], "%uei%:" + rest)
        self.assertEqual(sum("clear-key" in key for key in keys.values()), 3)
