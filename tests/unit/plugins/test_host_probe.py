# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a host's kernel and Docker, read from a fake /proc and a fake Docker."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import socketserver
import threading

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _docker_probe, _docker_socket, _host_probe

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
CONTAINER = "a" * 64
# 127.0.0.1 and ::1 as a little-endian machine writes them.
V4, V6 = "0100007F", "00000000000000000000000001000000"


def row(address, port, state, inode):
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode} 1\n"


@pytest.fixture
def proc(tmp_path):
    """A little-endian host whose process 77 listens on UDP 5060, and an unknown process on TCP 6379."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net/udp").write_text(HEAD + row(V4, 5060, "07", 11) + row(V4, 5061, "07", 12))
    (tmp_path / "net/tcp").write_text(HEAD + row(V4, 6379, "0A", 13) + row(V4, 5060, "01", 14))
    (tmp_path / "net/tcp6").write_text(HEAD + row(V6, 7880, "0A", 15))
    (tmp_path / "77/fd").mkdir(parents=True)
    (tmp_path / "77/fd/3").symlink_to("socket:[11]")
    (tmp_path / "77/fd/4").symlink_to("/dev/null")
    (tmp_path / "77/comm").write_text("livekit-sip\n")
    (tmp_path / "77/cgroup").write_text(f"0::/docker/{'b' * 64}/docker/{CONTAINER}\n")
    (tmp_path / "self").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("hexadecimal", "byteorder", "address"),
    [
        (V4, "little", "127.0.0.1"),
        ("7F000001", "big", "127.0.0.1"),
        (V6, "little", "::1"),
        ("0" * 31 + "1", "big", "::1"),
        ("B80D0120000000000000000001000000", "little", "2001:db8::1"),
    ],
)
def test_an_address_in_the_order_of_the_machine(hexadecimal, byteorder, address):
    assert _host_probe.address_of(hexadecimal, byteorder) == address


def test_who_listens_is_named_with_its_container(proc):
    assert list(_host_probe.owners([5060], {CONTAINER: "livekit-sip"}, proc)) == [
        {
            **{"port": 5060, "protocol": "udp", "address": "127.0.0.1", "pid": "77"},
            **{"program": "livekit-sip", "container": "livekit-sip"},
        }
    ]


def test_a_program_without_a_container_and_one_that_cannot_be_seen(proc):
    (proc / "77/cgroup").write_text("0::/system.slice/livekit-sip.service\n")
    found = list(_host_probe.owners([5060, 6379, 7880, 8080], {CONTAINER: "livekit-sip"}, proc))
    assert [(one["port"], one["protocol"], one["address"], one["program"], one["container"]) for one in found] == [
        (6379, "tcp", "127.0.0.1", "", ""),
        (7880, "tcp", "::1", "", ""),
        (5060, "udp", "127.0.0.1", "livekit-sip", ""),
    ]
    assert [one["pid"] for one in found] == [None, None, "77"]


def test_a_process_that_ends_meanwhile(proc):
    (proc / "77/comm").unlink()
    assert [one["program"] for one in _host_probe.owners([5060], {}, proc)] == [""]


def test_memory_that_is_promised(proc):
    assert _host_probe.overcommit(proc) is None
    (proc / "sys/vm").mkdir(parents=True)
    (proc / "sys/vm/overcommit_memory").write_text("1\n")
    assert _host_probe.overcommit(proc) == 1


def test_the_space_of_a_folder_that_does_not_exist_yet(tmp_path):
    assert _host_probe.free_space(str(tmp_path / "not/yet")) == _host_probe.free_space(str(tmp_path)) > 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, {"text": None, "says": {}}),
        ("", {"text": "", "says": {}}),
        ('{"data-root": "/srv"}', {"text": '{"data-root": "/srv"}', "says": {"data-root": "/srv"}}),
        ("[]", {"text": "[]", "error": "it is not an object"}),
    ],
)
def test_the_configuration_of_docker(text, found):
    assert _docker_probe.settings(text) == found
    assert _docker_probe.data_root(found) == found.get("says", {}).get("data-root", "/var/lib/docker")


def test_a_configuration_that_docker_cannot_read():
    assert "Expecting" in _docker_probe.settings("{")["error"]
    assert _docker_probe.data_root({"says": {"data-root": 7}}) == "/var/lib/docker"


def test_the_unit_of_docker():
    shown = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
    assert _docker_probe.unit(lambda command: (0, shown, ""))["UnitFileState"] == "enabled"
    assert _docker_probe.unit(lambda command: (0, "LoadState=not-found\n", "")) is None

    def missing(command):
        raise FileNotFoundError(command[0])

    assert _docker_probe.unit(missing) is None


def test_the_record_and_the_mode_of_the_configuration(tmp_path):
    daemon_json, record, versions = (tmp_path / f"{name}.json" for name in ("daemon", "record", "versions"))
    found = _docker_probe.probe(
        str(daemon_json), str(record), str(versions), lambda command: (1, "", ""), lambda path: None
    )
    assert (found["daemon_json_mode"], found["record"], found["daemon"]) == ("0644", None, None)
    daemon_json.write_text("{}")
    os.chmod(daemon_json, 0o600)
    record.write_text('{"text": null}')
    versions.write_text("[] and more")
    found = _docker_probe.probe(
        str(daemon_json), str(record), str(versions), lambda command: (1, "", ""), lambda path: None
    )
    assert (found["daemon_json_mode"], found["record"], found["versions"]) == ("0600", {"text": None}, {})
    versions.write_text('{"sha256:1": "1.17.0"}')
    assert _docker_probe.kept_versions(str(versions)) == {"sha256:1": "1.17.0"}


class Answers(http.server.BaseHTTPRequestHandler):
    said = {
        "/info": {"LiveRestoreEnabled": True},
        "/images/json": [{"Id": "sha256:1", "RepoTags": ["redis:7"]}, {"Id": "sha256:2", "RepoTags": None}],
    }

    def do_GET(self):
        self.send_response(200 if self.path in self.said else 500)
        self.end_headers()
        self.wfile.write(json.dumps(self.said.get(self.path)).encode())

    def address_string(self):
        return "a test"

    def log_message(self, *_unused):
        pass


@contextlib.contextmanager
def docker(path):
    with socketserver.UnixStreamServer(str(path), Answers) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()


def test_a_daemon_is_asked_by_its_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(_docker_socket, "SOCKET", str(tmp_path / "docker.sock"))
    assert _docker_probe.daemon(_docker_socket.ask) is None
    with docker(tmp_path / "docker.sock"):
        assert _docker_probe.daemon(_docker_socket.ask) == {"live_restore": True, "images": {"redis:7": "sha256:1"}}
        assert _docker_socket.ask("/containers/json") is None
