# SPDX-License-Identifier: GPL-3.0-or-later
"""A site with two SIP hosts, like inventories/example: while it changes, one of them always takes calls."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.images import build
from tests.support import hosts, playbook, sip
from tools.deploy.images import fallback_variables

NETWORK, SUBNET = "livekit-two", "198.51.100.168/29"
CORE, OTHER = "198.51.100.170", "198.51.100.171"
HOSTS = [
    {"name": f"{NETWORK}-core", "image": "host-debian12", "address": CORE},
    {"name": f"{NETWORK}-other", "image": "host-debian13", "address": OTHER},
]
NUMBER = "+12025550100"


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.core, self.other = (hosts.booted(host["name"]) for host in HOSTS)

    def run(self, **more):
        """Run site.yml, and return the exit code and the output."""
        images = build.images()
        core = {f"{NETWORK}-core": {"livekit_server_rtc_node_ip": CORE, "livekit_redis_bind_address": CORE}}
        groups = {"livekit_redis": core, "livekit_server": core, "livekit_sip": {host["name"]: {} for host in HOSTS}}
        variables = {
            "ansible_connection": "community.docker.docker",
            "ansible_python_interpreter": "/usr/bin/python3",
            **fallback_variables(images, images),
            "livekit_sip_rtp_port": "10000-10100",
            "livekit_sip_drain_timeout": 1,
            "livekit_sip_ws_url": f"ws://{CORE}:7880",
            "livekit_server_bind_addresses": ["127.0.0.1", CORE],
            **{f"livekit_firewall_{what}_networks": [SUBNET] for what in ("api", "redis", "signalling", "media")},
            "livekit_routing_inbound_trunks": [{"name": "line", "numbers": [NUMBER]}],
            "livekit_routing_dispatch_rules": [
                {"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}
            ],
        }
        inventory = self.folder / "inventory.json"
        children = {group: {"hosts": members} for group, members in groups.items()}
        inventory.write_text(json.dumps({"all": {"vars": variables, "children": children}}))
        return playbook.run("-i", inventory, "-e", json.dumps(more), playbook.REPOSITORY / "playbooks" / "site.yml")

    def rings(self):
        """Return, for each host, whether a call from the other host rings."""
        with ThreadPoolExecutor() as pool:
            calls = [
                pool.submit(sip.invite, self.other, OTHER, CORE, NUMBER),
                pool.submit(sip.invite, self.core, CORE, OTHER, NUMBER),
            ]
            return [call.result()[:2] == ["100 Processing", "180 Ringing"] for call in calls]

    def started(self):
        look = "docker inspect --format '{{.Id}} {{.State.StartedAt}}' livekit-sip"
        return [host.check_output(look) for host in (self.core, self.other)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    try:
        hosts.up(NETWORK, SUBNET, HOSTS)
        site = Site(tmp_path_factory.mktemp("site"))
        code, site.said_at_first = site.run()
        assert code == 0, site.said_at_first[-6000:]
        yield site
    finally:
        hosts.down(NETWORK, SUBNET, HOSTS)


@pytest.fixture
def heard(site):
    """Call both hosts again and again, and record for each round which of them rang."""
    hosts.wait_for(lambda: all(site.rings()))
    rounds, over = [], threading.Event()

    def call():
        while not over.is_set():
            rounds.append(site.rings())

    with ThreadPoolExecutor() as pool:
        calling = pool.submit(call)
        yield rounds
        over.set()
        calling.result()


def test_a_run_ends_with_a_summary_of_each_host(site):
    summary = site.said_at_first.rpartition("TASK [Summary]")[2]
    for host in HOSTS:
        assert f"What runs on {host['name']}" in summary
    assert summary.count("livekit-sip IS A STAND-IN HERE") == 2
    assert f"{NUMBER} -> trunk line -> rule line, a separate room for each call" in summary
    assert f"sip:{CORE}:5060;transport=tcp" in summary and f"sip:{OTHER}:5060;transport=tcp" in summary


def test_one_of_the_two_always_takes_calls(site, heard):
    before = site.started()
    code, output = site.run(livekit_sip_logging_level="debug")
    assert code == 0, output[-6000:]
    after = site.started()
    assert all(was != now for was, now in zip(before, after, strict=True))
    hosts.wait_for(lambda: all(site.rings()))
    assert [pair for pair in heard if not any(pair)] == []
    assert [pair for pair in heard if not all(pair)], "no call met a host that was changing, so this proves nothing"


def test_a_second_run_changes_nothing(site):
    code, output = site.run(livekit_sip_logging_level="debug")
    assert code == 0, output[-6000:]
    assert "changed=0" in output and "changed=1" not in output, output[-3000:]


def test_an_image_that_exits_at_once_stops_at_the_first_host(site, heard):
    for host in (site.core, site.other):
        host.check_output('docker commit --change \'ENTRYPOINT ["livekit-sip", "--help"]\' livekit-sip broken/sip:1')
    before = site.started()
    code, output = site.run(livekit_sip_image="broken/sip:1", livekit_sip_image_archive="")
    assert code == 2, output[-3000:]
    assert "The previous container is running again" in output, output[-3000:]
    after = site.started()
    assert after[0] != before[0] and after[0].split()[0] == before[0].split()[0]
    assert after[1] == before[1]
    hosts.wait_for(lambda: all(site.rings()))
    assert [pair for pair in heard if not any(pair)] == []
