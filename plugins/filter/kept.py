# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml
from ansible_collections.telephony.livekit.plugins.module_utils import _kept


def kept_pairs(text, purposes, given):
    """{"pairs", "lost"}: livekit-server's known pairs, and the purposes whose pair is lost."""
    files = _kept.files_of(text)
    configuration = yaml.safe_load(files.get("config.yaml", {}).get("text", "")) or {}
    pairs, lost = _kept.settled_pairs(purposes, given, _kept.pairs_of(files, purposes), configuration.get("keys") or {})
    return {"pairs": pairs, "lost": lost}


def stale_key_files(text, pairs, purposes, url):
    """{name: text} for the key files to write."""
    wanted = {purpose: pairs[purpose] for purpose in purposes}
    return _kept.stale_files(_kept.files_of(text), wanted, url)


def kept_redis_password(text):
    """The password of the running Redis, or an empty string."""
    return _kept.redis_password(_kept.files_of(text))


class FilterModule:
    def filters(self):
        return {
            "kept_pairs": kept_pairs,
            "stale_key_files": stale_key_files,
            "kept_redis_password": kept_redis_password,
        }
