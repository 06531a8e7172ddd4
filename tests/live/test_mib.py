"""The MIB: clean for smilint, understood by net-snmp, and the same as the field tables and what the subagent serves."""
import ast
import json
import os
import shutil
import subprocess
import unittest

from support import BUILD, TOP, LiveTest

MIB = os.path.join(TOP, "mibs", "PROCTCP-MIB.txt")
COLUMNS = os.path.join(BUILD, "tests", "live", "columns")
BASE_MIBS = ("SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF", "SNMP-FRAMEWORK-MIB", "INET-ADDRESS-MIB", "HCNUM-TC",
             "NET-SNMP-MIB")
USUAL_PLACES = ("/usr/share/snmp/mibs", "/var/lib/mibs/ietf", "/var/lib/mibs/iana", "/usr/share/mibs/ietf",
                "/usr/share/mibs/iana")
ROOT = "1.3.6.1.4.1.8072.9999.9999.793"

# Syntax by the field's type; of unsigned ones by size and use.
SYNTAX = {"signed": {"Integer32"}, "boolean": {"TruthValue"}, "text": {"SnmpAdminString"}, "name": {"SnmpAdminString"},
          "address": {"InetAddress"}, "time": {"DateAndTime"}, "enum": {"Enumeration"}}
OWN_SYNTAX = {"integer": {"Enumeration", "InetAddressType", "Integer32"}, "unsigned": {"InetPortNumber", "Unsigned32", "Gauge32"},
              "counter32": {"Counter32"}, "counter64": {"Counter64", "CounterBasedGauge64"},
              "octets": {"InetAddress", "SnmpAdminString", "DateAndTime", "ProctcpRowText"}}


def base_mib_directories():
    """Where the MIBs that ours imports are: on SMIPATH or MIBDIRS, else in the usual places. Raises SkipTest."""
    said = [os.environ[name] for name in ("SMIPATH", "MIBDIRS") if os.environ.get(name)]
    places = [place for path in said for place in path.split(":")] or list(USUAL_PLACES)

    def has(place, module):
        return any(os.path.exists(os.path.join(place, module + end)) for end in ("", ".txt", ".mib"))
    missing = [module for module in BASE_MIBS if not any(has(place, module) for place in places)]
    if missing:
        raise unittest.SkipTest("base MIBs are missing (%s): SMIPATH or MIBDIRS may name their directories" %
                                (missing[0] + (" and %d more" % (len(missing) - 1) if missing[1:] else "")))
    return places


def tool(name, package):
    if not shutil.which(name):
        raise unittest.SkipTest("%s is missing (Debian package %s)" % (name, package))
    return name


def camel_case(prefix, name):
    return prefix + "".join(word.capitalize() for word in name.split("_"))


def served_columns():
    if not os.path.exists(COLUMNS):
        raise AssertionError("%s is not built: make %s" % (COLUMNS, os.path.relpath(COLUMNS, TOP)))
    out = subprocess.run([COLUMNS], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    return [json.loads(line) for line in out.splitlines()]


# Where the field's own name would say the same as another one.
RENAMED = {"proctcpScanFailed": "proctcpScanProcessesFailed", "proctcpScanFailure": "proctcpScanFirstError",
           "proctcpGroupGroup": "proctcpGroupName"}


class Mib(LiveTest):
    def smi(self, *arguments):
        environment = dict(os.environ, SMIPATH=":".join(base_mib_directories()))
        return subprocess.run(list(arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True)

    def objects(self):
        """Scalars and columns of the MIB, by name."""
        dump = self.smi(tool("smidump", "smitools"), "-q", "-f", "python", MIB)
        self.assertEqual(dump.returncode, 0, dump.stdout)
        nodes = ast.literal_eval(dump.stdout[dump.stdout.index("MIB = ") + len("MIB = "):])["nodes"]
        return {name: node for name, node in nodes.items() if node["nodetype"] in ("scalar", "column")}

    @staticmethod
    def base(node):
        """The name of the type; for a restriction of one, that of the one restricted."""
        kind = node["syntax"]["type"]
        if "parent module" in kind:
            return kind["parent module"]["type"]
        return kind.get("name", kind.get("basetype"))

    def test_smilint_has_nothing_to_say(self):
        lint = self.smi(tool("smilint", "smitools"), "-m", "-s", "-l", "6", "-i", "namelength-32", MIB)
        self.assertEqual((lint.returncode, lint.stdout), (0, ""))

    def test_every_column_is_in_the_mib_with_its_number_and_name(self):
        served = {camel_case(c["prefix"], c["field"]) if "field" in c else c["own"]: c["oid"]
                  for c in served_columns()}
        served = {RENAMED.get(name, name): oid for name, oid in served.items()}
        self.assertEqual({name: node["oid"] for name, node in self.objects().items()}, served)

    def test_syntaxes_follow_from_the_field_table(self):
        objects = {node["oid"]: (name, self.base(node)) for name, node in self.objects().items()}
        for column in served_columns():
            with self.subTest(column["oid"]):
                name, syntax = objects[column["oid"]]
                if "own" in column:
                    wanted = OWN_SYNTAX[column["syntax"]]
                elif column["type"] != "unsigned":
                    wanted = SYNTAX[column["type"]]
                elif column["counter"]:
                    wanted = {"Counter64"} if column["size"] == 8 else {"Counter32"}
                elif column["size"] == 8:
                    wanted = {"CounterBasedGauge64"} if "unit" in column else {"ProctcpCookie"}
                elif column["field"].endswith("_port"):
                    wanted = {"InetPortNumber"}
                elif "unit" in column:
                    wanted = {"Gauge32"}
                else:
                    wanted = {"Unsigned32", "Gauge32"}
                self.assertIn(syntax, wanted, name)

    def test_enumerations_have_the_names_of_the_library(self):
        objects = {node["oid"]: node for node in self.objects().values()}
        checked = 0
        for column in served_columns():
            if "names" not in column:
                continue
            kind = objects[column["oid"]]["syntax"]["type"]
            names = {name: int(value["number"]) for name, value in kind.items()
                     if isinstance(value, dict) and value.get("nodetype") == "namednumber"}
            self.assertEqual(names, column["names"], column["oid"])
            checked += 1
        self.assertGreaterEqual(checked, 5)

    def test_units_are_those_of_the_field_table(self):
        units = {node["oid"]: node.get("units") for node in self.objects().values()}
        self.assertEqual(units, {c["oid"]: c.get("unit") for c in served_columns()})

    def test_the_index_alone_is_not_accessible(self):
        access = {node["oid"]: node["access"] for node in self.objects().values()}
        self.assertEqual(access, {c["oid"]: "noaccess" if c["index"] else "readonly" for c in served_columns()})

    def test_every_object_says_what_it_is(self):
        for name, node in self.objects().items():
            self.assertGreater(len(node["description"]), 10, name)

    def test_net_snmp_reads_the_same_mib(self):
        """Its parser is another one, and loses names that it takes for keywords of its own."""
        environment = dict(os.environ, MIBS="", SNMPCONFPATH=self.directory, SNMP_PERSISTENT_DIR=self.directory)
        places = ":".join(base_mib_directories() + [os.path.dirname(MIB)])
        tree = subprocess.run([tool("snmptranslate", "snmp"), "-M", places, "-m", "PROCTCP-MIB", "-Tp", "." + ROOT],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        self.assertEqual(tree.stderr.replace("Created directory: %s/cert_indexes\n" % self.directory, ""), "")
        for name, node in self.objects().items():
            with self.subTest(name):
                number = node["oid"].split(".")[-1]
                place = tree.stdout.find(" %s(%s)\n" % (name, number))
                self.assertGreater(place, 0)
                kind = node["syntax"]["type"]
                names = ["%s(%s)" % (word, value["number"]) for word, value in kind.items()
                         if isinstance(value, dict) and value.get("nodetype") == "namednumber"]
                if names:
                    self.assertIn("Values: " + ", ".join(names), tree.stdout[place:].split("+--")[0])


if __name__ == "__main__":
    unittest.main()
