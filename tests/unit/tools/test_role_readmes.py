# SPDX-License-Identifier: GPL-3.0-or-later
"""The images in tools/images.yml are the roles' defaults, in every file that names them."""

import datetime
import ipaddress
import re

import pytest
import yaml

from tests.support.places import only
from tools import role_readmes

DATA = yaml.safe_load(role_readmes.IMAGES.read_text())
IMAGES = DATA["images"]


def test_the_data_say_since_when_and_from_where():
    assert isinstance(DATA["as_of"], datetime.date)
    of_registries = {
        path.parents[1].name
        for path in role_readmes.ROLES.glob("livekit_*/defaults/main.yml")
        if yaml.safe_load(path.read_text()).get(f"{path.parents[1].name}_image")
    }
    only(IMAGES, of_registries, "tools/images.yml, images")
    for name, entry in IMAGES.items():
        assert entry["image"].rpartition(":")[2].removeprefix("v") == str(entry["version"]), name
        assert "@" not in entry["image"], name
        assert entry["source"], name
        # An entry has a digest on which two sources agree, or the reason why it has none.
        assert ("digest" in entry) != ("no_digest" in entry), name
        assert re.fullmatch("sha256:[0-9a-f]{64}", entry.get("digest", "sha256:" + "0" * 64)), name


@pytest.mark.parametrize("role", IMAGES)
def test_the_role_has_the_image(role):
    folder, image = role_readmes.ROLES / role, IMAGES[role]["image"]
    assert yaml.safe_load((folder / "defaults" / "main.yml").read_text())[f"{role}_image"] == image
    specs = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    assert specs["main"]["options"][f"{role}_image"]["default"] == image
    assert f"| `{role}_image` | str | `{image}` |" in (folder / "README.md").read_text()


def test_a_row_of_a_table_is_one_line():
    """GitHub ends a table at a line break in a cell."""
    option = {"type": "str", "default": "{{ one\n   | two }}\n", "description": ["First,\nand", "second."]}
    row = role_readmes.row("a_variable", option, role_readmes.ROLES / "livekit_sip")
    assert row == r"| `a_variable` | str | `{{ one \| two }}` | First, and second. |"


def test_what_roles_say_a_second_time_is_as_they_say_it():
    if role_readmes.main(["--check"]):
        pytest.fail("`make readmes` writes what was printed above", pytrace=False)


def test_the_providers_are_replaced_and_nothing_else():
    specs = "      livekit_firewall_providers:\n        default:\n{}      another:\n        default:\n          a: b\n"
    old, new = "          a:\n            title: A\n", "          b:\n            title: B\n"
    data = "---\nlivekit_firewall_providers:\n  b:\n    title: B\n"
    assert role_readmes.with_providers(specs.format(old), data) == specs.format(new)


PROVIDERS = yaml.safe_load(role_readmes.PROVIDERS.read_text(encoding="utf-8"))["livekit_firewall_providers"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_has_what_the_role_shows_and_opens(name):
    provider, place = PROVIDERS[name], f"{role_readmes.PROVIDERS.relative_to(role_readmes.ROLES.parent)}, {name}"
    needed = ("title", "verified", "sources", "signalling_networks", "media_networks", "number_format", "setup")
    assert not [key for key in needed if not provider.get(key)], f"{place}: each of {', '.join(needed)} is needed"
    assert re.fullmatch(r"20\d\d-(0\d|1[0-2])", provider["verified"]), f"{place}, verified: write year and month"
    for network in (*provider["signalling_networks"], *provider["media_networks"]):
        ipaddress.ip_network(network)


@pytest.mark.parametrize(
    "text",
    [
        "livekit_sip_image: {}\nlivekit_sip_user: x\n",
        "    livekit_sip_image:\n      description: An image.\n      type: str\n      default: {}\n    other:\n",
    ],
)
def test_one_default_is_replaced_and_nothing_else(text):
    assert role_readmes.with_image(text.format("a/sip:v1"), "livekit_sip", "b/sip:v2") == text.format("b/sip:v2")


@pytest.mark.parametrize(
    "text",
    ["livekit_sip_image_archive: a\n", "    livekit_sip_image:\n      type: str\n    other:\n      default: a\n"],
)
def test_a_role_without_the_default_is_an_error(text):
    with pytest.raises(ValueError, match="livekit_sip_image has no default"):
        role_readmes.with_image(text, "livekit_sip", "b/sip:v2")
