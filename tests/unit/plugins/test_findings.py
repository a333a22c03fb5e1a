# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings in a table: each one with the smallest table that has it, and tables without findings."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _findings, _object_findings
from ansible_collections.telephony.livekit.plugins.module_utils._findings import ERROR, NOTE, WARNING, findings

ONE, TWO, CALLER = "+12025550100", "+12025550101", "+12025550199"


def trunk(key="t", *numbers, **fields):
    return {
        "sip_trunk_id": key,
        "name": f"trunk {key}",
        "numbers": list(numbers or [ONE]),
        "max_call_duration": "3600s",
        **fields,
    }


def rule(key="r", *trunks, pin="", **fields):
    return {
        "sip_dispatch_rule_id": key,
        "name": f"rule {key}",
        "trunk_ids": list(trunks or ["t"]),
        "rule": {"dispatch_rule_individual": {"room_prefix": "call", "pin": pin}},
        **fields,
    }


def found(*objects):
    table = {"inbound_trunk": {}, "outbound_trunk": {}, "dispatch_rule": {}}
    for stored in objects:
        kind = "dispatch_rule" if "sip_dispatch_rule_id" in stored else "inbound_trunk"
        kind = "outbound_trunk" if "address" in stored else kind
        table[kind][stored.get("sip_dispatch_rule_id") or stored["sip_trunk_id"]] = stored
    return findings(table)


def outbound(key="o", *numbers, **fields):
    return {
        "sip_trunk_id": key,
        "name": f"trunk {key}",
        "address": "sip.example.com",
        "numbers": list(numbers or [ONE]),
        **fields,
    }


ONLY_OPUS = {"only_listed_codecs": True, "codecs": [{"name": "opus", "rate": 48000}]}

# code, severity, keys of the objects concerned, words from the cause, the table
CASES = [
    ("trunks_conflict", ERROR, "tu", ONE, [trunk(), trunk("u", "12025550100"), rule(), rule("s", "u")]),
    ("trunks_conflict", ERROR, "tu", CALLER, [trunk(), trunk("u", allowed_numbers=[CALLER]), rule("r", "t", "u")]),
    ("rules_conflict", ERROR, "rs", "'trunk t'", [trunk(), rule(), rule("s")]),
    ("rule_is_own_rival", ERROR, "r", "12025550100", [trunk(), rule(numbers=[ONE, "12025550100"])]),
    ("password_missing", ERROR, "t", "callers are not asked", [trunk(auth_username="u"), rule()]),
    ("password_missing", ERROR, "o", "asked for them", [outbound(auth_username="u")]),
    ("trunk_twice", NOTE, "op", "same way", [outbound(), outbound("p", ONE[1:])]),
    ("name_twice", WARNING, "op", "2 outbound", [outbound(), outbound("p", TWO, name="trunk o")]),
    ("name_twice", WARNING, "rs", "2 dispatch", [trunk(), rule(), rule("s", numbers=[ONE], name="rule r")]),
    ("codecs_none", ERROR, "r", "every call", [rule(media={"only_listed_codecs": True}) | {"trunk_ids": []}]),
    ("mask_dropped", ERROR, "t", "every source", [trunk(allowed_addresses=["198.51.100.1, 198.51.100.2"]), rule()]),
    ("mask_unreadable", ERROR, "t", "255", [trunk(allowed_addresses=["198.51.100.0/255.255.255.0"]), rule()]),
    ("mask_host_name", WARNING, "t", "sip.example", [trunk(allowed_addresses=["sip.example.net"]), rule()]),
    ("header_of_livekit_sip", WARNING, "t", "has To, VIA", [trunk(headers={"To": "", "VIA": "", "X": ""}), rule()]),
    ("trunk_missing", ERROR, "r", "gone", [trunk(), rule("r", "gone"), rule("s")]),
    ("trunk_missing", WARNING, "r", "gone", [trunk(), rule("r", "t", "gone")]),
    (
        "codec_rate_missing",
        ERROR,
        "t",
        "pcmu, opus",
        [trunk(media={"codecs": [{"name": "pcmu"}, {"name": "opus"}]}), rule()],
    ),
    ("codecs_none", ERROR, "t", "every call", [trunk(media={"only_listed_codecs": True}), rule()]),
    ("codecs_unknown", ERROR, "r", "opus", [trunk(), rule(media=ONLY_OPUS)]),
    ("trunk_unused", WARNING, "u", "no rule", [trunk(), trunk("u", TWO), rule()]),
    ("trunk_takes_all", WARNING, "t", "every call", [trunk() | {"numbers": []}, rule()]),
    ("rule_answers_anybody", WARNING, "r", "any caller", [trunk(), rule() | {"trunk_ids": []}]),
    ("caller_is_own_number", WARNING, "r", "12025550100", [trunk(), rule(inbound_numbers=["12025550100"])]),
    ("rule_number_unknown", WARNING, "rt", TWO, [trunk(), rule(numbers=[ONE, TWO])]),
    ("rule_number_form", WARNING, "rt", "12025550100", [trunk(), rule(numbers=["12025550100"])]),
    ("rule_unreachable", WARNING, "rt", "none of its numbers", [trunk(), rule(numbers=[TWO])]),
    (
        "rule_unreachable",
        WARNING,
        "rt",
        "callers",
        [trunk(allowed_numbers=[CALLER]), rule(inbound_numbers=["+12025550150"])],
    ),
    ("pin_before_open", WARNING, "sr", "PIN", [trunk(), rule(), rule("s", pin="4711")]),
    ("number_not_e164", NOTE, "t", "1000", [trunk("t", "1000"), rule()]),
    ("krisp_self_hosted", NOTE, "r", "Cloud", [trunk(), rule(krisp_enabled=True)]),
    ("call_without_limit", NOTE, "t", "does not end", [trunk(max_call_duration="0s"), rule()]),
    ("number_hidden", NOTE, "r", "before 1.13.8", [trunk(), rule(hide_phone_number=True)]),
    ("room_preset", NOTE, "r", "small", [trunk(), rule(room_preset="small")]),
]


@pytest.mark.parametrize(("code", "severity", "keys", "words", "table"), CASES, ids=[case[0] for case in CASES])
def test_a_table_with_one_thing_wrong(code, severity, keys, words, table):
    hits = [finding for finding in found(*table) if finding.code == code]
    assert len(hits) == 1, hits
    (finding,) = hits
    assert finding.severity == severity
    assert "".join(key for _kind, key in finding.objects) == keys
    assert words in finding.cause
    assert finding.fix
    assert "4711" not in str(finding)


def test_every_code_has_a_case():
    import inspect
    import re

    source = inspect.getsource(_findings) + inspect.getsource(_object_findings)
    codes = set(re.findall(r'Finding\(\s*"([a-z0-9_]+)"', source))
    assert codes == {case[0] for case in CASES}
    assert codes >= _findings.RELATIONS


@pytest.mark.parametrize(
    "table",
    [
        [trunk(), rule()],
        [trunk(), trunk("u", ONE, TWO) | {"numbers": [TWO]}, rule("r", "t", "u", numbers=[ONE, TWO])],
        [trunk(allowed_numbers=[CALLER]), trunk("u", allowed_numbers=["+12025550150"]), rule("r", "t", "u")],
        [trunk(allowed_addresses=["198.51.100.0/24", "2001:db8::/32", "198.51.100.7"]), rule(inbound_numbers=[CALLER])],
        [trunk(auth_username="u", auth_password="p", media={"codecs": [{"name": "opus", "rate": 48000}]}), rule()],
        [trunk(media={"only_listed_codecs": True, "codecs": [{"name": "PCMU", "rate": 8000}]}), rule()],
        [trunk(), rule(numbers=[ONE]), rule("s", pin="4711")],
        [trunk(), rule(media={"only_listed_codecs": True})],
        [outbound(), outbound("p", TWO), outbound("q", auth_username="u", auth_password="p")],
    ],
)
def test_a_good_table_has_no_findings(table):
    assert found(*table) == []


def test_rules_that_nobody_looked_at_do_not_make_a_trunk_unused():
    assert findings({"inbound_trunk": {"t": trunk()}}) == []


def test_a_run_is_warned_about_what_it_touches_and_about_calls_that_fail_already():
    hits = found(trunk(), trunk("u", ONE), rule(), rule("s", "u", numbers=[TWO]))
    about_rule = _findings.concerning(hits, {("dispatch_rule", "s")})
    assert {finding.code for finding in about_rule} == {"rule_number_unknown", "rule_unreachable", "trunks_conflict"}
    assert {finding.code for finding in _findings.concerning(hits, set())} == {"trunks_conflict"}


@pytest.mark.parametrize("table", [case[-1] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_run_looks_for_is_all_that_it_may_warn_of(table):
    def of(objects, key):
        return {stored[key]: stored for stored in objects if key in stored}

    objects = {"inbound_trunk": of(table, "sip_trunk_id"), "dispatch_rule": of(table, "sip_dispatch_rule_id")}
    touched = {(kind, key) for kind, stored in objects.items() for key in stored}
    brief = _findings.concerning(_findings.relations(objects), touched)
    assert brief == _findings.concerning(findings(objects), touched)


def test_shown_with_names():
    (shown,) = [
        _findings.shown(finding, {"inbound_trunk": {"u": trunk("u", TWO)}})
        for finding in found(trunk(), trunk("u", TWO), rule())
    ]
    assert shown["objects"] == [{"object": "inbound_trunk", "id": "u", "name": "trunk u"}]
    assert set(shown) == {"code", "severity", "objects", "cause", "fix"}
