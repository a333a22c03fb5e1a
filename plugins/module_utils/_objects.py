# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""One object as a playbook wants it, and a stored one as a playbook would write it."""

from __future__ import annotations

from dataclasses import dataclass

from ._fields import InputError, argument_options, to_api
from ._kinds import CLEARABLE, DISPATCH_RULE, RULE_KINDS, Kind, Rule


@dataclass
class Item:
    """One object as a playbook wants it: the fields it gives, in stored form, and how to find it."""

    kind: Kind
    fields: dict
    id: str = ""
    clear: tuple = ()
    trunks: list | None = None  # names or ids, of a dispatch rule
    any_trunk: bool = False

    @property
    def name(self) -> str:
        return self.fields.get("name", "")

    @property
    def label(self) -> str:
        return f"{self.kind.title} {self.name or self.id!r}"

    @classmethod
    def from_options(cls, kind: Kind, options: dict) -> Item:
        """Raises InputError if a value cannot be what its field takes."""
        name = options.get("name") or options.get("id") or ""
        try:
            fields = to_api((field for field in kind.fields if field.name not in ("rule", "trunk_ids")), options)
            if kind is DISPATCH_RULE:
                given = {name: options[name] for name in RULE_KINDS if options.get(name) is not None}
                if len(given) > 1:
                    raise InputError("give only one of " + ", ".join(RULE_KINDS))
                if given:
                    fields["rule"] = Rule().to_api(given)
        except InputError as error:
            raise InputError(f"{kind.title} {name!r}: {error}") from error
        return cls(
            kind=kind,
            fields=fields,
            id=options.get("id") or "",
            clear=tuple(options.get("clear") or ()),
            trunks=options.get("trunks"),
            any_trunk=bool(options.get("any_trunk")),
        )


def item_options(kind: Kind) -> dict:
    """The argument spec of one object of this kind."""
    options = argument_options(field for field in kind.fields if field.name not in ("rule", "trunk_ids"))
    options["id"] = {"type": "str"}
    options["clear"] = {"type": "list", "elements": "str", "choices": CLEARABLE[kind]}
    if kind is DISPATCH_RULE:
        options["trunks"] = {"type": "list", "elements": "str"}
        options["any_trunk"] = {"type": "bool"}
        for name, message in RULE_KINDS.items():
            options[name] = dict(message.argument)
    return options


def show(kind: Kind, stored: dict, trunk_names: dict[str, str], hide: bool = True) -> dict:
    """A stored object as the options that would make it, every field; with `hide`, secrets are not in it.

    `trunk_names` maps trunk ids to names; a trunk without a name, or unknown, is shown by its id.
    """
    shown: dict = {"id": stored.get(kind.id_field) or ""}
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
