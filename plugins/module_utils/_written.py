# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Converts values between the forms that people, YAML, protobuf's JSON and livekit-server use.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import json
import re
import typing as t

from ._invalid import invalid

HIDDEN = "<hidden>"

_DURATION_UNITS = {"h": 3600 * 1000, "m": 60 * 1000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|h|m|s)")


class InputError(Exception):
    """A playbook's value is invalid for its option, regardless of the server."""

    def __init__(self, reason: str, value: t.Any = None):
        super().__init__(reason)
        self.reason = reason
        self.value = value
        self.path = ""

    def below(self, name: str, secret: bool = False) -> InputError:
        """The same error with the name of the option that contains the value."""
        self.path = name + (self.path if self.path.startswith("[") or not self.path else f".{self.path}")
        if secret:
            self.value = HIDDEN
        return self

    def __str__(self) -> str:
        return f"{self.path}: {shown_value(self.value)} is invalid: {self.reason}" if self.path else self.reason


def shown_value(value) -> str:
    """A value for a message: short, on one line, with every character visible."""
    text = value if value == HIDDEN else ascii(value)
    return f"{text[:77]}..." if len(text) > 80 else text


def shape(value) -> str:
    names = {
        dict: "dictionary",
        list: "list",
        str: "string",
        bool: "boolean",
        float: "number with decimals",
        int: "number",
    }
    return names.get(type(value), "null" if value is None else "value of another type")


def refuse_text(value) -> None:
    """Reject a string where a dictionary is expected, except JSON and key=value, which Ansible parses.

    The string may be a secret, so the error hides it.
    """
    if isinstance(value, str) and "=" not in value and not value.lstrip().startswith("{"):
        raise InputError(invalid("map", shape=shape(value)), HIDDEN)


def json_text(value) -> str:
    """A value as a string that programs read: a string unchanged, anything else as JSON with sorted keys."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def milliseconds(text: str) -> int:
    text = str(text).strip()
    if text in ("", "0"):
        return 0
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise InputError(invalid("duration"), text)
    return round(sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts))


def seconds(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}.{rest:03d}s" if rest else f"{seconds}s"


def without_zeros(value):
    """JSON without the values that protobuf treats as unset."""
    if isinstance(value, dict):
        pruned = {key: without_zeros(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item is not None} or None
    if isinstance(value, list):
        return [without_zeros(item) for item in value] or None
    return None if value in ("", "0", "0s", 0, False) else value


def overlaid(stored, other):
    """`stored` merged with the unknown fields in `other`; lists of the same length are merged item by item."""
    if isinstance(stored, dict) and isinstance(other, dict):
        return {**stored, **{key: overlaid(stored.get(key), value) for key, value in other.items()}}
    if isinstance(stored, list) and isinstance(other, list) and len(stored) == len(other):
        return [overlaid(*pair) for pair in zip(stored, other)]
    return stored if without_zeros(stored) == without_zeros(other) else other


def hidden_in(option) -> bool:
    """Whether an option is hidden or has a hidden value. Exported without it, it would overwrite the stored option."""
    if isinstance(option, dict):
        return any(map(hidden_in, option.values()))
    if isinstance(option, list):
        return any(map(hidden_in, option))
    return option == HIDDEN


def snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", str(key)).lower()


def proto_keys(value):
    """JSON for another part of LiveKit, with keys in any spelling converted to the field names of its protobuf.

    Source: https://github.com/livekit/protocol/blob/main/protobufs/livekit_egress.proto
    """
    if isinstance(value, dict):
        return {
            # The metadata of an S3 upload, the only dictionary with the user's own keys.
            _proto_name(key): dict(item) if key == "metadata" and isinstance(item, dict) else proto_keys(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [proto_keys(item) for item in value]
    return value


def _proto_name(key: str) -> str:
    # The only field that is not in snake_case.
    return "aliOSS" if key.replace("_", "").lower() == "alioss" else snake_case(key)
