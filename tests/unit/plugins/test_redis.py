# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries to Redis and the reported answers, with a list of answers in place of Redis."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _redis

INFO = "# Server\r\nredis_version:7.2\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n"


def bulk(text):
    return f"${len(text)}\r\n{text}\r\n"


@contextlib.contextmanager
def redis(*answers):
    """Answers each command with the next answer. Yields the address, and the list of received commands."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _unused = server.accept()
            with connection, connection.makefile("rb") as commands:
                for answer in answers:
                    words = [commands.readline()]
                    for _unused in range(int(words[0][1:])):
                        commands.readline()
                        words.append(commands.readline().decode().strip())
                    heard.append(" ".join(words[1:]))
                    connection.sendall(answer.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", heard
        thread.join(5)


def test_what_a_redis_says_about_itself():
    with redis("+OK\r\n", "+OK\r\n", "+PONG\r\n", ":1\r\n", bulk(INFO)) as (address, heard):
        said = _redis.probe({"address": address, "username": "livekit", "password": "secret", "db": 2})
    assert heard == ["AUTH livekit secret", "SELECT 2", "PING", "HLEN nodes", "INFO"]
    expected = {"ping": "PONG", "servers": 1, "role": "master", "maxmemory": "0", "maxmemory_policy": "noeviction"}
    assert said == {"nodes": [{"address": address, **expected}]}


def test_a_user_that_may_not_ask():
    with redis("+PONG\r\n", "-NOPERM no permission\r\n", "-NOPERM no permission\r\n") as (address, _heard):
        assert _redis.probe({"address": address})["nodes"][0]["info_refused"] == "NOPERM no permission"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("-LOADING it reads its data\r\n", "LOADING it reads its data"),
        ("HTTP/1.1 400 Bad Request\r\n", "the program there is not Redis, or requires TLS"),
        ("", "it closed the connection"),
    ],
)
def test_why_it_cannot_be_used(answer, told):
    with redis(answer) as (address, _heard):
        assert _redis.probe({"address": address}) == {"error": f"{address}: {told}"}


def test_the_master_is_asked_of_the_sentinels():
    with redis("+PONG\r\n", ":0\r\n", bulk(INFO)) as (master, _heard):
        host, port = master.split(":")
        with redis(f"*2\r\n{bulk(host)}{bulk(port)}") as (sentinel, asked):
            said = _redis.probe({"sentinel_addresses": [sentinel], "sentinel_master_name": "line"})
    assert asked == ["SENTINEL get-master-addr-by-name line"]
    assert said["nodes"][0]["address"] == master


def test_a_master_that_no_sentinel_knows():
    with redis("*-1\r\n") as (sentinel, _asked):
        said = _redis.probe({"sentinel_addresses": [sentinel], "sentinel_master_name": "line"})
    assert said == {"error": f"no Sentinel named the master. {sentinel}: it knows no master line"}
