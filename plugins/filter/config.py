# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.telephony.livekit.plugins.plugin_utils import _config


class FilterModule:
    def filters(self):
        return {
            "certificate_files": _config.certificate_files,
            "certificates_at": _config.certificates_at,
            "close_keys": _config.close_keys,
            "drop_unset": _config.drop_unset,
            "overridden_keys": _config.overridden_keys,
            "unknown_keys": _config.unknown_keys,
            "with_foreign_trunks": _config.with_foreign_trunks,
        }
