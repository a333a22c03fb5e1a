# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields in the modules' table that a version of livekit-server does not have."""

from __future__ import annotations

from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS, RULE_KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._messages import Message, MessageList

from tests.support.livekit import version_number


def newer_fields(fields, version, prefix="") -> dict[str, str]:
    """Map the dotted name of each field that this version does not have to the version that added it."""
    found = {}
    for field in fields:
        if field.since and version_number(field.since) > version_number(version):
            found[prefix + field.name] = field.since
        elif isinstance(field.type, Message):
            found |= newer_fields(field.type.fields, version, f"{prefix}{field.name}.")
        elif isinstance(field.type, MessageList):
            found |= newer_fields(field.type.message.fields, version, f"{prefix}{field.name}.")
    return found


def newer_in(kind, version) -> dict[str, str]:
    found = newer_fields(KINDS[kind].fields, version)
    if kind == "dispatch_rule":
        for name, message in RULE_KINDS.items():
            found |= newer_fields(message.fields, version, f"{name}.")
    return found


def known(options, newer, prefix=""):
    """The options without the fields in `newer`, which this version does not have."""
    if isinstance(options, list):
        return [known(item, newer, prefix) if isinstance(item, dict) else item for item in options]
    return {
        name: known(value, newer, f"{prefix}{name}.") if isinstance(value, (dict, list)) else value
        for name, value in options.items()
        if prefix + name not in newer
    }
