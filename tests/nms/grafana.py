#!/usr/bin/python3
"""Makes the dashboards of mibs/nms/grafana: what is on each, in few words here, as the JSON that Grafana takes. The queries go by the
records of mibs/nms/rules, so that they are the same over SNMP and over collectd."""
import json

from shipped import folder, write

FOLDER = folder("grafana")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # of a dashboard, in Grafana's columns
HERE = 'instance=~"$instance"'
ONE = HERE + ', group=~"$group"'
AT = HERE + ', listener=~"$listener"'
# Of which an alert says that they are gone: of the host's own network namespace, at ports that are not given to clients.
WATCHED = 'netns=~"0?", port=~"[0-9]{1,4}|[12][0-9]{4}|3[01][0-9]{3}|32[0-6][0-9]{2}|327[0-5][0-9]|3276[0-7]"'
COUNTED = "There where proctcp-bpf counts connections."


def largest(metric, selector=HERE, by="job, instance, group", keep=10):
    """The series that were highest within the time that is looked at: the same ones along the whole graph."""
    return "%s{%s} and on (%s) topk(%d, max_over_time(%s{%s}[$__range] @ end()))" % (metric, selector, by, keep, metric, selector)


def steps(*pairs):
    """Colours from values on; the first is from the lowest on."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in pairs]}


PLAIN = steps(("green", None))


def target(expression, legend="", number=0, table=False):
    made = {"datasource": SOURCE, "refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend or "__auto",
            "range": not table, "instant": table}
    return dict(made, format="table") if table else made


def panel(kind, title, size, queries, description="", unit="short", thresholds=PLAIN, custom=None, options=None, **field):
    """queries: [(PromQL, legend)]; size: (columns, rows)."""
    defaults = {"unit": unit, "thresholds": thresholds, "mappings": [],
                **{name: value for name, value in field.items() if value is not None}}
    if custom is not None:
        defaults["custom"] = custom
    return {"type": kind, "title": title, "description": description, "datasource": SOURCE, "gridPos": {"w": size[0], "h": size[1]},
            "targets": [target(*query, number=number) for number, query in enumerate(queries)],
            "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options or {}}


def graph(title, *queries, size=(12, 8), stacked=False, limit=None, **words):
    """limit: from there on it is drawn as too much. It begins at 0; min=None: where its values do."""
    custom = {"lineWidth": 1, "fillOpacity": 20 if stacked else 0, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
              "thresholdsStyle": {"mode": "off" if limit is None else "line"}}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    thresholds = PLAIN if limit is None else steps(("green", None), ("red", limit))
    return panel("timeseries", title, size, queries, custom=custom, options=options, thresholds=thresholds, **dict({"min": 0}, **words))


def number(title, query, size=(4, 4), legend="", text="auto", **words):
    """text: value_and_name where there are many."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "orientation": "auto", "textMode": text,
               "colorMode": "value", "graphMode": "area", "justifyMode": "auto", "wideLayout": True, "showPercentChange": False,
               "percentChangeColorMode": "standard"}
    return panel("stat", title, size, [(query, legend)], options=options, **words)


def table(title, rows, size=(24, 10), description="", links=None, by="group"):
    """rows: [(PromQL, heading, unit, number from which it is red)]; lines by host and group or listener.
    links: {heading: (title, where)}"""
    custom = {"align": "auto", "inspect": False, "filterable": True, "cellOptions": {"type": "auto"}}
    made = panel("table", title, size, [], description=description, custom=custom,
                 options={"showHeader": True, "cellHeight": "sm", "frameIndex": 0,
                          "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": []}})
    made["targets"] = [target(query[0], number=place, table=True) for place, query in enumerate(rows)]
    values = ["Value" + (" #" + made["targets"][place]["refId"] if len(rows) > 1 else "") for place in range(len(rows))]
    hidden = {name: True for name in ("Time", "job", "__name__")}
    made["transformations"] = [{"id": "merge", "options": {}}] if len(rows) > 1 else []
    made["transformations"].append({"id": "organize", "options": {
        "excludeByName": hidden, "indexByName": {name: place for place, name in enumerate(["instance", by] + values)},
        "renameByName": {value: row[1] for value, row in zip(values, rows)}}})
    for _, heading, unit, limit in rows:
        properties = [{"id": "unit", "value": unit}]
        if limit is not None:
            properties += [{"id": "thresholds", "value": steps(("text", None), ("red", limit))},
                           {"id": "custom.cellOptions", "value": {"type": "color-text"}}]
        made["fieldConfig"]["overrides"].append({"matcher": {"id": "byName", "options": heading}, "properties": properties})
    for heading, (name, where) in (links or {}).items():
        made["fieldConfig"]["overrides"].append({"matcher": {"id": "byName", "options": heading}, "properties": [
            {"id": "links", "value": [{"title": name, "url": where}]}]})
    return made


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "gridPos": {"w": WIDTH, "h": 1}, "panels": []}


def placed(panels):
    """Side by side while they fit, then below; numbered."""
    x = y = height = 0
    made = []
    for place, each in enumerate(panels):
        size = each["gridPos"]
        if x + size["w"] > WIDTH:
            x, y, height = 0, y + height, 0
        made.append({"id": place + 1, **each, "gridPos": {"x": x, "y": y, **size}})
        x, height = x + size["w"], max(height, size["h"])
    return made


def variable(name, label, query, multi=True):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": name},
            "refresh": 2, "sort": 1, "multi": multi, "includeAll": multi, "regex": "", "hide": 0,
            "skipUrlSync": False, **({"allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}
                                     if multi else {})}


DATASOURCE = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0,
              "multi": False, "includeAll": False, "regex": "", "skipUrlSync": False}
INSTANCE = variable("instance", "Host", "label_values(proctcp:scan_sockets:max, instance)")


def dashboard(uid, title, description, variables, panels):
    alerts = {"name": "Alerts of proctcp", "enable": True, "hide": False, "iconColor": "red", "datasource": SOURCE,
              "expr": 'ALERTS{alertname=~"Proctcp.*", alertstate="firing", %s}' % HERE, "titleFormat": "{{alertname}}",
              "textFormat": "{{instance}} {{group}}{{listener}}", "step": "60s"}
    return {"uid": uid, "title": title, "description": description, "tags": ["proctcp"], "editable": True, "graphTooltip": 1,
            "fiscalYearStartMonth": 0, "schemaVersion": 38, "version": 1, "refresh": "30s", "timezone": "browser",
            "time": {"from": "now-3h", "to": "now"}, "annotations": {"list": [alerts]}, "templating": {"list": [DATASOURCE] + variables},
            "links": [{"type": "dashboards", "title": "proctcp", "tags": ["proctcp"], "asDropdown": False, "includeVars": True,
                       "keepTime": True, "targetBlank": False, "icon": "", "tooltip": "", "url": ""}],
            "panels": placed(panels)}


def services():
    service = "/d/proctcp-service?${__url_time_range}&var-datasource=${datasource}&var-instance=${__data.fields.instance:percentencode}" \
        "&var-group=${__data.fields.group:percentencode}"
    of = "{{instance}} {{group}}"
    return dashboard("proctcp-services", "proctcp: services", "Every service (group of processes) of every host that proctcp sees.",
                     [INSTANCE], [
        number("Hosts seen", "count(proctcp:seen{%s})" % HERE),
        number("Hosts blind", "sum(proctcp:blind{%s}) or vector(0)" % HERE, thresholds=steps(("green", None), ("red", 1)),
               description="Nothing of proctcp is seen of them, whatever else answers. What is shown of them is old."),
        number("Alerts", 'count(ALERTS{alertname=~"Proctcp.*", alertstate="firing", %s}) or vector(0)' % HERE,
               thresholds=steps(("green", None), ("red", 1))),
        number("Services", "count(group:proctcp_processes:max{%s} > 0) or vector(0)" % HERE,
               description="Groups of which processes run now."),
        number("Sockets", "sum(proctcp:scan_sockets:max{%s})" % HERE, description="TCP sockets of these hosts, held by a process or not."),
        number("Listeners gone", "sum(listener:proctcp_gone{%s, %s})" % (HERE, WATCHED),
               thresholds=steps(("green", None), ("orange", 1)),
               description="Addresses at which somebody listened for an hour of the last day, and nobody does: what an alert tells of."),
        table("Services", [
            ("sum by (instance, group) (group:proctcp_processes:max{%s})" % HERE, "Processes", "short", None),
            ("sum by (instance, group) (group:proctcp_sockets:max{%s})" % HERE, "Sockets", "short", None),
            ("sum by (instance, group) (group:proctcp_established:max{%s})" % HERE, "Established", "short", None),
            ("sum by (instance, group) (group:proctcp_close_wait:max{%s})" % HERE, "CLOSE_WAIT", "short", 50),
            ("sum by (instance, group) (group:proctcp_unbound:max{%s})" % HERE, "Unbound", "short", 50),
            ("max by (instance, group) (group:proctcp_descriptors:ratio{%s})" % HERE, "Descriptors", "percentunit", 0.8),
            ("max by (instance, group) (group:proctcp_accept_queue:ratio{%s})" % HERE, "Accept queue", "percentunit", 0.7),
            ("max by (instance, group) (group:proctcp_retransmissions:ratio_rate5m{%s})" % HERE, "Sent again", "percentunit", 0.05),
            ("max by (instance, group) (group:proctcp_rtt_average_seconds:max{%s})" % HERE, "Round trip", "s", None),
            ("sum by (instance, group) (group:proctcp_sent_bytes:rate5m{%s})" % HERE, "Sent", "Bps", None),
            ("sum by (instance, group) (group:proctcp_received_bytes:rate5m{%s})" % HERE, "Received", "Bps", None)],
            links={"group": ("This service", service)}),
        graph("Established connections", (largest("group:proctcp_established:max"), of)),
        graph("Payload sent", (largest("group:proctcp_sent_bytes:rate5m"), of), unit="Bps"),
        graph("CLOSE_WAIT", (largest("group:proctcp_close_wait:max"), of), limit=50,
              description="The other ends have closed, the service has not. A number that grows is a leak."),
        graph("Segments sent again", (largest("group:proctcp_retransmissions:ratio_rate5m"), of), unit="percentunit", limit=0.05),
        graph("Descriptors in use", (largest("group:proctcp_descriptors:ratio"), of), unit="percentunit", limit=0.8, max=1,
              description="Of the process of the service that is nearest to its limit."),
        graph("Full accept queues drop", (largest("group:proctcp_accept_drops:rate5m"), of), unit="pps"),
    ])


def service():
    of = "{{instance}} {{group}} "
    group = variable("group", "Service", "label_values(group:proctcp_processes:max{%s}, group)" % HERE)
    shown = {"connect failures": "group:proctcp_connect_failures:rate5m", "connects": "group:proctcp_connects:rate5m",
             "accepts": "group:proctcp_accepts:rate5m"}
    return dashboard("proctcp-service", "proctcp: one service", "A service, over restarts of its processes.", [INSTANCE, group], [
        row("Now"),
        number("Processes", "sum(group:proctcp_processes:max{%s})" % ONE),
        number("Established", "sum(group:proctcp_established:max{%s})" % ONE),
        number("CLOSE_WAIT", "sum(group:proctcp_close_wait:max{%s})" % ONE, thresholds=steps(("green", None), ("red", 50))),
        number("Descriptors", "max(group:proctcp_descriptors:ratio{%s})" % ONE, unit="percentunit",
               thresholds=steps(("green", None), ("orange", 0.6), ("red", 0.8))),
        number("Accept queue", "max(group:proctcp_accept_queue:ratio{%s})" % ONE, unit="percentunit",
               thresholds=steps(("green", None), ("orange", 0.4), ("red", 0.7))),
        number("Round trip", "max(group:proctcp_rtt_average_seconds:max{%s})" % ONE, unit="s",
               description="Average over its established connections, smoothed by the kernel."),
        row("Sockets"),
        graph("Sockets by state", ("sum by (state) (group:proctcp_state_sockets:max{%s})" % ONE, "{{state}}"), stacked=True),
        graph("Processes", ("group:proctcp_processes:max{%s}" % ONE, of)),
        graph("Sockets opened and closed", ("group:proctcp_sockets_opened:rate5m{%s}" % ONE, of + "opened"),
              ("group:proctcp_sockets_closed:rate5m{%s}" % ONE, of + "closed"), unit="ops",
              description="Those that scans saw. What lives between two scans is in the next graph."),
        graph("Connections", *[(metric + "{%s}" % ONE, of + name) for name, metric in shown.items()], unit="ops", description=COUNTED),
        graph("Leaks", ("group:proctcp_close_wait:max{%s}" % ONE, of + "CLOSE_WAIT"),
              ("group:proctcp_unbound:max{%s}" % ONE, of + "unbound"), limit=50,
              description="Unbound: TCP sockets that are neither connected nor listening."),
        graph("Descriptors in use", ("group:proctcp_descriptors:ratio{%s}" % ONE, of), unit="percentunit", limit=0.8, max=1,
              description="Of the process that is nearest to its limit."),
        row("Traffic"),
        graph("Payload", ("group:proctcp_sent_bytes:rate5m{%s}" % ONE, of + "sent"),
              ("-group:proctcp_received_bytes:rate5m{%s}" % ONE, of + "received"), unit="Bps", min=None,
              description="Acknowledged, and each byte once. Received is drawn below 0."),
        graph("Round-trip times", ("group:proctcp_rtt_average_seconds:max{%s}" % ONE, of + "average"),
              ("group:proctcp_rtt_p95_seconds:max{%s}" % ONE, of + "of 95 %"), unit="s"),
        graph("Segments", ("group:proctcp_segments_out:rate5m{%s}" % ONE, of + "sent"),
              ("group:proctcp_retransmissions:rate5m{%s}" % ONE, of + "sent again"), unit="pps"),
        graph("Segments sent again", ("group:proctcp_retransmissions:ratio_rate5m{%s}" % ONE, of), unit="percentunit", limit=0.05),
        row("Queues"),
        graph("Accept queue", ("group:proctcp_accept_queue:ratio{%s}" % ONE, of), unit="percentunit", limit=0.7,
              description="Of the maxima of its listeners together."),
        graph("Full accept queues drop", ("group:proctcp_accept_drops:rate5m{%s}" % ONE, of), unit="pps"),
        graph("Not acknowledged yet", ("group:proctcp_tx_queue_bytes:max{%s}" % ONE, of), unit="bytes"),
        graph("Not read yet", ("group:proctcp_rx_queue_bytes:max{%s}" % ONE, of), unit="bytes"),
    ])


def listeners():
    at = "{{instance}} {{listener}}"
    listener = variable("listener", "Listener", "label_values(listener:proctcp_listening{%s}, listener)" % HERE)
    keys = "job, instance, listener, netns"
    by = "by (instance, listener, netns)"
    return dashboard("proctcp-listeners", "proctcp: listeners",
                     "Every address at which somebody listens, or did for an hour of the last day.",
                     [INSTANCE, listener], [
        number("Listeners", "count(listener:proctcp_listening{%s} > 0) or vector(0)" % AT, size=(6, 4)),
        number("Gone", "sum(listener:proctcp_gone{%s, %s})" % (AT, WATCHED), size=(6, 4),
               thresholds=steps(("green", None), ("orange", 1)),
               description="Somebody listened there for an hour of the last day, and nobody does: what an alert tells of."),
        number("Fullest accept queue", "max(listener:proctcp_accept_queue:ratio{%s})" % AT, size=(6, 4), unit="percentunit",
               thresholds=steps(("green", None), ("orange", 0.4), ("red", 0.7))),
        number("Dropped", "sum(listener:proctcp_accept_drops:rate5m{%s})" % AT, size=(6, 4), unit="pps",
               thresholds=steps(("green", None), ("red", 0.001)), description="By full SYN and accept queues."),
        table("Listeners", [
            ("max %s (listener:proctcp_processes:max{%s})" % (by, AT), "Processes", "short", None),
            ("max %s (listener:proctcp_established:max{%s})" % (by, AT), "Established", "short", None),
            ("max %s (listener:proctcp_close_wait:max{%s})" % (by, AT), "CLOSE_WAIT", "short", 50),
            ("max %s (listener:proctcp_accept_queue:max{%s})" % (by, AT), "Waiting", "short", None),
            ("max %s (listener:proctcp_accept_queue_limit:max{%s})" % (by, AT), "At most", "short", None),
            ("max %s (listener:proctcp_accept_queue:ratio{%s})" % (by, AT), "Full", "percentunit", 0.7),
            ("max %s (listener:proctcp_accept_drops:rate5m{%s})" % (by, AT), "Drops", "pps", 0.001)], by="listener"),
        graph("Accept queues", (largest("listener:proctcp_accept_queue:ratio", AT, keys), at), unit="percentunit", limit=0.7),
        graph("Full queues drop", (largest("listener:proctcp_accept_drops:rate5m", AT, keys), at), unit="pps"),
        graph("Established connections", (largest("listener:proctcp_established:max", AT, keys), at)),
        graph("CLOSE_WAIT", (largest("listener:proctcp_close_wait:max", AT, keys), at), limit=50),
        table("Gone", [("max %s (listener:proctcp_gone{%s} == 1)" % (by, AT), "Gone", "short", None)], size=(24, 6), by="listener",
              description="All, also of containers and at ports from 32768 on, which are given to clients: no alert tells of these."),
    ])


def host():
    of = "{{instance}}"
    return dashboard("proctcp-host", "proctcp: hosts", "The TCP sockets of a host as a whole, and how proctcp itself is doing there.",
                     [INSTANCE], [
        row("Sockets"),
        graph("By state", ("sum by (state) (proctcp:state_sockets:sum{%s})" % HERE, "{{state}}"), stacked=True,
              description="Held by a process or not, of all network namespaces."),
        graph("Sockets", ("proctcp:scan_sockets:max{%s}" % HERE, of)),
        graph("Held by nobody", ("proctcp:scan_unattributed:max{%s}" % HERE, of),
              description="In TIME_WAIT or SYN_RECV, not yet accepted, orphaned, or of processes that may not be read."),
        graph("Unbound", ("proctcp:scan_unbound:max{%s}" % HERE, of), description="Neither connected nor listening."),
        graph("Processes", ("proctcp:scan_processes:max{%s}" % HERE, of + " with TCP sockets"),
              ("proctcp:scan_processes_seen:max{%s}" % HERE, of + " looked at")),
        graph("Network namespaces", ("proctcp:scan_namespaces:max{%s}" % HERE, of)),
        row("proctcp itself"),
        graph("A scan takes", ("proctcp:scan_duration_seconds:max{%s}" % HERE, of), unit="s"),
        graph("Left out", ("proctcp:scan_left_out:sum{%s}" % HERE, of), limit=1,
              description="Processes, namespaces or lines that could not be read. Most often rights are missing: "
                          "proctcp doctor says which."),
        graph("Blind", ("proctcp:blind{%s} or 0 * proctcp:seen{%s}" % (HERE, HERE), of), max=1,
              description="1: nothing of proctcp is seen of the host, whatever else answers."),
        graph("Alerts", ('count by (alertname) (ALERTS{alertname=~"Proctcp.*", alertstate="firing", %s})' % HERE, "{{alertname}}"),
              stacked=True),
    ])


def make():
    """{file name: its text}"""
    return {made["uid"] + ".json": json.dumps(made, indent=1, ensure_ascii=False) + "\n"
            for made in (services(), service(), listeners(), host())}


if __name__ == "__main__":
    write(FOLDER, make())
