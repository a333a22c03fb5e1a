# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of stages that passed on this machine with the same code, tests, pins and interpreter, and can be skipped.

The cache contains one file for each stage and fingerprint. A machine without records runs every stage.
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

PINS = ("requirements.txt", "requirements-test.txt", "tools/images.yml")
# The files on which every result depends: the pins, and the commands and configuration of the tests.
ALWAYS = (*PINS, "tools/run_tests.py", "pyproject.toml", "Makefile")


def fingerprint(paths, checkout=CHECKOUT):
    """A hash of the files below these paths, the interpreter and the packages of this machine."""
    digest = hashlib.sha256(f"{sys.version}\n{platform.platform()}\n{packages()}\n".encode())
    for name in files([*ALWAYS, *paths], checkout):
        content = (checkout / name).read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def files(paths, checkout):
    """The files below these paths that Git does not ignore."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(listing, cwd=checkout, capture_output=True, text=True, check=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (checkout / name).is_file())


def packages():
    try:
        return subprocess.run(["dpkg-query", "--show"], capture_output=True, text=True, check=True).stdout
    except OSError:
        return ""


def record(stage, mark, counts):
    """Record that a stage passed."""
    path = place(stage, mark)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"date": date.today().isoformat(), "counts": asdict(counts)}) + "\n", encoding="utf-8")


def recorded(stage, mark):
    """The date and the counts of the run that passed, or None."""
    path = place(stage, mark)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def place(stage, mark):
    return cache() / "proved" / f"{stage}-{mark[:16]}.json"
