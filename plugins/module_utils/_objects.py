# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""One table for each kind of object: every field, its type, how it compares, whether it is secret.

An *object* is what the server's JSON holds, with snake_case keys. An *option* is what a playbook writes.
The fields are those of ``livekit_sip.proto`` as livekit-server 1.13.5 answers them; ``since`` is the first
livekit-server that stores the field (https://github.com/livekit/livekit/releases).
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

HIDDEN = "<hidden>"

_DURATION_UNITS = {"h": 3600 * 1000, "m": 60 * 1000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")


class InputError(Exception):
    """What the playbook asks for is wrong, whatever the server holds."""


class FieldType:
    """How one type of field is written in a playbook, stored by the server, compared and shown."""

    argument: dict = {"type": "str"}
    empty: t.Any = ""

    def to_api(self, value):
        return value

    def from_json(self, value):
        """The stored form of protobuf's JSON in any spelling: camelCase keys, enums as numbers."""
        return value

    def to_option(self, stored):
        return stored if stored is not None else self.empty

    def comparable(self, stored):
        """A value that is equal for any two stored values that mean the same; falsy when unset."""
        return stored or self.empty

    def same(self, stored, wanted) -> bool:
        """Whether the server's value means what is wanted, both in stored form."""
        return self.comparable(stored) == self.comparable(wanted)

    def merge(self, stored, wanted):
        return wanted

    def ignored(self, stored, wanted, path: str) -> list[tuple[str, str]]:
        """The fields below that the server did not store as wanted: (path, the livekit-server that does)."""
        return []

    def hide(self, option):
        return HIDDEN if option else option


class Text(FieldType):
    pass


class Digits(Text):
    """What a caller can enter on a phone."""

    def to_api(self, value):
        if not re.fullmatch(r"[0-9]*", value):
            raise InputError("must be digits")
        return value


class Flag(FieldType):
    argument = {"type": "bool"}
    empty = False


class Count(FieldType):
    argument = {"type": "int"}
    empty = 0

    def to_api(self, value):
        if value < 0:
            raise InputError("must not be negative")
        return value

    def to_option(self, stored):
        return int(stored or 0)

    comparable = to_option


class Duration(FieldType):
    """Written ``30s``, ``5m``, ``1h30m``; stored as protobuf's JSON does, in seconds (``1800s``)."""

    def to_api(self, value):
        return _seconds(_milliseconds(value))

    def to_option(self, stored):
        return _seconds(_milliseconds(stored)) if self.comparable(stored) else ""

    def comparable(self, stored):
        return _milliseconds(stored or "0s")


class Choice(FieldType):
    """An enum, written without its prefix and in lower case (``SIP_TRANSPORT_TLS`` is ``tls``)."""

    def __init__(self, prefix: str, *names: str, optional: bool = False):
        self.prefix = prefix
        # An optional enum knows "unset" beside its first value.
        self.empty = None if optional else names[0]
        self.names = names
        self.argument = {"type": "str", "choices": list(names)}

    def from_json(self, value):
        return self.to_api(self.names[value]) if isinstance(value, int) else value

    def to_api(self, value):
        return self.prefix + value.upper()

    def to_option(self, stored):
        return str(stored).replace(self.prefix, "", 1).lower() if stored else self.empty

    def comparable(self, stored):
        option = self.to_option(stored)
        return None if option == self.empty else option


class TextSet(FieldType):
    """A list whose order means nothing."""

    argument = {"type": "list", "elements": "str"}
    empty: t.Any = []

    def to_api(self, value):
        return list(dict.fromkeys(value))

    def to_option(self, stored):
        return list(stored or [])

    def comparable(self, stored):
        return sorted(set(stored or []))


class TextMap(FieldType):
    argument = {"type": "dict"}
    empty: t.Any = {}

    def to_api(self, value):
        return {str(key): "" if text is None else str(text) for key, text in value.items()}

    def to_option(self, stored):
        return dict(stored or {})

    def hide(self, option):
        return dict.fromkeys(option, HIDDEN)


class Message(FieldType):
    """A nested message. Keys that this version does not know stay as the server has them."""

    empty: t.Any = {}

    def __init__(self, *fields: Field):
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        self.argument = {"type": "dict", "options": argument_options(fields)}

    def from_json(self, value):
        return from_json(self.fields, value)

    def to_api(self, value):
        return to_api(self.fields, value)

    def to_option(self, stored):
        if self.same(stored, None):
            return {}
        return {field.name: field.to_option(stored.get(field.name)) for field in self.fields}

    def same(self, stored, wanted):
        stored, wanted = stored or {}, wanted or {}
        return all(field.same(stored.get(field.name), wanted.get(field.name)) for field in self.fields)

    def ignored(self, stored, wanted, path):
        return [
            found
            for field in self.fields
            for found in field.ignored(stored.get(field.name), (wanted or {}).get(field.name), path)
        ]

    def merge(self, stored, wanted):
        merged = dict(stored or {})
        for name, value in wanted.items():
            merged[name] = self.by_name[name].merge(merged.get(name), value)
        return merged

    def hide(self, option):
        return {name: self.by_name[name].hidden(value) for name, value in option.items()}


class MessageList(FieldType):
    """Messages whose order matters. Replaced as a whole."""

    empty: t.Any = []

    def __init__(self, *fields: Field):
        self.message = Message(*fields)
        self.argument = {"type": "list", "elements": "dict", "options": argument_options(fields)}

    def from_json(self, value):
        return value and [self.message.from_json(item) for item in value]

    def to_api(self, value):
        return [self.message.to_api(item) for item in value]

    def to_option(self, stored):
        return [self.message.to_option(item) for item in stored or []]

    def same(self, stored, wanted):
        stored, wanted = stored or [], wanted or []
        return len(stored) == len(wanted) and all(map(self.message.same, stored, wanted))

    def ignored(self, stored, wanted, path):
        if len(stored) != len(wanted or []):
            return []
        return [found for pair in zip(stored, wanted) for found in self.message.ignored(*pair, path)]

    def hide(self, option):
        return [self.message.hide(item) for item in option]


class Opaque(FieldType):
    """A message of another part of LiveKit, passed as it is written.

    What is written is merged into what is stored; what the server adds of its own (zero values) is no change.
    """

    argument = {"type": "dict"}
    empty: t.Any = {}

    def from_json(self, value):
        return snake_case_keys(value)

    def to_api(self, value):
        return snake_case_keys(value)

    def to_option(self, stored):
        return _without_zeros(stored) or {}

    def same(self, stored, wanted):
        """The server fills in zero values and enum names of its own: what is wanted must be there, more may be."""
        if not wanted:
            return not _without_zeros(stored)
        if isinstance(wanted, dict):
            stored = stored or {}
            return all(self.same(stored.get(name), value) for name, value in wanted.items())
        if isinstance(wanted, list):
            stored = stored or []
            return len(stored) == len(wanted) and all(map(self.same, stored, wanted))
        return str(stored) == str(wanted)

    def merge(self, stored, wanted):
        merged = dict(stored or {})
        for name, value in wanted.items():
            both = isinstance(value, dict) and isinstance(merged.get(name), dict)
            merged[name] = self.merge(merged[name], value) if both else value
        return merged


@dataclass(frozen=True)
class Field:
    name: str
    type: FieldType
    secret: bool = False
    since: str = ""
    required: bool = False

    def same(self, stored, wanted):
        return self.type.same(stored, wanted)

    def ignored(self, stored, wanted, path: str = "") -> list[tuple[str, str]]:
        """The deepest fields that the server did not store as wanted: (path, the livekit-server that does)."""
        if self.same(stored, wanted):
            return []
        path = f"{path}.{self.name}" if path else self.name
        below = self.type.ignored(stored, wanted, path) if stored else []
        return [(deepest, since or self.since) for deepest, since in below] or [(path, self.since)]

    def to_option(self, stored):
        return self.type.to_option(stored)

    def merge(self, stored, wanted):
        return self.type.merge(stored, wanted)

    def hidden(self, option):
        if self.secret or isinstance(self.type, (Message, MessageList)):
            return self.type.hide(option)
        return option

    def to_api(self, value):
        try:
            return self.type.to_api(value)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error

    @property
    def argument(self):
        argument = dict(self.type.argument)
        if self.required:
            argument["required"] = True
        if self.secret:
            argument["no_log"] = True
        return argument


def to_api(fields, options: dict) -> dict:
    """The stored form of the options that were given; those left out (``None``) are left out here too."""
    return {field.name: field.to_api(options[field.name]) for field in fields if options.get(field.name) is not None}


def from_json(fields, value: dict | None) -> dict | None:
    """A message in the server's own spelling, whatever spelling of protobuf's JSON it came in."""
    if not value:
        return value
    by_name = {field.name: field for field in fields}
    messages = {_snake_case(key): item for key, item in value.items()}
    return {key: by_name[key].type.from_json(item) if key in by_name else item for key, item in messages.items()}


def argument_options(fields) -> dict:
    return {field.name: field.argument for field in fields}


@dataclass(frozen=True)
class Kind:
    """A kind of object: its fields and the RPCs that reach it."""

    name: str  # how results and messages call it, "inbound_trunk"
    title: str  # "inbound trunk"
    id_field: str
    list_rpc: str
    create_rpc: str
    update_rpc: str
    delete_rpc: str
    wrapper: str  # the key that holds the object in a create request
    fields: tuple

    @property
    def table(self):
        return self.name + "s"


MEDIA = Message(
    Field("only_listed_codecs", Flag()),
    Field("codecs", MessageList(Field("name", Text(), required=True), Field("rate", Count()))),
    Field("encryption", Choice("SIP_MEDIA_ENCRYPT_", "disable", "allow", "require", optional=True)),
    Field("media_timeout", Duration()),
)

ROOM_CONFIG = Message(
    Field("name", Text()),
    Field("empty_timeout", Count()),
    Field("departure_timeout", Count()),
    Field("max_participants", Count()),
    Field("metadata", Text(), since="1.9.1"),
    # Its storage credentials are secrets, and it has hundreds of fields: all of it is hidden.
    Field("egress", Opaque(), secret=True),
    Field("min_playout_delay", Count()),
    Field("max_playout_delay", Count()),
    Field("sync_streams", Flag()),
    Field(
        "agents",
        MessageList(
            Field("agent_name", Text(), required=True),
            Field("metadata", Text()),
            Field("restart_policy", Choice("JRP_", "on_failure", "never"), since="1.10.1"),
            Field("deployment", Text(), since="1.12.0"),
            Field("attributes", TextMap(), since="1.13.2"),
        ),
    ),
    Field("tags", TextMap(), since="1.10.1"),
)

INCLUDE_HEADERS = Choice("SIP_", "no_headers", "x_headers", "all_headers")

INBOUND_TRUNK = Kind(
    name="inbound_trunk",
    title="inbound trunk",
    id_field="sip_trunk_id",
    list_rpc="ListSIPInboundTrunk",
    create_rpc="CreateSIPInboundTrunk",
    update_rpc="UpdateSIPInboundTrunk",
    delete_rpc="DeleteSIPTrunk",
    wrapper="trunk",
    fields=(
        Field("name", Text()),
        Field("metadata", Text()),
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
        Field("max_call_duration", Duration()),
        Field("krisp_enabled", Flag()),
        Field("media", MEDIA, since="1.13.2"),
    ),
)

OUTBOUND_TRUNK = Kind(
    name="outbound_trunk",
    title="outbound trunk",
    id_field="sip_trunk_id",
    list_rpc="ListSIPOutboundTrunk",
    create_rpc="CreateSIPOutboundTrunk",
    update_rpc="UpdateSIPOutboundTrunk",
    delete_rpc="DeleteSIPTrunk",
    wrapper="trunk",
    fields=(
        Field("name", Text()),
        Field("metadata", Text()),
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

# The three kinds of rule, by the name a playbook uses; the API calls them dispatch_rule_<name>.
RULE_KINDS = {
    "direct": Message(Field("room_name", Text(), required=True), _PIN),
    "individual": Message(_ROOM_PREFIX, _PIN, Field("no_randomness", Flag(), since="1.10.0")),
    "callee": Message(_ROOM_PREFIX, _PIN, Field("randomize", Flag())),
}


class Rule(FieldType):
    """The one of ``direct``, ``individual`` and ``callee`` that a rule has; stored below ``rule``."""

    empty: t.Any = {}

    def from_json(self, value):
        messages = {_snake_case(key): message for key, message in (value or {}).items()}
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
        """A PIN or a prefix that is left out stays, also where one kind of rule becomes another."""
        ((key, options),) = wanted.items()
        kind = RULE_KINDS[key.replace("dispatch_rule_", "")]
        old_name, old = rule_of(stored)
        if f"dispatch_rule_{old_name}" != key:
            old = {name: value for name, value in old.items() if name in kind.by_name}
        return {key: kind.merge(old, options)}

    def hide(self, option):
        return {name: RULE_KINDS[name].hide(options) for name, options in option.items()}


DISPATCH_RULE = Kind(
    name="dispatch_rule",
    title="dispatch rule",
    id_field="sip_dispatch_rule_id",
    list_rpc="ListSIPDispatchRule",
    create_rpc="CreateSIPDispatchRule",
    update_rpc="UpdateSIPDispatchRule",
    delete_rpc="DeleteSIPDispatchRule",
    wrapper="dispatch_rule",
    fields=(
        Field("name", Text()),
        Field("metadata", Text()),
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

# What a playbook may name in `clear`: an empty map and a map of left-out keys look the same to a module.
CLEARABLE = {
    INBOUND_TRUNK: ["media"],
    OUTBOUND_TRUNK: ["media"],
    DISPATCH_RULE: ["media", "room_config"],
}


@dataclass
class Item:
    """One object as a playbook wants it: the fields it gives, in stored form, and how to find it."""

    kind: Kind
    fields: dict
    id: str = ""
    clear: tuple = ()
    trunks: list | None = None  # names or ids, of a dispatch rule
    any_trunk: bool = False

    @property
    def name(self) -> str:
        return self.fields.get("name", "")

    @property
    def label(self) -> str:
        return f"{self.kind.title} {self.name or self.id!r}"

    @classmethod
    def from_options(cls, kind: Kind, options: dict) -> Item:
        """Raises InputError if a value cannot be what its field takes."""
        name = options.get("name") or options.get("id") or ""
        try:
            fields = to_api((field for field in kind.fields if field.name not in ("rule", "trunk_ids")), options)
            if kind is DISPATCH_RULE:
                given = {name: options[name] for name in RULE_KINDS if options.get(name) is not None}
                if len(given) > 1:
                    raise InputError("give only one of " + ", ".join(RULE_KINDS))
                if given:
                    fields["rule"] = Rule().to_api(given)
        except InputError as error:
            raise InputError(f"{kind.title} {name!r}: {error}") from error
        return cls(
            kind=kind,
            fields=fields,
            id=options.get("id") or "",
            clear=tuple(options.get("clear") or ()),
            trunks=options.get("trunks"),
            any_trunk=bool(options.get("any_trunk")),
        )


def item_options(kind: Kind) -> dict:
    """The argument spec of one object of this kind."""
    options = argument_options(field for field in kind.fields if field.name not in ("rule", "trunk_ids"))
    options["id"] = {"type": "str"}
    options["clear"] = {"type": "list", "elements": "str", "choices": CLEARABLE[kind]}
    if kind is DISPATCH_RULE:
        options["trunks"] = {"type": "list", "elements": "str"}
        options["any_trunk"] = {"type": "bool"}
        for name, message in RULE_KINDS.items():
            options[name] = dict(message.argument)
    return options


def show(kind: Kind, stored: dict, trunk_names: dict[str, str], hide: bool = True) -> dict:
    """A stored object as the options that would make it, every field; with `hide`, secrets are not in it.

    `trunk_names` maps trunk ids to names; a trunk without a name, or unknown, is shown by its id.
    """
    shown: dict = {"id": stored.get(kind.id_field) or ""}
    for field in kind.fields:
        option = field.to_option(stored.get(field.name))
        if hide:
            option = field.hidden(option)
        if field.name == "rule":
            shown.update(option)
        elif field.name == "trunk_ids":
            shown["trunks"] = [trunk_names.get(trunk) or trunk for trunk in option]
            shown["any_trunk"] = not option
        else:
            shown[field.name] = option
    return shown


def rule_of(stored: dict | None) -> tuple[str, dict]:
    """('individual', {...}) of a stored `rule`; ('', {}) if it has none."""
    for key, message in (stored or {}).items():
        if message is not None:
            return key.replace("dispatch_rule_", ""), message
    return "", {}


def normalized_number(number: str) -> str:
    """A phone number as livekit-server compares trunk numbers: ``1-202-555-0100`` is ``+12025550100``.

    Source: NormalizeNumber in https://github.com/livekit/protocol/blob/main/livekit/sip.go
    """
    if re.fullmatch(r"\+?[0-9\- ()]+", number):
        return "+" + re.sub(r"[^0-9]", "", number)
    return number


def mask_problem(mask: str) -> str | None:
    """Why livekit-server would drop this entry of allowed_addresses or never match it; None if it is good.

    The server drops masks with certain characters without a word, and with the last one gone lets everybody in.
    Source: https://github.com/livekit/protocol/blob/main/sip/sip.go
    """
    if not mask or mask != mask.strip() or re.search(r"[()+*;,\s]|://", mask):
        return "it must be one address, network or host name, without blanks, commas, wildcards or a scheme"
    try:
        ipaddress.ip_network(mask, strict=False)
        return None
    except ValueError:
        pass
    if re.search(r"[/:]", mask) or re.fullmatch(r"[0-9.]+", mask):
        return "it is neither an IP address nor a network in CIDR notation (a port cannot be given)"
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?", mask):
        return "it is no valid host name"
    return None


def is_network(mask: str) -> bool:
    try:
        ipaddress.ip_network(mask, strict=False)
        return True
    except ValueError:
        return False


def snake_case_keys(value):
    """JSON with camelCase keys, as some proxies answer and `lk` writes, in the server's own spelling."""
    if isinstance(value, dict):
        return {_snake_case(key): snake_case_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [snake_case_keys(item) for item in value]
    return value


def _snake_case(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower()


def _without_zeros(value):
    """The same JSON without what protobuf calls unset."""
    if isinstance(value, dict):
        pruned = {key: _without_zeros(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item is not None} or None
    if isinstance(value, list):
        return [_without_zeros(item) for item in value] or None
    return None if value in ("", "0", "0s", 0, False) else value


def _milliseconds(text: str) -> int:
    text = str(text).strip()
    if text in ("", "0"):
        return 0
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        raise InputError(f"{text!r} is no duration; write it like 30s, 5m or 1h30m")
    return round(sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts))


def _seconds(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}.{rest:03d}s" if rest else f"{seconds}s"
