# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe another host from the caller and print one JSON object.

probe.py look HOST SOURCE...       {source: ports that answer}, such as ["tcp 5060", "udp 5060"], all probed at once
probe.py flood HOST SOURCE COUNT   number of answers to COUNT simultaneous requests, by kind, and the elapsed seconds
"""

import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

WAIT = 1.5  # seconds for an answer that may not come
ANSWER = 120  # seconds for an answer that does come, but late on a busy machine
SILENCE = 10  # seconds after the last answer that does come
TCP = (5060, 6379, 7880, 7881, 8085)
UDP = (5060, 7882, 10000, 10100)


def request(method, number=0):
    lines = [
        f"{method} sip:+12025550100@livekit SIP/2.0",
        f"Via: SIP/2.0/UDP livekit;branch=z9hG4bK{method}{number}",
        "From: <sip:+12025550150@livekit>;tag=1",
        "To: <sip:+12025550100@livekit>",
        f"Call-ID: {method}{number}",
        f"CSeq: 1 {method}",
    ]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


def probe(kind, host, source):
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    made.settimeout(WAIT)
    made.bind((source, 0))
    return made


def udp(host, source, port, *datagrams, wait=WAIT):
    """Return how many of the datagrams are answered."""
    with probe(socket.SOCK_DGRAM, host, source) as made:
        made.settimeout(wait)
        made.connect((host, port))
        for datagram in datagrams:
            made.send(datagram)
        answers, end = 0, time.monotonic() + wait
        while answers < len(datagrams) and time.monotonic() < end:
            try:
                made.recv(65535)
            except OSError:
                break
            answers += 1
        return answers


def tcp(host, source, port):
    with probe(socket.SOCK_STREAM, host, source) as made:
        try:
            made.connect((host, port))
        except OSError:
            return 0
        return 1


def look(host, *sources):
    with ThreadPoolExecutor(64) as pool:
        asked = {
            **{(source, f"tcp {port}"): pool.submit(tcp, host, source, port) for source in sources for port in TCP},
            **{
                (source, f"udp {port}"): pool.submit(udp, host, source, port, request("INVITE"))
                for source in sources
                for port in UDP
            },
        }
    return {
        source: sorted(what for who, what in asked if who == source and asked[who, what].result()) for source in sources
    }


def flood(host, source, count):
    numbers, began = range(int(count)), time.monotonic()
    with ThreadPoolExecutor(200) as pool:
        calls = pool.submit(udp, host, source, 5060, *(request("INVITE", number) for number in numbers), wait=SILENCE)
        others = pool.submit(udp, host, source, 5060, *(request("BYE", number) for number in numbers), wait=ANSWER)
        connections = [pool.submit(tcp, host, source, 5060) for _unused in numbers]
        connected = sum(one.result() for one in connections)
        seconds = time.monotonic() - began  # including the retries of a dropped SYN
        return {"connections": connected, "calls": calls.result(), "others": others.result(), "seconds": seconds}


action, *arguments = sys.argv[1:]
print(json.dumps({"look": look, "flood": flood}[action](*arguments)))
