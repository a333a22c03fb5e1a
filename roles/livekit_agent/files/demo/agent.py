# SPDX-License-Identifier: GPL-3.0-or-later
"""A demo agent based on livekit-agents: it answers, plays three tones, and then echoes the caller.

It needs no account with an AI provider. Its server and its name come from LIVEKIT_URL, LIVEKIT_API_KEY,
LIVEKIT_API_SECRET and LIVEKIT_AGENT_NAME.
"""

import array
import asyncio
import math
import os

from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobExecutorType, cli

RATE = 24000
FRAME = RATE // 50  # 20 ms
GREETING = [(440, 1.0), (554, 0.5), (659, 0.5)]  # hertz, seconds
# Measured on two cores that were busy with other work: with three calls per core, some calls lost their first tones,
# and of twenty simultaneous calls only seven were answered, and those minutes late. A call takes 30 MB.
CALLS_PER_CORE, MEGABYTES_PER_CALL = 2, 50
CORES = len(os.sched_getaffinity(0))
MEGABYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
MOST_CALLS = max(1, min(CORES * CALLS_PER_CORE, MEGABYTES // MEGABYTES_PER_CALL))
SECONDS_UNTIL_THE_CALLER_IS_THERE = 10

# The first use of rtc starts its native library, and nothing prevents two threads from starting it twice (livekit
# 1.1.21, _ffi_client.py). One of two simultaneous first calls would then never join its room, and the library would end
# this process.
rtc.AudioResampler(RATE, RATE)

server = AgentServer(
    # All calls run in one process, because an echo is little work. By default, livekit-agents starts one for each call.
    job_executor_type=JobExecutorType.THREAD,
    # With fewer idle processes, calls that arrive at the same moment as the first would be rejected and keep ringing.
    num_idle_processes=MOST_CALLS,
    # The load is the number of calls, because other programs use this host's processors as well.
    load_fnc=lambda worker: len(worker.active_jobs) / MOST_CALLS,
    load_threshold=0.99,
    port=int(os.environ.get("HEALTH_PORT", "8081")),
)


@server.rtc_session(agent_name=os.environ.get("LIVEKIT_AGENT_NAME", "voice-agent"))
async def take_call(job: JobContext) -> None:
    """The job ends with the call, not with the room, which exists longer, because the next call needs the capacity."""
    over = asyncio.Event()
    for event in ("participant_disconnected", "disconnected"):
        job.room.on(event, lambda _unused: over.set())
    call = asyncio.create_task(converse(job))
    await asyncio.wait({call, asyncio.create_task(over.wait())}, return_when=asyncio.FIRST_COMPLETED)
    call.cancel()
    job.shutdown()


async def converse(job: JobContext) -> None:
    await job.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    # A caller who hung up before the agent joined never joins.
    caller = await asyncio.wait_for(job.wait_for_participant(), SECONDS_UNTIL_THE_CALLER_IS_THERE)
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    # livekit-sip answers the call only when there is an audio track, so the beginning of the first tone may be lost.
    await job.room.local_participant.publish_track(
        track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    )
    await greet(source)
    await echo(caller, source)


async def greet(source: rtc.AudioSource) -> None:
    for hertz, seconds in GREETING:
        for start in range(0, int(seconds * RATE), FRAME):
            samples = array.array(
                "h", (int(8000 * math.sin(2 * math.pi * hertz * (start + i) / RATE)) for i in range(FRAME))
            )
            await source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, FRAME))


async def echo(caller: rtc.RemoteParticipant, source: rtc.AudioSource) -> None:
    voice = rtc.AudioStream.from_participant(
        participant=caller, track_source=rtc.TrackSource.SOURCE_MICROPHONE, sample_rate=RATE, num_channels=1
    )
    async for event in voice:
        await source.capture_frame(event.frame)


if __name__ == "__main__":
    cli.run_app(server)
