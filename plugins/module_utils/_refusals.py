# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Determines which options a server does not accept: fields that it drops, and values that it rejects.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Iterator

from ._answers import LiveKitError, failure
from ._fields import Field
from ._kinds import RULE_KINDS, Kind
from ._messages import Message, MessageList, Opaque, unknown
from ._values import version_numbers
from ._written import shown_value

# protobuf's limits, beyond which livekit-server cannot parse the request.
_MAX_NUMBER = 2**31 - 1
_MAX_SECONDS = 315_576_000_000
# Free text, whose occurrence in an error does not mean that the server rejects it.
_FREE_TEXT = ("name", "metadata")


def dropped(kind: Kind, sent: dict, stored: dict) -> LiveKitError | None:
    """The error about values that the server did not store as sent, or None."""
    found = [
        (_deepest(path, sent, stored), since)
        for field in kind.fields
        # Some servers do not return passwords.
        if not (field.name == "auth_password" and not stored.get(field.name))
        for path, since in field.ignored(stored.get(field.name), sent.get(field.name))
    ]
    lost = _lost_below(unknown(kind.fields, sent, kind.own), unknown(kind.fields, stored, kind.own), "other_fields")
    found += [(path, "") for path in lost]
    if not found:
        return None
    version = likely_version(kind, [stored])
    words = {"label": f"{kind.title} {sent.get('name')!r}", "fields": _joined(found)}
    new = [(path, since) for path, since in found if since and not _at(stored, _parts(path))]
    rewritten = any(_at(stored, _parts(path)) for path, _since in found)
    name = "ignored_newer" if new else "ignored_rewritten" if rewritten else "ignored_unknown"
    error = failure(name, kind.update_rpc, needed=_needed(new), **words)
    error.message += f"; its answer indicates {version}" if version else ""
    return error


def not_known(kind: Kind, bodies: Iterable[dict], stored: list[dict]) -> LiveKitError | None:
    """The error about desired fields that no stored object has, although the server also returns unset fields."""
    absent = _absent(kind, stored)
    if not absent:
        return None
    for body in bodies:
        found = [
            (".".join(path), field.since)
            for path, field in absent
            if any(not field.same(None, value) for value in _at(body, path))
        ]
        if found:
            return failure(
                "unknown_field",
                kind.list_rpc,
                label=f"{kind.title} {body.get('name')!r}",
                fields=_joined(found),
                kind=kind.title,
                version=likely_version(kind, stored),
                needed=_needed(found),
            )
    return None


def likely_version(kind: Kind, stored: list[dict]) -> str:
    """The versions of livekit-server that these objects indicate; empty if unknown."""
    known = [field.since for path, field in _newer(kind.fields) if any(_at(item, path) for item in stored)]
    absent = [field.since for _path, field in _absent(kind, stored)]
    oldest, first_newer = max(known, key=version_numbers, default=""), min(absent, key=version_numbers, default="")
    if not first_newer:
        return f"livekit-server {oldest} or newer" if oldest else ""
    if not oldest:
        return f"livekit-server older than {first_newer}"
    if version_numbers(oldest) >= version_numbers(first_newer):
        return f"livekit-server {oldest} or newer, with a proxy in front of it that drops fields"
    return f"livekit-server {oldest} or newer, and older than {first_newer}"


def refused(kind: Kind, body: dict, error: LiveKitError) -> LiveKitError:
    """The server's error, extended with the object and, if the error is about an option, with that option."""
    option = _too_large(kind, body) if error.code == "malformed" else _option_meant(kind, body, error.said)
    place = f"{option.replace('trunk_ids', 'trunks')} is invalid: " if option else ""
    message = f"{kind.title} {body.get('name')!r}: {place}the server says: {error.said}"
    return LiveKitError(error.code, message, error.rpc, error.hint)


def _option_meant(kind: Kind, body: dict, said: str) -> str:
    """The option that the server's error is about, with its value unless the value is secret."""
    named = _named(kind, said)
    texts = [*_texts(kind.fields, body)]
    under = [(path, text) for path, text in texts if path == named or path.startswith(f"{named}.")]
    quoted = re.findall(r"'([^']+)'", said)
    for place, found in (
        (under, lambda text: re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said)),
        (under, lambda text: any(part in text for part in quoted)),
        (texts, lambda text: re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said)),
    ):
        values = [(path, text) for path, text in place if found(text)]
        if values:
            longest = max((text for _path, text in values), key=len)
            paths = dict.fromkeys(path for path, text in values if text == longest)
            return f"{' or '.join(paths)}: {shown_value(longest)}"
    return named if _at(body, _parts(named)) else ""


def _named(kind: Kind, said: str) -> str:
    """The option whose name occurs in a string; the longest name if there are several."""
    found = [
        path
        for path, _field in _paths(kind.fields)
        if path[-1] not in _FREE_TEXT
        and re.search(rf"\b{path[-1].removesuffix('s').replace('_', '[_ ]?')}s?\b", said, re.IGNORECASE)
    ]
    return ".".join(max(found, key=lambda path: len(path[-1]), default=()))


def _texts(fields, message: dict, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a message that may be shown, with its path."""
    for field in fields:
        value, place = message.get(field.name), f"{path}{field.name}"
        if isinstance(field.type, Message) and isinstance(value, dict):
            yield from _texts(field.type.fields, value, f"{place}.")
        elif isinstance(field.type, MessageList):
            for item in value or ():
                yield from _texts(field.type.message.fields, item, f"{place}.")
        elif isinstance(value, dict):
            # The user chooses the keys, and the values may be secrets.
            yield from ((place, str(text)) for text in (*value, *(() if field.secret else value.values())) if text)
        elif isinstance(value, list):
            yield from ((place, str(text)) for text in value if text)
        elif isinstance(value, str) and value and not field.secret and (path or field.name not in _FREE_TEXT):
            yield place, value


def _too_large(kind: Kind, body: dict) -> str:
    """The options with values that the server cannot parse."""
    large, opaque = [], []
    for path, field in _paths(kind.fields):
        for value in _at(body, path):
            number = re.fullmatch(r"([0-9]+)(\.[0-9]+)?s", value) if isinstance(value, str) else None
            if value > _MAX_NUMBER if isinstance(value, int) else number and int(number[1]) > _MAX_SECONDS:
                large.append(".".join(path))
            elif isinstance(field.type, Opaque) and value:
                opaque.append(".".join(path))
    return " or ".join(dict.fromkeys(large or opaque))


def _deepest(path: str, sent: dict, stored: dict) -> str:
    """The deepest path that was not stored as sent, below a field that is passed unchanged."""
    for here in _at(sent, _parts(path)):
        there = _at(stored, _parts(path))
        if isinstance(here, dict) and there and isinstance(there[0], dict):
            return next(_lost_below(here, there[0], path), path)
    return path


def _lost_below(sent, stored, path: str) -> Iterator[str]:
    """The deepest paths in JSON that were not stored as sent."""
    if Opaque().same(stored, sent):
        return
    if isinstance(sent, dict):
        for key, value in sent.items():
            yield from _lost_below(
                value, (stored or {}).get(key) if isinstance(stored, dict) else None, f"{path}.{key}"
            )
    elif isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
        for index, pair in enumerate(zip(sent, stored)):
            yield from _lost_below(*pair, f"{path}[{index}]")
    else:
        yield path


def _absent(kind: Kind, stored: list[dict]) -> list[tuple[tuple, Field]]:
    """The fields that the server does not know, because they are missing from objects that include unset fields."""
    telling = [item for item in stored if any(item.get(field.name, 1) in ("", [], {}, False) for field in kind.fields)]
    return [
        (path, field)
        for path, field in _newer(kind.fields)
        if not any(_at(item, path) for item in stored)
        and any(isinstance(parent, dict) for item in telling for parent in _flat(_at(item, path[:-1])))
    ]


def _newer(fields) -> list[tuple[tuple, Field]]:
    return [(path, field) for path, field in _paths(fields) if field.since]


def _paths(fields, above: tuple = ()) -> Iterator[tuple[tuple, Field]]:
    """Every field and its path. The path of a rule's field starts with the option instead of `rule`."""
    for field in fields:
        path = (*above, field.name)
        if field.name == "rule":
            for name, message in RULE_KINDS.items():
                yield from _paths(message.fields, (name,))
            continue
        yield path, field
        if isinstance(field.type, Message):
            yield from _paths(field.type.fields, path)
        elif isinstance(field.type, MessageList):
            yield from _paths(field.type.message.fields, path)


def _at(message: dict, path: t.Sequence[str]) -> list:
    """The values at a path: none if the path does not exist, several if it leads through a list."""
    if path and path[0] in RULE_KINDS:
        path = ("rule", f"dispatch_rule_{path[0]}", *path[1:])
    values: list = [message]
    for part in path:
        values = [value[part] for value in _flat(values) if isinstance(value, dict) and part in value]
    return values


def _flat(values: list) -> list:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _parts(path: str) -> list[str]:
    return re.sub(r"\[[0-9]+\]", "", path.removeprefix("other_fields.")).split(".")


def _joined(found: list[tuple[str, str]]) -> str:
    return ", ".join(path for path, _since in found)


def _needed(found: list[tuple[str, str]]) -> str:
    return ", ".join(f"{path} needs livekit-server {since} or newer" for path, since in found)
