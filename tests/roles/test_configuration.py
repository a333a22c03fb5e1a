# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles write is what livekit-server and livekit-sip read: every variable arrives, every key is known."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml
from ansible_collections.telephony.livekit.plugins.plugin_utils._turn_servers import turn_servers_without_login

from tests.images import build
from tests.roles import rendered
from tests.support.livekit import LiveKit, Process, free_port
from tests.support.stand_in import StandIn

ROLES = rendered.ROLES
# What is about the container and not in the program's configuration.
ABOUT_THE_CONTAINER = {
    *(
        "state",
        "image",
        "image_archive",
        "container_name",
        "user",
        "config_dir",
        "config_extra",
        "config_extra_accepted",
        "version",
    ),
    *("pids_limit", "keys", "keys_dir", "purge_data", "drain_timeout", "defer_change", "config_extra_strict"),
}
TLS = {"enabled": True, "server_name": "redis.example.com"}
REDIS = {"username": "livekit", "password": "of-another-redis", "tls": TLS, "pool_size": 20, "pool_timeout": "4s"}


def redis(files, **more):
    names = {"ca_cert_file": "ca.pem", "client_cert_file": "client.pem", "client_key_file": "client.key"}
    return {**REDIS, "tls": {**TLS, **{key: str(files / name) for key, name in names.items()}}, **more}


def cases(files):
    """All variables together; what excludes each other is in two cases."""
    sentinel = {
        "sentinel_master_name": "livekit",
        "sentinel_addresses": ["198.51.100.21:26379", "198.51.100.22:26379"],
        "sentinel_username": "watcher",
        "sentinel_password": "of-the-sentinels",
        "dial_timeout": 3000,
        "read_timeout": 300,
        "write_timeout": 400,
        "db": 3,
    }
    chosen = {"includes": ["eth0"], "excludes": ["docker0"]}
    one = {
        "livekit_server_port": 7890,
        "livekit_server_bind_addresses": ["127.0.0.1", "198.51.100.7"],
        "livekit_server_redis": redis(files, **sentinel),
        "livekit_server_rtc_node_ip": "198.51.100.8",
        "livekit_server_rtc_stun_servers": ["stun.example.com:3478"],
        "livekit_server_rtc_turn_servers": [
            {"host": "a.example.com", "port": 443, "protocol": "tls", "secret": "shared", "ttl": 600},
            {"host": "b.example.com", "port": 3478, "protocol": "udp", "username": "u", "credential": "c"},
        ],
        "livekit_server_rtc_tcp_port": 7891,
        "livekit_server_rtc_udp_port": "7892-7895",
        "livekit_server_rtc_use_ice_lite": True,
        "livekit_server_rtc_allow_tcp_fallback": False,
        "livekit_server_rtc_interfaces": chosen,
        "livekit_server_rtc_ips": {"includes": ["198.51.100.0/24"], "excludes": ["198.51.100.9/32"]},
        "livekit_server_room": {
            "auto_create": True,
            "empty_timeout": 60,
            "departure_timeout": 10,
            "max_participants": 4,
            "enable_remote_unmute": True,
            "enabled_codecs": [{"mime": "audio/opus", "fmtp_line": "useinbandfec=1"}],
            "room_configurations": {"support": {"empty_timeout": 30, "agents": [{"agent_name": "support"}]}},
        },
        "livekit_server_webhook": {"urls": ["https://example.com/hook"], "api_key": "automation"},
        "livekit_server_turn": {
            "enabled": True,
            "domain": "turn.example.com",
            "udp_port": 3478,
            "tls_port": 5349,
            "cert_file": str(files / "client.pem"),
            "key_file": str(files / "client.key"),
            "relay_range_start": 30000,
            "relay_range_end": 31000,
            "bind_addresses": ["127.0.0.1"],
            "ttl_seconds": 600,
        },
        "livekit_server_limit": {
            "num_tracks": 500,
            "bytes_per_sec": 1000000.0,
            "subscription_limit_audio": 5,
            "subscription_limit_video": 6,
            "max_metadata_size": 1000,
            "max_attributes_size": 1001,
            "max_room_name_length": 100,
            "max_participant_identity_length": 101,
            "max_participant_name_length": 102,
        },
        "livekit_server_node_selector": {
            "kind": "regionaware",
            "sort_by": "rooms",
            "algorithm": "twochoice",
            "cpu_load_limit": 0.7,
            "sysload_limit": 0.8,
            "regions": [{"name": "here", "lat": 44.1, "lon": -123.0}],
        },
        "livekit_server_region": "here",
        "livekit_server_prometheus": {"port": 6789, "username": "prometheus", "password": "of-prometheus"},
        "livekit_server_logging_level": "warn",
        "livekit_server_logging_json": True,
        "livekit_server_logging_pion_level": "warn",
        "livekit_sip_ws_url": "ws://198.51.100.7:7890",
        "livekit_sip_api_key": "APIother",
        "livekit_sip_api_secret": "other-0123456789abcdef0123456789abcdef",
        "livekit_sip_redis": redis(files, **sentinel),
        "livekit_sip_sip_port": 5070,
        "livekit_sip_sip_port_listen": 5071,
        "livekit_sip_listen_ip": "198.51.100.7",
        "livekit_sip_sip_hostname": "sip.example.com",
        "livekit_sip_tls": {
            "port": 5080,
            "port_listen": 5081,
            "certs": [{"cert_file": str(files / "client.pem"), "key_file": str(files / "client.key")}],
            "min_version": "tls1.2",
            "max_version": "tls1.3",
            "cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
            "alpn": [],
        },
        "livekit_sip_tcp_dial_port": "32000-32100",
        "livekit_sip_udp_max_payload": 1400,
        "livekit_sip_add_record_route": True,
        "livekit_sip_outbound_route_headers": ["<sip:proxy.example.com:5060;transport=tcp;lr>"],
        "livekit_sip_nat_1_to_1_ip": "198.51.100.8",
        "livekit_sip_media_nat_1_to_1_ip": "198.51.100.9",
        "livekit_sip_local_net": "198.51.100.0/24",
        "livekit_sip_rtp_port": "20000-20999",
        "livekit_sip_rtp_draining_idle_timeout": "20s",
        "livekit_sip_rtp_draining_duration": "5m",
        "livekit_sip_symmetric_rtp": True,
        "livekit_sip_ignore_local_addr_in_sdp": True,
        "livekit_sip_media_timeout": "10s",
        "livekit_sip_media_timeout_initial": "20s",
        "livekit_sip_enable_jitter_buffer": True,
        "livekit_sip_codecs": {"G722": False},
        "livekit_sip_audio_dtmf": True,
        "livekit_sip_sip_ringing_interval": "5s",
        "livekit_sip_hide_inbound_port": True,
        "livekit_sip_disable_rejected_invite_cache": True,
        "livekit_sip_max_active_calls": 500,
        "livekit_sip_max_cpu_utilization": 0.8,
        "livekit_sip_sip_trunk_ids": ["ST_example"],
        "livekit_sip_cluster_id": "here",
        "livekit_sip_health_port": 8086,
        "livekit_sip_prometheus_port": 8087,
        "livekit_sip_pprof_port": 8088,
        "livekit_sip_logging_level": "warn",
        "livekit_sip_logging_json": True,
    }
    cluster = {"cluster_addresses": ["198.51.100.21:6379"], "max_redirects": 3}
    other = {
        "livekit_server_redis": {**redis(files, **cluster), "tls": {"enabled": True, "insecure": True}},
        "livekit_server_rtc_use_external_ip": True,
        "livekit_server_rtc_skip_external_ip_validation": True,
        "livekit_server_rtc_advertise_internal_ip": True,
        "livekit_server_rtc_external_ip_only": True,
        "livekit_server_rtc_stun_servers": ["127.0.0.1:1"],
        "livekit_server_rtc_udp_port": "",
        "livekit_server_rtc_port_range_start": 50000,
        "livekit_server_rtc_port_range_end": 60000,
        "livekit_server_turn": {"enabled": True, "domain": "turn.example.com", "tls_port": 5349, "external_tls": True},
        "livekit_sip_redis": {**redis(files, **cluster), "tls": {"enabled": True, "insecure": True}},
        "livekit_sip_use_external_ip": True,
        "livekit_sip_media_use_external_ip": True,
    }
    plain = {
        "livekit_server_redis": {"address": "198.51.100.21:6379"},
        "livekit_sip_redis": {"address": "198.51.100.21:6379"},
        "livekit_server_config_extra": {"rtc": {"congestion_control": {"enabled": False}}, "psrpc": {"timeout": "1s"}},
        "livekit_sip_config_extra": {"jaeger_url": "jaeger:4318", "logging": {"sample": True}},
    }
    plain |= {
        "livekit_redis_appendfsync": "always",
        "livekit_redis_save": [],
        "livekit_redis_config_extra": {"maxmemory": "100mb", "rename-command": ['FLUSHALL ""', 'KEYS ""']},
    }
    newest = {
        "livekit_server_version": build.NEWER_API,
        "livekit_server_rtc_turn_servers": [
            {"host": "a.example.com", "port": 443, "protocol": "tls", "secret": "shared"},
            {"host": "c.example.com", "port": 443, "protocol": "tls", "credentials_file": str(files / "client.pem")},
        ],
        "livekit_server_room": {"enable_full_room_in_webhooks": True},
        "livekit_server_turn": {
            "enabled": True,
            "domain": "turn.example.com",
            "tls_port": 5349,
            "external_tls": True,
            "per_user_relay_allocation_limit": 3,
            "proxy_protocol": True,
            "proxy_protocol_trusted_cidrs": ["198.51.100.7/32"],
        },
        "livekit_server_limit": {
            "max_api_request_body_size": 1000000,
            "signal_message_size_limit": 1000001,
            "agent_signal_message_size_limit": 1000002,
        },
        "livekit_server_agents_endpoints_disabled": True,
        "livekit_server_config_extra": {"agents": {"target_load": 0.5}},
    }
    inherited = {"livekit_server_redis": {"address": "198.51.100.21:6379", "password": "of-another-redis"}}
    return {"one": one, "other": other, "plain": plain, "newest": newest, "inherited": inherited, "defaults": {}}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name in ("ca.pem", "client.pem", "client.key"):
        (folder / name).write_text(f"the text of {name}\n")
    return folder


@pytest.fixture(scope="module")
def outcomes(files, tmp_path_factory):
    return rendered.render(cases(files), tmp_path_factory.mktemp("rendered"))


NAMES = ("one", "other", "plain", "newest", "inherited", "defaults")


def options(role):
    spec = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())
    return spec["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("role", ["livekit_server", "livekit_sip"])
def test_every_variable_is_in_a_case(role, files):
    """So that a new variable cannot be forgotten in the tests below."""
    given = {}
    for case in cases(files).values():
        for name, value in case.items():
            given.setdefault(name, set()).update(value if isinstance(value, dict) else ())
    missing = []
    for name, option in options(role).items():
        if name.removeprefix(f"{role}_") in ABOUT_THE_CONTAINER:
            continue
        if name not in given:
            missing.append(name)
        if option["type"] == "dict":
            missing += [f"{name}.{key}" for key in set(option.get("options", {})) - given.get(name, set())]
    assert missing == []


def leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    else:
        yield path, value


def wanted(role, variables):
    """What must be in the configuration: a variable is named after the path of its key."""
    for name, value in variables.items():
        key = name.removeprefix(f"{role}_")
        if name.startswith(role) and key not in ABOUT_THE_CONTAINER:
            yield from leaves(value, key)


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize(("role", "program"), [("livekit_server", "server"), ("livekit_sip", "sip")])
def test_every_variable_arrives_under_its_key(outcomes, files, case, role, program):
    there = {path.replace(".", "_"): value for path, value in leaves(outcomes[case].config(program))}
    there["webhook_api_key"] = next(
        (p for p in rendered.PAIRS if rendered.PAIRS[p]["api_key"] == there.get("webhook_api_key")), ""
    )
    beside = json.loads(outcomes[case].files[f"{program}.json"])
    wrong = []
    for path, value in wanted(role, cases(files)[case]):
        key = path.replace(".", "_")
        if path.endswith("_file"):
            copied = beside[Path(there[key]).name]
            wrong += [path] if copied != Path(value).read_text() else []
        elif path == "tls.certs":
            for place, pair in zip(there[key], value, strict=True):
                wrong += [path for end in pair if beside[Path(place[end]).name] != Path(pair[end]).read_text()]
        elif key == "rtc_turn_servers":
            for server, given in zip(there[key], value, strict=True):
                if "credentials_file" in given:
                    copied = beside[Path(server["credentials_file"]).name]
                    assert server["credentials_file"].startswith("/etc/livekit/")
                    wrong += [path] if copied != Path(given["credentials_file"]).read_text() else []
                wrong += [path] if {**server, "credentials_file": 0} != {**given, "credentials_file": 0} else []
        elif value == "":
            wrong += [path] if there.get(key) else []
        elif there.get(key) != value:
            wrong.append(f"{path}: {there.get(key)!r} and not {value!r}")
    assert wrong == []


def said_about(config, folder, version=""):
    """What livekit-server says about a configuration. Its exit code says nothing in most versions."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [build.binary("livekit-server", version), "ports", "--config", path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


@pytest.mark.parametrize("case", NAMES)
def test_livekit_server_knows_every_key(outcomes, files, tmp_path, case):
    version = cases(files)[case].get("livekit_server_version", "")
    config = outcomes[case].config("server")
    config["rtc"]["use_external_ip"] = False  # or it asks a STUN server, for seconds
    assert "TCP Ports" in said_about(config, tmp_path, version)
    assert "could not parse config" in said_about({**config, "rooms": {}}, tmp_path, version)


SINCE = yaml.safe_load((ROLES / "livekit_server" / "vars" / "main" / "since.yml").read_text())["livekit_server_since"]


@pytest.mark.parametrize("key", SINCE)
def test_the_tested_livekit_server_does_not_know_a_newer_key(tmp_path, key):
    """And the newest does. Without a value, since that is not what it is about."""
    config = None
    for step in reversed(key.split(".")):
        config = {step.removesuffix("[]"): [config] if step.endswith("[]") else config}
    config = {**config, "keys": {"API": "0123456789abcdef0123456789abcdef"}}
    assert f"field {key.rpartition('.')[2]} not found" in said_about(config, tmp_path)
    assert "TCP Ports" in said_about(config, tmp_path, build.NEWER_API)


def test_endpoints_of_agents_are_off_where_livekit_server_has_them(outcomes):
    written = outcomes["newest"].config("server")["agents"]
    assert written == {"endpoints": {"disabled": True}, "target_load": 0.5}
    for config, status in (({"agents": written}, 404), ({}, 503)):
        with LiveKit(redis=False, version=build.NEWER_API, config=config) as livekit:
            assert requests.get(f"{livekit.url}/agents/an-agent/production/route", timeout=5).status_code == status


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"secret": " "},
        {"secret": "s"},
        {"username": "u"},
        {"username": "u", "credential": "c"},
        {"username": "u", "secret": "s"},
        {"credentials_file": "turn.yml"},
        {"username": "u", "credentials_file": "turn.yml"},
    ],
    ids=str,
)
def test_livekit_server_judges_a_turn_server_as_the_role_does(tmp_path, login):
    """Without a Redis it ends in any case, after it has judged its TURN servers."""
    file = tmp_path / "turn.yml"
    file.write_text("username: u\ncredential: c\n")
    file.chmod(0o640)
    server = {"host": "turn.example.com", "port": 443, "protocol": "tls", **login}
    if "credentials_file" in login:
        server["credentials_file"] = str(file)
    config = {
        "keys": {"API": "0123456789abcdef0123456789abcdef"},
        "redis": {"address": "127.0.0.1:1"},
        "rtc": {"turn_servers": [server], "node_ip": "127.0.0.1", "use_external_ip": False},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    command = [build.binary("livekit-server", build.NEWER_API), "--config", tmp_path / "config.yaml"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    refused = "no usable credentials" in run.stdout + run.stderr
    assert refused == (turn_servers_without_login([server]) == ["turn.example.com"])
    assert refused or "redis" in run.stdout + run.stderr


@pytest.fixture(scope="module")
def livekit():
    with LiveKit() as livekit:
        yield livekit


@pytest.mark.parametrize("case", NAMES)
def test_livekit_sip_knows_every_key(outcomes, livekit, case):
    """The stand-in has livekit-sip's keys and refuses all others. What belongs to this machine is left out."""
    config = outcomes[case].config("sip")
    here = ("redis", "api_key", "api_secret", "ws_url", "sip_port", "sip_port_listen", "health_port", "listen_ip")
    stand_in = StandIn(livekit, {key: value for key, value in config.items() if key not in here})
    if case == "other":
        del stand_in.config["nat_1_to_1_ip"]
    stand_in.config["rtp_port"] = f"{free_port()}-32000"
    with stand_in:
        assert stand_in.health() == "200 OK"


@pytest.mark.parametrize(
    ("case", "wanted"),
    {
        "defaults": {"appendfsync": "everysec", "save": "3600 1 300 100 60 10000"},
        "plain": {"appendfsync": "always", "save": "", "maxmemory": "104857600"},
    }.items(),
)
def test_redis_writes_as_the_variables_say(outcomes, tmp_path, case, wanted):
    """A real Redis, with a password of every kind of character."""
    config, port = tmp_path / "redis.conf", free_port()
    config.write_text(outcomes[case].files["redis.yaml"].replace("dir /data", f"dir {tmp_path}") + f"port {port}\n")
    server = Process([shutil.which("redis-server"), str(config)], tmp_path / "redis-server.log")

    def said(*words):
        password = rendered.GIVEN["livekit_redis_password"]
        command = ["redis-cli", "--no-raw", "-p", str(port), "--no-auth-warning", "-a", password, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    try:
        server.wait_until(lambda: said("PING") == "PONG")
        for name, value in {
            **wanted,
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
        }.items():
            assert said("CONFIG", "GET", name) == f'1) "{name}"\n2) "{value}"'
        assert ("unknown command" in said("KEYS", "*")) == (case == "plain")
    finally:
        server.stop()


def test_livekit_sip_takes_the_redis_of_its_server(outcomes, files):
    assert outcomes["inherited"].config("sip")["redis"] == cases(files)["inherited"]["livekit_server_redis"]
    assert outcomes["defaults"].config("sip")["redis"] == rendered.OWN_REDIS
    assert outcomes["defaults"].config("server")["redis"] == rendered.OWN_REDIS


def test_the_roles_agree_about_every_port():
    """internal_host and the firewall name the other roles' defaults, which they cannot see."""
    text = "".join(path.read_text() for path in ROLES.glob("*/**/*.yml"))
    wrong = []
    for role in ("livekit_redis", "livekit_server", "livekit_sip", "livekit_agent"):
        for name, option in options(role).items():
            if not name.endswith("_port") or option["type"] == "dict":
                continue
            said = {part.partition(")")[0].strip("'\"") for part in text.split(f"{name} | default(")[1:]}
            wrong += [
                f"{name} is {option['default']}, not {other}" for other in said - {str(option["default"]), "0, true"}
            ]
    assert wrong == []


def test_both_roles_say_the_same_about_redis():
    assert (
        options("livekit_server")["livekit_server_redis"]["options"]
        == options("livekit_sip")["livekit_sip_redis"]["options"]
    )
