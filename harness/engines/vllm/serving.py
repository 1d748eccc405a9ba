"""Keeps a server up for later runs: ``evaluate serve``."""

import asyncio

from harness.engines.vllm.launch import Launch
from harness.engines.vllm.registry import published, running
from harness.engines.vllm.server import Say, Server
from harness.errors import EngineDownError, UsageError

LOOK_SECONDS = 1.0


async def keep_up(launch: Launch, say: Say, say_up: Say) -> int:
    """Starts a server, makes it known, and waits until it ends or the task is cancelled; then it is stopped.

    ``say_up`` is told its address once it is up.

    Raises:
        UsageError: one runs already for these settings.
        ServerError: it did not start.
        EngineDownError: it ended by itself.
    """
    if address := await asyncio.to_thread(running, launch):
        raise UsageError(f"a server for these settings runs already at {address.url}", "runs find it by themselves")
    server = Server(launch, say)
    address = await server.start()
    try:
        with published(launch, address):
            say(f"{launch.name} is served at {address.url}; runs with the same settings find it. Ctrl-C stops it")
            say_up(address.url)
            while server.alive():
                await asyncio.sleep(LOOK_SECONDS)
        raise EngineDownError("the server ended by itself", f"its log: {server.log}")
    finally:
        await server.stop()
