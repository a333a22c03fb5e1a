# SPDX-License-Identifier: GPL-3.0-or-later
"""The words at the end of `make deploy`. Pure: facts of playbooks/summary.yml in, text out."""

import textwrap

from .settings import FICTIONAL

MOST_LINES = 20
STAND_IN_LABEL = "telephony.livekit.stand-in"


def render(facts, changed):
    sections = [
        ("What runs on this machine", containers(facts)),
        ("Who answers which number", lines_of(facts)),
        ("What the provider needs", provider(facts)),
        ("Where agents connect", agents(facts)),
        ("Who can reach what", reach(facts)),
        ("What to do next", next_steps(facts)),
        ("This run", changes(changed)),
    ]
    blocks = [banner(facts)] + [f"{title}\n" + "\n".join(f"  {line}" for line in lines) for title, lines in sections]
    return "\n\n".join(block for block in blocks if block)


def has_stand_in(facts):
    return any(STAND_IN_LABEL in labels(container) for container in facts["containers"] if container)


def labels(container):
    return container["Config"].get("Labels") or {}


def banner(facts):
    if not has_stand_in(facts):
        return ""
    words = [
        "livekit-sip IS A STAND-IN HERE, for trying out: plain audio, no TLS, no PIN, no outbound calls.",
        "No registry of images answered. Redis and livekit-server are the real programs, built on this machine.",
        "Where a registry can be reached, `make deploy` puts the real livekit-sip in its place.",
    ]
    width = max(map(len, words)) + 4
    return "\n".join(["!" * width, *(f"! {line.ljust(width - 4)} !" for line in words), "!" * width])


def containers(facts):
    rows = []
    for container, healthy in zip(facts["containers"], facts["healthy"], strict=True):
        if not container:
            continue
        name = container["Name"].lstrip("/")
        state = container["State"]["Status"]
        if state == "running":
            state = "healthy" if healthy else "NOT HEALTHY"
        stand_in = " (stand-in)" if STAND_IN_LABEL in labels(container) else ""
        rows.append((name, state, container["Config"]["Image"] + stand_in))
    return table(rows) or ["nothing"]


def table(rows):
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def lines_of(facts):
    """One line for each number of each trunk: number, trunk, rule, room, agent."""
    lines = []
    for trunk in facts["trunks"]:
        rules = [rule for rule in facts["rules"] if leads_to(rule, trunk)]
        numbers = trunk["numbers"] or ["any number"]
        reached = [f"rule {named(rule)}, {room(rule)}, {agent(rule)}" for rule in rules] or ["no rule: nobody answers"]
        lines += [f"{number} -> trunk {named(trunk)} -> {way}" for number in numbers for way in reached]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more"]
    return lines or ["no number yet: there is no trunk on the server"]


def leads_to(rule, trunk):
    return rule["any_trunk"] or trunk["name"] in rule["trunks"] or trunk["id"] in rule["trunks"]


def named(item):
    return item["name"] or item["id"]


def room(rule):
    for kind, words in (("individual", "a room of its own for each call"), ("callee", "a room for each number called")):
        if rule.get(kind) is not None:
            return f"{words}, {rule[kind].get('room_prefix') or ''}_..."
    return f"room {(rule.get('direct') or {}).get('room_name', '?')}"


def agent(rule):
    names = [each.get("agent_name") for each in (rule.get("room_config") or {}).get("agents") or []]
    return "agent " + " and ".join(names) if names else "no agent named: workers without a name get the job"


def provider(facts):
    known = facts["provider"]
    return [
        f"SIP URI:   {sip_uri(facts)}",
        f"Provider:  {known['title']}; numbers: {known['number_format']}",
        *textwrap.wrap(known["setup"], 110),
    ]


def sip_uri(facts):
    address = facts["external_ip"]
    host = f"[{address}]" if ":" in address else address
    return f"sip:{host}:{facts['sip_port']};transport=tcp"


def agents(facts):
    return [
        f"URL:  ws://127.0.0.1:{facts['server_port']} (from this machine)",
        f"Key:  {facts['agents_key']}, readable for root: LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET",
    ]


def reach(facts):
    everybody = "everybody (livekit_firewall_any_source is true)"
    signalling = everybody if facts["any_source"] else networks(facts["signalling_networks"])
    media = everybody if facts["any_source"] else networks(facts["media_networks"])
    return [
        f"SIP, port {facts['sip_port']} udp and tcp:  {signalling}",
        f"Media, udp {facts['rtp_port']}:  {media}",
        f"API and rooms, ports {facts['server_port']}, 7881, 7882:  "
        + (networks(facts["api_networks"]) if facts["api_networks"] else "this machine only"),
        "Redis, health, metrics:  this machine only",
        *reboot(facts),
    ]


def networks(names):
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more networks" if len(names) > 4 else shown or "nobody"


def reboot(facts):
    started_by = facts["docker_started_by"]
    if started_by == "systemd" and facts["firewall_persistent"]:
        return ["Survives a reboot: containers, Docker and firewall are started by systemd."]
    how = {
        "systemd": "Docker was started by systemd",
        "service": "Docker was started by `service`: there is no systemd here",
        "background": "Docker was started as a background process: neither systemd nor `service` could do it",
    }.get(started_by, f"Docker was started by {started_by}")
    return [f"Does NOT survive a reboot: {how}. Run `make deploy` again after one."]


def next_steps(facts):
    numbers = {number for trunk in facts["trunks"] for number in trunk["numbers"]}
    steps = []
    if FICTIONAL in numbers:
        steps.append(f"{FICTIONAL} is fictional. Put in your own: make deploy NUMBERS=+1...,+1...")
    steps += [
        f"At the provider, send the numbers to {sip_uri(facts)}",
        f"If {facts['external_ip']} is not the address that the internet sees: make deploy EXTERNAL_IP=...",
        *agent_steps(facts),
        "If nobody picks up, README.md has the four usual reasons.",
    ]
    return [f"{count}. {step}" for count, step in enumerate(steps, 1)]


def agent_steps(facts):
    if facts["agent_answers"]:
        return [
            "Then call: the agent on this machine answers. The demo agent plays three tones and then your own voice."
        ]
    return [
        "Let an agent of the name above answer. To try: make deploy AGENT=demo. Your own: roles/livekit_agent",
        f"An agent that runs elsewhere, or by hand: set -a; . {facts['agents_key']}; set +a; python agent.py start",
    ]


def changes(changed):
    if not changed:
        return ["Nothing changed: this machine already was as it should be."]
    names = [name.removeprefix("telephony.livekit.") for name in changed]
    return [f"Changed {len(names)} {'thing' if len(names) == 1 else 'things'}:", *(f"- {name}" for name in names)]
