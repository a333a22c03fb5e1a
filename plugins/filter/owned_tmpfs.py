# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def owned_tmpfs(mounts, user):
    """Each mount with owner, group and mode, unless it already sets one of them."""
    uid, _colon, gid = user.partition(":")
    return [_owned(mount, {"uid": uid, "gid": gid, "mode": "0700"}) for mount in mounts]


def _owned(mount, defaults):
    folder, _colon, given = mount.partition(":")
    options = [option for option in given.split(",") if option]
    named = {option.partition("=")[0] for option in options}
    options += [f"{name}={value}" for name, value in defaults.items() if name not in named]
    return f"{folder}:{','.join(options)}"


class FilterModule:
    def filters(self):
        return {"owned_tmpfs": owned_tmpfs}
