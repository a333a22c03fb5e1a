# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Docker is on this host, as JSON. Changes nothing.

Arguments: Docker's configuration, the role's record, and the file that keeps the versions of images.
"""

import http.client
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def text(path):
    return Path(path).read_text() if os.path.exists(path) else None


def answer(*command):
    """What a command prints; nothing where it fails or does not exist."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return None
    return done.stdout.decode() if done.returncode == 0 else None


class Docker(http.client.HTTPConnection):
    """Without the requests library, which may be what is missing here."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect("/var/run/docker.sock")

    def get(self, path):
        self.request("GET", path)
        response = self.getresponse()
        if response.status != http.client.OK:
            raise http.client.HTTPException(response.read())
        return json.load(response)


def daemon():
    """What a Docker daemon says of itself; nothing where none answers."""
    docker = Docker("localhost")
    try:
        information, images = docker.get("/info"), docker.get("/images/json")
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return {
        "live_restore": information.get("LiveRestoreEnabled", False),
        "images": {
            name: image["Id"]
            for image in images
            for name in [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
        },
    }


def unit():
    """The properties of Docker's unit; nothing where systemd does not run or knows none."""
    if not os.path.isdir("/run/systemd/system"):
        return None
    shown = answer("systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", "docker.service") or ""
    properties = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return properties if properties.get("LoadState") == "loaded" else None


def settings(daemon_json):
    """Docker's configuration: its text, and what it says or why Docker could not read it either."""
    written = text(daemon_json)
    try:
        said = json.loads(written or "{}")
    except ValueError as error:
        return {"text": written, "error": str(error)}
    return {"text": written, "says": said} if isinstance(said, dict) else {"text": written, "error": "it is no object"}


def kept(versions):
    """The version of each image by its id. Only a cache: what cannot be read is asked again."""
    try:
        return dict(json.loads(text(versions) or "{}"))
    except (ValueError, TypeError):
        return {}


def look(daemon_json, record, versions):
    found_unit, found_daemon = unit(), daemon()
    return {
        "requests": importlib.util.find_spec("requests") is not None,
        "ip": shutil.which("ip", path=SYSTEM_PATH) is not None,
        "docker": found_daemon is not None or shutil.which("dockerd", path=SYSTEM_PATH + ":/snap/bin") is not None,
        "daemon": found_daemon,
        "unit": found_unit,
        "by_service": found_unit is None and answer("service", "docker", "status") is not None,
        "daemon_json": settings(daemon_json),
        "daemon_json_mode": f"{os.stat(daemon_json).st_mode & 0o7777:04o}" if os.path.exists(daemon_json) else "0644",
        "record": json.loads(text(record) or "null"),
        "versions": kept(versions),
    }


print(json.dumps(look(*sys.argv[1:])))
