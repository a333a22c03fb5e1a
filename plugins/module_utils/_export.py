# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Selects stored objects, and exports them as the options that would create them.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import json
import re
from collections import Counter

from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS, RULE_KINDS, Kind
from ._messages import export, unknown
from ._numbers import normalized_number
from ._objects import show

Stored = dict

# A newer server may keep secrets in fields that this version does not know.
_SECRET_NAME = re.compile(r'(secret|passw|token|pin|key|credential|auth)[^"]*"\s*:', re.IGNORECASE)


def choose(
    table: dict[str, list[Stored]], names: list | None, ids: list | None, numbers: list | None
) -> dict[str, list[Stored]]:
    """The objects that meet all given conditions. A number selects the trunks that have it, and their rules."""
    wanted = {normalized_number(number) for number in numbers or ()}

    def holds(stored):
        return bool(wanted.intersection(map(normalized_number, stored.get("numbers") or ())))

    holders = {stored[INBOUND_TRUNK.id_field] for stored in table[INBOUND_TRUNK.name] if holds(stored)}

    def meets(kind, stored):
        if names is not None and stored.get("name") not in names:
            return False
        if ids is not None and stored[kind.id_field] not in ids:
            return False
        if numbers is None:
            return True
        return bool(holders.intersection(stored.get("trunk_ids") or ())) if kind is DISPATCH_RULE else holds(stored)

    return {name: [stored for stored in objects if meets(KINDS[name], stored)] for name, objects in table.items()}


def unique_trunk_names(table: dict[str, list[Stored]]) -> dict[str, str]:
    """Trunk id -> name, for the inbound trunks with unique names."""
    trunks = table[INBOUND_TRUNK.name]
    uses = Counter(trunk.get("name") for trunk in trunks)
    return {
        trunk[INBOUND_TRUNK.id_field]: trunk["name"]
        for trunk in trunks
        if trunk.get("name") and uses[trunk["name"]] == 1
    }


def variables(table: dict[str, list[Stored]], trunk_names: dict[str, str]) -> dict:
    """Role variables of livekit_routing. With them, the role would not change the server from which they were read."""
    found = {kind.table: _exported(kind, table[kind.name], trunk_names) for kind in KINDS.values()}
    # The role's default values for trunks would change the trunks.
    found["inbound_trunk_defaults"] = {}
    return {f"livekit_routing_{name}": value for name, value in found.items()}


def _exported(kind: Kind, objects: list[Stored], trunk_names: dict[str, str]) -> list[dict]:
    uses = Counter(stored.get("name") for stored in objects)
    found = []
    for stored in objects:
        options = options_of(kind, stored, trunk_names)
        if stored.get("name") and uses[stored["name"]] == 1:
            del options["id"]
        found.append(options)
    return found


def options_of(kind: Kind, stored: Stored, trunk_names: dict[str, str], hide: bool = True) -> dict:
    """The options that would create an object, without unset options and, with `hide`, without secrets."""
    unset = {field.name for field in kind.fields if field.same(stored.get(field.name), None)}
    shown = {name: value for name, value in show(kind, stored, trunk_names, hide).items() if name not in unset}
    options = {name: value for name, value in shown.items() if name in ("id", "trunks", "any_trunk") and value}
    options |= export([field for field in kind.fields if field.name in shown], shown)
    # A rule's kind is shown even if nothing below it is set.
    options |= {name: message.export(shown[name]) for name, message in RULE_KINDS.items() if name in shown}
    other = {
        name: value
        for name, value in unknown(kind.fields, stored, kind.own).items()
        if not hide or not _SECRET_NAME.search(json.dumps({name: value}))
    }
    return {**options, "other_fields": other} if other else options
