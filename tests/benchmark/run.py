# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: the modules compared with the bare API, a loop, LiveKit's SDK and their own code at another commit.

Everything is measured side by side in one run against one real livekit-server, because machines differ and their load
varies. Only the ratios matter, each the median of pairs. The results go to docs/benchmark.md, .svg and .json.

    python tests/benchmark/run.py [largest n]
"""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.benchmark import ratios, report, sides  # noqa: E402
from tests.benchmark.ways import Ansible, Bare, sdk, trunk  # noqa: E402
from tests.support.livekit import LiveKit  # noqa: E402

SIZES = [1, 100, 1_000, 10_000]
MOST_RULES = 1_000
MOST_LOOPED = 100
PHASES = ["create", "change 1 %", "nothing to change", "remove"]


def tables(size: int) -> dict[str, list[dict]]:
    """Phase -> the desired trunks after it."""
    trunks = [trunk(index) for index in range(size)]
    changed = [trunk(index, "new") if index < max(1, size // 100) else trunk(index) for index in range(size)]
    return {"create": trunks, "change 1 %": changed, "nothing to change": changed, "remove": []}


def of_trunks(livekit: LiveKit, size: int) -> dict:
    """Phase -> way -> seconds."""
    ours, bare = Ansible(livekit), Bare(livekit)
    rows = {phase: {} for phase in PHASES}
    for name in ("bare", "ours", "sdk", "loop"):
        if name == "loop" and size > MOST_LOOPED:
            continue
        livekit.flush()
        for phase, trunks in tables(size).items():
            if name == "bare":
                rows[phase]["bare"], _unused = bare.table(trunks)
            elif name == "ours":
                rows[phase]["ours"], rows[phase]["ours_wall"] = ours.table(trunks)
            elif name == "sdk":
                rows[phase]["sdk"] = sdk(livekit, trunks)
            elif trunks:
                rows[phase]["loop"], rows[phase]["loop_wall"] = ours.loop(trunks)
            else:
                rows[phase]["loop"], rows[phase]["loop_wall"] = ours.loop(tables(size)["create"], "absent")
        print(f"{size} trunks, {name}: " + ", ".join(f"{p} {rows[p][name]:.2f} s" for p in PHASES), flush=True)
    return rows


def of_rules(livekit: LiveKit, size: int) -> dict:
    """Way -> seconds to create rules for existing trunks."""
    trunks = tables(size)["create"]
    ratios.stored(livekit, trunks)
    seconds = {"bare": Bare(livekit).rules(size)}
    ratios.stored(livekit, trunks)
    seconds["ours"], seconds["ours_wall"] = Ansible(livekit).table(trunks, with_rules=True)
    print(f"{size} rules: bare {seconds['bare']:.2f} s, ours {seconds['ours']:.2f} s", flush=True)
    return seconds


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= largest]
    with LiveKit() as livekit, sides.both() as (before, now):
        found = {
            "figures": list(ratios.figures(livekit, before, now)),
            "trunks": {size: of_trunks(livekit, size) for size in sizes},
            "rules": {size: of_rules(livekit, size) for size in sizes if size <= MOST_RULES},
        }
    report.write(found, REPOSITORY / "docs")


if __name__ == "__main__":
    main()
