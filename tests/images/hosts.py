#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of whole Debian hosts for the tests, made by debootstrap once and kept.

bare-debian12, bare-debian13   what `make deploy` starts from: minbase, systemd and make. No Python, no Docker.
host-debian12, host-debian13   what Ansible calls a bare host: the same with python3 and a few tools. No Docker.
caller                         the other end of the line: sipp and tools to look at a host from outside.

    python tests/images/hosts.py [name ...]

prints one JSON object, name to image. Archives are kept in $TELEPHONY_LIVEKIT_CACHE or
~/.cache/telephony.livekit under a hash of this file. Needs root, debootstrap and a Docker daemon.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import docker

CACHE = Path(os.environ.get("TELEPHONY_LIVEKIT_CACHE") or Path.home() / ".cache" / "telephony.livekit")
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")

HOST_PACKAGES = ["python3", "sudo", "iproute2", "ca-certificates", "procps"]
CALLER_PACKAGES = ["sip-tester", "iproute2", "curl", "redis-tools", "python3"]

SUITES = {"bare-debian12": "bookworm", "bare-debian13": "trixie"}
DERIVED = {
    "host-debian12": ("bare-debian12", HOST_PACKAGES),
    "host-debian13": ("bare-debian13", HOST_PACKAGES),
    "caller": ("bare-debian12", CALLER_PACKAGES),
}
NAMES = [*SUITES, *DERIVED]

# Units that want hardware or a console, or that would take apt's lock in the middle of a test.
MASKED = [
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-firstboot.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-remount-fs.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
]

FINISH = """\
FROM {base}
STOPSIGNAL SIGRTMIN+3
ENV container=docker LC_ALL=C.UTF-8
CMD ["/sbin/init"]
"""

INSTALL = """\
FROM {base}
RUN apt-get update -q \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends {packages} \\
 && apt-get clean && rm -rf /var/lib/apt/lists/* && : > /etc/machine-id
"""


def tag(name: str) -> str:
    inputs = Path(__file__).read_bytes() + name.encode()
    return f"telephony.livekit/{name}:{hashlib.sha256(inputs).hexdigest()[:12]}"


def archive(name: str) -> Path:
    return CACHE / "images" / f"{name}-{tag(name).rpartition(':')[2]}.tar"


def image(name: str) -> str:
    """The tag of the image, which the Docker daemon then has: as it is, from the archive, or newly built."""
    client = docker.from_env(timeout=600)
    with locked(name):
        if client.images.list(tag(name)):
            return tag(name)
        if archive(name).exists():
            with archive(name).open("rb") as stream:
                client.images.load(stream)
            return tag(name)
        print(f"building {tag(name)}", file=sys.stderr, flush=True)
        if name in SUITES:
            debootstrap(client, SUITES[name], tag(name))
        else:
            parent, packages = DERIVED[name]
            build(client, INSTALL.format(base=image(parent), packages=" ".join(packages)), tag(name))
        save(client, name)
    return tag(name)


@contextmanager
def locked(name: str):
    """Two test runs that start together build an image once."""
    archive(name).parent.mkdir(parents=True, exist_ok=True)
    with (archive(name).parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def debootstrap(client: docker.DockerClient, suite: str, target: str) -> None:
    if not shutil.which("debootstrap"):
        sys.exit("debootstrap is missing: apt-get install debootstrap")
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="rootfs-") as scratch:
        rootfs = Path(scratch) / "rootfs"
        # --include stays short: everything in it would be missed by nobody when a role forgets to install it.
        command = ["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,make"]
        bootstrap = subprocess.run([*command, suite, rootfs, MIRROR], capture_output=True, text=True, check=False)
        if bootstrap.returncode:
            sys.exit(f"debootstrap {suite} failed:\n{(bootstrap.stdout + bootstrap.stderr)[-2000:]}")
        trim(rootfs)
        rootfs_tar = Path(scratch) / "rootfs.tar"
        subprocess.run(["tar", "-C", rootfs, "-cf", rootfs_tar, "."], check=True)
        base = target.replace(":", "-base:")
        client.api.import_image_from_file(str(rootfs_tar), *base.split(":"))
    # An import cannot set a stop signal.
    build(client, FINISH.format(base=base), target)
    client.images.remove(base)


def trim(rootfs: Path) -> None:
    for package in (rootfs / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    for folder in ("var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        for path in (rootfs / folder).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (rootfs / "etc/machine-id").write_text("")
    for unit in MASKED:
        link = rootfs / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def build(client: docker.DockerClient, dockerfile: str, target: str) -> None:
    try:
        client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=target, rm=True, forcerm=True)
    except docker.errors.BuildError as error:
        log = "".join(line.get("stream", "") for line in error.build_log)
        sys.exit(f"building {target} failed: {error}\n{log[-2000:]}")


def save(client: docker.DockerClient, name: str) -> None:
    part = archive(name).with_suffix(".part")
    with part.open("wb") as stream:
        for chunk in client.images.get(tag(name)).save(named=tag(name)):
            stream.write(chunk)
    part.rename(archive(name))


def main() -> None:
    names = sys.argv[1:] or NAMES
    if unknown := set(names) - set(NAMES):
        sys.exit(f"no such image: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(json.dumps({name: image(name) for name in names}))


if __name__ == "__main__":
    main()
