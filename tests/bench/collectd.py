"""The collectd part of make bench: what a read costs a real collectd, beside a read of its own tcpconns plugin, which knows no
process; and how much of a read is the scan."""
import os
import shutil
import subprocess
import time

COLLECTD = shutil.which("collectd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
STOCK = "/usr/lib/collectd"
TYPES = "/usr/share/collectd/types.db"
PATIENCE_S = 120
INTERVAL_S = 0.5

PLUGINS = {  # what is loaded, and the value that each read publishes
    "tcpconns": ("LoadPlugin tcpconns\n<Plugin tcpconns>\nAllPortsSummary true\n</Plugin>", "tcpconns-all/tcp_connections-LISTEN"),
    "proctcp, netlink": ("<Plugin proctcp>\nSource netlink\n</Plugin>", "proctcp-proctcp-self/duration-scan"),
    "proctcp, procfs": ("<Plugin proctcp>\nSource procfs\n</Plugin>", "proctcp-proctcp-self/duration-scan"),
    "proctcp, bpf": ("<Plugin proctcp>\nSource bpf\n</Plugin>", "proctcp-proctcp-self/duration-scan"),
}


def values(directory, name):
    """Of the one data source, read by read."""
    folder, file = os.path.join(directory, "csv", "bench", os.path.dirname(name)), os.path.basename(name)
    found = []
    for path in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if path.startswith(file + "-2"):
            with open(os.path.join(folder, path)) as lines:
                found += [float(line.split(",")[1]) for line in lines.read().splitlines()[1:] if line.count(",")]
    return found


def stat_cpu_s(path, children):
    with open(path) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15 if children else 13])) / os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """Of the daemon and of the children that it had; and what of it its writers took, which is what the csv plugin costs."""
    writing = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/comm" % (pid, task)) as comm:
            if comm.read().startswith("writer#"):
                writing += stat_cpu_s("/proc/%d/task/%s/stat" % (pid, task), children=False)
    return stat_cpu_s("/proc/%d/stat" % pid, children=True), writing


def run(build, directory, name, seconds):
    """CPU milliseconds of a read, of all but the writers and of the writers; and of proctcp milliseconds of wall clock: of the
    scan, and from collectd's wish to the last value."""
    block, value = PLUGINS[name]
    where = os.path.join(directory, "collectd-" + name.replace(", ", "-"))
    os.makedirs(os.path.join(where, "plugins"))
    shutil.copy(os.path.join(build, "collectd", "proctcp.so"), os.path.join(where, "plugins"))
    configuration = os.path.join(where, "collectd.conf")
    load = "PluginDir \"%s/plugins\"\nLoadPlugin proctcp\n%s\n" % (where, block) if name != "tcpconns" else block + "\n"
    with open(configuration, "w") as file:
        file.write("Hostname \"bench\"\nBaseDir \"%s\"\nPIDFile \"%s/pid\"\nTypesDB \"%s\"\nInterval %g\nPluginDir \"%s\"\n"
                   "LoadPlugin csv\n<Plugin csv>\nDataDir \"%s/csv\"\n</Plugin>\n%s" %
                   (where, where, TYPES, INTERVAL_S, STOCK, where, load))
    with open(os.path.join(where, "said"), "w") as said:
        daemon = subprocess.Popen([COLLECTD, "-f", "-C", configuration], stdout=said, stderr=said)
    try:
        end = time.monotonic() + PATIENCE_S
        while len(values(where, value)) < 2:
            if time.monotonic() > end or daemon.poll() is not None:
                with open(os.path.join(where, "said")) as said:
                    raise OSError("collectd with %s publishes nothing:\n%s" % (name, said.read()[-2000:]))
            time.sleep(0.1)
        before, begun = len(values(where, value)), cpu_s(daemon.pid)
        time.sleep(seconds)
        reads, (spent, writing) = len(values(where, value)) - before, (x - y for x, y in zip(cpu_s(daemon.pid), begun))
    finally:
        daemon.terminate()
        daemon.wait(60)
    found = {"cpu": 1e3 * (spent - writing) / max(reads, 1), "csv": 1e3 * writing / max(reads, 1)}
    if name != "tcpconns":
        scans, passes = values(where, value)[2:], values(where, "proctcp-proctcp-self/duration-longest")[2:]
        found["scan"] = 1e3 * sum(scans) / max(len(scans), 1)
        found["read"] = 1e3 * sum(passes) / max(len(passes), 1)
    return found


def ratio(value, by):
    """CPU time comes in ticks: of a few reads of a few sockets there may be none."""
    return "%.2f" % (value / by) if by else "too little to tell"


def report(build, directory, loads, seconds, has_bpf):
    if not COLLECTD or not os.path.exists(os.path.join(build, "collectd", "proctcp.so")):
        print("Left out: collectd, for it or the plugin is missing.\n")
        return
    names = [name for name in PLUGINS if has_bpf or name != "proctcp, bpf"]
    lines = []
    for load in loads:
        with load:
            found = {name: run(build, os.path.join(directory, "reads-%d" % load.rows), name, seconds) for name in names}
        lines.append((load.rows, found))
    print("### Milliseconds of a read of collectd, every %g s; csv: CPU of those who write the values to files\n" % INTERVAL_S)
    columns = [(name, what) for name in names for what in ("cpu", "csv", "scan", "read") if what in lines[0][1][name]]
    print("| rows | " + " | ".join("%s: %s" % column for column in columns) + " |\n|--:|" + "--:|" * len(columns))
    for rows, found in lines:
        print("| %d | " % rows + " | ".join("%.1f" % found[name][what] for name, what in columns) + " |")
    found, most = lines[-1][1], lines[-1][0]
    print("\n%d rows:\n" % most)
    print("- a read by netlink, times its scan: %s (at most 1.1)" % ratio(found["proctcp, netlink"]["read"], found["proctcp, netlink"]["scan"]))
    print("- its CPU, times that of tcpconns: %s" % ratio(found["proctcp, netlink"]["cpu"], found["tcpconns"]["cpu"]))
    if has_bpf:
        print("- by BPF: %s (at most 1.5)" % ratio(found["proctcp, bpf"]["cpu"], found["tcpconns"]["cpu"]))
    print()
