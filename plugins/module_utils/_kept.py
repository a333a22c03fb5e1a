# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that a host keeps for the roles between runs, and values derived from them. Pure: no I/O."""

from __future__ import annotations

import json
import re

_FILE = re.compile(r"^# file (\S+) ([0-7]+) (\d+)\n", re.MULTILINE)


def files_of(text):
    """{name: {"text", "mode", "uid"}} from the output of `find`: `# file NAME MODE UID`, the text, and a line break."""
    fields = iter(_FILE.split(text)[1:])
    return {
        name: {"text": content.removesuffix("\n"), "mode": mode, "uid": uid}
        for name, mode, uid, content in zip(fields, fields, fields, fields)
    }


def pairs_of(files, purposes):
    """{purpose: {"api_key", "api_secret"}} for the purposes whose file contains both."""
    pairs = {}
    for purpose in purposes:
        lines = files.get(f"{purpose}.env", {}).get("text", "").splitlines()
        said = dict(line.split("=", 1) for line in lines if "=" in line)
        pair = {name: said.get(f"LIVEKIT_{name.upper()}", "") for name in ("api_key", "api_secret")}
        if all(pair.values()):
            pairs[purpose] = pair
    return pairs


def settled_pairs(purposes, given, kept, running):
    """The known pairs, and the purposes whose pair is lost although livekit-server uses it.

    `running` is {key: secret} from livekit-server's configuration, which does not contain the purpose of a pair. If
    exactly one pair is in no file and exactly one purpose has no pair, the pair is assigned to that purpose.
    """
    known = {**kept, **given}
    missing = [purpose for purpose in purposes if purpose not in known]
    keys = {pair["api_key"] for pairs in (kept, given) for pair in pairs.values()}
    left = [{"api_key": key, "api_secret": secret} for key, secret in running.items() if key not in keys]
    if len(missing) == len(left) == 1:
        known[missing.pop()] = left.pop()
    return known, missing if running else []


def stale_files(files, pairs, url):
    """{name: text} for the files that do not contain their pair, or whose owner or mode is wrong."""
    wanted = {}
    for purpose, pair in pairs.items():
        lines = [f"LIVEKIT_URL={url}", f"LIVEKIT_API_KEY={pair['api_key']}", f"LIVEKIT_API_SECRET={pair['api_secret']}"]
        wanted[f"{purpose}.env"] = "\n".join([*lines, ""])
    return {name: text for name, text in wanted.items() if files.get(name) != {"text": text, "mode": "600", "uid": "0"}}


def redis_password(files):
    """The recorded Redis password or, if its file is missing, the password in the Redis configuration."""
    if password := files.get("password", {}).get("text", "").strip():
        return password
    written = re.search(r'^requirepass (".*")$', files.get("redis.conf", {}).get("text", ""), re.MULTILINE)
    return json.loads(written[1]) if written else ""
