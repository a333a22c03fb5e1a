# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.telephony.livekit.plugins.plugin_utils import _versions


class FilterModule:
    def filters(self):
        return {
            "image_version": _versions.image_version,
            "listed_image": _versions.listed_image,
            "newer_keys": _versions.newer_keys,
        }
