# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrading a host from the previous release loses nothing and leaves nothing behind."""

from __future__ import annotations

import json
import re
import subprocess
from types import SimpleNamespace

import pytest

from tests.images import build
from tests.support import hosts, playbook, sip
from tools.deploy.images import fallback_variables

# The commit of the previous release. Update it with each release.
BEFORE = "7a2c0b9"
NETWORK, SUBNET, ADDRESS = "livekit-upgrade", "198.51.100.168/29", "198.51.100.170"
HOST = {"name": f"{NETWORK}-host", "image": "host-debian12", "address": ADDRESS}
NUMBER = "+12025550100"
CONTAINERS = ("livekit-redis", "livekit-server", "livekit-sip")


@pytest.fixture(scope="module")
def old_checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    git = ["git", "-C", playbook.REPOSITORY]
    packed = subprocess.run([*git, "archive", BEFORE], capture_output=True, check=False)
    assert packed.returncode == 0, f"commit {BEFORE} is missing: fetch the whole history. {packed.stderr.decode()}"
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    images = build.images()
    variables = {
        "ansible_connection": "community.docker.docker",
        "ansible_python_interpreter": "/usr/bin/python3",
        **fallback_variables(images, images),
        "livekit_sip_rtp_port": "10000-10100",
        "livekit_firewall_signalling_networks": [SUBNET],
        "livekit_firewall_media_networks": [SUBNET],
        "livekit_routing_inbound_trunks": [{"name": "line", "numbers": [NUMBER], "allowed_addresses": [SUBNET]}],
        "livekit_routing_dispatch_rules": [
            {"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}
        ],
    }
    groups = dict.fromkeys(images, {"hosts": {HOST["name"]: None}})
    path = tmp_path_factory.mktemp("inventory") / "inventory.json"
    path.write_text(json.dumps({"all": {"vars": variables, "children": groups}}))
    return path


def site(checkout, inventory):
    code, output = playbook.run("-i", inventory, "site.yml", checkout=checkout)
    assert code == 0, output[-6000:]
    return output


def look(host):
    """Return what an upgrade must keep, and what it must remove."""
    started = host.check_output(
        f"docker inspect --format '{{{{.Name}}}} {{{{.State.StartedAt}}}}' {' '.join(CONTAINERS)}"
    )
    return SimpleNamespace(
        trunks=hosts.twirp(host, "SIP", "ListSIPInboundTrunk")["items"],
        rules=hosts.twirp(host, "SIP", "ListSIPDispatchRule")["items"],
        keys=host.check_output("cat /etc/livekit/keys/*"),
        started=dict(line.removeprefix("/").split() for line in started.splitlines()),
        containers=set(host.check_output("docker ps --all --format '{{.Names}}'").split()),
        chains=set(re.findall(r"chain (\S+)", host.check_output("nft list table inet livekit"))),
        units=set(host.check_output("find /etc/systemd/system -name '*livekit*' -printf '%P\n'").split()),
    )


@pytest.fixture(scope="module")
def upgraded(old_checkout, inventory):
    """The host before and after the first run of the new code, and the output of its second run."""
    try:
        hosts.up(NETWORK, SUBNET, [HOST])
        host = hosts.booted(HOST["name"])
        site(old_checkout, inventory)
        before = look(host)
        site(playbook.REPOSITORY, inventory)
        after = look(host)
        yield SimpleNamespace(host=host, before=before, after=after, again=site(playbook.REPOSITORY, inventory))
    finally:
        hosts.down(NETWORK, SUBNET, [HOST])


def test_trunks_rules_and_keys_stay(upgraded):
    before, after = upgraded.before, upgraded.after
    assert (after.trunks, after.rules) == (before.trunks, before.rules)
    assert [trunk["numbers"] for trunk in after.trunks] == [[NUMBER]]
    assert after.keys == before.keys


def test_a_second_run_changes_nothing(upgraded):
    assert set(re.findall(r"changed=(\d+)", upgraded.again)) == {"0"}, upgraded.again[-3000:]
    assert look(upgraded.host).started == upgraded.after.started


def test_no_container_is_left_over(upgraded):
    assert upgraded.after.containers == set(CONTAINERS)


def test_no_chain_or_unit_is_left_over(upgraded, fresh):
    assert upgraded.after.chains == fresh.chains
    assert upgraded.after.units == fresh.units


@pytest.fixture(scope="module")
def fresh(upgraded, inventory):
    """The same host after a teardown and a deployment by the new code only."""
    code, output = playbook.run("-i", inventory, "playbooks/teardown.yml")
    assert code == 0, output[-6000:]
    site(playbook.REPOSITORY, inventory)
    return look(upgraded.host)


def test_the_line_rings(upgraded):
    answers = sip.invite(upgraded.host, ADDRESS, ADDRESS, NUMBER)
    assert answers[:2] == ["100 Processing", "180 Ringing"]
