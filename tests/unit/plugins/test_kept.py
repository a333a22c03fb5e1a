# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that a host keeps are found again, lost ones are reported, and none is replaced silently."""

import json

import pytest
from ansible_collections.telephony.livekit.plugins.filter.kept import kept_pairs, kept_redis_password, stale_key_files

PURPOSES = ["sip", "automation", "agents"]
PAIRS = {purpose: {"api_key": f"API{purpose}", "api_secret": f"secret=of={purpose}"} for purpose in PURPOSES}
URL = "ws://127.0.0.1:7880"
RUNNING = {"port": 7880, "keys": {pair["api_key"]: pair["api_secret"] for pair in PAIRS.values()}}


def file(name, text, mode="600", uid="0"):
    return f"# file {name} {mode} {uid}\n{text}\n"


def key_file(purpose, **owned):
    pair = PAIRS[purpose]
    text = f"LIVEKIT_URL={URL}\nLIVEKIT_API_KEY={pair['api_key']}\nLIVEKIT_API_SECRET={pair['api_secret']}\n"
    return file(f"{purpose}.env", text, **owned)


def configuration(**more):
    return file("config.yaml", json.dumps(RUNNING | more), "640")


def test_kept_pairs_are_found_again():
    text = "".join(map(key_file, PURPOSES))
    assert kept_pairs(text, PURPOSES, {}) == {"pairs": PAIRS, "lost": []}
    assert stale_key_files(text, PAIRS, PURPOSES, URL) == {}


def test_a_bare_host_has_no_pair_and_has_lost_none():
    assert kept_pairs("", PURPOSES, {}) == {"pairs": {}, "lost": []}
    assert set(stale_key_files("", PAIRS, PURPOSES, URL)) == {"sip.env", "automation.env", "agents.env"}


@pytest.mark.parametrize("gone", PURPOSES)
def test_the_one_pair_whose_file_is_gone_is_taken_from_what_runs(gone):
    text = "".join(key_file(purpose) for purpose in PURPOSES if purpose != gone) + configuration()
    assert kept_pairs(text, PURPOSES, {}) == {"pairs": PAIRS, "lost": []}
    assert list(stale_key_files(text, PAIRS, PURPOSES, URL)) == [f"{gone}.env"]


@pytest.mark.parametrize(
    "text",
    [
        key_file("sip") + configuration(),
        configuration(),
        key_file("sip") + file("agents.env", "LIVEKIT_API_KEY=\n") + configuration(),
        # Two keys have no file: one is the lost pair, the other is from livekit_server_config_extra.
        key_file("sip") + key_file("agents") + configuration(keys=RUNNING["keys"] | {"other": "secret"}),
    ],
)
def test_pairs_that_cannot_be_told_apart_are_lost(text):
    lost = kept_pairs(text, PURPOSES, {})["lost"]
    assert lost == [purpose for purpose in PURPOSES if f"LIVEKIT_API_KEY=API{purpose}" not in text]


def test_a_given_pair_wins_and_is_not_lost():
    given = {purpose: {"api_key": f"NEW{purpose}", "api_secret": "new"} for purpose in PURPOSES}
    assert kept_pairs(configuration(), PURPOSES, given) == {"pairs": given, "lost": []}
    one = {"sip": given["sip"]}
    text = "".join(map(key_file, PURPOSES)) + configuration()
    assert kept_pairs(text, PURPOSES, one) == {"pairs": PAIRS | one, "lost": []}


@pytest.mark.parametrize("owned", [{"mode": "644"}, {"uid": "1000"}])
def test_a_file_that_others_can_read_is_written_again(owned):
    text = key_file("sip", **owned)
    assert kept_pairs(text, PURPOSES, {})["pairs"] == {"sip": PAIRS["sip"]}
    assert list(stale_key_files(text, PAIRS, ["sip"], URL)) == ["sip.env"]


def test_the_password_of_redis_is_found_again():
    word = 'a "quoted" \\ pässword'
    conf = file("redis.conf", f"bind 127.0.0.1\nrequirepass {json.dumps(word, ensure_ascii=False)}\ndir /data\n", "640")
    assert kept_redis_password("") == ""
    assert kept_redis_password(conf) == word
    assert kept_redis_password(file("password", f"{word}\n", "640")) == word
    assert kept_redis_password(conf + file("password", "the other\n", "640")) == "the other"
