#!/usr/bin/python3
"""Makes the templates of mibs/nms/zabbix: proctcp-6.0.yaml, which reads the tables by discovery[], and proctcp-6.4.yaml, which does so by
one bulk walk. All else is the same in both: one master item for each table, and whatever is told of a group or listener depends on it."""
import hashlib
import os
import re

import yaml

from shipped import TOP, folder, write

FOLDER = folder("zabbix")
NAME = "proctcp by SNMP"
OBJECTS = "1.3.6.1.4.1.8072.9999.9999.793.1."
SCAN, GROUPS, LISTENERS = "1.", "7.1.", "4.1."
OLD, NEW = "6.0", "6.4"
WIDEST = 512  # of an item's OID


def mib():
    with open(os.path.join(TOP, "mibs", "PROCTCP-MIB.txt")) as file:
        text = file.read()
    parents = {"proctcpScan": SCAN, "proctcpGroupEntry": GROUPS, "proctcpListenerEntry": LISTENERS}
    return {name: OBJECTS + parents[parent] + number for name, parent, number in re.findall(
        r"^(proctcp\w+) OBJECT-TYPE.*?::= \{ (proctcp\w+) (\d+) \}", text, re.M | re.S) if parent in parents}


OIDS = mib()


def uuid(*what):
    """Of version 4, and the same each time."""
    digits = list(hashlib.sha256("/".join(("proctcp",) + what).encode()).hexdigest()[:32])
    digits[12], digits[16] = "4", "89ab"[int(digits[16], 16) % 4]
    return "".join(digits)


def snake(name):
    return re.sub(r"(?=[A-Z])", "_", name).lower().lstrip("_")


# ---- what is read of each row: column of the MIB, and how it is called in JSON ----

TABLES = {  # by how it is called: name of columns in the MIB, columns; the first one names the row
    "groups": ("proctcpGroup", ["Name", "Processes", "Sockets", "Established", "CloseWait", "Unbound", "Fds", "FdLimit", "AcceptQueue",
                                "AcceptQueueMax", "AcceptDrops", "RttAverageUs", "PayloadSentBytes", "PayloadReceivedBytes", "SegsOut",
                                "Retransmissions", "Connects", "ConnectFailures"]),
    "listeners": ("proctcpListener", ["LocalEndpoint", "Group", "Sockets", "Processes", "AcceptQueue", "AcceptQueueMax", "Drops",
                                      "Established", "CloseWait"]),
}
COUNTS = ["processes", "sockets", "established", "close_wait", "unbound"]
# Numbers that stand for columns within discovery[], as short as they can be.
PARTS = {"groups": [10, 8], "listeners": [9]}

# Rows as they are used: names in place of macros, and percentages. Without any it is an error, for an empty table is what
# snmpd answers when the subagent is dead: what was seen last then stays.
ROWS = """\
var names = %s;
var rows = JSON.parse(value).map(function (row) {
    var index = row['{#SNMPINDEX}'], made = {index: index};
    Object.keys(names).forEach(function (name) {
        if (row[name] !== undefined && row[name] !== '')
            made[names[name]] = row[name];
    });
    if (made.accept_queue_max > 0)
        made.accept_queue_percent = 100 * made.accept_queue / made.accept_queue_max;
    if (made.fd_limit > 0)
        made.fds_percent = 100 * made.fds / made.fd_limit;
    made.netns = index.split('.')[0];
    made.port = index.split('.').pop();
    return made;
});
if (!rows.length)
    throw 'nothing of proctcp is seen: is proctcp-agentx running?';
return JSON.stringify(rows);
"""


def part_columns(table):
    """[(key of the master item, [(macro, column)])]"""
    prefix, columns = TABLES[table]
    made, at = [], 1
    for number, count in enumerate(PARTS[table]):
        taken = columns[at:at + count]
        at += count
        first = [columns[0]] if number == 0 else []
        key = "proctcp.%s.raw" % table + ("" if number == 0 else str(number + 1))
        made.append((key, [("{#%s}" % chr(ord("A") + place), prefix + column) for place, column in enumerate(first + taken)]))
    assert at >= len(columns)
    return made


def where_of(table, column):
    """The master item that has the column."""
    name = TABLES[table][0] + column
    return next(key for key, columns in part_columns(table) if name in (each for _, each in columns))


def masters(table, version):
    made = []
    for key, columns in part_columns(table):
        names = {macro: snake(column[len(TABLES[table][0]):]) for macro, column in columns}
        script = {"type": "JAVASCRIPT", "parameters": [ROWS % ("{" + ", ".join("'%s': '%s'" % each for each in names.items()) + "}")]}
        if version == OLD:
            oid = "discovery[%s]" % ",".join("%s,%s" % (macro, OIDS[column]) for macro, column in columns)
            steps = [script]
        else:
            oid = "walk[%s]" % ",".join(OIDS[column] for _, column in columns)
            steps = [{"type": "SNMP_WALK_TO_JSON", "parameters": [
                word for macro, column in columns for word in (macro, OIDS[column], "0")]}, script]
        assert len(oid) <= WIDEST, (key, len(oid))
        made.append(item("SNMP walk of %s%s" % (table, "" if key.endswith("raw") else ", more columns"), key, type="SNMP_AGENT",
                         snmp_oid=oid, value_type="TEXT", history="0", trends="0", delay="{$PROCTCP.INTERVAL}", preprocessing=steps,
                         tags=tags("raw"), description="The rows as JSON; what is below depends on it. It is not kept."))
    return made


def tags(component, **more):
    return [{"tag": "component", "value": component}] + [{"tag": tag, "value": value} for tag, value in more.items()]


def item(name, key, **more):
    made = {"uuid": uuid("item", key), "name": name}
    for field in ("type", "snmp_oid"):
        if field in more:
            made[field] = more.pop(field)
    made["key"] = key
    for field in ("delay", "history", "trends", "value_type", "units", "params", "description", "valuemap", "preprocessing", "master_item",
                  "tags", "triggers", "trigger_prototypes"):
        if more.get(field) is not None:
            made[field] = more.pop(field)
    assert not [field for field, value in more.items() if value is not None], more
    return made


def trigger(name, expression, severity, description, recovery=None, of="", by_hand=False):
    made = {"uuid": uuid("trigger", name), "expression": expression}
    if recovery:
        made.update(recovery_mode="RECOVERY_EXPRESSION", recovery_expression=recovery)
    made.update(name=name, priority=severity, description=description)
    if by_hand:
        made["manual_close"] = "YES"
    made.update(tags=[{"tag": "scope", "value": of or "performance"}])
    return made


def last(key):
    return "last(/%s/%s)" % (NAME, key)


# ---- the scan ----

def scalar(name, column, units=None, multiplier=None, value_type=None, description=None, valuemap=None, triggers=None, steps=None):
    key = "proctcp.scan." + snake(column)
    steps = list(steps or [])
    if multiplier:
        steps.append({"type": "MULTIPLIER", "parameters": [multiplier]})
    return item(name, key, type="SNMP_AGENT", snmp_oid=OIDS["proctcpScan" + column] + ".0", delay="{$PROCTCP.INTERVAL}", history="7d",
                units=units, value_type=value_type, description=description, valuemap=valuemap, preprocessing=steps or None,
                tags=tags("scan"), triggers=triggers)


LEFT_OUT = ["Denied", "Exhausted", "Malformed", "NamespacesFailed", "ProcessesFailed", "Unread"]


def scan_items():
    status = "proctcp.scan.status"
    def status_is(time, *words):
        return "count(/%s/%s,{$PROCTCP.%s}%s)" % (NAME, status, time, "".join(",\"%s\"" % word for word in words))
    blind = trigger(
        "proctcp: nothing is seen", "(%s=%s and %s>0) or nodata(/%s/%s,{$PROCTCP.NODATA.TIME})=1" % (
            status_is("BLIND.TIME", "ge", "2"), status_is("BLIND.TIME", "ge", "5"), status_is("BLIND.TIME"), NAME, status), "HIGH",
        "snmpd may answer all the same: proctcp-agentx is dead, or not allowed to be asked, or no scan has succeeded since it was started. "
        "Problems that were open stay open, and no other one opens. On the host: proctcp doctor", of="availability")
    stale = trigger(
        "proctcp: an old scan is served", "(%s=%s and %s>0) or min(/%s/proctcp.scan.age,{$PROCTCP.STALE.TIME})"
        ">4*last(/%s/proctcp.scan.interval)+{$PROCTCP.AGE.MAX}" % (
            status_is("STALE.TIME", "eq", "3"), status_is("STALE.TIME"), status_is("STALE.TIME"), NAME, NAME), "WARNING",
        "Scans fail, and proctcpScanLastFailureText says why; or one does not come to its end.", of="availability")
    partial = trigger("proctcp: scans leave something out",
                      "min(/%s/proctcp.scan.left_out,{$PROCTCP.PARTIAL.TIME})>0" % NAME, "INFO",
                      "Most often capabilities are missing: see proctcpScanLeftOut, and on the host: proctcp doctor", of="notice")
    made = [
        scalar("Scan: status", "Status", valuemap={"name": "proctcp scan status"}, triggers=[blind, stale],
               steps=[{"type": "CHECK_NOT_SUPPORTED", "parameters": [""], "error_handler": "CUSTOM_VALUE", "error_handler_params": "0"}],
               description="0 where snmpd has nothing of proctcp."),
        scalar("Scan: age", "Age", units="s"),
        scalar("Scan: interval", "Interval", units="s", description="Between the beginnings of two scans, as configured."),
        scalar("Scan: duration", "DurationUs", units="s", multiplier="0.000001", value_type="FLOAT"),
        scalar("Sockets", "Sockets", description="TCP sockets of the host, held by a process or not."),
        scalar("Processes with TCP sockets", "Processes"),
        scalar("Sockets held by nobody", "Unattributed",
               description="In TIME_WAIT or SYN_RECV, not yet accepted, orphaned, or of processes that may not be read."),
        scalar("Sockets that are unbound", "Unbound", description="Neither connected nor listening."),
        scalar("Network namespaces", "Namespaces"),
    ]
    made += [scalar("Scan: left out: %s" % snake(each).replace("_", " "), each) for each in LEFT_OUT]
    made.append(item("Scan: left out", "proctcp.scan.left_out", type="CALCULATED", delay="{$PROCTCP.INTERVAL}", history="7d",
                     params="+".join("last(//proctcp.scan.%s)" % snake(each) for each in LEFT_OUT), tags=tags("scan"), triggers=[partial],
                     description="Processes, descriptors, namespaces and lines that the scan could not read."))
    return made


# ---- groups and listeners ----

def dependent(table, name, column, value=None, units=None, multiplier=None, rate=False, value_type=None, triggers=None, description=None):
    """value: how the script calls it, if that is no column. What is counted is 0 where there is no row: an agent that was restarted has
    forgotten what is not there now, and where it saw nothing at all the master item is an error. The rest then has no value."""
    what = "group" if table == "groups" else "listener"
    macro = "{#GROUP}" if table == "groups" else "{#LISTENER}"
    value = value or snake(column)
    steps = [{"type": "JSONPATH", "parameters": ["$[?(@.index == '{#INDEX}')].%s.first()" % value], **(
        {"error_handler": "CUSTOM_VALUE", "error_handler_params": "0"} if value in COUNTS else {"error_handler": "DISCARD_VALUE"})}]
    if multiplier:
        steps.append({"type": "MULTIPLIER", "parameters": [multiplier]})
    if rate:
        steps.append({"type": "CHANGE_PER_SECOND", "parameters": [""]})
        value_type = "FLOAT"
    return item("%s: %s" % (macro, name), key_of(what, value), type="DEPENDENT", delay="0", history="7d", value_type=value_type, units=units,
                description=description, preprocessing=steps, master_item={"key": where_of(table, column)},
                tags=tags(what, **{what: macro}), trigger_prototypes=triggers)


def key_of(what, value):
    return "proctcp.%s.%s[{#INDEX}]" % (what, value)


def over(what, macro, value, limit, time, title, severity, description, recovery=0.9):
    """Above the limit for some time; over when it is below a part of that."""
    key = "/%s/%s" % (NAME, key_of(what, value))
    limit = "{$PROCTCP.%s:\"%s\"}" % (limit, macro)
    return row_trigger(what, value, "proctcp: %s: %s" % (macro, title), "min(%s,{$PROCTCP.%s})>%s" % (key, time, limit), time, severity,
                       description, "max(%s,{$PROCTCP.RECOVERY.TIME})<=%s*%s" % (key, recovery, limit))


def row_trigger(what, value, title, expression, time, severity, description, recovery):
    """What has no value where there is no row: that is the end of the problem, but only while counts, which have one all the same, come in.
    Without a value for longer than counts, that is: not while all of the host is blind. Without the second condition the first one has no
    result, and Zabbix does not look at the recovery."""
    if value not in COUNTS:
        key, count = ("/%s/%s" % (NAME, key_of(what, each)) for each in (value, "processes"))
        expression = "(%s) and count(%s,{$PROCTCP.%s})>0" % (expression, key, time)
        recovery = "(%s) or (nodata(%s,{$PROCTCP.NODATA.TIME})=1 and count(%s,{$PROCTCP.RECOVERY.TIME})>0)" % (recovery, key, count)
    return trigger(title, expression, severity, description, recovery, by_hand=True)


def ratio(part, whole, limit, least, title, severity, description):
    """One rate of another, of which enough must be there to tell."""
    value, part, whole = part, *("/%s/%s" % (NAME, key_of("group", each)) for each in (part, whole))
    limit = "{$PROCTCP.%s:\"{#GROUP}\"}" % limit
    return row_trigger("group", value, "proctcp: {#GROUP}: " + title, "avg(%s,{$PROCTCP.RATE.TIME})>%s/100*avg(%s,{$PROCTCP.RATE.TIME})"
                       " and avg(%s,{$PROCTCP.RATE.TIME})>%s" % (part, limit, whole, whole, least), "RATE.TIME", severity, description,
                       "avg(%s,{$PROCTCP.RATE.TIME})<=0.9*%s/100*avg(%s,{$PROCTCP.RATE.TIME})" % (part, limit, whole))


def group_items():
    def group(*words, **more):
        return dependent("groups", *words, **more)

    failures, connects = ("avg(/%s/%s,{$PROCTCP.RATE.TIME})" % (NAME, key_of("group", each)) for each in ("connect_failures", "connects"))
    tried = "{$PROCTCP.CONNECT_FAILURES.MAX:\"{#GROUP}\"}/100*(%s+%s)" % (failures, connects)
    return [
        group("processes", "Processes"),
        group("sockets", "Sockets"),
        group("established connections", "Established"),
        group("CLOSE_WAIT", "CloseWait", triggers=[over(
            "group", "{#GROUP}", "close_wait", "CLOSE_WAIT.MAX", "LEAK.TIME", "connections stay in CLOSE_WAIT", "WARNING",
            "The other ends have closed, the service has not: it leaks sockets, or hangs.")]),
        group("unbound sockets", "Unbound", triggers=[over(
            "group", "{#GROUP}", "unbound", "UNBOUND.MAX", "LEAK.TIME", "sockets that are neither connected nor listening", "WARNING",
            "A number that grows is a leak of descriptors.")]),
        group("descriptors in use", "Fds", value="fds_percent", units="%", value_type="FLOAT", triggers=[over(
            "group", "{#GROUP}", "fds_percent", "FDS.MAX", "QUEUE.TIME", "descriptors near the limit", "HIGH",
            "Of the process that is nearest to its limit. There it can accept no connection and open no file.")],
            description="Of the process of the group that is nearest to its limit."),
        group("accept queues", "AcceptQueue", value="accept_queue_percent", units="%", value_type="FLOAT",
              description="Of the maxima of its listeners together."),
        group("drops of full accept queues per second", "AcceptDrops", rate=True, triggers=[over(
            "group", "{#GROUP}", "accept_drops", "DROPS.MAX", "DROPS.TIME", "full accept queues drop connections", "WARNING",
            "The service does not accept as fast as clients come.", recovery=1)]),
        group("round-trip time", "RttAverageUs", multiplier="0.000001", units="s", value_type="FLOAT",
              description="Average over its established connections, smoothed by the kernel."),
        group("payload sent", "PayloadSentBytes", units="Bps", rate=True),
        group("payload received", "PayloadReceivedBytes", units="Bps", rate=True),
        group("segments sent per second", "SegsOut", rate=True),
        group("segments sent again per second", "Retransmissions", rate=True, triggers=[ratio(
            "retransmissions", "segs_out", "RETRANSMISSIONS.MAX", "10", "segments are sent again", "WARNING",
            "Loss on the way, or an end that does not answer.")]),
        group("connects per second", "Connects", rate=True, description="Where proctcp-bpf counts connections."),
        group("failed connects per second", "ConnectFailures", rate=True, description="Where proctcp-bpf counts connections.", triggers=[
            row_trigger("group", "connect_failures", "proctcp: {#GROUP}: connects fail", "%s>%s and %s>0.1" % (
                failures, tried, failures), "RATE.TIME", "WARNING", "What it connects to refuses, does not answer or cannot be reached.",
                        "%s<=0.9*%s" % (failures, tried))]),
    ]


def listener_items():
    def listener(*words, **more):
        return dependent("listeners", *words, **more)
    gone = "/%s/%s" % (NAME, key_of("listener", "sockets"))
    return [
        listener("sockets", "Sockets", description="Several where they use SO_REUSEPORT; 0 when nobody does any more.", triggers=[trigger(
            "proctcp: {#LISTENER}: nobody listens any more",
            "max(%s,{$PROCTCP.GONE.TIME})=0 and max(%s,{$PROCTCP.GONE.VALUES})>0 and %s" % (
                gone, gone, "{#PORT}<={$PROCTCP.LISTENER.PORT.MAX:\"{#LISTENER}\"}"), "HIGH",
            "Somebody did, not long ago. If that is so for good, close this by hand.", recovery="min(%s,{$PROCTCP.RECOVERY.TIME})>0" % gone,
            of="availability", by_hand=True)]),
        listener("processes", "Processes", description="Those that can be seen: 0 where the agent may not look, or the kernel listens."),
        listener("connections waiting to be accepted", "AcceptQueue"),
        listener("accept queue", "AcceptQueue", value="accept_queue_percent", units="%", value_type="FLOAT", triggers=[over(
            "listener", "{#LISTENER}", "accept_queue_percent", "ACCEPT_QUEUE.MAX", "QUEUE.TIME", "the accept queue is filling", "WARNING",
            "When it is full, connections are dropped.")]),
        listener("drops per second", "Drops", rate=True),
        listener("established connections", "Established"),
        listener("CLOSE_WAIT", "CloseWait"),
    ]


def graph(name, *lines, prototype=True, stacked=False):
    """lines: [(key, colour)]"""
    made = {"uuid": uuid("graph", name), "name": name}
    if stacked:
        made["type"] = "STACKED"
    made["graph_items"] = [dict({} if number == 0 else {"sortorder": str(number)}, color=color, item={"host": NAME, "key": key})
                           for number, (key, color) in enumerate(lines)]
    return made


GREEN, RED, BLUE, ORANGE, VIOLET = "199C0D", "F63100", "2774A4", "F7941D", "A54F10"
GROUP_GRAPHS = [
    graph("{#GROUP}: connections", (key_of("group", "established"), GREEN), (key_of("group", "close_wait"), RED),
          (key_of("group", "unbound"), ORANGE)),
    graph("{#GROUP}: payload", (key_of("group", "payload_sent_bytes"), GREEN), (key_of("group", "payload_received_bytes"), BLUE)),
    graph("{#GROUP}: segments", (key_of("group", "segs_out"), GREEN), (key_of("group", "retransmissions"), RED)),
    graph("{#GROUP}: descriptors and accept queues", (key_of("group", "fds_percent"), VIOLET),
          (key_of("group", "accept_queue_percent"), BLUE)),
]
LISTENER_GRAPHS = [
    graph("{#LISTENER}: connections", (key_of("listener", "established"), GREEN), (key_of("listener", "close_wait"), RED)),
    graph("{#LISTENER}: accept queue", (key_of("listener", "accept_queue"), BLUE), (key_of("listener", "drops"), RED)),
]
HOST_GRAPHS = [
    graph("proctcp: sockets", ("proctcp.scan.sockets", GREEN), ("proctcp.scan.unattributed", BLUE), ("proctcp.scan.unbound", ORANGE)),
    graph("proctcp: scans", ("proctcp.scan.duration_us", GREEN), ("proctcp.scan.age", BLUE), ("proctcp.scan.left_out", RED)),
]


# What a process calls itself becomes part of names, tags and contexts of macros. Zabbix expands macros there, quotes and trims, and wants
# each name once. What was taken away, or was lost before as "?", is told apart by a digest of the index; only such names have a "?".
NAMES = """\
function harmless(name) {
    return name.replace(/[\\x00-\\x1f"$#<>\\\\{}\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff]/g, '?')
        .trim().substring(0, 100).trim();
}
function distinct(name, index) {
    var text = harmless(name);
    return text !== '' && text === name && text.indexOf('?') < 0 ? text : (text + ' ?' + sha256(index).substring(0, 16)).trim();
}
"""


def rule(table, what, macros, conditions, prototypes, graphs, description):
    """macros: the JavaScript that each is of."""
    script = NAMES + ("return JSON.stringify(JSON.parse(value).map(function (row) {\n    return {\n%s\n    };\n}));\n" %
                      ",\n".join("        '%s': %s" % each for each in macros.items()))
    return {
        "uuid": uuid("rule", table), "name": "%s discovery" % what.capitalize(), "type": "DEPENDENT",
        "key": "proctcp.%s.discovery" % table, "delay": "0",
        "filter": {"evaltype": "AND", "conditions": [
            dict({"macro": macro, "value": value}, **({} if matches else {"operator": "NOT_MATCHES_REGEX"}),
                 formulaid=chr(ord("A") + number)) for number, (macro, value, matches) in enumerate(conditions)]},
        "lifetime": "7d", "description": description, "item_prototypes": prototypes, "graph_prototypes": graphs,
        "master_item": {"key": part_columns(table)[0][0]},
        "preprocessing": [{"type": "JAVASCRIPT", "parameters": [script]},
                          {"type": "DISCARD_UNCHANGED_HEARTBEAT", "parameters": ["{$PROCTCP.DISCOVERY.HEARTBEAT}"]}],
    }


def rules():
    return [
        rule("groups", "group", {"{#GROUP}": "distinct(row.name || '', row.index)", "{#INDEX}": "row.index"}, [
            ("{#GROUP}", "{$PROCTCP.GROUP.MATCHES}", True), ("{#GROUP}", "{$PROCTCP.GROUP.NOT_MATCHES}", False)],
             group_items(), GROUP_GRAPHS,
             "Groups of processes by name: the same after a restart, and on every host."),
        rule("listeners", "listener", {
            "{#LISTENER}": "distinct(row.local_endpoint || '', row.index)", "{#LISTENER.GROUP}": "harmless(row.group || '')",
            "{#NETNS}": "row.netns", "{#PORT}": "row.port", "{#INDEX}": "row.index"}, [
            ("{#LISTENER}", "{$PROCTCP.LISTENER.MATCHES}", True), ("{#LISTENER}", "{$PROCTCP.LISTENER.NOT_MATCHES}", False),
            ("{#NETNS}", "{$PROCTCP.LISTENER.NETNS.MATCHES}", True)],
             listener_items(), LISTENER_GRAPHS,
             "Listeners by address and port. Network namespace 0 is the host's own; others have numbers that change with a container."),
    ]


MACROS = [
    ("ACCEPT_QUEUE.MAX", "70", "Percent of a listener's accept queue; with context: the listener."),
    ("AGE.MAX", "30", "Seconds that a scan may be old, and four times the interval of scans besides."),
    ("BLIND.TIME", "2m", "How long nothing of proctcp is seen before that is a problem."),
    ("CLOSE_WAIT.MAX", "50", "Connections of a group in CLOSE_WAIT; with context: the group."),
    ("CONNECT_FAILURES.MAX", "20", "Percent of connects that fail; with context: the group."),
    ("DISCOVERY.HEARTBEAT", "1h", "How often discovery runs if nothing has changed."),
    ("DROPS.MAX", "0", "Drops of full accept queues per second; with context: the group."),
    ("DROPS.TIME", "5m", "How long they last before that is a problem."),
    ("FDS.MAX", "80", "Percent of the descriptors that a process may have; with context: the group."),
    ("GONE.TIME", "2m", "How long nobody listens before that is a problem."),
    ("GONE.VALUES", "#60", "Among how many values one is of a listener that was there. A problem that is closed by hand after these, not "
                           "counting those that were missed, does not come again."),
    ("GROUP.MATCHES", ".*", "Groups that are discovered, as a regular expression."),
    ("GROUP.NOT_MATCHES", "CHANGE_IF_NEEDED", "Groups that are not. In _other is what found no place among proctcpMaxGroups."),
    ("INTERVAL", "1m", "How often a host is asked."),
    ("LEAK.TIME", "15m", "How long CLOSE_WAIT or unbound sockets are too many before that is a problem."),
    ("LISTENER.MATCHES", ".*", "Listeners that are discovered."),
    ("LISTENER.NETNS.MATCHES", "^0$", "Network namespaces whose listeners are: 0 is the host's own."),
    ("LISTENER.NOT_MATCHES", "CHANGE_IF_NEEDED", "Listeners that are not."),
    ("LISTENER.PORT.MAX", "32767", "Above, the kernel gives ports to anybody: a listener that goes is no problem. With context: the listener."),
    ("NODATA.TIME", "5m", "How long the host does not answer at all."),
    ("PARTIAL.TIME", "15m", "How long scans leave something out before that is told."),
    ("QUEUE.TIME", "5m", "How long an accept queue or descriptors are above the limit before that is a problem."),
    ("RATE.TIME", "10m", "Over which rates are averaged."),
    ("RECOVERY.TIME", "2m", "How long all is well again before a problem is over."),
    ("RETRANSMISSIONS.MAX", "5", "Percent of segments that are sent again; with context: the group."),
    ("STALE.TIME", "5m", "How long an old scan is served before that is a problem."),
    ("UNBOUND.MAX", "50", "Unbound sockets of a group; with context: the group."),
]


def widget(version, kind, name, x, y, prototype=False, columns=2, rows=2, height=5, width=12):
    fields = [{"type": "INTEGER", "name": "columns", "value": str(columns)}, {"type": "INTEGER", "name": "rows", "value": str(rows)}] \
        if prototype else []
    fields.append({"type": "GRAPH_PROTOTYPE" if prototype else "GRAPH", "name": "graphid", "value": {"host": NAME, "name": name}})
    kinds = {OLD: ("GRAPH_PROTOTYPE", "GRAPH_CLASSIC"), NEW: ("graphprototype", "graph")}[version]
    made = {"type": kinds[0 if prototype else 1]}
    for field, value in (("x", x), ("y", y)):
        if value:
            made[field] = str(value)
    return dict(made, width=str(width), height=str(height), fields=fields)


def dashboard(version):
    def prototypes(name, graphs):
        return {"name": name, "widgets": [widget(version, name, each["name"], 12 * (number % 2), 8 * (number // 2), prototype=True, height=8,
                                                 columns=1) for number, each in enumerate(graphs)]}
    return {"uuid": uuid("dashboard"), "name": "proctcp", "pages": [
        prototypes("Groups", GROUP_GRAPHS), prototypes("Listeners", LISTENER_GRAPHS),
        {"name": "Host", "widgets": [widget(version, "Host", each["name"], 12 * number, 0) for number, each in enumerate(HOST_GRAPHS)]}]}


STATES = [("0", "nothing of proctcp"), ("1", "none yet"), ("2", "up to date"), ("3", "stale"), ("4", "partial"), ("5", "failed")]


def template(version):
    return {"uuid": uuid("template"), "template": NAME, "name": NAME,
            "description": "Which process holds which TCP socket, by group (service) and listener: proctcp-agentx over SNMP.",
            "groups": [{"name": "Templates/Applications"}],
            "items": scan_items() + masters("groups", version) + masters("listeners", version),
            "discovery_rules": rules(),
            "tags": [{"tag": "class", "value": "application"}, {"tag": "target", "value": "proctcp"}],
            "macros": [{"macro": "{$PROCTCP.%s}" % name, "value": value, "description": description} for name, value, description in MACROS],
            "dashboards": [dashboard(version)],
            "valuemaps": [{"uuid": uuid("valuemap"), "name": "proctcp scan status",
                           "mappings": [{"value": value, "newvalue": name} for value, name in STATES]}]}


HEADERS = {OLD: "# For Zabbix 6.0 and newer. Made by tests/nms/zabbix_yaml.py.\n",
           NEW: "# For Zabbix 6.4 and 7.0: the tables by one bulk walk. NOT RUN. Made by tests/nms/zabbix_yaml.py.\n"}


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def make():
    """{file name: its text}"""
    made = {}
    for version in (OLD, NEW):
        groups = {"groups" if version == OLD else "template_groups": [
            {"uuid": "a571c0d144b14fd4a87a9d9b2aa9fcd6", "name": "Templates/Applications"}]}
        export = {"version": version, "date": "2026-11-27T00:00:00Z" if version == OLD else None, **groups,
                  "templates": [template(version)], "graphs": HOST_GRAPHS}
        export = {key: value for key, value in export.items() if value is not None}
        made["proctcp-%s.yaml" % version] = HEADERS[version] + yaml.dump(
            {"zabbix_export": export}, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10 ** 6)
    return made


if __name__ == "__main__":
    write(FOLDER, make())
