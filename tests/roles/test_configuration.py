# SPDX-License-Identifier: GPL-3.0-or-later
"""livekit-server and livekit-sip read what the roles write: every variable sets its key, and every key is known."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import options_of
from ansible_collections.telephony.livekit.plugins.plugin_utils._turn_servers import turn_servers_without_login

from tests.images import build
from tests.roles import rendered
from tests.roles.variables import ABOUT_THE_CONTAINER, cases
from tests.support.livekit import LiveKit, Process, free_port
from tests.support.stand_in import StandIn

ROLES = rendered.ROLES


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


def leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    else:
        yield path, value


def wanted(role, variables):
    """Yield what the configuration must contain: a variable is named after the path of its key."""
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
    """Return livekit-server's output for a configuration. In most versions, the exit code does not show errors."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [build.binary("livekit-server", version), "ports", "--config", path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


@pytest.mark.parametrize("case", NAMES)
def test_livekit_server_knows_every_key(outcomes, files, tmp_path, case):
    version = cases(files)[case].get("livekit_server_version", "")
    config = outcomes[case].config("server")
    config["rtc"]["use_external_ip"] = False  # true would query a STUN server for seconds
    assert "TCP Ports" in said_about(config, tmp_path, version)
    assert "could not parse config" in said_about({**config, "rooms": {}}, tmp_path, version)


SINCE = yaml.safe_load((ROLES / "livekit_server" / "vars" / "main" / "since.yml").read_text())["livekit_server_since"]


@pytest.mark.parametrize("key", SINCE)
def test_the_tested_livekit_server_does_not_know_a_newer_key(tmp_path, key):
    """The newest version knows the key, which is null here, since only its name matters."""
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
    """Without Redis, livekit-server always exits, but it checks its TURN servers first."""
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
    """The stand-in knows livekit-sip's keys and refuses all others. Keys that depend on the machine are left out."""
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
    """A real Redis reads the file, whose password contains every kind of character."""
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
    """internal_host and livekit_firewall repeat the defaults of other roles, which they cannot read."""
    text = "".join(path.read_text() for path in ROLES.glob("*/**/*.yml"))
    wrong = []
    for role in ("livekit_redis", "livekit_server", "livekit_sip", "livekit_agent"):
        for name, option in options_of(role).items():
            if not name.endswith("_port") or option["type"] == "dict":
                continue
            said = {part.partition(")")[0].strip("'\"") for part in text.split(f"{name} | default(")[1:]}
            wrong += [
                f"{name} is {option['default']}, not {other}" for other in said - {str(option["default"]), "0, true"}
            ]
    assert wrong == []


def test_both_roles_say_the_same_about_redis():
    assert (
        options_of("livekit_server")["livekit_server_redis"]["options"]
        == options_of("livekit_sip")["livekit_sip_redis"]["options"]
    )
