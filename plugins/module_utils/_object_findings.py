# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Findings about single objects, regardless of the rest of the table.

Pure: no I/O, no Ansible. Errors that prevent storing an object are in `_validate`.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterator

from ._calls import shortened
from ._codecs import CODECS, codec_without_rate, spoken
from ._headers import TAKEN_AS_YET
from ._kinds import DISPATCH_RULE, Kind

ERROR, WARNING, NOTE = "error", "warning", "note"


class Finding(t.NamedTuple):
    code: str
    severity: str  # ERROR: calls fail. WARNING: probably not intended. NOTE: worth knowing
    objects: tuple[tuple[Kind, str], ...]  # kind and id of each object concerned
    cause: str
    fix: str


def names_of_several(kind: Kind, table: dict[str, dict]) -> Iterator[Finding]:
    names = [stored["name"] for stored in table.values() if stored.get("name")]
    for name in (name for name, count in Counter(names).items() if count > 1):
        where = tuple((kind, key) for key, stored in table.items() if stored.get("name") == name)
        cause = f"{len(where)} {kind.title}s have the name {name!r}: a run that names one of them fails"
        yield Finding("name_twice", WARNING, where, cause, "delete or rename one by its id")


def of_media(kind: Kind, key: str, stored: dict) -> Iterator[Finding]:
    media = stored.get("media") or {}
    label, where = label_of(kind, key, stored), ((kind, key),)
    codecs = media.get("codecs") or []
    without = [codec.get("name") or "" for codec in codecs if codec_without_rate(codec)]
    if without:
        cause = (
            f"{label} lists {shortened(without)} without a rate, and livekit-sip has no default rate for it: every "
            "call fails"
        )
        yield Finding("codec_rate_missing", ERROR, where, cause, "give its rate, or write its name in upper case")
    if not media.get("only_listed_codecs"):
        return
    if not codecs:
        if kind is DISPATCH_RULE and stored.get("trunk_ids"):
            return  # the trunk's own codecs apply
        cause = f"{label} has only_listed_codecs and lists none: every call fails"
        yield Finding("codecs_none", ERROR, where, cause, "list codecs, or omit only_listed_codecs")
    elif not any(map(spoken, codecs)):
        names = shortened([codec.get("name") or "" for codec in codecs])
        cause = f"{label} allows only {names}, which livekit-sip does not support: every call fails"
        yield Finding("codecs_unknown", ERROR, where, cause, f"also list one of {', '.join(CODECS)}")


def of_headers(kind: Kind, key: str, stored: dict) -> Iterator[Finding]:
    own = [header for header in stored.get("headers") or () if header.lower() in TAKEN_AS_YET]
    if own:
        label = label_of(kind, key, stored)
        cause = f"{label} has {', '.join(own)} in headers, which livekit-sip sets itself and newer servers reject"
        yield Finding("header_of_livekit_sip", WARNING, ((kind, key),), cause, "omit it")


def label_of(kind: Kind, key: str, stored: dict) -> str:
    return f"{kind.title} {stored.get('name') or key!r}"
