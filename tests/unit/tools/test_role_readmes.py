# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/images.yml says is the default of the roles, in every place that names it."""

import datetime
import re

import pytest
import yaml

from tools import role_readmes

DATA = yaml.safe_load(role_readmes.IMAGES.read_text())
IMAGES = DATA["images"]


def test_the_data_say_since_when_and_from_where():
    assert isinstance(DATA["as_of"], datetime.date)
    assert set(IMAGES) == {"livekit_redis", "livekit_server", "livekit_sip"}
    for name, entry in IMAGES.items():
        assert entry["image"].rpartition(":")[2].removeprefix("v") == str(entry["version"]), name
        assert "@" not in entry["image"], name
        assert entry["source"], name
        # Either two sources agree about the digest, or it is said why there is none.
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
    """GitHub ends a table at a line end in a cell."""
    option = {"type": "str", "default": "{{ one\n   | two }}\n", "description": ["First,\nand", "second."]}
    row = role_readmes.row("a_variable", option, role_readmes.ROLES / "livekit_sip")
    assert row == r"| `a_variable` | str | `{{ one \| two }}` | First, and second. |"


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
