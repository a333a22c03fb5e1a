# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the dependencies of this collection, and a link to it, in the current virtual environment.

The dependencies come from the `ansible` wheel on PyPI, so that PyPI is the only registry. Of its 250 MB of collections,
only the required ones are unpacked. ansible-core finds `ansible_collections` on sys.path without any configuration.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WANTED = ("ansible.posix", "community.docker", "community.library_inventory_filtering_v1")
# The newest ansible for each ansible-core in requirements.txt.
ANSIBLE = "14.5.0" if sys.version_info >= (3, 12) else "12.3.0"


def cache_dir():
    default = Path.home() / ".cache" / "telephony.livekit"
    return Path(os.environ.get("TELEPHONY_LIVEKIT_CACHE") or default)


def wheel():
    """The wheel from the cache, downloaded if it is missing."""
    folder = cache_dir() / "wheels"
    found = folder / f"ansible-{ANSIBLE}-py3-none-any.whl"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Downloaded to a temporary folder and then moved, so that an interrupted run leaves no partial wheel.
        with tempfile.TemporaryDirectory(dir=folder) as partial:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--only-binary",
                    ":all:",
                    "--dest",
                    partial,
                    f"ansible=={ANSIBLE}",
                ],
                check=True,
            )
            (Path(partial) / found.name).replace(found)
    return found


def unpack(archive, site):
    prefixes = tuple(f"ansible_collections/{name.replace('.', '/')}/" for name in WANTED)
    with zipfile.ZipFile(archive) as contents:
        contents.extractall(site, [name for name in contents.namelist() if name.startswith(prefixes)])


def link_checkout(site):
    """Make telephony.livekit importable for pytest, ansible-lint and antsibull-docs."""
    link = site / "ansible_collections" / "telephony" / "livekit"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() == CHECKOUT:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(CHECKOUT)


def main():
    if sys.prefix == sys.base_prefix:
        sys.exit("Run this with the Python of a virtual environment: it writes into its site-packages.")
    site = Path(sysconfig.get_path("purelib"))
    marker = site / "ansible_collections" / f".ansible-{ANSIBLE}"
    if not marker.exists():
        unpack(wheel(), site)
        marker.touch()
    link_checkout(site)


if __name__ == "__main__":
    main()
