#!/usr/bin/python3
"""make lint: an include goes down, never up or sideways; and the pure floors make no system call. Reads the includes of the
sources, and what the objects of model/ and history/ want from elsewhere: floors.py TOP BUILD. Silent if all is well."""
import os
import re
import subprocess
import sys

# What each place may include, besides its own files and the system's headers: folders, or single headers of one.
MAY_INCLUDE = {
    "common/base": [],
    "common/present": ["proctcp.h"],
    "common/select": ["proctcp.h", "base/"],
    "common/capture": ["proctcp.h", "base/", "select/"],
    "common/model": ["proctcp.h", "base/", "select/", "capture/capture.h"],
    "common/history": ["proctcp.h", "base/", "select/", "capture/capture.h", "model/model.h"],
    "common/snapshot": ["snapshot.h", "proctcp.h", "base/", "capture/capture.h", "model/model.h"],
    "common/scanner": ["snapshot.h", "proctcp.h", "base/", "select/", "capture/", "model/", "history/"],
    "plugins": ["proctcp.h"],
    "plugins/bpf": ["proctcp.h", "capture/bpf_records.h"],  # the layout that its programs write
}
FLOORS = ("base/", "present/", "select/", "capture/", "model/", "history/")

# Of the C library: memory, and what looks at or moves bytes. None of it asks the kernel, a clock or errno.
PURE_CALLS = set("malloc calloc realloc free memcpy memmove memset memcmp memchr strlen strcmp strncmp strchr qsort bsearch "
                 "__stack_chk_fail _GLOBAL_OFFSET_TABLE_".split())
PURE_FLOORS = ("model", "history")
PURE_SYMBOLS = ("base", "select/select", "present/text", "model", "history")  # whose functions they may call


def sources(top):
    for folder in ("common", "plugins"):
        for path, _, names in os.walk(os.path.join(top, folder)):
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(path, name), top)


def place_of(path):
    if path.startswith("plugins/"):
        return "plugins/bpf" if path.startswith("plugins/bpf/") else "plugins"
    folder = os.path.dirname(path)
    if folder == "common":
        return {"common/scanner.c": "common/scanner"}.get(path, "common/snapshot")
    return folder


def wrong_includes(top):
    for path in sources(top):
        if path == "common/proctcp.h":
            continue
        place = place_of(path)
        if place not in MAY_INCLUDE:
            yield "%s: stands on no floor; see tests/floors.py" % path
            continue
        own = place[len("common/"):] + "/" if place.startswith("common/") else None
        with open(os.path.join(top, path)) as file:
            for number, line in enumerate(file, 1):
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not found:
                    continue
                wanted = found.group(1)
                if place.startswith("plugins") and not wanted.startswith(FLOORS) and wanted not in ("snapshot.h",):
                    continue  # a file of the plugin's own folder, or the public header
                if own and wanted.startswith(own):
                    continue
                if not any(wanted == may or (may.endswith("/") and wanted.startswith(may)) for may in MAY_INCLUDE[place]):
                    yield "%s:%d: includes %s, which is not below it" % (path, number, wanted)


def objects(build, place):
    path = os.path.join(build, "common", place)
    if os.path.isdir(path):
        return [os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(".o")]
    return [path + ".o"]


def symbols(paths, option):
    listing = subprocess.run(["nm", option, *paths], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line.strip() and not line.endswith(":")}


def impure_calls(top, build):
    allowed = set(PURE_CALLS)
    for place in PURE_SYMBOLS:
        allowed |= symbols(objects(build, place), "--defined-only")
    for floor in PURE_FLOORS:
        for path in objects(build, floor):
            source = "common/%s/%s.c" % (floor, os.path.basename(path)[:-2])
            if not os.path.exists(os.path.join(top, source)):
                continue  # left over from an earlier build
            for name in sorted(symbols([path], "--undefined-only") - allowed):
                yield "%s: calls %s(), and %s/ is to be pure" % (source, name, floor)
        for source in sorted(path for path in sources(top) if path.startswith("common/%s/" % floor)):
            with open(os.path.join(top, source)) as file:
                for number, line in enumerate(file, 1):
                    if re.search(r"(?<![A-Za-z_.])errno\b(?!\.h)", line) and not line.lstrip().startswith(("/*", "*")):
                        yield "%s:%d: looks at errno, and %s/ is to be pure" % (source, number, floor)


def main():
    top, build = sys.argv[1], sys.argv[2]
    complaints = list(wrong_includes(top)) + list(impure_calls(top, build))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
