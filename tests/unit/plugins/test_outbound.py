# SPDX-License-Identifier: GPL-3.0-or-later
"""Explanation of an outbound call: what is sent, and each problem with the smallest request or trunk that has it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _outbound, _outbound_problems
from ansible_collections.telephony.livekit.plugins.module_utils._outbound import explain_outbound
from ansible_collections.telephony.livekit.plugins.module_utils._outbound_problems import SERVER, SIP, Request

from tests.support.modules import ModuleRunner

ONE, TWO, CALLEE = "+12025550100", "+12025550101", "+12025550150"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "some-secret")
TRUNK = {"name": "provider", "address": "sip.example.com", "numbers": [ONE], "transport": "tcp"}
HOUR = 60 * 60 * 1000


def explained(options: dict | None = None, **request) -> dict:
    """The module's explanation of a call on a trunk that does not exist yet."""
    return MODULES.run(
        "livekit_sip_call_info",
        assume_empty=True,
        outbound_trunks=[{**TRUNK, **(options or {})}],
        outbound={"trunk": "provider", "to": CALLEE, **request},
    )


def inline(options: dict | None = None, **request) -> dict:
    """The module's explanation of an outbound call whose request contains an inline trunk."""
    own = {"hostname": "sip.example.com", "transport": "tcp", **(options or {})}
    asked = {"to": CALLEE, "from_number": ONE, "inline_trunk": own, **request}
    return MODULES.run("livekit_sip_call_info", assume_empty=True, outbound=asked)


def problems(stored: dict | None = None, **request) -> list:
    """The problems of a call on a stored trunk, including one that the API would reject."""
    stored = {**TRUNK, "transport": "SIP_TRANSPORT_TCP", "sip_trunk_id": "ST_1", **(stored or {})}
    asked = Request(**{"trunk": "provider", "to": CALLEE, "participant_identity": "callee", **request})
    return explain_outbound({"outbound_trunk": {"ST_1": stored}}, asked).problems


def test_call_on_a_plain_trunk_is_sent_and_has_no_problems():
    found = explained()
    assert not found["changed"]
    assert (found["result"], found["refused_by"], found["problems"], found["findings"]) == ("send", "", [], [])
    assert found["trunk"] == {"name": "provider", "id": ""}
    assert found["sent"] == {
        "request_uri": f"sip:{CALLEE}@sip.example.com;transport=tcp",
        "to_uri": f"sip:{CALLEE}@sip.example.com;transport=tcp",
        "host": "sip.example.com",
        "port": 5060,
        "transport": "tcp",
        "numbers": [ONE],
        "number_given_by": "trunk",
        "display_name": None,
        "from_host": "",
        "headers": [],
        "include_headers": "no_headers",
        "headers_to_attributes": {},
        "attributes_to_headers": {},
        "auth_username": "",
        "encryption": "disable",
        "media": "RTP/AVP",
        "codecs": ["PCMU", "PCMA", "G722"],
        "media_timeout": "",
        "destination_country": "",
        "destination": {"city": "", "country": "", "region": ""},
        "ringing_timeout": "180s",
        "max_call_duration": "86400s",
        "dtmf": "",
        "waits_until_answered": False,
        "participant_identity": f"sip_{CALLEE}",
        "hides_numbers_in_room": False,
    }


@pytest.mark.parametrize(
    ("trunk", "request_", "sent"),
    [
        ({"transport": "auto"}, {}, {"transport": "udp", "request_uri": f"sip:{CALLEE}@sip.example.com", "port": 5060}),
        ({"transport": "tls"}, {}, {"transport": "tls", "port": 5061}),
        ({"address": "198.51.100.7:5080"}, {}, {"host": "198.51.100.7", "port": 5080}),
        ({"numbers": [ONE, TWO]}, {}, {"numbers": [ONE, TWO], "number_given_by": "trunk"}),
        ({"numbers": [ONE, TWO]}, {"from_number": TWO}, {"numbers": [TWO], "number_given_by": "request"}),
        ({"address": "a.pstn.twilio.com", "numbers": [ONE[1:]]}, {}, {"numbers": [ONE]}),
        ({"address": "a.pstn.twilio.com:5060", "numbers": [ONE[1:]]}, {}, {"numbers": [ONE[1:]]}),
        ({"from_host": "pbx.example.org"}, {}, {"from_host": "pbx.example.org"}),
        ({}, {"display_name": ""}, {"display_name": ""}),
        ({"auth_username": "u", "auth_password": "p"}, {}, {"auth_username": "u"}),
        ({"media": {"encryption": "require"}}, {}, {"encryption": "require", "media": "RTP/SAVP"}),
        ({}, {"media_encryption": "allow"}, {"encryption": "allow", "media": "RTP/SAVP"}),
        ({"media": {"encryption": "require"}}, {"media_encryption": "allow"}, {"encryption": "allow"}),
        ({"include_headers": "x_headers"}, {}, {"include_headers": "x_headers"}),
        ({"include_headers": "x_headers"}, {"include_headers": "all_headers"}, {"include_headers": "all_headers"}),
        ({"destination_country": "us"}, {}, {"destination_country": "us"}),
        ({}, {"ringing_timeout": "30s", "max_call_duration": "1h"},
         {"ringing_timeout": "30s", "max_call_duration": "3600s"}),
        ({}, {"wait_until_answered": True}, {"ringing_timeout": "80s", "waits_until_answered": True}),
        ({}, {"max_call_duration": "1m"}, {"ringing_timeout": "60s", "max_call_duration": "60s"}),
        ({}, {"participant_identity": "callee"}, {"participant_identity": "callee"}),
        (
            {"headers": {"X-Both": "1", "X-Trunk": "1"}},
            {"headers": {"X-Both": "2", "X-Request": "2"}},
            {"headers": [
                {"name": "X-Both", "given_by": "request", "replaces": True},
                {"name": "X-Request", "given_by": "request", "replaces": False},
                {"name": "X-Trunk", "given_by": "trunk", "replaces": False},
            ]},
        ),
    ],
)  # fmt: skip
def test_what_is_sent(trunk, request_, sent):
    found = explained(trunk, **request_)["sent"]
    assert {name: found[name] for name in sent} == sent


RAW = "<sip:pbx:canary@192.0.2.7:5080;lr;transport=tls?X-A=1>"
VALUES = {"user": TWO, "host": "pbx.example.org"}


@pytest.mark.parametrize(
    ("trunk", "request_", "sent"),
    [
        ({"transport": "auto"}, {"request_uri": {"raw": RAW}},
         {"request_uri": "sip:pbx:<hidden>@192.0.2.7:5080;lr;transport=tls?X-A=1", "host": "192.0.2.7", "port": 5080,
          "transport": "tls", "to_uri": f"sip:{CALLEE}@sip.example.com"}),
        ({}, {"request_uri": {"raw": RAW}},
         {"request_uri": "sip:pbx:<hidden>@192.0.2.7:5080;lr;transport=tcp?X-A=1", "transport": "tcp"}),
        ({}, {"request_uri": {"raw": "sips:[2001:db8::7]"}},
         {"request_uri": "sips:[2001:db8::7];transport=tcp", "host": "2001:db8::7", "port": 5061, "transport": "tls"}),
        ({}, {"request_uri": {"values": VALUES}},
         {"request_uri": f"sip:{TWO}@pbx.example.org;transport=tcp", "host": "pbx.example.org", "port": 5060}),
        ({"transport": "auto"},
         {"request_uri": {"values": {"user": "a", "ip": "192.0.2.7", "port": 5070, "transport": "tls"}}},
         {"request_uri": "sip:a@192.0.2.7:5070;transport=tls", "port": 5070, "transport": "tls"}),
        ({}, {"request_uri": {"values": {"user": "a"}}}, {"request_uri": "", "host": "", "port": 0, "transport": ""}),
        ({"from_host": "x.example"}, {"from_header": {"values": VALUES, "display_name": "Office"}},
         {"numbers": [TWO], "number_given_by": "request", "from_host": "pbx.example.org", "display_name": "Office"}),
        ({}, {"from_header": {"raw": "sip:pbx.example.org:5080"}},
         {"numbers": [], "from_host": "pbx.example.org:5080", "display_name": ""}),
        ({}, {"to_user_override": "front"}, {"to_uri": "sip:front@sip.example.com;transport=tcp",
                                             "request_uri": f"sip:{CALLEE}@sip.example.com;transport=tcp"}),
        ({}, {"media": {"codecs": [{"name": "AMR-WB"}], "media_timeout": "30s"}},
         {"codecs": ["PCMU", "PCMA", "G722", "AMR-WB"], "media_timeout": "30s"}),
        ({"media": {"only_listed_codecs": True, "codecs": ["PCMU/8000"], "media_timeout": "1m"}}, {},
         {"codecs": ["PCMU"], "media_timeout": "60s"}),
        ({"media": {"only_listed_codecs": True, "codecs": ["PCMU/8000"]}}, {"media": {"only_listed_codecs": False}},
         {"codecs": ["PCMU"]}),
        ({"media": {"only_listed_codecs": True, "codecs": ["PCMU"]}}, {"media": {"codecs": [{"name": "G722/8000"}]}},
         {"codecs": ["PCMU", "PCMA", "G722"]}),
        ({}, {"media": {"only_listed_codecs": True}}, {"codecs": ["PCMU", "PCMA", "G722"]}),
        ({}, {"media": {"encryption": "require"}, "media_encryption": "allow"}, {"encryption": "require"}),
        ({}, {"media": {"encryption": "disable"}, "media_encryption": "allow"}, {"encryption": "disable"}),
        ({}, {"destination": {"city": "Berlin", "country": "DE"}},
         {"destination": {"city": "Berlin", "country": "DE", "region": ""}}),
        ({"headers_to_attributes": {"X-A": "a"}, "attributes_to_headers": {"b": "X-B"}}, {},
         {"headers_to_attributes": {"X-A": "a"}, "attributes_to_headers": {"b": "X-B"}}),
        ({}, {"inline_trunk": {"hostname": "other.example", "from_host": "pbx.example.org", "auth_username": "u",
                               "auth_password": "p"}},
         {"host": "sip.example.com", "from_host": "pbx.example.org", "auth_username": ""}),
        ({"from_host": "x.example"}, {"inline_trunk": {"hostname": "other.example", "from_host": "pbx.example.org"}},
         {"from_host": "x.example"}),
    ],
)  # fmt: skip
def test_what_fields_of_a_request_do_to_what_is_sent(trunk, request_, sent):
    found = explained(trunk, **request_)
    assert {name: found["sent"][name] for name in sent} == sent
    assert "canary" not in json.dumps(found)


def test_call_on_a_trunk_of_the_requests_own():
    own = {"auth_username": "u", "auth_password": "canary-password", "transport": "tls", "destination_country": "us",
           "headers_to_attributes": {"X-A": "a"}, "attributes_to_headers": {"b": "X-B"}, "from_host": "pbx.example.org",
           "hostname": "a.pstn.twilio.com:5081"}  # fmt: skip
    found = inline(own, from_number=ONE[1:])
    assert (found["result"], found["trunk"], found["problems"]) == ("send", None, [])
    assert found["text"].splitlines()[1:4] == [
        "Trunk: inline_trunk",
        "Result: livekit-sip sends an INVITE",
        f"Request-URI: sip:{CALLEE}@a.pstn.twilio.com:5081;transport=tls",
    ]
    sent = found["sent"]
    assert (sent["host"], sent["port"], sent["transport"], sent["numbers"]) == (
        "a.pstn.twilio.com", 5081, "tls", [ONE[1:]]
    )  # fmt: skip
    assert (sent["auth_username"], sent["from_host"], sent["destination_country"]) == ("u", "pbx.example.org", "us")
    assert (sent["headers_to_attributes"], sent["attributes_to_headers"]) == ({"X-A": "a"}, {"b": "X-B"})
    assert "canary" not in json.dumps(found)


INLINE_CASES = [
    ("host_missing", SERVER, "hostname", {"hostname": ""}, {}),
    ("host_uri", SERVER, "hostname", {"hostname": "sip:sip.example.com"}, {}),
    ("host_uri", SERVER, "from_host", {"from_host": "a@pbx.example.org"}, {}),
    ("host_uri", SIP, "hostname", {"hostname": "sip.example.com=x"}, {}),
    ("host_port", SIP, "hostname", {"hostname": "sip.example.com:sip"}, {}),
    ("host_invalid", SIP, "hostname", {"hostname": "sip.example.com/sip"}, {}),
    ("header_map_refused", SERVER, "'X A'", {"headers_to_attributes": {"X A": "a"}}, {}),
    ("header_map_refused", SERVER, "''", {"attributes_to_headers": {"a": ""}}, {}),
    ("number_missing", SERVER, "no numbers", {}, {"from_number": ""}),
    ("codecs_none", SIP, "no codec", {}, {"media": {"only_listed_codecs": True}}),
    ("inline_trunk_left_out", "", "is ignored if trunk is set", {}, {"trunk": "provider"}),
    ("password_missing", "", "inline_trunk", {"auth_username": "u"}, {}),
    ("to_user_left_out", "", "before 1.13.6", {}, {"to_user_override": "front"}),
]


@pytest.mark.parametrize(("code", "refused_by", "words", "options", "request_"), INLINE_CASES)
def test_each_problem_of_a_trunk_of_the_requests_own(code, refused_by, words, options, request_):
    found = [problem for problem in inline(options, **request_)["problems"] if problem["code"] == code]
    assert [problem["refused_by"] for problem in found] == [refused_by]
    assert words in found[0]["cause"]


def test_request_without_any_trunk():
    def asked(**request):
        return MODULES.run("livekit_sip_call_info", assume_empty=True, outbound={"to": CALLEE, **request})

    found = asked()
    assert [problem["code"] for problem in found["problems"]] == ["trunk_not_given", "number_missing", "host_missing"]
    assert found["sent"] is None
    assert [(p["code"], p["refused_by"]) for p in asked(from_number=ONE)["problems"]] == [("host_missing", SIP)]


@pytest.mark.parametrize(
    ("version", "codes", "to"),
    [("1.13.5", ["to_user_left_out"], CALLEE), ("1.13.6", [], "front"), (None, ["to_user_left_out"], "front")],
)
def test_servers_from_one_version_on_take_another_user_for_the_to_header(version, codes, to):
    given = {"server_version": version} if version else {}
    found = MODULES.run(
        "livekit_sip_call_info",
        assume_empty=True,
        outbound_trunks=[TRUNK],
        outbound={"trunk": "provider", "to": CALLEE, "to_user_override": "front"},
        **given,
    )
    assert [problem["code"] for problem in found["problems"]] == codes
    assert found["sent"]["to_uri"] == f"sip:{to}@sip.example.com;transport=tcp"


# code, program that rejects the call, words from the cause, trunk, request
CASES = [
    ("trunk_unknown", SERVER, "'other'", {}, {"trunk": "other"}),
    ("to_missing", SERVER, "empty", {}, {"to": ""}),
    ("to_uri", SERVER, "URI", {}, {"to": f"{CALLEE}@sip.example.com"}),
    ("to_scheme", "", f"sip:tel:{CALLEE}", {}, {"to": f"tel:{CALLEE}"}),
    ("to_host", "", "host", {}, {"to": "sip.example.com"}),
    ("to_host", "", "host", {}, {"to": "198.51.100.7"}),
    ("to_punctuation", "", "is sent unchanged", {}, {"to": "1-202-555-0150"}),
    ("to_punctuation", "", "is sent unchanged", {}, {"to": "+1 (202) 555 0150"}),
    ("room_missing", SERVER, "room_name", {}, {"room_name": ""}),
    ("display_name_invalid", SERVER, "128", {}, {"display_name": "x" * 129}),
    ("display_name_invalid", SERVER, "quotation mark", {}, {"display_name": 'a "b"'}),
    ("header_refused", SERVER, "itself", {}, {"headers": {"From": "x"}}),
    ("header_refused", SERVER, "line break", {}, {"headers": {"X-A": "a\nb"}}),
    ("header_twice", "", "itself", {}, {"headers": {"Via": "x"}}),
    ("header_twice", "", "does not replace", {"headers": {"X-A": "1"}}, {"headers": {"x-a": "2"}}),
    ("dtmf_unknown", "", "x", {}, {"dtmf": "1x"}),
    ("ringing_too_long", "", "80s", {}, {"ringing_timeout": 90000, "wait_until_answered": True}),
    ("ringing_too_long", "", "max_call_duration", {}, {"ringing_timeout": 90000, "max_call_duration": 60000}),
    ("call_too_long", "", "86400s", {}, {"max_call_duration": 25 * HOUR}),
    ("number_in_identity", "", "identity", {}, {"hide_phone_number": True, "participant_identity": ""}),
    ("number_missing", SERVER, "no numbers", {"numbers": []}, {}),
    ("number_any", "", "*", {"numbers": ["*"]}, {}),
    ("number_foreign", "", TWO, {}, {"from_number": TWO}),
    ("number_uri", SIP, "URI", {"numbers": [f"{ONE}@sip.example.com"]}, {}),
    ("host_missing", SIP, "no address", {"address": ""}, {}),
    ("host_uri", SIP, "URI", {"address": "sip:sip.example.com"}, {}),
    ("host_uri", SIP, "parameters", {"address": "sip.example.com;transport=tcp"}, {}),
    ("host_port", SIP, "port", {"address": "https://sip.example.com"}, {}),
    ("host_port", SIP, "70000", {"address": "sip.example.com:70000"}, {}),
    ("host_port", SIP, "port", {"address": "sip.example.com:²"}, {}),
    ("host_invalid", SIP, "neither", {"address": "sip.example.com/sip"}, {}),
    ("host_uri", SIP, "from_host", {"from_host": "sips:pbx.example.org"}, {}),
    ("host_port", SIP, "from_host", {"from_host": "pbx.example.org:sip"}, {}),
    ("port_not_tls", "", "5060", {"address": "sip.example.com:5060", "transport": "SIP_TRANSPORT_TLS"}, {}),
    ("port_tls", "", "5061", {"address": "sip.example.com:5061"}, {}),
    ("password_missing", "", "only one", {"auth_username": "u"}, {}),
    ("trunk_value_stays", "", "has no effect", {"media": {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}},
     {"media_encryption": "disable"}),
    ("trunk_value_stays", "", "has no effect", {"include_headers": "SIP_ALL_HEADERS"},
     {"include_headers": "no_headers"}),
    ("keys_in_clear", "", "tcp", {"media_encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}, {}),
    ("to_user_refused", SERVER, "a@b", {}, {"to_user_override": "a@b"}),
    ("to_user_refused", SERVER, "1;2", {}, {"to_user_override": "1;2"}),
    ("to_header_refused", SIP, "both", {}, {"to_header": {"raw": f"sip:{CALLEE}@sip.example.com"}}),
    ("uri_invalid", SIP, "request_uri: raw", {}, {"request_uri": {"raw": f"{CALLEE}@sip.example.com"}}),
    ("uri_invalid", SIP, "request_uri: raw", {}, {"request_uri": {"raw": ""}}),
    ("uri_invalid", SIP, "request_uri: raw", {}, {"request_uri": {"raw": "sip:a@sip.example.com:port"}}),
    ("uri_invalid", SIP, "neither raw", {}, {"request_uri": {}}),
    ("uri_invalid", SIP, "no user", {}, {"request_uri": {"values": {"host": "a"}}}),
    ("uri_invalid", SIP, "neither host", {}, {"request_uri": {"values": {"user": "a"}}}),
    ("uri_invalid", SIP, "must not contain a port", {}, {"request_uri": {"values": {"user": "a", "host": "a:5060"}}}),
    ("uri_invalid", SIP, "trunk's is tcp", {}, {"request_uri": {"values": {**VALUES, "transport": "tls"}}}),
    ("uri_invalid", SIP, "from_header: raw", {}, {"from_header": {"raw": "pbx"}}),
    ("uri_scheme", SIP, "tel", {}, {"request_uri": {"raw": f"tel:{CALLEE}"}}),
    ("uri_transport", SIP, "ws", {"transport": "SIP_TRANSPORT_AUTO"},
     {"request_uri": {"raw": "sip:a@sip.example.com;transport=ws"}}),
    ("uri_not_tls", "", "sips", {"transport": "SIP_TRANSPORT_AUTO"},
     {"request_uri": {"raw": "sips:a@sip.example.com"}}),
    ("uri_elsewhere", "", f"calls {TWO} at pbx.example.org", {}, {"request_uri": {"values": VALUES}}),
    ("display_name_left_out", "", "its own", {}, {"from_header": {"values": VALUES}, "display_name": "a"}),
    ("destination_refused", SERVER, "city", {}, {"destination": {"city": "Berlin"}}),
    ("destination_refused", SERVER, "usa", {}, {"destination": {"country": "usa"}}),
    ("destination_refused", SERVER, "de", {}, {"destination": {"country": "de"}}),
    ("media_refused", SERVER, "'PCMU 8'", {}, {"media": {"codecs": [{"name": "PCMU 8"}]}}),
    ("media_refused", SERVER, "600s", {}, {"media": {"media_timeout": "601s"}}),
    ("codec_rate_missing", SIP, "pcmu", {}, {"media": {"codecs": [{"name": "pcmu"}]}}),
    ("codecs_none", SIP, "no codec", {"media": {"only_listed_codecs": True}}, {}),
    ("codecs_unknown", "", "offers none", {},
     {"media": {"only_listed_codecs": True, "codecs": [{"name": "opus", "rate": 48000}]}}),
    ("trunk_value_stays", "", "has no effect", {"media": {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}},
     {"media": {"encryption": "SIP_MEDIA_ENCRYPT_DISABLE"}}),
    ("encryption_offered", "", "RTP/SAVP", {"transport": "SIP_TRANSPORT_TLS"}, {"media_encryption": "allow"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "refused_by", "words", "trunk", "request_"), CASES)
def test_each_problem(code, refused_by, words, trunk, request_):
    found = [problem for problem in problems(trunk, **request_) if problem.code == code]
    assert [problem.refused_by for problem in found] == [refused_by]
    assert words in found[0].cause
    assert found[0].fix


def test_every_problem_has_a_case():
    sources = [Path(module.__file__).read_text(encoding="utf-8") for module in (_outbound, _outbound_problems)]
    codes = {code for source in sources for code in re.findall(r'Problem\(\s*"(\w+)"', source)}
    assert codes == {case[0] for case in [*CASES, *INLINE_CASES]} | {"trunk_ambiguous", "trunk_not_given"}


@pytest.mark.parametrize(
    ("trunk", "request_"),
    [
        ({}, {}),
        ({}, {"to": "200"}),
        ({}, {"to": "*98"}),
        ({}, {"to": "front-desk"}),
        ({}, {"from_number": "1-202-555-0100"}),
        ({}, {"destination": {"city": "Berlin", "country": "DE"}, "media": {"codecs": [{"name": "AMR-WB"}]}}),
        ({}, {"destination": {"city": "Berlin", "region": "eu"}}),
        ({}, {"request_uri": {"raw": f"sip:{CALLEE}@sip.example.com"}}),
        ({"numbers": [f"{ONE}@sip.example.com"]}, {"from_header": {"values": VALUES}}),
        ({"numbers": ["*"]}, {"from_number": TWO}),
        ({"numbers": [ONE, TWO]}, {"from_number": TWO}),
        ({"address": "198.51.100.7:5060"}, {}),
        ({"address": "[2001:db8::1]"}, {}),
        ({"auth_username": "u", "auth_password": "p"}, {}),
        ({}, {"headers": {"X-A": "1", "P-Asserted-Identity": "<sip:a@example.com>"}, "display_name": 'a \\"b\\"'}),
        ({"headers": {"X-A": "1"}}, {"headers": {"X-A": "2"}}),
        ({}, {"dtmf": "ww123*#Aa", "ringing_timeout": 80000, "wait_until_answered": True}),
        ({}, {"max_call_duration": 24 * HOUR, "hide_phone_number": True}),
        (
            {"transport": "SIP_TRANSPORT_TLS", "media": {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}},
            {"media_encryption": "require"},
        ),
    ],
)
def test_what_works_has_no_problems(trunk, request_):
    assert problems(trunk, **request_) == []


def test_trunk_is_named_by_name_or_id_and_a_name_of_two_is_not_enough():
    stored = {key: {**TRUNK, "sip_trunk_id": key} for key in ("ST_1", "ST_2")}
    by_name = explain_outbound({"outbound_trunk": stored}, Request(CALLEE, "provider")).as_dict()
    assert [problem["code"] for problem in by_name["problems"]] == ["trunk_ambiguous"]
    assert by_name["sent"] is by_name["trunk"] is None
    by_id = explain_outbound({"outbound_trunk": stored}, Request(CALLEE, "ST_2")).as_dict()
    assert by_id["trunk"] == {"name": "provider", "id": "ST_2"}


def test_what_keeps_the_call_from_being_sent_comes_first_in_result_and_text():
    found = explained({"address": "sip.example.com:5061"}, room_name="", dtmf="x")
    assert (found["result"], found["refused_by"]) == ("refuse", SERVER)
    assert [problem["severity"] for problem in found["problems"]] == ["error", "warning", "warning"]
    assert "Result: livekit-server refuses it\n" in found["text"]
    assert (
        "Problems:\n  error: room_name is empty. Name the room that the callee joins. [room_missing]\n" in found["text"]
    )


def test_text_for_people():
    found = explained({"numbers": [ONE, TWO], "from_host": "pbx.example.org"}, ringing_timeout="45s", display_name="")
    assert found["text"].splitlines() == [
        f"Outbound call: to {CALLEE}",
        "Trunk: provider",
        "Result: livekit-sip sends an INVITE",
        f"Request-URI: sip:{CALLEE}@sip.example.com;transport=tcp",
        "Goes to: sip.example.com port 5060 over tcp",
        f"From: one of {ONE}, {TWO} at random (the trunk's), no display name",
        "From host: pbx.example.org",
        "Headers: none",
        "Asked for a password: the call fails",
        "Media: RTP/AVP, encryption disable, codecs PCMU, PCMA, G722",
        "Rings for 45s, ends 24h after the INVITE",
        "The request returns before it rings",
        f"Participant: sip_{CALLEE}",
    ]


def test_findings_are_those_about_the_trunk():
    codecs = {"only_listed_codecs": True, "codecs": [{"name": "opus", "rate": 48000}]}
    found = explained({"media": codecs})
    assert [finding["code"] for finding in found["findings"]] == ["codecs_unknown"]
    assert "Findings:\n  error: " in found["text"]


def test_password_and_header_values_are_not_shown():
    headers = {"X-Trunk": "canary-trunk"}
    trunk = {"auth_username": "u", "auth_password": "canary-password", "headers": headers}
    for value in ("canary-request", "canary\nrequest"):
        assert "canary" not in json.dumps(explained(trunk, headers={"X-Request": value}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to": 12025550150}, 'outbound.to: 12025550150 is invalid: YAML drops a plus sign without quotes. Write "+1'),
        ({"from_number": 12025550100}, "outbound.from_number: 12025550100 is invalid"),
        ({"trunk": ""}, "outbound.trunk: '' is invalid: it is empty. Name the outbound trunk."),
        ({"ringing_timeout": "-5s"}, "outbound.ringing_timeout: '-5s' is invalid: it is not a duration"),
        ({"max_call_duration": "long"}, "outbound.max_call_duration: 'long' is invalid"),
    ],
)
def test_request_that_cannot_be_is_refused(options, words):
    found = explained(**options)
    assert found["failure"]["code"] == "invalid"
    assert words in found["msg"]


def test_a_call_is_inbound_or_outbound():
    outbound = {"trunk": "provider", "to": CALLEE}
    both = MODULES.run("livekit_sip_call_info", assume_empty=True, outbound=outbound, to=ONE)
    assert "mutually exclusive" in both["msg"]
    neither = MODULES.run("livekit_sip_call_info", assume_empty=True)
    assert "one of the following is required: to, outbound" in neither["msg"]
