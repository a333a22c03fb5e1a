# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that `make deploy` keeps between runs, in a small file of variables in the local inventory."""

import ipaddress
import re
from pathlib import Path

import yaml

from .images import CHOICES

FICTIONAL = "+12025550100"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
HEADER = """\
---
# Written by `make deploy` for this machine only, never committed. NUMBERS, EXTERNAL_IP, AGENT and the images
# (REDIS_IMAGE, SERVER_IMAGE, SIP_IMAGE) replace these values.
"""


# Not a role variable: the roles get a chosen image only once it is known to be available.
CHOSEN = "deploy_chosen_images"


class InvalidSetting(Exception):
    """The user must change a setting."""


def parse_numbers(text):
    """`+12025550100, +12025550101` as a list, without duplicates, in the given order."""
    numbers = [number for number in re.split(r"[,\s]+", text) if number]
    wrong = [number for number in numbers if not E164.fullmatch(number)]
    if wrong:
        raise InvalidSetting(
            f"Phone numbers not in E.164 format: {', '.join(wrong)}. Write a plus, the country code and the number, "
            f"without spaces or dashes, as in NUMBERS={FICTIONAL},+12025550101."
        )
    return list(dict.fromkeys(numbers))


def parse_address(text):
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise InvalidSetting(f"EXTERNAL_IP={text} is invalid: it is not an IP address.") from None


def update(stored, environment):
    """The stored settings, updated with those in the environment."""
    settings = dict(stored)
    numbers = parse_numbers(environment.get("NUMBERS") or environment.get("PHONE_NUMBER") or "")
    if numbers:
        settings["phone_numbers"] = numbers
    settings.setdefault("phone_numbers", [FICTIONAL])
    if environment.get("EXTERNAL_IP", "").strip():
        settings["livekit_sip_nat_1_to_1_ip"] = parse_address(environment["EXTERNAL_IP"])
    chosen = chosen_images(stored, environment)
    settings.pop(CHOSEN, None)
    return settings | ({CHOSEN: chosen} if chosen else {})


def chosen_images(stored, environment):
    """{part: image} of the parts whose image the user chose; `default` reverts a choice."""
    chosen = dict(stored.get(CHOSEN, {}))
    for part, variable in CHOICES.items():
        image = environment.get(variable, "").strip()
        if image:
            chosen[part] = image
        if image == "default":
            del chosen[part]
    return chosen


def parse_agent(text):
    """The agent to run on this machine: "demo", or an empty string."""
    if text.strip() not in ("", "demo"):
        raise InvalidSetting(
            f"AGENT={text} is invalid: the only agent is demo. For your own agent, set livekit_agent_image and the "
            "group livekit_agent in inventories/local, see roles/livekit_agent."
        )
    return text.strip()


def without_images(settings):
    return {name: value for name, value in settings.items() if not name.endswith(("_image", "_image_archive"))}


def load(path):
    path = Path(path)
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def store(path, settings):
    """Write the file, unless it already has these settings."""
    path = Path(path)
    if path.exists() and load(path) == settings:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(HEADER + yaml.safe_dump(settings, sort_keys=True, default_flow_style=None), encoding="utf-8")
    partial.replace(path)
