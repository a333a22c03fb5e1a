# SPDX-License-Identifier: GPL-3.0-or-later
"""A real livekit-server refuses an object: the failure names the option, and lists what the run has written."""

from __future__ import annotations

import json

import pytest

from tests.support.proxy import answers, cut_after, without
from tests.support.versions import newer_in

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
TRUNK = {"name": "t", "numbers": [ONE]}
RULE = {"name": "r", "trunks": ["t"], "individual": {}}


def failed(result, code, *words):
    assert result.get("failed"), result
    assert result["failure"]["code"] == code
    for word in words:
        assert word in result["msg"]
    assert "report" not in result["msg"]
    return result


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"media": {"codecs": [{"name": "G722"}, {"name": "PCMU/8000", "rate": 8000}]}},
            ["media.codecs.name: 'PCMU/8000' is invalid: the server says: ", "must not contain '/'"],
        ),
        ({"media": {"codecs": [{"name": "PC MU"}]}}, ["media.codecs is invalid: the server says: "]),
        ({"headers_to_attributes": {"X A": "b"}}, ["headers_to_attributes: 'X A' is invalid: the server says: "]),
        ({"attributes_to_headers": {"b": "X A"}}, ["attributes_to_headers: 'X A' is invalid: the server says: "]),
        ({"headers": {"X-A": "b\nc"}}, ["headers: 'X-A' is invalid: the server says: "]),
        (
            {"headers": {"X-A": "b" * 2000}, "headers_to_attributes": {"X-A": "x"}},
            ["headers: 'X-A' is invalid: the server says: ", "too long"],
        ),
    ],
)
@pytest.mark.parametrize("there", [False, True])
def test_a_value_that_the_server_refuses_is_named(modules, there, options, words):
    if there:
        modules.trunk(**TRUNK)
    failed(modules.trunk(**TRUNK, **options), "invalid_argument", "inbound trunk 't'", *words)


def test_the_object_of_many_that_the_server_refuses_is_named(modules):
    trunks = [{"name": f"t{digit}", "numbers": [f"+1202555010{digit}"]} for digit in range(8)]
    trunks[5]["headers_to_attributes"] = {"X A": "b"}
    result = failed(
        modules.trunk(trunks=trunks), "invalid_argument", "inbound trunk 't5': headers_to_attributes: 'X A'"
    )
    assert result["changed"]
    assert sorted(action["name"] for action in result["actions"]) == ["t0", "t1", "t2", "t3", "t4", "t6", "t7"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"max_participants": 99999999999}, "room_config.max_participants"),
        ({"egress": {"room": 5}}, "room_config.egress"),
        ({"max_participants": 99999999999, "egress": {"room": {}}}, "'r': room_config.max_participants is"),
    ],
)
def test_a_value_that_the_server_cannot_read_is_named(modules, options, option):
    modules.trunk(**TRUNK)
    failed(modules.dispatch(**RULE, room_config=options), "malformed", "dispatch rule 'r'", option, "too large")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"other_fields": {"new_key": 1}}, "other_fields.new_key"),
        ({"other_fields": {"media": {"new_key": 1}}}, "other_fields.media.new_key"),
        ({"room_config": {"egress": {"room": {"new_key": 1}}}}, "room_config.egress.room.new_key"),
        (
            {"room_config": {"egress": {"room": {"file_outputs": [{"filepath": "x", "new_key": 1}]}}}},
            "room_config.egress.room.file_outputs[0].new_key",
        ),
    ],
)
def test_a_key_that_this_server_drops_is_named_with_the_version(modules, options, path):
    modules.trunk(**TRUNK)
    result = failed(modules.dispatch(**RULE, **options), "ignored_field", f"did not store {path} as sent")
    assert "livekit-server 1.12.0 or newer" in result["msg"]
    assert "This version of the server may not know it" in result["failure"]["hint"]
    assert result["changed"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("there", [1, 2])
def test_a_field_that_the_server_s_objects_lack_is_refused_before_it_is_written(livekit, spoilt, proxy, there, check):
    proxy.spoil("", without(*newer_in("inbound_trunk", "1.11.0")), times=1000)
    spoilt.trunk(trunks=[TRUNK, {"name": "u", "numbers": [TWO]}][:there])
    before = livekit.twirp("SIP", "ListSIPInboundTrunk")
    new = {"name": "new", "numbers": [THREE], "auth_realm": "example"}
    result = failed(
        spoilt.trunk(check=check, trunks=[new, {**TRUNK, "metadata": "m"}]), "unknown_field", "'new'", "auth_realm"
    )
    assert "livekit-server older than 1.12.0" in result["msg"]
    assert "auth_realm needs livekit-server 1.12.0 or newer" in result["failure"]["hint"]
    assert ". auth_realm needs livekit-server" in result["msg"]
    assert not result.get("changed")
    assert livekit.twirp("SIP", "ListSIPInboundTrunk") == before


def test_a_field_that_may_be_known_is_written(modules, spoilt, proxy):
    """A server that omits unset fields from its answers does not show which fields it knows."""

    def terse(ask):
        answer = ask()
        body = json.loads(answer.body)
        pruned = [{key: value for key, value in item.items() if value} for item in body["items"]]
        answer.body = json.dumps({"items": pruned}).encode()
        return answer

    modules.trunk(**TRUNK)
    proxy.spoil("List", terse, times=1000)
    assert spoilt.trunk(**TRUNK, auth_realm="example", auth_username="u", auth_password="p")["changed"]


def test_what_is_written_beside_an_object_that_is_not_stored_whole_is_told(spoilt, proxy):
    proxy.spoil("CreateSIPInboundTrunk", without("auth_realm"), times=1000)
    trunks = [{"name": f"t{digit}", "numbers": [f"+1202555010{digit}"], "auth_realm": "x"} for digit in range(4)]
    result = failed(spoilt.trunk(trunks=trunks), "ignored_field", "auth_realm")
    assert result["changed"]
    assert sorted(action["name"] for action in result["actions"]) == ["t0", "t1", "t2", "t3"]
    for trunk in trunks:
        assert f"create inbound_trunk '{trunk['name']}'" in result["msg"]


SWAPPED = [{"name": "a", "numbers": [TWO]}, {"name": "b", "numbers": [ONE]}]


def swap(modules, spoilt, proxy, fault):
    """Swap the numbers of two trunks; the second of the three writes fails."""
    modules.trunk(trunks=[{"name": "a", "numbers": [ONE]}, {"name": "b", "numbers": [TWO]}])
    writes = []

    def second(ask):
        writes.append(1)
        return ask() if len(writes) == 1 else fault(ask)

    proxy.spoil("Update", second, times=1000)
    return spoilt.trunk(trunks=SWAPPED)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (answers(401, "invalid API key: APIx"), "unauthenticated"),
        (answers(500, {"code": "internal", "msg": "redis: connection pool timeout"}), "internal"),
        (
            answers(
                302,
                "",
            ),
            "redirected",
        ),
        (answers(200, {}), "odd_answer"),
    ],
)
def test_a_run_that_fails_half_way_says_what_it_did_and_what_to_do(livekit, modules, spoilt, proxy, fault, code):
    result = swap(modules, spoilt, proxy, fault)
    failed(result, code, "Before that, this run wrote: replace inbound_trunk")
    assert result["changed"]
    (action,) = result["actions"]
    assert action["action"] == "replace"
    assert action["parked"]
    parked = [
        trunk["name"]
        for trunk in livekit.twirp("SIP", "ListSIPInboundTrunk")[1]["items"]
        if trunk["numbers"][0].startswith("parked-")
    ]
    assert parked == [action["name"]]
    still = "still has a placeholder number or PIN and matches no calls: run again"
    assert f"inbound trunk '{parked[0]}' {still}" in result["msg"]
    assert result["failure"]["hint"]
    again = modules.trunk(trunks=SWAPPED)
    assert not again.get("failed"), again
    numbers = {trunk["name"]: trunk["numbers"] for trunk in livekit.twirp("SIP", "ListSIPInboundTrunk")[1]["items"]}
    assert numbers == {"a": [TWO], "b": [ONE]}


def test_a_run_that_does_not_know_what_it_did_says_so(livekit, spoilt, proxy):
    """Every answer to a write is lost, and then the server refuses reads."""

    def lost(ask):
        proxy.spoil("List", answers(401, "invalid API key: APIx"), times=1000)
        return cut_after(ask)

    proxy.spoil("Create", lost, times=1000)
    result = failed(
        spoilt.trunk(**TRUNK), "unauthenticated", "It is unknown whether it wrote: create inbound_trunk 't'"
    )
    assert result["actions"] == []
    assert not result["changed"]
