# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The version that the program in an image reports, such as 1.13.7, or an empty string.

The program runs without a network and exits immediately. A file stores each version by image id.
"""

from __future__ import annotations

import json
import os
import re
from typing import Callable

from ._docker_probe import kept_versions

# A build without a version reports 0.0.0-dev.
SAID = re.compile(r"^(?:livekit-server|SIP|livekit-sip) version v?(?!0\.0\.0)(\d+\.\d+\.\d+)", re.MULTILINE)
SECONDS = 30
SHUT_IN = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
# Exit codes: that of timeout(1) after the time limit, and those of docker and timeout(1) if nothing was started.
TIMED_OUT, NOT_STARTED = 124, (125, 127)

# Runs a command, and returns its exit code, standard output and standard error.
Run = Callable[[list[str]], tuple[int, str, str]]


def docker(run: Run, *arguments: str) -> tuple[int, str, str]:
    """The result of a docker command, with the exit code of timeout(1) if it does not finish or docker is missing."""
    return run(["timeout", str(SECONDS), "docker", *arguments])


def image_id(run: Run, image: str) -> str:
    code, output, _errors = docker(run, "image", "inspect", image)
    return json.loads(output)[0]["Id"] if code == 0 else ""


def ask(run: Run, image: str, user: str) -> str | None:
    """The version that the program prints; None if it did not run to completion."""
    name = f"livekit-version-{os.getpid()}"
    code, output, errors = docker(run, "run", "--rm", f"--name={name}", f"--user={user}", *SHUT_IN, image, "--version")
    if code == TIMED_OUT:
        docker(run, "rm", "--force", name)
    if code in (TIMED_OUT, *NOT_STARTED):
        return None
    found = SAID.search(f"{output}\n{errors}")
    return found[1] if found else ""


def keep(file: str, versions: dict[str, str]) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(f"{file}.new", "w", encoding="utf-8") as new:
        json.dump(versions, new)
    os.replace(f"{file}.new", file)


def version(run: Run, image: str, user: str, file: str, check: bool = False) -> str:
    """The kept version or, if there is none, the one that the program prints, which is kept unless `check` is true."""
    kept = kept_versions(file)
    its_id = image_id(run, image)
    said = kept[its_id] if its_id in kept else ask(run, its_id, user) if its_id else None
    if not check and said is not None and its_id not in kept:
        keep(file, {**kept, its_id: said})
    return said or ""
