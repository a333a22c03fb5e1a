# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall survives reloads, restarts, removal by hand and a reboot. The tests build on each other."""

import pytest
from addresses import HOSTS
from conftest import PROVIDER_ONLY, everywhere, together

from tests.support.hosts import reboot, wait_for

RELOADS = {
    "nft": "systemctl reload-or-restart nftables",
    "ufw": "ufw reload",
    "firewalld": "firewall-cmd --reload",
    "chain": "systemctl reload nftables",
}
RESTARTS = {
    "nft": "systemctl restart nftables",
    "ufw": "ufw disable; ufw --force enable",
    "firewalld": "systemctl restart firewalld",
    "chain": "systemctl restart nftables",
}


def still_filtered(hosts, look):
    """Check the collection's table too: ufw and firewalld alone would already allow only the provider."""
    assert look() == everywhere(PROVIDER_ONLY)
    for host in hosts.values():
        assert "sip_dropped" in host.check_output("nft list table inet livekit")
        assert host.check_output("systemctl is-active livekit-firewall") == "active"


@pytest.mark.parametrize("commands", [RELOADS, RESTARTS], ids=["reload", "restart"])
def test_the_firewall_in_charge_reloads(hosts, look, commands):
    together(lambda host: hosts[host].check_output(f"timeout 60 sh -c '{commands[host]}'"), ((host,) for host in HOSTS))
    still_filtered(hosts, look)


@pytest.mark.parametrize(
    "command", ["nft flush ruleset", "nft delete table inet livekit", "nft flush table inet livekit"]
)
def test_removed_by_hand_it_is_there_again_at_once_and_the_log_says_so(hosts, look, command):
    host = hosts["nft"]
    said = "journalctl --quiet --output cat --unit livekit-firewall-guard"
    before = host.run(said).stdout.count("It is loaded again")
    host.check_output(command)
    wait_for(lambda: "sip_dropped" in host.run("nft list chain inet livekit input").stdout, pause=0.05)
    still_filtered(hosts, look)
    assert host.check_output(said).count("It is loaded again") == before + 1


def test_the_hosts_reboot(hosts, look):
    together(lambda host: reboot(f"livekit-firewall-{host}"), ((host,) for host in HOSTS))
    for host in HOSTS:
        wait_for(lambda host=host: hosts[host].run("ss -Hlnu sport = 10100").stdout)
    still_filtered(hosts, look)


def test_docker_does_not_start_without_it(hosts):
    host, table = hosts["nft"], "/etc/livekit/firewall.nft"
    host.check_output(f"cp {table} /root/kept; echo nonsense >> {table}; nft delete table inet livekit")
    assert host.run("timeout 60 systemctl restart docker").rc != 0
    assert host.run("systemctl is-active docker").stdout.strip() != "active"

    host.check_output(f"cat /root/kept > {table}; systemctl reset-failed docker; timeout 60 systemctl restart docker")
    assert "sip_dropped" in host.check_output("nft list table inet livekit")
