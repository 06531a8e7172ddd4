"""A real icinga2 with the files of mibs/nms/icinga2: over SNMP with snmpd and proctcp-agentx, and of its own host, against faults that
the test provokes."""
import glob
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import unittest

from faults import LEAKED, Faulty
from nms import NMS, substituted, text_of
from support import BUILD, LiveTest, free_tcp_port, wait_until
from test_collectd import Holder
from test_snmp import PROCFS, SOURCE, AgentTest

ICINGA = shutil.which("icinga2", path=os.environ.get("PATH", "") + ":/usr/sbin")
NAGIOS = shutil.which("nagios4", path=os.environ.get("PATH", "") + ":/usr/sbin")
NAGIOS_OBJECTS = "/etc/nagios4/objects"
LIBRARY = "/usr/share/icinga2/include"  # of Debian's package
FOLDER = os.path.join(NMS, "icinga2")
CHECK = os.path.join(BUILD, "check", "check_proctcp")
OK, WARNING, CRITICAL, UNKNOWN = range(4)

MAIN = """
include <itl>
include <plugins>
const PluginDir = "%(directory)s/plugins"
const NodeName = "here"
const MaxConcurrentChecks = 4
object CheckerComponent "checker" {}
object PerfdataWriter "results" {
  service_perfdata_path = "%(directory)s/results/done"
  service_temp_path = "%(directory)s/results/now"
  host_temp_path = "%(directory)s/results/host"
  host_perfdata_path = "%(directory)s/results/hosts"
  service_format_template = "$icinga.timet$\\t$host.name$\\t$service.name$\\t$service.state_id$\\t$service.perfdata$\\t$service.output$"
  rotation_interval = 1s
}
include "commands.conf"
include "services.conf"
include "host.conf"
object Host "here" {
  check_command = "dummy"
  vars.proctcp_command = "proctcp"
  %(here)s
}
"""


def user():
    """The one that Debian's icinga2 runs as."""
    try:
        return pwd.getpwnam("nagios")
    except KeyError:
        return None


@unittest.skipUnless(ICINGA and user() and os.path.isdir(LIBRARY), "icinga2 is missing (Debian package icinga2-bin)")
@unittest.skipUnless(os.path.exists(CHECK), "%s is not built" % CHECK)
@unittest.skipIf(os.geteuid(), "icinga2 runs as a user of its own, who only root can be")
class Icinga(AgentTest):
    def name(self, what):
        return "ici%d-%s" % (os.getpid() % 100000, what)

    def command(self, *words):
        places = {"DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run"}
        defined = ["%s=%s" % (name, self.path(place)) for name, place in places.items()]
        defined += ["PidPath=" + self.path("run/pid"), "ModAttrPath=" + self.path("data/modified"), "StatePath=" + self.path("data/state"),
                    "ObjectsPath=" + self.path("cache/objects"), "VarsPath=" + self.path("cache/vars"), "Concurrency=2"]
        return [ICINGA, "daemon", *words, "-c", self.path("icinga2.conf"), *[word for each in defined for word in ("-D", each)]]

    def configure(self, host, here):
        """The shipped files, at a test's pace; host: what is to be replaced in host.conf."""
        os.chmod(self.directory, 0o755)
        for name in ("plugins", "results", "data", "log", "cache", "spool", "run"):
            os.mkdir(self.path(name))
            shutil.chown(self.path(name), user().pw_uid, user().pw_gid)
        shutil.copy(CHECK, self.path("plugins/check_proctcp"))
        os.chmod(self.path("plugins/check_proctcp"), 0o755)
        self.write("commands.conf", text_of(os.path.join(FOLDER, "commands.conf")))
        self.write("services.conf", substituted(text_of(os.path.join(FOLDER, "services.conf")), (r"check_interval = 1m", "check_interval = 2s"),
                                                (r"retry_interval = 30s", "retry_interval = 1s")))
        self.write("host.conf", substituted(text_of(os.path.join(FOLDER, "host.conf")), (r"hostalive", "dummy"), (r"192\.0\.2\.10", "127.0.0.1"),
                                            *host))
        self.write("icinga2.conf", MAIN % {"directory": self.directory, "here": here})

    def check_configuration(self):
        done = subprocess.run(self.command("-C"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotRegex(done.stdout, r"(warning|critical)/")
        return done.stdout

    def start_icinga(self):
        with open(self.path("icinga.log"), "w") as log:
            self.icinga = self.start(*self.command(), stdout=log, stderr=log, env=dict(os.environ, HOME=self.path("data")))

    def results(self):
        """The last of each: {(host, service): (state, performance data, output)}"""
        last = {}
        for path in sorted(glob.glob(self.path("results/done*")), key=lambda path: int(path.rsplit(".", 1)[1])):
            for line in text_of(path).splitlines():
                words = line.split("\t")
                if len(words) == 6:
                    last[words[1], words[2]] = (int(words[3]), words[4], words[5].rstrip())
        return last

    def wait_for(self, states, host="web1"):
        """Until these services of the host have these states; returns their results."""
        def reached():
            self.assertIsNone(self.icinga.poll(), self.read("icinga.log")[-2000:])
            seen = self.results()
            return seen if all(seen.get((host, name), (None,))[0] == state for name, state in states.items()) else None
        try:
            seen = wait_until(reached, "states")
        except AssertionError:
            raise AssertionError({name: (state, self.results().get((host, name))) for name, state in states.items()}) from None
        return {name: seen[host, name] for name in states}

    def test_states_follow_faults_a_dead_agent_and_the_repair(self):
        faulty = Faulty(self, self.name("bad"))
        own = Holder(self, self.name("own"), user=user().pw_uid, group=user().pw_gid)
        own.unbound()
        root_port = free_tcp_port()
        root = Holder(self, self.name("root"))
        root.listen("127.0.0.1", root_port)
        configuration = "proctcpInterval 1\nproctcpProcess %s,%s\n" % (faulty.name, faulty.gone.name)
        self.start_both(configuration)
        if self.get(SOURCE) == PROCFS:
            self.skipTest("sock_diag does not answer here, and /proc does not say how long accept queues may be")
        full, gone = "127.0.0.1:%d" % faulty.full_port, "127.0.0.1:%d" % faulty.gone_port
        self.configure([(r'"public"', '"public"\n\tvars.proctcp_port = "%d"' % self.port), (r'"nginx"\] = ', '"%s"] = ' % faulty.name),
                        (r'"postgres"', '"%s"' % faulty.gone.name), (r'group = "nginx"', 'group = "%s"' % faulty.name),
                        (r"0\.0\.0\.0:443", full), (r"127\.0\.0\.1:5432", gone)],
                       'vars.proctcp_groups = { "%s" = {}, "%s" = {} }\n  vars.proctcp_listeners["127.0.0.1:%d"] = {}'
                       % (own.name, root.name, root_port))
        self.assertIn("Instantiated 24 Services", self.check_configuration())
        self.start_icinga()
        group, listener = "proctcp-%%s-%s" % faulty.name, "proctcp-%s-%s"
        watched = [group % "close_wait", group % "unbound", group % "fds_percent", listener % ("listener", full),
                   listener % ("accept_queue_percent", full), listener % ("listener", gone), "proctcp-scan"]
        self.wait_for(dict.fromkeys(watched, OK))
        resent, = self.wait_for({group % "retransmission_percent": OK}).values()
        self.assertEqual(resent[1], "%s=0%%;5;20" % faulty.name)
        # Of its own host, as a user without rights: what is its own, and where others listen, but not what is others'.
        here = self.wait_for({"proctcp-unbound-" + own.name: OK, "proctcp-unbound-" + root.name: UNKNOWN,
                              listener % ("listener", "127.0.0.1:%d" % root_port): OK}, "here")
        self.assertEqual(here["proctcp-unbound-" + own.name][1], "%s=1;50;200;0" % own.name)
        self.assertIn("run it as root", here["proctcp-unbound-" + root.name][2])

        faulty.provoke(self)
        ill = self.wait_for({group % "close_wait": WARNING, group % "unbound": WARNING, group % "fds_percent": WARNING,
                             listener % ("accept_queue_percent", full): CRITICAL, listener % ("listener", gone): CRITICAL,
                             listener % ("listener", full): OK, "proctcp-scan": OK})
        self.assertEqual(ill[group % "close_wait"][1:], ("%s=%d;20;100;0" % (faulty.name, LEAKED),
                                                         "PROCTCP WARNING - close_wait: %s %d" % (faulty.name, LEAKED)))
        self.assertRegex(ill[listener % ("accept_queue_percent", full)][1], r"^'?%s'?=106(\.\d+)?%%;70;95$" % full)
        self.assertIn("nobody listens there any more", ill[listener % ("listener", gone)][2])

        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()
        blind = self.wait_for(dict.fromkeys(watched, UNKNOWN))
        for _, data, output in blind.values():
            self.assertEqual(data, "")
            self.assertIn("there is nothing of proctcp", output)

        self.agent = self.start_agent(configuration)
        self.wait_for({group % "close_wait": WARNING, listener % ("accept_queue_percent", full): CRITICAL})
        faulty.repair(self)
        self.wait_for(dict.fromkeys(watched, OK))

    def test_names_are_nothing_but_names_and_services_of_others_are_let_be(self):
        names = ["a$b", "a$address$", "a!b", "a$$b", "%21", "\\"]
        own = [Holder(self, name, user=user().pw_uid, group=user().pw_gid) for name in names]
        for holder in own:
            holder.unbound()
        port = free_tcp_port()
        own[1].listen("127.0.0.1", port)
        given = [name.replace("%", "%25") for name in names]  # as check_proctcp takes them
        listed = ", ".join("%s = {}" % json.dumps(name) for name in given)
        self.configure([], """vars.proctcp_partial_ok = true
  address = "secret"
  vars.proctcp_groups = { %s }
  vars.proctcp_listeners = { "127.0.0.1:%d" = { listener = { group = "a$address$" } } }
}
object Host "other" {
  check_command = "dummy"
}
object Service "proctcp-of-others" {
  host_name = "other"
  check_command = "dummy\"""" % (listed, port))
        self.check_configuration()
        self.start_icinga()
        seen = self.wait_for({"proctcp-unbound-" + name.replace("!", "%21"): OK for name in given}, "here")
        for name in given:
            state, data, output = seen["proctcp-unbound-" + name.replace("!", "%21")]
            self.assertNotIn("secret", data + output)
            self.assertRegex(data, r"^\S*=1;50;200;0$", name)
        self.wait_for({"proctcp-listener-127.0.0.1:%d" % port: OK}, "here")

    def test_the_shipped_files_are_taken_as_they_are(self):
        self.configure([], "")
        self.write("host.conf", text_of(os.path.join(FOLDER, "host.conf")))
        self.assertIn("Instantiated 13 Services", self.check_configuration())


@unittest.skipUnless(NAGIOS and os.path.isdir(NAGIOS_OBJECTS), "nagios4 is missing (Debian packages nagios4-core and nagios4-common)")
class Nagios(LiveTest):
    def verify(self, shipped):
        """What Nagios says of it, with the templates and contacts of Debian's package."""
        # Of the package monitoring-plugins, as the templates of hosts want it.
        alive = self.write("alive.cfg", "define command {\ncommand_name check-host-alive\ncommand_line /bin/true\n}\n")
        files = [os.path.join(NAGIOS_OBJECTS, each + ".cfg") for each in ("commands", "contacts", "templates", "timeperiods")]
        lines = ["cfg_file=" + each for each in [*files, alive, self.write("proctcp.cfg", shipped)]]
        lines += ["%s=%s" % (what, self.path(what)) for what in ("log_file", "lock_file", "command_file", "object_cache_file",
                                                                 "status_file", "state_retention_file")]
        lines += ["resource_file=" + self.write("resource.cfg", "$USER1$=/usr/lib/nagios/plugins\n"),
                  "check_result_path=" + self.directory, "temp_path=" + self.directory, "illegal_macro_output_chars=`~$&|'\"<>"]
        if not os.geteuid():
            lines += ["nagios_user=root", "nagios_group=root"]
        done = subprocess.run([NAGIOS, "-v", self.write("nagios.cfg", "\n".join(lines) + "\n")], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout

    def test_the_shipped_file_is_taken_and_gives_its_services_to_the_plugin(self):
        shipped = text_of(os.path.join(FOLDER, "nagios.cfg"))
        status, said = self.verify(shipped)
        self.assertEqual(status, 0, said)
        self.assertIn("Checked 4 services", said)
        self.assertIn("Total Warnings: 0", said)
        self.assertNotEqual(self.verify(shipped.replace("command_name    check_proctcp_scan", "command_name    other"))[0], 0)
        # Each as Nagios would run it, but for the host: the plugin knows the words, and finds nobody there.
        commands = dict(re.findall(r"command_name +(\S+)\n +command_line +(.*)", shipped))
        checks = re.findall(r"check_command +(check_proctcp\S*)", shipped)
        self.assertEqual(len(checks), 4)
        for check in checks:
            name, *arguments = check.split("!")
            line = commands[name].replace("$USER1$/check_proctcp", CHECK + " -t 3 -p 1")
            for macro, value in [("HOSTADDRESS", "127.0.0.1"), ("_HOSTSNMPCOMMUNITY", "public"),
                                 *(("ARG%d" % number, value) for number, value in enumerate(arguments, 1))]:
                line = line.replace("$%s$" % macro, value)
            self.assertNotIn("$", line)
            done = subprocess.run(line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
            self.assertEqual(done.returncode, UNKNOWN, done.stdout)
            self.assertNotIn("usage", done.stdout)
            self.assertRegex(done.stdout, r"^PROCTCP UNKNOWN - .*127\.0\.0\.1")


if __name__ == "__main__":
    unittest.main()
