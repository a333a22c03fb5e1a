# SPDX-License-Identifier: GPL-3.0-or-later
"""A caller that writes its own SIP messages, so that a test sees every answer unchanged, and the RTP packets."""

from __future__ import annotations

import hashlib
import re
import secrets
import select
import socket
import time
from dataclasses import dataclass, field

SDP = {
    "SDP, RTP/AVP, PCMU PCMA telephone-event": ("RTP/AVP 0 8 101", ["rtpmap:101 telephone-event/8000"]),
    "SDP, RTP/AVP, opus only": ("RTP/AVP 96", ["rtpmap:96 opus/48000/2"]),
    "SDP, RTP/SAVP, PCMU PCMA telephone-event, one a=crypto line": (
        "RTP/SAVP 0 8 101",
        ["rtpmap:101 telephone-event/8000", "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + 40 * "A"],
    ),
}
DEFAULT_OFFER = "SDP, RTP/AVP, PCMU PCMA telephone-event"


@dataclass
class Answer:
    seconds: float  # since the request
    status: str  # such as "180 Ringing"; empty for a request from the other side
    method: str  # of the answered request, or of this request from the other side
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class Caller:
    """One call, or one request outside a call, from its own socket."""

    def __init__(self, port: int, transport: str = "udp", source: str = "127.0.0.1", target: str | None = None) -> None:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, kind)
        self.socket.bind((source, 0))
        self.socket.connect((target or source, port))
        self.target = target or (f"[{source}]" if ":" in source else source)
        self.transport, self.source = transport, f"[{source}]" if ":" in source else source
        self.media_source = "127.0.0.1" if ":" in source else source
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((self.media_source, 0))
        self.rtp.setblocking(False)
        self.answer: Answer | None = None  # the 200, while the call is up
        self.call_id, self.tag = secrets.token_hex(8), secrets.token_hex(4)
        self.cseq, self.last, self.buffer = 0, {}, b""
        self.sent = 0.0  # time of the last request
        self.said = 0  # number of RTP packets

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_unused) -> None:
        self.socket.close()
        self.rtp.close()

    def send(
        self, method: str, uri: str, caller: str, called: str, body: str = "none", headers: dict | None = None
    ) -> None:
        self.cseq += 1
        self.last = {
            "uri": uri,
            "from": f"{caller};tag={self.tag}",
            "to": called,
            "branch": "z9hG4bK" + secrets.token_hex(8),
        }
        self.last["bytes"] = self._write(method, body=body, headers=headers or {})

    def invite(self, number: str, caller: str = "+12025550150", from_host: str = "") -> None:
        uri = f"sip:{number}@{self.target}"
        self.send("INVITE", uri, f"<sip:{caller}@{from_host or self.source}>", f"<{uri}>", DEFAULT_OFFER)

    def send_again(self) -> None:
        """Send the same bytes again."""
        self.sent = time.monotonic()
        self.socket.sendall(self.last["bytes"])

    def cancel(self) -> None:
        self._write("CANCEL")

    def reinvite(self) -> None:
        self._in_call("INVITE", body=DEFAULT_OFFER)

    def bye(self) -> None:
        self._in_call("BYE")
        self.answer = None

    def _in_call(self, method: str, cseq: int = 0, body: str = "none") -> None:
        """Send a request inside the call; an ACK has the CSeq number of its INVITE."""
        self.cseq = cseq or self.cseq + 1
        target = re.match(r"<(.*)>", self.answer.headers["Contact"])[1]
        self.last = {**self.last, "uri": target, "branch": "z9hG4bK" + secrets.token_hex(8)}
        self._write(method, to=self.answer.headers["To"], body=body)

    def audio(self) -> list[bytes]:
        """The RTP packets that have arrived since this method was last called."""
        packets = []
        while True:
            try:
                packets.append(self.rtp.recv(2048))
            except BlockingIOError:
                return packets

    def _write(self, method: str, to: str = "", body: str = "none", headers: dict | None = None) -> bytes:
        last, content, kind = self.last, "", ""
        if body in SDP:
            formats, attributes = SDP[body]
            lines = ["v=0", f"o=- 1 1 IN IP4 {self.media_source}", "s=-", f"c=IN IP4 {self.media_source}", "t=0 0"]
            lines += [
                f"m=audio {self.rtp.getsockname()[1]} {formats}",
                *(f"a={attribute}" for attribute in attributes),
                "",
            ]
            content, kind = "\r\n".join(lines), "application/sdp"
        elif body == "text/plain":
            content, kind = "hello", "text/plain"
        here = f"{self.source}:{self.socket.getsockname()[1]}"
        lines = [
            f"{method} {last['uri']} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {here};branch={last['branch']}",
            "Max-Forwards: 70",
            f"From: {last['from']}",
            f"To: {to or last['to']}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} {method}",
            f"Contact: <sip:caller@{here};transport={self.transport}>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
            *([f"Content-Type: {kind}"] if kind else []),
            f"Content-Length: {len(content)}",
        ]
        data = ("\r\n".join(lines) + "\r\n\r\n" + content).encode()
        if method != "ACK":
            self.sent = time.monotonic()
        self.socket.sendall(data)
        return data

    def listen(self, seconds: float, enough=lambda answers: False) -> list[Answer]:
        """Return all answers within that time, or only those until `enough(answers)` is true.

        Like any SIP client, a caller acknowledges a final response to an INVITE, and answers requests from the peer.
        """
        start, answers = time.monotonic(), []
        while (left := start + seconds - time.monotonic()) > 0 and not enough(answers):
            if not select.select([self.socket], [], [], left)[0]:
                break
            try:
                self.buffer += self.socket.recv(65536)
            except ConnectionRefusedError:
                continue  # the UDP port is closed
            for text, body in self._messages():
                answer = self._parse(text)
                answer.seconds, answer.body = time.monotonic() - self.sent, body
                answers.append(answer)
                self._react(answer)
        return answers

    def _react(self, answer: Answer) -> None:
        if not answer.status:
            copied = [f"{name}: {answer.headers[name]}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
            reply = ["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""]
            self.socket.sendall("\r\n".join(reply).encode())
            self.answer = None
        elif answer.method == "INVITE" and answer.status >= "3":
            self._write("ACK", to=answer.headers["To"])
        elif answer.method == "INVITE" and answer.status >= "2":
            self.answer = answer
            self._in_call("ACK", self.cseq)

    def _messages(self):
        """Yield the complete messages of a stream that may end in a partial one."""
        while b"\r\n\r\n" in self.buffer:
            head, _unused, rest = self.buffer.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?im)^content-length: *(\d+)", head)[1])
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            yield head.decode(), rest[:length].decode()

    def _parse(self, text: str) -> Answer:
        first, *lines = text.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        assert headers["Call-ID"] == self.call_id, text
        method = headers["CSeq"].split()[1]
        if not first.startswith("SIP/2.0 "):
            assert headers["To"] == self.last["from"], text
            assert headers["From"] == self.answer.headers["To"], text
            return Answer(0, "", method, headers)
        assert headers["From"] == self.last["from"], text
        assert self.last["branch"] in headers["Via"], text
        number, _unused, reason = first.removeprefix("SIP/2.0 ").partition(" ")
        return Answer(0, f"{number} {reason}".strip(), method, headers)


def digest(challenge: str, uri: str, username: str, password: str) -> str:
    """The value of Proxy-Authorization that answers a challenge."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge)[1] for name in ("realm", "nonce"))
    response = md5(f"{md5(f'{username}:{realm}:{password}')}:{nonce}:{md5(f'INVITE:{uri}')}")
    return (
        f'Digest username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'algorithm=MD5, response="{response}"'
    )
