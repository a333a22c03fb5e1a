# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions that the roles use for TURN servers."""

import pytest
from ansible_collections.telephony.livekit.plugins.plugin_utils import _turn_servers


@pytest.mark.parametrize(
    "server",
    [
        {"secret": "s"},
        {"secret_file": "/s"},
        {"username": "u", "credential": "c"},
        {"credentials_file": "/c.yml"},
        {"username": "u", "secret": "s"},
    ],
)
def test_credentials(server):
    assert _turn_servers.turn_servers_without_login([{"host": "a", **server}]) == []


@pytest.mark.parametrize(
    "server",
    [
        {},
        {"secret": " "},
        {"username": "u"},
        {"credential": "c"},
        {"username": "u", "credential": ""},
        {"username": "u", "credentials_file": "/c.yml"},
    ],
)
def test_no_credentials(server):
    assert _turn_servers.turn_servers_without_login([{"host": "a", **server}]) == ["a"]


def test_files_are_numbered_as_the_servers_are():
    servers = [{"host": "a", "secret": "s"}, {"host": "b", "credentials_file": "b.yml"}]
    assert _turn_servers.turn_server_files(servers) == {"turn-server-2.yml": "b.yml"}
    assert _turn_servers.turn_servers_at(servers, "/etc/livekit") == [
        {"host": "a", "secret": "s"},
        {"host": "b", "credentials_file": "/etc/livekit/turn-server-2.yml"},
    ]
