# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders that a container may write to belong to its user after each start."""

import pytest
from ansible_collections.telephony.livekit.plugins.filter.owned_tmpfs import owned_tmpfs


@pytest.mark.parametrize(
    ("mount", "owned"),
    [
        ("/tmp", "/tmp:uid=10003,gid=10004,mode=0700"),
        ("/tmp:", "/tmp:uid=10003,gid=10004,mode=0700"),
        ("/tmp:size=10m,noexec", "/tmp:size=10m,noexec,uid=10003,gid=10004,mode=0700"),
        ("/tmp:mode=1777", "/tmp:mode=1777,uid=10003,gid=10004"),
        ("/tmp:uid=0,gid=0,mode=1777", "/tmp:uid=0,gid=0,mode=1777"),
    ],
)
def test_a_mount_belongs_to_the_user_unless_it_says_otherwise(mount, owned):
    assert owned_tmpfs([mount, mount], "10003:10004") == [owned, owned]
