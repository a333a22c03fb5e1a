# SPDX-License-Identifier: GPL-3.0-or-later
"""A demo agent on livekit-agents: it answers, plays three tones, and then the caller hears their own voice.

It needs no account with anybody. Where it connects, and its name, come from LIVEKIT_URL, LIVEKIT_API_KEY,
LIVEKIT_API_SECRET and LIVEKIT_AGENT_NAME.
"""

import array
import math
import os

from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobExecutorType, cli

RATE = 24000
FRAME = RATE // 50  # 20 ms
GREETING = [(440, 1.0), (554, 0.5), (659, 0.5)]  # hertz, seconds
MOST_CALLS = 20

server = AgentServer(
    # All calls in one process: an echo is little work. livekit-agents would start a process for each.
    job_executor_type=JobExecutorType.THREAD,
    # With one, a call that comes in the same moment as the first would be refused and ring on.
    num_idle_processes=4,
    # Full is counted in calls, since other programs use this host's processors as well.
    load_fnc=lambda worker: len(worker.active_jobs) / MOST_CALLS,
    load_threshold=0.99,
    port=int(os.environ.get("HEALTH_PORT", "8081")),
)


@server.rtc_session(agent_name=os.environ.get("LIVEKIT_AGENT_NAME", "voice-agent"))
async def take_call(job: JobContext) -> None:
    await job.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    # livekit-sip answers the call once there is an audio track, and not before: the first tone may lose its beginning.
    await job.room.local_participant.publish_track(
        track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    )
    caller = await job.wait_for_participant()
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
    """Until the caller is gone; then livekit-agents ends the job with the room."""
    voice = rtc.AudioStream.from_participant(
        participant=caller, track_source=rtc.TrackSource.SOURCE_MICROPHONE, sample_rate=RATE, num_channels=1
    )
    async for event in voice:
        await source.capture_frame(event.frame)


if __name__ == "__main__":
    cli.run_app(server)
