# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.telephony.livekit.plugins.module_utils._values import overlapping
from ansible_collections.telephony.livekit.plugins.plugin_utils import _ports


class FilterModule:
    def filters(self):
        return {
            "foreign_owners": _ports.foreign_owners,
            "malformed_ports": _ports.malformed,
            "overlapping_ports": overlapping,
            "port_overlaps": _ports.overlaps,
        }
