# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The version that the program in an image reports, such as 1.13.7, or an empty string.

The program runs without a network and exits immediately. A file keeps each version by the image's id.
"""

from __future__ import annotations

import json
import os
import re
import subprocess

from ._docker_probe import kept_versions

# A build without a version reports 0.0.0-dev.
SAID = re.compile(r"^(?:livekit-server|SIP|livekit-sip) version v?(?!0\.0\.0)(\d+\.\d+\.\d+)", re.MULTILINE)
SECONDS = 30
SHUT_IN = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
NOT_STARTED = 125


def docker(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )


def image_id(image: str) -> str:
    found = docker("image", "inspect", image)
    return json.loads(found.stdout)[0]["Id"] if found.returncode == 0 else ""


def ask(image: str, user: str) -> str | None:
    """The version that the program reports, empty if it reports none; None if the program did not run or finish."""
    name = f"livekit-version-{os.getpid()}"
    try:
        done = docker("run", "--rm", f"--name={name}", f"--user={user}", *SHUT_IN, image, "--version")
    except subprocess.TimeoutExpired:
        docker("rm", "--force", name)
        return None
    if done.returncode == NOT_STARTED:
        return None
    found = SAID.search(done.stdout.decode(errors="replace"))
    return found[1] if found else ""


def keep(file: str, versions: dict[str, str]) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(f"{file}.new", "w", encoding="utf-8") as new:
        json.dump(versions, new)
    os.replace(f"{file}.new", file)


def version(image: str, user: str, file: str, check: bool = False) -> str:
    """The recorded version, or else the version that the program reports, which is then recorded unless `check`."""
    kept = kept_versions(file)
    try:
        its_id = image_id(image)
        said = kept[its_id] if its_id in kept else ask(its_id, user) if its_id else None
    except (OSError, subprocess.TimeoutExpired):  # no docker command, or a daemon that does not answer
        return ""
    if not check and said is not None and its_id not in kept:
        keep(file, {**kept, its_id: said})
    return said or ""
