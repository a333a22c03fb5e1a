# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a host and change nothing: its clock, its disk and memory, and which programs listen on some ports.

Standard input: JSON, a list of ports. Standard output: JSON. A program in a container is named with its container.
"""

import ctypes
import http.client
import ipaddress
import json
import os
import re
import socket
import sys
import time

TIME_ERROR = 5  # what adjtimex answers when nothing keeps the clock right
STATES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}  # listening, or not connected


def synchronised():
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR


def listeners(ports):
    for table, state in STATES.items():
        try:
            with open(f"/proc/net/{table}", encoding="ascii") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        for row in rows:
            address, port = row[1].split(":")
            if row[3] == state and int(port, 16) in ports:
                # Each group of four bytes is in the order of the machine.
                groups = [bytes.fromhex(address[at : at + 8]) for at in range(0, len(address), 8)]
                packed = b"".join(group[::-1] if sys.byteorder == "little" else group for group in groups)
                yield {
                    "port": int(port, 16),
                    "protocol": table[:3],
                    "address": str(ipaddress.ip_address(packed)),
                    "inode": row[9],
                }


def processes(inodes):
    """Who has a socket open, by its inode."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                link = os.readlink(f"/proc/{pid}/fd/{descriptor}")
                if link.startswith("socket:[") and link[8:-1] in inodes:
                    found.setdefault(link[8:-1], pid)
        except OSError:
            continue
    return found


def free_space(path):
    """MiB that are free on the disk on which a folder is or would be."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize // 2**20


def data_root():
    """Where Docker keeps images and volumes."""
    try:
        with open("/etc/docker/daemon.json", encoding="utf-8") as settings:
            return json.load(settings)["data-root"]
    except (OSError, ValueError, KeyError, TypeError):
        return "/var/lib/docker"


def overcommit():
    """Whether the kernel lets a process copy itself when memory is short: 1 means always."""
    try:
        with open("/proc/sys/vm/overcommit_memory", encoding="ascii") as value:
            return int(value.read())
    except (OSError, ValueError):
        return None


class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect("/var/run/docker.sock")


def containers():
    """The name of each container that runs, by its id."""
    docker = Docker("localhost")
    try:
        docker.request("GET", "/containers/json")
        return {one["Id"]: one["Names"][0].lstrip("/") for one in json.load(docker.getresponse())}
    except (OSError, ValueError, http.client.HTTPException):
        return {}


def owners(ports, running):
    found = list(listeners(ports))
    holders = processes({listener["inode"] for listener in found}) if found else {}
    for listener in found:
        pid = holders.get(listener.pop("inode"))
        program = container = ""
        if pid:
            with (
                open(f"/proc/{pid}/comm", encoding="utf-8") as comm,
                open(f"/proc/{pid}/cgroup", encoding="utf-8") as groups,
            ):
                program = comm.read().strip()
                # The last one: where this host is a container itself, its own id comes first.
                ids = re.findall(r"[0-9a-f]{64}", groups.readline())
            container = running.get(ids[-1], "") if ids else ""
        yield {**listener, "pid": pid, "program": program, "container": container}


def main():
    running = containers()
    return {
        "owners": list(owners(set(json.load(sys.stdin)), running)),
        "containers": list(running.values()),
        "free_space": {path: free_space(path) for path in (data_root(), "/etc/livekit")},
        "overcommit": overcommit(),
        "synchronised": synchronised(),
        "time": time.time(),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
