# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is PRIVATE to the collection. It can have breaking changes at any time.

"""The summary at the end of the playbook `site`. Pure: converts facts about a host to lines of text."""

from __future__ import annotations

import textwrap

MOST_LINES = 20
WIDTH = 110


def summary(facts: dict) -> list[str]:
    sections = [
        (f"What runs on {facts['host']}", containers(facts)),
        ("Who answers which number", ways(facts)),
        ("What the provider needs", provider(facts)),
        ("Where agents connect", agents(facts)),
        ("Who can reach what", reach(facts)),
    ]
    blocks = [banner(facts), *([title, *(f"  {line}" for line in lines)] for title, lines in sections if lines)]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def banner(facts: dict) -> list[str]:
    if not any(container["stand_in"] for container in facts["containers"]):
        return []
    words = [
        "livekit-sip IS A STAND-IN HERE, for trying out: plain audio, no TLS, no PIN, no outbound calls.",
        "Where a registry of images can be reached, `make deploy` puts the real livekit-sip in its place,",
        "and so does the playbook site with livekit_sip_image.",
    ]
    width = max(map(len, words)) + 4
    return ["!" * width, *(f"! {line.ljust(width - 4)} !" for line in words), "!" * width]


def containers(facts: dict) -> list[str]:
    rows = [
        (one["name"], one["state"], one["image"] + (" (stand-in)" if one["stand_in"] else ""))
        for one in facts["containers"]
    ]
    return table(rows) or ["this run checked nothing here"]


def table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def ways(facts: dict) -> list[str]:
    """One line for each number of each trunk, with trunk, rule, room and agent; empty if the run read no trunks."""
    if not facts["routing"]["asked"]:
        return []
    lines = []
    for trunk in facts["routing"]["inbound_trunks"]:
        rules = [rule for rule in facts["routing"]["dispatch_rules"] if leads_to(rule, trunk)]
        numbers = trunk["numbers"] or ["any number"]
        reached = [f"rule {named(rule)}, {room(rule)}, {agent(rule)}" for rule in rules]
        reached = reached or ["no rule: calls are not answered"]
        lines += [f"{number} -> trunk {named(trunk)} -> {way}" for number in numbers for way in reached]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more"]
    return lines or ["no numbers yet: the server has no trunks"]


def leads_to(rule: dict, trunk: dict) -> bool:
    return rule["any_trunk"] or trunk["name"] in rule["trunks"] or trunk["id"] in rule["trunks"]


def named(item: dict) -> str:
    return item["name"] or item["id"]


def room(rule: dict) -> str:
    for kind, words in (("individual", "a separate room for each call"), ("callee", "a room for each number called")):
        if rule.get(kind) is not None:
            return f"{words}, {rule[kind].get('room_prefix') or ''}_..."
    return f"room {(rule.get('direct') or {}).get('room_name', '?')}"


def agent(rule: dict) -> str:
    names = [each.get("agent_name") for each in (rule.get("room_config") or {}).get("agents") or []]
    return "agent " + " and ".join(names) if names else "no agent named: workers without a name get the job"


def provider(facts: dict) -> list[str]:
    if not facts["is_sip"]:
        return []
    known = facts["provider"]
    return [
        f"SIP URI:   {sip_uri(facts)}",
        f"Provider:  {known['title']}; numbers: {known['number_format']}",
        *textwrap.wrap(known["setup"], WIDTH),
    ]


def sip_uri(facts: dict) -> str:
    address = facts["external_ip"]
    host = f"[{address}]" if ":" in address else address
    return f"sip:{host}:{facts['sip_port']};transport=tcp"


def agents(facts: dict) -> list[str]:
    if not facts["is_server"]:
        return []
    return [
        f"URL:  ws://127.0.0.1:{facts['server_port']} (from this machine)",
        f"Key:  {facts['agents_key']}, readable for root: LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET",
    ]


def reach(facts: dict) -> list[str]:
    everyone = "everyone (livekit_firewall_any_source is true)" if facts["any_source"] else ""
    lines = []
    if facts["is_sip"]:
        lines += [
            f"SIP, port {facts['sip_port']} udp and tcp:  {everyone or networks(facts['signalling_networks'])}",
            f"Media, udp {facts['rtp_port']}:  {everyone or networks(facts['media_networks'])}",
        ]
    if facts["is_server"]:
        api = networks(facts["api_networks"]) if facts["api_networks"] else "this machine only"
        ports = ", ".join(str(port) for port in facts["server_ports"] if port)
        lines.append(f"API and rooms, ports {ports}:  {api}")
    for opening in facts["openings"]:
        allowed = networks(opening["networks"]) if opening["networks"] else "this machine only"
        lines.append(f"{opening['title']}:  {allowed}")
    return [*lines, *reboot(facts)]


def networks(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more networks" if len(names) > 4 else shown or "nobody"


def reboot(facts: dict) -> list[str]:
    started_by = facts["docker_started_by"]
    if started_by == "systemd" and facts["firewall_persistent"]:
        return ["Survives a reboot: containers, Docker and firewall are started by systemd."]
    how = {
        "systemd": "Docker was started by systemd, and the firewall was not",
        "service": "Docker was started by `service`: this host does not run systemd",
        "background": "Docker was started as a background process: neither systemd nor `service` could do it",
    }.get(started_by, f"Docker was started by {started_by}")
    return [f"Does NOT survive a reboot: {how}. Run this again after one."]
