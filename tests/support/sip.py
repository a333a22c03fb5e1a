# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls and probes from the caller, a test host with sipp. /support is this folder, mounted there."""

from __future__ import annotations

import json
import re
import secrets
import shlex

MESSAGE = re.compile(r"^(?:UDP|TCP) message (sent|received) .*?\n\n(.*?)(?=^-{20,}|\Z)", re.MULTILINE | re.DOTALL)


def call(caller, source, target, number, *, transport="udp", from_host=None, seconds=3):
    """Ring `number` at `target` and hang up.

    Returns the answers to the INVITE in order, such as ["100 Processing", "180 Ringing"], without those
    that came after the CANCEL.
    """
    trace = f"/tmp/sipp-{transport}-{source}-{target}.log"
    sipp = caller.run(
        f"rm -f {trace}; timeout {seconds + 10} sipp {target}:5060 -sf /support/invite.xml -m 1 -nostdin"
        f" -t {transport[0]}1 -i {source} -s '{number}' -key from_host {from_host or source} -d {seconds * 1000}"
        f" -default_behaviors all,-abortunexp -trace_msg -message_file {trace} > /dev/null 2>&1"
    )
    messages = MESSAGE.findall(caller.check_output(f"cat {trace}"))
    sent = [text for direction, text in messages if direction == "sent"]
    assert sipp.rc == 0 and sent and sent[0].startswith("INVITE "), f"sipp placed no call: {sipp}\n{messages}"
    answers = []
    for direction, text in messages:
        if text.startswith("CANCEL "):
            break
        if direction == "received" and "CSeq: 1 INVITE" in text:
            answers.append(text.splitlines()[0].removeprefix("SIP/2.0 "))
    return answers


def tcp(caller, source, target, ports):
    """What a TCP connection from `source` meets at each port: "open", "refused" or "silent"."""
    output = caller.check_output(
        f"timeout 60 python3 /support/probe.py tcp {source} {target} {' '.join(map(str, ports))}"
    )
    return {int(port): state for port, state in json.loads(output).items()}


def udp(caller, source, target, port, text="hello"):
    """Send one datagram; a list of what comes back in a second. A closed port says "refused"."""
    return json.loads(
        caller.check_output(f"timeout 60 python3 /support/probe.py udp {source} {target} {port} {shlex.quote(text)}")
    )


def invite(host, source, target, number, from_host=None):
    """As call(), from a host without sipp: over UDP, heard for a second, never cancelled."""
    call = secrets.token_hex(8)
    offer = ["v=0", f"o=- 1 1 IN IP4 {source}", "s=-", f"c=IN IP4 {source}", "t=0 0", "m=audio 20000 RTP/AVP 0", ""]
    body = "\r\n".join(offer)
    head = [
        f"INVITE sip:{number}@{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {source};rport;branch=z9hG4bK{call}",
        f"From: <sip:+12025550150@{from_host or source}>;tag={call}",
        f"To: <sip:{number}@{target}>",
        f"Call-ID: {call}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:+12025550150@{source}>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
        "",
    ]
    heard = udp(host, source, target, 5060, "\r\n".join([*head, body]))
    return [answer.splitlines()[0].removeprefix("SIP/2.0 ") for answer in heard]


def datagrams_heard(host, port, send):
    """Listen on a UDP port of `host`, call `send`, and return the sources of what arrived."""
    host.check_output(f"rm -f /tmp/heard; (timeout 20 python3 /support/probe.py listen {port} > /tmp/heard 2>&1 &)")
    wait = "for i in $(seq 100); do grep -q {} /tmp/heard && break; sleep 0.1; done; cat /tmp/heard"
    assert host.check_output(wait.format("ready")) == "ready"
    send()
    ready, *heard, done = host.check_output(wait.format("done")).splitlines()
    assert (ready, done) == ("ready", "done")
    return heard
