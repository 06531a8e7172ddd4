"""The data queries of mibs/nms/cacti: each field, read as Cacti reads it, from an agent. Cacti itself is not run."""
import os
import re
import subprocess
import xml.etree.ElementTree as tree

from nms import NMS, text_of
from test_collectd import Holder
from test_mib import MIB
from test_snmp import PROCFS, SOURCE, AgentTest
from ways import named

FOLDER = os.path.join(NMS, "cacti")


class Queries(AgentTest):
    def walk(self, oid):
        """{OID: value}, as text."""
        said = subprocess.check_output(["snmpbulkwalk", "-v2c", "-c", "public", "-Onq", "127.0.0.1:%d" % self.port, oid], text=True)
        return dict(line.split(" ", 1) for line in said.splitlines())

    def test_each_field_is_found_by_the_index(self):
        service = Holder(self, named('a "b'))
        listener = service.listen()
        for _ in range(3):
            service.pair(listener)
        self.start_both("proctcpInterval 1\nproctcpPid %d\n" % service.process.pid)
        if self.get(SOURCE) == PROCFS:
            self.skipTest("sock_diag does not answer here, and /proc does not say all that the fields ask for")
        expected = {"groupName": '"%s"' % named('a \\"b'), "groupEstablished": "6", "groupProcesses": "1",
                    "listenerProcesses": "1", "listenerEstablished": "3",
                    "listenerLocalEndpoint": '"127.0.0.1:%d"' % service.port(listener), "listenerGroup": '"%s"' % named('a \\"b')}
        for name, key in (("proctcp_groups.xml", named('a \\"b')), ("proctcp_listeners.xml", "127.0.0.1:%d" % service.port(listener))):
            query = tree.parse(os.path.join(FOLDER, name)).getroot()
            parse = query.find("oid_index_parse").text[len("OID/REGEXP:"):]
            index, = [re.sub(parse, r"\1", oid) for oid, value in self.walk(query.find("oid_index").text).items() if value == '"%s"' % key]
            self.assertRegex(index, r"^\d+(\.\d+)+$")
            fields = {field.tag: field for field in query.find("fields")}
            self.assertIn(query.find("index_order").text, fields)
            for tag, field in fields.items():
                with self.subTest(tag):
                    oid = field.find("oid").text + "." + index
                    value = self.walk(oid)
                    self.assertEqual(set(value), {oid})
                    if tag in expected:
                        self.assertEqual(value[oid], expected[tag])
                    else:  # "No Such Object available on this agent at this OID" is no number
                        self.assertRegex(value[oid], r"^\d+$")

    def test_what_counts_says_so(self):
        syntax = dict(re.findall(r"^(proctcp\w+) OBJECT-TYPE\s+SYNTAX +(\w+)", text_of(MIB), re.M))
        for name in ("proctcp_groups.xml", "proctcp_listeners.xml"):
            for field in tree.parse(os.path.join(FOLDER, name)).getroot().find("fields"):
                of = "proctcp" + field.tag[0].upper() + field.tag[1:]
                self.assertEqual("(counter" in field.find("name").text, syntax[of] in ("Counter32", "Counter64"), of)
