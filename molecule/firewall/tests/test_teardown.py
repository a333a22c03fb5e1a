# SPDX-License-Identifier: GPL-3.0-or-later
"""The state absent removes exactly what the role created."""

import pytest
from addresses import FAMILIES, HOSTS
from conftest import CLOSED, everywhere


@pytest.fixture(scope="module")
def gone(play):
    return play(livekit_firewall_state="absent")


@pytest.mark.parametrize("host", HOSTS)
def test_the_host_is_as_before(hosts, gone, host):
    """Compare the rules of all firewalls, the units, and every file below /etc and /usr/local."""
    assert gone[host]["failed"] == [] and gone[host]["changed"]
    before = hosts[host].check_output("cat /root/before").splitlines()
    assert len(before) > 100
    view = "iptables" if host == "nft" else "nft"  # the role installed nft on that host
    assert hosts[host].check_output(f"sh /opt/state.sh {view}").splitlines() == before
    assert "livekit" not in hosts[host].check_output("nft list tables")


def test_the_firewalls_in_charge_go_on(gone, look):
    heard = look()
    for family in FAMILIES:
        assert len(heard.pop(("nft", family))["outside"]) == 9
    assert heard == {pair: CLOSED for pair in everywhere() if pair[0] != "nft"}


def test_once_more_changes_nothing(gone, play):
    again = play("--check", livekit_firewall_state="absent")
    assert again == dict.fromkeys(HOSTS, {"changed": [], "failed": [], "said": []})
