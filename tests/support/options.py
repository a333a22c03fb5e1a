# SPDX-License-Identifier: GPL-3.0-or-later
"""For each kind of object: options that set, change and clear every field, and a minimal set of options."""

from __future__ import annotations

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
# The option `clear` clears this field.
CLEAR = object()

_MEDIA = (
    {
        "only_listed_codecs": True,
        "codecs": [{"name": "PCMU", "rate": 8000}],
        "encryption": "require",
        "media_timeout": "20s",
    },
    {
        "only_listed_codecs": False,
        "codecs": [{"name": "G722", "rate": 16000}, {"name": "PCMA", "rate": 4000}],
        "encryption": "allow",
        "media_timeout": "1m",
    },
    CLEAR,
)

# For each option: a value, another value, and the value that gives the field its state in FEWEST.
VALUES = {
    "inbound_trunk": {
        "metadata": ("m", "m2", ""),
        "numbers": ([ONE, TWO], [TWO, THREE], [ONE]),
        "allowed_addresses": (["198.51.100.0/26", "2001:db8::/32"], ["198.51.100.64/26"], []),
        "allowed_numbers": ([THREE], [ONE], []),
        "auth_username": ("user", "user2", ""),
        "auth_password": ("not-a-secret", "not-a-secret-either", ""),
        "auth_realm": ("example", "example2", ""),
        "headers": ({"X-A": "1"}, {"X-A": "2", "X-D": "d"}, {}),
        "headers_to_attributes": ({"X-B": "b"}, {"X-B": "b2"}, {}),
        "attributes_to_headers": ({"c": "X-C"}, {"c": "X-C2"}, {}),
        "include_headers": ("x_headers", "all_headers", "no_headers"),
        "ringing_timeout": ("20s", "1m", "0s"),
        "ringing_timeout_status": (480, 699, 0),
        "max_call_duration": ("1h30m", "5500ms", ""),
        "krisp_enabled": (True, False, False),
        "media": _MEDIA,
    },
    "outbound_trunk": {
        "metadata": ("m", "m2", ""),
        "address": ("sip.example.com", "sip2.example.com", "sip.example.com"),
        "destination_country": ("us", "de", ""),
        "transport": ("tls", "tcp", "auto"),
        "numbers": ([ONE], [ONE, TWO], [ONE]),
        "auth_username": ("user", "user2", ""),
        "auth_password": ("not-a-secret", "not-a-secret-either", ""),
        "headers": ({"X-A": "1"}, {"X-D": "d"}, {}),
        "headers_to_attributes": ({"X-B": "b"}, {"X-E": "b"}, {}),
        "attributes_to_headers": ({"c": "X-C"}, {"f": "X-C"}, {}),
        "include_headers": ("all_headers", "x_headers", "no_headers"),
        "from_host": ("a.example.com", "b.example.com", ""),
        "media": _MEDIA,
    },
    "dispatch_rule": {
        "metadata": ("m", "m2", ""),
        "trunks": (["one"], ["two"], CLEAR),
        "individual": (
            {"room_prefix": "call-", "pin": "1234", "no_randomness": True},
            {"room_prefix": "c-", "pin": "4321", "no_randomness": False},
            {"room_prefix": "", "pin": "", "no_randomness": False},
        ),
        "hide_phone_number": (True, False, False),
        "inbound_numbers": ([THREE], [TWO], []),
        "numbers": ([ONE], [TWO, THREE], []),
        "attributes": ({"k": "v"}, {"k": "v2"}, {}),
        "room_preset": ("preset", "preset2", ""),
        "room_config": (
            {
                "name": "n",
                "empty_timeout": 30,
                "departure_timeout": 10,
                "max_participants": 5,
                "metadata": "m",
                "egress": {
                    "room": {
                        "audio_only": True,
                        "file_outputs": [{"filepath": "x.ogg", "s3": {"bucket": "b", "secret": "not-a-secret"}}],
                    }
                },
                "min_playout_delay": 10,
                "max_playout_delay": 100,
                "sync_streams": True,
                "agents": [
                    {
                        "agent_name": "a",
                        "metadata": "m",
                        "restart_policy": "never",
                        "deployment": "d",
                        "attributes": {"k": "v"},
                    }
                ],
                "tags": {"k": "v"},
            },
            {
                "name": "n2",
                "empty_timeout": 31,
                "departure_timeout": 11,
                "max_participants": 6,
                "metadata": "m2",
                "egress": {"room": {"audio_only": False, "layout": "grid"}},
                "min_playout_delay": 11,
                "max_playout_delay": 101,
                "sync_streams": False,
                "agents": [{"agent_name": "b"}, {"agent_name": "a", "metadata": "m2"}],
                "tags": {"k2": "v2"},
            },
            CLEAR,
        ),
        "krisp_enabled": (True, False, False),
        "media": _MEDIA,
    },
}
_NAMES = {"inbound_trunk": "t", "outbound_trunk": "t", "dispatch_rule": "r"}


def _column(number):
    return {kind: {option: values[number] for option, values in of.items()} for kind, of in VALUES.items()}


def _cleared(options):
    """The options that clear all fields. any_trunk clears the trunks of a rule."""
    given = {option: value for option, value in options.items() if value is not CLEAR}
    clear = [option for option, value in options.items() if value is CLEAR and option != "trunks"]
    return {**given, **({"any_trunk": True} if "trunks" in options else {}), "clear": sorted(clear)}


FULL = {kind: {"name": _NAMES[kind], **options} for kind, options in _column(0).items()}
CHANGED = _column(1)
CLEARED = {kind: _cleared(options) for kind, options in _column(2).items()}
FEWEST = {
    "inbound_trunk": {"name": "t", "numbers": [ONE]},
    "outbound_trunk": {"name": "t", "numbers": [ONE], "address": "sip.example.com"},
    "dispatch_rule": {"name": "r", "any_trunk": True, "individual": {}},
}
