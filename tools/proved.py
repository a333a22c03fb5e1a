# SPDX-License-Identifier: GPL-3.0-or-later
"""What was green before on this machine with the same code, tests, pins and interpreter, and so needs no second run.

Records lie in the cache, one file for each stage and fingerprint. A machine without a record runs everything.
"""

import hashlib
import json
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
from tests.images.hosts import cache  # noqa: E402

# Every result depends on them: the pins, and what runs the tests and with which options.
PINS = ("requirements.txt", "requirements-test.txt", "tools/images.yml")
ALWAYS = (*PINS, "tools/run_tests.py", "pyproject.toml", "Makefile")


def fingerprint(paths, checkout=CHECKOUT):
    """A hash over the files below these paths, the interpreter and the packages of this machine."""
    digest = hashlib.sha256(f"{sys.version}\n{platform.platform()}\n{packages()}\n".encode())
    for name in files([*ALWAYS, *paths], checkout):
        content = (checkout / name).read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def files(paths, checkout):
    """What git has or would take."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(listing, cwd=checkout, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (checkout / name).is_file())


def packages():
    try:
        return subprocess.run(["dpkg-query", "--show"], capture_output=True, text=True, check=True).stdout
    except OSError:
        return ""


def record(stage, mark, counts):
    """Keep that a stage was green."""
    path = place(stage, mark)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"date": date.today().isoformat(), "counts": asdict(counts)}) + "\n", encoding="utf-8")


def recorded(stage, mark):
    """The date and the counts of the run that was green, or None."""
    path = place(stage, mark)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def place(stage, mark):
    return cache() / "proved" / f"{stage}-{mark[:16]}.json"
