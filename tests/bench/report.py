"""The numbers of make bench as Markdown tables, and whether they reach what was to be reached. Runs nothing."""
from statistics import median


class Result:
    """What each case took, round by round, under one load."""

    def __init__(self, title, load, samples):
        self.title = title
        self.load = load
        self.samples = {name: taken for name, taken in samples.items() if taken}

    def of(self, name, what):
        return median(sample[what] for sample in self.samples[name])

    def late(self, name):
        return any(sample["late"] for sample in self.samples[name])

    def scans(self, name):
        """How many were made in one process."""
        return max(len(self.samples[name][0]["lines"]), 1)

    def ratio(self, name, other, what):
        """The median of the ratios of each round: what the machine did meanwhile is in both."""
        return median(a[what] / max(b[what], 1) for a, b in zip(self.samples[name], self.samples[other]))

    def scan_ratio(self, name, other):
        """Of the scans after the first in one process, by the durations that they state themselves."""
        def later(sample):
            return median(line["duration_us"] for line in sample["lines"][1:])
        return median(later(a) / later(b) for a, b in zip(self.samples[name], self.samples[other]))

    def later_scan_us(self, name):
        return median(line["duration_us"] for sample in self.samples[name] for line in sample["lines"][1:])

    def rows(self, name):
        return self.samples[name][-1]["lines"][-1]["rows"]


def yardstick(name, repeated):
    """What a case is compared with."""
    if name == "proctcp, %d scans" % repeated:
        return "netlink floor, %d times" % repeated
    if name == "proctcp, %d scans, with groups and listeners" % repeated:
        return "proctcp, %d scans" % repeated
    if name.startswith("proctcp --source bpf"):
        return "netlink floor, %d times" % repeated if "scans" in name else "netlink floor"
    if name.startswith("proctcp --source "):
        return name.split()[-1] + " floor"
    return None if " floor" in name else "proctcp --source netlink"


def print_load(result, repeated):
    print("### %s\n" % result.title)
    # Of several scans in one process: wall clock as the later ones state it, CPU time shared out among all.
    print("| | wall ms | CPU ms | peak MiB | compared with | wall | CPU |")
    print("|---|--:|--:|--:|---|--:|--:|")
    for name in result.samples:
        other = yardstick(name, repeated)
        late = "> " if result.late(name) else ""
        scans = result.scans(name)
        wall_us = result.later_scan_us(name) if scans > 1 else result.of(name, "wall_us")
        cells = [name + ", each" if scans > 1 else name, "%s%.1f" % (late, wall_us / 1000),
                 "%s%.1f" % (late, result.of(name, "cpu_us") / scans / 1000),
                 "%.1f" % (result.of(name, "peak_kb") / 1024)]
        if other:
            wall = result.scan_ratio(name, other) if scans > 1 else result.ratio(name, other, "wall_us")
            cells += [other, "%s%.2f x" % (late, wall), "%s%.2f x" % (late, result.ratio(name, other, "cpu_us"))]
        print("| %s |" % " | ".join(cells + [""] * (7 - len(cells))))
    print(flush=True)


def print_growth(results):
    """CPU time, for it is what a socket costs; wall clock is in the tables above."""
    results = [result for result in results if result.load.sockets]
    if not results:
        return
    print("### CPU time per socket, in microseconds\n")
    print("| | %s |" % " | ".join("%d" % result.load.sockets for result in results))
    print("|---|%s" % ("--:|" * len(results)))
    for name in results[0].samples:
        cells = []
        for result in results:
            done = name in result.samples and not result.late(name)
            cpu_us = result.of(name, "cpu_us") / result.scans(name) if done else 0
            cells.append("%.2f" % (cpu_us / result.load.sockets) if done else "-")
        print("| %s | %s |" % (name, " | ".join(cells)))
    print(flush=True)


def line(what, values, limit, at_most=True):
    """values: {name: number}. Reached if all of them are."""
    reached = all(value <= limit if at_most else value >= limit for value in values.values())
    shown = ", ".join("%s %.2f" % pair for pair in values.items())
    print("- %s: %s (%s %g): %s" % (what, shown, "at most" if at_most else "at least", limit,
                                    "reached" if reached else "not reached"))


def print_floor_targets(result, repeated, netlink_limit, procfs_limit):
    for source, limit in (("netlink", netlink_limit), ("procfs", procfs_limit)):
        name, floor = "proctcp --source " + source, source + " floor"
        line("%s, times the %s" % (name, floor),
             {"wall": result.ratio(name, floor, "wall_us"), "CPU": result.ratio(name, floor, "cpu_us")}, limit)
    name, floor = "proctcp, %d scans" % repeated, "netlink floor, %d times" % repeated
    line("scans after the first in one process, times the netlink floor",
         {"wall": result.scan_ratio(name, floor), "CPU": result.ratio(name, floor, "cpu_us")}, netlink_limit)


def print_bpf_targets(result):
    name = "proctcp --source bpf"
    if name not in result.samples:
        return
    line("a scan by BPF, times the netlink floor",
         {"wall": result.ratio(name, "netlink floor", "wall_us"), "CPU": result.ratio(name, "netlink floor", "cpu_us")},
         0.45)
    for peer, limit in (("ss -tanpi", 20), ("lsof -nP -iTCP", 10)):
        if peer in result.samples:
            line("%s, times a scan by BPF" % peer, {"CPU": result.ratio(peer, name, "cpu_us")}, limit, at_most=False)


def print_form_targets(result):
    line("printing a table, times the netlink floor",
         {what: result.ratio("proctcp, as a table", "netlink floor", key)
          for what, key in (("wall", "wall_us"), ("CPU", "cpu_us"))}, 1.5)
    line("JSON of all fields, times a scan",
         {what: result.ratio("proctcp -o json", "proctcp --source netlink", key)
          for what, key in (("wall", "wall_us"), ("CPU", "cpu_us"))}, 2)


def print_group_target(result, repeated):
    name, other = "proctcp, %d scans, with groups and listeners" % repeated, "proctcp, %d scans" % repeated
    line("groups and listeners, times scans without", {"CPU": result.ratio(name, other, "cpu_us")}, 1.08)


def print_empty_target(result):
    name = "proctcp --source netlink"
    line("a namespace without sockets, microseconds",
         {what: result.of(name, key) / result.load.namespaces for what, key in (("wall", "wall_us"), ("CPU", "cpu_us"))},
         60)


def print_peer_targets(result):
    name = "proctcp --source netlink"
    for peer, limit in (("ss -tanpi", 4), ("lsof -nP -iTCP", 3)):
        if peer in result.samples:
            line("%s, times proctcp" % peer, {"wall": result.ratio(peer, name, "wall_us"),
                                              "CPU": result.ratio(peer, name, "cpu_us")}, limit, at_most=False)


def print_memory_targets(result, idle_kb, repeated):
    name = "proctcp, %d scans" % repeated
    peak_kb = result.of(name, "peak_kb")
    if result.load.sockets == 100000:
        line("peak memory of a scanner that keeps the previous snapshot, MiB", {"peak": peak_kb / 1024}, 80e6 / 2**20)
    # A second snapshot, kept while the next one is made, is what one scan does not need.
    line("bytes per row of a snapshot that is kept",
         {"bytes": (peak_kb - result.of("proctcp --source netlink", "peak_kb")) * 1024 / result.rows(name)}, 300)
    print("- bytes per row and snapshot, working memory included: %.0f" %
          ((peak_kb - idle_kb) * 1024 / result.rows(name) / 2))


def print_targets(results, idle_kb, repeated):
    print("### What was to be reached\n")
    print("An idle proctcp peaks at %.1f MiB.\n" % (idle_kb / 1024))
    sized = {result.load.sockets: result for result in results if result.load.sockets and not result.load.namespaces}
    largest = sized[max(sized)] if sized else None
    for result in results:
        odd = result.load.idle or result.load.namespaces
        if not odd and result is not largest and result.load.sockets != 100000:
            continue
        print("%s:\n" % result.title)
        if odd and not result.load.sockets and result.load.namespaces:
            print_empty_target(result)
            print(flush=True)
            continue
        print_floor_targets(result, repeated, 1.20, 1.25 if odd else 1.20)
        if not odd:
            print_bpf_targets(result)
            print_form_targets(result)
            print_group_target(result, repeated)
            print_peer_targets(result)
            print_memory_targets(result, idle_kb, repeated)
        if result is largest and 10000 in sized and result.load.sockets > 10000:
            name, small = "proctcp --source netlink", sized[10000]
            line("cost per socket, times that at 10000",
                 {what: result.of(name, key) / result.load.sockets / (small.of(name, key) / 10000)
                  for what, key in (("wall", "wall_us"), ("CPU", "cpu_us"))}, 1.6)
        print(flush=True)
