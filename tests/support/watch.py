# SPDX-License-Identifier: GPL-3.0-or-later
"""Find calls that fare worse while a table changes, from the decisions after each write.

Each decision must equal the one before or the one after the change. There are two exceptions, each for one write, and
only if the result of the run names the number for that write:

* The number moves between trunks. The call may be accepted only if it is accepted before or after the change.
* Another rule takes the call. The call may be refused, or need a PIN. A third rule may accept it only if the caller
  enters no PIN and both tables accept it.
"""

from __future__ import annotations

import typing as t

ACCEPT, REQUEST_PIN, REFUSED, ERROR = "ACCEPT", "REQUEST_PIN", "refused", "error"


class Fate(t.NamedTuple):
    """The result of a call."""

    result: str
    room: str = ""
    password: bool = False  # whether the caller must send one first
    trunk: str = ""
    rule: str = ""


def fate_of(decision: dict) -> Fate:
    """Convert a decision of tests/doubles/oracle to a Fate."""
    if "auth_error" in decision:
        return Fate(ERROR)
    if "dispatch_error" in decision:
        return Fate(ERROR, "", bool(decision["auth_user"]), decision["trunk"])
    result = {"DROP": REFUSED, "REJECT": REFUSED}.get(decision["result"], decision["result"])
    room = f"{decision['room']} {decision.get('agents')}" if result == ACCEPT else ""
    return Fate(result, room, bool(decision["auth_user"]), decision["trunk"], decision["rule"])


class Moment(t.NamedTuple):
    fates: list[Fate]  # one per call
    named: list[str]  # the numbers whose calls this write interrupts, according to the run


def faults(calls: list[dict], history: list[Moment]) -> list[tuple[dict, str, list[Fate]]]:
    """Calls that fare worse during the change than before and after it, each with the fault and all fates."""
    found = []
    for index, call in enumerate(calls):
        fates = [moment.fates[index] for moment in history]
        wrong = _wrong(call, fates, [moment.named for moment in history])
        if wrong:
            found.append((call, wrong, fates))
    return found


def _wrong(call: dict, fates: list[Fate], named: list[list[str]]) -> str:
    first, last = fates[0], fates[-1]
    off = [place for place, fate in enumerate(fates) if _off(fate, first, last)]
    if not off:
        return ""
    kinds = [fates[place].trunk not in (first.trunk, last.trunk) for place in off]
    if len(set(kinds)) < len(kinds):
        return f"{len(off)} writes"
    return next(filter(None, (_excepted(call, fates[place], first, last, named[place]) for place in off)), "")


def _excepted(call: dict, fate: Fate, first: Fate, last: Fate, named: list[str]) -> str:
    moves = bool(first.trunk and last.trunk and first.trunk != last.trunk)
    passes = bool(first.rule and last.rule and first.rule != last.rule)
    if fate.result == ERROR:
        return "an error"
    if not moves and not passes:
        return "neither its trunk nor its rule changes"
    ends = (first.result, last.result)
    without_pin = passes and not call.get("pin") and ends == (ACCEPT, ACCEPT)
    if fate.result == ACCEPT and not (moves and ACCEPT in ends) and not without_pin:
        return "let in"
    if not {call["to"], "any other number"}.intersection(named):
        return "not named"
    return ""


def _off(fate: Fate, first: Fate, last: Fate) -> bool:
    """Whether a caller, with or without the password, fares differently from both before and after the change."""
    return any(seen not in ends for seen, *ends in zip(*map(_seen, (fate, first, last)), strict=True))


def _seen(fate: Fate) -> tuple:
    """The results for a caller with the password of the trunk, and for a caller without it."""
    with_password = fate.result, fate.room
    return with_password, ("password",) if fate.password else with_password
