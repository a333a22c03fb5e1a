# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in the forms that YAML, templates and people write: accepted if their meaning is clear."""

from __future__ import annotations

import json
from itertools import product

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.telephony.livekit.plugins.module_utils import _module
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options

from tests.support.modules import ModuleRunner

ONE, TWO = "+12025550101", "+12025550102"
SECRET = "canary-5501"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret")


def planned(**table) -> dict:
    return MODULES.routing(check=True, assume_empty=True, return_all=True, **table)


def trunk(**options) -> dict:
    return planned(inbound_trunks=[{"name": "t", "numbers": [ONE], **options}])


def rule(**options) -> dict:
    return planned(
        inbound_trunks=[{"name": "t", "numbers": [ONE]}],
        dispatch_rules=[{"name": "r", "trunks": ["t"], "individual": {}, **options}],
    )


def outbound(**options) -> dict:
    return planned(outbound_trunks=[{"name": "o", "address": "sip.example.com", "numbers": [ONE], **options}])


def refused(result, *words) -> str:
    assert result.get("failed"), result
    assert result["failure"]["code"] == "invalid"
    for word in words:
        assert word in result["msg"]
    assert "report" not in result["msg"]
    return result["msg"]


def accepted(result, warns=()) -> dict:
    assert not result.get("failed"), result
    warnings = " ".join(str(warning) for warning in result.get("warnings", ()))
    for word in warns:
        assert word in warnings
    if not warns:
        assert not warnings
    return result


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"tier": 2, "tenant": "acme"}, '{"tenant": "acme", "tier": 2}'),
        ([1, {"b": True, "a": None}], '[1, {"a": null, "b": true}]'),
        (True, "true"),
        (2.5, "2.5"),
        ("{'a': 1}", "{'a': 1}"),
        ("ü", "ü"),
    ],
)
def test_metadata_given_as_a_map_is_written_as_json(given, text):
    assert accepted(trunk(metadata=given))["inbound_trunks"][0]["metadata"] == text
    room = {"metadata": given, "agents": [{"agent_name": "a", "metadata": given}]}
    shown = accepted(rule(metadata=given, room_config=room))["dispatch_rules"][0]
    assert [shown["metadata"], shown["room_config"]["metadata"]] == [text, text]
    assert shown["room_config"]["agents"][0]["metadata"] == text


@pytest.mark.parametrize(
    ("given", "text"),
    [(True, "true"), (False, "false"), (5, "5"), (1.5, "1.5"), (None, ""), ({"a": True}, '{"a": true}')],
)
def test_values_of_attributes_are_json_not_python(given, text):
    shown = accepted(rule(attributes={"vip": given}, room_config={"tags": {"vip": given}}))["dispatch_rules"][0]
    assert [shown["attributes"], shown["room_config"]["tags"]] == [{"vip": text}, {"vip": text}]


@pytest.mark.parametrize("given", [{"a": 1}, ["a"], True])
@pytest.mark.parametrize("option", ["auth_username", "auth_realm"])
def test_text_that_cannot_be_a_map_is_refused(option, given):
    refused(trunk(**{option: given}), option, "is invalid")


def test_value_of_a_secret_is_not_in_the_message():
    message = refused(trunk(auth_username="u", auth_password={"value": SECRET}), "auth_password")
    assert SECRET not in message
    assert SECRET not in MODULES.outputs[-1]


@pytest.mark.parametrize(
    "number",
    [
        "*", " +12025550100", "sip:+12025550100@example.com", "tel:+12025550100", "alice@example.com", "+1XXXXXXXXXX",
        "['+12025550100']", "{{ number }}", "", "+1 202 555 0100 ext", "+1\u2011202\u2011555\u20110100",
        "+12025550100\u200b", "+", "()", "- -", "~", None, True, 12025550100.0, ["+12025550100"], {"number": ONE},
    ],
)  # fmt: skip
def test_number_that_no_call_can_have_is_refused(number):
    refused(trunk(numbers=[number]), "numbers", "is invalid")
    refused(rule(numbers=[number]), "numbers", "is invalid")


@pytest.mark.parametrize(
    "number", ["1000", "agent.desk", "alice", "1-202-555-0100", "+1 (202) 555-0100", "12025550100"]
)
def test_extension_of_a_pbx_and_number_in_any_spelling_is_taken(number):
    accepted(trunk(numbers=[number]))


@pytest.mark.parametrize("number", ["+1.202.555.0124", "12025550100.0", "#31", "none", "00+12025550100"])
def test_unusual_number_is_warned_about(number):
    accepted(trunk(numbers=[number]), warns=["numbers", number])


def test_number_with_blanks_in_a_rule_is_refused_since_rules_compare_characters():
    refused(rule(numbers=["+1 202 555 0101"]), "numbers", "+12025550101")
    refused(rule(inbound_numbers=["+1 202 555 0101"]), "inbound_numbers", "+12025550101")


def test_unquoted_number_in_a_rule_is_warned_about_since_yaml_drops_its_plus():
    accepted(rule(numbers=[12025550101]), warns=["numbers", "+12025550101"])
    accepted(trunk(numbers=[12025550101]))


def test_any_number_of_an_outbound_trunk_is_a_star():
    accepted(outbound(numbers=["*"]))


@pytest.mark.parametrize(
    ("given", "read"), [(ONE, [ONE]), (f"{ONE}, {TWO}", [ONE, TWO]), (12025550101, ["12025550101"])]
)
def test_list_given_as_one_text_is_a_list(given, read):
    assert accepted(trunk(numbers=given))["inbound_trunks"][0]["numbers"] == read


@pytest.mark.parametrize("given", [{"a": "b"}, True])
def test_list_given_as_something_else_is_refused(given):
    refused(trunk(numbers=given), "numbers")


@pytest.mark.parametrize(
    "mask",
    [
        "10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255", "198.51.100.0/024", "198.51.100.01", "198.51.100.0/33",
        "198.51.100",
        "::ffff:198.51.100.0/120", "::ffff:198.51.100.1", "fe80::1%eth0/64", "fe80::1%eth0",
        "[2001:db8::1]", "198.51.100.0/",
        "198.51.100.0/+24", "198.51.100.1:5060", "198.51.100.*", "198.51.100.1-9", "0x0a000001",
        "198.51.100.0 /24",
        "3325256704", None, 10, "",
    ],
)  # fmt: skip
def test_mask_that_go_reads_otherwise_is_refused(mask):
    refused(trunk(allowed_addresses=[mask]), "allowed_addresses")


@pytest.mark.parametrize(
    "mask", ["198.51.100.0/24", "198.51.100.7/24", "198.51.100.1", "2001:db8::/32", "2001:DB8::1", "0.0.0.0/0"]
)
def test_mask_that_the_server_reads_is_taken(mask):
    accepted(trunk(allowed_addresses=[mask]))


def test_same_number_twice_in_a_rule_is_refused_in_the_plan():
    refused(rule(numbers=[ONE, ONE[1:]]), "numbers", ONE, ONE[1:])
    refused(rule(inbound_numbers=[ONE, "1-202-555-0101"]), "inbound_numbers")


def test_codecs_that_livekit_sip_cannot_speak():
    refused(trunk(media={"only_listed_codecs": True}), "only_listed_codecs")
    accepted(trunk(media={"only_listed_codecs": True, "codecs": [{"name": "opus"}]}), warns=["opus", "PCMU"])
    accepted(rule(media={"only_listed_codecs": True, "codecs": ["telephone-event"]}), warns=["telephone-event"])
    accepted(trunk(media={"only_listed_codecs": True, "codecs": [{"name": "opus", "rate": 48000}, {"name": "PCMA"}]}))
    accepted(trunk(media={"codecs": [{"name": "opus"}, {"name": "PCMA"}]}), warns=["opus without a rate"])
    accepted(trunk(media={"only_listed_codecs": True, "codecs": [{"name": "pcma"}]}), warns=["pcma", "PCMA"])


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["PCMU/8000", "G722"], [{"name": "PCMU", "rate": 8000}, {"name": "G722", "rate": 0}]),
        ([{"name": "PCMA/8000"}], [{"name": "PCMA", "rate": 8000}]),
        ({"name": "PCMU"}, [{"name": "PCMU", "rate": 0}]),
    ],
)
def test_codecs_written_as_in_sdp(given, read):
    assert accepted(trunk(media={"codecs": given}))["inbound_trunks"][0]["media"]["codecs"] == read


def test_keys_of_users_stay_as_written_in_egress_and_both_spellings_of_a_field_are_read():
    written = {"tracks": {"filePath": "x", "s3": {"accessKey": "k", "metadata": {"tenantId": "a", "Some-Key": "b"}}}}
    other = {"tracks": {"aliOSS": {"secret": SECRET}, "filepath": "y"}}
    from ansible_collections.telephony.livekit.plugins.module_utils._messages import Opaque

    assert Opaque().to_api(written) == {
        "tracks": {"file_path": "x", "s3": {"access_key": "k", "metadata": {"tenantId": "a", "Some-Key": "b"}}}
    }
    for spelling in ("aliOSS", "ali_oss", "aliOss", "alioss"):
        assert Opaque().to_api({"tracks": {spelling: {}, "filepath": "y"}}) == {
            "tracks": {"aliOSS": {}, "filepath": "y"}
        }
    assert Opaque().from_json(other) == other


@pytest.mark.parametrize("choice", ["TLS", "SIP_TRANSPORT_TLS", "tls"])
def test_choice_in_the_spelling_of_the_api(choice):
    assert accepted(outbound(transport=choice))["outbound_trunks"][0]["transport"] == "tls"


def test_number_of_seconds_without_unit_is_refused_with_the_way_to_write_it():
    refused(trunk(ringing_timeout=30), "ringing_timeout", "30s")


@pytest.mark.parametrize(
    ("given", "status"), [(486, 486), ("486", 486), (486.0, 486), (0, 0), (699, 699), ("SIP_STATUS_BUSY_HERE", 486)]
)
def test_status_is_a_number(given, status):
    assert accepted(trunk(ringing_timeout_status=given))["inbound_trunks"][0]["ringing_timeout_status"] == status


@pytest.mark.parametrize("given", [-1, 1, 200, 399, 700, True, 486.5, "busy", "SIP_STATUS_OF_TOMORROW"])
def test_status_that_refuses_no_call_is_refused(given):
    refused(trunk(ringing_timeout_status=given), f"ringing_timeout_status: {given!r} is invalid")


def test_every_mistake_below_names_its_place():
    refused(rule(room_config={"agents": [{"agent_name": {"a": 1}}]}), "room_config.agents[0].agent_name")


def test_values_of_unknown_keys_are_not_shown():
    for result in (
        trunk(auth_pasword=SECRET),
        rule(direkt={"pin": SECRET}),
        rule(room_config={"egres": {"s3": SECRET}}),
        MODULES.trunk(check=True, name="t", auth_pasword=SECRET),
        MODULES.run("livekit_sip_info", api_secrets=SECRET),
    ):
        assert result["failed"]
        assert SECRET not in json.dumps(result)


@pytest.mark.parametrize("name", ["Content-Type", "FROM", "v", "X#A", "X$A", "X&A", "X^A", "X|A", "X A", "X" * 256])
def test_headers_that_livekit_server_refuses_are_errors(name):
    refused(outbound(headers={name: "x"}), "cannot be set as a SIP header")


@pytest.mark.parametrize("name", ["Accept-Contact", "Allow-Test", "Content-ID", "P-Asserted-Identity", "X!%*_+`'~.A"])
def test_headers_that_livekit_server_takes_are_accepted(name):
    accepted(outbound(headers={name: "x"}))


def test_headers_that_livekit_sip_writes_itself_are_warned_about():
    accepted(trunk(headers={"To": "x"}), warns=["To"])
    accepted(outbound(headers={"via": "x"}), warns=["via"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_left_to_ansible_is_all_that_it_would_change_or_refuse(kind):
    spec = item_options(kind)
    assert not any({"required", "default", "fallback", "aliases"} & argument.keys() for argument in spec.values())
    validator, plain = ArgumentSpecValidator(spec), 0
    given = [None, "", "text", "yes", "1", 1, 1.5, True, [], ["a"], ["a", 1], [None], {}, {"a": 1}, [{"name": "a"}]]
    for name, value in product([*spec, "nme"], given):
        if _module._plain({name: value}, spec):
            result = validator.validate({name: value})
            assert not result.error_messages
            assert result.validated_parameters[name] == value
            plain += 1
    assert plain > len(spec)


@pytest.mark.parametrize("duration", ["\u0665s", "1d", "5 m", "1e3s", "1h30", ["5s"]])
def test_duration_that_go_reads_otherwise_is_refused(duration):
    refused(trunk(max_call_duration=duration), "max_call_duration", "is invalid: it is not a duration")


def test_codec_with_a_rate_that_only_python_takes_for_digits_is_left_as_written():
    codecs = trunk(media={"codecs": ["PCMU/\u00b2"]})["inbound_trunks"][0]["media"]["codecs"]
    assert codecs == [{"name": "PCMU/\u00b2", "rate": 0}]


@pytest.mark.parametrize("given", ["x", "", "1234"])
@pytest.mark.parametrize("option", ["individual", "direct", "room_config", "media", "attributes"])
def test_map_given_as_a_text_is_refused_by_name_and_may_be_a_secret(option, given):
    message = refused(
        rule(**{option: given}), f"{option}: <hidden> is invalid: it is a string, but must be a dictionary"
    )
    assert "1234" not in message


def test_map_given_as_json_or_as_pairs_is_read():
    assert accepted(rule(individual='{"room_prefix": "a"}'))["dispatch_rules"][0]["individual"]["room_prefix"] == "a"
    assert accepted(rule(attributes="a=b"))["dispatch_rules"][0]["attributes"] == {"a": "b"}


def test_option_that_does_not_exist_is_said_to_be_none():
    refused(trunk(nme="x"), "inbound trunk 't': unsupported option: nme. ", "Did you mean name?")
