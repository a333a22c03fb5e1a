# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Errors in a single object, regardless of other objects: values that livekit-server rejects, or should reject."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ._addresses import mask_problem, network
from ._claims import written_twice
from ._fields import Duration
from ._headers import TAKEN_AS_YET, header_name_problem
from ._invalid import invalid, warning
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, OUTBOUND_TRUNK, Kind, rule_of
from ._numbers import normalized_number, number_doubt, number_problem
from ._written import HIDDEN, shown_value

_MAX_MEDIA_TIMEOUT = "10m"


class Problem(t.NamedTuple):
    """A problem with an object, which `message` names. If it is only a warning, the object can still be stored."""

    message: str
    warning: bool = False


def problems(kind: Kind, stored: dict, any_trunk: bool = False) -> Iterator[Problem]:
    """Every problem with one object in stored form.

    any_trunk: whether the playbook confirms that the rule matches calls of every trunk.
    """
    label = f"{kind.title} {stored.get('name') or stored.get(kind.id_field)!r}"
    of_kind = _of_rule(stored, any_trunk) if kind is DISPATCH_RULE else _of_trunk(kind, stored)
    for problem in (*of_kind, *_of_numbers(kind, stored), *_of_media(stored)):
        yield problem._replace(message=f"{label}: {problem.message}")


def _wrong(option: str, value, problem: str, **words) -> Problem:
    return Problem(f"{option}: {shown_value(value)} is invalid: {invalid(problem, **words)}")


def _doubtful(name: str, **words) -> Problem:
    return Problem(warning(name, **words), warning=True)


def _of_rule(stored: dict, any_trunk: bool) -> Iterator[Problem]:
    if not rule_of(stored.get("rule"))[0]:
        yield _wrong("individual", None, "no_rule")
    if not stored.get("trunk_ids") and not any_trunk:
        yield _wrong("trunks", [], "no_trunks")


def _of_numbers(kind: Kind, stored: dict) -> Iterator[Problem]:
    for name in ("numbers", "allowed_numbers", "inbound_numbers"):
        for number in stored.get(name) or []:
            if kind is OUTBOUND_TRUNK and number == "*":
                continue
            problem, doubt = number_problem(number, exact=kind is not INBOUND_TRUNK), number_doubt(number)
            if problem:
                yield Problem(f"{name}: {shown_value(number)} is invalid: {problem}")
            elif doubt:
                yield _doubtful("number_odd", option=name, number=shown_value(number), doubt=doubt)
    twice = written_twice(stored) if kind is DISPATCH_RULE else []
    for name in ("numbers", "inbound_numbers"):
        alike = [number for number in stored.get(name) or [] if number in twice]
        if alike:
            yield _wrong(name, alike, "number_twice")


def _of_trunk(kind: Kind, stored: dict) -> Iterator[Problem]:
    if bool(stored.get("auth_username")) != bool(stored.get("auth_password")):
        given = "auth_username" if stored.get("auth_username") else "auth_password"
        yield _wrong(given, HIDDEN, "auth_pair")
    for header in stored.get("headers") or {}:
        problem = header_name_problem(header)
        if problem:
            yield _wrong("headers", header, "header", why=problem)
        elif header.lower() in TAKEN_AS_YET:
            yield _doubtful("header_own", header=header)
    if kind is INBOUND_TRUNK:
        yield from _of_inbound_trunk(stored)
    elif kind is OUTBOUND_TRUNK:
        yield from _of_outbound_trunk(stored)


def _of_inbound_trunk(stored: dict) -> Iterator[Problem]:
    numbers = stored.get("numbers") or []
    if not (numbers or stored.get("allowed_addresses") or stored.get("auth_username")):
        yield _wrong("numbers", [], "unrestricted")
    for mask in stored.get("allowed_addresses") or []:
        problem = mask_problem(mask)
        if problem:
            yield Problem(f"allowed_addresses: {shown_value(mask)} is invalid: {problem}")
        elif network(mask) is None:
            yield _doubtful("mask_host_name", mask=repr(mask))
    if len({normalized_number(number) for number in numbers}) != len(set(numbers)):
        yield _doubtful("numbers_alike")


def _of_outbound_trunk(stored: dict) -> Iterator[Problem]:
    if not stored.get("numbers"):
        yield _wrong("numbers", [], "no_numbers")
    if not stored.get("address"):
        yield _wrong("address", "", "no_address")
    for name in ("address", "from_host"):
        host = stored.get(name) or ""
        if re.search(r"[@;]", host) or re.match(r"sips?:", host):
            yield _wrong(name, host, "host_uri")


def _of_media(stored: dict) -> Iterator[Problem]:
    media = stored.get("media") or {}
    if media.get("only_listed_codecs") and not media.get("codecs"):
        yield _wrong("media.only_listed_codecs", True, "codecs_none")
    timeout = media.get("media_timeout")
    if Duration().comparable(timeout) > Duration().comparable(_MAX_MEDIA_TIMEOUT):
        yield _wrong("media.media_timeout", timeout, "media_timeout", most=_MAX_MEDIA_TIMEOUT)
