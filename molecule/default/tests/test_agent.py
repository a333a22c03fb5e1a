# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent that the role runs, a real livekit-agents worker. Other files test what all containers have in common."""

from addresses import ALLOWED

from tests.support import sip
from tests.support.phone import VOICE
from tests.support.tones import GREETING

testinfra_hosts = ["livekit_agent"]


def test_the_caller_hears_the_greeting_and_then_themselves(line, caller):
    call = sip.talk(caller, ALLOWED, line.address, line.number)
    assert call["answers"][-1] == "200 OK"
    assert call["heard"] == [*GREETING, VOICE]
    assert call["hung_up"] == "200 OK"


def test_its_health_answers_on_the_host_alone(host, line, caller):
    """test_listening.py checks all ports from other hosts."""
    assert host.check_output("python3 /tests/support/probe.py get http://127.0.0.1:8081/") == "OK"
    assert sip.tcp(host, line.address, line.address, [8081]) == {8081: "open"}
    assert sip.tcp(caller, ALLOWED, line.address, [8081]) == {8081: "silent"}


def test_it_has_a_key_of_its_own(host, inspected):
    """The key is in the environment of the process, but not in the output of `docker inspect`."""
    environment = host.check_output(f"cat /proc/{inspected['livekit-agent']['State']['Pid']}/environ").split("\0")
    given = dict(entry.split("=", 1) for entry in environment if "=" in entry)
    kept = dict(line.split("=", 1) for line in host.check_output("cat /etc/livekit/keys/agents.env").split())
    assert {name: given[name] for name in kept} == kept
    shown = "\n".join(inspected["livekit-agent"]["Config"]["Env"])
    assert not any(name in shown for name in kept)
