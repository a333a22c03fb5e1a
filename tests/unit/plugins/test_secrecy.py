# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the mark in the table makes a field secret: no output of a module contains the value of a marked field."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _kinds
from ansible_collections.telephony.livekit.plugins.module_utils._fields import TextMap

from tests.support.modules import ModuleRunner

CANARY = "canary-0815"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret-of-the-api-0123456789abcdef")
LISTS = {
    "inbound_trunks": (_kinds.INBOUND_TRUNK, {"name": "line", "numbers": ["+12025550100"]}),
    "outbound_trunks": (
        _kinds.OUTBOUND_TRUNK,
        {"name": "out", "address": "sip.example.com", "numbers": ["+12025550100"]},
    ),
    "dispatch_rules": (
        _kinds.DISPATCH_RULE,
        {"name": "rule", "trunks": ["line"], "individual": {"room_prefix": "call-"}},
    ),
}
# Names of objects, and the fields that decide which calls they match. Messages about conflicts show them.
TOLD = {"name", "trunks", "numbers", "allowed_addresses", "allowed_numbers", "inbound_numbers"}
FIELDS = [
    pytest.param(option, field, id=f"{option}-{field.name}")
    for option, (kind, _example) in LISTS.items()
    for field in kind.fields
    if field.name not in TOLD
]


def run(option, field, value):
    """The output of the module for a table with this value of the field, valid or not."""
    table = {name: [dict(example)] for name, (_kind, example) in LISTS.items()}
    table[option][0][field.name] = value
    MODULES.routing(check=True, assume_empty=True, **table)
    return MODULES.outputs[-1]


@pytest.mark.parametrize(("option", "field"), FIELDS)
def test_the_value_of_a_field_that_is_marked_secret_is_nowhere(option, field, monkeypatch):
    # A field is frozen, so setattr would fail.
    monkeypatch.setitem(field.__dict__, "secret", True)
    value = {"X-Key": CANARY} if isinstance(field.type, TextMap) else CANARY
    for given in (value, [CANARY], {"key": CANARY}):
        assert CANARY not in run(option, field, given)


def test_a_field_without_the_mark_is_shown():
    field = next(field for field in _kinds.INBOUND_TRUNK.fields if field.name == "metadata")
    assert CANARY in run("inbound_trunks", field, CANARY)
