# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a role's ports from outgoing connections, and let sockets buffer as much as LiveKit asks for.

Several roles share one file in /etc/sysctl.d. It says what each of them added, so that exactly that goes again: what
the operator had reserved before stays.

Standard input: JSON with role, state, ports (such as ["5060", "10000-20000"]), rmem_max, check. Standard output: JSON.
"""

import json
import os
import re
import sys

FILE = os.environ.get("SYSCTL_FILE", "/etc/sysctl.d/99-livekit.conf")
PROC = os.environ.get("SYSCTL_PROC", "/proc/sys")
PORTS = "net.ipv4.ip_local_reserved_ports"
BUFFER = "net.core.rmem_max"
HEAD = "# Written by Ansible, collection telephony.livekit. Changes here are overwritten.\n"


def read(name):
    with open(os.path.join(PROC, *name.split(".")), encoding="ascii") as value:
        return value.read().strip()


def write(name, text):
    with open(os.path.join(PROC, *name.split(".")), "w", encoding="ascii") as value:
        value.write(text + "\n")


def numbers(text):
    found = set()
    for part in filter(None, text.split(",")):
        bounds = part.strip().split("-")
        found |= set(range(int(bounds[0]), int(bounds[-1]) + 1))
    return found


def ranges(ports):
    parts = []
    for port in sorted(ports):
        if parts and parts[-1][1] == port - 1:
            parts[-1][1] = port
        else:
            parts.append([port, port])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


class Settings:
    """The file: who added which ports, and what the buffer was before."""

    def __init__(self):
        try:
            with open(FILE, encoding="utf-8") as file:
                self.text = file.read()
        except FileNotFoundError:
            self.text = ""
        self.added = {role: numbers(ports) for role, ports in re.findall(r"(?m)^# (\w+) added (\S*)$", self.text)}
        was = re.search(rf"(?m)^# {re.escape(BUFFER)} was (\d+), (\d+) for (\w+)$", self.text)
        self.was, self.buffer, self.buffer_for = (int(was[1]), int(was[2]), was[3]) if was else (0, 0, "")

    def new_text(self, ports):
        if not self.added and not self.buffer:
            return ""
        lines = [f"# {role} added {ranges(added)}\n" for role, added in sorted(self.added.items())]
        if self.added:
            lines.append(f"{PORTS} = {ranges(ports)}\n")
        if self.buffer:
            lines.append(f"# {BUFFER} was {self.was}, {self.buffer} for {self.buffer_for}\n{BUFFER} = {self.buffer}\n")
        return HEAD + "".join(lines)


def main(role, state, ports, rmem_max, check):
    settings, warnings, writes = Settings(), [], {}

    try:
        kernel = numbers(read(PORTS))
    except OSError:
        kernel = set()  # writing says the same
    operators = kernel - set().union(*settings.added.values())
    settings.added.pop(role, None)
    if state == "present":
        settings.added[role] = numbers(",".join(ports)) - operators
    wanted = operators.union(*settings.added.values())
    if wanted != kernel:
        writes[PORTS] = ranges(wanted)

    try:
        buffer = int(read(BUFFER))
    except OSError:
        buffer = None
    if state == "absent" and settings.buffer_for == role:
        if buffer == settings.buffer:
            writes[BUFFER] = str(settings.was)
        settings.buffer = 0
    elif state == "present" and rmem_max and (buffer or 0) < rmem_max:
        if buffer is not None and not settings.buffer:
            settings.was = buffer
        settings.buffer, settings.buffer_for = rmem_max, role
        writes[BUFFER] = str(rmem_max)

    for name, text in list(writes.items()):
        path = os.path.join(PROC, *name.split("."))
        try:
            if check:
                if not os.access(path, os.W_OK):
                    raise PermissionError("it is not writable")
            else:
                write(name, text)
        except OSError as error:
            del writes[name]
            if name == BUFFER:
                settings.buffer = 0
                is_now = "not to be seen" if buffer is None else buffer
                warnings.append(f"{name} is {is_now} and cannot be set to {text} ({error.strerror or error})")
            else:
                settings.added.pop(role, None)
                warnings.append(f"{name} cannot be set to {text} ({error.strerror or error})")

    after = settings.new_text(wanted)
    if after != settings.text and not check:
        if after:
            os.makedirs(os.path.dirname(FILE), exist_ok=True)
            with open(FILE, "w", encoding="utf-8") as file:
                file.write(after)
            os.chmod(FILE, 0o644)
        else:
            os.remove(FILE)
    return {"changed": bool(writes) or after != settings.text, "set": writes, "warnings": warnings}


if __name__ == "__main__":
    print(json.dumps(main(**json.load(sys.stdin))))
