# SPDX-License-Identifier: GPL-3.0-or-later
"""No output contains a secret, and numbers that contain a four-digit PIN are not censored."""

from __future__ import annotations

import time

import pytest

from tests.support.playbook import Playbook

NUMBER = "+12025550123"
PIN = "5501"  # also part of the number
CANARIES = {
    "password": "canary-password-1",
    "header": "canary-header-2",
    "storage": "canary-storage-3",
    "token": "eyJ",
}


@pytest.fixture
def options():
    return {
        "inbound_trunks": [
            {
                "name": "t",
                "numbers": [NUMBER],
                "auth_username": "user",
                "auth_password": CANARIES["password"],
                "headers": {"X-Key": CANARIES["header"]},
            }
        ],
        "dispatch_rules": [
            {
                "name": "r",
                "trunks": ["t"],
                "direct": {"room_name": "lobby", "pin": PIN},
                "room_config": {"egress": {"tracks": {"filepath": "x", "s3": {"secret": CANARIES["storage"]}}}},
            }
        ],
    }


def assert_clean(text, api_secret):
    for canary in [*CANARIES.values(), api_secret]:
        assert canary not in text
    assert f'"{PIN}"' not in text
    assert f": {PIN}" not in text
    assert f"'{PIN}'" not in text


def test_no_secret_in_any_result(modules, options, livekit):
    created = modules.routing(**options)
    assert created["inbound_trunks"][0]["numbers"] == [NUMBER]
    assert created["inbound_trunks"][0]["auth_password"] == "<hidden>"
    assert created["dispatch_rules"][0]["direct"] == {"room_name": "lobby", "pin": "<hidden>"}
    modules.routing(check=True, return_all=True, **options)
    options["inbound_trunks"][0]["auth_password"] += "-new"
    options["dispatch_rules"][0]["direct"]["pin"] = "5502"
    changed = modules.routing(**options)
    assert changed["diff"]["after"]["inbound_trunks"]["t"] == {"auth_password": "<hidden, changed>"}
    assert changed["diff"]["after"]["dispatch_rules"]["r"] == {"direct": {"pin": "<hidden, changed>"}}
    trunk = modules.trunk(name="t", auth_password=CANARIES["password"], headers={"X-Key": CANARIES["header"]})
    assert trunk["trunk"]["numbers"] == [NUMBER]
    modules.dispatch(name="r", direct={"room_name": "lobby", "pin": PIN})
    for output in modules.outputs:
        assert_clean(output, livekit.api_secret)
        assert "********" not in output.replace('"api_secret": "********"', "")


@pytest.mark.parametrize("spoiled", ["timeout", "typo", "type", "conflict", "secret of the server", "url"])
def test_no_secret_in_any_failure(modules, options, livekit, spoiled):
    trunk = options["inbound_trunks"][0]
    if spoiled == "timeout":
        options["timeout"] = "soon"
    elif spoiled == "typo":
        trunk["numberz"] = trunk["numbers"]
    elif spoiled == "type":
        options["dispatch_rules"][0]["direct"]["pin"] = [PIN]
    elif spoiled == "conflict":
        options["inbound_trunks"].append({"name": "u", "numbers": [NUMBER]})
    elif spoiled == "secret of the server":
        modules.connection["api_secret"] = "another-secret-another-secret-another"
    else:
        modules.connection["url"] = "http://127.0.0.1:1"
        options["timeout"] = 1
    failed = modules.routing(**options)
    assert failed["failed"]
    assert_clean(modules.outputs[-1], livekit.api_secret)
    assert "another-secret" not in modules.outputs[-1]


@pytest.mark.one_server(reason="it is about what ansible-playbook prints")
def test_no_secret_at_vvv_with_diff(options, livekit, tmp_path):
    trunk = options["inbound_trunks"][0]
    tasks = [
        {"name": "Route", "telephony.livekit.livekit_sip_routing": options},
        {"name": "One of each", "telephony.livekit.livekit_sip_trunk": {**trunk, "metadata": "m"}},
        {"name": "Fail", "telephony.livekit.livekit_sip_trunk": {"id": "ST_no", **trunk}},
    ]
    _code, output = Playbook(livekit, tmp_path, tasks).run("-vvv", "--diff")
    assert "id: 'ST_no' is invalid: there is no inbound trunk with this id" in output, output
    assert NUMBER in output
    assert_clean(output, livekit.api_secret)


def test_no_secret_in_the_syslog_of_the_target(modules, options, livekit, monkeypatch):
    said = []
    monkeypatch.setattr("syslog.syslog", lambda *arguments: said.append(str(arguments)))
    monkeypatch.setattr("ansible.module_utils.basic.has_journal", False)
    modules.routing(**options)
    modules.trunk(**options["inbound_trunks"][0])
    modules.trunk(name="t", numberz=[NUMBER])
    assert_clean("".join(said), livekit.api_secret)


def test_a_password_changed_on_the_server_is_drift(livekit, modules, options):
    key = modules.routing(**options)["inbound_trunks"][0]["id"]
    changed = {"sip_trunk_id": key, "update": {"auth_password": "canary-other"}}
    assert livekit.twirp("SIP", "UpdateSIPInboundTrunk", changed)[0] == 200
    drift = modules.routing(check=True, **options)
    assert drift["diff"]["after"]["inbound_trunks"] == {"t": {"auth_password": "<hidden, changed>"}}
    assert "canary-other" not in modules.outputs[-1]


@pytest.mark.one_server(reason="it measures the modules' own time")
def test_thousands_of_secrets_cost_little_time(modules):
    """Ansible's own censoring takes quadratic time: it took 22 s for 10,000 secrets."""

    def seconds(**texts) -> float:
        trunks = [
            {
                "name": f"t{index}",
                "numbers": [f"+{index}"],
                **{name: f"{value}-{index}" for name, value in texts.items()},
            }
            for index in range(5_000)
        ]
        started = time.process_time()
        planned = modules.routing(check=True, inbound_trunks=trunks)
        assert len(planned["inbound_trunks"]) == 5_000
        assert planned["inbound_trunks"][1234]["numbers"] == ["+1234"]
        listed = modules.trunk(check=True, trunks=trunks)
        assert len(listed["trunks"]) == 5_000
        return time.process_time() - started

    assert seconds(auth_username="user", auth_password="password") < 2.5 * seconds(metadata="user")
    assert not any("password-" in output for output in modules.outputs[:2])
