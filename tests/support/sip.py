# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls and probes from the caller, a test host with sipp that mounts this folder at /tests/support."""

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
    options = f"-key from_host {from_host or source} -default_behaviors all,-abortunexp"
    ran, messages = sipp(caller, "invite", source, target, number, transport, seconds, seconds + 10, options)
    assert ran.rc == 0, f"sipp placed no call: {ran}\n{messages}"
    return answers(messages, "CANCEL")


def answered(caller, source, target, number, *, transport="udp", seconds=3):
    """Like call(), but the call must be answered. sipp echoes the audio, and then hangs up."""
    ran, messages = sipp(caller, "answered", source, target, number, transport, seconds, seconds + 40, "-rtp_echo")
    assert ran.rc == 0, f"the call was not answered, or did not end: {ran}\n{messages}"
    return answers(messages, "ACK")


def sipp(caller, scenario, source, target, number, transport, seconds, longest, options):
    """Run sipp, and return its result and all messages with their direction."""
    trace = f"/tmp/sipp-{scenario}-{transport}-{source}-{target}.log"
    ran = caller.run(
        f"rm -f {trace}; timeout {longest} sipp {target}:5060 -sf /tests/support/{scenario}.xml -m 1 -nostdin"
        f" -t {transport[0]}1 -i {source} -mi {source} -s '{number}' -d {seconds * 1000} {options}"
        f" -trace_msg -message_file {trace} > /dev/null 2>&1"
    )
    messages = MESSAGE.findall(caller.check_output(f"cat {trace}"))
    sent = [text for direction, text in messages if direction == "sent"]
    assert sent and sent[0].startswith("INVITE "), f"sipp placed no call: {ran}\n{messages}"
    return ran, messages


def answers(messages, until):
    """The answers to the INVITE before the first request with the method `until`."""
    found = []
    for direction, text in messages:
        if text.startswith(f"{until} "):
            break
        if direction == "received" and "CSeq: 1 INVITE" in text:
            found.append(text.splitlines()[0].removeprefix("SIP/2.0 "))
    return found


def talk(caller, source, target, number, *, from_host=None, patience=40):
    """Place a call with audio (phone.py), and return the answers and the tones that the caller hears."""
    arguments = f"{source} {target} '{number}' {patience} {from_host or source}"
    return json.loads(caller.check_output(f"timeout 300 python3 /tests/support/phone.py {arguments}"))


def tcp(caller, source, target, ports):
    """The result of a TCP connection from `source` to each port: "open", "refused" or "silent"."""
    output = probe(caller, f"tcp {source} {target} {' '.join(map(str, ports))}")
    return {int(port): state for port, state in json.loads(output).items()}


def udp(caller, source, target, port, text="hello", until=""):
    """Send one datagram, and return the answers within two seconds, or within up to six until one begins with `until`.

    A closed port adds "refused".
    """
    return json.loads(probe(caller, f"udp {source} {target} {port} {shlex.quote(text)} {shlex.quote(until)}"))


def probe(host, arguments):
    return host.check_output(f"timeout 300 python3 /tests/support/probe.py {arguments}")


def invite(host, source, target, number, from_host=None):
    """Like call(), from a host without sipp: over UDP, until the call rings, without a CANCEL."""
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
    heard = udp(host, source, target, 5060, "\r\n".join([*head, body]), until="SIP/2.0 180")
    return [answer.splitlines()[0].removeprefix("SIP/2.0 ") for answer in heard]


def datagrams_heard(host, port, send):
    """Listen on a UDP port of `host`, call `send`, and return the sources of what arrived."""
    host.check_output(
        f"rm -f /tmp/heard; (timeout 300 python3 /tests/support/probe.py listen {port} > /tmp/heard 2>&1 &)"
    )
    wait = "for i in $(seq 1000); do grep -q {} /tmp/heard && break; sleep 0.1; done; cat /tmp/heard"
    assert host.check_output(wait.format("ready")) == "ready"
    send()
    ready, *heard, done = host.check_output(wait.format("done")).splitlines()
    assert (ready, done) == ("ready", "done")
    return heard
