# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Converts a playbook's options to a desired object, and a stored object to options."""

from __future__ import annotations

from dataclasses import dataclass

from ._fields import Field, TextSet
from ._invalid import invalid, warning
from ._kinds import CLEARABLE, DISPATCH_RULE, RULE_KINDS, Kind, Rule
from ._messages import argument_options, to_api, unknown
from ._written import HIDDEN, InputError


@dataclass
class Item:
    """A desired object: its fields in stored form, and its name or id."""

    kind: Kind
    fields: dict
    id: str = ""
    clear: tuple = ()
    trunks: list | None = None  # names or ids; only for a dispatch rule
    any_trunk: bool = False
    other_fields: dict | None = None  # fields from a newer server, in stored form

    @property
    def name(self) -> str:
        return self.fields.get("name", "")

    @property
    def label(self) -> str:
        return f"{self.kind.title} {self.name or self.id!r}"

    @classmethod
    def from_options(cls, kind: Kind, options: dict) -> Item:
        """The desired object. Raises InputError if a value is invalid for its field."""
        name = options.get("name") or options.get("id") or ""
        try:
            fields = to_api((field for field in kind.fields if field.name not in ("rule", "trunk_ids")), options)
            if kind is DISPATCH_RULE:
                given = {name: options[name] for name in RULE_KINDS if options.get(name) is not None}
                if len(given) > 1:
                    raise InputError(invalid("two_rules"), HIDDEN).below(" and ".join(given))
                if given:
                    fields["rule"] = Rule().to_api(given)
            other = options.get("other_fields") or {}
            known = sorted(set(other) - set(unknown(kind.fields, other, kind.own)))
            if known:
                raise InputError(invalid("known_field", names=", ".join(known)), HIDDEN).below("other_fields")
        except InputError as error:
            raise InputError(f"{kind.title} {name!r}: {error}") from error
        return cls(
            kind=kind,
            fields=fields,
            id=options.get("id") or "",
            clear=tuple(options.get("clear") or ()),
            trunks=options.get("trunks"),
            any_trunk=bool(options.get("any_trunk")),
            other_fields=other,
        )


def item_options(kind: Kind) -> dict:
    """The argument spec of one object of this kind."""
    options = argument_options(field for field in kind.fields if field.name not in ("rule", "trunk_ids"))
    options["id"] = {"type": "str"}
    options["other_fields"] = {"type": "dict"}
    options["clear"] = {"type": "list", "elements": "str", "choices": CLEARABLE[kind]}
    if kind is DISPATCH_RULE:
        options["trunks"] = {"type": "list", "elements": "str"}
        options["any_trunk"] = {"type": "bool"}
        for name, message in RULE_KINDS.items():
            options[name] = dict(message.argument)
    return options


def read_options(kind: Kind, options: dict) -> tuple[dict, list[InputError]]:
    """A playbook's valid options in a form that Ansible does not convert, and the errors in the invalid ones."""
    fields = {field.name: field for field in kind.fields if field.name not in ("rule", "trunk_ids")}
    if kind is DISPATCH_RULE:
        fields |= {name: Field(name, message) for name, message in RULE_KINDS.items()}
        fields["trunks"] = Field("trunks", TextSet())
    found, errors = {}, []
    for name, value in options.items():
        try:
            found[name] = fields[name].read(value) if name in fields else value
        except InputError as error:
            errors.append(InputError(f"{kind.title} {options.get('name')!r}: {error}"))
    return found, errors


def doubts(kind: Kind, options: dict) -> list[str]:
    """Warnings about values that YAML may have changed."""
    if kind is not DISPATCH_RULE:
        return []
    return [
        f"{kind.title} {options.get('name')!r}: {warning('number_unquoted', option=name, number=entry)}"
        for name in ("numbers", "inbound_numbers")
        for entry in (options[name] if isinstance(options.get(name), list) else [options.get(name)])
        if isinstance(entry, int) and not isinstance(entry, bool)
    ]


def show(kind: Kind, stored: dict, trunk_names: dict[str, str], hide: bool = True) -> dict:
    """A stored object as options, with every field; with `hide`, without secrets.

    `trunk_names` maps trunk ids to names; any other trunk is shown by its id.
    """
    shown: dict = {"id": stored.get(kind.id_field) or ""}
    other = unknown(kind.fields, stored, kind.own)
    if other:
        # A newer server may store secrets in these fields.
        shown["other_fields"] = dict.fromkeys(other, HIDDEN) if hide else other
    for field in kind.fields:
        option = field.to_option(stored.get(field.name))
        if hide:
            option = field.hidden(option)
        if field.name == "rule":
            shown.update(option)
        elif field.name == "trunk_ids":
            shown["trunks"] = [trunk_names.get(trunk) or trunk for trunk in option]
            shown["any_trunk"] = not option
        else:
            shown[field.name] = option
    return shown
