# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Detects, in the final read, writes that were answered (for example by a proxy) but not applied.

If another run has since written or deleted the object, it differs from its state before the write and is ignored.
Pure: no I/O, no Ansible.
"""

from __future__ import annotations

from ._kinds import Kind


class LastLook:
    """Each object before and after its last write, as the server returned it; None if the object did not exist."""

    def __init__(self) -> None:
        self._writes: dict[str, tuple[Kind, dict | None, dict | None]] = {}

    def __bool__(self) -> bool:
        return bool(self._writes)

    def note(self, kind: Kind, key: str, before: dict | None, after: dict | None) -> None:
        self._writes[key] = kind, before, after

    def forget(self, key: str) -> None:
        self._writes.pop(key, None)

    def undone(self, table: dict[str, list[dict]]) -> dict[str, str]:
        """Id -> label of the objects whose writes were not applied. Their records are deleted."""
        there = {
            kind.name: {stored[kind.id_field]: stored for stored in table[kind.name]}
            for kind in dict.fromkeys(kind for kind, _before, _after in self._writes.values())
        }
        found = {
            key: f"{kind.title} {(after or before or {}).get('name') or key!r}"
            for key, (kind, before, after) in self._writes.items()
            if before != after and there[kind.name].get(key) == before
        }
        for key in found:
            self.forget(key)
        return found
