# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Probes the host state on which every role depends: clock, disk, memory and listening programs."""

from __future__ import annotations

import ctypes
import ipaddress
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PROC = Path("/proc")
TIME_ERROR = 5  # result of adjtimex if the clock is not synchronised
STATES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}  # listening, or not connected


def synchronised() -> bool | None:
    """Whether the kernel's clock is synchronised, or None if this is unknown."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR


def overcommit(proc: Path = PROC) -> int | None:
    """The kernel's vm.overcommit_memory; with 1, a process can fork even if memory is low."""
    try:
        return int((proc / "sys/vm/overcommit_memory").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def free_space(path: str) -> int:
    """The free MiB on the disk that holds a folder, even if the folder does not exist yet."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize // 2**20


def address_of(hexadecimal: str, byteorder: str = sys.byteorder) -> str:
    """The address from a socket table, in which each group of four bytes has the machine's byte order."""
    groups = [bytes.fromhex(hexadecimal[at : at + 8]) for at in range(0, len(hexadecimal), 8)]
    packed = b"".join(group[::-1] if byteorder == "little" else group for group in groups)
    return str(ipaddress.ip_address(packed))


def listeners(ports: Iterable[int], proc: Path = PROC) -> Iterator[dict]:
    wanted = set(ports)
    for table, state in STATES.items():
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in map(str.split, lines):
            address, port = row[1].split(":")
            if row[3] == state and int(port, 16) in wanted:
                yield {
                    "port": int(port, 16),
                    "protocol": table[:3],
                    "address": address_of(address),
                    "inode": row[9],
                }


def processes(inodes: set[str], proc: Path = PROC) -> dict[str, str]:
    """The id of the process that has a socket open, by the socket's inode."""
    found = {}
    for pid in filter(str.isdigit, os.listdir(proc)):
        try:
            for descriptor in os.listdir(proc / pid / "fd"):
                link = os.readlink(proc / pid / "fd" / descriptor)
                if link.startswith("socket:[") and link[8:-1] in inodes:
                    found.setdefault(link[8:-1], pid)
        except OSError:
            continue
    return found


def program_of(pid: str, running: Mapping[str, str], proc: Path = PROC) -> tuple[str, str]:
    """The name of a process, and the name of the container in which it runs."""
    try:
        program = (proc / pid / "comm").read_text(encoding="utf-8").strip()
        group = (proc / pid / "cgroup").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return "", ""
    # The last id is the container's: if this host is itself a container, the host's id comes first.
    ids = re.findall(r"[0-9a-f]{64}", group)
    return program, running.get(ids[-1], "") if ids else ""


def owners(ports: Iterable[int], running: Mapping[str, str], proc: Path = PROC) -> Iterator[dict]:
    """The owners of these ports. `running` maps container ids to container names."""
    found = list(listeners(ports, proc))
    holders = processes({listener["inode"] for listener in found}, proc) if found else {}
    for listener in found:
        pid = holders.get(listener.pop("inode"))
        program, container = program_of(pid, running, proc) if pid else ("", "")
        yield {**listener, "pid": pid, "program": program, "container": container}
