# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of all ports on which the programs of this collection's roles listen.

The firewall, reservations, checks, the summary and alerts read this table, so a new port needs only one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from ansible_collections.telephony.livekit.plugins.module_utils import _values

# Returns the value of a variable by name, from the inventory or from the defaults of its role.
Get = Callable[[str], object]
ALL_ADDRESSES = ["0.0.0.0"]


@dataclass(frozen=True)
class Entry:
    role: str
    # The variable that sets the port, for messages.
    variable: str
    # The variable's value. 0 and an empty string mean that the port is off.
    value: Callable[[Get], object]
    protocol: str
    # The firewall rule to which the port belongs.
    opening: str
    # The variable with the addresses to which the port is bound; an empty string means all addresses.
    bound_to: str = ""
    hint: str = ""
    # The value that the firewall protects although the port is off.
    standby: str = ""


def _plain(name: str) -> Callable[[Get], object]:
    return lambda get: get(name)


def _key(name: str, key: str) -> Callable[[Get], object]:
    return lambda get: _mapping(get(name)).get(key) or 0


def _turn(key: str) -> Callable[[Get], object]:
    return lambda get: _enabled(get).get(key) or 0


def _mapping(value) -> Mapping:
    return value if isinstance(value, Mapping) else {}


def _enabled(get: Get) -> Mapping:
    turn = _mapping(get("livekit_server_turn"))
    return turn if str(turn.get("enabled", False)).lower() in ("true", "yes", "on", "1") else {}


def _sip_tls(get: Get) -> object:
    tls = _mapping(get("livekit_sip_tls"))
    return (tls.get("port_listen") or tls.get("port") or 5061) if tls else 0


def _rtc_range(get: Get) -> object:
    first, last = get("livekit_server_rtc_port_range_start"), get("livekit_server_rtc_port_range_end")
    return f"{first}-{last}" if _is_on(first) and _is_on(last) else 0


def _relays(get: Get) -> object:
    turn = _enabled(get)
    return f"{turn.get('relay_range_start') or 30000}-{turn.get('relay_range_end') or 40000}" if turn else 0


_SERVER, _SIP = "livekit_server_bind_addresses", "livekit_sip_listen_ip"
TABLE = (
    Entry(
        *(
            "livekit_redis",
            "livekit_redis_port",
            _plain("livekit_redis_port"),
            "tcp",
            "redis",
            "livekit_redis_bind_address",
        ),
        hint="Or use that Redis, with livekit_server_redis and an empty group livekit_redis.",
    ),
    Entry("livekit_server", "livekit_server_port", _plain("livekit_server_port"), "tcp", "api", _SERVER),
    Entry("livekit_server", "livekit_server_rtc_tcp_port", _plain("livekit_server_rtc_tcp_port"), "tcp", "api"),
    Entry("livekit_server", "livekit_server_rtc_udp_port", _plain("livekit_server_rtc_udp_port"), "udp", "webrtc"),
    Entry(
        "livekit_server",
        "livekit_server_rtc_port_range_start and livekit_server_rtc_port_range_end",
        *(_rtc_range, "udp", "webrtc"),
    ),
    Entry(
        *("livekit_server", "livekit_server_prometheus.port", _key("livekit_server_prometheus", "port"), "tcp"),
        *("monitoring", _SERVER),
    ),
    Entry("livekit_server", "livekit_server_turn.udp_port", _turn("udp_port"), "udp", "turn_udp"),
    Entry("livekit_server", "livekit_server_turn.tls_port", _turn("tls_port"), "tcp", "turn_tls"),
    Entry(
        "livekit_server",
        "livekit_server_turn.relay_range_start and livekit_server_turn.relay_range_end",
        *(_relays, "udp", "turn_udp"),
    ),
    Entry(
        "livekit_sip",
        "livekit_sip_sip_port",
        lambda get: (
            get("livekit_sip_sip_port_listen")
            if _is_on(get("livekit_sip_sip_port_listen"))
            else get("livekit_sip_sip_port")
        ),
        *("any", "sip", _SIP),
    ),
    Entry("livekit_sip", "livekit_sip_tls.port", _sip_tls, "tcp", "sip", _SIP, standby="5061"),
    Entry("livekit_sip", "livekit_sip_rtp_port", _plain("livekit_sip_rtp_port"), "udp", "rtp"),
    # The source ports of livekit-sip's own connections. The firewall allows the responses.
    Entry("livekit_sip", "livekit_sip_tcp_dial_port", _plain("livekit_sip_tcp_dial_port"), "tcp", ""),
    Entry("livekit_sip", "livekit_sip_health_port", _plain("livekit_sip_health_port"), "tcp", "monitoring"),
    Entry("livekit_sip", "livekit_sip_prometheus_port", _plain("livekit_sip_prometheus_port"), "tcp", "monitoring"),
    Entry("livekit_sip", "livekit_sip_pprof_port", _plain("livekit_sip_pprof_port"), "tcp", "monitoring"),
    Entry("livekit_agent", "livekit_agent_health_port", _plain("livekit_agent_health_port"), "tcp", "monitoring"),
)
ROLES = tuple(dict.fromkeys(entry.role for entry in TABLE))


def _is_on(value) -> bool:
    return str(value if value is not None else "") not in ("", "0")


def in_use(get: Get, roles: Iterable[str], unresolved: type[Exception] | tuple = ()) -> list[dict]:
    """The active ports of some roles, with their properties. The string `ports` may be invalid.

    An entry whose variables raise `unresolved` is omitted.
    """
    found = []
    for entry in TABLE:
        if entry.role not in roles:
            continue
        try:
            value = entry.value(get)
            addresses = _values.listed(get(entry.bound_to)) if entry.bound_to else ALL_ADDRESSES
        except unresolved:
            continue
        if _is_on(value):
            found.append(
                {
                    "role": entry.role,
                    "variable": entry.variable,
                    "ports": str(value),
                    "protocol": entry.protocol,
                    "opening": entry.opening,
                    "addresses": addresses,
                    "hint": entry.hint,
                }
            )
    return found


def of_opening(opening: str, get: Get, roles: Iterable[str]) -> list:
    """The ports that belong to a firewall rule: numbers, and ranges as strings."""
    found = []
    for entry in TABLE:
        value = entry.value(get)
        value = value if _is_on(value) else entry.standby
        if entry.opening == opening and entry.role in roles and value:
            single = _values.port(value)
            found.append(str(value) if single is None else single)
    return list(dict.fromkeys(found))


def malformed(ports: Iterable[Mapping]) -> list[str]:
    return [f"{port['variable']} is '{port['ports']}'" for port in ports if _values.ports(port["ports"]) is None]


def overlaps(ports: Iterable[Mapping]) -> list[str]:
    """One sentence for each pair of ports that conflict."""
    return [
        f"{one['variable']} ({one['ports']}) and {other['variable']} ({other['ports']}) overlap"
        for one, other in combinations(ports, 2)
        if (one["protocol"] == other["protocol"] or "any" in (one["protocol"], other["protocol"]))
        and (first := _values.ports(one["ports"]))
        and (second := _values.ports(other["ports"]))
        and first.overlaps(second)
    ]


def foreign_owners(ports: Iterable[Mapping], seen: Mapping, container: str, host: str) -> list[str]:
    """One sentence for each port that another program uses. `seen` has the sockets' owners and the running containers.

    The owner of a socket is not always visible. If it is not, the socket is assumed to belong to the role's container,
    provided that this container is running. A container whose replacement was interrupted by a power cut also belongs
    to the role.
    """
    ours = {container, f"{container}-previous"}
    found = [
        _owner_sentence(port, owner, host)
        for port in ports
        for owner in seen["owners"]
        if _values.port(port["ports"]) == owner["port"]
        and port["protocol"] in ("any", owner["protocol"])
        and _meet(port["addresses"], owner["address"])
        and owner["container"] not in ours
        and (owner["program"] or not ours.intersection(seen["containers"]))
    ]
    return list(dict.fromkeys(found))


def _meet(addresses: list, address: str) -> bool:
    return address in addresses or bool({"0.0.0.0", "::", ""}.intersection([address, *addresses]))


def _owner_sentence(port: Mapping, owner: Mapping, host: str) -> str:
    parts = [
        f"{port['variable']} is {port['ports']}, but on {host} {owner['protocol']} port {owner['port']} belongs to",
        owner["program"] or "another program",
        f"(process {owner['pid']})" if owner["pid"] else "",
        f"in the container {owner['container']}" if owner["container"] else "",
    ]
    sentence = " ".join(filter(None, parts))
    return f"{sentence}. Stop that program or set {port['variable']} to a free port. {port['hint']}".strip()


def roles_of(host_groups: Iterable[str], role: str = "") -> list[str]:
    """The roles that run on a host: those whose group contains the host, or all roles if no group does."""
    here = [name for name in ROLES if name in host_groups]
    return list(dict.fromkeys([*here, role] if role else here)) or list(ROLES)
