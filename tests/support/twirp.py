# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the livekit-server on the test host where this runs, with the role's key. Needs only Python.

twirp.py SERVICE RPC JSON    prints the answer's JSON
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.request
from pathlib import Path

KEY_FILE = "/etc/livekit/keys/automation.env"


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


service, rpc, body = sys.argv[1:]
key = dict(line.split("=", 1) for line in Path(KEY_FILE).read_text().splitlines() if "=" in line)
key = {name: value.strip("'\"") for name, value in key.items()}
video = {"roomList": True, "roomAdmin": True, "room": json.loads(body).get("room", "")}
claims = {"iss": key["LIVEKIT_API_KEY"], "exp": int(time.time()) + 60, "sip": {"admin": True}, "video": video}
unsigned = ".".join(part(json.dumps(item).encode()) for item in ({"alg": "HS256", "typ": "JWT"}, claims))
signature = part(hmac.new(key["LIVEKIT_API_SECRET"].encode(), unsigned.encode(), hashlib.sha256).digest())
request = urllib.request.Request(
    f"http://127.0.0.1:7880/twirp/livekit.{service}/{rpc}",
    data=body.encode(),
    headers={"Authorization": f"Bearer {unsigned}.{signature}", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=100) as answer:
    print(answer.read().decode())
