"""What a virtual machine holds: proctcp and the live tests, and of this machine what they need; Python, a few programs
and their libraries. All of it is an initramfs: no disk, no driver for one."""
import glob
import lzma
import os
import re
import shutil
import stat
import subprocess
import sysconfig

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

PROGRAMS = ["sh", "ip", "nsenter", "unshare", "setpriv", "mount", "sleep"]
FILES = ["/etc/passwd", "/etc/group", "/etc/services"]
BUILT = ["proctcp", "bpf/proctcp-bpf", "tests/bench/load"]
MODULES = ["inet_diag", "tcp_diag", "veth"]
UNUSED = re.compile(r"^(test|idlelib|ensurepip|lib2to3|tkinter|config-.*|.*-packages)$")  # of Python's library


class Missing(Exception):
    """What is missing on this machine, or in the kernel's package."""


class Initramfs:
    def __init__(self):
        self.entries = {}  # path: (mode, time, data)

    def add(self, path, data, mode=stat.S_IFREG | 0o755, modified=0):
        parent = os.path.dirname(path)
        if parent != "/" and parent not in self.entries:
            self.add(parent, b"", stat.S_IFDIR | 0o755)
        self.entries[path] = (mode, modified, data)

    def add_file(self, source, path=None):
        """The time stays: Python trusts a compiled file only beside a source of the time that it names."""
        with open(source, "rb") as file:
            self.add(path or source, file.read(), modified=int(os.fstat(file.fileno()).st_mtime))

    def add_program(self, source, path=None):
        """A program or a library, and every library that it is linked with."""
        self.add_file(source, path)
        listed = subprocess.run(["ldd", source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        for library in re.findall(r"^\s(?:.* => )?(/\S+) \(", listed, re.MULTILINE):
            self.add_file(library)

    def add_python(self):
        self.add_program("/usr/bin/python3")
        for directory, names, files in os.walk(sysconfig.get_path("stdlib")):
            names[:] = [name for name in names if not UNUSED.match(name)]
            for name in files:
                if name.endswith(".so"):
                    self.add_program(os.path.join(directory, name))
                elif name.endswith((".py", ".pyc")):
                    self.add_file(os.path.join(directory, name))

    def write(self, path):
        """In the cpio format that the kernel reads; root owns everything."""
        with open(path, "wb") as file:
            for number, (name, (mode, modified, data)) in enumerate(sorted(self.entries.items()), 1):
                self.write_entry(file, number, name.lstrip("/"), mode, modified, data)
            self.write_entry(file, 0, "TRAILER!!!", 0, 0, b"")

    @staticmethod
    def write_entry(file, number, name, mode, modified, data):
        name = name.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, modified, len(data), 0, 0, 0, 0, len(name), 0]
        for part in (b"070701" + b"".join(b"%08X" % field for field in fields) + name, data):
            file.write(part + bytes(-len(part) % 4))


def module_files(directory, names):
    """{name: bytes} of the kernel's modules of these names and of those that they depend on."""
    files, wanted = {}, list(names)
    while wanted:
        name = wanted.pop()
        if name in files:
            continue
        found = glob.glob(os.path.join(directory, "**", name + ".ko*"), recursive=True)
        if not found:
            raise Missing("the package has no module %s" % name)
        with (lzma.open if found[0].endswith(".xz") else open)(found[0], "rb") as file:
            files[name] = file.read()
        depends = re.search(rb"\0depends=([^\0]*)", files[name]).group(1).decode()
        wanted += [one for one in depends.split(",") if one]
    return files


def image(directory):
    """The initramfs for the kernel whose package is unpacked in the directory."""
    made = Initramfs()
    made.add_file(os.path.join(HERE, "init"), "/init")
    made.add_file("/bin/busybox")
    for name in PROGRAMS:
        program = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if not program:
            raise Missing("%s is not installed" % name)
        made.add_program(program)
    made.add_python()
    for name in FILES:
        made.add_file(name)
    for name, data in module_files(directory, MODULES).items():
        made.add("/modules/%s.ko" % name, data)
    for name in BUILT:
        made.add_program(os.path.join(TOP, "build", name), "/proctcp/build/" + name)
    for name in glob.glob(os.path.join(TOP, "tests", "live", "*.py")) + glob.glob(os.path.join(HERE, "test_*.py")):
        made.add_file(name, "/proctcp/" + os.path.relpath(name, TOP))
    return made
