# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Fields that contain fields, and operations on all fields of a message.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import typing as t

from ._fields import Field, FieldType
from ._invalid import invalid
from ._written import InputError, hidden_in, proto_keys, refuse_text, shape, snake_case, without_zeros


class Message(FieldType):
    """A nested message. Keys that this version does not know keep the server's value."""

    empty: t.Any = {}
    holds_fields = True

    def __init__(self, *fields: Field):
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        self.argument = {"type": "dict", "options": argument_options(fields)}

    def read(self, value):
        refuse_text(value)
        if value is None or isinstance(value, str):
            return value
        if not isinstance(value, dict):
            raise InputError(invalid("map", shape=shape(value)), value)
        return read(self.fields, value)

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

    def unknown(self, stored):
        return unknown(self.fields, stored)

    def export(self, option):
        return export(self.fields, option)


class MessageList(FieldType):
    """A list of messages whose order matters, replaced as a whole. A string is a message with only its first field."""

    empty: t.Any = []
    holds_fields = True

    def __init__(self, *fields: Field, split: t.Callable[[dict], dict] = dict):
        self.message = Message(*fields)
        self.first = fields[0].name
        self.split = split
        self.argument = {"type": "list", "elements": "dict", "options": argument_options(fields)}

    def read(self, value):
        if isinstance(value, (str, dict)) and value:
            value = [value]
        if not isinstance(value, list):
            if value in (None, "", {}):
                return None if value is None else []
            raise InputError(invalid("maps", shape=shape(value)), value)
        return [self._read_item(index, item) for index, item in enumerate(value)]

    def _read_item(self, index, item):
        try:
            message = self.message.read({self.first: item} if isinstance(item, str) else item)
        except InputError as error:
            raise error.below(f"[{index}]") from None
        if message is None:
            raise InputError(invalid("maps_entry")).below(f"[{index}]")
        return self.split(message)

    def from_json(self, value):
        if isinstance(value, (str, dict)):
            value = [value]
        items = [{self.first: item} if isinstance(item, str) else item for item in value or ()]
        return value and [self.split(self.message.from_json(item)) for item in items]

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

    def merge(self, stored, wanted):
        """Keeps unknown values from a newer server; the first field identifies a message."""
        left = list(stored or ())
        merged = []
        for item in wanted:
            old = next((one for one in left if one.get(self.first) == item.get(self.first)), None)
            if old is not None:
                left.remove(old)
            merged.append({**(self.message.unknown(old) or {}), **item})
        return merged

    def hide(self, option):
        return [self.message.hide(item) for item in option]

    def unknown(self, stored):
        found = [self.message.unknown(item) or {} for item in stored or ()]
        return found if any(found) else None

    def export(self, option):
        return [self.message.export(item) for item in option]


class Opaque(FieldType):
    """A message that belongs to another part of LiveKit, passed unchanged.

    The desired value is merged into the stored one. Zero values that the server adds do not count as a change.
    """

    argument = {"type": "dict"}
    empty: t.Any = {}

    def read(self, value):
        refuse_text(value)
        if value is None or isinstance(value, (str, dict)):
            return value
        raise InputError(invalid("map", shape=shape(value)), value)

    def from_json(self, value):
        return proto_keys(value)

    def to_api(self, value):
        return proto_keys(value)

    def to_option(self, stored):
        return without_zeros(stored) or {}

    def same(self, stored, wanted):
        """Whether all desired values are stored; the server may add more, such as zero values and enum names."""
        if not wanted:
            return not without_zeros(stored)
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


def read(fields, options: dict) -> dict:
    """A playbook's options, each in a form that Ansible does not convert; unknown keys are kept."""
    by_name = {field.name: field for field in fields}
    return {name: by_name[name].read(value) if name in by_name else value for name, value in options.items()}


def to_api(fields, options: dict) -> dict:
    """The stored form of the given options, without omitted ones (``None``)."""
    return {field.name: field.to_api(options[field.name]) for field in fields if options.get(field.name) is not None}


def from_json(fields, value: dict | None) -> dict | None:
    """A message in the server's spelling, from any spelling of protobuf's JSON."""
    if not value or not isinstance(value, dict):
        return value
    by_name = {field.name: field for field in fields}
    messages = {snake_case(key): item for key, item in value.items()}
    return {key: by_name[key].type.from_json(item) if key in by_name else item for key, item in messages.items()}


def unknown(fields, message: dict | None, own: t.Collection[str] = ()) -> dict:
    """Values in a message that this version does not know; `own` are fields that the server sets itself."""
    by_name = {field.name: field for field in fields}
    found = {}
    for key, value in (message or {}).items():
        if key in own:
            continue
        if rest := by_name[key].type.unknown(value) if key in by_name else without_zeros(value):
            found[key] = rest
    return found


def export(fields, options: dict) -> dict:
    """The options that are set and not hidden; an omitted option keeps its value on the server."""
    kept = {}
    for field in fields:
        option = options.get(field.name)
        if field.secret and hidden_in(option):
            continue
        rest = field.type.export(option) if option else option
        if field.required or (rest and option != field.type.empty):
            kept[field.name] = rest
    return kept


def argument_options(fields) -> dict:
    return {field.name: field.argument for field in fields}
