# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from tools.deploy import settings


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+12025550100", ["+12025550100"]),
        ("+12025550101,+12025550100", ["+12025550101", "+12025550100"]),
        (" +12025550100 , +12025550101,", ["+12025550100", "+12025550101"]),
        ("+12025550100,+12025550100", ["+12025550100"]),
        ("", []),
    ],
)
def test_numbers_are_taken_once_and_in_order(text, numbers):
    assert settings.parse_numbers(text) == numbers


@pytest.mark.parametrize("text", ["12025550100", "+1-202-555-0100", "+0202555010", "+1202", "+1202555010012345", "x"])
def test_a_number_that_is_not_e164_is_refused_and_named(text):
    with pytest.raises(settings.InvalidSetting, match="E.164") as refusal:
        settings.parse_numbers(f"+12025550101,{text}")
    assert text in str(refusal.value)
    assert "+12025550101." not in str(refusal.value).partition("Write")[0]


@pytest.mark.parametrize("text", ["198.51.100.7", "2001:db8::7"])
def test_an_address_may_be_of_either_kind(text):
    assert settings.parse_address(f" {text} ") == text


@pytest.mark.parametrize("text", ["198.51.100", "sip.example.com", "198.51.100.7/32"])
def test_a_name_or_network_is_no_address(text):
    with pytest.raises(settings.InvalidSetting, match="EXTERNAL_IP"):
        settings.parse_address(text)


def test_the_first_number_is_the_fictional_one():
    assert settings.update({}, {}) == {"phone_numbers": ["+12025550100"]}


def test_numbers_replace_what_was_stored():
    stored = {"phone_numbers": ["+12025550100"], "livekit_sip_nat_1_to_1_ip": "198.51.100.7"}
    after = settings.update(stored, {"NUMBERS": "+12025550101", "PHONE_NUMBER": "+12025550102"})
    assert after == {"phone_numbers": ["+12025550101"], "livekit_sip_nat_1_to_1_ip": "198.51.100.7"}


def test_without_numbers_the_environments_phone_number_counts():
    after = settings.update({"phone_numbers": ["+12025550100"]}, {"NUMBERS": "", "PHONE_NUMBER": "+12025550102"})
    assert after["phone_numbers"] == ["+12025550102"]


def test_with_neither_all_stays():
    stored = {"phone_numbers": ["+12025550103"], "livekit_sip_nat_1_to_1_ip": "198.51.100.7", "livekit_sip_image": "x"}
    assert settings.update(stored, {"EXTERNAL_IP": ""}) == stored


def test_an_address_replaces_what_was_stored():
    after = settings.update({"livekit_sip_nat_1_to_1_ip": "198.51.100.7"}, {"EXTERNAL_IP": "198.51.100.8"})
    assert after["livekit_sip_nat_1_to_1_ip"] == "198.51.100.8"


def test_images_of_a_fallback_can_be_left_out():
    stored = {"phone_numbers": ["+12025550100"], "livekit_sip_image": "x", "livekit_sip_image_archive": "/x.tar"}
    assert settings.without_images(stored) == {"phone_numbers": ["+12025550100"]}


def test_what_is_stored_is_loaded_again(tmp_path):
    path = tmp_path / "all" / "zz_deploy.yml"
    wanted = {"phone_numbers": ["+12025550100"], "livekit_sip_nat_1_to_1_ip": "198.51.100.7"}
    assert settings.load(path) == {}
    settings.store(path, wanted)
    assert settings.load(path) == wanted
    assert [entry.name for entry in path.parent.iterdir()] == ["zz_deploy.yml"]


def test_a_file_that_says_the_same_is_left_alone(tmp_path):
    path = tmp_path / "zz_deploy.yml"
    path.write_text("# mine\nphone_numbers: ['+12025550100']\n")
    settings.store(path, {"phone_numbers": ["+12025550100"]})
    assert path.read_text().startswith("# mine")


def test_a_chosen_image_is_remembered_until_it_is_taken_back():
    chosen = settings.update({}, {"SIP_IMAGE": "registry.example.com/sip:1"})
    assert chosen["deploy_chosen_images"] == {"livekit_sip": "registry.example.com/sip:1"}
    assert settings.update(chosen, {})["deploy_chosen_images"] == chosen["deploy_chosen_images"]
    assert settings.without_images(chosen) == chosen
    assert "deploy_chosen_images" not in settings.update(chosen, {"SIP_IMAGE": "default"})
    assert "deploy_chosen_images" not in settings.update({}, {"SIP_IMAGE": "default"})
