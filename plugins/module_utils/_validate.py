# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What is wrong with one object, whatever else the server holds: what livekit-server refuses, and what it should."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ._addresses import mask_problem, network
from ._claims import written_twice
from ._fields import Duration
from ._headers import TAKEN_AS_YET, header_name_problem
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, OUTBOUND_TRUNK, Kind, rule_of
from ._numbers import normalized_number, number_doubt, number_problem

_MAX_MEDIA_TIMEOUT = "10m"


class Problem(t.NamedTuple):
    """`message` names the object. A warning leaves the object usable."""

    message: str
    hint: str = ""
    warning: bool = False


def problems(kind: Kind, stored: dict, any_trunk: bool = False) -> Iterator[Problem]:
    """Every problem of one object in stored form.

    any_trunk: the playbook says that the rule answers calls of every trunk.
    """
    label = f"{kind.title} {stored.get('name') or stored.get(kind.id_field)!r}"
    of_kind = _of_rule(stored, any_trunk) if kind is DISPATCH_RULE else _of_trunk(kind, stored)
    for problem in (*of_kind, *_of_numbers(kind, stored), *_of_media(stored)):
        yield problem._replace(message=f"{label}: {problem.message}")


def _of_rule(stored: dict, any_trunk: bool) -> Iterator[Problem]:
    if not rule_of(stored.get("rule"))[0]:
        yield Problem("one of direct, individual and callee must be given")
    if not stored.get("trunk_ids") and not any_trunk:
        yield Problem(
            "it names no trunk and would answer calls from anybody, whatever the trunks allow",
            "list its trunks, or say any_trunk: true if that is what you want",
        )


def _of_numbers(kind: Kind, stored: dict) -> Iterator[Problem]:
    for name in ("numbers", "allowed_numbers", "inbound_numbers"):
        for number in stored.get(name) or []:
            if kind is OUTBOUND_TRUNK and number == "*":
                continue
            problem, doubt = number_problem(number, exact=kind is not INBOUND_TRUNK), number_doubt(number)
            if problem:
                yield Problem(f"{name}: {number!r} is invalid: {problem}")
            elif doubt:
                yield Problem(f"{name}: {number!r} is unusual: {doubt}. Check that calls have it", warning=True)
    twice = written_twice(stored) if kind is DISPATCH_RULE else []
    for name in ("numbers", "inbound_numbers"):
        alike = [number for number in stored.get(name) or [] if number in twice]
        if alike:
            yield Problem(
                f"{name}: {', '.join(alike)} is invalid: the server takes them for one number written twice. "
                "Make a rule for each spelling, or keep the one that calls have."
            )


def _of_trunk(kind: Kind, stored: dict) -> Iterator[Problem]:
    if bool(stored.get("auth_username")) != bool(stored.get("auth_password")):
        yield Problem("auth_username and auth_password go together; with one alone nobody is asked for a password")
    for header in stored.get("headers") or {}:
        if header_name_problem(header):
            yield Problem(f"{header!r} cannot be set as a SIP header")
        elif header.lower() in TAKEN_AS_YET:
            yield Problem(f"headers: {header} is written by livekit-sip itself; newer servers refuse it", warning=True)
    if kind is INBOUND_TRUNK:
        yield from _of_inbound_trunk(stored)
    elif kind is OUTBOUND_TRUNK:
        yield from _of_outbound_trunk(stored)


def _of_inbound_trunk(stored: dict) -> Iterator[Problem]:
    numbers = stored.get("numbers") or []
    if not (numbers or stored.get("allowed_addresses") or stored.get("auth_username")):
        yield Problem("nothing restricts it", "give numbers, allowed_addresses, or auth_username and auth_password")
    for mask in stored.get("allowed_addresses") or []:
        problem = mask_problem(mask)
        if problem:
            yield Problem(f"allowed_addresses: {mask!r} would not be honoured: {problem}")
        elif network(mask) is None:
            yield Problem(
                f"livekit-sip compares the host name {mask!r} with the From header, which every caller "
                "writes as it likes; give networks, and restrict with a firewall who may call",
                warning=True,
            )
    if len({normalized_number(number) for number in numbers}) != len(set(numbers)):
        yield Problem("some of its numbers are the same number written twice", warning=True)


def _of_outbound_trunk(stored: dict) -> Iterator[Problem]:
    if not stored.get("numbers"):
        yield Problem("numbers must be given: the numbers that calls come from")
    if not stored.get("address"):
        yield Problem("address must be given: the host name or IP address of the provider")
    for name in ("address", "from_host"):
        host = stored.get(name) or ""
        if re.search(r"[@;]", host) or re.match(r"sips?:", host):
            yield Problem(f"{name} must be a host name or IP address, not a SIP URI")


def _of_media(stored: dict) -> Iterator[Problem]:
    media = stored.get("media") or {}
    if media.get("only_listed_codecs") and not media.get("codecs"):
        yield Problem("only_listed_codecs: true is invalid: no codec is listed. List one in media.codecs, such as PCMU")
    timeout = media.get("media_timeout")
    if Duration().comparable(timeout) > Duration().comparable(_MAX_MEDIA_TIMEOUT):
        yield Problem(f"media_timeout must not exceed {_MAX_MEDIA_TIMEOUT}")
