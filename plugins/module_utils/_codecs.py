# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Audio codecs of livekit-sip.

Pure: no I/O, no Ansible. Taken from the source, not measured:
https://github.com/livekit/sip/blob/main/pkg/sip/media_codecs.go
"""

from __future__ import annotations

# The codecs that livekit-sip can enable, and the assumed rate of each.
CODECS = {"PCMU": 8000, "PCMA": 8000, "G722": 8000, "AMR-WB": 16000}
# The codecs that are enabled by default.
_USUAL = {"PCMU", "PCMA", "G722"}


def codecs_offered(media: dict) -> list[str]:
    """The audio codecs that livekit-sip offers with these options, in no particular order."""
    listed = {codec["name"] for codec in media.get("codecs") or () if spoken(codec)}
    return [name for name in CODECS if name in listed or name in _USUAL and not media.get("only_listed_codecs")]


def codec_without_rate(codec: dict) -> bool:
    """Whether livekit-sip rejects every call with this codec, because it only knows the rates of its own codecs."""
    return not codec.get("rate") and codec.get("name") not in CODECS


def spoken(codec: dict) -> bool:
    rate = CODECS.get(codec.get("name") or "")
    return rate is not None and codec.get("rate") in (None, 0, rate)
