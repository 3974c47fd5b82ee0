"""How much memory each service takes while it works off a backlog: orders gets commands that came while nobody was there, the
next service what that one has told, and so on, one service at a time.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from aiokafka import AIOKafkaProducer

from devkit.benchmarks.direct import direct
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, connected
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.purchases import purchase, received, record, stock
from devkit.quiet import NotQuietError, Quiet
from devkit.services import TOPICS_READ, prepare
from inventory.decisions import DESK
from inventory.tables import SERVICE as INVENTORY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence

    from devkit.benchmarks.ground import Ground
    from devkit.services import Services

STAGES = (
    ("orders", "commands"),
    ("inventory", "placed orders"),
    ("removals", "reservations and stock"),
    ("notifications", "placed orders"),
    ("orders", "reservations"),
)
"""Who works, and on what; each finds what those before have told."""
SAMPLE_SECONDS = 0.25
TELL_SECONDS = 5.0
CHUNK_MESSAGES = 1_000
MESSAGES_PER_SECOND_MIN = 50
"""A service that is slower has got stuck."""
STAGE_SECONDS_MIN = 120.0
MEBIBYTE = 2**20
POINTS_MAX = 60
"""Of the curves."""


@dataclass(slots=True)
class Memory:
    """What one process has held in memory, in MiB: from time to time, and at most."""

    pid: int
    samples: list[float] = field(default_factory=list)
    most: float = 0.0

    async def watch(self) -> None:
        """Until canceled, or until the process is gone."""
        process = psutil.Process(self.pid)
        try:
            while True:
                self.samples.append(process.memory_info().rss / MEBIBYTE)
                self.most = max(self.most, self.samples[-1], _peak(self.pid))
                await asyncio.sleep(SAMPLE_SECONDS)
        except psutil.NoSuchProcess:
            return


@dataclass(slots=True)
class Told:
    """How far one service is in its backlog, for whoever waits."""

    advance: Callable[[float], None]
    messages: int
    done: int = 0

    async def watch(self, quiet: Quiet) -> None:
        """Until canceled, or until the service does not answer."""
        with suppress(NotQuietError):
            while True:
                await asyncio.sleep(TELL_SECONDS)
                self._move(sum(status.messages_decided for status in (await quiet.statuses()).values()))

    def rest(self) -> None:
        """It is through."""
        self._move(self.messages)

    def _move(self, decided: int) -> None:
        now = min(self.messages, max(self.done, decided))
        self.advance(now - self.done)
        self.done = now


@dataclass(frozen=True, slots=True)
class Stage:
    """One service working off its backlog."""

    service: str
    backlog: str
    messages: int
    seconds: float
    ready_mebibytes: float
    peak_mebibytes: float
    samples: Sequence[float]


async def measure(ground: Ground, messages: int, advance: Callable[[float], None]) -> Report:
    """`advance` is told of messages published and of messages that a service has taken. Raises BenchmarkError."""
    neighbors = Neighbors.watch()
    services = await prepare(ground.run, ground.stack)
    async with direct(DESK, INVENTORY, services.dsns["inventory"]) as inventory:
        await inventory.decide([received(message, message.subject.key) for message in stock()])
    await _publish(ground.stack.kafka_bootstrap, messages, advance)
    stages = []
    for service, backlog in STAGES:
        told = Told(advance, messages)
        stages.append(await _drained(services, service, backlog, told))
        told.rest()
    async with connected(services.dsns["orders"]) as database:
        known = await database.fetchval("SELECT count(*) FROM customer_order WHERE stock = 'reserved'")
    if known != messages:
        raise BenchmarkError(f"{messages} orders were published, {known} are known to be reserved")
    measured = {f"{stage.service}, {stage.backlog}": stage for stage in stages}
    return Report(
        "Memory with a backlog",
        ground.facts(neighbors),
        [_table(stages, messages)],
        [_peaks(measured), _curves(measured)],
        measured,
    )


def work(messages: int) -> float:
    """For a progress bar."""
    return messages * (1 + len(STAGES))


async def _publish(bootstrap: str, messages: int, advance: Callable[[float], None]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5) as producer:
        for begin in range(0, messages, CHUNK_MESSAGES):
            end = min(messages, begin + CHUNK_MESSAGES)
            records = [record(purchase(number), f"{number}") for number in range(begin, end)]
            sent = [await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers)) for one in records]
            await asyncio.gather(*sent)
            advance(end - begin)


async def _drained(services: Services, service: str, backlog: str, told: Told) -> Stage:
    """Start it, wait until it has nothing left to do, stop it. Raises BenchmarkError."""
    begin = time.monotonic()
    process = services.start(service)
    await asyncio.to_thread(services.wait_ready)
    memory = Memory(process.child.pid)
    groups = {f"{service}.{topic.name}": topic.name for topic in TOPICS_READ[service]}
    patience = max(STAGE_SECONDS_MIN, told.messages / MESSAGES_PER_SECOND_MIN)
    try:
        async with (
            await Quiet.open({process.name: process.url}, groups, services.bootstrap) as quiet,
            _beside(memory.watch()),
            _beside(told.watch(quiet)),
        ):
            statuses = await quiet.wait(timeout_seconds=patience)
    except NotQuietError as error:
        raise BenchmarkError(f"{service} does not get through its backlog: {error}") from error
    finally:
        seconds = time.monotonic() - begin
        await asyncio.to_thread(services.stop)
    status = statuses[process.name]
    if status.parked or status.quarantined:
        raise BenchmarkError(f"{service}: {status.parked} messages parked, {status.quarantined} in quarantine")
    return Stage(service, backlog, status.messages_decided, seconds, memory.samples[0], memory.most, memory.samples)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Goes on as long as the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _peak(pid: int) -> float:
    """The kernel's own account of the most that was ever held, which no sample can miss; 0 where it keeps none."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _table(stages: Sequence[Stage], messages: int) -> Table:
    rows = tuple(
        (
            f"{stage.service}: {stage.backlog}",
            stage.messages,
            stage.messages / stage.seconds,
            stage.ready_mebibytes,
            stage.peak_mebibytes,
        )
        for stage in stages
    )
    return Table(
        f"Memory while a backlog of {messages:,} orders is worked off",
        ("service: backlog", "messages decided", "a second", "MiB when ready", "MiB at most"),
        rows,
        "One process a service, one service at a time; resident memory, the most as the kernel has counted it. A service also "
        "reads and passes over what is not for it. Seconds count from execution until all is sent on.",
    )


def _peaks(measured: Mapping[str, Stage]) -> Plot:
    return Plot.bars("Memory at most", {name: stage.peak_mebibytes for name, stage in measured.items()}, of="MiB")


def _curves(measured: Mapping[str, Stage]) -> Plot:
    """All on one scale from the begin of the backlog to its end."""
    points = {
        f"{100 * point // POINTS_MAX} %": {name: _at(stage.samples, point / POINTS_MAX) for name, stage in measured.items()}
        for point in range(POINTS_MAX)
    }
    return Plot.curves("Memory while the backlog is worked off", points, of="MiB", axis="of each backlog")


def _at(samples: Sequence[float], share: float) -> float:
    return samples[int(share * len(samples))]
