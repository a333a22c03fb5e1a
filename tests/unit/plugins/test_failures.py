# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of failures: tests trigger each invalid value and each warning, and no other file defines messages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._failures import FAILURES
from ansible_collections.telephony.livekit.plugins.module_utils._invalid import VALUES, WARNINGS

from tests.support.modules import ModuleRunner
from tools import failure_table

SOURCES = Path(__file__).parents[3] / "plugins" / "module_utils"
ONE = "+12025550101"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret")


def planned(**table) -> dict:
    return MODULES.routing(check=True, assume_empty=True, **table)


def trunk(**options) -> dict:
    return planned(inbound_trunks=[{"name": "t", "numbers": [ONE], **options}])


def outbound(**options) -> dict:
    return planned(outbound_trunks=[{"name": "o", "address": "sip.example.com", "numbers": [ONE], **options}])


def rule(**options) -> dict:
    rules = [{"name": "r", "trunks": ["t"], "individual": {}, **options}]
    return planned(inbound_trunks=[{"name": "t", "numbers": [ONE]}], dispatch_rules=rules)


def connection(**options) -> dict:
    return MODULES.trunk(name="t", numbers=[ONE], **options)


TRUNK = "inbound trunk 't'"
# The option and value at the start of each message, and a run that fails with it.
INVALID = {
    "text_truth": (f"{TRUNK}: auth_username: True", lambda: trunk(auth_username=True)),
    "text": (f"{TRUNK}: auth_username: ['u']", lambda: trunk(auth_username=["u"])),
    "digits": ("dispatch rule 'r': pin: <hidden>", lambda: rule(individual={"pin": "12a4"})),
    "whole": (f"{TRUNK}: media.codecs[0].rate: 8000.5", lambda: codecs({"name": "PCMU", "rate": 8000.5})),
    "negative": (f"{TRUNK}: media.codecs.rate: -1", lambda: codecs({"name": "PCMU", "rate": -1})),
    "range": (f"{TRUNK}: ringing_timeout_status: 200", lambda: trunk(ringing_timeout_status=200)),
    "status": (f"{TRUNK}: ringing_timeout_status: 'busy'", lambda: trunk(ringing_timeout_status="busy")),
    "duration": (f"{TRUNK}: ringing_timeout: '30'", lambda: trunk(ringing_timeout=30)),
    "texts": (f"{TRUNK}: numbers: {{'a': 'b'}}", lambda: trunk(numbers={"a": "b"})),
    "texts_entry": (f"{TRUNK}: numbers: True", lambda: trunk(numbers=[True])),
    "map": (f"{TRUNK}: attributes_to_headers: ['a']", lambda: trunk(attributes_to_headers=["a"])),
    "maps": (f"{TRUNK}: media.codecs: 5", lambda: trunk(media={"codecs": 5})),
    "maps_entry": (f"{TRUNK}: media.codecs[0]: None", lambda: codecs(None)),
    "known_field": (f"{TRUNK}: other_fields: <hidden>", lambda: trunk(other_fields={"metadata": "m"})),
    "number_empty": (f"{TRUNK}: numbers: ''", lambda: trunk(numbers=[""])),
    "number_uri": (f"{TRUNK}: numbers: 'sip:1@example.com'", lambda: trunk(numbers=["sip:1@example.com"])),
    "number_rest": (f"{TRUNK}: numbers: '{{{{ number }}}}'", lambda: trunk(numbers=["{{ number }}"])),
    "number_digits": (f"{TRUNK}: numbers: '()'", lambda: trunk(numbers=["()"])),
    "number_star": (f"{TRUNK}: numbers: '*'", lambda: trunk(numbers=["*"])),
    "number_pattern": (f"{TRUNK}: numbers: '+1XXX'", lambda: trunk(numbers=["+1XXX"])),
    "number_blanks": (f"{TRUNK}: numbers: 'a b'", lambda: trunk(numbers=["a b"])),
    "number_characters": (f"{TRUNK}: numbers: '{ONE}\\u200b'", lambda: trunk(numbers=[f"{ONE}\u200b"])),
    "number_twice": (f"dispatch rule 'r': numbers: ['{ONE}', '{ONE[1:]}']", lambda: rule(numbers=[ONE, ONE[1:]])),
    "mask_characters": (f"{TRUNK}: allowed_addresses: '*'", lambda: trunk(allowed_addresses=["*"])),
    "mask_mapped": (
        f"{TRUNK}: allowed_addresses: '::ffff:198.51.100.1'",
        lambda: trunk(allowed_addresses=["::ffff:198.51.100.1"]),
    ),
    "mask_unreadable": (
        f"{TRUNK}: allowed_addresses: '198.51.100.0/255.255.255.0'",
        lambda: trunk(allowed_addresses=["198.51.100.0/255.255.255.0"]),
    ),
    "mask_host": (f"{TRUNK}: allowed_addresses: '-a-'", lambda: trunk(allowed_addresses=["-a-"])),
    "unrestricted": (f"{TRUNK}: numbers: []", lambda: trunk(numbers=[])),
    "no_trunks": ("dispatch rule 'r': trunks: []", lambda: rule(trunks=None)),
    "no_rule": ("dispatch rule 'r': individual: None", lambda: rule(individual=None)),
    "two_rules": ("dispatch rule 'r': direct and individual: <hidden>", lambda: rule(direct={"room_name": "x"})),
    "auth_pair": (f"{TRUNK}: auth_username: <hidden>", lambda: trunk(auth_username="u")),
    "header": (f"{TRUNK}: headers: 'From'", lambda: trunk(headers={"From": "x"})),
    "no_numbers": ("outbound trunk 'o': numbers: []", lambda: outbound(numbers=[])),
    "no_address": ("outbound trunk 'o': address: ''", lambda: outbound(address="")),
    "host_uri": ("outbound trunk 'o': address: 'sip:example.com'", lambda: outbound(address="sip:example.com")),
    "codecs_none": (
        f"{TRUNK}: media.only_listed_codecs: True",
        lambda: trunk(media={"only_listed_codecs": True}),
    ),
    "media_timeout": (f"{TRUNK}: media.media_timeout: '660s'", lambda: trunk(media={"media_timeout": "11m"})),
    "no_option": (f"{TRUNK}: address", lambda: MODULES.trunk(name="t", numbers=[ONE], address="sip.example.com")),
    "any_trunk": ("dispatch rule 'r': any_trunk: True", lambda: rule(any_trunk=True)),
    "no_name": ("name: ''", lambda: planned(inbound_trunks=[{"numbers": [ONE]}])),
    "name_twice": ("name: 't'", lambda: planned(inbound_trunks=[{"name": "t", "numbers": [ONE]}] * 2)),
    "id_twice": ("id: 'ST_1'", lambda: planned(inbound_trunks=[{"id": "ST_1", "name": name} for name in "ab"])),
    "purge": ("purge: True", lambda: MODULES.trunk(name="t", numbers=[ONE], purge=True)),
    "assumed": ("assume_empty: True", lambda: MODULES.routing(assume_empty=True)),
    "timeout": ("timeout: 0", lambda: connection(timeout=0)),
    "no_key": ("api_key: ''", lambda: connection(api_key="")),
    "no_secret": ("api_secret: ''", lambda: connection(api_secret="")),
    "no_authorities": ("ca_path: '/dev/null'", lambda: connection(ca_path="/dev/null")),
}

WARNED = {
    "number_odd": lambda: trunk(numbers=["none"]),
    "number_unquoted": lambda: rule(numbers=[12025550101]),
    "numbers_alike": lambda: trunk(numbers=[ONE, ONE[1:]]),
    "header_own": lambda: trunk(headers={"To": "x"}),
    "mask_host_name": lambda: trunk(allowed_addresses=["sip.example.com"]),
    "in_clear": lambda: MODULES.run("livekit_sip_info", url="http://192.0.2.1:1", timeout=1),
}


def codecs(*given) -> dict:
    return trunk(media={"codecs": list(given)})


def pattern(text: str) -> str:
    return ".+".join(map(re.escape, re.split(r"\{\w+\}", text)))


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_named_with_object_reason_and_what_to_do(name):
    place, run = INVALID[name]
    result = run()
    assert result["failed"]
    assert result["failure"]["code"] == "invalid"
    _what, reason, hint = VALUES[name]
    assert re.fullmatch(f"{re.escape(place)} is invalid: {pattern(reason)}. {pattern(hint)}", result["msg"]), result[
        "msg"
    ]


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubtful_value_is_warned_about(name):
    assert re.search(pattern(WARNINGS[name][1]), " ".join(WARNED[name]()["warnings"]))


def test_every_value_and_warning_has_a_case():
    assert set(INVALID) == set(VALUES)
    assert set(WARNED) == set(WARNINGS)


def test_words_are_sentences():
    for _what, reason, hint in VALUES.values():
        assert not reason.endswith(".")
        assert hint.endswith(".")
    for failure in FAILURES.values():
        assert not failure.message.endswith(".")
        assert failure.hint.endswith((".", "?"))


def test_no_other_place_has_words_of_a_failure():
    """Exceptions take their messages from the tables, so that the page contains all messages."""
    found = []
    for path in SOURCES.glob("_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in ("PlanError", "LiveKitError") and not isinstance(node.args[0], ast.Starred):
                words = node.args[1]
                known = isinstance(words, (ast.Name, ast.Attribute, ast.Call)) or "invalid" in ast.unparse(words)
                found += [] if known else [f"{path.name}:{node.lineno}"]
    assert not found


def test_every_word_is_used():
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("_*.py"))
    for name in (*VALUES, *WARNINGS, *FAILURES):
        used = len(re.findall(rf"""["']{name}["']""", source))
        assert used > 1 or name in ("name_twice", "id_twice"), name


def test_the_page_has_the_tables():
    before = failure_table.PAGE.read_text(encoding="utf-8")
    assert failure_table.page(before) == before
