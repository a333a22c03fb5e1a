# SPDX-License-Identifier: GPL-3.0-or-later
"""`make deploy` once, again, and with other numbers, and then `make teardown`, on a bare host.

The tests build on each other: each begins where the previous one ended.
"""

import json
import re
from datetime import datetime
from types import SimpleNamespace

import pytest
import yaml

from tests.support import sip
from tests.support.hosts import twirp, wait_for
from tests.support.phone import VOICE
from tests.support.tones import GREETING

CHECKOUT = "/root/telephony.livekit"
ANSIBLE = f"cd {CHECKOUT} && timeout 1800 .venv/bin/ansible-playbook"
CONTAINERS = "livekit-redis livekit-server livekit-sip"


@pytest.fixture(scope="session")
def deployed(bare, make):
    for command in ("python3", "pip", "docker", "nft") if not bare.kept else ():
        assert bare.host.run(f"command -v {command}").rc != 0, f"{command} is there, so the host is not bare"
    return make("deploy")


def routing(host):
    return {
        "trunks": twirp(host, "SIP", "ListSIPInboundTrunk")["items"],
        "rules": twirp(host, "SIP", "ListSIPDispatchRule")["items"],
    }


def started(host):
    lines = host.check_output(f"docker inspect --format '{{{{.Name}}}} {{{{.State.StartedAt}}}}' {CONTAINERS}")
    return dict(line.removeprefix("/").split() for line in lines.splitlines())


def test_deploy_ends_with_a_summary(bare, deployed):
    summary = deployed.partition("What runs on this machine")[2]
    for words in (
        *CONTAINERS.split(),
        "+12025550100",
        "is fictional",
        "agent voice-agent",
        f"sip:{bare.address}:5060;transport=tcp",
        "/etc/livekit/keys/agents.env",
        "Twilio",
        "Survives a reboot",
    ):
        assert words in summary, f"{words!r} is not in the summary:\n{summary}"
    assert summary.count("healthy") == 3 and "NOT HEALTHY" not in summary


def test_deploy_says_what_is_a_stand_in(bare, deployed):
    labels = bare.host.check_output("docker inspect --format '{{json .Config.Labels}}' livekit-sip")
    assert ("telephony.livekit.stand-in" in json.loads(labels)) == ("STAND-IN" in deployed)


def test_the_line_rings(bare, deployed):
    """The host calls itself with the provider's network in From: the firewall allows only the provider."""
    [trunk] = routing(bare.host)["trunks"]
    provider = trunk["allowed_addresses"][0]
    answers = sip.invite(bare.host, bare.address, bare.address, trunk["numbers"][0], from_host=provider)
    assert answers[:2] == ["100 Processing", "180 Ringing"]
    [room] = twirp(bare.host, "RoomService", "ListRooms")["rooms"]
    assert room["name"].startswith("call-_")
    dispatches = twirp(bare.host, "AgentDispatchService", "ListDispatch", room=room["name"])["agent_dispatches"]
    assert [dispatch["agent_name"] for dispatch in dispatches] == ["voice-agent"]


def test_a_stranger_hears_nothing(bare, deployed):
    def dropped():
        return json.loads(bare.host.check_output("nft --json list counter inet livekit sip_dropped"))["nftables"][1][
            "counter"
        ]["packets"]

    before = dropped()
    provider = routing(bare.host)["trunks"][0]["allowed_addresses"][0]
    assert sip.call(bare.caller, bare.caller_address, bare.address, "+12025550100", from_host=provider) == []
    assert dropped() > before
    ports = [5060, 6379, 7880, 7881, 8085]
    assert set(sip.tcp(bare.caller, bare.caller_address, bare.address, ports).values()) == {"silent"}


def test_check_shows_the_number_that_would_be_added(bare, deployed):
    before = routing(bare.host)
    numbers = json.dumps({"phone_numbers": ["+12025550100", "+12025550111"]})
    output = bare.host.check_output(f"{ANSIBLE} site.yml --check --diff --extra-vars '{numbers}'")
    assert re.findall(r"changed=(\d+)", output) == ["1"]
    shown = {sign: re.findall(rf"^\{sign} +(.*?),?$", output, re.MULTILINE) for sign in "-+"}
    assert shown == {"-": ['"+12025550100"'], "+": ['"+12025550100"', '"+12025550111"']}
    assert routing(bare.host) == before


def test_numbers_change_the_trunk_and_nothing_else(bare, deployed, make):
    before, running = routing(bare.host), started(bare.host)
    output = make("deploy NUMBERS=+12025550111,+12025550112")
    assert "Changed 1 thing" in output
    after = routing(bare.host)
    before["trunks"][0]["numbers"] = ["+12025550111", "+12025550112"]
    for trunk in before["trunks"] + after["trunks"]:
        trunk.pop("updated_at", None)
    assert after == before
    assert started(bare.host) == running


def test_the_demo_agent_answers(bare, deployed, make):
    """The first caller hears three tones, then their own voice."""
    before = started(bare.host)
    output = make("deploy AGENT=demo")
    assert "livekit-agent" in output and "the agent on this machine answers" in output
    assert started(bare.host) == before
    [trunk] = routing(bare.host)["trunks"]
    provider = trunk["allowed_addresses"][0]
    call = sip.talk(bare.host, bare.address, bare.address, trunk["numbers"][0], from_host=provider)
    assert call["answers"][-1] == "200 OK"
    assert call["heard"] == [*GREETING, VOICE]
    assert sip.tcp(bare.caller, bare.caller_address, bare.address, [8081]) == {8081: "silent"}


def test_the_line_outlives_each_container(bare, deployed):
    """The main process of each container is killed from outside three times, and Docker restarts the same container."""
    [trunk] = routing(bare.host)["trunks"]
    provider = trunk["allowed_addresses"][0]
    for _unused in range(3):
        for container in (*CONTAINERS.split(), "livekit-agent"):
            outlives_a_kill(bare.host, container)
        wait_for(lambda: registered(bare.host))
        call = sip.talk(bare.host, bare.address, bare.address, trunk["numbers"][0], from_host=provider)
        assert call["heard"] == [*GREETING, VOICE]


def outlives_a_kill(host, container):
    """Kill the main process of a container and wait until Docker has started it again."""

    def state():
        shown = host.check_output(f"docker inspect --format '{{{{json .State}}}}' {container}")
        return json.loads(shown)

    before = state()
    host.check_output(f"kill -9 {before['Pid']}")
    wait_for(lambda: (now := state())["Running"] and now["StartedAt"] != before["StartedAt"])


def registered(host):
    """Return whether the running agent can take a job."""
    since = "docker inspect --format '{{.State.StartedAt}}' livekit-agent"
    return "registered worker" in host.check_output(f"docker logs --since $({since}) livekit-agent 2>&1")


def test_deploy_again_changes_nothing_and_remembers_numbers_and_agent(bare, deployed, make):
    before = routing(bare.host), started(bare.host)
    output = make("deploy")
    assert "Nothing changed" in output
    assert not re.search(r"changed=[1-9]", output)
    assert "the agent on this machine answers" in output
    assert (routing(bare.host), started(bare.host)) == before
    assert before[0]["trunks"][0]["numbers"] == ["+12025550111", "+12025550112"]


@pytest.fixture
def calls(bare, deployed):
    """Two calls from the caller, which is allowed like a provider, and functions that run site.yml during the calls."""
    network = [f"{bare.caller_address}/32"]
    allowed = {"livekit_firewall_signalling_networks": network, "livekit_firewall_media_networks": network}
    site = f"{ANSIBLE} site.yml --extra-vars"
    bare.host.check_output(f"{site} '{json.dumps(allowed)}'")
    number = routing(bare.host)["trunks"][0]["numbers"][0]
    talking = f"timeout 1800 python3 /tests/support/drained.py {bare.caller_address} {bare.address} {number}"
    bare.caller.check_output(f"({talking} > /tmp/drained 2>&1 &)")
    wait_for(lambda: bare.caller.run("grep up /tmp/drained").rc == 0)

    def held_back():
        return "new_calls_held_back" in bare.host.check_output("nft --stateless list chain inet livekit draining")

    def ended():
        return bare.host.run("grep failed= /root/redeployed").rc == 0

    def redeploy(variables):
        bare.host.check_output(
            f"rm -f /root/redeployed; ({site} '{json.dumps(allowed | variables)}' > /root/redeployed 2>&1 &)"
        )
        wait_for(lambda: held_back() or ended())
        assert not ended(), bare.host.check_output("cat /root/redeployed")[-3000:]

    def deployed_again():
        wait_for(ended)
        output = bare.host.check_output("cat /root/redeployed")
        assert re.search(r"unreachable=0 +failed=0", output), output[-3000:]
        assert not held_back()
        answers = sip.call(bare.caller, bare.caller_address, bare.address, number)
        assert "180 Ringing" in answers
        return output

    return SimpleNamespace(redeploy=redeploy, deployed_again=deployed_again)


def test_calls_end_before_livekit_sip_is_replaced(bare, calls):
    before = started(bare.host)
    calls.redeploy({"livekit_sip_logging_level": "debug"})
    bare.caller.check_output("touch /tmp/held")
    calls.deployed_again()
    said = json.loads(bare.caller.check_output("tail -n 1 /tmp/drained"))
    assert said["known"] == said["new"] == {"udp": [], "tcp": ["reset"]}
    assert said["inside"] == said["bye"] == {"udp": ["200 OK"], "tcp": ["200 OK"]}
    after = started(bare.host)
    assert {name for name in after if after[name] != before[name]} == {"livekit-sip"}
    assert datetime.fromisoformat(after["livekit-sip"]).timestamp() > said["ended"]


def test_calls_that_do_not_end_are_cut_off(bare, calls):
    """livekit-server stops only after livekit-sip."""
    before = started(bare.host)
    debug = {"livekit_server_logging_level": "debug", "livekit_sip_logging_level": "debug"}
    calls.redeploy({"livekit_sip_drain_timeout": 5, **debug})
    output = " ".join(calls.deployed_again().split())
    assert "after livekit_sip_drain_timeout (5 seconds) there are still calls on" in output, output[-3000:]
    after = started(bare.host)
    assert {name for name in after if after[name] != before[name]} == {"livekit-server", "livekit-sip"}
    assert after["livekit-sip"] > after["livekit-server"]


def test_teardown_leaves_nothing_but_data(bare, deployed, make):
    make("teardown")
    host = bare.host
    assert host.check_output("docker ps --all --quiet") == ""
    assert "livekit" not in host.check_output("nft list tables")
    assert host.check_output("find /etc/systemd /run/systemd -name '*livekit*'") == ""
    assert not re.search(r":(5060|6379|7880|7881|7882|8081|8085)\b", host.check_output("ss -Hlntu"))
    assert set(host.check_output("find /etc/livekit -type f").splitlines()) == {
        f"/etc/livekit/keys/{purpose}.env" for purpose in ("agents", "automation", "sip")
    }
    assert host.check_output("docker volume ls --quiet") == "livekit-redis"


def test_teardown_with_purge_leaves_nothing(bare, deployed, make):
    bare.host.check_output(f"cp {CHECKOUT}/inventories/local/group_vars/all/zz_deploy.yml /root/stored.yml")
    make("teardown PURGE=1")
    assert not bare.host.file("/etc/livekit").exists
    assert bare.host.check_output("docker volume ls --quiet") == ""


def test_site_yml_needs_nothing_on_the_host(bare, deployed):
    """The host has no Docker, nftables or iproute2, and its images come only from archives."""
    ansible = f"{ANSIBLE} --extra-vars @/root/stored.yml"
    bare.host.check_output(f"{ansible} playbooks/teardown.yml --extra-vars livekit_docker_purge_packages=true")
    for command in ("docker", "nft", "ip"):
        assert bare.host.run(f"command -v {command}").rc != 0
    bare.host.check_output(f"{ansible} site.yml --check")
    bare.host.check_output(f"{ansible} site.yml")
    [trunk] = routing(bare.host)["trunks"]
    assert trunk["numbers"] == yaml.safe_load(bare.host.check_output("cat /root/stored.yml"))["phone_numbers"]
