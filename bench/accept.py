"""`python -m bench.accept`: uploads of 5 MB, fifty at once, and a status call every 50 ms meanwhile; writes accept.md.

The service is a real `tolva up` on its embedded PostgreSQL; its workers load the files that were sent before while
the next ones arrive. The client is this process, which writes ready-made bytes to sockets, so that little of what is
measured is its own.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.jobs import machine

PAGE = Path(__file__).with_name("accept.md")
AT_ONCE = 50
SIZE = 5 * 1024**2
WAVES = 4
EVERY = 0.05
"""Seconds between two status calls."""
BOUNDARY = "boundary-of-the-bench"
URL = re.compile(r"http://127\.0\.0\.1:(\d+)")


@dataclass
class Times:
    """Seconds of each call."""

    upload: list[float] = field(default_factory=list[float])
    status: list[float] = field(default_factory=list[float])


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory(prefix="tolva-bench-") as folder, service(Path(folder)) as port:
        times = asyncio.run(measured(port))
    figures = {name: percentiles(values) for name, values in vars(times).items()}
    PAGE.write_text(page(figures))
    PAGE.with_suffix(".json").write_text(json.dumps(vars(times), indent=1) + "\n")
    print(PAGE.read_text())


@contextlib.contextmanager
def service(folder: Path) -> Iterator[int]:
    """A running `tolva up`; yields its port."""
    folder.chmod(0o755)
    env = {**os.environ, "TOLVA_DATA_DIR": str(folder / "data"), "LOG_LEVEL": "ERROR"}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "tolva", "up", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as up:
        try:
            assert up.stdout is not None, "it is a pipe"
            found = next(filter(None, map(URL.search, up.stdout)))
            yield int(found[1])
        finally:
            up.send_signal(signal.SIGTERM)


async def measured(port: int) -> Times:
    """Waves of uploads, each sent when the one before has been answered."""
    times, done = Times(), threading.Event()
    bodies = [body(number, SIZE) for number in range(AT_ONCE)]
    known = await upload(port, body(AT_ONCE, 1000), Times())
    polling = threading.Thread(target=poll, args=(port, known, times, done))
    polling.start()
    for _ in range(WAVES):
        await asyncio.gather(*(upload(port, each, times) for each in bodies))
    done.set()
    polling.join()
    return times


def body(number: int, size: int) -> bytes:
    """A form with one CSV of products, each with keys of its own."""
    lines = ["codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias"]
    lines += [f"B{number}-{n},Producto de la lista número {n},{n % 997}.50,RS-{n},{n % 30}" for n in range(size // 60)]
    content = "\n".join(lines)[:size].rpartition("\n")[0]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="b{number}.csv"\r\n\r\n'
    return f"{head}{content}\r\n--{BOUNDARY}--\r\n".encode()


async def upload(port: int, form: bytes, times: Times) -> str:
    """Sends one file; the path of its status."""
    head = (
        'POST /api/v1/uploads?params=%7B"proveedor_id":"P1"%7D HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    began = time.perf_counter()
    answer = await exchange(port, head.encode() + form)
    times.upload.append(time.perf_counter() - began)
    assert answer.startswith(b"HTTP/1.1 202"), answer
    return json.loads(answer.partition(b"\r\n\r\n")[2])["status_url"]


def poll(port: int, path: str, times: Times, done: threading.Event) -> None:
    """Status calls, one after another."""
    while not done.wait(EVERY):
        began = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            assert answer.status == 200
            answer.read()
        times.status.append(time.perf_counter() - began)


async def exchange(port: int, request: bytes) -> bytes:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def percentiles(values: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(values)
    return {
        "calls": len(ordered),
        "median": median(ordered) * 1000,
        "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000,
        "largest": ordered[-1] * 1000,
    }


def page(figures: dict[str, dict[str, float]]) -> str:
    """The results for people."""
    facts = {"date": datetime.now(UTC).date().isoformat()} | machine.facts()
    rows = [
        f"| {name} | {row['calls']:.0f} | {row['median']:,.0f} | {row['p99']:,.0f} | {row['largest']:,.0f} |"
        for name, row in figures.items()
    ]
    return "\n".join(
        [
            "# Accepting files",
            "",
            f"Written by `make bench`. {AT_ONCE} uploads of {SIZE // 1024**2} MB at once, {WAVES} waves, while the"
            " workers load what came before and somebody asks for a status every 50 ms. Milliseconds.",
            "",
            "| call | calls | median | p99 | largest |",
            "|---|--:|--:|--:|--:|",
            *rows,
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main()
