# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Phone numbers as livekit-server and livekit-sip compare them.

Pure: no I/O, nothing of Ansible.
"""

from __future__ import annotations

import re


def normalized_number(number: str) -> str:
    """A phone number as livekit-server compares trunk numbers: ``1-202-555-0100`` is ``+12025550100``.

    Source: NormalizeNumber in https://github.com/livekit/protocol/blob/main/livekit/sip.go
    """
    if re.fullmatch(r"\+?[0-9\- ()]+", number):
        return "+" + re.sub(r"[^0-9]", "", number)
    return number
