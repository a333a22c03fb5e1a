# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that the firewall allows and drops on each host, over IPv4 and IPv6."""

import json
import shlex
from pathlib import Path

import pytest
from addresses import ANOTHER_IN_SIGNALLING, FAMILIES, HOSTS, OUTSIDE, SIGNALLING, SIGNALLING_NETWORK, address
from conftest import ANY_SOURCE, PROVIDER_ONLY, everywhere, together

from tests.support import sip
from tests.support.hosts import wait_for


def test_the_provider_gets_through_and_nobody_else(look):
    """Only SIP answers the signalling networks, and only the first and last RTP ports answer the media networks."""
    assert look() == everywhere(PROVIDER_ONLY)


@pytest.fixture(scope="module")
def calls(caller, hosts):
    """Calls placed by sipp: {(host, family, source, From host): answers}."""

    def call(host, family, source, from_host):
        bracket = "[{}]" if family == "IPv6" else "{}"
        target = bracket.format(address(host, family))
        return sip.call(caller, source, target, "+12025550100", from_host=from_host, seconds=1)

    wanted = []
    for host, family in everywhere():
        wanted += [(host, family, SIGNALLING[family], SIGNALLING[family])]
        wanted += [(host, family, OUTSIDE[family], text) for text in (SIGNALLING[family], SIGNALLING_NETWORK[family])]
    return together(call, wanted)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", HOSTS)
def test_a_call_from_the_provider_rings(calls, host, family):
    assert calls[host, family, SIGNALLING[family], SIGNALLING[family]] == ["180 Ringing"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", HOSTS)
def test_a_stranger_hears_nothing(calls, drops, host, family):
    """A provider address or network in From, which satisfies a trunk's allowed_addresses, does not help."""
    assert calls[host, family, OUTSIDE[family], SIGNALLING[family]] == []
    assert calls[host, family, OUTSIDE[family], SIGNALLING_NETWORK[family]] == []


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_dropped_is_counted(caller, drops, host):
    before = drops(host)
    caller.check_output(f"python3 /opt/probe.py look {address(host, 'IPv4')} {OUTSIDE['IPv4']}")
    after = drops(host)
    grown = {name for name in after if after[name] > before[name]}
    assert grown == {"sip_dropped", "rtp_dropped", "internal_dropped"}


@pytest.mark.parametrize("family", FAMILIES)
def test_new_calls_are_limited_and_open_ones_go_on(caller, drops, family):
    """Of 60 calls and 60 connections at once, 20 pass, plus 5 per second. 60 simultaneous BYE requests all pass."""

    def flood(source, count):
        return json.loads(caller.check_output(f"python3 /opt/probe.py flood {address('nft', family)} {source} {count}"))

    before = drops("nft")["new_calls_dropped"]
    answered = flood(SIGNALLING[family], 60)
    let_in = answered["calls"] + answered["connections"]
    assert answered["others"] == 60
    assert 15 <= let_in <= 20 + 5 * (answered["seconds"] + 1)
    # At least this many, since a dropped SYN is sent again.
    assert drops("nft")["new_calls_dropped"] - before >= 120 - let_in > 0
    if family == "IPv4":
        another = flood(ANOTHER_IN_SIGNALLING, 1)
        assert [another[kind] for kind in ("calls", "others", "connections")] == [1, 1, 1]


def test_docker_keeps_its_rules(hosts):
    host = hosts["nft"]
    before, now = (
        host.check_output(f"{read} | grep '^[:-].*\\(DOCKER\\|docker0\\)'")
        for read in ("cat /root/before", "sh /opt/state.sh iptables")
    )
    assert "-A FORWARD -j DOCKER-USER" in now
    assert now == before


def let_nobody_in_at_the_chain(host):
    """Flush the collection's chain, which the guard restores at once, then delete our rule in the operator's chain."""
    host.check_output("nft flush chain inet livekit input")
    wait_for(lambda: "counter name" in host.check_output("nft list chain inet livekit input"))
    ours = "nft --handle list chain inet filter input | sed -n 's/.*telephony.livekit.* handle //p'"
    delete = f"{ours} | xargs nft delete rule inet filter input handle"
    # Hold the lock of the script that the guard runs, because the script would add this rule again.
    host.check_output(f"flock /etc/livekit/firewall.sh sh -c {shlex.quote(delete)}")


@pytest.fixture(scope="module")
def spoiled(hosts, play, look):
    """Open two hosts to any source, change rules on the other two by hand, then run the role again."""
    opened = play("--limit=livekit-firewall-nft,livekit-firewall-firewalld", livekit_firewall_any_source=True)
    hosts["ufw"].check_output("ufw delete allow proto udp from 198.51.100.140/30 to any port 10000:10100")
    hosts["ufw"].check_output("nft delete element inet livekit sip_ipv6 '{ 2001:db8:51:128:a::/80 }'")
    let_nobody_in_at_the_chain(hosts["chain"])
    broken = look()
    return {"opened": opened, "broken": broken, "again": play(), "mended": look()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("host", ["nft", "firewalld"])
def test_any_source_opens_and_warns(spoiled, host, family):
    assert spoiled["broken"][host, family] == ANY_SOURCE
    assert "livekit_firewall_any_source is true" in "".join(spoiled["opened"][host]["said"])


def test_changes_by_hand_had_an_effect(spoiled):
    assert all(spoiled["broken"][pair] != PROVIDER_ONLY for pair in everywhere())


def test_the_next_run_mends_them(spoiled):
    assert spoiled["again"]["ufw"]["changed"] == ["Apply the changes"]
    assert spoiled["again"]["chain"]["changed"] == ["Apply the changes"]
    assert spoiled["mended"] == everywhere(PROVIDER_ONLY)


@pytest.fixture(scope="module")
def checks(play):
    """The results of check runs with different variables."""
    networks = "{{ livekit_firewall_known.telnyx.%s_networks }}"
    given = {
        "no chain": ("chain", {"livekit_firewall_foreign_chains": []}),
        "another chain": ("chain", {"livekit_firewall_foreign_chains": ["inet filter nowhere"]}),
        "old data": (
            "nft",
            {
                "livekit_firewall_provider": "telnyx",
                "livekit_firewall_providers_extra": {"telnyx": {"verified": "2024-01"}},
                "livekit_firewall_signalling_networks": networks % "signalling",
                "livekit_firewall_media_networks": networks % "media",
            },
        ),
    }

    def check(what):
        host, variables = given[what]
        return play("--check", f"--limit=livekit-firewall-{host}", **variables)[host]

    return {what: result for (what,), result in together(check, ((what,) for what in given)).items()}


def test_a_chain_that_drops_is_named(checks):
    [failure] = checks["no chain"]["failed"]
    assert "inet filter input" in failure and "livekit_firewall_foreign_chains" in failure


def test_a_chain_that_is_missing_is_named(checks):
    [failure] = checks["another chain"]["failed"]
    assert "inet filter nowhere" in failure


PROBE = Path(__file__).resolve().parents[3] / "plugins/module_utils/_firewall_probe.py"
# The module calls the probe through Ansible, which is not available in this namespace.
PRINT_WHAT_IT_SEES = """
import subprocess

def run(argv, given):
    done = subprocess.run(argv, input=given, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr

wanted = {"ruleset": "", "openings": [], "chains": [], "mark": "0x1", "files": []}
print(json.dumps(probe(wanted, run)))
"""
CHAIN = "nft add table inet t; nft add chain inet t c '{ type filter hook input priority 0; }'; nft add rule inet t c"


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        ("iptables -P INPUT DROP", ["ip filter INPUT"]),
        ("ip6tables -A INPUT -m comment --comment last -j REJECT", ["ip6 filter INPUT"]),
        ("iptables -A INPUT -p tcp --dport 22 -j DROP", []),
        (f"{CHAIN} counter log reject", ["inet t c"]),
        (f"{CHAIN} ip saddr 198.51.100.1 drop", []),
    ],
)
def test_whatever_drops_by_default_is_seen(hosts, rules, closed):
    """The rules are in a separate network namespace."""
    command = f"{rules}; python3 -c {shlex.quote(PROBE.read_text() + PRINT_WHAT_IT_SEES)}"
    seen = json.loads(hosts["nft"].check_output(f"unshare --net sh -c {shlex.quote(command)}"))
    assert seen["closed"] == closed


def test_data_of_a_provider_are_warned_of(checks):
    said = checks["old data"]["said"]
    assert len(said) == 2
    assert "are unverified" in said[0] and "https://sip.telnyx.com" in said[0]
    assert "2024-01, over a year ago" in said[1]
