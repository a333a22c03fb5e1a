# SPDX-License-Identifier: GPL-3.0-or-later
"""Place a call with audio, using only Python: a test process calls `talk`, a test host runs this file.

phone.py SOURCE TARGET NUMBER PATIENCE FROM_HOST

prints {"answers": [...], "heard": [hertz, ...], "hung_up": "200 OK"}
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support import tones
from tests.support.caller import Caller

VOICE = 1000


def talk(caller: Caller, seconds: float, voice: int = VOICE, tones_wanted: int = 0) -> list[bytes]:
    """Send a tone for that many seconds, packet by packet, and return the packets that arrive.

    On a busy machine, it continues until it has heard `tones_wanted` tones, or for a minute.
    """
    port = int(re.search(r"^m=audio (\d+)", caller.answer.body, re.MULTILINE)[1])
    target = (re.search(r"^c=IN IP4 (\S+)", caller.answer.body, re.MULTILINE)[1], port)
    packets: list[bytes] = []
    start = time.monotonic()
    for number in range(60 * 50):
        looks = number >= seconds * 50 and (not tones_wanted or number % 50 == 0)
        if looks and len(tones.heard(packets, voice)) >= tones_wanted:
            break
        time.sleep(max(start + number / 50 - time.monotonic(), 0))
        caller.rtp.sendto(tones.rtp(number, voice), target)
        caller.said += 1
        packets += caller.audio()
    return packets


def place(
    source: str,
    target: str,
    number: str,
    patience: float = 40,
    from_host: str = "",
    port: int = 5060,
    tones_wanted: int = len(tones.GREETING) + 1,
) -> dict:
    """Call, talk until `tones_wanted` tones were heard, by default the greeting and the echo, and hang up.

    Give up if the call is not answered within `patience` seconds.
    """
    with Caller(port, source=source, target=target) as caller:
        caller.invite(number, from_host=from_host)
        said = caller.listen(patience, lambda answers: bool(answers) and answers[-1].status >= "2")
        result = {"answers": [answer.status for answer in said], "heard": [], "hung_up": ""}
        if not caller.answer:
            caller.cancel()
            return result
        result["heard"] = tones.heard(talk(caller, 4, VOICE, tones_wanted), VOICE)
        caller.bye()
        result["hung_up"] = "".join(answer.status for answer in caller.listen(60, bool))
        return result


if __name__ == "__main__":
    source, target, number, patience, from_host = sys.argv[1:]
    print(json.dumps(place(source, target, number, float(patience), from_host)))
