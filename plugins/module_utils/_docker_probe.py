# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The state of Docker on a host: its packages, its service, its daemon and its configuration."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any, Callable

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Runs a command, and returns its exit code, standard output and standard error.
Run = Callable[[list], tuple]
# Sends a GET request to Docker; see _docker_socket.ask.
Ask = Callable[[str], Any]


def text_of(path: str) -> str | None:
    return Path(path).read_text(encoding="utf-8") if os.path.exists(path) else None


def _answer(run: Run, *command: str) -> str | None:
    """The output of a command, or None if the command fails or does not exist."""
    try:
        code, output, _error = run(list(command))
    except OSError:
        return None
    return output if code == 0 else None


def daemon(ask: Ask) -> dict | None:
    """The properties of the daemon, or None if it does not answer."""
    information = ask("/info")
    images = information and ask("/images/json")
    if not information or images is None:
        return None
    return {
        "live_restore": information.get("LiveRestoreEnabled", False),
        "images": {
            name: image["Id"]
            for image in images
            for name in [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
        },
    }


def unit(run: Run) -> dict | None:
    """The properties of Docker's unit, or None if systemd is not running or does not have that unit."""
    shown = _answer(run, "systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", "docker.service")
    properties = dict(line.split("=", 1) for line in (shown or "").splitlines() if "=" in line)
    return properties if properties.get("LoadState") == "loaded" else None


def settings(text: str | None) -> dict:
    """Docker's configuration: its text, and its content or the reason why it is invalid."""
    try:
        said = json.loads(text or "{}")
    except ValueError as error:
        return {"text": text, "error": str(error)}
    return {"text": text, "says": said} if isinstance(said, dict) else {"text": text, "error": "it is not an object"}


def kept_versions(path: str) -> dict:
    """The version of each image, by image id. If this cache cannot be read, the versions are determined again."""
    try:
        return dict(json.loads(text_of(path) or "{}"))
    except (ValueError, TypeError):
        return {}


def data_root(found: dict) -> str:
    """The folder in which Docker keeps images and volumes."""
    root = found.get("says", {}).get("data-root")
    return root if isinstance(root, str) and root.startswith("/") else "/var/lib/docker"


def probe(daemon_json: str, record: str, versions: str, run: Run, ask: Ask) -> dict:
    found_unit = unit(run) if os.path.isdir("/run/systemd/system") else None
    found_daemon = daemon(ask)
    return {
        "requests": importlib.util.find_spec("requests") is not None,
        "ip": shutil.which("ip", path=SYSTEM_PATH) is not None,
        "docker": found_daemon is not None or shutil.which("dockerd", path=f"{SYSTEM_PATH}:/snap/bin") is not None,
        "daemon": found_daemon,
        "unit": found_unit,
        "by_service": found_unit is None and _answer(run, "service", "docker", "status") is not None,
        "daemon_json": settings(text_of(daemon_json)),
        "daemon_json_mode": f"{os.stat(daemon_json).st_mode & 0o7777:04o}" if os.path.exists(daemon_json) else "0644",
        "record": json.loads(text_of(record) or "null"),
        "versions": kept_versions(versions),
    }
