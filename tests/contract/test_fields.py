# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the modules' field table with what the real livekit-server stores and what livekit-protocol declares.

requirements-test.txt pins the version of livekit-protocol; after an upgrade, these tests name the new fields.
Field names are dotted: media.codecs.rate.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._fields import Choice, EnumNumber
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS, RULE_KINDS, Rule
from ansible_collections.telephony.livekit.plugins.module_utils._messages import Message, MessageList
from livekit.protocol import sip

from tests.support.options import FULL, TWO
from tests.support.versions import known, newer_in

MESSAGES = {
    "inbound_trunk": sip.SIPInboundTrunkInfo.DESCRIPTOR,
    "outbound_trunk": sip.SIPOutboundTrunkInfo.DESCRIPTOR,
    "dispatch_rule": sip.SIPDispatchRuleInfo.DESCRIPTOR,
}

# The fields that are not in the table, each with the reason.
LEFT_OUT = {
    "inbound_trunk": {
        "sip_trunk_id": "the option id: the server gives it, nobody sets it",
        "media_encryption": "deprecated: media.encryption says it, and the server keeps the two alike",
        "created_at": "the server's own; livekit-server never sets it",
        "updated_at": "the server's own; livekit-server never sets it",
    },
    "outbound_trunk": {
        "sip_trunk_id": "the option id: the server gives it, nobody sets it",
        "media_encryption": "deprecated: media.encryption says it, and the server keeps the two alike",
        "created_at": "the server's own; livekit-server never sets it",
        "updated_at": "the server's own; livekit-server never sets it",
    },
    "dispatch_rule": {
        "sip_dispatch_rule_id": "the option id: the server gives it, nobody sets it",
        "media_encryption": "deprecated: media.encryption says it, and the server keeps the two alike",
        "created_at": "the server's own; livekit-server never sets it",
        "updated_at": "the server's own; livekit-server never sets it",
    },
}
# Passed on unchanged: its hundreds of fields belong to LiveKit Egress.
OPAQUE = "room_config.egress"


def in_table(fields, prefix="") -> dict:
    """Map the dotted name of each field that the modules know to its Field."""
    found = {}
    for field in fields:
        name = prefix + field.name
        found[name] = field
        if isinstance(field.type, Message):
            found |= in_table(field.type.fields, f"{name}.")
        elif isinstance(field.type, MessageList):
            found |= in_table(field.type.message.fields, f"{name}.")
        elif isinstance(field.type, Rule):
            for kind, message in RULE_KINDS.items():
                found[f"{name}.dispatch_rule_{kind}"] = field
                found |= in_table(message.fields, f"{name}.dispatch_rule_{kind}.")
    return found


def in_protocol(descriptor, prefix="") -> dict:
    """Map the dotted name of each field that LiveKit declares to its descriptor."""
    found = {}
    for field in descriptor.fields:
        name, message = prefix + field.name, field.message_type
        found[name] = field
        nested = message and message.full_name.startswith("livekit.") and not message.GetOptions().map_entry
        if nested and name != OPAQUE:
            found |= in_protocol(message, f"{name}.")
    return found


def in_json(value, maps, prefix="") -> set[str]:
    """Dotted names of all keys in an answer, except for the keys of maps, which are not fields."""
    if isinstance(value, list):
        return set().union(*(in_json(item, maps, prefix) for item in value))
    if not isinstance(value, dict) or prefix == f"{OPAQUE}." or prefix.rstrip(".") in maps:
        return set()
    names = {prefix + key for key in value}
    return names.union(*(in_json(item, maps, f"{prefix}{key}.") for key, item in value.items()))


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def newer(livekit, kind):
    """The fields in the table that this livekit-server does not have."""
    return set(newer_in(kind, livekit.version))


@pytest.fixture
def answered(livekit, modules, kind, newer):
    """All fields in the server's answer about objects with every field set."""
    if kind == "dispatch_rule":
        modules.trunk(name="one", numbers=[TWO])
        modules.dispatch(**known(FULL[kind], newer))
        for name, rule in (("s", {"direct": {"room_name": "r", "pin": "1"}}), ("t", {"callee": {"pin": "2"}})):
            modules.dispatch(**{**known(FULL[kind], newer), "name": name, "individual": None, **rule})
    else:
        modules.trunk(direction=kind.removesuffix("_trunk"), **known(FULL[kind], newer))
    status, body = livekit.twirp("SIP", KINDS[kind].list_rpc)
    assert status == 200
    assert len(body["items"]) == (3 if kind == "dispatch_rule" else 1)
    maps = {
        name
        for name, field in in_protocol(MESSAGES[kind]).items()
        if field.message_type and field.message_type.GetOptions().map_entry
    }
    return in_json(body["items"], maps)


def test_table_knows_every_field_that_the_server_answers(kind, answered):
    assert answered - set(in_table(KINDS[kind].fields)) - set(LEFT_OUT[kind]) == set()


def test_server_knows_every_field_of_the_table_that_is_not_newer(kind, answered, newer):
    assert set(in_table(KINDS[kind].fields)) - answered == newer


def test_table_knows_every_field_of_the_protocol(kind):
    assert set(in_protocol(MESSAGES[kind])) - set(in_table(KINDS[kind].fields)) - set(LEFT_OUT[kind]) == set()


def test_nothing_is_left_out_that_is_in_the_table_or_not_in_the_protocol(kind):
    assert set(LEFT_OUT[kind]) == set(in_protocol(MESSAGES[kind])) - set(in_table(KINDS[kind].fields))


def test_what_the_protocol_has_and_the_server_has_not_is_newer(kind, answered, newer):
    assert set(in_protocol(MESSAGES[kind])) - answered == newer


def test_every_choice_is_an_enum_value_and_the_other_way_round(kind):
    declared = in_protocol(MESSAGES[kind])
    checked = 0
    for name, field in in_table(KINDS[kind].fields).items():
        values = [value.name for value in declared[name].enum_type.values] if declared[name].enum_type else []
        checked += bool(values)
        if isinstance(field.type, EnumNumber):
            names = {value.name: value.number for value in declared[name].enum_type.values}
            assert field.type.codes == {key: code for key, code in names.items() if field.type.takes(code)}
            continue
        choices = [field.type.to_api(choice) for choice in field.type.argument.get("choices", ())]
        assert choices == values, name
        assert isinstance(field.type, Choice) == bool(values), name
    assert checked


def test_every_enum_value_is_stored(livekit, modules, kind):
    """The server silently drops a value that it does not know; the modules then fail."""
    if kind == "dispatch_rule":
        for policy in ("never", "on_failure"):
            agent = {"agent_name": "a", "restart_policy": policy}
            shown = modules.dispatch(name="r", any_trunk=True, individual={}, room_config={"agents": [agent]})["rule"]
            assert shown["room_config"]["agents"][0]["restart_policy"] == policy
        return
    for field in KINDS[kind].fields:
        if isinstance(field.type, Choice):
            for choice in field.type.argument["choices"]:
                options = {"name": "t", "numbers": [TWO], "address": "sip.example.com", field.name: choice}
                options = {name: value for name, value in options.items() if name in FULL[kind]}
                shown = modules.trunk(direction=kind.removesuffix("_trunk"), **options)["trunk"]
                assert shown[field.name] == choice


def test_what_livekit_calls_secret_is_secret(kind):
    """LiveKit's protocol marks the fields that must not be logged: 2 is a secret, 1 is personal data."""
    declared = in_protocol(MESSAGES[kind])
    table = in_table(KINDS[kind].fields)
    secret = {
        name
        for name, field in declared.items()
        if any(option.name == "sensitivity" and value == 2 for option, value in field.GetOptions().ListFields())
    }
    assert secret, "the marks are there"
    assert secret - {name for name, field in table.items() if field.secret} == set()
