# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unusual forms of addresses, networks, ports and durations."""

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _values as values
from ansible_collections.telephony.livekit.plugins.test.all_addresses import all_addresses
from ansible_collections.telephony.livekit.plugins.test.ip_address import ip_address
from ansible_collections.telephony.livekit.plugins.test.network import network
from ansible_collections.telephony.livekit.plugins.test.private_address import private_address


@pytest.mark.parametrize("text", ["198.51.100.1", "2001:db8::1", "::", "1:2:3:4:5:6:7::", "::ffff:198.51.100.1"])
def test_an_address(text):
    assert ip_address(text)
    assert network(text)


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.1/32",
        "999.999.999.999",
        "1.2",
        "01.2.3.4",
        "1:2:3",
        ":1:2:3",
        "2001:db8::1:",
        " 198.51.100.1",
        "fe80::1%eth0",
    ]
    + [
        "",
        "host.example.com",
        "[2001:db8::1]",
        "198.51.100.1:5060",
        5,
        3232235777,
        None,
        True,
        ["198.51.100.1"],
        "１98.51.100.1",
    ],
)
def test_not_an_address(text):
    assert not ip_address(text)


@pytest.mark.parametrize(
    "text", ["198.51.100.0/24", "198.51.100.7/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "198.51.100.1/32"]
)
def test_a_network(text):
    assert network(text)


@pytest.mark.parametrize(
    "text",
    ["10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255", "198.51.100.0/33", "2001:db8::/129", "1.2/99", "198.51.100.0/024"]
    + [
        "198.51.100.0/",
        "198.51.100.0/ 24",
        "198.51.100.0/+24",
        "198.51.100.0/24/24",
        "01.2.3.4",
        "1:2:3",
        0,
        None,
        "fe80::%1/64",
    ],
)
def test_not_a_network(text):
    assert not network(text)


def test_versions():
    assert ip_address("198.51.100.1", 4) and not ip_address("198.51.100.1", 6)
    assert network("2001:db8::/32", version=6) and not network("2001:db8::/32", version=4)


@pytest.mark.parametrize("value", [1, 5060, "5060", 65535])
def test_a_port(value):
    assert values.port(value) == int(value)


@pytest.mark.parametrize(
    "value", [0, "0", 65536, -1, "05060", "5060.0", 5060.0, "+5060", " 5060", "5060\n", "sip", "", None, True, [5060]]
)
def test_not_a_port(value):
    assert values.port(value) is None


@pytest.mark.parametrize("value", ["10000-20000", "1-65535"])
def test_a_range(value):
    assert str(values.port_range(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        "20000-10000",
        "10000-10000",
        "0-100",
        "10000-65536",
        "10000-",
        "-10000",
        "10000 - 20000",
        "1-2-3",
        10000,
        "",
        None,
    ],
)
def test_not_a_range(value):
    assert values.port_range(value) is None


def test_ports_that_overlap():
    assert values.ports("10000-20000").overlaps(values.ports(20000))
    assert not values.ports("10000-20000").overlaps(values.ports("20001-20002"))
    assert values.ports("5060-5050") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    {"15s": 15, "1m30s": 90, "500ms": 0.5, "-1s": -1, "1.5h": 5400, "+.5s": 0.5, "1µs": 1e-6}.items(),
)
def test_a_duration(text, seconds):
    assert values.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["15", 15, "s", "15 s", "1m 30s", "15S", "1d", "--1s", "", "-", None, "1e3s", "15s\n"]
)
def test_not_a_duration(value):
    assert values.duration(value) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("198.51.100.0/24, 2001:db8::/32", ["198.51.100.0/24", "2001:db8::/32"]), (5060, [5060]), ("", []), (None, [])]
    + [(["a"], ["a"]), ("a,", ["a"]), (("a", "b"), ["a", "b"])],
)
def test_a_list(value, wanted):
    assert values.listed(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    {
        "10.1.2.3": True,
        "100.64.0.1": True,
        "100.128.0.1": False,
        "172.31.255.255": True,
        "172.32.0.1": False,
        "198.51.100.7": False,
    }.items()
    | {
        "192.168.0.0/16": True,
        "192.0.0.0/8": False,
        "0.0.0.0/0": False,
        "169.254.1.1": True,
        "127.0.0.1": True,
        "": False,
    }.items(),
)
def test_a_private_address(value, wanted):
    assert private_address(value) is wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    {"0.0.0.0/0": True, "::/0": True, "198.51.100.7/0": True, "0.0.0.0": False, "::": False}.items()
    | {"0.0.0.0/1": False, "0.0.0.0/00": False, "": False, None: False}.items(),
)
def test_a_network_of_all_addresses(value, wanted):
    assert all_addresses(value) is wanted
