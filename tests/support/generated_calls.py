# SPDX-License-Identifier: GPL-3.0-or-later
"""Random tables and calls, dense enough that trunks, rules, numbers and PINs often match."""

from __future__ import annotations

import random

NUMBERS = ["+12025550100", "+12025550101", "+12025550102"]
CALLERS = ["+12025550198", "+12025550199"]
OTHERS = ["1000", "agent.desk", "0012025550100", "+12025550100;npdi=yes", "anonymous"]
MASKS = [
    "198.51.100.7",
    "198.51.100.0/28",
    "198.51.100.9/24",
    "198.51.100.128/25",
    "2001:db8::/32",
    "::ffff:198.51.100.0/120",
    "sip.example.net",
    "198.51.100.7, 198.51.100.8",
    "198.51.100.0/255.255.255.0",
    "198.51.100.0/33",
    "198.51.100.07",
    "sip:198.51.100.7",
    "198.51.100.7:5060",
    "tls://198.51.100.7",
]
SOURCES = ["198.51.100.7", "198.51.100.7", "198.51.100.200", "203.0.113.9", "2001:db8::7", "::ffff:198.51.100.7"]
HOSTS = ["sip.example.net", "198.51.100.7", "198.51.100.128/25", "203.0.113.9"]
PINS = ["1234", "4711"]


def spelled(rng: random.Random, number: str) -> str:
    """A number as people and providers write it."""
    digits = number.lstrip("+")
    forms = [number, number, number, digits, f"{digits[0]}-{digits[1:4]}-{digits[4:7]}-{digits[7:]}"]
    return rng.choice([*forms, f"+{digits[0]} ({digits[1:4]}) {digits[4:7]} {digits[7:]}"])


def some(rng: random.Random, numbers: list[str], none: float = 0.5) -> list[str]:
    if rng.random() < none:
        return []
    pool = [*numbers, *numbers, rng.choice(OTHERS)]
    return list(dict.fromkeys(spelled(rng, number) for number in rng.sample(pool, rng.choice([1, 1, 2]))))


def trunk(rng: random.Random, index: int) -> dict:
    stored = {
        "sip_trunk_id": f"ST_{index}",
        "name": f"trunk {index}",
        "numbers": some(rng, NUMBERS, 0.25),
        "allowed_numbers": some(rng, CALLERS, 0.7),
        "allowed_addresses": rng.sample(MASKS, rng.choice([0, 0, 0, 0, 0, 1, 2, 3])),
    }
    if rng.random() < 0.3:
        stored |= {"auth_username": "user", "auth_password": rng.choice(["", "example"])}
    return stored


def rule(rng: random.Random, index: int, trunks: list[dict]) -> dict:
    kind = rng.choice(["direct", "individual", "callee"])
    options: dict = {"pin": rng.choice(["", "", "", *PINS])}
    options["room_name" if kind == "direct" else "room_prefix"] = rng.choice(["a", "b", "call", "desk"])
    if kind == "individual":
        options["no_randomness"] = rng.random() < 0.5
    elif kind == "callee":
        options["randomize"] = rng.random() < 0.5
    ids = [*(stored["sip_trunk_id"] for stored in trunks), "ST_gone"]
    return {
        "sip_dispatch_rule_id": f"SDR_{index}",
        "name": f"rule {index}",
        "rule": {f"dispatch_rule_{kind}": options},
        "trunk_ids": rng.sample(ids, min(len(ids), rng.choice([0, 1, 2, 3]))),
        "inbound_numbers": some(rng, CALLERS, 0.8),
        "numbers": some(rng, NUMBERS, 0.7),
        "hide_phone_number": rng.random() < 0.2,
        "room_config": {"agents": [{"agent_name": name} for name in rng.sample(["desk", "sales"], rng.randrange(3))]},
    }


def table(rng: random.Random) -> tuple[list[dict], list[dict]]:
    trunks = [trunk(rng, index) for index in range(rng.choice([1, 2, 2, 3, 4]))]
    return trunks, [rule(rng, index, trunks) for index in range(rng.choice([0, 1, 2, 3, 3, 4, 5]))]


def call(rng: random.Random) -> dict:
    """A call in the format of tests/doubles/oracle."""
    asked = {
        "to": spelled(rng, rng.choice([*NUMBERS, *NUMBERS, *NUMBERS, *OTHERS])),
        "from": spelled(rng, rng.choice([*CALLERS, *CALLERS, "+12025550150", "anonymous"])),
        "src": rng.choice([SOURCES[0], *SOURCES]),
        "from_host": rng.choice([*HOSTS, "elsewhere.example"]),
    }
    entered = rng.choice(["", "", "", "", *PINS, "9999", None])
    return {**asked, "no_pin": True} if entered is None else {**asked, "pin": entered}
