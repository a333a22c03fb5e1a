# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep calls up while livekit-sip drains, and report which requests are still answered.

drained.py SOURCE TARGET NUMBER

prints "up" when two calls are up, one over UDP and one over TCP, and talks. As soon as the file /tmp/held exists, it
sends requests inside and outside the calls, hangs up, and prints the answers and the time at which it ended as JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support.caller import Caller
from tests.support.phone import talk

HELD = Path("/tmp/held")


def statuses(caller: Caller, seconds: float = 3, enough=lambda answers: False) -> list[str]:
    try:
        return [answer.status for answer in caller.listen(seconds, enough)]
    except ConnectionResetError:
        return ["reset"]


def flow(caller: Caller) -> Caller:
    """Exchange a request and its answer on this socket, so that the firewall knows the connection."""
    caller.send("OPTIONS", f"sip:{caller.target}", f"<sip:x@{caller.source}>", f"<sip:{caller.target}>")
    assert statuses(caller, 60, bool) == ["200 OK"]
    return caller


def main(source: str, target: str, number: str) -> None:
    HELD.unlink(missing_ok=True)
    with ExitStack() as open_sockets:

        def caller(transport: str) -> Caller:
            return open_sockets.enter_context(Caller(5060, transport, source, target))

        calls = {transport: caller(transport) for transport in ("udp", "tcp")}
        for call in calls.values():
            call.invite(number)
            assert statuses(call, 120, lambda _unused, call=call: bool(call.answer))[-1] == "200 OK"
        flows = {transport: flow(caller(transport)) for transport in ("udp", "tcp")}
        print("up", flush=True)
        while not HELD.exists():
            for call in calls.values():
                talk(call, 0.2)

        said: dict = {"new": {}, "known": {}, "inside": {}, "bye": {}}
        for transport, call in calls.items():
            call.reinvite()
            said["inside"][transport] = statuses(call, 60, bool)
        for transport, known in flows.items():
            known.invite(number)
            said["known"][transport] = statuses(known)
            new = caller(transport)
            new.invite(number)
            said["new"][transport] = statuses(new)
        # The provider's connection may have been reset. A provider would then open another one.
        calls["tcp"].socket.close()
        calls["tcp"].socket = socket.create_connection((target, 5060), source_address=(source, 0))
        for transport, call in calls.items():
            call.bye()
            said["bye"][transport] = statuses(call, 60, bool)
        print(json.dumps({**said, "ended": time.time()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
