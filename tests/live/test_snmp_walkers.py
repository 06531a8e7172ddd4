"""proctcp-agentx under a real snmpd, walked by programs that others have written, at 10,000 sockets; and by many at once
while snapshots change."""
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from support import BUILD, rows, wait_until
from test_snmp import ESTABLISHED, GENERATION, LISTEN, MANY_SCANS, OBJECTS, ONE_SCAN, ROWS, SOCKET, AgentTest

SOCKETS, PROCESSES = 10000, 4
STATE, LOCAL = SOCKET[1:] + ".14", SOCKET[1:] + ".102"
EXPORTER = shutil.which("prometheus-snmp-exporter")

PERL = """
use strict; use Net::SNMP;
my ($port, @columns) = @ARGV;
my ($session, $error) = Net::SNMP->session(-hostname => '127.0.0.1', -port => $port, -community => 'public',
                                           -version => 'snmpv2c', -timeout => 30, -translate => 0);
die $error unless $session;
for my $column (@columns) {
    my $table = $session->get_table(-baseoid => $column, -maxrepetitions => 30) or die $session->error;
    print "$_ $table->{$_}\\n" for keys %$table;
}
"""
RUBY = """
require 'snmp'
port, *columns = ARGV
SNMP::Manager.open(:host => '127.0.0.1', :port => port.to_i, :community => 'public', :mib_modules => [], :timeout => 30) do |manager|
  manager.walk(columns) { |row| row.each { |cell| puts "#{cell.name} #{cell.value}" } }
end
"""
PYTHON = """
import sys
from pysnmp.hlapi import *
columns = [ObjectType(ObjectIdentity(column)) for column in sys.argv[2:]]
for error, status, place, cells in bulkCmd(SnmpEngine(), CommunityData('public'),
                                           UdpTransportTarget(('127.0.0.1', int(sys.argv[1])), timeout=30),
                                           ContextData(), 0, 25, *columns, lookupMib=False, lexicographicMode=False):
    if error or status:
        sys.exit("%s %s" % (error, status))
    for name, value in cells:
        print(name, value)
"""


def parse(output):
    return dict(line.split(" ", 1) for line in output.splitlines())


def has(command):
    return shutil.which(command[0]) and subprocess.run(command, stdout=subprocess.DEVNULL,
                                                       stderr=subprocess.DEVNULL).returncode == 0


@unittest.skipIf(os.environ.get("SANITIZED"), "what walks is the same")
class Walkers(AgentTest):
    def setUp(self):
        super().setUp()
        load = self.start(os.path.join(BUILD, "tests", "bench", "load"), SOCKETS, PROCESSES, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE)
        self.assertTrue(load.stdout.readline().startswith(b"ready"))
        names = ",".join("load-%d" % number for number in range(PROCESSES))
        self.start_both(ONE_SCAN + "proctcpProcess %s\n" % names)
        wanted = {}
        for row in rows("--process", names):
            index = ".%d.%d.1" % (row["pid"], row["fd"])
            wanted[STATE + index] = str({"listen": LISTEN, "established": ESTABLISHED}[row["state"]])
            wanted[LOCAL + index] = "%s:%d" % (row["local_address"], row["local_port"])
        self.assertEqual(len(wanted), 2 * (SOCKETS + PROCESSES))
        self.wanted = wanted

    def run_walker(self, *words):
        done = subprocess.run([*words, str(self.port), STATE, LOCAL], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=300)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return parse(done.stdout)

    def compare(self, found):
        self.assertEqual(len(found), len(self.wanted))
        self.assertEqual({oid: (value, self.wanted.get(oid)) for oid, value in found.items()
                          if value != self.wanted.get(oid)}, {})

    def test_net_snmp_s_own(self):
        found = {oid[1:]: value for column in (STATE, LOCAL) for oid, value in self.walk("." + column, "snmpbulkwalk", "-Cr50")}
        self.compare({oid: value.decode() if isinstance(value, bytes) else str(value) for oid, value in found.items()})

    @unittest.skipUnless(has(["perl", "-MNet::SNMP", "-e", "1"]), "Net::SNMP is missing (Debian package libnet-snmp-perl)")
    def test_perl(self):
        self.compare(self.run_walker("perl", self.write("walk.pl", PERL)))

    @unittest.skipUnless(has(["ruby", "-rsnmp", "-e", "1"]), "ruby-snmp is missing (Debian package ruby-snmp)")
    def test_ruby(self):
        self.compare(self.run_walker("ruby", self.write("walk.rb", RUBY)))

    @unittest.skipUnless(importlib.util.find_spec("pysnmp"), "pysnmp is missing (Debian package python3-pysnmp4)")
    def test_pysnmp(self):
        self.compare(self.run_walker(sys.executable, "-W", "ignore", self.write("walk.py", PYTHON)))

    @unittest.skipUnless(EXPORTER, "snmp_exporter is missing (Debian package prometheus-snmp-exporter)")
    def test_snmp_exporter(self):
        indexes = [{"labelname": name, "type": "gauge"} for name in ("pid", "fd", "subflow")]
        self.write("snmp.yml", json.dumps({"proctcp": {
            "walk": [STATE, LOCAL], "max_repetitions": 50, "timeout": "30s", "retries": 0, "version": 2,
            "auth": {"community": "public"}, "metrics": [
                {"name": "state", "oid": STATE, "type": "gauge", "indexes": indexes},
                {"name": "local", "oid": LOCAL, "type": "DisplayString", "indexes": indexes}]}}))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with open(self.path("exporter.log"), "w") as log:
            self.start(EXPORTER, "--config.file=" + self.path("snmp.yml"), "--web.listen-address=127.0.0.1:%d" % port,
                       stdout=log, stderr=log)
        where = "http://127.0.0.1:%d/snmp?module=proctcp&target=127.0.0.1:%d" % (port, self.port)

        def scrape():
            try:
                with urllib.request.urlopen(where, timeout=120) as answer:
                    return answer.read().decode()
            except ConnectionError:
                return None
            except urllib.error.URLError as error:
                if isinstance(error.reason, ConnectionError):
                    return None
                raise
        found = {}
        for name, labels, value in re.findall(r"^(state|local)\{(.*)\} (\S+)$", wait_until(scrape, "an answer"), re.M):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            index = ".%(pid)s.%(fd)s.%(subflow)s" % labels
            if name == "state":
                found[STATE + index] = value
            else:
                found[LOCAL + index] = labels["local"]
        self.compare(found)


class SideBySide(AgentTest):
    WALKS = 24
    PATIENCE_S = 300  # it takes a few on a quiet machine; with ThreadSanitizer on a busy one, minutes
    CODE = """
import random, socket, struct, time
listening = socket.create_server(("127.0.0.1", 0), backlog=64)
kept = []
print("ready", flush=True)
while True:
    client = socket.create_connection(listening.getsockname())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port waits for a minute
    kept += [client, listening.accept()[0]]
    while len(kept) > 60:
        kept.pop(random.randrange(len(kept))).close()
    time.sleep(0.001)
"""

    def test_many_walks_go_on_while_snapshots_change(self):
        churning = self.start(sys.executable, "-c", self.CODE, stdout=subprocess.PIPE)
        churning.stdout.readline()
        self.start_both(MANY_SCANS + "proctcpPid %d\nproctcpTables processes sockets listeners groups states\n" %
                        churning.pid)
        wait_until(lambda: self.get(ROWS) > 30, "sockets")
        faults, across, over = [], [], threading.Event()

        def walk(number):
            while not over.is_set():
                before = self.get(GENERATION)
                words = ("snmpbulkwalk", "-Cr%d" % (5 + number)) if number % 3 else ("snmpwalk",)
                done = self.tool(*words, OBJECTS if number % 2 else SOCKET)
                if done.returncode or done.stderr or done.stdout.count("\n") < 1000:
                    faults.append((done.returncode, done.stderr, done.stdout[-300:]))
                    return
                if self.get(GENERATION) != before:
                    across.append(number)

        threads = [threading.Thread(target=walk, args=(number,)) for number in range(self.WALKS)]
        for thread in threads:
            thread.start()
        try:
            first = self.wait_for_scan()
            end = time.monotonic() + self.PATIENCE_S
            while not faults and time.monotonic() < end and not (
                    len(set(across)) == self.WALKS and self.get(GENERATION) > first + 3):
                time.sleep(0.5)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [], self.read("agent.log"))
        self.assertGreater(len(set(across)), self.WALKS // 2, self.read("agent.log"))
