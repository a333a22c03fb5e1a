# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The messages for all failures of the modules, except those about invalid values.

tools/failure_table.py generates docs/failures.md from this module.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

import typing as t


class Failure(t.NamedTuple):
    """Braces mark placeholders."""

    code: str
    what: str  # for the table in docs/failures.md
    message: str
    hint: str


_ANOTHER_PROGRAM = "A proxy or another program answers there: check url; livekit-server itself listens on port 7880."
_UPDATE = "{needed}: update the server, or omit the field."
_FOR_A_TEST = "or for a test only set validate_certs: false."
_CERTIFICATE = "{rpc}: the certificate of {url} is rejected: {reason}"
_TWIRP = "{rpc}: {text} ({code})"
_ANY = "…"

# Found before anything is written.
PLANS = {
    "trunk_unknown": Failure(
        "not_found",
        "A rule names a trunk that does not exist",
        "{label}: trunks: {trunk} is invalid: there is no inbound trunk with this name or id",
        "{known}.",
    ),
    "id_unknown": Failure(
        "not_found", "No object has this `id`", "id: {key} is invalid: there is no {kind} with this id", "{known}."
    ),
    "name_ambiguous": Failure(
        "ambiguous",
        "Several objects have this name",
        "name: {name} is invalid: {count} {kind}s are named {name}: {keys}",
        "Names are not unique in LiveKit: give the id of the intended object.",
    ),
    "trunk_ambiguous": Failure(
        "ambiguous",
        "A rule names a trunk, but several trunks have this name",
        "{label}: trunks: {trunk} is invalid: {count} inbound trunks are named {trunk}: {keys}",
        "Name the trunk by its id.",
    ),
    "rename_ambiguous": Failure(
        "ambiguous",
        "Several trunks could be the renamed one",
        "{label}: numbers: {numbers} is invalid: any of {keys} could be the renamed trunk, because they have the same "
        "numbers",
        "Give the id of the intended object.",
    ),
    "conflict": Failure(
        "conflict",
        "Two trunks or two rules claim the same calls",
        "numbers: {numbers} is invalid: {kind}s {labels} both claim {what}",
        "A call can match only one {kind}: change or delete one of them, give the id of the one to rename, or purge "
        "unlisted objects.",
    ),
    "own_rival": Failure(
        "conflict",
        "An existing rule lists the same number in two spellings",
        "dispatch rule {label}: numbers: {numbers} is invalid: livekit-server treats them as duplicates, and rejects "
        "new rules and changes to rules of the same trunk",
        "Keep the spelling that the provider sends.",
    ),
    "in_use": Failure(
        "in_use",
        "A rule names the trunk to delete",
        "inbound trunk {names} cannot be deleted: {label} names it",
        "Delete or change the rule first or in the same run of livekit_sip_routing, or set detach: true.",
    ),
    "last_trunk": Failure(
        "in_use",
        "The trunk to delete is the last one of a rule",
        "inbound trunk {names} cannot be deleted: {label} would have no trunk left and match every call",
        "Delete the rule, or give it another trunk.",
    ),
    "unexpected": Failure(
        "unexpected",
        "A call of `expect` would not get the expected result",
        "{calls}",
        "Correct the trunks and rules, or the expectation.",
    ),
    "unorderable": Failure(
        "unorderable",
        "Between two writes, callers would be accepted without the PIN that both tables require, or other calls would "
        "get a worse result than before and after",
        "no order of these changes is safe: between two writes, {way}",
        "Delete the rule that would match these calls in between, or give it a PIN; or make the change in two runs: "
        "the first without the moved numbers, the second with them.",
    ),
    "unknown_field": Failure(
        "unknown_field",
        "The objects on the server show that it is too old for this field",
        "{label}: {fields} is invalid: no {kind} on the server has this field; its answers are those of {version}",
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
        "No known authority signed the server's certificate",
        _CERTIFICATE,
        f"Set ca_path to a file with the certificate of its authority, {_FOR_A_TEST}",
    ),
    "tls_host": Failure(
        "tls",
        "The server's certificate is for another host",
        _CERTIFICATE,
        f"Use the host name of the certificate in url, {_FOR_A_TEST}",
    ),
    "tls_dates": Failure(
        "tls",
        "The server's certificate has expired, or is not valid yet",
        _CERTIFICATE,
        f"Renew the server's certificate and compare the clocks; ca_path does not help here, {_FOR_A_TEST}",
    ),
    "tls_not": Failure(
        "tls",
        "`url` has https, but the server uses plain HTTP",
        "{rpc}: {url} does not use TLS",
        "Write http:// in url, or put a TLS proxy in front of the server: ca_path and validate_certs change nothing.",
    ),
    "tls_wanted": Failure(
        "tls",
        "`url` has http, but the server uses TLS",
        "{rpc}: {url} requires TLS, but the request did not use it",
        "Write https:// in url.",
    ),
    "tls_other": Failure(
        "tls",
        "The TLS handshake fails for another reason",
        "{rpc}: TLS with {url} fails: {reason}",
        "Compare the TLS versions and ciphers of both hosts, for example with openssl s_client: ca_path and "
        "validate_certs may change nothing.",
    ),
}

# Reported by the server, or by a proxy in front of it.
ANSWERS = {
    "unreachable": Failure(
        "unreachable",
        "The server does not respond",
        "{rpc}: {url} cannot be reached: {reason}",
        "Check that livekit-server runs, that url is right, and that the firewall allows this host.",
    ),
    "unreachable_slow": Failure(
        "unreachable",
        "No answer within `timeout`",
        "{rpc}: {url} cannot be reached: {reason}",
        "Check that livekit-server runs, that url is right, and that the firewall allows this host. If the server is "
        "slow, increase timeout ({timeout} s).",
    ),
    "unauthenticated_key": Failure(
        "unauthenticated",
        "The server does not know `api_key`",
        "{rpc}: {text}",
        "The server does not know this api_key: compare it with the keys in livekit-server's configuration.",
    ),
    "unauthenticated_secret": Failure(
        "unauthenticated",
        "`api_secret` belongs to another key",
        "{rpc}: {text}",
        "The api_secret does not belong to the api_key.",
    ),
    "unauthenticated_clock": Failure(
        "unauthenticated",
        "The clocks of the two hosts differ by more than a minute",
        "{rpc}: {text}",
        "The clocks differ by {skew} s: synchronise both hosts with NTP.",
    ),
    "unauthenticated_grant": Failure(
        "unauthenticated",
        "The key lacks the permission",
        "{rpc}: {text}",
        "The API key may not manage SIP: use a key pair from the server's own configuration.",
    ),
    "unauthenticated": Failure(
        "unauthenticated",
        "The key or secret is rejected for another reason",
        "{rpc}: {text}",
        "Check api_key and api_secret.",
    ),
    "no_redis": Failure(
        "internal",
        "livekit-server runs without Redis",
        "{rpc}: {text}",
        "livekit-server runs without Redis, where trunks and rules are stored: configure redis and restart it.",
    ),
    "internal": Failure(
        "internal",
        "livekit-server has an internal error, for example because Redis does not answer",
        "{rpc}: {text}",
        "Check livekit-server's log; often it does not reach its Redis.",
    ),
    "unavailable": Failure(
        "unavailable",
        "livekit-server starts, stops or is overloaded",
        "{rpc}: {text}",
        "livekit-server is starting, stopping or overloaded: check its log, then run again.",
    ),
    "bad_route": Failure(
        "bad_route",
        "The server is older than 1.9.0",
        "{rpc}: {text}",
        "The server is too old for this RPC: updating needs livekit-server 1.9.0 or newer.",
    ),
    "ignored_newer": Failure(
        "ignored_field",
        "The server is too old for a field, and stored the object without it",
        "the server accepted {label} but did not store {fields} as sent",
        _UPDATE,
    ),
    "ignored_unknown": Failure(
        "ignored_field",
        "The server does not know a key that no known version has, and stored the object without it",
        "the server accepted {label} but did not store {fields} as sent",
        "This version of the server may not know it, or a proxy may drop it: correct its name, update the server, or "
        "omit it.",
    ),
    "ignored_rewritten": Failure(
        "ignored_field",
        "The server stored a different value than the one sent",
        "the server accepted {label} but did not store {fields} as sent",
        "The server, or a proxy in front of it, writes this value differently: write it as the server returns it.",
    ),
    "malformed": Failure(
        "malformed",
        "The server cannot read a value",
        "{rpc}: {text}",
        "A number or duration is too large, or a map does not have the structure of LiveKit's API: correct it.",
    ),
    "invalid_argument": Failure(
        "invalid_argument",
        "The server rejects a value that the modules accept",
        "{rpc}: {text}",
        "Change the option that the message names: the server rejects its value.",
    ),
    "resource_exhausted": Failure(
        "resource_exhausted",
        "The server limits requests for longer than `timeout`",
        "{rpc}: too many requests (HTTP 429)",
        "The server limits requests: try again later.",
    ),
    "other": Failure(
        "another one", "Any other answer of the server", "{rpc}: {text}", "See livekit-server's log for details."
    ),
    "lost_answer": Failure(
        "lost_answer",
        "The connection broke at each attempt of a write",
        "{rpc}: the connection to {url} broke before the answer arrived: {reason}",
        "The server may have applied the change: run again; the module reads the current state first.",
    ),
    "not_carried_out": Failure(
        "not_carried_out",
        "Writes get an answer each time, but nothing changes",
        "the server answered that it wrote {labels}, but its objects are unchanged",
        "A proxy answers instead of the server, or another run reverts the changes of this one: set url to the address "
        "of livekit-server itself, and run the task for one host only (run_once: true).",
    ),
    "redirected": Failure(
        "redirected",
        "A redirect instead of an answer",
        "{rpc}: {url} answered HTTP {status}, which {place}",
        "The token is not sent to another address: set url to the address of livekit-server itself.",
    ),
    "odd_answer": Failure(
        "odd_answer",
        "JSON that LiveKit does not send, such as objects without ids",
        "{rpc}: {url} answered {what}",
        _ANOTHER_PROGRAM,
    ),
    "not_json": Failure(
        "not_json",
        "A web page instead of an answer",
        "{rpc}: {url} answered HTTP {status} without LiveKit's JSON: {text}",
        _ANOTHER_PROGRAM,
    ),
    "not_json_5xx": Failure(
        "not_json_5xx",
        "A proxy does not reach livekit-server",
        "{rpc}: {url} answered HTTP {status} without LiveKit's JSON: {text}",
        _ANOTHER_PROGRAM,
    ),
    "aborted": Failure(
        "aborted",
        "Other runs repeatedly created the same object",
        "another run wrote an object for the same calls at the same moment",
        "Run the task for one host only (run_once: true), or run it again later.",
    ),
}

FAILURES = PLANS | ANSWERS


def said(name: str, /, **words) -> tuple[str, str, str]:
    """The code, message and hint of a failure."""
    code, _what, message, hint = FAILURES[name]
    return code, message.format(**words), hint.format(**words)
