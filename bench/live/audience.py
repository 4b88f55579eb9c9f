"""`python -m bench.live.audience PORT STREAMS JOB …`: a process that listens, at as little cost as it can.

Says `ready` when every stream has its first message. When told `stop` it prints the delay of every event: seconds
from its time in the database to its arrival here, by the clock of this machine.
"""

import asyncio
import gc
import json
import re
import sys
import time
from datetime import datetime

AT = re.compile(rb'"at":"([^"]+)"')
DIALS = 50
"""Connections that are opened at once."""


class Listener(asyncio.Protocol):
    """One stream."""

    def __init__(self, job: str, arrivals: list[tuple[float, bytes]]) -> None:
        self._job = job
        self._arrivals = arrivals
        self._rest = b""
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET /api/v1/jobs/{self._job}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.time()
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not self.begun.done() and b"event: job" in whole:
            self.begun.set_result(None)
        for at in AT.findall(whole):
            self._arrivals.append((now, at))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(ConnectionError(f"a stream of {self._job} did not begin: {exc}"))


async def listen(port: int, streams: int, jobs: list[str]) -> list[float]:
    arrivals: list[tuple[float, bytes]] = []
    dials = asyncio.Semaphore(DIALS)
    loop = asyncio.get_running_loop()

    async def dial(number: int) -> None:
        async with dials:
            job = jobs[number % len(jobs)]
            _, listener = await loop.create_connection(lambda: Listener(job, arrivals), "127.0.0.1", port)
            await listener.begun

    await asyncio.gather(*map(dial, range(streams)))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    return [now - datetime.fromisoformat(at.decode()).timestamp() for now, at in arrivals]


if __name__ == "__main__":
    gc.disable()  # what arrives is only gathered
    print(json.dumps(asyncio.run(listen(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))), flush=True)
