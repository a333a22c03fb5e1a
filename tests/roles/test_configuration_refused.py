# SPDX-License-Identifier: GPL-3.0-or-later
"""Contradictory or incomplete variables are refused with a message that names them; unusual ones cause a warning.

All cases are hosts in one run. test_bad_input.py has more cases, some of them against all of site.yml.
"""

from __future__ import annotations

import pytest

from tests.roles import rendered

TLS = {"enabled": True}
SERVER_1_13_7 = "registry.example.com/livekit-server:v1.13.7"
CANARY = "canary-0123456789abcdef"
REFUSED = {
    "two ways to redis": (
        {"livekit_server_redis": {"address": "a.example.com:6379", "cluster_addresses": ["b.example.com:6379"]}},
        "livekit_server_redis gives address and cluster_addresses",
    ),
    "no way to redis": ({"livekit_server_redis": {"password": "p"}}, "livekit_server_redis gives no address"),
    "sentinel without its master": (
        {"livekit_server_redis": {"sentinel_addresses": ["a.example.com:26379"]}},
        "livekit_server_redis.sentinel_addresses and livekit_server_redis.sentinel_master_name must be set together",
    ),
    "sentinel user without password": (
        {
            "livekit_sip_redis": {
                "sentinel_addresses": ["a.example.com:26379"],
                "sentinel_master_name": "m",
                "sentinel_username": "u",
            }
        },
        "livekit_sip_redis.sentinel_username is 'u', without a password",
    ),
    "sentinel password alone": (
        {"livekit_server_redis": {"address": "a.example.com:6379", "sentinel_password": "p"}},
        "livekit_server_redis.sentinel_password is set without",
    ),
    "database of a cluster": (
        {"livekit_server_redis": {"cluster_addresses": ["a.example.com:6379"], "db": 2}},
        "livekit_server_redis.db is 2",
    ),
    "tls that is off": (
        {"livekit_server_redis": {"address": "a.example.com:6379", "tls": {"server_name": "b"}}},
        "livekit_server_redis.tls has server_name, but is not enabled",
    ),
    "client certificate without key": (
        {
            "livekit_server_redis": {
                "address": "a.example.com:6379",
                "tls": {**TLS, "client_cert_file": "/etc/hostname"},
            }
        },
        "livekit_server_redis.tls.client_cert_file and livekit_server_redis.tls.client_key_file must be set together",
    ),
    "a ca that is not there": (
        {"livekit_server_redis": {"address": "a.example.com:6379", "tls": {**TLS, "ca_cert_file": "/nowhere/ca.pem"}}},
        "livekit_server_redis.tls names /nowhere/ca.pem",
    ),
    "a misspelt key of redis": (
        {"livekit_server_redis": {"adress": "a.example.com:6379"}},
        "livekit_server_redis.adress",
    ),
    "node ip and stun": (
        {"livekit_server_rtc_node_ip": "198.51.100.8", "livekit_server_rtc_use_external_ip": True},
        "livekit_server_rtc_node_ip is 198.51.100.8 and livekit_server_rtc_use_external_ip is true",
    ),
    "stun options without stun": (
        {"livekit_server_rtc_external_ip_only": True},
        "livekit_server_rtc_external_ip_only does nothing without livekit_server_rtc_use_external_ip",
    ),
    "a port and a range": (
        {"livekit_server_rtc_port_range_start": 50000, "livekit_server_rtc_port_range_end": 60000},
        "livekit_server_rtc_port_range_start and livekit_server_rtc_udp_port are both set",
    ),
    "half a range": (
        {"livekit_server_rtc_udp_port": "", "livekit_server_rtc_port_range_start": 50000},
        "livekit_server_rtc_port_range_end must be set together",
    ),
    "rooms that nobody makes": (
        {"livekit_server_room": {"auto_create": False}},
        "livekit_server_room.auto_create is false",
    ),
    "a webhook without a key": (
        {"livekit_server_webhook": {"urls": ["https://example.com"]}},
        "livekit_server_webhook needs urls and api_key",
    ),
    "a webhook that is no url": (
        {"livekit_server_webhook": {"urls": ["example.com"], "api_key": "automation"}},
        "livekit_server_webhook.urls has example.com",
    ),
    "turn without a certificate": (
        {"livekit_server_turn": {"enabled": True, "tls_port": 5349, "domain": "turn.example.com"}},
        "livekit_server_turn.tls_port needs livekit_server_turn.cert_file",
    ),
    "turn over rtp": (
        {
            "livekit_server_turn": {
                "enabled": True,
                "udp_port": 3478,
                "relay_range_start": 15000,
                "relay_range_end": 16000,
            }
        },
        "livekit_server_turn.relay_range_end (15000-16000) and livekit_sip_rtp_port (10000-20000) overlap",
    ),
    "metrics with half a login": (
        {"livekit_server_prometheus": {"port": 6789, "username": "u"}},
        "livekit_server_prometheus.username and livekit_server_prometheus.password must be set together",
    ),
    "metrics on the agent's port": (
        {"livekit_sip_prometheus_port": 7881},
        "livekit_server_rtc_tcp_port (7881) and livekit_sip_prometheus_port (7881) overlap",
    ),
    "a value of the role in the extra": (
        {"livekit_server_config_extra": {"rtc": {"tcp_port": 1}}},
        "livekit_server_config_extra changes a value in rtc",
    ),
    "less than no time for calls to end": (
        {"livekit_sip_drain_timeout": -1},
        "livekit_sip_drain_timeout is -1. Give a number of seconds, or 0",
    ),
    "no process": ({"livekit_sip_pids_limit": 0}, "livekit_sip_pids_limit: 0 is invalid: the program itself needs one"),
    "memory without a unit": (
        {"livekit_agent_memory_limit": "2", "livekit_agent_image": "demo", "only": "livekit_agent"},
        "livekit_agent_memory_limit: 2 is invalid: it has no unit",
    ),
    "more calls than ports": (
        {"livekit_sip_rtp_port": "10000-10100", "livekit_sip_max_active_calls": 52},
        "livekit_sip_rtp_port 10000-10100 has 51 even ports",
    ),
    "an address and stun": (
        {"livekit_sip_nat_1_to_1_ip": "198.51.100.8", "livekit_sip_use_external_ip": True},
        "livekit_sip_nat_1_to_1_ip is 198.51.100.8 and livekit_sip_use_external_ip is true",
    ),
    "how long without a unit": ({"livekit_sip_media_timeout": "15"}, "livekit_sip_media_timeout is '15'"),
    "a certificate that is not there": (
        {"livekit_sip_tls": {"certs": [{"cert_file": "/nowhere/a.pem", "key_file": "/nowhere/a.key"}]}},
        "livekit_sip_tls.certs names /nowhere/a.pem, /nowhere/a.key",
    ),
    "livekit cloud": (
        {"livekit_sip_ws_url": "wss://example.livekit.cloud"},
        "livekit_sip_ws_url is wss://example.livekit.cloud, but LiveKit Cloud does not accept your own livekit-sip",
    ),
    "one port for a range": ({"livekit_sip_rtp_port": 10000}, "livekit_sip_rtp_port is '10000'"),
    "a text for a port": (
        {"livekit_sip_health_port": "eighty"},
        "livekit_sip_health_port: 'eighty' is invalid. Give a whole",
    ),
    "a text for a mapping": (
        {"livekit_server_redis": "redis.example.com:6379"},
        "livekit_server_redis: its value is invalid. Give a mapping",
    ),
    "a number for a duration": ({"livekit_sip_media_timeout": 15}, "livekit_sip_media_timeout is '15'"),
    "a list for a mapping": ({"livekit_sip_codecs": []}, "livekit_sip_codecs: a list is invalid"),
    "a text for a list inside": (
        {"livekit_server_webhook": {"urls": "https://example.com", "api_key": "automation"}},
        "livekit_server_webhook.urls: 'https://example.com' is invalid. Give a list",
    ),
    "an address that is none": ({"livekit_sip_listen_ip": "999.999.999.999"}, "livekit_sip_listen_ip is"),
    "a network that is none": ({"livekit_sip_local_net": "1.2/99"}, "livekit_sip_local_net is '1.2/99'"),
    "a password in the address of redis": (
        {"livekit_server_redis": {"address": f"redis://:{CANARY}@198.51.100.1:6379/0"}},
        "livekit_server_redis.address: its value is invalid: it is not host:port",
    ),
    "a password after the address of redis": (
        {"livekit_sip_redis": {"cluster_addresses": ["198.51.100.1:6379", f"198.51.100.1:6379:{CANARY}"]}},
        "livekit_sip_redis.cluster_addresses: its value is invalid",
    ),
    "a password in a url": (
        {"livekit_sip_ws_url": f"https://user:{CANARY}@livekit.example.com"},
        "livekit_sip_ws_url is 'https://***@livekit.example.com'",
    ),
    "an unknown key of a livekit-sip whose keys are known": (
        {"livekit_sip_image": "registry.example.com/sip:v1.10.0", "livekit_sip_config_extra": {"session_timers": {}}},
        "livekit_sip_config_extra contains session_timers",
    ),
    "a slip of the pen for a later livekit-sip": (
        {"livekit_sip_image": "registry.example.com/sip:v1.17.0", "livekit_sip_config_extra": {"max_active_cals": 5}},
        "livekit_sip_config_extra contains max_active_cals",
    ),
    "an unknown key that is refused for all": (
        {
            "livekit_sip_image": "registry.example.com/sip:v1.17.0",
            "livekit_sip_config_extra": {"session_timers": {}},
            "livekit_sip_config_extra_strict": True,
        },
        "livekit_sip_config_extra contains session_timers",
    ),
    "an unknown key beside an accepted one": (
        {
            "livekit_sip_image": "registry.example.com/sip:v1.11.0",
            "livekit_sip_config_extra": {"session_timers": {}, "other_thing": 1},
            "livekit_sip_config_extra_accepted": "session_timers",
        },
        "livekit_sip_config_extra contains other_thing,",
    ),
    "a key in the extra that an older livekit-server does not know": (
        {
            "livekit_server_image": SERVER_1_13_7,
            "livekit_server_config_extra": {"agents": {"endpoints": {"max_streams": 5}}},
        },
        "livekit_server_config_extra.agents.endpoints (from 1.13.8) is invalid: livekit-server 1.13.7 does not know it",
    ),
    "a variable's key that an older livekit-server does not know": (
        {
            "livekit_server_image": "registry.example.com/livekit-server:v1.13.5",
            "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": False},
        },
        "livekit_server_turn.proxy_protocol (from 1.13.7) is invalid: livekit-server 1.13.5 does not know it",
    ),
    "a credentials file for an older livekit-server": (
        {
            "livekit_server_image": SERVER_1_13_7,
            "livekit_server_rtc_turn_servers": [
                {"host": "a.example.com", "port": 443, "protocol": "tls", "credentials_file": "/etc/hostname"}
            ],
        },
        "livekit_server_rtc_turn_servers[].credentials_file (from 1.13.11) is invalid",
    ),
    "a newer key of a livekit-server whose version is given": (
        {
            "livekit_server_image": "registry.example.com/livekit-server@sha256:" + "0" * 64,
            "livekit_server_version": "1.13.5",
            "livekit_server_limit": {"max_api_request_body_size": 1000},
        },
        "livekit_server_limit.max_api_request_body_size (from 1.13.6) is invalid",
    ),
    "endpoints of agents on an older livekit-server": (
        {"livekit_server_image": SERVER_1_13_7, "livekit_server_agents_endpoints_disabled": False},
        "livekit_server_agents_endpoints_disabled: false is invalid: livekit-server 1.13.7 does not have such",
    ),
    "a key that the image is too old for, whatever its tag says": (
        {
            "livekit_server_image": "docker.io/livekit/livekit-server:v1.13.11",
            "livekit_docker_images": {"livekit/livekit-server:v1.13.11": "sha256:5"},
            "livekit_docker_versions": {"sha256:5": "1.13.5"},
            "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": False},
        },
        "livekit_server_turn.proxy_protocol (from 1.13.7) is invalid: livekit-server 1.13.5 does not know it",
    ),
    "a key that the given version does not have, whatever the image says": (
        {
            "livekit_server_image": "registry.example.com/livekit-server:latest",
            "livekit_server_version": "1.13.5",
            "livekit_docker_images": {"registry.example.com/livekit-server:latest": "sha256:11"},
            "livekit_docker_versions": {"sha256:11": "1.13.11"},
            "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": False},
        },
        "livekit_server_turn.proxy_protocol (from 1.13.7) is invalid: livekit-server 1.13.5 does not know it",
    ),
    "an unknown key of a livekit-sip that says its version": (
        {
            "livekit_sip_image": "registry.example.com/sip@sha256:" + "0" * 64,
            "livekit_docker_images": {"registry.example.com/sip@sha256:" + "0" * 64: "sha256:10"},
            "livekit_docker_versions": {"sha256:10": "1.10.0"},
            "livekit_sip_config_extra": {"session_timers": {}},
        },
        "livekit_sip_config_extra contains session_timers",
    ),
    "a version of two numbers": ({"livekit_server_version": "1.13"}, "livekit_server_version: '1.13' is invalid"),
    "a version of livekit-sip that is none": ({"livekit_sip_version": "new"}, "livekit_sip_version: 'new' is invalid"),
    "a turn server without credentials": (
        {
            "livekit_server_rtc_turn_servers": [
                {"host": "a.example.com", "port": 443, "protocol": "tls", "username": "u"}
            ]
        },
        "livekit_server_rtc_turn_servers: a.example.com is invalid: it has no credentials",
    ),
    "a turn server without credentials in the extra": (
        {
            "livekit_server_config_extra": {
                "rtc": {"turn_servers": [{"host": "a.example.com", "port": 443, "protocol": "tls"}]}
            }
        },
        "livekit_server_rtc_turn_servers: a.example.com is invalid: it has no credentials",
    ),
    "a credentials file that is not there": (
        {
            "livekit_server_version": "1.13.11",
            "livekit_server_rtc_turn_servers": [
                {"host": "a.example.com", "port": 443, "protocol": "tls", "credentials_file": "/nowhere/a.yml"}
            ],
        },
        "/nowhere/a.yml: the controller has no such file",
    ),
    "a proxy that is not a network": (
        {
            "livekit_server_turn": {
                "enabled": True,
                "udp_port": 3478,
                "proxy_protocol_trusted_cidrs": ["198.51.100.0/24", "198.51.100.7"],
            }
        },
        "livekit_server_turn.proxy_protocol_trusted_cidrs: 198.51.100.7 is invalid",
    ),
    "compressed messages and a livekit-sip that cannot read them": (
        {
            "livekit_sip_image": "registry.example.com/sip:v1.11.0",
            "livekit_server_config_extra": {"psrpc": {"compression": {"quality": 5}}},
        },
        "livekit_server_config_extra.psrpc.compression: quality 5 is invalid",
    ),
    "compressed messages and a livekit-sip of an unknown version": (
        {
            "livekit_sip_image": "registry.example.com/sip:latest",
            "livekit_server_config_extra": {"psrpc": {"compression": {"quality": 5}}},
        },
        "livekit-sip is of an unknown version",
    ),
    "redis on all interfaces": ({"livekit_redis_bind_address": "0.0.0.0"}, "livekit_redis_bind_address is '0.0.0.0'"),
    "a snapshot without a number": ({"livekit_redis_save": ["hourly"]}, "livekit_redis_save contains hourly"),
}

OWNER = {"port": 5060, "protocol": "udp", "address": "0.0.0.0", "pid": "77", "program": "asterisk", "container": ""}
SEEN = {"owners": [], "containers": [], "synchronised": True}
LOOKED = {
    "another sip server": (
        {**SEEN, "owners": [OWNER]},
        "livekit_sip_sip_port is 5060, but on another-sip-server udp port 5060 belongs to asterisk (process 77)",
    ),
    "another container": (
        {**SEEN, "owners": [{**OWNER, "container": "pbx"}], "containers": ["pbx"]},
        "asterisk (process 77) in the container pbx",
    ),
    "a program that cannot be seen": (
        {**SEEN, "owners": [{**OWNER, "pid": None, "program": ""}]},
        "belongs to another program",
    ),
    "another redis": (
        {**SEEN, "owners": [{**OWNER, "port": 6379, "protocol": "tcp", "program": "redis-server"}]},
        "belongs to redis-server (process 77). Stop that program or set livekit_redis_port to a free port. Or use that",
    ),
}
LOOKED["a full disk"] = (
    {**SEEN, "free_space": {"/var/lib/docker": 511, "/etc/livekit": 90000}},
    "The disk of a-full-disk is nearly full: /var/lib/docker with 511 MiB free, and livekit_docker_free_space is 512.",
)
FINE = {
    "our own": {**SEEN, "owners": [{**OWNER, "program": "livekit-sip", "container": "livekit-sip"}]},
    "our own, unseen": {
        **SEEN,
        "owners": [{**OWNER, "pid": None, "program": ""}],
        "containers": ["livekit-sip"],
    },
    "space enough": {**SEEN, "free_space": {"/var/lib/docker": 512}},
    "another address": {
        **SEEN,
        "owners": [{**OWNER, "port": 6379, "protocol": "tcp", "address": "198.51.100.9", "program": "redis-server"}],
    },
    "another protocol": {**SEEN, "owners": [{**OWNER, "port": 7882, "protocol": "tcp"}]},
}

NOT_REFUSED = {
    "a newer key of a livekit-server of an unknown version": {
        "livekit_server_image": "registry.example.com/livekit-server:latest",
        "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": True},
        "livekit_server_agents_endpoints_disabled": False,
    },
    "a key of its version": {
        "livekit_server_image": "registry.example.com/livekit-server:v1.13.8@sha256:" + "0" * 64,
        "livekit_server_config_extra": {"webtransport": {}, "psrpc": {"compression": {"threshold": 5}}},
        "livekit_server_agents_endpoints_disabled": False,
    },
    "a key of the version that the image says": {
        "livekit_server_image": "registry.example.com/livekit-server:v1.13.5",
        "livekit_docker_images": {"registry.example.com/livekit-server:v1.13.5": "sha256:11"},
        "livekit_docker_versions": {"sha256:11": "1.13.11"},
        "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": False},
    },
    "a key of the tag's version, of an image that says none": {
        "livekit_server_image": "registry.example.com/livekit-server:v1.13.7",
        "livekit_docker_images": {"registry.example.com/livekit-server:v1.13.7": "sha256:0"},
        "livekit_docker_versions": {"sha256:0": ""},
        "livekit_server_turn": {"enabled": True, "udp_port": 3478, "proxy_protocol": False},
    },
    "an accepted key": {
        "livekit_sip_image": "registry.example.com/sip:v1.11.0",
        "livekit_sip_config_extra": {"session_timers": {}},
        "livekit_sip_config_extra_accepted": ["session_timers"],
    },
    "an accepted key that is close to a known one, where all others are refused": {
        "livekit_sip_image": "registry.example.com/sip:v1.17.0",
        "livekit_sip_config_extra": {"max_active_calls_out": 5},
        "livekit_sip_config_extra_accepted": ["max_active_calls_out"],
        "livekit_sip_config_extra_strict": True,
    },
    "compressed messages and a livekit-sip that may read them": {
        "livekit_sip_image": "registry.example.com/sip:v1.17.0",
        "livekit_server_config_extra": {"psrpc": {"compression": {"quality": 5}}},
    },
    "compression that is off": {
        "livekit_sip_image": "registry.example.com/sip:v1.10.0",
        "livekit_server_config_extra": {"psrpc": {"compression": {"quality": 0}}},
    },
    "a livekit-sip whose version is given": {
        "livekit_sip_image": "registry.example.com/sip:latest",
        "livekit_sip_version": "v1.17.0",
        "livekit_server_config_extra": {"psrpc": {"compression": {"quality": 5}}},
    },
}
WARNED = {
    "an unknown key, which the default livekit-sip may know": (
        {"livekit_sip_config_extra": {"session_timers": {}}},
        "livekit_sip_config_extra contains session_timers, which livekit-sip 1.10 and 1.11 do not know",
    ),
}

PEERS = {"livekit_firewall_signalling_networks": ["192.0.2.0/24"]}
FROM_ELSEWHERE = "leave from 198.51.100.7"
OTHER_ADDRESS = {
    "the second address of the interface": {"livekit_sip_nat_1_to_1_ip": "198.51.100.70", **PEERS},
    "the address of another interface": {"livekit_sip_nat_1_to_1_ip": "203.0.113.7", **PEERS},
    "the address of another interface, for everybody": {"livekit_sip_nat_1_to_1_ip": "203.0.113.7"},
}
SAME_ADDRESS = {
    "the address of the default route": {"livekit_sip_nat_1_to_1_ip": "198.51.100.7", **PEERS},
    "peers in the network of another interface": {
        "livekit_sip_nat_1_to_1_ip": "203.0.113.7",
        "livekit_firewall_signalling_networks": "203.0.113.64/26",
    },
    "listening on the address that is called": {
        "livekit_sip_nat_1_to_1_ip": "203.0.113.7",
        "livekit_sip_listen_ip": "203.0.113.7",
        **PEERS,
    },
    "the address of a nat": {"livekit_sip_nat_1_to_1_ip": "192.0.2.7", **PEERS},
    "an address that stun servers tell": {"livekit_sip_use_external_ip": True, **PEERS},
}


PRIVATE = {"livekit_sip_nat_1_to_1_ip": "10.0.0.7"}
UNREACHABLE = {
    "a private address and the whole internet": PRIVATE,
    "a private address and a public peer": PRIVATE | PEERS,
    "a private address and a public peer besides": PRIVATE
    | {"livekit_firewall_signalling_networks": "10.0.0.0/8, 192.0.2.0/24"},
}
REACHABLE = {
    "a private address and private peers": PRIVATE
    | {"livekit_firewall_signalling_networks": ["10.0.0.0/8", "172.16.0.0/12"]},
    "a private address and private peers in a text": PRIVATE
    | {"livekit_firewall_signalling_networks": "10.0.0.0/8, 172.16.0.0/12"},
}


def name(case):
    return "".join(letter if letter.isalnum() else "-" for letter in case)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refused")
    cases = {name(case): variables for case, (variables, _unused) in (REFUSED | WARNED).items()}
    cases |= {name(case): {**variables} for case, variables in NOT_REFUSED.items()}
    looked = {case: seen for case, (seen, _unused) in LOOKED.items()} | FINE
    cases |= {name(case): {"internal_host_looked": seen, "only": concerned(seen)} for case, seen in looked.items()}
    cases |= {name(case): probed(seen) for case, (seen, _unused) in CLOCKS.items()}
    cases |= {
        name(case): variables | {"only": "livekit_sip"}
        for case, variables in (OTHER_ADDRESS | SAME_ADDRESS | UNREACHABLE | REACHABLE).items()
    }
    for variables in cases.values():
        variables.setdefault("only", "_".join(next(iter(variables)).split("_")[:2]))
    return rendered.render(cases, folder)


def concerned(seen):
    """Return the role that owns the port."""
    ports = [owner["port"] for owner in seen["owners"]] or [6379]
    return {5060: "livekit_sip", 6379: "livekit_redis", 7882: "livekit_server"}[ports[0]]


CLOCKS = {
    "ahead": ({"time": 90, "synchronised": True}, "seconds ahead of the controller's"),
    "behind": ({"time": -90, "synchronised": True}, "seconds behind the controller's"),
    "nobody keeps it": ({"time": 0, "synchronised": False}, "the clock of nobody-keeps-it is not synchronised"),
    "right": ({"time": 0, "synchronised": True}, None),
    "memory that is not promised": (
        {"time": 0, "synchronised": True, "overcommit": 0},
        "vm.overcommit_memory is 0 on memory-that-is-not-promised",
    ),
    "memory that is promised": ({"time": 0, "synchronised": True, "overcommit": 1}, None),
    "not to be known": ({"time": 0, "synchronised": None}, None),
}


def probed(seen):
    """Return the variables of a host that the first role of a run has probed."""
    return {
        "internal_host_probe": {**SEEN, **seen, "time": f"{{{{ now().timestamp() + {seen['time']} }}}}"},
        "internal_host_looked": None,
        "only": "livekit_redis",
    }


@pytest.mark.parametrize("case", REFUSED | LOOKED)
def test_refused_by_name(outcomes, case):
    _unused, told = (REFUSED | LOOKED)[case]
    outcome = outcomes[name(case)]
    assert told in outcome.failure, outcome.failure or "it passed"
    assert outcome.files == {}
    # The failure does not contain the whole argument specification.
    assert len(outcome.failure) < 2000


def test_no_secret_is_shown(outcomes):
    assert CANARY not in outcomes["output"]


@pytest.mark.parametrize("case", NOT_REFUSED)
def test_not_refused(outcomes, case):
    assert outcomes[name(case)].files, outcomes[name(case)].failure
    assert "Warning: livekit_sip_config_extra" not in outcomes[name(case)].warnings


@pytest.mark.parametrize("case", WARNED)
def test_what_may_be_right_is_a_warning(outcomes, case):
    outcome = outcomes[name(case)]
    assert outcome.files, outcome.failure
    assert WARNED[case][1] in " ".join(outcome.warnings.split())


@pytest.mark.parametrize("case", OTHER_ADDRESS)
def test_answers_that_leave_from_another_address_are_a_warning(outcomes, case):
    outcome = outcomes[name(case)]
    assert outcome.files, outcome.failure
    called = OTHER_ADDRESS[case]["livekit_sip_nat_1_to_1_ip"]
    assert FROM_ELSEWHERE in outcome.warnings and called in outcome.warnings


@pytest.mark.parametrize("case", SAME_ADDRESS)
def test_answers_that_leave_from_the_address_that_is_called_are_right(outcomes, case):
    outcome = outcomes[name(case)]
    assert outcome.files, outcome.failure
    assert "leave from" not in outcome.warnings


@pytest.mark.parametrize("case", UNREACHABLE | REACHABLE)
def test_a_private_address_is_a_warning_unless_all_peers_are_private(outcomes, case):
    outcome = outcomes[name(case)]
    assert outcome.files, outcome.failure
    assert ("is 10.0.0.7, a private address" in outcome.warnings) == (case in UNREACHABLE)


@pytest.mark.parametrize("case", FINE)
def test_a_port_that_is_ours_or_no_concern_of_ours(outcomes, case):
    assert outcomes[name(case)].files, outcomes[name(case)].failure


@pytest.mark.parametrize("case", CLOCKS)
def test_a_wrong_clock_or_too_little_memory_is_a_warning(outcomes, case):
    outcome, told = outcomes[name(case)], CLOCKS[case][1]
    assert outcome.files, outcome.failure
    assert (told in outcome.warnings) if told else ("Warning" not in outcome.warnings)
