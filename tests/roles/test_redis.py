# SPDX-License-Identifier: GPL-3.0-or-later
"""An external Redis: what the roles refuse, and a line that works with TLS and Sentinel and survives a failover."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import pytest

from tests.roles import rendered
from tests.roles.redis_servers import PASSWORD, Certificates, Redis, ask
from tests.support import playbook
from tests.support.caller import Caller
from tests.support.hosts import wait_for
from tests.support.livekit import LiveKit
from tests.support.stand_in import StandIn

NUMBER = "+12025550100"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="module")
def certificates(folder):
    return Certificates(folder / "certificates")


@pytest.fixture(scope="module")
def judged(folder, certificates):
    """The results of the role for each case, from one run in which each case is a host."""
    with contextlib.ExitStack() as stack:

        def redis(**directives):
            return stack.enter_context(Redis(folder, **directives))

        sound, tls = redis(), redis(certificates=certificates)
        acl = ["default off", f"livekit on >{PASSWORD} ~* &* +@all -info", f"reader on >{PASSWORD} ~* &* +@all"]
        guarded = redis(user=acl)
        lone = redis(sentinel=[])
        other_ca = Certificates(folder / "other")
        cases = {
            "sound": sound.connection,
            "evicts": redis(maxmemory="100mb", maxmemory_policy="allkeys-lru").connection,
            "would-evict": redis(maxmemory_policy="volatile-ttl").connection,
            "forgets": redis(appendonly="no").connection,
            "replica": redis(replicaof=f"127.0.0.1 {sound.port}").connection,
            "user": {**guarded.connection, "username": "reader"},
            "no-info": {**guarded.connection, "username": "livekit"},
            "wrong-password": {**sound.connection, "password": "canary-of-a-password"},
            "no-password": {"address": sound.address},
            "no-such-database": {**sound.connection, "db": 99},
            "nobody": {"address": "127.0.0.1:1", "password": PASSWORD},
            "tls": tls.connection,
            "tls-by-name": {**tls.connection, "tls": certificates.section(server_name="redis.example.com")},
            "tls-other-name": {**tls.connection, "tls": certificates.section(server_name="other.example.com")},
            "tls-other-ca": {**tls.connection, "tls": certificates.section(ca_cert_file=other_ca["ca.pem"])},
            "tls-no-client": {**tls.connection, "tls": {"enabled": True, "ca_cert_file": certificates["ca.pem"]}},
            "tls-insecure": {**tls.connection, "tls": {**certificates.section(), "insecure": True}},
            "tls-not-wanted": {"address": tls.address, "password": PASSWORD},
            "no-master": {
                "sentinel_master_name": "nobody",
                "sentinel_addresses": [lone.address],
                "sentinel_password": PASSWORD,
            },
        }
        used = redis()
        assert used.asked()["nodes"][0]["servers"] == 0
        with LiveKit(redis=used.connection):
            cases |= {
                "sip-beside-a-server": {**used.connection, "role": "livekit_sip"},
                "sip-without-a-server": {**sound.connection, "role": "livekit_sip"},
            }
            outcomes = run_role(folder, cases)
    assert "canary-of-a-password" not in outcomes["output"] and PASSWORD not in outcomes["output"]
    return outcomes


def run_role(folder: Path, cases: dict[str, dict]) -> dict:
    given = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {
        name: {**given, "internal_redis_role": connection.pop("role"), "internal_redis_connection": connection}
        for name, connection in ((name, {"role": "livekit_server", **case}) for name, case in cases.items())
    }
    task = {"name": "Ask", "ansible.builtin.include_role": {"name": "telephony.livekit.internal_redis"}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    _code, output = playbook.run(
        "-i", folder / "hosts.json", folder / "play.yml", "-vv", ANSIBLE_CALLBACK_RESULT_FORMAT="json"
    )
    told = {name: "\n".join(rendered.lines_about(output, f"[{name}]", ("fatal:", "failed:", "ok:"))) for name in cases}
    return {**told, "output": output}


@pytest.mark.parametrize(
    ("case", "reason"),
    {
        "evicts": "allkeys-lru. When its memory is full it evicts keys",
        "replica": "is a replica, which rejects writes",
        "wrong-password": "WRONGPASS",
        "no-password": "NOAUTH",
        "no-such-database": "DB index is out of range",
        "nobody": "127.0.0.1:1: [Errno 111] Connection refused",
        "tls-other-name": "certificate is not valid for 'other.example.com'",
        "tls-other-ca": "certificate verify failed",
        # The answer from Redis is sometimes lost when the connection closes.
        "tls-no-client": "tls-no-client cannot use Redis",
        "tls-not-wanted": "tls-not-wanted cannot use Redis",
        "no-master": "it knows no master nobody",
    }.items(),
)
def test_refused_with_the_reason(judged, case, reason):
    assert "fatal:" in judged[case] and "livekit_server_redis: " in judged[case], judged[case]
    assert reason in judged[case]


def test_livekit_sip_is_refused_a_redis_that_no_livekit_server_uses(judged):
    """livekit-sip would be healthy there, and no call would reach an agent."""
    told = judged["sip-without-a-server"]
    assert "fatal:" in told and "livekit_sip_redis: no livekit-server uses the Redis at 127.0.0.1:" in told, told


@pytest.mark.parametrize("case", ["sound", "user", "tls", "tls-by-name", "sip-beside-a-server"])
def test_accepted_without_a_word(judged, case):
    assert "fatal:" not in judged[case] and "Warning:" not in judged[case], judged[case]
    assert judged[case].count("ok:") == 3  # valid arguments, a valid connection, the answer from Redis


@pytest.mark.parametrize(
    ("case", "warning"),
    {
        "would-evict": "the policy of this Redis is volatile-ttl",
        "forgets": "this Redis has no append-only file",
        "no-info": "the user may not run INFO",
        "tls-insecure": "tls.insecure is true, so anyone between this host and Redis can impersonate Redis",
    }.items(),
)
def test_accepted_with_a_warning(judged, case, warning):
    assert "fatal:" not in judged[case], judged[case]
    assert f"Warning: livekit_server_redis: {warning}" in judged[case]


@pytest.fixture(scope="module")
def watched(folder, certificates):
    """A master, its replica and a Sentinel, all with TLS."""
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(Redis(folder, certificates))
        replica = stack.enter_context(Redis(folder, certificates, replicaof=f"127.0.0.1 {master.port}"))
        rules = [
            f"monitor line 127.0.0.1 {master.port} 1",
            f"auth-pass line {PASSWORD}",
            "down-after-milliseconds line 500",
            "failover-timeout line 3000",
        ]
        sentinel = stack.enter_context(Redis(folder, certificates, sentinel=rules))
        yield master, replica, sentinel


def places(case: rendered.Case, program: str, folder: Path) -> dict:
    """Return the rendered section `redis`, with paths of this machine in place of the container's."""
    beside = folder / f"{program}-files"
    beside.mkdir()
    for name, text in json.loads(case.files[f"{program}.json"]).items():
        (beside / name).write_text(text)
    section = case.config(program)["redis"]
    for key, value in section["tls"].items():
        if key.endswith("_file"):
            section["tls"][key] = str(beside / Path(value).name)
    return section


def test_a_line_through_sentinel_and_tls_outlives_its_master(folder, certificates, watched, tmp_path):
    master, replica, sentinel = watched
    connection = {
        "sentinel_master_name": "line",
        # The first Sentinel is down.
        "sentinel_addresses": ["127.0.0.1:1", sentinel.address],
        "sentinel_password": PASSWORD,
        "password": PASSWORD,
        "tls": certificates.section(),
    }
    assert ask(connection)["nodes"][0]["address"] == master.address
    case = rendered.render({"line": {"livekit_server_redis": connection}}, tmp_path, livekit_redis=())["line"]
    with (
        LiveKit(redis=places(case, "server", tmp_path)) as livekit,
        StandIn(livekit, {"redis": places(case, "sip", tmp_path)}) as sip,
    ):
        trunk = {"name": "line", "numbers": [NUMBER], "allowed_addresses": ["127.0.0.0/8"]}
        status, made = livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": trunk})
        assert status == 200, made
        individual = {"dispatch_rule_individual": {"room_prefix": "call"}}
        rule = {"name": "line", "trunk_ids": [made["sip_trunk_id"]], "rule": individual}
        assert livekit.twirp("SIP", "CreateSIPDispatchRule", {"dispatch_rule": rule})[0] == 200
        assert rings(sip) == ["100 Processing", "180 Ringing"]
        wait_for(lambda: replica_has_all(master, replica))

        master.kill()
        wait_for(lambda: node(replica.asked()).get("role") == "master")
        wait_for(lambda: node(ask(connection)).get("address") == replica.address)
        trunks = wait_for(lambda: listed(livekit))
        assert [one["name"] for one in trunks] == ["line"]
        wait_for(lambda: rings(sip) == ["100 Processing", "180 Ringing"])


def replica_has_all(master, replica):
    told = [node(redis.asked()) for redis in (master, replica)]
    return [one.get("role") for one in told] == ["master", "slave"] and told[1]["master_link_status"] == "up"


def node(told):
    """Return the node that answered, or {} while none does, as during a failover."""
    return told.get("nodes", [{}])[0]


def listed(livekit):
    status, answer = livekit.twirp("SIP", "ListSIPInboundTrunk")
    return answer["items"] if status == 200 else []


def rings(sip):
    with Caller(sip.port) as caller:
        caller.invite(NUMBER)
        answers = [answer.status for answer in caller.listen(120, lambda answers: len(answers) >= 2)]
        caller.cancel()
    return answers[:2]
