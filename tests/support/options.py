# SPDX-License-Identifier: GPL-3.0-or-later
"""For each kind of object: options that set every field there is, others that change every field, and the fewest."""

from __future__ import annotations

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"

_MEDIA = {
    "only_listed_codecs": True,
    "codecs": [{"name": "PCMU", "rate": 8000}],
    "encryption": "require",
    "media_timeout": "20s",
}
_OTHER_MEDIA = {
    "only_listed_codecs": False,
    "codecs": [{"name": "G722", "rate": 16000}, {"name": "PCMA", "rate": 4000}],
    "encryption": "allow",
    "media_timeout": "1m",
}

FULL = {
    "inbound_trunk": {
        "name": "t",
        "metadata": "m",
        "numbers": [ONE, TWO],
        "allowed_addresses": ["198.51.100.0/26", "2001:db8::/32"],
        "allowed_numbers": [THREE],
        "auth_username": "user",
        "auth_password": "not-a-secret",
        "auth_realm": "example",
        "headers": {"X-A": "1"},
        "headers_to_attributes": {"X-B": "b"},
        "attributes_to_headers": {"c": "X-C"},
        "include_headers": "x_headers",
        "ringing_timeout": "20s",
        "max_call_duration": "1h30m",
        "krisp_enabled": True,
        "media": _MEDIA,
    },
    "outbound_trunk": {
        "name": "t",
        "metadata": "m",
        "address": "sip.example.com",
        "destination_country": "us",
        "transport": "tls",
        "numbers": [ONE],
        "auth_username": "user",
        "auth_password": "not-a-secret",
        "headers": {"X-A": "1"},
        "headers_to_attributes": {"X-B": "b"},
        "attributes_to_headers": {"c": "X-C"},
        "include_headers": "all_headers",
        "from_host": "a.example.com",
        "media": _MEDIA,
    },
    "dispatch_rule": {
        "name": "r",
        "metadata": "m",
        "trunks": ["one"],
        "individual": {"room_prefix": "call-", "pin": "1234", "no_randomness": True},
        "hide_phone_number": True,
        "inbound_numbers": [THREE],
        "numbers": [ONE],
        "attributes": {"k": "v"},
        "room_preset": "preset",
        "room_config": {
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
        "krisp_enabled": True,
        "media": _MEDIA,
    },
}

CHANGED = {
    "inbound_trunk": {
        "metadata": "m2",
        "numbers": [TWO, THREE],
        "allowed_addresses": ["198.51.100.64/26"],
        "allowed_numbers": [ONE],
        "auth_username": "user2",
        "auth_password": "not-a-secret-either",
        "auth_realm": "example2",
        "headers": {"X-A": "2", "X-D": "d"},
        "headers_to_attributes": {"X-B": "b2"},
        "attributes_to_headers": {"c": "X-C2"},
        "include_headers": "all_headers",
        "ringing_timeout": "1m",
        "max_call_duration": "5500ms",
        "krisp_enabled": False,
        "media": _OTHER_MEDIA,
    },
    "outbound_trunk": {
        "metadata": "m2",
        "address": "sip2.example.com",
        "destination_country": "de",
        "transport": "tcp",
        "numbers": [ONE, TWO],
        "auth_username": "user2",
        "auth_password": "not-a-secret-either",
        "headers": {"X-D": "d"},
        "headers_to_attributes": {"X-E": "b"},
        "attributes_to_headers": {"f": "X-C"},
        "include_headers": "x_headers",
        "from_host": "b.example.com",
        "media": _OTHER_MEDIA,
    },
    "dispatch_rule": {
        "metadata": "m2",
        "trunks": ["two"],
        "individual": {"room_prefix": "c-", "pin": "4321", "no_randomness": False},
        "hide_phone_number": False,
        "inbound_numbers": [TWO],
        "numbers": [TWO, THREE],
        "attributes": {"k": "v2"},
        "room_preset": "preset2",
        "room_config": {
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
        "krisp_enabled": False,
        "media": _OTHER_MEDIA,
    },
}

FEWEST = {
    "inbound_trunk": {"name": "t", "numbers": [ONE]},
    "outbound_trunk": {"name": "t", "numbers": [ONE], "address": "sip.example.com"},
    "dispatch_rule": {"name": "r", "any_trunk": True, "individual": {}},
}

# What gives back to each field that is not in FEWEST the value it has there.
CLEARED = {
    "inbound_trunk": {
        "metadata": "",
        "numbers": [ONE],
        "allowed_addresses": [],
        "allowed_numbers": [],
        "auth_username": "",
        "auth_password": "",
        "auth_realm": "",
        "headers": {},
        "headers_to_attributes": {},
        "attributes_to_headers": {},
        "include_headers": "no_headers",
        "ringing_timeout": "0s",
        "max_call_duration": "",
        "krisp_enabled": False,
        "clear": ["media"],
    },
    "outbound_trunk": {
        "metadata": "",
        "address": "sip.example.com",
        "destination_country": "",
        "transport": "auto",
        "numbers": [ONE],
        "auth_username": "",
        "auth_password": "",
        "headers": {},
        "headers_to_attributes": {},
        "attributes_to_headers": {},
        "include_headers": "no_headers",
        "from_host": "",
        "clear": ["media"],
    },
    "dispatch_rule": {
        "metadata": "",
        "any_trunk": True,
        "individual": {"room_prefix": "", "pin": "", "no_randomness": False},
        "hide_phone_number": False,
        "inbound_numbers": [],
        "numbers": [],
        "attributes": {},
        "room_preset": "",
        "krisp_enabled": False,
        "clear": ["media", "room_config"],
    },
}
