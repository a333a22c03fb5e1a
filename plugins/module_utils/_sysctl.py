# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Reserves the roles' ports, and sets the socket buffer size that LiveKit requires.

Several roles share one file in /etc/sysctl.d. It lists the entries of each role, so that only these are removed later
and the operator's reservations are kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path("/etc/sysctl.d/99-livekit.conf")
PROC = Path("/proc/sys")
PORTS = "net.ipv4.ip_local_reserved_ports"
BUFFER = "net.core.rmem_max"
HEAD = "# Written by Ansible, collection telephony.livekit. Changes here are overwritten.\n"


def numbers(text: str) -> set[int]:
    """The ports in a string such as 5060,10000-20000."""
    found = set()
    for part in filter(None, text.split(",")):
        bounds = part.strip().split("-")
        found |= set(range(int(bounds[0]), int(bounds[-1]) + 1))
    return found


def ranges(ports: Iterable[int]) -> str:
    """The shortest string for a set of ports."""
    parts = []
    for port in sorted(ports):
        if parts and parts[-1][1] == port - 1:
            parts[-1][1] = port
        else:
            parts.append([port, port])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


@dataclass
class Kernel:
    """The kernel's settings. In check mode, a write only tests whether the setting could be changed."""

    proc: Path = PROC
    check: bool = False

    def _path(self, name: str) -> Path:
        return self.proc.joinpath(*name.split("."))

    def read(self, name: str) -> str | None:
        try:
            return self._path(name).read_text(encoding="ascii").strip()
        except OSError:
            return None

    def write(self, name: str, text: str) -> str:
        """The reason why the setting cannot be changed, or an empty string."""
        try:
            if not self.check:
                self._path(name).write_text(text + "\n", encoding="ascii")
            elif not os.access(self._path(name), os.W_OK):
                return "it is not writable"
        except OSError as error:
            return error.strerror or str(error)
        return ""


class Settings:
    """The content of the file: the ports of each role, and the previous buffer size."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.added = {role: numbers(ports) for role, ports in re.findall(r"(?m)^# (\w+) added (\S*)$", text)}
        was = re.search(rf"(?m)^# {re.escape(BUFFER)} was (\d+), (\d+) for (\w+)$", text)
        self.was, self.buffer, self.buffer_for = (int(was[1]), int(was[2]), was[3]) if was else (0, 0, "")

    def added_by_all(self) -> set[int]:
        return set().union(*self.added.values())

    def new_text(self, ports: set[int]) -> str:
        if not self.added and not self.buffer:
            return ""
        lines = [f"# {role} added {ranges(added)}\n" for role, added in sorted(self.added.items())]
        if self.added:
            lines.append(f"{PORTS} = {ranges(ports)}\n")
        if self.buffer:
            lines.append(f"# {BUFFER} was {self.was}, {self.buffer} for {self.buffer_for}\n{BUFFER} = {self.buffer}\n")
        return HEAD + "".join(lines)


@dataclass
class Sysctl:
    kernel: Kernel = field(default_factory=Kernel)
    file: Path = FILE

    def __post_init__(self) -> None:
        self.settings = Settings(self.file.read_text(encoding="utf-8") if self.file.exists() else "")
        self.set: dict[str, str] = {}
        self.refused: list[str] = []

    def reserve(self, ports: Mapping[str, Iterable[str]], rmem_max: Mapping[str, int]) -> bool:
        """Reserves the ports and raises the buffer for each role. Returns whether anything changed."""
        wanted = self._settle_ports({role: set().union(*map(numbers, given)) for role, given in ports.items()})
        for role, size in rmem_max.items():
            self._raise_the_buffer(role, size)
        return self._settle_the_file(wanted)

    def release(self, roles: Iterable[str]) -> bool:
        wanted = self._settle_ports(dict.fromkeys(roles))
        self._give_the_buffer_back(roles)
        return self._settle_the_file(wanted)

    def _settle_the_file(self, wanted: set[int]) -> bool:
        after = self.settings.new_text(wanted)
        if after != self.settings.text and not self.kernel.check:
            self._write_the_file(after)
        return bool(self.set) or after != self.settings.text

    def _settle_ports(self, ports: Mapping[str, set[int] | None]) -> set[int]:
        """The ports to reserve, including those of the operator."""
        reserved = numbers(self.kernel.read(PORTS) or "")  # if it cannot be read, the write fails with the reason
        operators = reserved - self.settings.added_by_all()
        for role, own in ports.items():
            self.settings.added.pop(role, None)
            if own is not None:
                self.settings.added[role] = own - operators
        wanted = operators | self.settings.added_by_all()
        if wanted != reserved and not self._write(PORTS, ranges(wanted), ""):
            for role in ports:
                self.settings.added.pop(role, None)
        return wanted

    def _raise_the_buffer(self, role: str, rmem_max: int) -> None:
        settings, now = self.settings, self.kernel.read(BUFFER)
        if int(now or 0) >= rmem_max:
            return
        if now is not None and not settings.buffer:
            settings.was = int(now)
        settings.buffer, settings.buffer_for = rmem_max, role
        if not self._write(BUFFER, str(rmem_max), f"{'cannot be read' if now is None else f'is {now}'} and "):
            settings.buffer = 0

    def _give_the_buffer_back(self, roles: Iterable[str]) -> None:
        settings, now = self.settings, self.kernel.read(BUFFER)
        if settings.buffer_for not in roles:
            return
        if now == str(settings.buffer):
            self._write(BUFFER, str(settings.was), f"is {now} and ")
        settings.buffer = 0

    def _write(self, name: str, text: str, state: str) -> bool:
        problem = self.kernel.write(name, text)
        if problem:
            self.refused.append(f"{name} {state}cannot be set to {text} ({problem})")
        else:
            self.set[name] = text
        return not problem

    def _write_the_file(self, text: str) -> None:
        if text:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(text, encoding="utf-8")
            self.file.chmod(0o644)
        else:
            self.file.unlink()
