# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Describes the calls whose results change between two tables, one line per class of calls.

Pure: no I/O, no Ansible. Two calls are in the same class if no number, caller, network, host name or PIN in
either table distinguishes them; one call of each class is evaluated with both tables.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from itertools import product

from ._addresses import honoured_masks, network
from ._calls import ACCEPT, ERROR, REFUSE, REQUEST_PIN, Call, Decision, Table, shortened
from ._claims import pin_of
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ._numbers import normalized_number

Objects = dict[str, dict[str, dict]]  # kind name -> id -> object

# A caller and a number that no object names. They appear in room names.
_ANY_CALLER, ANY_NUMBER = "<caller>", "<number>"
_NUMBERS_SHOWN = 20


class _Value(t.NamedTuple):
    """One value of a dimension, and its label in a line."""

    label: str
    value: tuple


def changed_ways(before: Objects, after: Objects) -> list[str]:
    """One line for each change: the calls, and their results before and after. Empty if no result changes."""
    comparison = _Comparison(before, after)
    by_tree: dict[tuple | str, list[str]] = {}
    for number in comparison.numbers():
        tree = comparison.tree(number)
        if tree:
            by_tree.setdefault(tree, []).append(_label_of_number(number))
    lines = []
    for tree, numbers in by_tree.items():
        for qualifiers, text in _flat(tree):
            where = " ".join(qualifiers) or "from anywhere"
            lines.append(f"{shortened(numbers, _NUMBERS_SHOWN)} {where}: {text}")
    return lines


def classes_of_calls(
    before: Objects, after: Objects, number: str, callers: Iterable[str] = (), pins: Iterable[str] = ()
) -> Iterator[Call]:
    """One call of each class of calls to a normalized number, with each PIN and without one.

    callers, pins: additional values to distinguish, such as those of rules that temporarily match calls to the number.
    """
    comparison = _Comparison(before, after)
    *dimensions, known = comparison._dimensions(number)
    more = sorted({*callers} - {caller for _label, (caller,) in known})
    entered = dict.fromkeys([*comparison.pins, *((pin, False) for pin in pins), *([("", True)] if pins else [])])
    for called, source, host, caller, pin in product(
        *dimensions, [*known, *(_Value("", (caller,)) for caller in more)], entered
    ):
        yield Call(called.value[0], caller.value[0], source.value[0], host.value[0], *pin)


class _Comparison:
    def __init__(self, before: Objects, after: Objects) -> None:
        self.objects = (before, after)
        self.tables = (Table.of(before), Table.of(after))
        self.names_of_pins: list[dict[str, list[str]]] = [{}, {}]  # for each table: PIN -> names of the rules with it
        for names, table in zip(self.names_of_pins, self.tables, strict=True):
            for rule in table.rules:
                names.setdefault(pin_of(rule), []).append(_name(rule))
        self.spellings: dict[str, set[str]] = {}  # number -> how rules write it
        for table in self.tables:
            for rule in table.rules:
                for number in rule.get("numbers") or ():
                    self.spellings.setdefault(normalized_number(number), set()).add(number)

    def numbers(self) -> list[str]:
        """The normalized called numbers that a change can affect."""
        trunks, rules = (self._changed(kind) for kind in (INBOUND_TRUNK, DISPATCH_RULE))
        touched = {trunk for rule in rules for trunk in rule.get("trunk_ids") or [""]}
        trunks += [trunk for table in self.tables for trunk in table.trunks if trunk["sip_trunk_id"] in touched]
        if not (trunks or rules):
            return []
        everything = "" in touched or any(not trunk.get("numbers") for trunk in trunks)
        # If a rule is invalid, the server cannot decide calls that match no trunk.
        everything |= self.tables[0].faulty != self.tables[1].faulty
        if everything:
            trunks, rules = ([item for table in self.tables for item in part(table)] for part in (_trunks, _rules))
        found = {normalized_number(number) for item in (*trunks, *rules) for number in item.get("numbers") or ()}
        return sorted(found) + ([ANY_NUMBER] if everything else [])

    def _changed(self, kind) -> list[dict]:
        before, after = (objects.get(kind.name, {}) for objects in self.objects)
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return [side[key] for key in keys for side in (before, after) if key in side]

    def tree(self, number: str) -> tuple | str:
        """The changes for calls to a number, split only where results differ; an empty string if there are none."""
        return _parted(self._dimensions(number), (), self._leaf)

    def _dimensions(self, number: str) -> list[list[_Value]]:
        called = _spelled(number, self.spellings.get(number, set()))
        trunks = [trunk for table in self.tables for trunk in table.trunks_for(number)]
        ids = dict.fromkeys([*(trunk["sip_trunk_id"] for trunk in trunks), ""])
        rules = [
            rule for table in self.tables for trunk in ids for form in called for rule in table.rules_for(trunk, form)
        ]
        callers = {caller for rule in rules for caller in rule.get("inbound_numbers") or ()}
        named: dict[str, set[str]] = {}
        for caller in callers:
            named.setdefault(normalized_number(caller), set()).add(caller)
        for number in {normalized_number(caller) for trunk in trunks for caller in trunk.get("allowed_numbers") or ()}:
            callers.update(_spelled(number, named.get(number, set()))[-1:])
        masks = tuple(tuple(honoured_masks(trunk.get("allowed_addresses"))) for trunk in trunks)
        pins = {pin_of(rule): rule for rule in rules if pin_of(rule)}
        self.pins = [("", False), *((pin, False) for pin in sorted(pins)), ("", True)] if pins else [("", False)]
        return [
            [_Value(f"dialled {form}", (form,)) for form in called],
            [_Value(f"from {label}", (source,)) for label, source in _sources(masks)],
            [_Value(f"with From host {host}" if host else "with another From host", (host,)) for host in _hosts(masks)],
            [*(_Value(f"by {caller}", (caller,)) for caller in sorted(callers)), _Value("by others", (_ANY_CALLER,))],
        ]

    def _leaf(self, point: tuple) -> tuple | str:
        called, source, host, caller = point
        ways = [table.decide(Call(called, caller, source, host)) for table in self.tables]
        if {way.result for way in ways} != {REQUEST_PIN}:
            return _difference(*ways)
        return _parted([[_Value(self._pin_label(*pin), pin) for pin in self.pins]], point, self._leaf_with_pin)

    def _leaf_with_pin(self, point: tuple) -> str:
        called, source, host, caller, pin, no_pin = point
        call = Call(called, caller, source, host, pin, no_pin)
        return _difference(*(table.decide(call) for table in self.tables))

    def _pin_label(self, pin: str, no_pin: bool) -> str:
        if no_pin:
            return "without a PIN"
        if not pin:
            return "before the PIN"
        was, now = (rules.get(pin, []) for rules in self.names_of_pins)
        which = "" if set(was) & set(now) else "former " if was else "new "
        return f"with the {which}PIN of {shortened([*dict.fromkeys(was + now)])}"


def _difference(before: Decision, after: Decision) -> str:
    """The results before and after, or an empty string if they are the same."""
    heads = [_head(decision) for decision in (before, after)]
    if (
        before.result != after.result
        or before.result == ACCEPT
        and _key(before) != _key(after)
        and heads[0] != heads[1]
    ):
        return f"{heads[0]} → {heads[1]}"
    parts = []
    if before.result == ACCEPT:
        for what, was, now in (
            ("room", before.room, after.room),
            ("agents", ", ".join(before.agents) or "none", ", ".join(after.agents) or "none"),
        ):
            if was != now:
                parts.append(f"{what} {was} → {now}")
    if before.result in (ACCEPT, REQUEST_PIN):
        trunks = [_name(decision.trunk or {}) or "none" for decision in (before, after)]
        same_id = (before.trunk or {}).get("sip_trunk_id") == (after.trunk or {}).get("sip_trunk_id")
        if trunks[0] != trunks[1] and not same_id:
            parts.append(f"trunk {trunks[0]} → {trunks[1]}")
        if before.asks_password != after.asks_password:
            parts.append(
                "password required → not required" if before.asks_password else "password not required → required"
            )
    return f"{heads[1]}: {', '.join(parts)}" if parts else ""


def _head(decision: Decision) -> str:
    if decision.result == ACCEPT:
        return f"rule {_name(decision.rule or {})}"
    return {REQUEST_PIN: "asked for a PIN", REFUSE: "refused", ERROR: f"503 ({decision.error})"}[decision.result]


def _key(decision: Decision) -> str:
    return (decision.rule or {}).get("sip_dispatch_rule_id", "")


def _name(stored: dict) -> str:
    return stored.get("name") or stored.get("sip_dispatch_rule_id") or stored.get("sip_trunk_id") or ""


def _label_of_number(number: str) -> str:
    return "any other number" if number == ANY_NUMBER else number


def _parted(dimensions: list[list[_Value]], point: tuple, leaf: t.Callable) -> tuple | str:
    """A tree over the dimensions. Values with the same result share a branch; a level with one branch is omitted."""
    if not dimensions:
        return leaf(point)
    groups: dict[tuple | str, list[str]] = {}
    for label, value in dimensions[0]:
        groups.setdefault(_parted(dimensions[1:], (*point, *value), leaf), []).append(label)
    if len(groups) == 1:
        return next(iter(groups))
    return tuple((" or ".join(filter(None, labels)), below) for below, labels in groups.items())


def _flat(tree: tuple | str) -> Iterator[tuple[list[str], str]]:
    if isinstance(tree, str):
        if tree:
            yield [], tree
        return
    for label, below in tree:
        for qualifiers, text in _flat(below):
            yield [label, *qualifiers] if label else qualifiers, text


def _spelled(number: str, written: set[str]) -> list[str]:
    """The spellings of a number that rules distinguish, the last of which no rule uses."""
    others = [number, number[1:], f"{number[:2]} {number[2:]}", f"{number[:3]} {number[3:]}"]
    free = [form for form in others if form not in written and normalized_number(form) == number]
    forms = [form for form in sorted(written) if normalized_number(form) == number]
    return ([number] if number in forms else []) + [form for form in forms if form != number] + free[:1]


def _hosts(masks: Iterable[tuple[str, ...]]) -> list[str]:
    """Host names in allowed_addresses, which the server compares with the From header; the last one is empty."""
    return [*sorted({mask for entry in masks for mask in entry if network(mask) is None and "/" not in mask}), ""]


@lru_cache(maxsize=10_000)
def _sources(masks: tuple[tuple[str, ...], ...]) -> list[tuple[str, str]]:
    """One source address for each set of trunks that allow it, labelled with the trunks' masks."""
    nets = [(network(mask), mask, index) for index, entry in enumerate(masks) for mask in entry if network(mask)]
    if not nets:
        return [("anywhere", "0.0.0.0")]
    starts = {ip_address("0.0.0.0"), ip_address("::")}
    for net, _mask, _index in nets:
        starts.add(net.network_address)
        if int(net.broadcast_address) + 1 < 1 << net.max_prefixlen:
            starts.add(net.broadcast_address + 1)
    classes: dict[frozenset, tuple[str, dict[str, None]]] = {}
    for start in sorted(starts, key=lambda ip: (ip.version, ip)):
        holding = [(net, mask, index) for net, mask, index in nets if start in net]
        first, names = classes.setdefault(frozenset(index for _net, _mask, index in holding), (str(start), {}))
        if holding:
            names.setdefault(max(holding, key=lambda held: held[0].prefixlen)[1])
    return [(shortened([*names]) if names else "elsewhere", first) for first, names in classes.values()]


def _trunks(table: Table) -> list[dict]:
    return table.trunks


def _rules(table: Table) -> list[dict]:
    return table.rules
