# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the state of a host as JSON: python3 /tests/support/snapshot.py

It omits the internal files of packages, Docker, systemd and Ansible, and whatever a running host writes constantly.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

FOLDERS = ["/etc", "/home", "/opt", "/srv", "/usr/local", "/var/lib", "/var/spool", "/var/tmp"]
INTERNAL = re.compile(
    r"/var/lib/(dpkg|apt|docker|containerd|systemd|python|pam|ucf|private|dbus|nftables|polkit-1)(/|$)"
    # Tools that manage accounts write backups such as passwd-.
    r"|/etc/(ld\.so\.cache|\.pwd\.lock|machine-id|mtab|resolv\.conf|hosts|hostname|.*-)$"
)
SYSCTL = Path("/proc/sys/net")
# Counters, and settings of a single interface.
BUSY = re.compile(r"conntrack_count|/(conf|neigh)/|/route/|tcp_fastopen_key|random|bpf_")


def run(*command):
    """The output of a command, or "" if it fails, or if a bare host lacks it."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def files():
    found = {}
    for folder in FOLDERS:
        for place, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not INTERNAL.search(f"{place}/{name}")]
            for path in [f"{place}/{name}" for name in [*folders, *names]]:
                if not INTERNAL.search(path):
                    found[path] = describe(path)
    return found


def describe(path):
    status = os.lstat(path)
    rights = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"{rights} -> {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode):
        return f"{rights} {hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
    return rights


def ours_by_name():
    """All files on the host whose names contain "livekit"."""
    elsewhere = [
        "(",
        "-path",
        "/proc",
        "-o",
        "-path",
        "/sys",
        "-o",
        "-path",
        "/var/lib/docker",
        "-o",
        "-path",
        "/tests",
    ]
    return run("find", "/", *elsewhere, ")", "-prune", "-o", "-iname", "*livekit*", "-print").splitlines()


def sysctls():
    found = {}
    for path in sorted(SYSCTL.rglob("*")):
        if path.is_file() and not BUSY.search(str(path)):
            try:
                found[str(path.relative_to("/proc/sys"))] = path.read_text().strip()
            except OSError:
                continue
    return found


def listening():
    """Protocol, address, port and program, without Docker's resolver, whose ports change when the host starts."""
    rows = [row.split() for row in run("ss", "-Hlntup").splitlines()]
    programs = [" ".join(re.findall(r'"([^"]+)"', row[-1])) for row in rows]
    found = {f"{row[0]} {row[4]} {program}" for row, program in zip(rows, programs, strict=True)}
    return sorted(line for line in found if "127.0.0.11:" not in line)


def names(*command):
    return sorted(run(*command).splitlines())


def snapshot():
    return {
        "files": files(),
        "named like us": sorted(ours_by_name()),
        "users": names("getent", "passwd"),
        "groups": names("getent", "group"),
        "unit files": names(
            "systemctl", "list-unit-files", "--no-legend", "--plain", "--type=service,socket,timer,target"
        ),
        "active units": names(
            "systemctl", "list-units", "--no-legend", "--plain", "--type=service,socket,timer", "--state=active"
        ),
        "sysctls": sysctls(),
        "ports": listening(),
        "containers": names("docker", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"),
        "started": names(
            "sh", "-c", "docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.State.Pid}} {{.State.StartedAt}}'"
        ),
        "volumes": names("docker", "volume", "ls", "--quiet"),
        "networks": names("docker", "network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"),
        "live-restore": names("docker", "info", "--format", "{{.LiveRestoreEnabled}}"),
        "packages": names("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\n"),
    }


if __name__ == "__main__":
    print(json.dumps(snapshot()))
