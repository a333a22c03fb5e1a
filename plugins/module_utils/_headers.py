# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""SIP headers and display names that livekit-server accepts or rejects.

Pure: no I/O, no Ansible.
Source: https://github.com/livekit/protocol/blob/main/livekit/sip_validation.go
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,255}")
# Headers that livekit-sip sets, and their short forms.
_OWN = re.compile(
    "accept|accept-encoding|accept-language|allow|allow-events|call-id|contact|content-encoding|content-length"
    "|content-type|cseq|event|expires|from|max-forwards|record-route|refer-to|reply-to|[klmortuv]",
    re.IGNORECASE,
)
# livekit-sip sets these too, but livekit-server still accepts them, and logs that it will reject them in the future.
TAKEN_AS_YET = ("to", "via")
_MAX_VALUE = 1024
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_MAX_DISPLAY_NAME = 128
# The text between the quotes of a Go string literal.
_QUOTED = re.compile(
    r'(?:[^"\\\n]|\\[abfnrtv\\"]|\\[0-3][0-7]{2}|\\x[0-9A-Fa-f]{2}'
    r"|\\u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|\\U(?!0000[dD][89A-Fa-f])00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})*"
)


def is_token(text: str) -> bool:
    """Whether a string contains only characters that header names may contain."""
    return re.fullmatch(r"[A-Za-z0-9.!%*_+`'~-]*", text) is not None


def header_name_problem(name: str) -> str | None:
    """Reason why livekit-server rejects a header with this name; None if it accepts the name."""
    if not _NAME.fullmatch(name):
        return "it is not a valid header name"
    if _OWN.fullmatch(name):
        return "livekit-sip sets this header itself"
    return None


def header_value_problem(value: str) -> str | None:
    """Reason, without the value, why livekit-server rejects a header with this value; None if it accepts the value."""
    if len(value.encode()) > _MAX_VALUE:
        return f"its value is longer than {_MAX_VALUE} bytes"
    if _CONTROL.search(value):
        return "its value contains a line break or another control character"
    return None


def display_name_problem(name: str) -> str | None:
    """Reason why livekit-server rejects this display name; None if it accepts the name."""
    if len(name.encode()) > _MAX_DISPLAY_NAME:
        return f"it is longer than {_MAX_DISPLAY_NAME} bytes"
    if not _QUOTED.fullmatch(name):
        return "it contains a quotation mark, a line break or an unfinished escape"
    return None
