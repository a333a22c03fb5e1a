# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""How one field of a trunk or dispatch rule is written, stored, compared, merged and shown, by its type.

The *stored* form is the server's JSON with snake_case keys. An *option* is what a playbook writes.
Pure: no I/O, nothing of Ansible.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

HIDDEN = "<hidden>"

_DURATION_UNITS = {"h": 3600 * 1000, "m": 60 * 1000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


class InputError(Exception):
    """What the playbook asks for is wrong, whatever the server holds."""


class FieldType:
    """How one type of field is written in a playbook, stored by the server, compared and shown."""

    argument: dict = {"type": "str"}
    empty: t.Any = ""

    def to_api(self, value):
        return value

    def from_json(self, value):
        """The stored form of protobuf's JSON in any spelling: camelCase keys, enums as numbers."""
        return value

    def to_option(self, stored):
        return stored if stored is not None else self.empty

    def comparable(self, stored):
        """A value that is equal for any two stored values that mean the same; falsy when unset."""
        return stored or self.empty

    def same(self, stored, wanted) -> bool:
        """Whether the server's value means what is wanted, both in stored form."""
        return self.comparable(stored) == self.comparable(wanted)

    def merge(self, stored, wanted):
        return wanted

    def ignored(self, stored, wanted, path: str) -> list[tuple[str, str]]:
        """The fields below that the server did not store as wanted: (path, the livekit-server that does)."""
        return []

    def hide(self, option):
        return HIDDEN if option else option


class Text(FieldType):
    pass


class Digits(Text):
    """What a caller can enter on a phone."""

    def to_api(self, value):
        if not re.fullmatch(r"[0-9]*", value):
            raise InputError("must be digits")
        return value


class Flag(FieldType):
    argument = {"type": "bool"}
    empty = False


class Count(FieldType):
    argument = {"type": "int"}
    empty = 0

    def to_api(self, value):
        if value < 0:
            raise InputError("must not be negative")
        return value

    def to_option(self, stored):
        return int(stored or 0)

    comparable = to_option


class Duration(FieldType):
    """Written ``30s``, ``5m``, ``1h30m``; stored as protobuf's JSON does, in seconds (``1800s``)."""

    def to_api(self, value):
        return _seconds(_milliseconds(value))

    def to_option(self, stored):
        return _seconds(_milliseconds(stored)) if self.comparable(stored) else ""

    def comparable(self, stored):
        return _milliseconds(stored or "0s")


class Choice(FieldType):
    """An enum, written without its prefix and in lower case (``SIP_TRANSPORT_TLS`` is ``tls``)."""

    def __init__(self, prefix: str, *names: str, optional: bool = False):
        self.prefix = prefix
        # An optional enum knows "unset" beside its first value.
        self.empty = None if optional else names[0]
        self.names = names
        self.argument = {"type": "str", "choices": list(names)}

    def from_json(self, value):
        return self.to_api(self.names[value]) if isinstance(value, int) else value

    def to_api(self, value):
        return self.prefix + value.upper()

    def to_option(self, stored):
        return str(stored).replace(self.prefix, "", 1).lower() if stored else self.empty

    def comparable(self, stored):
        option = self.to_option(stored)
        return None if option == self.empty else option


class TextSet(FieldType):
    """A list whose order means nothing."""

    argument = {"type": "list", "elements": "str"}
    empty: t.Any = []

    def to_api(self, value):
        return list(dict.fromkeys(value))

    def to_option(self, stored):
        return list(stored or [])

    def comparable(self, stored):
        return sorted(set(stored or []))


class TextMap(FieldType):
    argument = {"type": "dict"}
    empty: t.Any = {}

    def to_api(self, value):
        return {str(key): "" if text is None else str(text) for key, text in value.items()}

    def to_option(self, stored):
        return dict(stored or {})

    def hide(self, option):
        return dict.fromkeys(option, HIDDEN)


class Message(FieldType):
    """A nested message. Keys that this version does not know stay as the server has them."""

    empty: t.Any = {}

    def __init__(self, *fields: Field):
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        self.argument = {"type": "dict", "options": argument_options(fields)}

    def from_json(self, value):
        return from_json(self.fields, value)

    def to_api(self, value):
        return to_api(self.fields, value)

    def to_option(self, stored):
        if self.same(stored, None):
            return {}
        return {field.name: field.to_option(stored.get(field.name)) for field in self.fields}

    def same(self, stored, wanted):
        stored, wanted = stored or {}, wanted or {}
        return all(field.same(stored.get(field.name), wanted.get(field.name)) for field in self.fields)

    def ignored(self, stored, wanted, path):
        return [
            found
            for field in self.fields
            for found in field.ignored(stored.get(field.name), (wanted or {}).get(field.name), path)
        ]

    def merge(self, stored, wanted):
        merged = dict(stored or {})
        for name, value in wanted.items():
            merged[name] = self.by_name[name].merge(merged.get(name), value)
        return merged

    def hide(self, option):
        return {name: self.by_name[name].hidden(value) for name, value in option.items()}


class MessageList(FieldType):
    """Messages whose order matters. Replaced as a whole."""

    empty: t.Any = []

    def __init__(self, *fields: Field):
        self.message = Message(*fields)
        self.argument = {"type": "list", "elements": "dict", "options": argument_options(fields)}

    def from_json(self, value):
        return value and [self.message.from_json(item) for item in value]

    def to_api(self, value):
        return [self.message.to_api(item) for item in value]

    def to_option(self, stored):
        return [self.message.to_option(item) for item in stored or []]

    def same(self, stored, wanted):
        stored, wanted = stored or [], wanted or []
        return len(stored) == len(wanted) and all(map(self.message.same, stored, wanted))

    def ignored(self, stored, wanted, path):
        if len(stored) != len(wanted or []):
            return []
        return [found for pair in zip(stored, wanted) for found in self.message.ignored(*pair, path)]

    def hide(self, option):
        return [self.message.hide(item) for item in option]


class Opaque(FieldType):
    """A message of another part of LiveKit, passed as it is written.

    What is written is merged into what is stored; what the server adds of its own (zero values) is no change.
    """

    argument = {"type": "dict"}
    empty: t.Any = {}

    def from_json(self, value):
        return snake_case_keys(value)

    def to_api(self, value):
        return snake_case_keys(value)

    def to_option(self, stored):
        return _without_zeros(stored) or {}

    def same(self, stored, wanted):
        """The server fills in zero values and enum names of its own: what is wanted must be there, more may be."""
        if not wanted:
            return not _without_zeros(stored)
        if isinstance(wanted, dict):
            stored = stored or {}
            return all(self.same(stored.get(name), value) for name, value in wanted.items())
        if isinstance(wanted, list):
            stored = stored or []
            return len(stored) == len(wanted) and all(map(self.same, stored, wanted))
        return str(stored) == str(wanted)

    def merge(self, stored, wanted):
        merged = dict(stored or {})
        for name, value in wanted.items():
            both = isinstance(value, dict) and isinstance(merged.get(name), dict)
            merged[name] = self.merge(merged[name], value) if both else value
        return merged


@dataclass(frozen=True)
class Field:
    name: str
    type: FieldType
    secret: bool = False
    since: str = ""
    required: bool = False

    def same(self, stored, wanted):
        return self.type.same(stored, wanted)

    def ignored(self, stored, wanted, path: str = "") -> list[tuple[str, str]]:
        """The deepest fields that the server did not store as wanted: (path, the livekit-server that does)."""
        if self.same(stored, wanted):
            return []
        path = f"{path}.{self.name}" if path else self.name
        below = self.type.ignored(stored, wanted, path) if stored else []
        return [(deepest, since or self.since) for deepest, since in below] or [(path, self.since)]

    def to_option(self, stored):
        return self.type.to_option(stored)

    def merge(self, stored, wanted):
        return self.type.merge(stored, wanted)

    def hidden(self, option):
        if self.secret or isinstance(self.type, (Message, MessageList)):
            return self.type.hide(option)
        return option

    def to_api(self, value):
        try:
            return self.type.to_api(value)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error

    @property
    def argument(self):
        argument = dict(self.type.argument)
        if self.required:
            argument["required"] = True
        if self.secret:
            argument["no_log"] = True
        return argument


def to_api(fields, options: dict) -> dict:
    """The stored form of the options that were given; those left out (``None``) are left out here too."""
    return {field.name: field.to_api(options[field.name]) for field in fields if options.get(field.name) is not None}


def from_json(fields, value: dict | None) -> dict | None:
    """A message in the server's own spelling, whatever spelling of protobuf's JSON it came in."""
    if not value:
        return value
    by_name = {field.name: field for field in fields}
    messages = {snake_case(key): item for key, item in value.items()}
    return {key: by_name[key].type.from_json(item) if key in by_name else item for key, item in messages.items()}


def argument_options(fields) -> dict:
    return {field.name: field.argument for field in fields}


def snake_case_keys(value):
    """JSON with camelCase keys, as some proxies answer and `lk` writes, in the server's own spelling."""
    if isinstance(value, dict):
        return {snake_case(key): snake_case_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [snake_case_keys(item) for item in value]
    return value


def snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def _without_zeros(value):
    """The same JSON without what protobuf calls unset."""
    if isinstance(value, dict):
        pruned = {key: _without_zeros(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item is not None} or None
    if isinstance(value, list):
        return [_without_zeros(item) for item in value] or None
    return None if value in ("", "0", "0s", 0, False) else value


def _milliseconds(text: str) -> int:
    text = str(text).strip()
    if text in ("", "0"):
        return 0
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise InputError(f"{text!r} is no duration; write it like 30s, 5m or 1h30m")
    return round(sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts))


def _seconds(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}.{rest:03d}s" if rest else f"{seconds}s"
