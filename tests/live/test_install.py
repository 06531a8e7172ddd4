"""What make install puts in place serves a program that knows nothing else, and the rules on includes are checked."""
import os
import re
import subprocess
import unittest

from support import BUILD, TOP, LiveTest
from test_pages import LIBRARY, example_of, read


class Install(LiveTest):
    def run_words(self, *words, **options):
        done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=TOP, **options)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def install(self):
        self.run_words("make", "install", "DESTDIR=" + self.path("root"), "PREFIX=/usr", "BUILD=" + os.path.relpath(BUILD, TOP))
        return self.path("root")

    def build(self, root, source, program):
        environment = dict(os.environ, PKG_CONFIG_PATH=root + "/usr/lib/pkgconfig", PKG_CONFIG_SYSROOT_DIR=root)
        flags = self.run_words("pkg-config", "--static", "--cflags", "--libs", "proctcp", env=environment).split()
        self.run_words("cc", "-Wall", "-Wextra", "-Werror", "-o", self.path(program), source, *flags)

    @unittest.skipIf(os.environ.get("SANITIZED"), "the installed library is for programs without sanitizers")
    def test_a_program_built_from_the_installed_files_prints_its_own_rows(self):
        self.build(self.install(), "tests/demo/own_rows.c", "own_rows")
        row = self.run_words(self.path("own_rows"))
        self.assertRegex(row, r"^own_rows\[\d+\] fd 3 listen 127\.0\.0\.1:\d+ accept 0/\d+\n$")

    @unittest.skipIf(os.environ.get("SANITIZED"), "the installed library is for programs without sanitizers")
    def test_the_example_of_the_manual_is_built_from_the_installed_files_and_runs(self):
        source = self.write("example.c", example_of(read(LIBRARY)))
        self.build(self.install(), source, "example")
        row = self.run_words(self.path("example"))
        self.assertRegex(row, r"^row pid=\d+ fd=3 subflow=1 process=example .* state=listen direction=listen "
                              r"local_address=127\.0\.0\.1 local_port=\d+ accept_queue=0.*\n$")
        self.assertEqual(row.count("\n"), 1)

    def test_completions_are_where_the_shells_look(self):
        root = self.install()
        for source, place in [("completion.bash", "bash-completion/completions/proctcp"),
                              ("_proctcp", "zsh/site-functions/_proctcp")]:
            with open(TOP + "/plugins/cli/" + source) as one, open(root + "/usr/share/" + place) as other:
                self.assertEqual(one.read(), other.read())

    def test_the_header_is_one_for_cxx_too(self):
        source = self.write("header.cc", "#include <proctcp.h>\nint main() { return proctcp_state_name(1) == nullptr; }\n")
        self.run_words("clang", "-x", "c++", "-std=c++11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                       "-I" + self.install() + "/usr/include", source)

    def test_what_is_installed_is_uninstalled(self):
        root = self.install()
        self.run_words("make", "uninstall", "DESTDIR=" + root, "PREFIX=/usr", "BUILD=" + os.path.relpath(BUILD, TOP))
        left = [os.path.join(path, name) for path, _, names in os.walk(root) for name in names]
        self.assertEqual(left, [])


@unittest.skipIf(os.environ.get("SANITIZED"), "sanitizers call what they need on every floor")
class Floors(LiveTest):
    """A copy of the sources in which one line is wrong."""

    def complaints(self, path, old, new):
        subprocess.run(["cp", "-r", TOP + "/common", TOP + "/plugins", self.directory], check=True)
        with open(self.path(path)) as file:
            text = file.read()
        self.assertIn(old, text)
        with open(self.path(path), "w") as file:
            file.write(text.replace(old, new, 1))
        if path.endswith(".c") and "/model/" in path:
            made = self.path("build/common/" + path[len("common/"):-2] + ".o")
            subprocess.run(["cp", "-r", BUILD, self.path("build")], check=True)
            subprocess.run(["cc", "-D_GNU_SOURCE", "-I" + self.path("common"), "-std=gnu11", "-c", "-o", made,
                            self.path(path)], check=True)
            build = self.path("build")
        else:
            build = BUILD
        done = subprocess.run(["/usr/bin/python3", TOP + "/tests/floors.py", self.directory, build],
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1 if done.stderr else 0)
        return re.sub(r":\d+:", ":", done.stderr)

    def test_an_include_that_goes_up_is_found(self):
        self.assertEqual(self.complaints("common/select/select.c", '#include "select/select.h"',
                                         '#include "select/select.h"\n#include "model/model.h"'),
                         "common/select/select.c: includes model/model.h, which is not below it\n")

    def test_an_include_that_goes_sideways_is_found(self):
        self.assertEqual(self.complaints("common/present/text.c", '#include "proctcp.h"',
                                         '#include "proctcp.h"\n#include "select/select.h"'),
                         "common/present/text.c: includes select/select.h, which is not below it\n")

    def test_functions_of_a_floor_whose_data_alone_may_be_known_are_found(self):
        self.assertEqual(self.complaints("common/model/model.h", '#include "capture/capture.h"',
                                         '#include "capture/capture.h"\n#include "capture/sink.h"'),
                         "common/model/model.h: includes capture/sink.h, which is not below it\n")

    def test_an_adapter_that_looks_behind_the_public_header_is_found(self):
        self.assertEqual(self.complaints("plugins/cli/csv.c", '#include "output.h"',
                                         '#include "output.h"\n#include "base/arena.h"'),
                         "plugins/cli/csv.c: includes base/arena.h, which is not below it\n")

    def test_a_system_call_on_a_pure_floor_is_found(self):
        self.assertEqual(self.complaints("common/model/tuples.c", "#include <errno.h>\n",
                                         "#include <errno.h>\n#include <unistd.h>\nint tuples_pid(void);\n"
                                         "int tuples_pid(void)\n{\n    return getpid();\n}\n"),
                         "common/model/tuples.c: calls getpid(), and model/ is to be pure\n")


