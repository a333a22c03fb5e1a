# SPDX-License-Identifier: GPL-3.0-or-later
"""A real livekit-server with a real Redis, as two processes on free ports of 127.0.0.1.

    with LiveKit() as livekit:
        status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk", {})

They start in under a second and stop with the test. Any number may run at the same time, even next to a deployment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from tests.images import build

HOST = "127.0.0.1"
PATIENCE = 120  # seconds; a busy machine is slow, but only a defect takes this long
ADMIN = {
    "sip": {"admin": True, "call": True},
    "video": {"roomCreate": True, "roomList": True, "roomAdmin": True},
}
SIP_HASHES = ["sip_trunk", "sip_inbound_trunk", "sip_outbound_trunk", "sip_dispatch_rule"]

_given: set[int] = set()


def free_port() -> int:
    """A port that is free for TCP and UDP, a new one each time, below the ephemeral ports of outgoing connections."""
    while True:
        port = random.randint(21000, 32000)
        if port in _given:
            continue
        _given.add(port)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("", port))
        except OSError:
            continue
        return port


def token(api_key: str, api_secret: str, grants: dict, **claims) -> str:
    """A LiveKit access token, signed with HS256."""

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    now = int(time.time())
    payload = {"iss": api_key, "sub": "tests", "nbf": now - 10, "exp": now + 600, **grants, **claims}
    signed = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(payload).encode())}"
    return f"{signed}.{part(hmac.new(api_secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def version_number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


class Process:
    """A program that writes to a log file and ends with the test process."""

    def __init__(self, command: list[str], log: Path, stdin: str = "") -> None:
        self.log = log
        # setpriv: the kernel kills the program when this process ends, however that happens
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=log.parent,
            )
        self.process.stdin.write(stdin)
        self.process.stdin.close()

    def wait_until(self, ready, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
                raise RuntimeError(
                    f"{self.log.stem} did not become ready (exit code {self.process.returncode}):\n{tail}"
                )
            time.sleep(0.02)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        # Kill it, because after SIGTERM a livekit-server with a call waits for the end of the call.
        self.process.kill()
        self.process.wait()


class Api:
    """A server with LiveKit's API, real or simulated."""

    url: str
    api_key: str
    api_secret: str

    def twirp(
        self, service: str, rpc: str, body: dict | None = None, grants: dict | None = None
    ) -> tuple[int, dict | str]:
        """Send one API request, and return the status and the body, as text if it is not JSON."""
        answer = self.post(
            token(self.api_key, self.api_secret, ADMIN if grants is None else grants), service, rpc, body
        )
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def post(self, bearer: str, service: str, rpc: str, body: dict | None = None) -> requests.Response:
        """Send one API request with this token, and return the raw answer."""
        return requests.post(
            f"{self.url}/twirp/livekit.{service}/{rpc}",
            json=body or {},
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=PATIENCE,
        )


class LiveKit(Api):
    """`keys` maps API keys to secrets; the default is one random pair. `version`: the version to build.

    `redis`: whether to start a Redis, or the section `redis` of the configuration for another Redis.
    `config`: more keys of the configuration.
    """

    def __init__(
        self,
        keys: dict[str, str] | None = None,
        redis: bool | dict = True,
        version: str = "",
        config: dict | None = None,
    ) -> None:
        self.keys = keys or {f"API{secrets.token_hex(6)}": secrets.token_hex(24)}
        self.api_key, self.api_secret = next(iter(self.keys.items()))
        self.redis_password = secrets.token_hex(16)
        self.with_redis = redis
        self.version = version or build.PINNED
        self.config = config or {}
        self.redis_process = self.server_process = None

    def __enter__(self) -> LiveKit:
        self.folder = Path(tempfile.mkdtemp(prefix="livekit-"))
        for attempts_left in (2, 1, 0):
            try:
                self._choose_ports()
                if self.with_redis is True:
                    self.start_redis()
                self.start_server()
                return self
            except RuntimeError:  # another program may have taken a port that was free
                self.stop()
                if not attempts_left:
                    shutil.rmtree(self.folder)
                    raise

    def __exit__(self, *_unused) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def has(self, since: str) -> bool:
        """Whether the server has this version or a newer one."""
        return version_number(self.version) >= version_number(since)

    @property
    def refusal(self) -> str:
        """The server's answer to livekit-sip about a call that no rule takes."""
        return "REJECT" if self.has("1.13.8") else "DROP"

    def _choose_ports(self) -> None:
        self.redis_port, self.port = free_port(), free_port()
        self.redis_address = f"{HOST}:{self.redis_port}"
        self.url = f"http://{HOST}:{self.port}"

    def start_redis(self) -> None:
        program = shutil.which("redis-server")
        if not program:
            raise FileNotFoundError("redis-server is not installed: apt-get install redis-server")
        config = f'bind {HOST}\nport {self.redis_port}\nrequirepass {self.redis_password}\nsave ""\n'
        self.redis_process = Process([program, "-"], self.folder / "redis-server.log", config)
        self.redis_process.wait_until(self._redis_answers)

    def start_server(self) -> None:
        config = {
            "port": self.port,
            "bind_addresses": [HOST],
            "rtc": {"tcp_port": free_port(), "udp_port": free_port(), "node_ip": HOST, "use_external_ip": False},
            "keys": self.keys,
            "logging": {"level": "info"},
            **self.config,
        }
        if isinstance(self.with_redis, dict):
            config["redis"] = self.with_redis
        elif self.with_redis:
            config["redis"] = {"address": self.redis_address, "password": self.redis_password}
        path = self.folder / "livekit-server.yaml"
        path.write_text(json.dumps(config))  # JSON is YAML
        command = [str(build.binary("livekit-server", self.version)), "--config", str(path)]
        self.server_process = Process(command, self.folder / "livekit-server.log")
        self.server_process.wait_until(self._server_answers)

    def stop_redis(self) -> None:
        self.redis_process.stop()

    def stop_server(self) -> None:
        self.server_process.stop()

    def stop(self) -> None:
        for process in (self.server_process, self.redis_process):
            if process:
                process.stop()

    def _redis_answers(self) -> bool:
        try:
            return self.redis("PING") == "+PONG"
        except OSError:
            return False

    def _server_answers(self) -> bool:
        """Whether the API accepts our key: another server may have taken the port."""
        try:
            return self.twirp("RoomService", "ListRooms")[0] == 200
        except requests.ConnectionError:
            return False

    def redis(self, *words: str) -> str:
        """Send one command to Redis, and return the first line of the answer."""
        with socket.create_connection((HOST, self.redis_port), timeout=PATIENCE) as connection:
            answers = connection.makefile("rb")
            for command in (["AUTH", self.redis_password], words):
                connection.sendall(f"*{len(command)}\r\n".encode())
                connection.sendall(b"".join(f"${len(word.encode())}\r\n{word}\r\n".encode() for word in command))
                answer = answers.readline().decode().strip()
        return answer

    def flush(self) -> None:
        """Remove all trunks and dispatch rules."""
        self.redis("DEL", *SIP_HASHES)
