# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements as ratios with their goals, as a table and as a picture."""

from __future__ import annotations

import json
import math
from pathlib import Path

COLOURS = {"bare": "#888888", "ours": "#1f6feb", "ours_wall": "#9ec5fe", "sdk": "#2da44e", "loop": "#cf222e"}
LABELS = {
    "bare": "bare API, one connection",
    "ours": "one task",
    "ours_wall": "one task, whole ansible-playbook",
    "sdk": "livekit-api SDK",
    "loop": "loop over the module",
}


def goals(found: dict) -> list[dict]:
    """The figures as JSON. A ratio of 1.3 means 1.3 times the other measurement."""
    return [
        {
            "name": name,
            "n": size,
            "ratio": round(ratio.median, 3),
            "least": round(ratio.least, 3),
            "most": round(ratio.most, 3),
            "pairs": ratio.pairs,
            "goal": goal,
            "holds": None if goal is None else ratio.median <= goal,
        }
        for name, size, goal, ratio in found["figures"]
    ]


def write(found: dict, folder: Path) -> None:
    rows = goals(found)
    folder.mkdir(exist_ok=True)
    (folder / "benchmark.json").write_text(json.dumps(rows, indent=2) + "\n")
    (folder / "benchmark.svg").write_text(picture(found))
    (folder / "benchmark.md").write_text(text(found, rows))
    for row in rows:
        print(f"{_verdict(row):5}  {row['name']} (n={row['n']}): {row['ratio']}, goal {row['goal']}")


def _verdict(row: dict) -> str:
    return {True: "yes", False: "no", None: ""}[row["holds"]]


def text(found: dict, rows: list[dict]) -> str:
    lines = [
        "<!-- Written by `make bench`. -->",
        "# Benchmark",
        "",
        "All numbers come from one run against one livekit-server and Redis on the same machine. Seconds differ "
        "between machines; compare the ratios. Each is the median of pairs measured in turns, "
        "followed by the least and the most of them.",
        "",
        "| What | n | Ratio | Least | Most | Pairs | Goal | Holds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        spread = " | ".join(f"{row[part]:.3g}" for part in ("ratio", "least", "most"))
        goal = "" if row["goal"] is None else f"{row['goal']:.3g}"
        lines.append(f"| {row['name']} | {row['n']:,} | {spread} | {row['pairs']} | {goal} | {_verdict(row)} |")
    lines += [
        "",
        "CPU time is that of the module's process, imports apart. Writes that do not depend on each other go out four "
        "at a time.",
        "",
        "![Seconds to create n trunks](benchmark.svg)",
        "",
        "## Inbound trunks, in seconds",
        "",
        "| n | Phase | " + " | ".join(LABELS.values()) + " |",
        "| ---: | --- | " + " | ".join("---:" for _unused in LABELS) + " |",
    ]
    for size, phases in found["trunks"].items():
        for phase, seconds in phases.items():
            cells = (f"{seconds[name]:.2f}" if name in seconds else "" for name in LABELS)
            lines.append(f"| {size:,} | {phase} | " + " | ".join(cells) + " |")
    lines += ["", "## Dispatch rules created for trunks that exist, in seconds", "", "| n | bare API | one task |"]
    lines.append("| ---: | ---: | ---: |")
    lines += [f"| {size:,} | {it['bare']:.2f} | {it['ours']:.2f} |" for size, it in found["rules"].items()]
    return "\n".join([*lines, ""])


def picture(found: dict) -> str:
    """Seconds for creating n trunks, plotted over n, both on logarithmic axes."""
    trunks = found["trunks"]
    width, height, left, bottom, right, top = 640, 400, 60, 40, 20, 20
    sizes = sorted(trunks)
    seconds = [value for phases in trunks.values() for value in phases["create"].values()]
    low, high = math.floor(math.log10(min(seconds))), math.ceil(math.log10(max(seconds)))
    span = math.log10(sizes[-1]) or 1

    def x(size):
        return left + (width - left - right) * math.log10(size) / span

    def y(value):
        return top + (height - top - bottom) * (high - math.log10(value)) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(low, high + 1):
        parts.append(f'<path d="M{left} {y(10**power):.1f}H{width - right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:g} s</text>')
    for size in sizes:
        parts.append(f'<text x="{x(size):.1f}" y="{height - 18}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{width / 2}" y="{height - 4}" text-anchor="middle">trunks to create</text>')
    for index, (name, label) in enumerate(LABELS.items()):
        points = [(x(size), y(trunks[size]["create"][name])) for size in sizes if name in trunks[size]["create"]]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{COLOURS[name]}"/>' for a, b in points]
        parts.append(f'<text x="{left + 12}" y="{top + 16 + 16 * index}" fill="{COLOURS[name]}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])
