# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Types of the fields of trunks and dispatch rules: how a value is written, stored, compared, merged and shown.

The *stored* form is the server's JSON with snake_case keys. An *option* is what a playbook writes.
Pure: no I/O, no Ansible. Fields that contain fields are in ``_messages``.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ._invalid import invalid
from ._written import HIDDEN, InputError, json_text, milliseconds, refuse_text, seconds, shape


class FieldType:
    """A type of field: how a value is written in a playbook, stored by the server, compared and shown."""

    argument: dict = {"type": "str"}
    empty: t.Any = ""
    holds_fields = False

    def read(self, value):
        """A playbook's value in a form that Ansible's own conversion does not change."""
        return value

    def to_api(self, value):
        return value

    def from_json(self, value):
        """The stored form of protobuf's JSON in any spelling, such as camelCase keys or numeric enums."""
        return value

    def to_option(self, stored):
        return stored if stored is not None else self.empty

    def comparable(self, stored):
        """A value that is the same for all equivalent stored values, and falsy if unset."""
        return stored or self.empty

    def same(self, stored, wanted) -> bool:
        """Whether the server's value matches the desired one, both in stored form."""
        return self.comparable(stored) == self.comparable(wanted)

    def merge(self, stored, wanted):
        return wanted

    def ignored(self, stored, wanted, path: str) -> list[tuple[str, str]]:
        """Nested fields that the server did not store as desired: (path, first livekit-server with the field)."""
        return []

    def hide(self, option):
        return HIDDEN if option else option

    def unknown(self, stored):
        """Nested values from a newer server that this version does not know; falsy if there are none."""
        return None

    def export(self, option):
        """The option without its hidden or unset values, which a playbook may omit."""
        return option


class Text(FieldType):
    def read(self, value):
        if isinstance(value, bool):
            raise InputError(invalid("text_truth"), value)
        if isinstance(value, (dict, list)):
            raise InputError(invalid("text", shape=shape(value)), value)
        return value if value is None else str(value)


class Json(Text):
    """A string that programs read: a dictionary or list is written as JSON. Equivalent JSON is not a change."""

    argument = {"type": "raw"}

    def read(self, value):
        return value if value is None else json_text(value)

    def to_api(self, value):
        return json_text(value)

    def comparable(self, stored):
        if not stored or stored.lstrip()[:1] not in ("{", "["):
            return stored or ""
        try:
            return json.dumps(json.loads(stored), sort_keys=True)
        except ValueError:
            return stored


class Digits(Text):
    """The digits that a caller can enter on a phone."""

    def to_api(self, value):
        if not re.fullmatch(r"[0-9]*", value):
            raise InputError(invalid("digits"), value)
        return value


class Flag(FieldType):
    argument = {"type": "bool"}
    empty = False


class Count(FieldType):
    argument = {"type": "int"}
    empty = 0

    def __init__(self, *ranges: range):
        self.ranges = ranges

    def read(self, value):
        digits = not isinstance(value, str) or re.fullmatch(r" *-?[0-9]+ *", value)
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()) or not digits:
            raise InputError(invalid("whole"), value)
        return int(value) if isinstance(value, float) else value

    def to_api(self, value):
        if value < 0:
            raise InputError(invalid("negative"), value)
        if not self.takes(value):
            allowed = " or ".join(f"{part[0]} to {part[-1]}" if len(part) > 1 else str(part[0]) for part in self.ranges)
            raise InputError(invalid("range", allowed=allowed), value)
        return value

    def takes(self, value: int) -> bool:
        return not self.ranges or any(value in allowed for allowed in self.ranges)

    def to_option(self, stored):
        return int(stored or 0)

    comparable = to_option


class Duration(FieldType):
    """A duration, written as ``30s``, ``5m`` or ``1h30m`` and stored in seconds (``1800s``), as in protobuf's JSON."""

    def read(self, value):
        return value if value is None else str(value)

    def to_api(self, value):
        return seconds(milliseconds(value))

    def to_option(self, stored):
        return seconds(milliseconds(stored)) if self.comparable(stored) else ""

    def comparable(self, stored):
        return milliseconds(stored or "0s")


class Choice(FieldType):
    """An enum, written without its prefix and in lower case (``SIP_TRANSPORT_TLS`` as ``tls``)."""

    def __init__(self, prefix: str, *names: str, optional: bool = False):
        self.prefix = prefix
        # An optional enum can be unset, which differs from its first value.
        self.empty = None if optional else names[0]
        self.names = names
        self.argument = {"type": "str", "choices": list(names)}

    def read(self, value):
        return self.to_option(value.upper()) if isinstance(value, str) else value

    def from_json(self, value):
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(self.names):
            return self.to_api(self.names[value])
        return value

    def to_api(self, value):
        return self.prefix + value.upper()

    def to_option(self, stored):
        return str(stored).replace(self.prefix, "", 1).lower() if stored else self.empty

    def comparable(self, stored):
        option = self.to_option(stored)
        return None if option == self.empty else option


class EnumNumber(Count):
    """A status code. The server returns the enum's name if there is one, and otherwise the number.

    A name that this version does not know is kept unchanged.
    """

    def __init__(self, prefix: str, codes: dict[str, int], *ranges: range):
        super().__init__(*ranges)
        self.codes = {prefix + name: code for name, code in codes.items()}

    def read(self, value):
        if isinstance(value, str):
            value = self.from_json(value)
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
            raise InputError(invalid("status"), value)
        return super().read(value)

    def from_json(self, value):
        return self.codes.get(value, value)

    def to_option(self, stored):
        return self.codes.get(stored, stored) or 0

    comparable = to_option


class TextSet(FieldType):
    """A list whose order does not matter."""

    argument = {"type": "list", "elements": "str"}
    empty: t.Any = []

    def read(self, value):
        if isinstance(value, str) and "{" not in value and "[" not in value:
            return [part.strip() for part in value.split(",")] if value.strip() else []
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = [value]
        if value is None or isinstance(value, str):
            return [value] if value else value
        if not isinstance(value, list):
            raise InputError(invalid("texts", shape=shape(value)), value)
        return [self._read_entry(entry) for entry in value]

    def _read_entry(self, entry):
        if isinstance(entry, str):
            return entry
        if isinstance(entry, int) and not isinstance(entry, bool):
            return str(entry)
        raise InputError(invalid("texts_entry", shape=shape(entry)), entry)

    def to_api(self, value):
        return list(dict.fromkeys(value))

    def from_json(self, value):
        return [value] if isinstance(value, str) else value

    def to_option(self, stored):
        return list(stored or [])

    def comparable(self, stored):
        return sorted(set(stored or []))


class TextMap(FieldType):
    """A dictionary with the user's own keys, which are kept unchanged."""

    argument = {"type": "dict"}
    empty: t.Any = {}

    def read(self, value):
        refuse_text(value)
        if isinstance(value, (list, bool, int, float)):
            raise InputError(invalid("map", shape=shape(value)), value)
        return self.to_api(value) if isinstance(value, dict) else value

    def to_api(self, value):
        return {str(key): json_text(text) for key, text in value.items()}

    def to_option(self, stored):
        return dict(stored or {})

    def hide(self, option):
        return dict.fromkeys(option, HIDDEN)


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
        """The deepest fields that the server did not store as desired: (path, first livekit-server with the field)."""
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
        if self.secret or self.type.holds_fields:
            return self.type.hide(option)
        return option

    def read(self, value):
        try:
            return self.type.read(value)
        except InputError as error:
            raise error.below(self.name, self.secret) from None

    def to_api(self, value):
        try:
            return self.type.to_api(value)
        except InputError as error:
            raise error.below(self.name, self.secret) from None

    @property
    def argument(self):
        argument = dict(self.type.argument)
        if self.required:
            argument["required"] = True
        if self.secret:
            argument["no_log"] = True
        return argument
