#!/usr/bin/python3
"""Makes mibs/nms/prometheus-snmp/snmp.yml and snmp-auths.yml from generator.yml beside them: runs snmp_exporter's generator, which
reads the MIB, and gives what it made the names that Prometheus asks for. MIBDIRS says where the base MIBs are."""
import os
import re
import subprocess
import tempfile

import yaml

from shipped import TOP, folder, write

FOLDER = folder("prometheus-snmp")
GENERATOR = "prometheus-snmp-generator"

# Labels, in place of the names of index objects and lookups.
LABELS = {"proctcpGroupIndex": "group_index", "proctcpGroupName": "group", "proctcpListenerIndexNetns": "netns",
          "proctcpListenerIndexPort": "port", "proctcpListenerIndexAddress": "address", "proctcpListenerLocalEndpoint": "listener",
          "proctcpStateIndexNetns": "netns", "proctcpStateIndexState": "state", "proctcpSocketPid": "pid", "proctcpSocketFd": "fd",
          "proctcpSocketSubflow": "subflow", "proctcpSocketProcess": "process", "proctcpSocketLocalEndpoint": "local",
          "proctcpSocketRemoteEndpoint": "remote"}
DROPPED = {"address"}  # the listener's label has it, with the port
# A process chooses its name, and so its group's: octets that are no UTF-8 in a label would fail the whole scrape, and so would two
# names that read the same. So the index is there in hexadecimal, beside the name as text that is safe.
HEXADECIMAL = {"group_index"}
# Names of which the unit is not a part in the MIB.
UNIT_MISSING = {"proctcpScanAge": "_seconds", "proctcpScanInterval": "_seconds"}

OLD_HEADER = """\
# For snmp_exporter up to 0.22, such as Debian 12's. Made by tests/nms/snmp_yml.py of generator.yml.
"""
NEW_HEADER = """\
# For snmp_exporter from 0.23 on, which keeps credentials apart: /snmp?module=proctcp&auth=proctcp_v2&target=...
# Made by tests/nms/snmp_yml.py of generator.yml, as snmp.yml is. Not run: no such exporter could be had where this was made.
"""
NEW_AUTHS = {"proctcp_v2": {"community": "public", "version": 2}}


def metric_name(metric):
    """proctcpGroupRttMaxUs: proctcp_group_rtt_max_seconds. Counters end in _total, and have no prefix before their unit."""
    name = re.sub(r"(?=[A-Z])", "_", metric["name"]).lower()
    if name.endswith("_us"):
        name = name[:-3] + ("" if metric["type"] == "counter" else "_seconds")
    return name + UNIT_MISSING.get(metric["name"], "") + ("_total" if metric["type"] == "counter" else "")


def renamed(metric):
    metric = dict(metric, name=metric_name(metric), help=" ".join(metric["help"].split()))
    if metric["type"] == "counter" and metric["name"].endswith("_time_total"):
        metric["help"] = "In microseconds. " + metric["help"]
    if "indexes" in metric:
        metric["indexes"] = [dict(index, labelname=LABELS[index["labelname"]]) for index in metric["indexes"]]
        for index in metric["indexes"]:
            if index["labelname"] in HEXADECIMAL:
                index["type"] = "OctetString"
    if "lookups" in metric:
        metric["lookups"] = [dict(lookup, labelname=LABELS[lookup["labelname"]], labels=[LABELS[name] for name in lookup["labels"]])
                             for lookup in metric["lookups"]]
        metric["lookups"] += [{"labels": [], "labelname": index["labelname"]} for index in metric["indexes"]
                              if index["labelname"] in DROPPED]
    return metric


def generated():
    """What the generator makes of generator.yml, as data."""
    with tempfile.TemporaryDirectory(prefix="proctcp-") as directory:
        made = os.path.join(directory, "snmp.yml")
        with open(os.path.join(directory, "PROCTCP-MIB"), "w") as copy, open(os.path.join(TOP, "mibs", "PROCTCP-MIB.txt")) as mib:
            copy.write(mib.read())
        with open(os.path.join(directory, "generator.yml"), "w") as copy, open(os.path.join(FOLDER, "generator.yml")) as file:
            copy.write(file.read())
        places = ":".join(filter(None, [os.environ.get("MIBDIRS"), "/usr/share/snmp/mibs"]))
        done = subprocess.run([GENERATOR, "generate", "-o", made], cwd=directory, text=True, stderr=subprocess.PIPE,
                              env=dict(os.environ, MIBDIRS=directory + ":" + places))
        if done.returncode or not os.path.exists(made):
            raise RuntimeError("%s: %s" % (GENERATOR, done.stderr))
        with open(made) as file:
            return yaml.safe_load(file)


def dump(data):
    """A line for each metric that has no list of its own."""
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=10 ** 6, allow_unicode=True)
    return re.sub(r"^( *)\? ''\n *: - ", r"\1'':\n\1  - ", text, flags=re.M)


def scan_last(walks):
    """The scan's objects are asked last: where they are there, so was the subagent while its tables were asked."""
    return sorted(walks, key=lambda oid: oid.endswith(".793.1.1"))


def make():
    """{file name: its text}"""
    old = {name: dict(module, walk=scan_last(module["walk"]), metrics=[
        renamed(metric) for metric in module["metrics"] if metric["name"] not in LABELS and "Index" not in metric["name"]])
           for name, module in generated().items()}
    new = {name: {key: value for key, value in module.items() if key not in ("auth", "version")} for name, module in old.items()}
    return {"snmp.yml": OLD_HEADER + dump(old), "snmp-auths.yml": NEW_HEADER + dump({"auths": NEW_AUTHS, "modules": new})}


if __name__ == "__main__":
    write(FOLDER, make())
