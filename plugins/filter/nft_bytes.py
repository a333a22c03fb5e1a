# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nft_bytes
short_description: Convert a string to the bytes that nft compares
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the roles of this collection. May change without notice.
options:
  _input:
    description: The string, in ASCII.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the first bytes of a call
  ansible.builtin.debug:
    msg: "{{ 'INVITE ' | telephony.livekit.nft_bytes }}"  # 0x494e5649544520
"""

RETURN = r"""
_value:
  description: The bytes as one hexadecimal number.
  type: str
"""


def nft_bytes(text: str) -> str:
    return "0x" + text.encode("ascii").hex()


class FilterModule:
    def filters(self):
        return {"nft_bytes": nft_bytes}
