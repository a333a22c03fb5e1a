# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Tests a dial plan: calls with their expected results are evaluated against the final table.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ._calls import ACCEPT, ERROR, REFUSE, REQUEST_PIN, Call, Decision, Table
from ._explained import Objects, as_heard, explain, said
from ._failures import said as failed
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ._plan import PlanError


@dataclass(frozen=True)
class Expected:
    """The expected result of a call; an empty string means anything."""

    call: Call
    trunk: str = ""  # name or id
    rule: str = ""  # name or id
    room: str = ""  # prefix of the room's name
    agent: str = ""
    refused: bool = False  # no rule matches the call


def check_expected(expected: Iterable[Expected], objects: Objects) -> None:
    """Raises PlanError if one of these calls would not have its expected result."""
    table = Table.of(objects)
    wrong = []
    for one in expected:
        differs = _differences(one, table.decide(as_heard(table, one.call)[0]))
        if differs:
            explained = explain(table, objects, one.call).text()
            wrong.append(f"expect: the call {said(one.call)}: {'; '.join(differs)}\n{explained}")
    if wrong:
        raise PlanError(*failed("unexpected", calls="\n".join(wrong)))


def _differences(expected: Expected, decision: Decision) -> list[str]:
    if expected.refused:
        return [] if decision.result == REFUSE else [f"it must be refused, but {_got(decision)}"]
    if decision.result in (REFUSE, ERROR):
        return [f"a rule must match it, but {_got(decision)}"]
    found = []
    for what, name, stored, kind in (
        ("trunk", expected.trunk, decision.trunk, INBOUND_TRUNK),
        ("rule", expected.rule, decision.rule, DISPATCH_RULE),
    ):
        names = [stored.get("name") or "", stored[kind.id_field]] if stored else []
        if name and name not in names:
            found.append(f"expected {what} {name}, got {next(filter(None, names), 'none')}")
    if decision.result != ACCEPT and (expected.room or expected.agent):
        return [*found, f"expected a room or agent, but {_got(decision)}: add the pin"]
    if not decision.room.startswith(expected.room):
        found.append(f"expected a room {expected.room}…, got {decision.room}")
    if expected.agent and expected.agent not in decision.agents:
        found.append(f"expected agent {expected.agent}, got {', '.join(decision.agents) or 'none'}")
    return found


def _got(decision: Decision) -> str:
    return {
        ACCEPT: "a rule matches it",
        REQUEST_PIN: "a PIN is asked for",
        REFUSE: "none does",
        ERROR: f"livekit-server cannot decide it ({decision.error})",
    }[decision.result]
