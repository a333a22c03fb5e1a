# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the output of `make deploy`: the summary from the playbook site, the next steps and the changes."""

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
        steps.append(f"{FICTIONAL} is fictional. Set your own: make deploy NUMBERS=+1...,+1...")
    steps += [
        f"At the provider, send the numbers to {sip_uri(facts)}",
        f"If {facts['external_ip']} is not your public address: make deploy EXTERNAL_IP=...",
        *agent_steps(facts),
        "If no agent answers, README.md lists the four most frequent causes.",
    ]
    return [f"{count}. {step}" for count, step in enumerate(steps, 1)]


def agent_steps(facts):
    if facts["is_agent"]:
        return ["Then call: the agent on this machine answers. The demo agent plays three tones and echoes you."]
    return [
        "Run an agent with the name above. For a trial: make deploy AGENT=demo. For your own: roles/livekit_agent",
        f"For an agent elsewhere, or started by hand: set -a; . {facts['agents_key']}; set +a; python agent.py start",
    ]


def changes(changed):
    if not changed:
        return ["Nothing changed: this machine was already in the desired state."]
    names = [name.removeprefix("telephony.livekit.") for name in changed]
    return [f"Changed {len(names)} {'thing' if len(names) == 1 else 'things'}:", *(f"- {name}" for name in names)]
