# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Phone numbers as livekit-server and livekit-sip compare them.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ._invalid import invalid

_NUMBER = re.compile(r"\+?[0-9\- ()]+")


@lru_cache(maxsize=100_000)
def normalized_number(number: str) -> str:
    """A phone number as livekit-server compares it for trunks: ``1-202-555-0100`` is ``+12025550100``.

    Source: NormalizeNumber in https://github.com/livekit/protocol/blob/main/livekit/sip.go
    """
    if _NUMBER.fullmatch(number):
        return "+" + re.sub(r"[^0-9]", "", number)
    return number


_TEMPLATE_REST = re.compile(r"""[\[\]{}"<>\\^`|]|^'|'$""")
_PATTERN = re.compile(r"\+?[0-9]*[XxNnZz]{2,}[0-9XxNnZz]*|.+\*")


def number_problem(number: str, exact: bool) -> str | None:
    """Reason why no call can have this number, and the correct form; None if a call can have it.

    exact: the number is compared character by character, as in rules, and not normalized as in trunks.
    """
    if not number:
        return invalid("number_empty")
    if not exact:
        number = normalized_number(number)
    if re.match(r"(sips?|tel):", number, re.IGNORECASE) or "@" in number:
        return invalid("number_uri")
    if _TEMPLATE_REST.search(number):
        return invalid("number_rest")
    if number in ("+", "-") or not re.search(r"\w|[*#]", number):
        return invalid("number_digits")
    if number == "*":
        return invalid("number_star")
    if _PATTERN.fullmatch(number):
        return invalid("number_pattern")
    if re.search(r"\s", number):
        digits = "+" + re.sub(r"[^0-9]", "", number)
        return invalid("number_blanks", digits=digits if len(digits) > 3 else "+12025550100")
    if not number.isascii() or not number.isprintable():
        return invalid("number_characters")
    return None


def number_doubt(number: str) -> str | None:
    """Reason why a call with this number is unlikely; None if it looks like a phone number or an extension."""
    if re.fullmatch(r"\+?[0-9]+(\.[0-9]+)+", number):
        return "dots are kept, as they are in an extension's name"
    if re.search(r".\+|^\+.*[^0-9\- ()]", number) or re.search(r"[#%,;?/]", number):
        return "it is neither a phone number nor a usual extension"
    if number.lower() in ("none", "null", "nan", "true", "false"):
        return "it looks like an empty value"
    return None
