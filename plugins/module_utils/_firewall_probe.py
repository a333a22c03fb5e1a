# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Probes a host's firewall without changing it, and compares it with the desired state.

`wanted` is a mapping with
  ruleset   the desired table, as nft reads it
  openings  [{networks, protocols, ports}], the traffic that other firewalls must allow
  chains    ["family table chain"], the chains that need a rule of this collection
  mark      the packet mark that this rule matches
  files     [{path, content, needs}], the files of the role; needs is "systemd", "firewalld" or None
"""

from __future__ import annotations

import glob
import ipaddress
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Callable

# Runs a command with the given standard input, and returns exit code, standard output and standard error.
Run = Callable[[list, str], tuple]

TABLE = ["table", "inet", "livekit"]
OURS = "telephony.livekit"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
UNITS = ["livekit-firewall.service", "livekit-firewall-guard.service"]
SYSTEMD, GUARD_SCRIPT = "/etc/systemd/system/", "/etc/livekit/firewall.guard.sh"
PRIORITY = -10
FILES = [
    "/etc/firewalld/policies/livekit.xml*",
    "/etc/livekit/firewall.*",
    "/etc/systemd/system/*.d/livekit-firewall.conf",
    *(f"/etc/systemd/system/{unit}" for unit in UNITS),
]
UFW_TABLES, FIREWALLD_TABLES = {"ip filter", "ip6 filter"}, {"inet firewalld"}
USER_RULES = {4: "/etc/ufw/user.rules", 6: "/etc/ufw/user6.rules"}
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def output(run: Run, *argv: str) -> str:
    return run(list(argv), "")[1]


def listing(run: Run) -> str:
    """The table in the kernel, without counters or recorded callers."""
    text = output(run, "nft", "--stateless", "list", *TABLE)
    return re.sub(r"(set (?:callers_\w+|held_back) \{[^}]*?)\n\s*elements = \{[^}]*\}", r"\1", text)


def wanted_listing(run: Run, ruleset: str) -> tuple[str, str]:
    """The same listing for the desired table, and the reason if nft rejects that table.

    nft loads the table in a separate network namespace, so the host's rules do not change.
    """
    script = f"nft --file - && nft --stateless list {' '.join(TABLE)}"
    code, listed, error = run(["unshare", "--net", "sh", "-c", script], ruleset or "\n")
    return listed, error.strip() if code else ""


def base_chains(objects: list) -> Iterator[tuple[dict, list]]:
    """The chains that filter packets to this host, with their rules."""
    rules = {}
    for rule in (item["rule"] for item in objects if "rule" in item):
        rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule)
    for chain in (item["chain"] for item in objects if "chain" in item):
        if chain.get("hook") == "input" and chain["family"] in ("ip", "ip6", "inet") and chain["table"] != TABLE[2]:
            yield chain, rules.get((chain["family"], chain["table"], chain["name"]), [])


def closes(chain: Mapping, rules: list) -> bool:
    """Whether a chain drops packets by default, either by its policy or by a final rule that matches everything."""
    last = [{**(part.get("xt") or {}), **part} for part in rules[-1]["expr"]] if rules else []
    harmless = [part for part in last if {"counter", "log"} & set(part) or part.get("name") in ("comment", "LOG")]
    ends = [part for part in last if {"drop", "reject"} & set(part) or part.get("name") == "REJECT"]
    return chain.get("policy") == "drop" or (bool(ends) and len(harmless) + len(ends) == len(last))


def chains(objects: list, wanted: Mapping, seen: Mapping) -> dict:
    """The chains that drop by default, and our rules in other firewalls' chains. `objects` is nft's JSON listing."""
    named = wanted["chains"]
    tables = {chain.rpartition(" ")[0] for chain in named}
    open_tables = tables | (UFW_TABLES if seen["ufw"]["active"] else set())
    open_tables |= FIREWALLD_TABLES if seen["firewalld_active"] else set()
    loaded = {"{family} {table} {name}".format(**item["chain"]) for item in objects if "chain" in item}
    closed, early = [], []
    for chain, rules in base_chains(objects):
        if closes(chain, rules):
            table = f"{chain['family']} {chain['table']}"
            name = f"{table} {chain['name']}"
            if table in tables and chain["prio"] <= PRIORITY:
                early.append(name)
            elif table not in open_tables:
                closed.append(name)
    ours = [item["rule"] for item in objects if item.get("rule", {}).get("comment") == OURS]
    right = [
        rule
        for rule in ours
        if str(int(wanted["mark"], 0)) in json.dumps(rule["expr"]) and "accept" in rule["expr"][-1]
    ]
    places = sorted("{family} {table} {chain}".format(**rule) for rule in right)
    return {
        "closed": closed,
        "early": early,
        "missing_chains": [chain for chain in named if chain not in loaded],
        "chains_right": places == sorted(named) and len(ours) == len(right),
        "our_rules": [
            "delete rule {family} {table} {chain} handle {handle}".format(**rule)
            for rule in ours
            if "{family} {table} {chain}".format(**rule) not in named
        ],
        "firewalld_policy_loaded": any("livekit" in name for name in loaded if name.startswith("inet firewalld ")),
    }


def ufw(wanted: Mapping) -> dict:
    """The commands that bring ufw's rules with our comment to the desired state. Other rules are kept."""
    active = bool(re.search(r"^ENABLED=yes", read("/etc/ufw/ufw.conf"), re.MULTILINE | re.IGNORECASE))
    ipv6 = bool(re.search(r"^IPV6=yes", read("/etc/default/ufw"), re.MULTILINE | re.IGNORECASE))
    rules = {}
    for opening in wanted["openings"] if active else []:
        ports = ",".join(sorted((str(port).replace("-", ":") for port in opening["ports"]), key=first_port))
        for network in (ipaddress.ip_network(network, strict=False) for network in opening["networks"]):
            for protocol in opening["protocols"] if ipv6 or network.version == 4 else []:
                source = str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
                rules[f"allow {protocol} {ports} {ANYWHERE[network.version]} any {source} in"] = (
                    f"allow proto {protocol} from {source} to any port {ports}"
                )
    present = {}
    for path in USER_RULES.values():
        for rule, comment in re.findall(r"^### tuple ### (.*?)(?: comment=(\w+))?$", read(path), re.MULTILINE):
            present[rule] = comment
    ours = {rule for rule, comment in present.items() if bytes.fromhex(comment).decode(errors="replace") == OURS}
    gone = [f"ufw delete {as_command(rule)}" for rule in sorted(ours - set(rules))]
    new = [f"ufw {rules[rule]} comment {OURS}" for rule in sorted(set(rules) - set(present))]
    # An inactive ufw keeps its rules, because the operator may enable it again.
    return {"active": active, "ipv6": ipv6, "commands": gone + new if active or not wanted["openings"] else []}


def first_port(ports: str) -> int:
    return int(ports.partition(":")[0])


def as_command(rule: str) -> str:
    """The argument of `ufw delete` for a line in ufw's rules file."""
    action, protocol, ports, _to, _source_ports, source, _direction = rule.split()
    return shlex.join([action, "proto", protocol, "from", source, "to", "any", "port", ports])


def is_right(path: str, content: str) -> bool:
    status = os.stat(path)
    return read(path) == content and status.st_mode & 0o7777 == 0o644 and status.st_uid == status.st_gid == 0


def our_files(wanted: Mapping, seen: Mapping) -> dict:
    """The paths of the role's files that must be written or removed."""
    there = {path for pattern in FILES for path in glob.glob(pattern)}
    needed = {file["path"]: file["content"] for file in wanted["files"] if not file["needs"] or seen[file["needs"]]}
    return {
        "write": sorted(path for path in needed if path not in there or not is_right(path, needed[path])),
        "folders_missing": sorted(folder for folder in set(map(os.path.dirname, needed)) if not os.path.isdir(folder)),
        "remove": sorted(there - set(needed)),
    }


def units_of(paths: Iterable[str]) -> list[str]:
    """The systemd units to which these files belong, as unit files or drop-ins."""
    names = [path.removeprefix(SYSTEMD).partition("/")[0] for path in paths if path.startswith(SYSTEMD)]
    return sorted({name.removesuffix(".d") for name in names})


def is_outdated(script: str, started: list[str]) -> bool:
    """Whether a script has changed since its unit started. `started` is a Unix timestamp that begins with an @."""
    return bool(started and os.path.exists(script)) and int(os.stat(script).st_mtime) > int(started[0][1:])


def services(run: Run, systemd: bool, files: Iterable[str] = ()) -> dict:
    """The state of systemd. `files` are the role's files, which a killed run may have written without a reload."""

    def ask(*question: str) -> list[str]:
        return output(run, "systemctl", *question).split() if systemd else []

    started = ask("show", "--timestamp=unix", "--property=ActiveEnterTimestamp", "--value", UNITS[1])
    return {
        "systemd": systemd,
        "reload_needed": "yes" in ask("show", "--property=NeedDaemonReload", "--value", *UNITS, *units_of(files)),
        "guard_outdated": is_outdated(GUARD_SCRIPT, started),
        "units_right": ask("is-enabled", *UNITS) == ["enabled"] * 2 and ask("is-active", *UNITS) == ["active"] * 2,
        "firewalld": bool(shutil.which("firewall-cmd", path=PATH)),
        "firewalld_active": ask("is-active", "firewalld.service") == ["active"],
    }


def probe(wanted: Mapping, run: Run) -> dict:
    """`run` finds commands in PATH and runs them in the C locale."""
    seen = {
        "nft": bool(shutil.which("nft", path=PATH)),
        "ufw": ufw(wanted),
        **services(run, os.path.isdir("/run/systemd/system"), [file["path"] for file in wanted["files"]]),
    }
    seen.update(our_files(wanted, seen))
    if seen["nft"]:
        loaded = listing(run)
        desired, refused = wanted_listing(run, wanted["ruleset"])
        objects = json.loads(output(run, "nft", "--json", "list", "ruleset") or '{"nftables": []}')["nftables"]
        seen.update(chains(objects, wanted, seen))
        seen.update(loaded=bool(loaded), table_right=loaded == desired, refused=refused)
    return seen
