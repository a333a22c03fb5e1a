# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer in place of LiveKit, over IPv4 and IPv6: 180 on the SIP port, an echo on the first and last RTP ports."""

import asyncio
import re

SIP, RTP, TCP, UDP = 5060, (10000, 10100), (6379, 7880, 7881, 8085), (7882,)
COPIED = re.compile(r"^(?:Via|From|To|Call-ID|CSeq):.*$", re.MULTILINE | re.IGNORECASE)


def answer(request):
    """Return 180 for an INVITE and 200 for any other request, with the headers that sipp needs."""
    method = request.split(" ", 1)[0]
    status = "180 Ringing" if method == "INVITE" else "200 OK"
    lines = [f"SIP/2.0 {status}", *(line.strip() for line in COPIED.findall(request)), "Content-Length: 0", "", ""]
    return "\r\n".join(lines)


class Phone(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        if not data.startswith(b"ACK"):
            self.transport.sendto(answer(data.decode(errors="replace")).encode(), addr)


class Echo(Phone):
    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def line(reader, writer):
    while request := await reader.read(65535):
        writer.write(answer(request.decode(errors="replace")).encode())
    writer.close()


async def main():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Phone, ("::", SIP))
    for port in (*RTP, *UDP):
        await loop.create_datagram_endpoint(Echo, ("::", port))
    for port in (SIP, *TCP):
        await asyncio.start_server(line, None, port)
    await asyncio.Event().wait()


asyncio.run(main())
