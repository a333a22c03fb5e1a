# SPDX-License-Identifier: GPL-3.0-or-later
"""The explanation of an outbound call matches what livekit-server refuses and what it sends to livekit-sip.

The oracle takes the place of livekit-sip, so that livekit-server accepts the same requests, but no call is placed.
"""

from __future__ import annotations

import time

import pytest

from tests.support.livekit import PATIENCE
from tests.support.oracle import Oracle

ONE, TWO, CALLEE = "+12025550100", "+12025550101", "+12025550150"
PLAIN = {"name": "plain", "address": "sip.example.com", "numbers": [ONE]}
RICH = {
    "name": "rich",
    "address": "a.pstn.twilio.com",
    "from_host": "pbx.example.org",
    "transport": "tls",
    "numbers": [ONE[1:], TWO[1:]],
    "auth_username": "canary-user",
    "auth_password": "canary-password",
    "headers": {"X-Both": "canary-trunk", "X-Trunk": "canary-trunk"},
    "include_headers": "x_headers",
    "destination_country": "us",
    "media": {"encryption": "require"},
}
ANY = {"name": "any", "address": "sip.example.com:5080", "numbers": ["*"], "transport": "tcp"}

INLINE = {
    "hostname": "sip.example.net:5070",
    "transport": "tls",
    "auth_username": "canary-user",
    "auth_password": "canary-password",
    "from_host": "pbx.example.net",
    "destination_country": "us",
    "headers_to_attributes": {"X-A": "a"},
    "attributes_to_headers": {"b": "X-B"},
}

# Our name for a field -> its name in the request
FIELDS = {
    "to": "sip_call_to",
    "from_number": "sip_number",
    "inline_trunk": "trunk",
    "request_uri": "sip_request_uri",
    "to_header": "sip_to_header",
    "from_header": "sip_from_header",
}
ENUMS = {
    "include_headers": "SIP_",
    "media_encryption": "SIP_MEDIA_ENCRYPT_",
    "encryption": "SIP_MEDIA_ENCRYPT_",
    "transport": "SIP_TRANSPORT_",
}

REFUSED = [
    {"trunk": "ST_gone"},
    {"to": ""},
    {"to": f"{CALLEE}@sip.example.com"},
    {"to": f"sip:{CALLEE}@sip.example.com"},
    {"room_name": ""},
    {"display_name": "x" * 129},
    {"display_name": "é" * 65},
    {"display_name": 'a "b" c'},
    {"display_name": "a\nb"},
    {"display_name": "a\\"},
    {"display_name": "a\\'b"},
    {"display_name": "\\400"},
    {"display_name": "\\ud800"},
    {"display_name": "\\U00110000"},
    {"headers": {"From": "x"}},
    {"headers": {"CONTENT-LENGTH": "0"}},
    {"headers": {"Reply-To": "<sip:a@example.com>"}},
    {"headers": {"v": "x"}},
    {"headers": {"X A": "x"}},
    {"headers": {"X#A": "x"}},
    {"headers": {"X-Ä": "x"}},
    {"headers": {"": "x"}},
    {"headers": {"X" * 256: "x"}},
    {"headers": {"X-A": "a\nb"}},
    {"headers": {"X-A": "a\x7fb"}},
    {"headers": {"X-A": "x" * 1025}},
    {"headers": {"X-A": "é" * 513}},
    {"inline_trunk": {}},
    {"inline_trunk": {**INLINE, "hostname": ""}},
    {"inline_trunk": {**INLINE, "hostname": "sip:sip.example.net"}},
    {"inline_trunk": {**INLINE, "hostname": "sip.example.net;lr"}},
    {"inline_trunk": {**INLINE, "from_host": "a@pbx.example.net"}},
    {"inline_trunk": {**INLINE, "headers_to_attributes": {"X A": "a"}}},
    {"inline_trunk": {**INLINE, "attributes_to_headers": {"a": ""}}},
    {"inline_trunk": {**INLINE, "attributes_to_headers": {"a": "X" * 256}}},
    {"destination": {"city": "Berlin"}},
    {"destination": {"country": "de"}},
    {"destination": {"country": "DEU"}},
    {"destination": {"country": "XX"}},
    {"media": {"codecs": [{"name": ""}]}},
    {"media": {"codecs": [{"name": "PCMU A"}]}},
    {"media": {"codecs": [{"name": "PCMU/8000/1"}]}},
    {"media": {"media_timeout": "601s"}},
]
# Servers that know the field refuse these values; older servers ignore the field.
REFUSED_SINCE = [("1.13.6", {"to_user_override": user}) for user in ("a@b", "1 2", "sip:1", "ä", "(1)")]
TAKEN = [
    {},
    {"to": "200"},
    {"to": f"tel:{CALLEE}"},
    {"to": f"sip:{CALLEE}"},
    {"to": "sip.example.com"},
    {"to": "1-202-555-0150"},
    {"from_number": TWO},
    {"from_number": TWO[1:]},
    {"from_number": "pbx@example.org"},
    {"display_name": ""},
    {"display_name": "x" * 128},
    {"display_name": 'a \\"b\\" \\x41\\u00e9\\101'},
    {"headers": {"To": "<sip:a@example.com>"}},
    {"headers": {"Via": "x"}},
    {"headers": {"Accept-Contact": "x"}},
    {"headers": {"X" * 255: "x"}},
    {"headers": {"X!%*_+`'~.A": "a\tb"}},
    {"headers": {"X-A": "é" * 512, "X-Empty": ""}},
    {"headers": {"X-Both": "canary-request", "x-trunk": "canary-request"}},
    {"include_headers": "all_headers"},
    {"include_headers": "no_headers"},
    {"media_encryption": "disable"},
    {"media_encryption": "allow"},
    {"ringing_timeout": "90s", "wait_until_answered": True},
    {"ringing_timeout": "172800s", "max_call_duration": "90000s"},
    {"dtmf": "1x"},
    {"hide_phone_number": True},
    {"hide_phone_number": True, "participant_identity": "callee"},
    {"inline_trunk": INLINE},
    {"inline_trunk": {"hostname": "sip.example.net=x", "from_host": "pbx.example.net"}},
    {"request_uri": {"raw": "sip:200@pbx.example.org:5090;transport=tcp"}},
    {"request_uri": {"values": {"user": "200", "host": "pbx.example.org"}}},
    {"request_uri": {}},
    {"to_header": {"raw": f"sip:{CALLEE}@sip.example.com"}},
    {"from_header": {"raw": "sip:200@pbx.example.org", "display_name": "Office"}},
    {"destination": {"city": "Berlin", "country": "DE"}},
    {"destination": {"city": "Berlin", "region": "eu"}},
    {"destination": {"country": "UK"}},
    {"media": {"encryption": "allow", "codecs": [{"name": "PCMU", "rate": 8000}], "only_listed_codecs": True}},
    {"media": {"only_listed_codecs": True, "media_timeout": "600s"}},
    {"media": {"encryption": "disable"}, "media_encryption": "require"},
    {"media": {"encryption": "require"}, "media_encryption": "allow"},
    {"to_user_override": "front.desk~1"},
]


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as oracle:
        oracle.outbound()
        yield oracle


@pytest.fixture
def call(livekit, oracle, modules):
    """A function that explains a call, requests it from livekit-server, and returns both results."""
    made = modules.routing(outbound_trunks=[PLAIN, RICH, ANY])
    assert not made.get("failed"), made
    ids = {trunk["name"]: trunk["id"] for trunk in made["outbound_trunks"]}

    def run(trunk, **request):
        asked = {"to": CALLEE, "room_name": "room", **({"trunk": trunk} if trunk else {}), **request}
        explained = modules.run("livekit_sip_call_info", outbound=asked, server_version=livekit.version)
        assert not explained.get("failed"), explained
        body = as_request(asked)
        if trunk is not None:
            body["sip_trunk_id"] = ids.get(asked["trunk"], asked["trunk"])
        assert "canary" not in str(explained).replace("canary-user", "")
        return explained, *placed(livekit, oracle, body)

    return run


def placed(livekit, oracle, body: dict) -> tuple[int, dict, list[dict]]:
    """Return the status, the answer, and the requests that were sent to livekit-sip.

    livekit-server gives livekit-sip one second to take a call. After a 503 or 408, which a busy machine causes, the
    request is sent again.
    """
    end = time.monotonic() + PATIENCE
    while True:
        status, answer = livekit.twirp("SIP", "CreateSIPParticipant", body)
        handed = oracle.outbound()
        if status not in (408, 503) or time.monotonic() > end:
            return status, answer, handed


def as_request(options: dict) -> dict:
    """Convert options to the server's request fields, except for the trunk, which needs an id."""
    body = {}
    for name, value in options.items():
        if name == "trunk":
            continue
        if isinstance(value, dict) and name not in ("headers", "headers_to_attributes", "attributes_to_headers"):
            value = as_request(value)
        body[FIELDS.get(name, name)] = ENUMS[name] + value.upper() if name in ENUMS else value
    return body


def refuses(explained: dict) -> bool:
    return explained["refused_by"] == "livekit-server"


@pytest.mark.parametrize("trunk", ["plain", "rich", "any"])
def test_what_the_server_refuses_is_a_problem_and_nothing_else_is(livekit, call, trunk):
    disagreed = []
    since = [request for version, request in REFUSED_SINCE if livekit.has(version)]
    for request in [*REFUSED, *TAKEN, *(request for _version, request in REFUSED_SINCE)]:
        explained, status, answer, handed = call(**{"trunk": trunk, **request})
        refused = request in [*REFUSED, *since]
        assert (status, len(handed)) == ((404 if "trunk" in request else 400, 0) if refused else (200, 1)), answer
        if refuses(explained) != refused:
            disagreed.append((request, answer, explained["problems"]))
    assert disagreed == []


@pytest.mark.parametrize("trunk", ["plain", "rich", "any", None])
def test_what_the_server_hands_to_livekit_sip_is_what_is_sent(call, trunk):
    own = {} if trunk else {"inline_trunk": INLINE, "from_number": ONE}
    for request in TAKEN:
        explained, status, answer, handed = call(trunk, **{**own, **request})
        assert status == 200, answer
        (handed,) = handed
        sent = explained["sent"]
        handed.setdefault("transport", "SIP_TRANSPORT_AUTO")
        host, _colon, port = handed["address"].partition(":")
        transport = handed["transport"].replace("SIP_TRANSPORT_", "").lower()
        parameter = "" if transport == "auto" else f";transport={transport}"
        callee = handed.get("to_user_override") or handed["call_to"]
        assert sent["to_uri"] == f"sip:{callee}@{handed['address']}{parameter}"
        if "sip_request_uri" not in handed:
            assert sent["request_uri"] == f"sip:{handed['call_to']}@{handed['address']}{parameter}"
            assert (sent["host"], sent["port"]) == (host, int(port or (5061 if transport == "tls" else 5060)))
        elif "request_uri" in request and request["request_uri"]:
            assert "200@pbx.example.org" in str(handed["sip_request_uri"]) or "pbx.example.org" in sent["request_uri"]
            assert sent["host"] == "pbx.example.org"
        if "sip_from_header" in handed:
            assert (sent["numbers"], sent["from_host"]) == (["200"], "pbx.example.org")
            assert sent["display_name"] == handed["sip_from_header"]["display_name"]
        else:
            assert handed["number"] in sent["numbers"]
            assert sent["display_name"] == handed.get("display_name")
            assert sent["from_host"] == handed.get("hostname", "")
        assert ("sip_to_header" in handed) == ("to_header" in request)
        for maps in ("headers_to_attributes", "attributes_to_headers"):
            assert sent[maps] == handed.get(maps, {})
        media = handed.get("media", {})
        listed = {codec["name"] for codec in media.get("codecs", [])}
        usual = set() if media.get("only_listed_codecs") else {"PCMU", "PCMA", "G722"}
        assert set(sent["codecs"]) == listed | usual
        assert sent["media_timeout"] == media.get("media_timeout", "")
        assert {name: value for name, value in sent["destination"].items() if value} == handed.get("destination", {})
        assert [header["name"] for header in sent["headers"]] == sorted(handed.get("headers", {}))
        for header in sent["headers"]:
            given_by = "trunk" if handed["headers"][header["name"]] == "canary-trunk" else "request"
            assert header["given_by"] == given_by
        assert sent["include_headers"] == handed.get("include_headers", "SIP_NO_HEADERS").replace("SIP_", "").lower()
        assert sent["auth_username"] == handed.get("username", "")
        encryption = handed.get("media", {}).get("encryption", "SIP_MEDIA_ENCRYPT_DISABLE")
        assert sent["encryption"] == encryption.replace("SIP_MEDIA_ENCRYPT_", "").lower()
        assert sent["destination_country"] == handed.get("destination_country", "")
        assert sent["participant_identity"] == handed["participant_identity"]
        assert sent["hides_numbers_in_room"] == ("sip.phoneNumber" not in handed["participant_attributes"])
        assert sent["waits_until_answered"] == handed.get("wait_until_answered", False)
        assert sent["dtmf"] == handed.get("dtmf", "")


def test_one_of_the_trunks_numbers_is_chosen_at_random(call):
    seen = set()
    for _unused in range(60):
        explained, _status, _answer, (handed,) = call("rich")
        seen.add(handed["number"])
        assert explained["sent"]["numbers"] == [ONE, TWO]
    assert seen == {ONE, TWO}


def test_wanted_trunks_are_explained_as_a_run_would_leave_them_and_nothing_is_written(livekit, call, modules):
    before = livekit.twirp("SIP", "ListSIPOutboundTrunk")
    moved = {"name": "plain", "address": "sip.example.net", "numbers": [TWO]}
    request = {"trunk": "plain", "to": CALLEE}
    found = modules.run("livekit_sip_call_info", outbound=request, outbound_trunks=[moved])
    assert (found["sent"]["host"], found["sent"]["numbers"]) == ("sip.example.net", [TWO])
    assert found["trunk"]["id"].startswith("ST_")
    gone = modules.run(
        "livekit_sip_call_info", outbound={**request, "trunk": "any"}, outbound_trunks=[moved], purge=True
    )
    assert [problem["code"] for problem in gone["problems"]] == ["trunk_unknown"]
    kept = {"outbound_trunks": ["any"]}
    found = modules.run(
        "livekit_sip_call_info", outbound={**request, "trunk": "any"}, outbound_trunks=[moved], purge=True, keep=kept
    )
    assert found["sent"]["host"] == "sip.example.com"
    assert livekit.twirp("SIP", "ListSIPOutboundTrunk") == before
