# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TURN servers that livekit-server announces to clients, ``rtc.turn_servers``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def turn_servers_without_login(servers: Sequence[Mapping]) -> list[str]:
    """Hosts of the servers for which livekit-server cannot give clients any credentials."""
    return [str(server.get("host", "")) for server in servers if not _has_login(server)]


def _has_login(server: Mapping) -> bool:
    if str(server.get("secret") or "").strip() or server.get("secret_file"):
        return True
    if server.get("username") or server.get("credential"):
        # livekit-server rejects the file if only one of the two is set.
        return bool(server.get("username") and server.get("credential"))
    return bool(server.get("credentials_file"))


def turn_server_files(servers: Sequence[Mapping]) -> dict[str, str]:
    """Paths on the controller, by their file names on the host."""
    return {name: str(server["credentials_file"]) for server, name in _named(servers) if name}


def turn_servers_at(servers: Sequence[Mapping], folder: str) -> list[Mapping]:
    """The same servers with the paths of their files in the container."""
    return [{**server, "credentials_file": f"{folder}/{name}"} if name else server for server, name in _named(servers)]


def _named(servers: Sequence[Mapping]) -> Iterator[tuple[Mapping, str]]:
    for number, server in enumerate(servers, 1):
        yield server, f"turn-server-{number}.yml" if server.get("credentials_file") else ""
