# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of a newer server that this version does not know survive every change, an export and its import.

A proxy in front of the real server stores these fields.
"""

from __future__ import annotations

import json

import pytest

from tests.support.modules import run_and_repeat

ONE, TWO = "+12025550101", "+12025550102"
TRUNK = {"name": "t", "numbers": [ONE]}
RULE = {"name": "r", "trunks": ["t"], "individual": {"room_prefix": "call-"}}
NEW = {"field_of_tomorrow": {"aB": 1, "list": ["x"]}, "other_field": "text"}
NEW_MEDIA = {"mode_of_tomorrow": "MODE_ONE"}
HOLDERS = ("trunk", "dispatch_rule", "replace")


class NewerServer:
    """A fault that stores the new fields of each object under the object's id, and adds them to answers."""

    def __init__(self) -> None:
        self.kept: dict[str, dict] = {}

    def __call__(self, ask):
        took: list[dict] = []

        def change(request):
            took.extend(self.take(request[holder]) for holder in HOLDERS if isinstance(request.get(holder), dict))
            return request

        answer = ask(change)
        body = json.loads(answer.body)
        if took and identity(body):
            self.kept[identity(body)] = took[0]
        for stored in body.get("items", [body]):
            self.give(stored)
        answer.body = json.dumps(body).encode()
        return answer

    def take(self, sent: dict) -> dict:
        new = {name: sent.pop(name) for name in NEW if name in sent}
        media = {name: sent["media"].pop(name) for name in NEW_MEDIA if name in (sent.get("media") or {})}
        return {**new, **({"media": media} if media else {})}

    def give(self, stored: dict) -> None:
        for name, value in self.kept.get(identity(stored), {}).items():
            stored[name] = {**(stored.get("media") or {}), **value} if name == "media" else value


def identity(stored: dict) -> str:
    return stored.get("sip_trunk_id") or stored.get("sip_dispatch_rule_id") or ""


@pytest.fixture
def newer(proxy):
    server = NewerServer()
    proxy.spoil("", server, times=10_000)
    return server


OTHER = {**NEW, "media": NEW_MEDIA}


@pytest.fixture
def line(livekit, newer, spoilt):
    """A trunk and a rule whose new fields another tool has set."""
    spoilt.trunk(**TRUNK)
    spoilt.dispatch(**RULE)
    for rpc in ("ListSIPInboundTrunk", "ListSIPDispatchRule"):
        (stored,) = livekit.twirp("SIP", rpc)[1]["items"]
        newer.kept[identity(stored)] = OTHER
    return newer


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("trunk", {"name": "t", "numbers": [TWO]}),
        ("trunk", {**TRUNK, "media": {"media_timeout": "20s"}}),
        ("trunk", {**TRUNK, "metadata": "m", "media": {"encryption": "allow"}}),
        ("dispatch", {"name": "r", "trunks": ["t"], "direct": {"room_name": "x"}}),
        ("dispatch", {**RULE, "media": {"media_timeout": "20s"}}),
        (
            "routing",
            {
                "inbound_trunks": [{**TRUNK, "metadata": "m"}],
                "dispatch_rules": [{**RULE, "metadata": "m"}],
                "purge": True,
            },
        ),
    ],
)
def test_they_survive_a_change(line, spoilt, module, options):
    assert run_and_repeat(getattr(spoilt, module), **options)["changed"]
    assert [*line.kept.values()] == [OTHER, OTHER]


def test_they_are_exported_and_taken_back(livekit, line, spoilt):
    export = spoilt.run("livekit_sip_info")["export"]
    trunks, rules = export["livekit_routing_inbound_trunks"], export["livekit_routing_dispatch_rules"]
    assert trunks == [{**TRUNK, "other_fields": OTHER}]
    assert rules == [{**RULE, "other_fields": OTHER}]
    everything = {"inbound_trunks": trunks, "dispatch_rules": rules, "purge": True}
    assert not spoilt.routing(**everything)["changed"]
    livekit.flush()
    line.kept.clear()
    assert run_and_repeat(spoilt.routing, **everything)["changed"]
    assert [*line.kept.values()] == [OTHER, OTHER]


@pytest.mark.parametrize("field", NEW)
def test_as_an_option_each_is_an_error(line, spoilt, field):
    assert "changed" not in (failed := spoilt.trunk(**TRUNK, **{field: NEW[field]})) or not failed["changed"]
    assert failed["failed"] and field in failed["msg"]


def test_a_field_that_has_an_option_is_an_error_among_them(modules):
    failed = modules.trunk(**TRUNK, other_fields={"numbers": [TWO]})
    assert failed["failed"] and "other_fields" in failed["msg"] and "numbers" in failed["msg"]
