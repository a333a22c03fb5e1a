# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The messages about invalid values. tools/failure_table.py generates docs/failures.md from this module.

All have the code `invalid`. A message starts with the object, the option and the value: inbound trunk 't': numbers:
'*' is invalid: wildcards are not supported. Omit numbers to match any number.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

# The problem, the reason and the fix; braces mark placeholders.
VALUES = {
    "text_truth": (
        "A string is a boolean",
        "YAML reads words such as yes, no, on and off as booleans",
        "Put it in quotes.",
    ),
    "text": ("A string is a dictionary or a list", "it is a {shape}, but must be a string", "Give a string."),
    "digits": ("A PIN contains characters other than digits", "callers can enter only digits", "Give digits."),
    "whole": (
        "A number has decimals or is a boolean",
        "it is not a whole number",
        "Give a number without quotes or decimals.",
    ),
    "negative": ("A number is negative", "it must not be negative", "Give 0 for the server's default."),
    "range": ("A number is out of range", "it must be {allowed}", "Use one of these values."),
    "status": ("A status name does not exist", "it is not a status code", "Use a number, such as 486."),
    "duration": (
        "A duration has no unit",
        "it is not a duration with units",
        "Write it like 30s, 5m or 1h30m.",
    ),
    "texts": ("A list of strings is a dictionary", "it is a {shape}, but must be a list of strings", "Write a list."),
    "texts_entry": (
        "An entry in a list of strings is not a string",
        "an entry is a {shape}, but must be a string",
        "Put each entry in quotes.",
    ),
    "map": (
        "A dictionary is a list, a number or a boolean",
        "it is a {shape}, but must be a dictionary",
        "Write a dictionary.",
    ),
    "maps": (
        "A list of dictionaries is a number",
        "it is a {shape}, but must be a list of dictionaries",
        "Write a list.",
    ),
    "maps_entry": (
        "An entry in a list of dictionaries is empty",
        "it is empty, but must be a dictionary",
        "Write a dictionary, or omit it.",
    ),
    "known_field": (
        "`other_fields` contains a field that has an option",
        "{names} has its own option",
        "Write it as an option.",
    ),
    "number_empty": ("A number is empty", "it is empty", "Omit it."),
    "number_uri": (
        "A number is a URI",
        "it is a URI, but only the user part is compared",
        "Write the number without scheme and host.",
    ),
    "number_rest": (
        "A number contains brackets, braces or quotes",
        "it contains remains of a template or a list",
        "Write one number per entry.",
    ),
    "number_digits": (
        "A number has no digit",
        "it has no digits or letters",
        "Write the number, or omit it.",
    ),
    "number_star": ("A number is `*`", "wildcards are not supported", "Omit numbers to match any number."),
    "number_pattern": ("A number is a pattern", "patterns are not supported", "List each number."),
    "number_blanks": ("A number contains spaces", "it contains spaces, which no call has", "Write it like {digits}."),
    "number_characters": (
        "A number contains invisible characters",
        "it contains characters that SIP user names cannot contain, perhaps from copied text",
        "Type it again.",
    ),
    "number_twice": (
        "A rule lists the same number in two spellings",
        "the server treats them as the same number",
        "Create one rule per spelling, or keep the spelling that calls have.",
    ),
    "mask_characters": (
        "`allowed_addresses` contains spaces, commas, wildcards or a scheme",
        "livekit-server would ignore it: it must be one address, network or host name",
        "Write it without spaces, commas, wildcards or a scheme.",
    ),
    "mask_mapped": (
        "`allowed_addresses` contains an IPv4 address in IPv6 notation",
        "it never matches a call over IPv4",
        "Use IPv4 notation.",
    ),
    "mask_unreadable": (
        "`allowed_addresses` contains a netmask, a zone, a port or an incomplete address",
        "it never matches: it is neither an IP address nor a network with its prefix length",
        "Write it like 198.51.100.0/24, without a port.",
    ),
    "mask_host": (
        "`allowed_addresses` contains an invalid host name",
        "it never matches: it is not a valid host name",
        "Write an address, a network or a host name.",
    ),
    "unrestricted": (
        "An inbound trunk has no restriction",
        "it has no restriction and would match every call",
        "Set numbers, allowed_addresses, or auth_username and auth_password.",
    ),
    "no_trunks": (
        "A dispatch rule names no trunk",
        "it names no trunk and would answer any caller, even one that no trunk allows",
        "List its trunks, or set any_trunk: true if this is intended.",
    ),
    "no_rule": (
        "A dispatch rule has no kind",
        "one of direct, individual and callee is required",
        "Set the one that gives the room the desired name.",
    ),
    "two_rules": (
        "A dispatch rule has more than one kind",
        "they are mutually exclusive",
        "Set only one of direct, individual and callee.",
    ),
    "auth_pair": (
        "Only one of user name and password is set",
        "auth_username and auth_password must be set together; with only one, callers are not asked for a password",
        "Set both, or neither.",
    ),
    "header": ("A header cannot be set", "it cannot be set as a SIP header: {why}", "Use another name."),
    "no_numbers": (
        "An outbound trunk has no numbers",
        "numbers are required: they are the calling numbers",
        "Set at least one.",
    ),
    "no_address": (
        "An outbound trunk has no address",
        "address is required: the host name or IP address of the provider",
        "Set it.",
    ),
    "host_uri": (
        "`address` or `from_host` is a SIP URI",
        "it must be a host name or IP address, not a SIP URI",
        "Write only the host.",
    ),
    "codecs_none": (
        "`only_listed_codecs` has no codecs",
        "no codec is listed",
        "List one in media.codecs, such as PCMU.",
    ),
    "media_timeout": (
        "`media_timeout` is longer than the server allows",
        "it must not exceed {most}",
        "Set a shorter one.",
    ),
    "no_option": (
        "This kind of trunk does not have the option",
        "an {kind} does not have this option",
        "Omit it, or correct direction.",
    ),
    "any_trunk": (
        "`any_trunk` and `trunks` are both set",
        "any_trunk and trunks are mutually exclusive",
        "Set only one of them.",
    ),
    "no_name": (
        "An object has neither name nor id",
        "a {kind} needs a name, or the id of an existing one",
        "Set one.",
    ),
    "name_twice": (
        "Two objects of a list have the same name",
        "two {kind}s have the name {name}",
        "Give each a different name, or set the id of the intended object.",
    ),
    "id_twice": ("Two objects of a list have the same id", "two {kind}s have the id {name}", "Keep one."),
    "purge": (
        "`purge` is set without a list",
        "purge requires {many} and state: present",
        "List all objects to keep, or omit purge.",
    ),
    "assumed": (
        "`assume_empty` or `assume_trunks` is set outside check mode",
        "it works only in check mode",
        "Omit it.",
    ),
    "timeout": (
        "`timeout` is 0, negative or more than an hour",
        "it is not from 1 to {most} seconds",
        "Use a number in this range.",
    ),
    "no_key": ("`api_key` is empty", "it is empty", "Set a key of the server."),
    "no_secret": ("`api_secret` is empty", "it is empty", "Set the secret of api_key."),
    "no_authorities": (
        "`ca_path` cannot be read or contains no certificates",
        "{reason}",
        "Set it to a file with the certificates of the authorities in PEM format.",
    ),
}

# Warnings, which do not prevent the object from being written: the problem and the text.
WARNINGS = {
    "number_odd": (
        "A number does not look like a phone number or an extension",
        "{option}: {number} is unusual: {doubt}. Check that calls have this number",
    ),
    "number_unquoted": (
        "A number of a rule is written without quotes",
        "{option}: {number} is written without quotes: YAML drops a plus sign, and rules compare character by "
        'character. Write "+{number}" or "{number}".',
    ),
    "numbers_alike": (
        "A trunk lists the same number in two spellings",
        "some of its numbers are different spellings of one number",
    ),
    "header_own": (
        "A header is one that livekit-sip sets",
        "headers: livekit-sip sets {header} itself; newer servers reject it",
    ),
    "mask_host_name": (
        "`allowed_addresses` contains a host name",
        "livekit-sip compares the host name {mask} with the From header, which any caller can forge; use networks, "
        "and restrict access with a firewall",
    ),
    "in_clear": (
        "`url` is plain HTTP to another host",
        "{url} uses plain http: tokens and trunk passwords cross the network unencrypted",
    ),
}


def invalid(name: str, /, **words) -> str:
    """The reason why a value is invalid, and the fix."""
    _what, reason, hint = VALUES[name]
    return f"{reason}. {hint}".format(**words)


def warning(name: str, /, **words) -> str:
    return WARNINGS[name][1].format(**words)
