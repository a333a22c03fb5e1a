# SPDX-License-Identifier: GPL-3.0-or-later
# Written by Ansible, role telephony.livekit.internal_logs. Changes here are overwritten.
"""Remove lines that are older than a number of days from the logs of this collection's containers.

Docker limits only the size of a log, so with few calls, the log would keep callers' numbers for too long.
"""

import glob
import http.client
import json
import os
import socket
import sys
import time
from urllib.parse import quote

LABEL = "telephony.livekit.config-sha256"


class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")


def get(path):
    docker = Docker("localhost")
    docker.request("GET", path)
    return json.load(docker.getresponse())


def logs():
    filters = quote(json.dumps({"label": [LABEL]}))
    for container in get(f"/containers/json?all=1&filters={filters}"):
        path = get(f"/containers/{container['Id']}/json").get("LogPath")
        if path and os.path.exists(path):
            yield path


def old(line, limit):
    """json-file writes the time last, as ...,"time":"2026-11-22T21:00:00.000000000Z"}, which sorts as text."""
    return line.rpartition(b'"time":"')[2] < limit


def trim(path, limit):
    """Docker appends to `path` and reads the files from oldest to newest: path.2, path.1, path."""
    rotated = sorted(glob.glob(f"{glob.escape(path)}.*"), reverse=True)
    kept, removed, size = [], False, 0
    for part in [*rotated, path]:
        with open(part, "rb") as file:
            for line in file:
                removed |= old(line, limit)
                if not old(line, limit):
                    kept.append(line)
            size = file.tell()
    if not removed:
        return
    with (
        open(f"{path}.new", "wb", opener=lambda name, flags: os.open(name, flags, 0o640)) as file,
        open(path, "r+b") as now,
    ):
        file.writelines(kept)
        # Lines written in the meantime.
        now.seek(size)
        file.write(now.read())
        now.truncate(0)
    for part in rotated:
        os.remove(part)
    os.rename(f"{path}.new", f"{path}.1")


def main():
    limit = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - float(sys.argv[1]) * 86400)).encode()
    for path in logs():
        trim(path, limit)


if __name__ == "__main__":
    main()
