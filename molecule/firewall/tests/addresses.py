# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of the hosts and the caller, as in inventory/ and prepare.yml."""

HOSTS = {"nft": 145, "ufw": 146, "firewalld": 147, "chain": 148}
FAMILIES = {"IPv4": "198.51.100.{}", "IPv6": "2001:db8:51:128::{}"}

SIGNALLING = {"IPv4": "198.51.100.137", "IPv6": "2001:db8:51:128:a::1"}
MEDIA = {"IPv4": "198.51.100.141", "IPv6": "2001:db8:51:128:b::1"}
OUTSIDE = {"IPv4": "198.51.100.150", "IPv6": "2001:db8:51:128:c::1"}
SIGNALLING_NETWORK = {"IPv4": "198.51.100.136/30", "IPv6": "2001:db8:51:128:a::/80"}
ANOTHER_IN_SIGNALLING = "198.51.100.138"


def address(host, family):
    return FAMILIES[family].format(HOSTS[host])
