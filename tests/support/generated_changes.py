# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes to small, dense tables, as options of livekit_sip_routing."""

from __future__ import annotations

import copy
import random

NUMBERS = [f"+120255501{index:02d}" for index in range(6)]
CALLERS = ["+12025550198", "+12025550199"]
PINS = ["1111", "2222", "3333"]
Options = tuple[list[dict], list[dict]]


class _Change:
    """A table that operations change in place."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rooms = 0
        self.trunks: list[dict] = []
        self.rules: list[dict] = []
        numbers = rng.sample(NUMBERS, 6)
        for _unused in range(rng.choice([1, 2, 2, 3])):
            self.trunks.append(
                self.new_trunk([numbers.pop() for _unused in range(rng.choice([1, 1, 2]) if numbers else 0)])
            )
        for _unused in range(rng.choice([1, 2, 3, 3, 4])):
            self.rules.append(self.new_rule())

    def new_trunk(self, numbers: list[str]) -> dict:
        rng, trunk = self.rng, {"name": self.free_name("abcdefgh", self.trunks), "numbers": numbers}
        if rng.random() < 0.25:
            trunk["allowed_numbers"] = [rng.choice(CALLERS)]
        if not numbers or rng.random() < 0.08:
            trunk |= {"numbers": [], "allowed_numbers": [rng.choice(CALLERS)]}
        if rng.random() < 0.1:
            trunk |= {"auth_username": "user", "auth_password": "example"}
        return trunk

    def new_rule(self) -> dict:
        rng = self.rng
        rule = {"name": self.free_name("rstuvwxyz", self.rules), "numbers": [], "inbound_numbers": []}
        kind, rest = rng.choice([("individual", "no_randomness"), ("callee", "randomize"), ("direct", "")])
        room = "room_name" if kind == "direct" else "room_prefix"
        self.rooms += 1
        rule[kind] = {room: f"room{self.rooms}", "pin": rng.choice(["", *PINS])}
        if rest:
            rule[kind][rest] = rest == "no_randomness"
        if rng.random() < 0.15 or not self.trunks:
            rule |= {"any_trunk": True, "trunks": []}
        else:
            names = [trunk["name"] for trunk in self.trunks]
            rule |= {"any_trunk": False, "trunks": rng.sample(names, min(len(names), rng.choice([1, 1, 2])))}
        if rng.random() < 0.25:
            rule["numbers"] = [rng.choice(NUMBERS)]
        if rng.random() < 0.15:
            rule["inbound_numbers"] = [rng.choice(CALLERS)]
        return rule

    def free_name(self, names: str, taken: list[dict]) -> str:
        free = [name for name in names if name not in {item["name"] for item in taken}]
        return self.rng.choice(free)

    def options(self, rule: dict) -> dict:
        return next(rule[kind] for kind in ("individual", "callee", "direct") if kind in rule)

    def rename_trunk(self) -> None:
        trunk = self.rng.choice(self.trunks)
        was, trunk["name"] = trunk["name"], self.free_name("abcdefgh", self.trunks)
        for rule in self.rules:
            rule["trunks"] = [trunk["name"] if name == was else name for name in rule["trunks"]]

    def rename_rule(self) -> None:
        self.rng.choice(self.rules)["name"] = self.free_name("rstuvwxyz", self.rules)

    def swap_numbers(self) -> None:
        one, other = self.rng.sample(self.trunks, 2)
        one["numbers"], other["numbers"] = other["numbers"], one["numbers"]

    def move_number(self) -> None:
        one, other = self.rng.sample(self.trunks, 2)
        if len(one["numbers"]) > 1 and other["numbers"]:
            other["numbers"].append(one["numbers"].pop(self.rng.randrange(len(one["numbers"]))))

    def move_number_with_its_rules(self) -> None:
        one, other = self.rng.sample(self.trunks, 2)
        if len(one["numbers"]) > 1 and other["numbers"]:
            number = one["numbers"].pop(0)
            other["numbers"].append(number)
            for rule in self.rules:
                if one["name"] in rule["trunks"] and (number in rule["numbers"] or not rule["numbers"]):
                    rule["trunks"] = [other["name"]]
                    rule["numbers"] = rule["numbers"] or [number]

    def join_trunks(self) -> None:
        one, other = self.rng.sample(self.trunks, 2)
        if one["numbers"] and other["numbers"]:
            one["numbers"] += other["numbers"]
            self.drop_trunk(other, one["name"])

    def swap_pins(self) -> None:
        one, other = map(self.options, self.rng.sample(self.rules, 2))
        one["pin"], other["pin"] = other["pin"], one["pin"]

    def set_pin(self) -> None:
        self.options(self.rng.choice(self.rules))["pin"] = self.rng.choice(["", *PINS])

    def swap_trunks_of_rules(self) -> None:
        one, other = self.rng.sample(self.rules, 2)
        for key in ("trunks", "any_trunk"):
            one[key], other[key] = other[key], one[key]

    def move_rule(self) -> None:
        rule = self.rng.choice(self.rules)
        if rule["trunks"]:
            rule["trunks"] = [self.rng.choice(self.trunks)["name"]]

    def change_rule_numbers(self) -> None:
        self.rng.choice(self.rules)["numbers"] = self.rng.choice([[], self.rng.sample(NUMBERS, 1)])

    def change_rule_callers(self) -> None:
        self.rng.choice(self.rules)["inbound_numbers"] = self.rng.choice([[], self.rng.sample(CALLERS, 1)])

    def change_callers(self) -> None:
        trunk = self.rng.choice(self.trunks)
        trunk["allowed_numbers"] = self.rng.choice([[], self.rng.sample(CALLERS, 1)])

    def part_by_caller(self) -> None:
        trunk = self.rng.choice(self.trunks)
        twin = {**trunk, "name": self.free_name("abcdefgh", self.trunks), "numbers": [*trunk["numbers"]]}
        trunk["allowed_numbers"], twin["allowed_numbers"] = CALLERS[:1], CALLERS[1:]
        self.trunks.append(twin)
        self.move_rule()

    def swap_callers(self) -> None:
        one, other = self.rng.sample(self.trunks, 2)
        callers = [trunk.get("allowed_numbers", []) for trunk in (other, one)]
        one["allowed_numbers"], other["allowed_numbers"] = callers

    def another_room(self) -> None:
        rule = self.rng.choice(self.rules)
        self.rooms += 1
        self.options(rule)["room_name" if "direct" in rule else "room_prefix"] = f"room{self.rooms}"

    def add_trunk(self) -> None:
        free = set(NUMBERS) - {number for trunk in self.trunks for number in trunk["numbers"]}
        if free:
            self.trunks.append(self.new_trunk([self.rng.choice(sorted(free))]))
            self.rules.append({**self.new_rule(), "any_trunk": False, "trunks": [self.trunks[-1]["name"]]})

    def add_rule(self) -> None:
        self.rules.append(self.new_rule())

    def delete_rule(self) -> None:
        self.rules.remove(self.rng.choice(self.rules))

    def delete_trunk(self) -> None:
        self.drop_trunk(self.rng.choice(self.trunks), "")

    def replace_rule(self) -> None:
        """Replace a rule with one that has another name and takes its calls."""
        old = self.rng.choice(self.rules)
        new = {**self.new_rule(), **{key: old[key] for key in ("trunks", "any_trunk", "numbers", "inbound_numbers")}}
        self.options(new)["pin"] = self.options(old)["pin"]
        self.rules[self.rules.index(old)] = new

    def drop_trunk(self, trunk: dict, heir: str) -> None:
        self.trunks.remove(trunk)
        for rule in [*self.rules]:
            if trunk["name"] in rule["trunks"]:
                names = [heir if name == trunk["name"] else name for name in rule["trunks"]]
                rule["trunks"] = list(dict.fromkeys(filter(None, names)))
                if not rule["trunks"]:
                    self.rules.remove(rule)


OPERATIONS = [name for name in vars(_Change) if not name.startswith(("_", "new_", "free_", "drop_", "options"))]


def change(rng: random.Random) -> tuple[Options, Options, list[str]]:
    """Two tables and the operations between them. Either table may contain a conflict, which the planner reports."""
    table = _Change(rng)
    before = copy.deepcopy((table.trunks, table.rules))
    done = []
    for name in rng.choices(OPERATIONS, k=rng.choice([1, 1, 2, 2, 3, 4])):
        try:
            getattr(table, name)()
        except (ValueError, IndexError):  # too few objects for this operation
            continue
        done.append(name)
    trunks, rules = copy.deepcopy((table.trunks, table.rules))
    rng.shuffle(trunks)
    rng.shuffle(rules)
    return before, (trunks, rules), done


def calls(rng: random.Random, before: Options, after: Options, least: int) -> list[dict]:
    """Calls for tests/doubles/oracle: each number in either table from each caller, and a sample of them with PINs."""
    numbers = {number for trunks, _rules in (before, after) for trunk in trunks for number in trunk["numbers"]}
    others = [*sorted(set(NUMBERS) - numbers), "1000"]
    numbers = [*sorted(numbers), others[0]]
    asked = [
        {"to": number, "from": caller, "src": "198.51.100.7", "from_host": "sip.example.net", **pin}
        for number in numbers
        for caller in [*CALLERS, "+12025550150"]
        for pin in [{}, {"no_pin": True}, *({"pin": pin} for pin in PINS)]
    ]
    plain = [call for call in asked if not call.get("pin") and not call.get("no_pin")]
    entered = [call for call in asked if call not in plain]
    rng.shuffle(entered)
    return [*plain, *entered[: max(least - len(plain), len(numbers) * 2)]]
