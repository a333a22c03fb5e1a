# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Converts files for `lk sip ... create` and lists from LiveKit's API into module options.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import json
import typing as t

from ._export import options_of
from ._fields import Duration, Field
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, OUTBOUND_TRUNK, RULE_KINDS, Kind
from ._messages import from_json, unknown
from ._objects import read_options
from ._written import InputError, milliseconds, shape, snake_case

_WRAPPERS = ("trunk", "dispatch_rule", "replace")
_INBOUND, _OUTBOUND = ({field.name for field in kind.fields} for kind in (INBOUND_TRUNK, OUTBOUND_TRUNK))
_INBOUND_ONLY, _OUTBOUND_ONLY = _INBOUND - _OUTBOUND, _OUTBOUND - _INBOUND
# CreateSIPTrunk, which LiveKit removed, had both directions in one object.
# Source: https://github.com/livekit/protocol/blob/main/protobufs/livekit_sip.proto
_OLD_NAMES = {
    "inbound_addresses": "allowed_addresses of an inbound trunk",
    "inbound_numbers": "allowed_numbers of an inbound trunk",
    "inbound_numbers_regex": "a list of numbers in allowed_numbers of an inbound trunk",
    "inbound_username": "auth_username of an inbound trunk",
    "inbound_password": "auth_password of an inbound trunk",
    "outbound_address": "address of an outbound trunk",
    "outbound_number": "numbers of an inbound trunk, and of an outbound one",
    "outbound_username": "auth_username of an outbound trunk",
    "outbound_password": "auth_password of an outbound trunk",
}

# The problem and the message; braces mark placeholders.
MESSAGES = {
    "empty_list": ("The list is empty", "the list is empty. Pass the objects that lk or the API listed."),
    "not_json": (
        "The text is not JSON",
        "the text is not JSON: {error}. JSON has no comments and no trailing commas. Remove them, or pipe YAML through "
        "ansible.builtin.from_yaml first.",
    ),
    "not_an_object": (
        "The content is not an object",
        "{place} is a {shape}. Pass one object, like a file for lk.",
    ),
    "partial_update": (
        "The file updates only individual fields",
        "{place} is a partial update. Pass the whole object, or write its fields as options.",
    ),
    "outside": (
        "A field is outside the object that contains the others",
        "{place}: {names} is outside {wrapper}. Move it into {wrapper}.",
    ),
    "unknown_field": (
        "A field is unknown",
        "{label} has no field {names}. Correct the name, or omit it.",
    ),
    "wrong_type": (
        "A value has the wrong type",
        "{label}: a value does not have the type of LiveKit's API: {error}. Correct it.",
    ),
    "old_form": (
        "The file has the form of an API call that LiveKit removed",
        "{place} has the form of CreateSIPTrunk, which LiveKit removed: {ways}. Write two trunks.",
    ),
    "unknown_kind": (
        "The object is neither a trunk nor a rule",
        "{place} is neither a trunk, which has numbers or an address, nor a dispatch rule, which has a rule (its keys: "
        "{keys}). Use the input of lk sip ... create.",
    ),
    "several_rules": (
        "A rule has none or several of the three kinds",
        "{label}: rule contains {names}. Use exactly one of {known}.",
    ),
}


def _refused(code: str, **values: str) -> InputError:
    return InputError(MESSAGES[code][1].format(**values))


def options_from(content) -> dict | list[dict]:
    """The options of one object, or of each object in a list. Raises InputError."""
    if isinstance(content, str):
        content = _parsed(content)
    if isinstance(content, dict) and set(content) == {"items"}:
        content = content["items"]
    if isinstance(content, list):
        if not content:
            raise _refused("empty_list")
        return [_options(item, f"[{index}]") for index, item in enumerate(content)]
    return _options(content, "the object")


def _parsed(text: str):
    try:
        return json.loads(text.lstrip("\ufeff"))
    except ValueError as error:
        raise _refused("not_json", error=str(error)) from None


def _options(content, place: str) -> dict:
    if not isinstance(content, dict):
        raise _refused("not_an_object", place=place, shape=shape(content))
    keys = {snake_case(key): value for key, value in content.items()}
    if "update" in keys:
        raise _refused("partial_update", place=place)
    wrapper = next((key for key in _WRAPPERS if isinstance(keys.get(key), dict)), None)
    if wrapper:
        outside = set(keys) - {wrapper, "sip_trunk_id", "sip_dispatch_rule_id"}
        if outside:
            raise _refused("outside", place=place, names=", ".join(sorted(outside)), wrapper=wrapper)
        keys = {**{key: keys[key] for key in keys if key != wrapper}, **_snake_case_keys(keys[wrapper])}
    kind = _kind(keys, place)
    label = f"{kind.title} {keys.get('name') or keys.get(kind.id_field) or place!r}"
    try:
        stored = from_json(kind.fields, keys)
        if kind is DISPATCH_RULE:
            _refuse_other_rules(stored.get("rule"), label)
        _refuse_shapes(kind, stored, label)
        strange = sorted(_paths(unknown(kind.fields, stored, kind.own)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _refused("wrong_type", label=label, error=str(error)) from None
    if strange:
        raise _refused("unknown_field", label=label, names=", ".join(strange))
    _move_encryption(kind, stored)
    return _as_playbook(kind, stored, label)


def _snake_case_keys(value: dict) -> dict:
    return {snake_case(key): item for key, item in value.items()}


def _kind(keys: dict, place: str) -> Kind:
    old = sorted(set(keys) & set(_OLD_NAMES))
    if "rule" in keys:
        return DISPATCH_RULE
    if old:
        ways = "; ".join(f"{name} is {_OLD_NAMES[name]}" for name in old)
        raise _refused("old_form", place=place, ways=ways)
    if set(keys) & _OUTBOUND_ONLY:
        return OUTBOUND_TRUNK
    if "numbers" in keys or set(keys) & (_INBOUND_ONLY | {"auth_username"}):
        return INBOUND_TRUNK
    raise _refused("unknown_kind", place=place, keys=", ".join(sorted(keys)) or "none")


def _refuse_other_rules(rule, label: str) -> None:
    given = rule if isinstance(rule, dict) else {}
    names = [key.replace("dispatch_rule_", "") for key, value in given.items() if value is not None]
    known = ", ".join(f"dispatch_rule_{name}" for name in RULE_KINDS)
    if len(names) != 1 or names[0] not in RULE_KINDS:
        raise _refused("several_rules", label=label, names=", ".join(names) or "nothing", known=known)


def _refuse_shapes(kind: Kind, stored: dict, label: str) -> None:
    """Reject values of the wrong type before other code misinterprets them."""
    rules = [(Field(name, message), f"dispatch_rule_{name}") for name, message in RULE_KINDS.items()]
    places = [(field, stored, field.name) for field in kind.fields]
    places += [(field, stored.get("rule") or {}, key) for field, key in rules if kind is DISPATCH_RULE]
    for field, message, key in places:
        value = message.get(key)
        try:
            field.read(value)
            if isinstance(field.type, Duration) and value is not None:
                milliseconds(value)
        except InputError as error:
            error.value = value if not error.path and not field.secret else error.value
            raise InputError(f"{label}: {error if error.path else error.below(key)}") from None


def _move_encryption(kind: Kind, stored: dict) -> None:
    """`media_encryption` is the older name of `media.encryption`; the API sets both."""
    old = stored.pop("media_encryption", None)
    if not any(field.name == "media" for field in kind.fields) or old in (None, 0, "SIP_MEDIA_ENCRYPT_DISABLE"):
        return
    media = from_json(kind.fields, {"media": {"encryption": old}})["media"]
    stored["media"] = {**media, **(stored.get("media") or {})}


def _as_playbook(kind: Kind, stored: dict, label: str) -> dict:
    try:
        options = options_of(kind, stored, {}, hide=False)
    except (AttributeError, TypeError, ValueError, InputError) as error:
        raise _refused("wrong_type", label=label, error=str(error)) from None
    options, errors = read_options(kind, options)
    if errors:
        raise errors[0]
    # A file without trunks is rarely meant for every caller, so the user has to add any_trunk.
    options.pop("any_trunk", None)
    return options


def _paths(strange, path: str = "") -> t.Iterator[str]:
    """The paths of unknown keys, such as room_config.krisp_enabled."""
    if isinstance(strange, dict):
        for key, value in strange.items():
            yield from _paths(value, f"{path}.{key}" if path else key)
    elif isinstance(strange, list) and any(isinstance(item, dict) for item in strange):
        for index, item in enumerate(strange):
            yield from _paths(item, f"{path}[{index}]") if item else ()
    else:
        yield path
