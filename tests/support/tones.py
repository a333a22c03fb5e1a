# SPDX-License-Identifier: GPL-3.0-or-later
"""Tones in RTP with G.711 mu-law, which a caller sends and hears."""

from __future__ import annotations

import functools
import math
import struct

RATE = 8000
FRAME = 160  # samples in 20 ms
HEADER = 12
GREETING = [440, 554, 659]  # what the demo agent plays
LOUD = 1000  # strength; a clean tone of amplitude 8000 has 4000


def rtp(number: int, hertz: int) -> bytes:
    """The packet with this number in a stream of one tone."""
    start = number * FRAME
    samples = (8000 * math.sin(2 * math.pi * hertz * (start + place) / RATE) for place in range(FRAME))
    header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, start & 0xFFFFFFFF, 0x5EED)
    return header + bytes(map(encode, samples))


def heard(packets: list[bytes], *more: int) -> list[int]:
    """The tones in a stream, in order, out of the greeting's tones and `more`. A tone lasts at least 0.1 s."""
    loudest = [loudest_of(packet[HEADER:], [*GREETING, *more]) for packet in packets]
    runs: list[list[int]] = []
    for hertz in filter(None, loudest):
        if runs and runs[-1][0] == hertz:
            runs[-1].append(hertz)
        else:
            runs.append([hertz])
    order = [run[0] for run in runs if len(run) >= 5]
    return [hertz for place, hertz in enumerate(order) if place == 0 or order[place - 1] != hertz]


def loudest_of(payload: bytes, candidates: list[int]) -> int:
    samples = [decode(byte) for byte in payload]
    power = {hertz: strength(samples, hertz) for hertz in candidates}
    best = max(power, key=power.get)
    return best if power[best] > LOUD else 0


def strength(samples: list[int], hertz: int) -> float:
    step = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(step * place) for place, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(step * place) for place, sample in enumerate(samples))
    return math.hypot(real, imaginary) / len(samples)


def encode(sample: float) -> int:
    magnitude, sign = min(int(abs(sample)), 32635) + 132, 0x80 if sample < 0 else 0
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


@functools.cache
def decode(byte: int) -> int:
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -magnitude if byte & 0x80 else magnitude
