# SPDX-License-Identifier: GPL-3.0-or-later
"""A double of livekit-server's SIP API in memory, as version 1.13.5 behaves; where the two differ this one is wrong.

    with LiveKitApi() as livekit:
        status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk", {})

Shapes come from the descriptors in livekit-protocol, checks and messages from livekit-server's own source:
https://github.com/livekit/livekit/blob/v1.13.5/pkg/service/sip.go
https://github.com/livekit/protocol/blob/main/livekit/sip.go and .../sip/sip.go
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time

from google.protobuf import json_format
from livekit.protocol import sip

from tests.support.http_server import Handler, HttpServer
from tests.support.livekit import Api

# What livekit-protocol knows and livekit-server 1.13.5 does not; tests/contract/test_fields.py keeps this true.
NEWER_THAN_THE_SERVER = {"SIPInboundTrunkInfo": {"ringing_timeout_status"}}

STATUS = {"invalid_argument": 400, "malformed": 400, "unauthenticated": 401, "not_found": 404, "bad_route": 404}
FORBIDDEN_HEADERS = re.compile(
    "accept(-encoding|-language)?|allow(-events)?|call-id|contact|content-(encoding|length|type)|cseq|event|expires|from"
    "|max-forwards|record-route|refer-to|reply-to|[klmortuv]",
    re.IGNORECASE,
)
CLOCK_LEEWAY = 60


class Refusal(Exception):
    def __init__(self, message: str, code: str = "invalid_argument", meta: dict | None = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "msg": message, **({"meta": meta} if meta else {})}
        self.status = STATUS[code]


class Unauthorized(Exception):
    """What the server says in plain text, before Twirp."""


class _Handler(Handler):
    def do_POST(self) -> None:
        self._send(*self.server.owner.answer(self.path, self.headers["Authorization"], self.body()))

    def do_GET(self) -> None:
        self._send(200, "OK")

    def _send(self, status: int, content: dict | str) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class LiveKitApi(HttpServer, Api):
    """A server with no trunk and no rule, on a free port of 127.0.0.1."""

    handler = _Handler

    def __init__(self) -> None:
        self.api_key, self.api_secret = f"API{secrets.token_hex(6)}", secrets.token_hex(24)
        self.lock = threading.Lock()
        self.flush()

    def flush(self) -> None:
        """Forget all trunks and dispatch rules."""
        self.service = _Service()

    def answer(self, path: str, authorization: str | None, body: bytes) -> tuple[int, dict | str]:
        try:
            may_manage_sip = self._authorized(authorization)
            rpc = path.removeprefix("/twirp/livekit.SIP/")
            method = getattr(self.service, rpc, None) if rpc.isalpha() else None
            if method is None:
                message = f'no handler for path "{path}"'
                raise Refusal(message, "bad_route", {"twirp_invalid_route": f"POST {path}"})
            request = _decoded(rpc, body)
            if not may_manage_sip:
                raise Refusal("permissions denied", "unauthenticated")
            with self.lock:
                return 200, _encoded(method(request))
        except Unauthorized as error:
            return 401, str(error)
        except Refusal as error:
            return error.status, error.body

    def _authorized(self, authorization: str | None) -> bool:
        if authorization is None:
            return False
        bearer = authorization.removeprefix("Bearer ")
        try:
            signed, _, signature = bearer.rpartition(".")
            claims = json.loads(_base64url(signed.split(".")[1]))
        except (IndexError, ValueError) as error:
            raise Unauthorized("invalid authorization token") from error
        if claims.get("iss") != self.api_key:
            raise Unauthorized(f"invalid API key: {claims.get('iss')}")
        invalid = f"invalid token: {bearer}, error: token "
        if _base64url(signature) != hmac.new(self.api_secret.encode(), signed.encode(), hashlib.sha256).digest():
            raise Unauthorized(f"{invalid}signature is invalid: signature is invalid")
        if claims.get("exp", 0) < time.time() - CLOCK_LEEWAY:
            raise Unauthorized(f"{invalid}has invalid claims: token is expired")
        if claims.get("nbf", 0) > time.time() + CLOCK_LEEWAY:
            raise Unauthorized(f"{invalid}has invalid claims: token is not valid yet")
        return bool(claims.get("sip", {}).get("admin"))


class _Service:
    """One method an RPC, from request message to response message."""

    def __init__(self) -> None:
        self.inbound: dict[str, sip.SIPInboundTrunkInfo] = {}
        self.outbound: dict[str, sip.SIPOutboundTrunkInfo] = {}
        self.rules: dict[str, sip.SIPDispatchRuleInfo] = {}

    def CreateSIPInboundTrunk(self, request):
        _check_new(request, "trunk", request.trunk.sip_trunk_id)
        _check_inbound(request.trunk)
        _check_trunk_conflicts([*_with_numbers(self.inbound, request.trunk.numbers), request.trunk])
        return _store(self.inbound, request.trunk, "sip_trunk_id", "ST_")

    def CreateSIPOutboundTrunk(self, request):
        _check_new(request, "trunk", request.trunk.sip_trunk_id)
        _check_outbound(request.trunk)
        return _store(self.outbound, request.trunk, "sip_trunk_id", "ST_")

    def UpdateSIPInboundTrunk(self, request):
        trunk = self._updated(self.inbound, request, "trunk", _check_inbound)
        # The stored trunks are looked up by the new numbers: one that has none of them yet is not among them, and
        # its new self is then not compared with anything.
        _check_trunk_conflicts(
            trunk if stored.sip_trunk_id == trunk.sip_trunk_id else stored
            for stored in _with_numbers(self.inbound, trunk.numbers)
        )
        return _store(self.inbound, trunk, "sip_trunk_id")

    def UpdateSIPOutboundTrunk(self, request):
        return _store(self.outbound, self._updated(self.outbound, request, "trunk", _check_outbound), "sip_trunk_id")

    def GetSIPInboundTrunk(self, request):
        return sip.GetSIPInboundTrunkResponse(trunk=self._found(self.inbound, request.sip_trunk_id, "trunk"))

    def GetSIPOutboundTrunk(self, request):
        return sip.GetSIPOutboundTrunkResponse(trunk=self._found(self.outbound, request.sip_trunk_id, "trunk"))

    def ListSIPInboundTrunk(self, request):
        found = _with_numbers(_chosen(self.inbound, request.trunk_ids, request.page), request.numbers)
        return sip.ListSIPInboundTrunkResponse(items=found)

    def ListSIPOutboundTrunk(self, request):
        numbers = set(request.numbers)
        found = _chosen(self.outbound, request.trunk_ids, request.page).values()
        items = [trunk for trunk in found if not numbers or not trunk.numbers or numbers & set(trunk.numbers)]
        return sip.ListSIPOutboundTrunkResponse(items=items)

    def ListSIPTrunk(self, request):
        found = _chosen({**self.inbound, **self.outbound}, [], request.page)
        return sip.ListSIPTrunkResponse(items=[_in_old_form(trunk) for trunk in found.values()])

    def DeleteSIPTrunk(self, request):
        if not request.sip_trunk_id:
            raise Refusal("trunk ID is required")
        self.inbound.pop(request.sip_trunk_id, None)
        self.outbound.pop(request.sip_trunk_id, None)
        return sip.SIPTrunkInfo(sip_trunk_id=request.sip_trunk_id)

    def CreateSIPDispatchRule(self, request):
        if request.HasField("dispatch_rule"):
            rule = request.dispatch_rule
            rule.media.SetInParent()
            _mirror_encryption(rule)
            if rule.sip_dispatch_rule_id:
                raise Refusal("rule id must not be set")
        else:
            flat = json_format.MessageToDict(request)
            rule = json_format.ParseDict(flat, sip.SIPDispatchRuleInfo())
        _check_rule(rule)
        _check_rule_conflicts([*_naming(self.rules, request.trunk_ids), rule])
        return _store(self.rules, rule, "sip_dispatch_rule_id", "SDR_")

    def UpdateSIPDispatchRule(self, request):
        rule = self._updated(self.rules, request, "rule", _check_rule)
        _check_rule_conflicts(
            rule if stored.sip_dispatch_rule_id == rule.sip_dispatch_rule_id else stored
            for stored in _naming(self.rules, rule.trunk_ids)
        )
        return _store(self.rules, rule, "sip_dispatch_rule_id")

    def ListSIPDispatchRule(self, request):
        chosen = _chosen(self.rules, request.dispatch_rule_ids, request.page)
        return sip.ListSIPDispatchRuleResponse(items=_naming(chosen, request.trunk_ids))

    def DeleteSIPDispatchRule(self, request):
        if not request.sip_dispatch_rule_id:
            raise Refusal("dispatch rule ID is required")
        self._found(self.rules, request.sip_dispatch_rule_id, "dispatch rule")
        return self.rules.pop(request.sip_dispatch_rule_id)

    def _found(self, table, key, what):
        if key not in table:
            raise Refusal(f"requested sip {what} does not exist", "not_found")
        return table[key]

    def _updated(self, table, request, what, check):
        """The object as it is to be stored: another in its place, or itself with some fields changed."""
        id_field = request.DESCRIPTOR.fields[0].name
        key, action = getattr(request, id_field), request.WhichOneof("action")
        if not key:
            raise Refusal(f"{what} id must be set")
        if action is None:
            raise Refusal("missing or unsupported update action")
        if action == "replace":
            if getattr(request.replace, id_field) not in ("", key):
                message = f"{what} id in the info must be empty or match the id in the update"
                raise Refusal(message)
            check(request.replace)
        else:
            _check_update(request.update)
        stored = self._found(table, key, "trunk" if what == "trunk" else "dispatch rule")
        updated = type(stored)()
        updated.CopyFrom(request.replace if action == "replace" else stored)
        setattr(updated, id_field, key)
        if action == "update":
            _apply(request.update, updated)
            try:
                check(updated)
            except Refusal as error:
                raise Refusal(f"twirp error unknown: {error}") from error
        return updated


def _check_new(request, field: str, key: str) -> None:
    if not request.HasField(field):
        raise Refusal("missing trunk")
    if key:
        raise Refusal("trunk id must not be set")


def _check_inbound(trunk) -> None:
    if not (trunk.auth_username or trunk.auth_password or trunk.allowed_addresses or trunk.numbers):
        message = "for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers"
        raise Refusal(message)
    _check_media(trunk.media)
    _check_headers(trunk)


def _check_outbound(trunk) -> None:
    if not trunk.numbers:
        raise Refusal("no trunk numbers specified")
    if not trunk.address:
        raise Refusal("no outbound address specified")
    for host, what in ((trunk.address, "trunk address"), (trunk.from_host, "from_host")):
        if "transport=" in host:
            raise Refusal(f"{what} should not contain transport parameter")
        if re.search("[@;]|^sips?:", host):
            raise Refusal(f"{what} should be a hostname or IP, not SIP URI")
    _check_headers(trunk)
    _check_media(trunk.media)


def _check_rule(rule) -> None:
    if not rule.HasField("rule"):
        raise Refusal("missing rule")
    _check_media(rule.media)


def _check_update(update) -> None:
    for field, change in update.ListFields():
        if field.message_type and field.message_type.name == "ListUpdate":
            changed = bool(change.set or change.add or change.remove)
            if changed == change.clear:
                verb = "cannot clear and change the list at the same time" if changed else None
                raise Refusal(verb or "unsupported list update operation")
    _check_media(update.media)


def _check_media(media) -> None:
    for codec in media.codecs:
        if not codec.name:
            raise Refusal("missing codec name")
        if re.search(r"\s", codec.name):
            raise Refusal("invalid codec name")
        if "/" in codec.name:
            raise Refusal("codec name must not contain '/'")
    if media.media_timeout.ToMilliseconds() < 0:
        raise Refusal("media_timeout must not be negative")
    if media.media_timeout.ToMilliseconds() > 600_000:
        raise Refusal("media_timeout must not exceed 10m0s")


def _check_headers(trunk) -> None:
    for name in trunk.headers:
        _check_header_name(name)
        if FORBIDDEN_HEADERS.fullmatch(name):
            raise Refusal(f"invalid header name: header name {name} not supported")
    for name in [*trunk.attributes_to_headers.values(), *trunk.headers_to_attributes]:
        _check_header_name(name)


def _check_header_name(name: str) -> None:
    message = ""
    if not name:
        message = "header name cannot be empty"
    elif len(name) > 255:
        message = "header name too long (max 255 characters)"
    elif stray := re.search(r"[^0-9A-Za-z.!%*_+`'~-]", name):
        message = f"header name {name} contains invalid characters: char {ord(stray[0])} not allowed"
    if message:
        raise Refusal(f"invalid header name: {message}")


def _check_trunk_conflicts(trunks) -> None:
    owners: dict[tuple[str, str], sip.SIPInboundTrunkInfo] = {}
    for trunk in trunks:
        for number in dict.fromkeys(map(_normalized, trunk.numbers or [""])):
            for caller in trunk.allowed_numbers or [""]:
                owner = owners.setdefault((number, _normalized(caller)), trunk)
                if owner.sip_trunk_id != trunk.sip_trunk_id:
                    numbers = f"[{' '.join(map(json.dumps, trunk.numbers))}]" if trunk.numbers else "<any>"
                    one, other = (json.dumps(it.sip_trunk_id or "<new>") for it in (trunk, owner))
                    callers = f"and AllowedNumber {json.dumps(caller)}" if caller else "without AllowedNumbers set"
                    message = f"Conflicting inbound SIP Trunks: {one} and {other}, using the same number(s) {numbers}"
                    raise Refusal(f"{message} {callers}")


def _check_rule_conflicts(rules) -> None:
    owners: dict[tuple, sip.SIPDispatchRuleInfo] = {}
    for rule in rules:
        kind = rule.rule.WhichOneof("rule")
        if kind is None:
            raise Refusal("twirp error unknown: unsupported SIP Dispatch Rule: <nil>")
        pin = getattr(rule.rule, kind).pin
        for trunk in rule.trunk_ids or [""]:
            for caller in rule.inbound_numbers or [""]:
                for number in rule.numbers or [""]:
                    claim = (pin, trunk, _normalized(caller), _normalized(number))
                    if claim in owners:
                        owner = owners[claim]
                        key, name = owner.sip_dispatch_rule_id or "<new>", owner.name
                        raise Refusal(
                            "Dispatch rule for the same trunk, inbound number, number, and PIN combination already "
                            f"exists in dispatch rule {json.dumps(key)} {json.dumps(name)}",
                        )
                    owners[claim] = rule


def _apply(update, stored) -> None:
    for field, change in update.ListFields():
        name = field.name
        if name == "media":
            stored.media.CopyFrom(change)
        elif name == "rule":
            stored.rule.CopyFrom(change)
        elif name == "attributes":
            for key, value in change.items():
                stored.attributes[key] = value
                if not value:
                    del stored.attributes[key]
        elif field.message_type:
            kept = [item for item in getattr(stored, name) if item not in change.remove]
            added = [item for item in change.add if item not in kept]
            getattr(stored, name)[:] = [] if change.clear else list(change.set) or [*kept, *added]
        else:
            setattr(stored, name, change)
    _mirror_encryption(stored)
    stored.media_encryption = stored.media.encryption


def _mirror_encryption(stored) -> None:
    """The old field media_encryption speaks where media says nothing."""
    stored.media.SetInParent()
    if not stored.media.HasField("encryption") and stored.media_encryption:
        stored.media.encryption = stored.media_encryption


def _store(table: dict, stored, id_field: str, prefix: str = ""):
    if prefix:
        setattr(stored, id_field, prefix + secrets.token_hex(6))
    table[getattr(stored, id_field)] = stored
    return stored


def _chosen(table: dict, keys, page) -> dict:
    """By id, in its order. A page has a start and no end: the server follows the pages itself."""
    return {key: table[key] for key in sorted(table) if (not keys or key in keys) and key > page.after_id}


def _with_numbers(table: dict, numbers) -> list:
    """The trunks that have one of the numbers, or none at all."""
    wanted = set(map(_normalized, numbers))
    found = (table[key] for key in sorted(table))
    return [
        trunk
        for trunk in found
        if not wanted or not trunk.numbers or not wanted.isdisjoint(map(_normalized, trunk.numbers))
    ]


def _naming(table: dict, trunk_ids) -> list:
    """The rules that name one of the trunks, or none at all."""
    found = (table[key] for key in sorted(table))
    return [
        rule for rule in found if not trunk_ids or not rule.trunk_ids or not set(trunk_ids).isdisjoint(rule.trunk_ids)
    ]


def _in_old_form(trunk):
    """A trunk as the RPC from before inbound and outbound were told apart shows it: with its first number only."""
    old = sip.SIPTrunkInfo(sip_trunk_id=trunk.sip_trunk_id, name=trunk.name, metadata=trunk.metadata)
    if isinstance(trunk, sip.SIPInboundTrunkInfo):
        old.kind = sip.SIPTrunkInfo.TRUNK_INBOUND
        old.outbound_number = trunk.numbers[0] if trunk.numbers else ""
        old.inbound_addresses[:] = trunk.allowed_addresses
        old.inbound_numbers[:] = trunk.allowed_numbers
        old.inbound_username, old.inbound_password = trunk.auth_username, trunk.auth_password
    else:
        old.kind = sip.SIPTrunkInfo.TRUNK_OUTBOUND
        old.outbound_number = trunk.numbers[0] if trunk.numbers else ""
        old.outbound_address, old.transport = trunk.address, trunk.transport
        old.outbound_username, old.outbound_password = trunk.auth_username, trunk.auth_password
    return old


def _normalized(number: str) -> str:
    if not re.fullmatch(r"\+?[0-9\- ()]+", number):
        return number
    return "+" + re.sub(r"[- ()+]", "", number)


def _decoded(rpc: str, body: bytes):
    """The request as a message; unknown keys and enum values are dropped without a word."""
    message = getattr(sip, sip.DESCRIPTOR.services_by_name["SIP"].methods_by_name[rpc].input_type.name)()
    try:
        return json_format.ParseDict(json.loads(body), message, ignore_unknown_fields=True)
    except (ValueError, json_format.ParseError) as error:
        raise Refusal("the json request could not be decoded", "malformed") from error


def _encoded(message) -> dict:
    """As Go's protojson does it: unset fields too, but for members of a oneof and optional ones."""
    found = {}
    for field in message.DESCRIPTOR.fields:
        newer = field.name in NEWER_THAN_THE_SERVER.get(message.DESCRIPTOR.name, ())
        if newer or (field.containing_oneof and not message.HasField(field.name)):
            continue
        value = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            found[field.name] = dict(value)
        elif field.is_repeated:
            found[field.name] = [_encoded_value(field, item) for item in value]
        elif field.message_type and not message.HasField(field.name):
            found[field.name] = None
        else:
            found[field.name] = _encoded_value(field, value)
    return found


def _encoded_value(field, value):
    if field.message_type:
        is_time = field.message_type.full_name in ("google.protobuf.Duration", "google.protobuf.Timestamp")
        return value.ToJsonString() if is_time else _encoded(value)
    if field.enum_type:
        return field.enum_type.values_by_number[value].name
    return str(value) if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64) else value


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
