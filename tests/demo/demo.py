#!/usr/bin/python3
"""The whole walk on real daemons: an echo server and its client, found by the command line program, over snmpwalk and in
collectd. Everything runs in the foreground of a temporary directory, on loopback, and is ended with it. Status 0 only if
each of the three named the right pid, descriptor, four-tuple, state and peer of both ends."""
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
sys.dont_write_bytecode = True

import support  # noqa: E402

ROOT = "1.3.6.1.4.1.8072.9999.9999.793"
SOCKET_ENTRY = ROOT + ".1.3.1"
MIB = os.path.join(support.TOP, "mibs")
BASE_MIBS = ["SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF", "SNMP-FRAMEWORK-MIB", "INET-ADDRESS-MIB", "NET-SNMP-MIB"]
PLACES = ["/usr/share/snmp/mibs", "/usr/share/snmp/mibs/ietf", "/usr/share/snmp/mibs/iana", "/usr/share/mibs/ietf",
          "/usr/share/mibs/iana", "/var/lib/mibs/ietf", "/var/lib/mibs/iana", "/var/lib/snmp/mibs/ietf",
          "/var/lib/snmp/mibs/iana", os.path.expanduser("~/.snmp/mibs")]


def title(text):
    print("\n==== %s ====" % text, flush=True)


class Demo(support.LiveTest):
    """Two ends, each known by what the demo itself saw when it opened them."""

    def start_pair(self):
        server = self.start(sys.executable, os.path.join(HERE, "pair.py"), "server", stdout=subprocess.PIPE)
        port = int(server.stdout.readline())
        client = self.start(sys.executable, os.path.join(HERE, "pair.py"), "client", port, stdout=subprocess.PIPE)
        client.stdout.readline()
        self.truth = {}
        for name, process, fd in (("client", client, 3), ("server", server, 4)):
            inode = os.readlink("/proc/%d/fd/%d" % (process.pid, fd))
            self.truth[name] = {"pid": process.pid, "fd": fd, "inode": int(inode[8:-1]), "state": "established"}
        # The kernel's own table, read by hand, tells the client's port.
        with open("/proc/net/tcp") as table:
            for line in table:
                words = line.split()
                if words[9] == str(self.truth["client"]["inode"]):
                    client_port = int(words[1].split(":")[1], 16)
        for name, local, remote in (("client", client_port, port), ("server", port, client_port)):
            other = "server" if name == "client" else "client"
            self.truth[name].update(local="127.0.0.1:%d" % local, remote="127.0.0.1:%d" % remote, process="echo-" + name,
                                    peer_pid=self.truth[other]["pid"], peer_fd=self.truth[other]["fd"],
                                    peer_process="echo-" + other)
        print("echo server: pid %(pid)d, descriptor %(fd)d, %(local)s" % self.truth["server"])
        print("its client:  pid %(pid)d, descriptor %(fd)d, %(local)s" % self.truth["client"])

    def check(self, who, name, found):
        wanted = {key: value for key, value in self.truth[name].items() if key != "inode"}
        self.assertEqual({key: found.get(key) for key in wanted}, wanted, "%s on the %s" % (who, name))

    # ---- the command line program ----

    def show_cli(self):
        title("build/proctcp")
        pids = "%d,%d" % (self.truth["server"]["pid"], self.truth["client"]["pid"])
        print(support.cli("--pid", pids).decode(), end="")
        for name, true in self.truth.items():
            row = [row for row in support.rows("--pid", true["pid"]) if row["fd"] == true["fd"]][0]
            row["local"] = "%s:%d" % (row["local_address"], row["local_port"])
            row["remote"] = "%s:%d" % (row["remote_address"], row["remote_port"])
            self.check("build/proctcp", name, row)
        for view in ("--groups", "--listeners"):
            title("build/proctcp " + view)
            print(support.cli(view, "--process", "echo-server,echo-client").decode(), end="")

    # ---- SNMP ----

    def start_snmp(self):
        self.port, self.trap_port = support.free_udp_port(), support.free_udp_port()
        agentx = "unix:" + self.path("agentx")
        self.write("snmpd.conf", "agentAddress udp:127.0.0.1:%d\nrocommunity public 127.0.0.1\nmaster agentx\n"
                                 "agentXSocket %s\ntrap2sink 127.0.0.1:%d public\n" % (self.port, agentx, self.trap_port))
        self.write("proctcp.conf", "proctcpInterval 1\nproctcpNotify thresholds\n"
                                   "proctcpThreshold demo group=echo-server sockets 2 1 0\n")
        self.write("snmptrapd.conf", "disableAuthorization yes\n")
        environment = dict(os.environ, SNMPCONFPATH=self.path("none"), SNMP_PERSISTENT_DIR=self.path("persistent"),
                           MIBS="")
        with open(self.path("traps"), "w") as log:
            self.start("/usr/sbin/snmptrapd", "-f", "-Lo", "-C", "-c", self.path("snmptrapd.conf"), *self.names(), "-OQ",
                       "udp:127.0.0.1:%d" % self.trap_port, stdout=log, stderr=subprocess.DEVNULL, env=environment)
        with open(self.path("snmpd.log"), "w") as log:
            self.start("/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", self.path("snmpd.conf"), "-I",
                       "-smux,mteTrigger,mteTriggerConf", stdout=log, stderr=log, env=environment)
        with open(self.path("agentx.log"), "w") as log:
            self.start(os.path.join(support.BUILD, "snmp", "proctcp-agentx"), "-f", "-c", self.path("proctcp.conf"), "-x", agentx, stdout=log, stderr=log,
                       env=environment)

    def snmp(self, program, *arguments):
        done = subprocess.run([program, "-v2c", "-c", "public", "-t", "5", *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, SNMPCONFPATH=self.path("none"),
                                       SNMP_PERSISTENT_DIR=self.path("persistent")))
        return done.stdout if done.returncode == 0 else ""

    def snmp_column(self, column, true):
        oid = "%s.%d.%d.%d.1" % (SOCKET_ENTRY, column, true["pid"], true["fd"])
        return self.snmp("snmpget", "-m", "", "-Oqv", "127.0.0.1:%d" % self.port, oid).strip().strip('"')

    def base_mibs(self):
        """Directories that hold the base MIBs, or None."""
        places = [place for place in os.environ.get("MIBDIRS", "").split(":") + PLACES if os.path.isdir(place)]
        held = {name for place in places for name in BASE_MIBS
                if os.path.exists(os.path.join(place, name)) or os.path.exists(os.path.join(place, name + ".txt"))}
        return places if len(held) == len(BASE_MIBS) else None

    def names(self):
        places = self.base_mibs()
        return ["-M", ":".join([MIB] + places), "-m", "PROCTCP-MIB"] if places else ["-m", ""]

    def show_notification(self):
        """The threshold that proctcp.conf has is passed by the pair."""
        def told():
            with open(self.path("traps")) as traps:
                return [line for line in traps.read().replace(", ", "\n").replace("\t", "\n").splitlines()
                        if "proctcp" in line or ROOT[2:] in line]
        said = support.wait_until(lambda: (lambda lines: lines if any("echo-server" in line for line in lines) else None)(told()),
                                  "the notification")
        title("a notification, for proctcp.conf says: proctcpThreshold demo group=echo-server sockets 2 1 0")
        print("\n".join(said))

    def show_snmp(self):
        columns = {"local": 102, "remote": 103}
        numbers = {"peer_pid": 20, "peer_fd": 21}
        for name, true in self.truth.items():
            support.wait_until(lambda: self.snmp_column(14, true) == "5", "the %s over SNMP" % name)
        places = self.base_mibs()
        title("snmpwalk of the same rows" if places else
              "snmpwalk of the same rows (numeric: the IETF base MIBs are not on this machine)")
        names = self.names() + (["-OX"] if places else ["-On"])
        host = "127.0.0.1:%d" % self.port
        for name, true in self.truth.items():
            for column in (4, 14, 15, 102, 103, 20, 21, 22, 104):
                print(self.snmp("snmpwalk", *names, host, "%s.%d.%d.%d" % (SOCKET_ENTRY, column, true["pid"], true["fd"])),
                      end="")
            # The index of the instance that answers is the pid and the descriptor.
            walked = self.snmp("snmpwalk", "-m", "", "-On", host, "%s.14.%d" % (SOCKET_ENTRY, true["pid"]))
            here = [line for line in walked.splitlines() if ".%d.%d.1 = INTEGER: 5" % (true["pid"], true["fd"]) in line]
            found = {"pid": true["pid"], "fd": true["fd"], "state": "established"} if here else {}
            found.update({key: self.snmp_column(column, true) for key, column in columns.items()})
            found.update({key: int(self.snmp_column(column, true) or -1) for key, column in numbers.items()})
            found.update(process=self.snmp_column(4, true), peer_process=self.snmp_column(22, true))
            self.check("snmpwalk", name, found)

    # ---- collectd ----

    def start_collectd(self):
        self.write("collectd.conf", """
Hostname "demo"
FQDNLookup false
BaseDir "%(dir)s"
PIDFile "%(dir)s/collectd.pid"
Interval 1
TypesDB "/usr/share/collectd/types.db"
LoadPlugin logfile
<Plugin logfile>
    LogLevel info
    File "%(dir)s/collectd.log"
    Timestamp false
</Plugin>
LoadPlugin write_log
<Plugin write_log>
    Format "JSON"
</Plugin>
PluginDir "%(build)s/collectd"
LoadPlugin proctcp
PluginDir "/usr/lib/collectd"
<Plugin proctcp>
    Process "echo-server"
    Process "echo-client"
    ReportSockets all
    SocketMinAge 0
</Plugin>
""" % {"dir": self.directory, "build": support.BUILD})
        with open(self.path("collectd.out"), "w") as log:
            self.start("/usr/sbin/collectd", "-f", "-C", self.path("collectd.conf"), stdout=log, stderr=log)

    def collectd_values(self):
        """What collectd gave its writers so far: {(plugin_instance, type, type_instance): the newest value list}."""
        values = {}
        try:
            with open(self.path("collectd.log"), errors="replace") as log:
                for line in log:
                    start = line.find('[{"values"')
                    if start < 0:
                        continue
                    for value in json.loads(line[start:]):
                        if value["plugin"] == "proctcp":
                            values[value["plugin_instance"], value["type"], value["type_instance"]] = value
        except (FileNotFoundError, json.JSONDecodeError):
            pass
        return values

    def collectd_row(self, true):
        """A per-socket value list whose meta data name the pid and descriptor."""
        for value in self.collectd_values().values():
            meta = value.get("meta", {})
            if (meta.get("proctcp:pid"), meta.get("proctcp:fd")) == (true["pid"], true["fd"]):
                return {key.split(":")[1]: entry for key, entry in meta.items()}
        return None

    def show_collectd(self):
        for name, true in self.truth.items():
            support.wait_until(lambda: self.collectd_row(true), "the %s in collectd" % name)
        title("collectd: the pair's values (states without a connection are left out here)")
        details = {}
        for (group, kind, instance), value in sorted(self.collectd_values().items()):
            if group.startswith(("echo-", "proctcp-sockets-", "proctcp-listener-")) and (kind != "tcp_connections" or value["values"][0]):
                print("proctcp-%s/%s%s = %s" % (group, kind, "-" + instance if instance else "",
                                                " ".join("%g" % number for number in value["values"])))
            meta = {key.split(":")[1]: entry for key, entry in value.get("meta", {}).items()}
            if meta:
                details[meta["pid"], meta["fd"]] = meta
        print("-- if_octets of a group is payload, received and sent, since the first scan. Of a socket it is what the kernel counts\n"
              "   since the connection began, and there the SYN of who connects is a byte, too. The client sends 12 bytes a second and\n"
              "   gets them back: one number may be 12 ahead of another, for a scan looks while the echo is on its way. if_packets\n"
              "   counts segments, also those that only acknowledge. latency is the round-trip time, in seconds.")
        print("-- and the meta data that a socket's values carry:")
        for meta in details.values():
            print(" ".join("%s=%s" % (key, meta[key]) for key in sorted(meta)))
        for name, true in self.truth.items():
            self.check("collectd", name, self.collectd_row(true))
            established = self.collectd_values().get(("echo-" + name, "tcp_connections", "ESTABLISHED"))
            self.assertIsNotNone(established, "collectd's count of established connections of the " + name)
            self.assertEqual(established["values"][0], 1)

    def runTest(self):
        self.start_pair()
        self.show_cli()
        self.start_snmp()
        self.start_collectd()
        self.show_snmp()
        self.show_notification()
        self.show_collectd()
        self.show_next()

    def show_next(self):
        title("next, on this host's own daemons")
        print("next: sudo make deb && sudo apt install ./build/deb/proctcp*_*.deb ./build/deb/collectd-plugin-proctcp_*.deb\n"
              "next: snmpd      sudo sed -i 's/^#view/view/' /etc/snmp/snmpd.conf.d/proctcp.conf && sudo systemctl restart snmpd\n"
              "next: snmpwalk   snmpwalk -v2c -c public -m '' -On localhost .%s.1.3.1.104\n"
              "next: collectd   sudo systemctl restart collectd     (/etc/collectd/collectd.conf.d/proctcp.conf)\n"
              "next: anything missing is told by                    sudo proctcp doctor" % ROOT)

    def show_logs(self):
        for name in ("snmpd.log", "agentx.log", "collectd.out", "collectd.log"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), errors="replace") as log:
                    print("---- the end of %s:\n%s" % (name, log.read()[-2000:]), file=sys.stderr)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        print("proctcp: the demo reads other processes' descriptors: run sudo make demo", file=sys.stderr)
        return 1
    for part in ("proctcp", "collectd/proctcp.so", "snmp/proctcp-agentx"):
        if not os.path.exists(os.path.join(support.BUILD, part)):
            print("proctcp: %s is not built: run sudo make deps, then make" % part, file=sys.stderr)
            return 1
    demo = Demo()
    try:
        demo.setUp()
        demo.runTest()
    except KeyboardInterrupt:
        return 1
    except Exception as wrong:
        print("\nproctcp: the demo failed: %s: %s" % (type(wrong).__name__, wrong), file=sys.stderr)
        demo.show_logs()
        return 1
    finally:
        demo.doCleanups()
    title("all three named the pid, descriptor, four-tuple, state and peer of both ends")
    return 0


if __name__ == "__main__":
    sys.exit(main())
