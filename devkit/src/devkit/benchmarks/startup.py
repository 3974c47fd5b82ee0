"""How long a service takes to start and to stop: from its execution to ready, to the first message decided; beside the time in
which its imports alone are done. Warm as after the last start, and cold: nothing compiled, no file in memory.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer

from contracts.notifications import SetSellerContact
from contracts.payments import PaymentVerified
from contracts.warehouse import RemovalPickStarted, UnitsReceived
from devkit import checkout
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, connected, until
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.pairs import Spread, interleave
from devkit.benchmarks.purchases import HOME, SELLER, record
from devkit.deployment import START_SECONDS, is_ready
from devkit.services import TOPICS_READ, prepare

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import asyncpg

    from contracts.envelope import Message
    from devkit.benchmarks.ground import Ground
    from devkit.services import Services

WARM, COLD = "warm", "cold"
POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which services, and how often either way."""

    services: Sequence[str] = tuple(TOPICS_READ)
    rounds: int = 5
    cold: bool = True

    @property
    def ways(self) -> Sequence[str]:
        return (WARM, COLD) if self.cold else (WARM,)

    @property
    def work(self) -> float:
        """Starts, for a progress bar; the first of each service is not measured."""
        return len(self.services) * (1 + len(self.ways) * self.rounds)


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of one start. `imports`: a Python that imports the service and ends; all others from the execution on but `stop`,
    which counts from SIGTERM to the end.
    """

    imports: float
    ready: float
    first_message: float
    stop: float


@dataclass(slots=True)
class Bench:
    """One service at a time, on databases and topics that stay."""

    ground: Ground
    services: Services
    producer: AIOKafkaProducer
    advance: Callable[[float], None]

    async def start(self, service: str, way: str) -> Start:
        """A message waits for the service, which starts, decides it and stops. Raises BenchmarkError."""
        settings = self._cold() if way == COLD else {}
        imports = await asyncio.to_thread(_imports_seconds, service, settings)
        settings = self._cold() if way == COLD else {}
        name = secrets.token_hex(8)
        sent = record(first_message(service, name), name)
        await self.producer.send_and_wait(sent.topic, sent.value, key=sent.key, headers=list(sent.headers))
        async with connected(self.services.dsns[service]) as database:
            before = await _decided(database)
            begin = time.monotonic()
            process = self.services.start(service, settings=settings)
            ready, first = await asyncio.gather(
                _seconds_until(partial(_ready, process.url), f"{service} is ready", begin),
                _seconds_until(partial(_more_decided, database, before), f"{service} decides a message", begin),
            )
        begin = time.monotonic()
        statuses = await asyncio.to_thread(self.services.stop)
        stop = time.monotonic() - begin
        if any(statuses.values()):
            raise BenchmarkError(f"{service} ended with status {max(statuses.values())}")
        self.advance(1)
        return Start(imports, ready, first, stop)

    def _cold(self) -> dict[str, str]:
        """Settings for a start like the first after the machine's; only files that nobody has mapped leave the memory."""
        forget_files()
        return {"PYTHONPYCACHEPREFIX": str(self.ground.run.directory(f"compiled-{secrets.token_hex(4)}"))}


async def measure(ground: Ground, wanted: Wanted, advance: Callable[[float], None]) -> Report:
    """`advance` is told of each start. Raises BenchmarkError."""
    neighbors = Neighbors.watch()
    services = await prepare(ground.run, ground.stack)
    async with AIOKafkaProducer(bootstrap_servers=ground.stack.kafka_bootstrap, acks="all") as producer:
        bench = Bench(ground, services, producer, advance)
        found = {}
        for service in wanted.services:
            await bench.start(service, WARM)  # compiles what is not compiled, and joins the groups for the first time
            found[service] = await interleave(wanted.ways, wanted.rounds, partial(bench.start, service))
    return Report("Start and stop", ground.facts(neighbors), [_table(found, wanted.rounds)], [_plot(found)], found)


def first_message(service: str, name: str) -> Message:
    """Something that the service decides without anybody's help."""
    match service:
        case "orders":
            return PaymentVerified(seller_id=SELLER, order_id=name)
        case "inventory":
            return UnitsReceived(seller_id=SELLER, sku=name, location_id=HOME, quantity=1)
        case "removals":
            return RemovalPickStarted(seller_id=SELLER, removal_id=name)
        case "notifications":
            return SetSellerContact(seller_id=SELLER, mail=f"{name}@example.com")
        case _:
            raise ValueError(f"no first message for {service}")


def forget_files() -> None:
    """Have the system let go of its copies of all files that Python may import."""
    roots = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    for root in (*map(Path, roots), *(checkout.ROOT / name for name in ("libs", "services", "devkit"))):
        for path in root.rglob("*"):
            if path.is_file() and path.suffix in {".py", ".pyc", ".so"}:
                _forget(path)


def _forget(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _imports_seconds(service: str, settings: Mapping[str, str]) -> float:
    begin = time.monotonic()
    command = [sys.executable, "-c", f"import {service}.app"]
    try:
        subprocess.run(command, env={**os.environ, **settings}, check=True, timeout=START_SECONDS)  # noqa: S603 - ours
    except subprocess.SubprocessError as error:
        raise BenchmarkError(f"{service} can't be imported: {error}") from error
    return time.monotonic() - begin


async def _seconds_until(done: Callable[[], Awaitable[bool]], what: str, begin: float) -> float:
    await until(done, what, START_SECONDS, poll_seconds=POLL_SECONDS)
    return time.monotonic() - begin


async def _ready(url: str) -> bool:
    return await asyncio.to_thread(is_ready, url)


async def _decided(database: asyncpg.Connection) -> int:
    return int(await database.fetchval("SELECT count(*) FROM inbox"))


async def _more_decided(database: asyncpg.Connection, before: int) -> bool:
    return await _decided(database) > before


def _table(found: Mapping[str, Mapping[str, Sequence[Start]]], rounds: int) -> Table:
    rows = []
    for service, ways in found.items():
        for way, measured in ways.items():
            spreads = [Spread.of([getattr(one, field.name) for one in measured]) for field in fields(Start)]
            rows.append((f"{service}, {way}", *map(str, spreads)))
    return Table(
        f"Seconds from execution, {rounds} starts each",
        ("service", "imports alone", "ready", "first message decided", "stop after SIGTERM"),
        tuple(rows),
        "Median (range). The message waits on its topic before the start. Cold: nothing compiled, and imported files out of "
        "memory as far as nobody has them in use.",
    )


def _plot(found: Mapping[str, Mapping[str, Sequence[Start]]]) -> Plot:
    milliseconds = {
        f"{service}, {way}": 1000 * Spread.of([one.ready for one in measured]).median
        for service, ways in found.items()
        for way, measured in ways.items()
    }
    return Plot.bars("From execution to ready", milliseconds, of="milliseconds")
