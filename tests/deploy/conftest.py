# SPDX-License-Identifier: GPL-3.0-or-later
"""A bare host with this checkout, and a caller on the same network.

pytest tests/deploy                                       on Debian 12
pytest tests/deploy --bare-host debian12 --bare-host debian13
"""

import io
import os
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest
import testinfra

from tests.images import build
from tests.support import hosts

REPOSITORY = Path(__file__).resolve().parents[2]

# The network, the host and the caller. Each Debian has its own network, so that both can run at the same time.
HOSTS = {
    "debian12": ("198.51.100.224/27", "198.51.100.230", "198.51.100.240"),
    "debian13": ("198.51.100.192/27", "198.51.100.200", "198.51.100.210"),
}
CHECKOUT = "/root/telephony.livekit"
CACHE = "/var/cache/telephony.livekit"  # what was built or downloaded before, on this machine or a host


def pytest_addoption(parser):
    parser.addoption("--bare-host", action="append", choices=sorted(HOSTS), help="which bare hosts to deploy on")


def pytest_generate_tests(metafunc):
    if "bare" in metafunc.fixturenames:
        asked = metafunc.config.getoption("bare_host") or ["debian12"]
        metafunc.parametrize("bare", asked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def bare(request):
    """The bare host before the first command."""
    debian = request.param
    subnet, address, caller_address = HOSTS[debian]
    network = f"livekit-deploy-{debian}"
    environment, volumes = package_index()
    machines = [
        {
            "name": f"{network}-host",
            "image": f"bare-{debian}",
            "address": address,
            "environment": {**environment, "TELEPHONY_LIVEKIT_CACHE": CACHE, "PIP_CACHE_DIR": f"{CACHE}/pip"},
            "volumes": [*volumes, f"{build.cache()}:{CACHE}"],
        },
        {"name": f"{network}-caller", "image": "caller", "address": caller_address},
    ]
    build.images()  # built here, where Go is installed; the host finds them in the cache
    try:
        kept = hosts.up(network, subnet, machines)
        host = testinfra.get_host(f"docker://{network}-host")
        copy_checkout(f"{network}-host")
        yield SimpleNamespace(
            host=host,
            kept=kept,
            address=address,
            caller=testinfra.get_host(f"docker://{network}-caller"),
            caller_address=caller_address,
        )
    finally:
        hosts.down(network, subnet, machines)


def package_index():
    """Return the environment and volumes with which pip on the host uses this machine's package index."""
    environment = {name: os.environ[name] for name in ("PIP_INDEX_URL", "PIP_TRUSTED_HOST") if name in os.environ}
    authorities = os.environ.get("PIP_CERT") or os.environ.get("REQUESTS_CA_BUNDLE")
    if not authorities:
        return environment, []
    # Not at the original path, which the package ca-certificates overwrites on the host.
    return {**environment, "PIP_CERT": "/etc/pip-authorities.pem"}, [f"{authorities}:/etc/pip-authorities.pem:ro"]


def copy_checkout(name):
    """Copy what a clone would contain, and what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path in filter(None, listed.stdout.split("\0")):
            if os.path.lexists(REPOSITORY / path):
                tar.add(REPOSITORY / path, Path(CHECKOUT).name + "/" + path, filter=owned_by_root)
    docker.from_env().containers.get(name).put_archive(str(Path(CHECKOUT).parent), stream.getvalue())


def owned_by_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


@pytest.fixture(scope="session")
def make(bare):
    """A function that runs make on the bare host, with the PATH of a new login, and returns its output."""

    def run(arguments, seconds=2400):
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ran = bare.host.run(f"cd {CHECKOUT} && {path} timeout {seconds} make {arguments} 2>&1")
        assert ran.rc == 0, f"make {arguments} ended with {ran.rc}:\n{ran.stdout[-6000:]}"
        return ran.stdout

    return run
