# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings as nft compares them with the bytes of a packet."""

import pytest
from ansible_collections.telephony.livekit.plugins.filter.nft_bytes import nft_bytes


@pytest.mark.parametrize(
    ("text", "number"),
    [("INVITE ", "0x494e5649544520"), ("203.0.113.5:", "0x3230332e302e3131332e353a"), ("::1", "0x3a3a31")],
)
def test_a_text_is_the_number_of_its_bytes(text, number):
    assert nft_bytes(text) == number


def test_what_is_not_ascii_is_in_no_packet():
    with pytest.raises(UnicodeEncodeError):
        nft_bytes("é")
