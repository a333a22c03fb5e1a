# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Every failure of the modules but wrong values, in words. docs/failures.md is written from this by the tool
tools/failure_table.py.

Pure: no I/O, nothing of Ansible.
"""

from __future__ import annotations

import typing as t


class Failure(t.NamedTuple):
    """What stands in braces is different each time."""

    code: str
    what: str  # what happened, for the table
    message: str
    hint: str


_ANOTHER_PROGRAM = (
    "A proxy or another program answers there: check the url; livekit-server itself listens on port 7880."
)
_UPDATE = "{needed}: update the server, or leave the field out."
_FOR_A_TEST = "or for a test only set validate_certs: false."
_CERTIFICATE = "{rpc}: the certificate of {url} is not accepted: {reason}"
_TWIRP = "{rpc}: {text} ({code})"
_ANY = "…"

# Found before anything is written.
PLANS = {
    "trunk_unknown": Failure(
        "not_found",
        "A rule names a trunk that is not there",
        "{label}: trunks: {trunk} is invalid: there is no inbound trunk with this name or id",
        "{known}.",
    ),
    "id_unknown": Failure(
        "not_found", "Nobody has the `id`", "id: {key} is invalid: there is no {kind} with this id", "{known}."
    ),
    "name_ambiguous": Failure(
        "ambiguous",
        "Several objects have the name",
        "name: {name} is invalid: {count} {kind}s are named {name}: {keys}",
        "Names are not unique in LiveKit: give the id of the one that is meant.",
    ),
    "trunk_ambiguous": Failure(
        "ambiguous",
        "A rule names a trunk whose name several have",
        "{label}: trunks: {trunk} is invalid: {count} inbound trunks are named {trunk}: {keys}",
        "Name the trunk by its id.",
    ),
    "rename_ambiguous": Failure(
        "ambiguous",
        "Several trunks could have been renamed",
        "{label}: numbers: {numbers} is invalid: it could be any of {keys} renamed, as they hold the same numbers",
        "Give the id of the one that is meant.",
    ),
    "conflict": Failure(
        "conflict",
        "Two trunks or two rules would claim the same calls",
        "numbers: {numbers} is invalid: {kind}s {labels} both claim {what}",
        "One call can have one {kind} only: change or delete one of them, give the id of the one that is to be "
        "renamed, or purge what is not listed.",
    ),
    "own_rival": Failure(
        "conflict",
        "A rule that stands lists one number in two spellings",
        "dispatch rule {label}: numbers: {numbers} is invalid: it is the same twice to livekit-server, which refuses "
        "new rules, and changes to those of the same trunk",
        "Keep the spelling that the provider sends.",
    ),
    "in_use": Failure(
        "in_use",
        "A rule names the trunk that is to go",
        "inbound trunk {names} cannot be deleted: {label} names it",
        "Delete or change the rule first, or in the same run of livekit_sip_routing, or set detach: true.",
    ),
    "last_trunk": Failure(
        "in_use",
        "The trunk that is to go is the last one of a rule",
        "inbound trunk {names} cannot be deleted: {label} would have no trunk left and take every call",
        "Delete the rule, or give it another trunk.",
    ),
    "unexpected": Failure(
        "unexpected",
        "A call of `expect` would not get what it must",
        "{calls}",
        "Correct the trunks and rules, or what is expected.",
    ),
    "unorderable": Failure(
        "unorderable",
        "Between two writes, callers would be let in without the PIN that both tables ask for, or other calls would "
        "fare worse than before and after",
        "these changes cannot be made one after the other: on the way {way}",
        "Delete the rule that would take these calls meanwhile, or give it a PIN; or make the change in two runs: the "
        "first without the numbers that move, the second with them.",
    ),
    "unknown_field": Failure(
        "unknown_field",
        "The objects on the server show that it is too old for a field",
        "{label}: {fields} is invalid: no {kind} on the server has such a field; by its answers it is {version}",
        _UPDATE,
    ),
    "bad_url": Failure(
        "bad_url",
        "`url` is not the URL of a server",
        "url: {url} is invalid: {reason}",
        "Write it like http://127.0.0.1:7880.",
    ),
    "tls_authority": Failure(
        "tls",
        "No authority that is known signed the server's certificate",
        _CERTIFICATE,
        f"Name the file with its authority's certificate in ca_path, {_FOR_A_TEST}",
    ),
    "tls_host": Failure(
        "tls",
        "The server's certificate is for another host",
        _CERTIFICATE,
        f"Write the host name that the certificate is for in url, {_FOR_A_TEST}",
    ),
    "tls_dates": Failure(
        "tls",
        "The server's certificate has expired, or is not valid yet",
        _CERTIFICATE,
        f"Renew the server's certificate and compare the clocks, as ca_path does not help here, {_FOR_A_TEST}",
    ),
    "tls_not": Failure(
        "tls",
        "`url` says https, and the server speaks plain HTTP",
        "{rpc}: {url} does not speak TLS",
        "Write http:// in url, or put TLS before the server: ca_path and validate_certs change nothing.",
    ),
    "tls_wanted": Failure(
        "tls",
        "`url` says http, and the server speaks TLS",
        "{rpc}: {url} speaks TLS and was asked without",
        "Write https:// in url.",
    ),
    "tls_other": Failure(
        "tls",
        "The two hosts do not agree on TLS otherwise",
        "{rpc}: TLS with {url} fails: {reason}",
        "Compare what both hosts speak, as with openssl s_client: ca_path and validate_certs may change nothing.",
    ),
}

# Said by the server, or by what stands before it.
ANSWERS = {
    "unreachable": Failure(
        "unreachable",
        "Nobody answers",
        "{rpc}: {url} cannot be reached: {reason}",
        "Is livekit-server running, is the url right, and does the firewall let this host in?",
    ),
    "unreachable_slow": Failure(
        "unreachable",
        "Nobody answers within `timeout`",
        "{rpc}: {url} cannot be reached: {reason}",
        "Is livekit-server running, is the url right, and does the firewall let this host in? If it is only slow: "
        "timeout is {timeout} s.",
    ),
    "unauthenticated_key": Failure(
        "unauthenticated",
        "The server does not know `api_key`",
        "{rpc}: {text}",
        "The server does not know this api_key: compare it with the keys in livekit-server's configuration.",
    ),
    "unauthenticated_secret": Failure(
        "unauthenticated",
        "`api_secret` is another key's",
        "{rpc}: {text}",
        "The api_secret does not belong to the api_key.",
    ),
    "unauthenticated_clock": Failure(
        "unauthenticated",
        "The clocks of the two hosts differ by more than a minute",
        "{rpc}: {text}",
        "The clocks differ by {skew} s: set the time of both hosts with NTP.",
    ),
    "unauthenticated_grant": Failure(
        "unauthenticated",
        "The key may do other things only",
        "{rpc}: {text}",
        "The API key may not manage SIP: use a key pair from the server's own configuration.",
    ),
    "unauthenticated": Failure("unauthenticated", "Another reason", "{rpc}: {text}", "Check api_key and api_secret."),
    "no_redis": Failure(
        "internal",
        "livekit-server has no Redis",
        "{rpc}: {text}",
        "livekit-server runs without Redis, where trunks and rules are stored: configure redis and restart it.",
    ),
    "internal": Failure(
        "internal",
        "livekit-server is in trouble, such as a Redis that does not answer",
        "{rpc}: {text}",
        "Look at livekit-server's log; often it does not reach its Redis.",
    ),
    "unavailable": Failure(
        "unavailable",
        "livekit-server starts, stops or is overloaded",
        "{rpc}: {text}",
        "livekit-server is starting, stopping or overloaded: look at its log, then run again.",
    ),
    "bad_route": Failure(
        "bad_route",
        "The server is older than 1.9.0",
        "{rpc}: {text}",
        "The server is too old for this RPC: updating needs livekit-server 1.9.0 or newer.",
    ),
    "ignored_newer": Failure(
        "ignored_field",
        "The server is too old for a field and has stored the object without it",
        "the server took {label} and did not store {fields} as sent",
        _UPDATE,
    ),
    "ignored_unknown": Failure(
        "ignored_field",
        "The server does not know a key that no version is known to have, and has stored the object without it",
        "the server took {label} and did not store {fields} as sent",
        "Perhaps this version of the server does not know it, or a proxy drops it: correct its name, update the "
        "server, or leave it out.",
    ),
    "ignored_rewritten": Failure(
        "ignored_field",
        "The server has stored another value than was sent",
        "the server took {label} and did not store {fields} as sent",
        "The server, or a proxy before it, writes this value another way: write it as the server answers it.",
    ),
    "malformed": Failure(
        "malformed",
        "The server cannot read a value",
        "{rpc}: {text}",
        "A number or duration is too large, or a map has another shape than LiveKit's API takes: correct it.",
    ),
    "invalid_argument": Failure(
        "invalid_argument",
        "The server refuses what the modules let through",
        "{rpc}: {text}",
        "Change the option that the message names: the server does not take its value.",
    ),
    "resource_exhausted": Failure(
        "resource_exhausted",
        "The server limits requests for longer than `timeout`",
        "{rpc}: too many requests (HTTP 429)",
        "The server limits requests: try again later.",
    ),
    "other": Failure(
        "another one", "Another answer of the server", "{rpc}: {text}", "livekit-server's log may say more."
    ),
    "lost_answer": Failure(
        "lost_answer",
        "The connection broke at each try of a write",
        "{rpc}: the connection to {url} broke before the answer came: {reason}",
        "Nobody knows whether the server carried it out: run again, which looks first.",
    ),
    "not_carried_out": Failure(
        "not_carried_out",
        "Writes are answered again and again, and nothing is changed",
        "the server has answered that it wrote {labels}, and stores what it did before",
        "A proxy answers in place of the server, or another run undoes what this one does: write the address of "
        "livekit-server itself in url, and run the task for one host only (run_once: true).",
    ),
    "redirected": Failure(
        "redirected",
        "A redirect instead of an answer",
        "{rpc}: {url} answered HTTP {status}, which {place}",
        "The token is not sent to another address: write the address of livekit-server itself in url.",
    ),
    "odd_answer": Failure(
        "odd_answer",
        "JSON that is not LiveKit's, such as objects without ids",
        "{rpc}: {url} answered {what}",
        _ANOTHER_PROGRAM,
    ),
    "not_json": Failure(
        "not_json",
        "A web page instead of an answer",
        "{rpc}: {url} answered HTTP {status}, and not in LiveKit's JSON: {text}",
        _ANOTHER_PROGRAM,
    ),
    "not_json_5xx": Failure(
        "not_json_5xx",
        "A proxy does not reach livekit-server",
        "{rpc}: {url} answered HTTP {status}, and not in LiveKit's JSON: {text}",
        _ANOTHER_PROGRAM,
    ),
    "aborted": Failure(
        "aborted",
        "Other runs made the same object again and again",
        "another run wrote an object for the same calls at the same moment",
        "Run the task for one host only (run_once: true), or again later.",
    ),
}

FAILURES = PLANS | ANSWERS


def said(name: str, /, **words) -> tuple[str, str, str]:
    """Code, message and hint of a failure."""
    code, _what, message, hint = FAILURES[name]
    return code, message.format(**words), hint.format(**words)
