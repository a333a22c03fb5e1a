# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions that the roles use for a program's configuration."""

import pytest
from ansible_collections.telephony.livekit.plugins.plugin_utils import _config

KNOWN = {"logging": ["json", "level"], "max_active_calls": [], "sip_port": []}


def test_what_has_no_value_is_dropped_but_false_stays():
    given = {"a": "", "b": 0, "c": [], "d": {}, "e": None, "f": False, "g": 0.0, "h": "0", "i": [0]}
    assert _config.drop_unset(given) == {"f": False, "h": "0", "i": [0]}


def test_a_variable_sets_the_key_of_its_name_in_the_type_of_the_role():
    options = {
        "r_logging_json": {"type": "bool"},
        "r_logging_level": {"type": "str"},
        "r_sip_port": {"type": "int"},
        "r_image": {"type": "str"},
        "r_tcp_dial_port": {"type": "str"},
        "r_load": {"type": "float"},
        "r_ids": {"type": "list"},
        "r_codecs": {"type": "dict"},
    }
    given = {
        "r_logging_json": "no",
        "r_logging_level": "info",
        "r_sip_port": "5060",
        "r_image": "an image",
        "r_tcp_dial_port": "",
        "r_load": "0.5",
        "r_ids": "one",
        "r_codecs": {"G722": False},
    }
    known = {"codecs": [], "ids": [], "load": [], "logging": ["json", "level"], "sip_port": [], "tcp": ["dial_port"]}
    assert _config.of_variables("r", {**known, "jaeger_url": []}, options, given.get) == {
        "codecs": {"G722": False},
        "ids": ["one"],
        "load": 0.5,
        "logging": {"json": False, "level": "info"},
        "sip_port": 5060,
        "tcp": {},
    }


def test_unknown_keys():
    given = {"sip_port": 1, "logging": {"json": True, "colour": 1}, "max_active_calls": {"x": 1}, "new": {}}
    assert _config.unknown_keys(given, KNOWN) == ["logging.colour", "new"]


@pytest.mark.parametrize("path", ["max_active_cals", "logging.levl", "sipport", "log_level"])
def test_a_slip_of_the_pen(path):
    assert _config.close_keys([path], KNOWN) == [path]


@pytest.mark.parametrize("path", ["session_timers", "logging.colour", "register"])
def test_a_key_of_its_own(path):
    assert _config.close_keys([path], KNOWN) == []


def test_overridden_keys():
    config = {"rtc": {"tcp_port": 7881, "ips": []}, "keys": {}, "port": 7880}
    extra = {"rtc": {"tcp_port": 1, "ips": [], "new": 1}, "port": 7880, "keys": 5, "psrpc": {}}
    assert _config.overridden_keys(extra, config) == ["rtc.tcp_port", "keys"]


def test_certificates_are_numbered():
    given = [{"cert_file": "a.pem", "key_file": "a.key"}, {"cert_file": "b.pem", "key_file": "b.key"}]
    files = {"tls-1.pem": "a.pem", "tls-1.key": "a.key", "tls-2.pem": "b.pem", "tls-2.key": "b.key"}
    assert _config.certificate_files(given) == files
    assert _config.certificates_at(given, "/sip")[1] == {"cert_file": "/sip/tls-2.pem", "key_file": "/sip/tls-2.key"}


def test_rules_for_trunks_that_only_the_server_knows():
    rules = [
        {"name": "a", "trunks": ["ours"]},
        {"name": "b", "trunks": ["ST_1"]},
        {"name": "c", "trunks": ["theirs"]},
        {"name": "d"},
    ]
    assert [rule["name"] for rule in _config.with_foreign_trunks(rules, ["theirs"])] == ["b", "c"]
