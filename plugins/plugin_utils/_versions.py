# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the program in an image, and configuration keys that require a newer version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible_collections.telephony.livekit.plugins.module_utils._values import version_numbers

# A tag with two numbers, such as v1.13, can change with each release.
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)(?:[-+_].*)?")
_DOCKER_HUB = ("docker.io", "index.docker.io")


def image_version(image: str, given: str = "") -> str:
    """The given version if set, otherwise the version in the image's tag, such as 1.13.7. Empty if neither exists."""
    name = str(image).partition("@")[0].rpartition("/")[2]
    found = _VERSION.fullmatch(str(given)) or _VERSION.fullmatch(name.partition(":")[2])
    return found[1] if found else ""


def listed_image(image: str) -> str:
    """The name under which Docker lists an image: without Docker's own registry, and without the tag of a digest."""
    name, at, digest = str(image).partition("@")
    host, slash, rest = name.partition("/")
    if slash and host in _DOCKER_HUB:
        name = rest.removeprefix("library/")
    if at:
        folder, slash, last = name.rpartition("/")
        name = f"{folder}{slash}{last.partition(':')[0]}"
    return f"{name}{at}{digest}"


def newer_keys(given: Mapping[str, Mapping], version: str, since: Mapping[str, str]) -> list[str]:
    """Keys that this version of a program does not know, each with its given name and the first version that knows it.

    `given` maps the name of a variable to {"at": path of its value in the configuration, "value": the value}.
    `since` maps paths of keys to versions; ``[]`` in a path means each entry in a list.
    """
    if not version:
        return []
    return [
        f"{name}{below} (from {came})"
        for path, came in since.items()
        if version_numbers(came) > version_numbers(version)
        for name, holder in given.items()
        if (below := _below(path, holder["at"])) and _holds(holder["value"], re.findall(r"\[\]|[^.\[\]]+", below))
    ]


def _below(path: str, at: str) -> str:
    """The part of a path below another path, including the separator, such as ``.proxy_protocol`` below ``turn``."""
    if not at:
        return f".{path}"
    rest = path.removeprefix(at)
    return rest if rest != path and rest[:1] in (".", "[") else ""


def _holds(value, steps: Sequence[str]) -> bool:
    if not steps:
        return True
    if steps[0] == "[]":
        return isinstance(value, list) and any(_holds(item, steps[1:]) for item in value)
    return isinstance(value, Mapping) and steps[0] in value and _holds(value[steps[0]], steps[1:])
