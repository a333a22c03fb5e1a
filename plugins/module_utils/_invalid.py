# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What can be wrong with a value, in words. docs/failures.md is written from this by tools/failure_table.py.

Each has the code `invalid`. In front stand the object, the option and the value: inbound trunk 't': numbers: '*' is
invalid: there are no wildcards. Leave numbers out to mean any number.

Pure: no I/O, nothing of Ansible.
"""

from __future__ import annotations

# What happened, why it is invalid, and what to do; what stands in braces is different each time.
VALUES = {
    "text_truth": (
        "A text is true or false",
        "YAML reads words such as yes, no, on and off as true or false",
        "Put it in quotes.",
    ),
    "text": ("A text is a map or a list", "it is a {shape}, and a text is wanted", "Give one text."),
    "digits": ("A PIN has other characters than digits", "a caller enters digits only", "Give digits."),
    "whole": (
        "A number has decimals, or is true or false",
        "it is not a whole number",
        "Give a number without quotes or decimals.",
    ),
    "negative": ("A number is negative", "it must not be negative", "Give 0 for the server's default."),
    "range": ("A number is none of those that are taken", "it must be {allowed}", "Give one of these numbers."),
    "status": ("A status is a name that no status has", "it is not a status code", "Give a number, such as 486."),
    "duration": (
        "A duration has no unit",
        "it is not a duration with units",
        "Write it like 30s, 5m or 1h30m.",
    ),
    "texts": ("A list of texts is a map", "it is a {shape}, and a list of texts is wanted", "Give a list."),
    "texts_entry": (
        "An entry of a list of texts is none",
        "an entry is a {shape}, and texts are wanted",
        "Put each entry in quotes.",
    ),
    "map": ("A map is a list, a number or a truth value", "it is a {shape}, and a map is wanted", "Give a map."),
    "maps": ("A list of maps is a number", "it is a {shape}, and a list of maps is wanted", "Give a list."),
    "maps_entry": (
        "An entry of a list of maps is empty",
        "it is empty, and a map is wanted",
        "Give a map, or leave it out.",
    ),
    "known_field": (
        "`other_fields` holds a field that has an option",
        "{names} is not a field of a newer server",
        "Write it as an option.",
    ),
    "number_empty": ("A number is empty", "it is empty", "Leave it out."),
    "number_uri": (
        "A number is a URI",
        "it is a URI, and the user part of one is compared",
        "Give the number without scheme and host.",
    ),
    "number_rest": (
        "A number holds brackets, braces or quotes",
        "it holds what is left of a template or a list",
        "Give one number an entry.",
    ),
    "number_digits": (
        "A number has no digit",
        "it has neither digits nor letters",
        "Give the number, or leave it out.",
    ),
    "number_star": ("A number is `*`", "there are no wildcards", "Leave numbers out to mean any number."),
    "number_pattern": ("A number is a pattern", "there are no patterns", "List each number."),
    "number_blanks": ("A number holds blanks", "it holds blanks, which no call has", "Write it like {digits}."),
    "number_characters": (
        "A number holds characters that cannot be typed",
        "it holds characters that no SIP user name has, perhaps from a copied text",
        "Type it again.",
    ),
    "number_twice": (
        "A rule lists one number in two spellings",
        "the server takes them for one number written twice",
        "Make a rule for each spelling, or keep the one that calls have.",
    ),
    "mask_characters": (
        "`allowed_addresses` holds blanks, commas, wildcards or a scheme",
        "it would not be honoured: it must be one address, network or host name",
        "Write it without blanks, commas, wildcards or a scheme.",
    ),
    "mask_mapped": (
        "`allowed_addresses` holds an IPv4 address in the form of IPv6",
        "it would not be honoured: a call over IPv4 never matches it",
        "Write the IPv4 form.",
    ),
    "mask_unreadable": (
        "`allowed_addresses` holds a netmask, a zone, a port or half an address",
        "it would not be honoured: it is neither an IP address nor a network with its prefix length",
        "Write it like 198.51.100.0/24, without port.",
    ),
    "mask_host": (
        "`allowed_addresses` holds a text that is not a host name",
        "it would not be honoured: it is not a valid host name",
        "Give an address, a network or a host name.",
    ),
    "unrestricted": (
        "Nothing restricts an inbound trunk",
        "nothing restricts it, and it would take every call",
        "Give numbers, allowed_addresses, or auth_username and auth_password.",
    ),
    "no_trunks": (
        "A dispatch rule names no trunk",
        "it names no trunk and would answer calls from anybody, whatever the trunks allow",
        "List its trunks, or say any_trunk: true if that is what you want.",
    ),
    "no_rule": (
        "A dispatch rule has no kind",
        "one of direct, individual and callee must be given",
        "Give the one that names the room as you want it.",
    ),
    "two_rules": (
        "A dispatch rule has two kinds",
        "they exclude each other",
        "Give one of direct, individual and callee.",
    ),
    "auth_pair": (
        "A user name has no password, or a password no user name",
        "auth_username and auth_password go together; with one alone nobody is asked for a password",
        "Give both, or neither.",
    ),
    "header": ("A header cannot be set", "it cannot be set as a SIP header: {why}", "Take another name."),
    "no_numbers": (
        "An outbound trunk has no numbers",
        "numbers must be given: the numbers that calls come from",
        "Give at least one.",
    ),
    "no_address": (
        "An outbound trunk has no address",
        "address must be given: the host name or IP address of the provider",
        "Give it.",
    ),
    "host_uri": (
        "`address` or `from_host` is a SIP URI",
        "it must be a host name or IP address, not a SIP URI",
        "Give the host only.",
    ),
    "codecs_none": (
        "`only_listed_codecs` has no codecs",
        "no codec is listed",
        "List one in media.codecs, such as PCMU.",
    ),
    "media_timeout": (
        "`media_timeout` is longer than the server takes",
        "it must not exceed {most}",
        "Give a shorter one.",
    ),
    "no_option": (
        "The kind of trunk has no such option",
        "an {kind} has no such option",
        "Leave it out, or correct direction.",
    ),
    "any_trunk": (
        "`any_trunk` and `trunks` are both given",
        "any_trunk and trunks exclude each other",
        "Give one of them.",
    ),
    "no_name": (
        "An object has neither name nor id",
        "a {kind} needs a name, or the id of one that exists",
        "Give one.",
    ),
    "name_twice": (
        "Two objects of a list have one name",
        "two {kind}s with the name {name} are given",
        "Give each a name, or the id of the one that is meant.",
    ),
    "id_twice": ("Two objects of a list have one id", "two {kind}s with the id {name} are given", "Keep one."),
    "purge": (
        "`purge` is given without a list",
        "purge goes with {many} and state: present",
        "List all that is to stay, or leave purge out.",
    ),
    "assumed": (
        "`assume_empty` or `assume_trunks` is given outside check mode",
        "it is for check mode only: outside it the server is asked",
        "Leave it out.",
    ),
    "timeout": (
        "`timeout` is 0, negative or more than an hour",
        "it is not from 1 to {most} seconds",
        "Give a number from there.",
    ),
    "no_key": ("`api_key` is empty", "it is empty", "Give a key of the server."),
    "no_secret": ("`api_secret` is empty", "it is empty", "Give the secret of api_key."),
    "no_authorities": (
        "`ca_path` cannot be read, or holds no certificates",
        "{reason}",
        "Give a file with the certificates of the authorities in PEM format.",
    ),
}

# Warnings: the object is taken. What it is about, and the words.
WARNINGS = {
    "number_odd": (
        "A number is unlike a phone number and unlike an extension",
        "{option}: {number} is unusual: {doubt}. Check that calls have it",
    ),
    "number_unquoted": (
        "A number of a rule is written without quotes",
        "{option}: {number} was given without quotes: YAML drops a plus sign, and rules compare character by "
        'character. Write "+{number}" or "{number}".',
    ),
    "numbers_alike": (
        "A trunk lists one number in two spellings",
        "some of its numbers are the same number written twice",
    ),
    "header_own": (
        "A header is one that livekit-sip writes",
        "headers: {header} is written by livekit-sip itself; newer servers refuse it",
    ),
    "mask_host_name": (
        "`allowed_addresses` holds a host name",
        "livekit-sip compares the host name {mask} with the From header, which every caller writes as it likes"
        "; give networks, and restrict with a firewall who may call",
    ),
    "in_clear": (
        "`url` is plain HTTP to another host",
        "{url} is plain http: tokens and trunk passwords cross the network in clear",
    ),
}


def invalid(name: str, /, **words) -> str:
    """Why a value is invalid, and what to do."""
    _what, reason, hint = VALUES[name]
    return f"{reason}. {hint}".format(**words)


def warning(name: str, /, **words) -> str:
    return WARNINGS[name][1].format(**words)
