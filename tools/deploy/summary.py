# SPDX-License-Identifier: GPL-3.0-or-later
"""The words at the end of `make deploy`: the summary of the playbook site, what to do next and what has changed."""

from ansible_collections.telephony.livekit.plugins.plugin_utils._summary import sip_uri, summary

from .settings import FICTIONAL


def render(facts, changed):
    lines = summary(facts)
    for title, more in (("What to do next", next_steps(facts)), ("This run", changes(changed))):
        lines += ["", title, *(f"  {line}" for line in more)]
    return "\n".join(lines)


def next_steps(facts):
    numbers = {number for trunk in facts["routing"]["inbound_trunks"] for number in trunk["numbers"]}
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
    if facts["is_agent"]:
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
