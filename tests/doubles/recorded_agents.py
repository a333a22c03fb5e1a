# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the two workers of livekit-sip's recording in one process: `voice-agent`, here the demo agent, and
`silent-agent`, which joins and publishes nothing. This needs the packages of tests/images/agent.py."""

import asyncio
import logging

import agent
from livekit.agents import AgentServer, JobContext, JobExecutorType

silent = AgentServer(
    job_executor_type=JobExecutorType.THREAD,
    num_idle_processes=1,
    load_fnc=lambda worker: 0.0,
    host="127.0.0.1",
    port=0,
)


@silent.rtc_session(agent_name="silent-agent")
async def join(job: JobContext) -> None:
    await job.connect()


async def both() -> None:
    await asyncio.gather(agent.server.run(), silent.run())


logging.basicConfig(level=logging.INFO)
asyncio.run(both())
