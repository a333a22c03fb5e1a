# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.telephony.livekit.plugins.plugin_utils import _turn_servers


class FilterModule:
    def filters(self):
        return {
            "turn_server_files": _turn_servers.turn_server_files,
            "turn_servers_at": _turn_servers.turn_servers_at,
            "turn_servers_without_login": _turn_servers.turn_servers_without_login,
        }
