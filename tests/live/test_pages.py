"""The manual pages against what they describe: fields, options, functions, each other."""
import glob
import json
import os
import re
import shutil
import subprocess
import unittest

from support import CLI, TOP

FIELDS = os.path.join(TOP, "plugins/cli/proctcp-fields.7")
LIBRARY = os.path.join(TOP, "common/proctcp.3")
PAGES = sorted(glob.glob(TOP + "/plugins/*/*.[1578]") + glob.glob(TOP + "/common/*.3"))


def read(path):
    with open(path) as file:
        return file.read()


def sections_of(page):
    """Text by title, for each .Sh."""
    parts = re.split(r"^\.Sh (.*)\n", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def fields_of(section):
    """The names that entries of a section have as fields, those with several names too."""
    names = []
    for line in re.findall(r"^\.It Va (.*)", section, flags=re.M):
        names += [word for word in line.split() if word != ","]
    return names


def example_of(page):
    """The program in the EXAMPLES of the library's page."""
    return re.search(r"^\.Bd -literal\n(.*?)^\.Ed", sections_of(page)["EXAMPLES"], re.M | re.S)[1].replace("\\e", "\\")


def listed(*view):
    """The names that --columns help lists."""
    done = subprocess.run([CLI, *view, "--columns", "help"], stdout=subprocess.PIPE, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def statistics():
    done = subprocess.run([CLI, "--stats"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(done.stdout)


@unittest.skipUnless(os.path.exists(FIELDS), "the sources are not here, and the manual is not")
class Fields(unittest.TestCase):
    def setUp(self):
        self.page = read(FIELDS)
        self.sections = sections_of(self.page)

    def test_every_field_has_one_entry_and_no_entry_is_of_another_name(self):
        for title, names in [("ROWS AND SOCKETS", set(listed()) | set(listed("--sockets"))),
                             ("PROCESSES", set(listed("--processes"))),
                             ("GROUPS", set(listed("--groups"))),
                             ("LISTENERS", set(listed("--listeners"))),
                             ("UNATTRIBUTED SOCKETS", set(listed("--unattributed"))),
                             ("SCANS", set(statistics()) - {"by_namespace"})]:
            told = fields_of(self.sections[title])
            self.assertEqual(sorted(told), sorted(names), title)

    def test_every_name_in_the_text_is_one(self):
        stats = statistics()
        names = set(stats) | {name for netns in stats["by_namespace"] for name in netns} | {"error"}
        for view in ([], ["--sockets"], ["--processes"], ["--groups"], ["--listeners"], ["--unattributed"]):
            names |= set(listed(*view))
        mib = set(re.findall(r"^(proctcp\w+) OBJECT-TYPE", read(TOP + "/mibs/PROCTCP-MIB.txt"), re.M))
        said = set()
        for line in re.findall(r"^\.Va (.*)", self.page, re.M):
            said |= {word for word in re.split(r"[ ,.;:()]+(?=\s|$)|\s+", line) if word}
        said = {word for word in said if not word.startswith("net.")}
        self.assertGreater(len(said), 20)
        self.assertEqual(said - names - mib, set())

    def test_rules_have_the_names_that_the_program_and_the_plugins_take(self):
        rows = re.findall(r"^\.It Fl -([a-z-]+) Ta Cm (\w+) Ta Ic proctcp(\w+)$", self.sections["SELECTION"], re.M)
        told = {option.replace("-", "_"): (collectd, snmp) for option, collectd, snmp in rows}
        collectd = dict(re.findall(r'\{"(\w+)", "(\w+)", (?:true|false)\}', read(TOP + "/plugins/collectd/rules.c")))
        snmp = dict(re.findall(r'^    \{"(\w+)", "(\w+)", "', read(TOP + "/plugins/snmp/settings.c"), re.M))
        self.assertEqual(told, {kind: (name, next(n for n, k in snmp.items() if k == kind))
                                for name, kind in collectd.items()})
        usage = subprocess.run([CLI, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        for option, _, _ in rows:
            self.assertRegex(usage, r"--%s\b" % option)

    def test_every_kind_of_rule_has_its_values_told(self):
        values = self.sections["SELECTION"].split(".Ss Values")[1].split(".Ss ")[0]
        told = [word for line in re.findall(r"^\.It (.*)", values, re.M) for word in line.split(" , ")]
        kinds = re.findall(r"^\.It Fl -([a-z-]+) Ta", self.sections["SELECTION"], re.M)
        self.assertEqual(told, kinds)


@unittest.skipUnless(os.path.exists(LIBRARY), "the sources are not here, and the manual is not")
class Library(unittest.TestCase):
    def declarations(self):
        """Of each public function: what it returns, and its arguments."""
        header = re.sub(r"/\*.*?\*/", "", read(TOP + "/common/proctcp.h"), flags=re.S)
        header = re.sub(r"^#.*", "", header, flags=re.M)
        found = re.findall(r"^([a-z][\w *]*?)\b(proctcp_\w+)\(([^;{]*)\)\s*[;{]", header, re.M)
        return {name: (result.replace("static inline ", "").strip(), " ".join(arguments.split()))
                for result, name, arguments in found}

    def test_every_function_of_the_header_stands_in_the_synopsis_as_it_is_declared(self):
        synopsis = sections_of(read(LIBRARY))["SYNOPSIS"]
        told = {}
        for result, name, arguments in re.findall(r'^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc$', synopsis, re.M):
            told[name] = (result.strip('"'), ", ".join(re.findall(r'^\.Fa "(.*)"$', arguments, re.M)))
        self.assertEqual(told, self.declarations())
        self.assertGreater(len(told), 50)

    def test_every_function_is_described(self):
        text = sections_of(read(LIBRARY))["DESCRIPTION"]
        self.assertEqual(set(re.findall(r"^\.Fn (\w+)", text, re.M)), set(self.declarations()))

    def test_every_function_of_the_library_is_declared(self):
        library = os.path.join(os.path.dirname(CLI), "libproctcp.a")
        symbols = subprocess.run(["nm", "-g", "--defined-only", library], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True, check=True).stdout
        self.assertEqual(set(re.findall(r" T (proctcp_\w+)", symbols)) - set(self.declarations()), set())


@unittest.skipUnless(os.path.exists(FIELDS), "the sources are not here, and the manual is not")
class References(unittest.TestCase):
    def test_pages_that_name_each_other_are_there_and_do_so_both_ways(self):
        also = {}
        for path in PAGES:
            name, section = os.path.basename(path).rsplit(".", 1)
            page = read(path)
            also[(name, section)] = set(re.findall(r"^\.Xr ((?:check_)?proctcp\S*) (\d)", sections_of(page)["SEE ALSO"], re.M))
            for other in re.findall(r"\bXr ((?:check_)?proctcp\S*) (\d)", page):
                self.assertIn("%s.%s" % other, [os.path.basename(there) for there in PAGES], path)
        for page, others in also.items():
            for other in others:
                self.assertIn(page, also[other], "%s(%s) names %s(%s), which does not name it" % (*page, *other))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed, which finds what is wrong in pages")
    def test_mandoc_has_nothing_to_say(self):
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *PAGES], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
