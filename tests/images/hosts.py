# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of whole Debian hosts for the tests, built once with debootstrap and cached.

bare-debian12, bare-debian13   where `make deploy` starts: minbase, systemd and make, without Python or Docker.
host-debian12, host-debian13   a bare host for Ansible: the same with python3 and a few tools, without Docker.
caller                         the other end of the line: sipp, and tools to probe a host from outside.

The packages that tests install are in apt's cache, so apt does not have to download them. None of them is installed.

    python tests/images/hosts.py [name ...]

prints a JSON object that maps names to images. Archives are kept in the cache of build.py, under a hash of their
inputs. Needs root, debootstrap and a Docker daemon.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import docker

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.images.build import cache, digest, keep, lock, say, scratch

MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")

HOST_PACKAGES = ["python3", "sudo", "iproute2", "ca-certificates", "procps"]
CALLER_PACKAGES = ["sip-tester", "iproute2", "curl", "redis-tools", "python3"]

# Packages of both Debian releases, and packages of only one.
FETCHED = ["docker.io", "iptables", "apparmor", "nftables", "ufw", "firewalld", "redis-server", "python3-venv"]
FETCHED += ["python3-requests", *HOST_PACKAGES]
FETCHED_FROM = {"trixie": ["docker-cli"]}

SUITES = {"bare-debian12": "bookworm", "bare-debian13": "trixie"}
DERIVED = {
    "host-debian12": ("bare-debian12", HOST_PACKAGES),
    "host-debian13": ("bare-debian13", HOST_PACKAGES),
    "caller": ("bare-debian12", CALLER_PACKAGES),
}
NAMES = [*SUITES, *DERIVED]

# Units that need hardware or a console, or that would take apt's lock during a test.
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

# apt's lists are kept too, so that an update downloads only changes.
FINISH = """\
FROM {base}
RUN apt-get update -q \\
 && apt-get install -qy --no-install-recommends --download-only {packages} \\
 && : > /etc/machine-id
STOPSIGNAL SIGRTMIN+3
ENV container=docker LC_ALL=C.UTF-8
CMD ["/sbin/init"]
"""

INSTALL = """\
FROM {base}
RUN apt-get update -q \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends {packages} \\
 && : > /etc/machine-id
"""


def tag(name: str) -> str:
    said = [FETCHED, FETCHED_FROM, SUITES, DERIVED, MASKED, FINISH, INSTALL]
    return f"telephony.livekit/{name}:{digest(json.dumps(said), *map(inspect.getsource, (debootstrap, trim)), name)}"


def archive(name: str) -> Path:
    return cache() / "images" / f"{name}-{tag(name).rpartition(':')[2]}.tar"


def image(name: str) -> str:
    """The tag of the image, which is loaded from its archive or built if the Docker daemon lacks it."""
    client = docker.from_env(timeout=600)
    with lock(name):
        if client.images.list(tag(name)):
            return tag(name)
        if archive(name).exists():
            with archive(name).open("rb") as stream:
                client.images.load(stream)
            return tag(name)
        say(f"building {tag(name)}")
        if name in SUITES:
            debootstrap(client, SUITES[name], tag(name))
        else:
            parent, packages = DERIVED[name]
            build(client, INSTALL.format(base=image(parent), packages=" ".join(packages)), tag(name))
        save(client, name)
    return tag(name)


def debootstrap(client: docker.DockerClient, suite: str, target: str) -> None:
    if not shutil.which("debootstrap"):
        sys.exit("debootstrap is missing: apt-get install debootstrap")
    with scratch() as folder:
        rootfs = folder / "rootfs"
        # --include stays short: everything in it would be missed by nobody when a role forgets to install it.
        command = ["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,make"]
        bootstrap = subprocess.run([*command, suite, rootfs, MIRROR], capture_output=True, text=True, check=False)
        if bootstrap.returncode:
            sys.exit(f"debootstrap {suite} failed:\n{(bootstrap.stdout + bootstrap.stderr)[-2000:]}")
        trim(rootfs)
        rootfs_tar = folder / "rootfs.tar"
        subprocess.run(["tar", "-C", rootfs, "-cf", rootfs_tar, "."], check=True)
        base = target.replace(":", "-base:")
        client.api.import_image_from_file(str(rootfs_tar), *base.split(":"))
    # An import cannot set a stop signal.
    packages = [*FETCHED, *FETCHED_FROM.get(suite, [])]
    build(client, FINISH.format(base=base, packages=" ".join(packages)), target)
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
    with scratch() as folder:
        part = folder / "image.tar"
        with part.open("wb") as stream:
            for chunk in client.images.get(tag(name)).save(named=tag(name)):
                stream.write(chunk)
        keep(part, archive(name))


def main() -> None:
    names = sys.argv[1:] or NAMES
    if unknown := set(names) - set(NAMES):
        sys.exit(f"no such image: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(json.dumps({name: image(name) for name in names}))


if __name__ == "__main__":
    main()
