"""Placing orders over HTTP: how many a second the orders service takes from 1, 8 and 64 clients, deciding together those that
come together, beside the same service with one command a transaction.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from chassis.auth import Role
from devkit.benchmarks import placement_clients, placement_singles
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, connected, until
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.pairs import Spread, interleave, ratio
from devkit.benchmarks.placement_clients import Answers, Visit
from devkit.benchmarks.processor_time import Meter, by_kind, pids
from devkit.services import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.ground import Ground
    from devkit.services import Services

TOGETHER, SINGLES = "together", "one a transaction"
WAYS: Mapping[str, tuple[str | None, Mapping[str, str]]] = {
    TOGETHER: (None, {}),
    SINGLES: (placement_singles.__name__, placement_singles.SETTINGS),
}
"""How the service is started for each."""
CLIENTS = "clients"
"""The name of the process that they are in."""
EXTRA_SECONDS = 60.0
SENT_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Each number of clients for `seconds`, `pairs` times either way."""

    clients: Sequence[int] = (1, 8, 64)
    seconds: float = 8.0
    pairs: int = 5

    @property
    def work(self) -> float:
        """Measurements, for a progress bar."""
        return len(WAYS) * len(self.clients) * self.pairs


@dataclass(frozen=True, slots=True)
class Measured:
    """What the clients saw, and CPU milliseconds an order by process."""

    answers: Answers
    milliseconds: Mapping[str, float]


@dataclass(slots=True)
class Bench:
    """One process of the service at a time, on one database."""

    ground: Ground
    services: Services
    advance: Callable[[float], None]

    async def measure(self, clients: int, seconds: float, way: str) -> Measured:
        """Raises BenchmarkError when not exactly the orders are there that were acknowledged, each told of once."""
        module, settings = WAYS[way]
        before = await self._orders()
        process = self.services.start("orders", module=module, settings=settings)
        self.services.wait_ready()
        meter = Meter.start(pids(self.ground.run))
        token = self.services.issuer.token(Role.STOREFRONT)
        answers, own_seconds = await self._visit(Visit(secrets.token_hex(4), process.url, token, clients, seconds))
        await until(self._all_told, "all facts are sent", SENT_SECONDS_MAX)
        used = {**by_kind(meter.seconds()), CLIENTS: own_seconds}
        self.services.stop()
        placed = await self._orders() - before
        if answers.other or not answers.placed or placed != answers.placed:
            raise BenchmarkError(f"{answers.placed} orders were acknowledged, {placed} are there; others: {answers.other}")
        self.advance(1)
        return Measured(answers, {name: 1000 * amount / placed for name, amount in used.items()})

    async def _visit(self, wanted: Visit) -> tuple[Answers, float]:
        """With the CPU seconds of the clients' process."""
        program = [sys.executable, "-m", placement_clients.__name__, json.dumps(asdict(wanted))]
        child = self.ground.run.start(CLIENTS, program, stop_signal=signal.SIGTERM)
        meter = Meter({CLIENTS: child.pid}, {CLIENTS: 0.0})
        used = [0.0]

        async def ended() -> bool:
            used.append(meter.seconds()[CLIENTS])
            return not child.is_running()

        await until(ended, "all clients are answered", wanted.seconds + EXTRA_SECONDS)
        if child.process.returncode:
            raise BenchmarkError(f"the clients failed:\n{child.log_tail()}")
        return Answers(**json.loads(child.output())), max(used)

    async def _orders(self) -> int:
        async with connected(self.services.dsns["orders"]) as database:
            return int(await database.fetchval("SELECT count(*) FROM customer_order"))

    async def _all_told(self) -> bool:
        async with connected(self.services.dsns["orders"]) as database:
            return not await database.fetchval("SELECT EXISTS (SELECT FROM outbox)")


async def measure(ground: Ground, wanted: Wanted, advance: Callable[[float], None]) -> Report:
    """Raises BenchmarkError."""
    neighbors = Neighbors.watch()
    bench = Bench(ground, await prepare(ground.run, ground.stack), advance)
    found = {
        clients: await interleave(tuple(WAYS), wanted.pairs, partial(bench.measure, clients, wanted.seconds))
        for clients in wanted.clients
    }
    raw = {str(clients): ways for clients, ways in found.items()}
    return Report("Placement over HTTP", ground.facts(neighbors), [_table(found, wanted)], [_plot(found)], raw)


def _table(found: Mapping[int, Mapping[str, Sequence[Measured]]], wanted: Wanted) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for clients, ways in found.items():
        rates = {way: [one.answers.rate for one in measured] for way, measured in ways.items()}
        for way, measured in ways.items():
            speed = [Spread.of(rates[way])]
            speed += [Spread.of([getattr(one.answers, name) for one in measured]) for name in ("median", "late_99")]
            cost = [
                Spread.of([one.milliseconds.get(name, 0.0) for one in measured]).median
                for name in ("orders", "postgres", "kafka", CLIENTS)
            ]
            rows.append((f"{clients} clients, {way}", *map(str, speed), *cost))
        if all(rates[SINGLES]):
            rows.append((f"{clients} clients, ratio", str(ratio(rates[TOGETHER], rates[SINGLES])), *[""] * 6))
    return Table(
        f"Orders placed over HTTP, {wanted.pairs} pairs of {wanted.seconds:g} s",
        ("", "orders/s", "p50 ms", "p99 ms", "CPU-ms an order: orders", "PostgreSQL", "Kafka", "clients"),
        tuple(rows),
        "Median (range). One process of the service; clients ask again as soon as they are answered. One a transaction: up to "
        "16 transactions at once. After each run: exactly the acknowledged orders are there, all facts sent.",
    )


def _plot(found: Mapping[int, Mapping[str, Sequence[Measured]]]) -> Plot:
    rates = {
        f"{clients} clients": {way: Spread.of([one.answers.rate for one in measured]).median for way, measured in ways.items()}
        for clients, ways in found.items()
    }
    return Plot.curves("Orders placed over HTTP", rates, of="orders a second", axis="clients")
