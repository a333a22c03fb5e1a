# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The tables: every field of inbound trunks, outbound trunks and dispatch rules, and their RPCs.

The fields are those of ``livekit_sip.proto`` that livekit-server 1.13.11 returns; ``since`` is the first
livekit-server that stores the field (https://github.com/livekit/livekit/releases).
"""

from __future__ import annotations

from dataclasses import dataclass

from ._fields import Choice, Count, Digits, Duration, EnumNumber, Field, FieldType, Flag, Json, Text, TextMap, TextSet
from ._messages import Message, MessageList, Opaque
from ._sip_status import STATUS_CODES
from ._written import snake_case


# Compared by identity, because comparing all fields would take longer than the lookups themselves.
@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of object: its fields and its RPCs."""

    name: str  # name in results and messages, "inbound_trunk"
    title: str  # name in text, "inbound trunk"
    id_field: str
    list_rpc: str
    create_rpc: str
    update_rpc: str
    delete_rpc: str
    wrapper: str  # key of the object in a create request
    fields: tuple
    own: tuple = ()  # fields that the server sets itself, or repeats in another field

    @property
    def table(self):
        return self.name + "s"


def _codec(codec: dict) -> dict:
    """A codec whose name is written as in SDP: ``PCMU/8000``."""
    name, slash, rate = str(codec.get("name", "")).partition("/")
    return (
        {**codec, "name": name, "rate": int(rate)}
        if slash and rate.isdecimal() and rate.isascii() and not codec.get("rate")
        else codec
    )


MEDIA = Message(
    Field("only_listed_codecs", Flag()),
    Field("codecs", MessageList(Field("name", Text(), required=True), Field("rate", Count()), split=_codec)),
    Field("encryption", Choice("SIP_MEDIA_ENCRYPT_", "disable", "allow", "require", optional=True)),
    Field("media_timeout", Duration()),
)

ROOM_CONFIG = Message(
    Field("name", Text()),
    Field("empty_timeout", Count()),
    Field("departure_timeout", Count()),
    Field("max_participants", Count()),
    Field("metadata", Json(), since="1.9.1"),
    # Hidden as a whole, because it contains storage credentials and has hundreds of fields.
    Field("egress", Opaque(), secret=True),
    Field("min_playout_delay", Count()),
    Field("max_playout_delay", Count()),
    Field("sync_streams", Flag()),
    Field(
        "agents",
        MessageList(
            Field("agent_name", Text(), required=True),
            Field("metadata", Json()),
            Field("restart_policy", Choice("JRP_", "on_failure", "never"), since="1.10.1"),
            Field("deployment", Text(), since="1.12.0"),
            Field("attributes", TextMap(), since="1.13.2"),
        ),
    ),
    Field("tags", TextMap(), since="1.10.1"),
)

INCLUDE_HEADERS = Choice("SIP_", "no_headers", "x_headers", "all_headers")
REFUSING_STATUS = EnumNumber("SIP_STATUS_", STATUS_CODES, range(1), range(400, 700))

INBOUND_TRUNK = Kind(
    name="inbound_trunk",
    own=("sip_trunk_id", "media_encryption", "created_at", "updated_at"),
    title="inbound trunk",
    id_field="sip_trunk_id",
    list_rpc="ListSIPInboundTrunk",
    create_rpc="CreateSIPInboundTrunk",
    update_rpc="UpdateSIPInboundTrunk",
    delete_rpc="DeleteSIPTrunk",
    wrapper="trunk",
    fields=(
        Field("name", Text()),
        Field("metadata", Json()),
        Field("numbers", TextSet()),
        Field("allowed_addresses", TextSet()),
        Field("allowed_numbers", TextSet()),
        Field("auth_username", Text()),
        Field("auth_password", Text(), secret=True),
        Field("auth_realm", Text(), since="1.12.0"),
        Field("headers", TextMap(), secret=True),
        Field("headers_to_attributes", TextMap()),
        Field("attributes_to_headers", TextMap()),
        Field("include_headers", INCLUDE_HEADERS),
        Field("ringing_timeout", Duration()),
        Field("ringing_timeout_status", REFUSING_STATUS, since="1.13.11"),
        Field("max_call_duration", Duration()),
        Field("krisp_enabled", Flag()),
        Field("media", MEDIA, since="1.13.2"),
    ),
)

OUTBOUND_TRUNK = Kind(
    name="outbound_trunk",
    own=("sip_trunk_id", "media_encryption", "created_at", "updated_at"),
    title="outbound trunk",
    id_field="sip_trunk_id",
    list_rpc="ListSIPOutboundTrunk",
    create_rpc="CreateSIPOutboundTrunk",
    update_rpc="UpdateSIPOutboundTrunk",
    delete_rpc="DeleteSIPTrunk",
    wrapper="trunk",
    fields=(
        Field("name", Text()),
        Field("metadata", Json()),
        Field("address", Text()),
        Field("destination_country", Text()),
        Field("transport", Choice("SIP_TRANSPORT_", "auto", "udp", "tcp", "tls")),
        Field("numbers", TextSet()),
        Field("auth_username", Text()),
        Field("auth_password", Text(), secret=True),
        Field("headers", TextMap(), secret=True),
        Field("headers_to_attributes", TextMap()),
        Field("attributes_to_headers", TextMap()),
        Field("include_headers", INCLUDE_HEADERS),
        Field("from_host", Text(), since="1.10.0"),
        Field("media", MEDIA, since="1.13.2"),
    ),
)

_PIN = Field("pin", Digits(), secret=True)
_ROOM_PREFIX = Field("room_prefix", Text())

# The three kinds of rule, by their names in a playbook; the API calls them dispatch_rule_<name>.
RULE_KINDS = {
    "direct": Message(Field("room_name", Text(), required=True), _PIN),
    "individual": Message(_ROOM_PREFIX, _PIN, Field("no_randomness", Flag(), since="1.10.0")),
    "callee": Message(_ROOM_PREFIX, _PIN, Field("randomize", Flag())),
}


class Rule(FieldType):
    """The option ``direct``, ``individual`` or ``callee``, of which a rule has only one, stored below ``rule``."""

    empty: dict = {}

    def from_json(self, value):
        if value is not None and not isinstance(value, dict):
            return value
        messages = {snake_case(key): message for key, message in (value or {}).items()}
        kinds = {f"dispatch_rule_{name}": kind for name, kind in RULE_KINDS.items()}
        return {key: kinds[key].from_json(item) if key in kinds else item for key, item in messages.items()}

    def to_api(self, value):
        return {f"dispatch_rule_{name}": RULE_KINDS[name].to_api(options) for name, options in value.items()}

    def to_option(self, stored):
        name, message = rule_of(stored)
        return {name: RULE_KINDS[name].to_option(message)} if name in RULE_KINDS else {}

    def same(self, stored, wanted):
        (name, message), (wanted_name, wanted_message) = rule_of(stored), rule_of(wanted)
        return name == wanted_name and (not name or RULE_KINDS[name].same(message, wanted_message))

    def ignored(self, stored, wanted, path):
        (name, message), (wanted_name, wanted_message) = rule_of(stored), rule_of(wanted)
        return RULE_KINDS[name].ignored(message, wanted_message, name) if name == wanted_name else []

    def merge(self, stored, wanted):
        """An omitted PIN or prefix is kept, even if the kind of the rule changes."""
        ((key, options),) = wanted.items()
        kind = RULE_KINDS[key.replace("dispatch_rule_", "")]
        old_name, old = rule_of(stored)
        if f"dispatch_rule_{old_name}" != key:
            old = {name: value for name, value in old.items() if name in kind.by_name}
        return {key: kind.merge(old, options)}

    def hide(self, option):
        return {name: RULE_KINDS[name].hide(options) for name, options in option.items()}

    def unknown(self, stored):
        found = {}
        for key, message in (stored or {}).items():
            kind = RULE_KINDS.get(key.replace("dispatch_rule_", ""))
            rest = kind.unknown(message) if kind else message
            if rest:
                found[key] = rest
        return found


DISPATCH_RULE = Kind(
    name="dispatch_rule",
    own=("sip_dispatch_rule_id", "media_encryption", "created_at", "updated_at"),
    title="dispatch rule",
    id_field="sip_dispatch_rule_id",
    list_rpc="ListSIPDispatchRule",
    create_rpc="CreateSIPDispatchRule",
    update_rpc="UpdateSIPDispatchRule",
    delete_rpc="DeleteSIPDispatchRule",
    wrapper="dispatch_rule",
    fields=(
        Field("name", Text()),
        Field("metadata", Json()),
        Field("rule", Rule(), secret=True),
        Field("trunk_ids", TextSet()),
        Field("hide_phone_number", Flag()),
        Field("inbound_numbers", TextSet()),
        Field("numbers", TextSet(), since="1.9.11"),
        Field("attributes", TextMap()),
        Field("room_preset", Text()),
        Field("room_config", ROOM_CONFIG),
        Field("krisp_enabled", Flag()),
        Field("media", MEDIA, since="1.12.0"),
    ),
)

KINDS = {kind.name: kind for kind in (INBOUND_TRUNK, OUTBOUND_TRUNK, DISPATCH_RULE)}

# The choices of `clear`, needed because a module cannot distinguish an empty dictionary from one with omitted keys.
CLEARABLE = {
    INBOUND_TRUNK: ["media"],
    OUTBOUND_TRUNK: ["media"],
    DISPATCH_RULE: ["media", "room_config"],
}


def rule_of(stored: dict | None) -> tuple[str, dict]:
    """The kind and options of a stored `rule`, such as ('individual', {...}), or ('', {}) if it has none."""
    for key, message in (stored or {}).items():
        if message is not None:
            return key.replace("dispatch_rule_", ""), message
    return "", {}
