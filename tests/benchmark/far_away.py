# SPDX-License-Identifier: GPL-3.0-or-later
"""A livekit-server that seems far away: a relay on loopback delays all data."""

from __future__ import annotations

import asyncio
import threading

from tests.support.livekit import HOST, LiveKit


class FarAway:
    """`latency` is the round-trip time in seconds."""

    def __init__(self, livekit: LiveKit, latency: float) -> None:
        self.port = livekit.port
        self.delay = latency / 2
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> FarAway:
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._relay, HOST, 0), self.loop).result()
        self.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_unused) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _relay(self, reader, writer) -> None:
        there, away = await asyncio.open_connection(HOST, self.port)
        await asyncio.gather(self._pass(reader, away), self._pass(there, writer), return_exceptions=True)

    async def _pass(self, reader, writer) -> None:
        while data := await reader.read(1 << 16):
            await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        writer.close()
