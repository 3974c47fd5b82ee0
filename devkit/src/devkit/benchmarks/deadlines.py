"""Deadlines: how many a second the orders service fires, how late, and whether all of them once; beside procrastinate.

What fires is in deadline_sides.py, what came of it is read in deadline_firings.py.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from chassis.clock import SystemClock
from devkit.benchmarks.deadline_firings import Firings, firings
from devkit.benchmarks.deadline_sides import PROCRASTINATE, WHARF, Due, JobsSide, Side, WharfSide
from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.ground import BenchmarkError, until
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.pairs import Spread, interleave, ratio
from devkit.benchmarks.processor_time import Meter, by_kind, pids
from devkit.services import migrated, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.ground import Ground

OUTAGE = timedelta(hours=1)
LEAD = timedelta(seconds=2)
"""Between setting deadlines and the first of them."""
DRAIN_SECONDS_MAX = 1_800.0
WORKERS = {WHARF: "orders", PROCRASTINATE: PROCRASTINATE}
"""The process of each side, by its name in the run."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure. `pending`: sizes for the service alone, of which up to `due` come due in an hour without it; `rate` a
    second for `seconds` come due while it runs. Beside procrastinate `pairs` times, with `pair_pending`: `pair_due` after an
    hour without anybody, and `pair_rate` a second for `seconds`.
    """

    pending: Sequence[int] = (10_000, 100_000, 1_000_000)
    due: int = 100_000
    rate: int = 200
    seconds: int = 15
    pairs: int = 5
    pair_pending: int = 100_000
    pair_due: int = 10_000
    pair_rate: int = 50

    @property
    def work(self) -> float:
        """For a progress bar: orders to be made, deadlines to be fired."""
        alone = sum(pending + min(self.due, pending // 2) + self.in_time(self.rate, pending // 2) for pending in self.pending)
        return alone + (2 * (self.pair_pending + self.pairs * self.pair_number) if self.pairs else 0)

    @property
    def pair_number(self) -> int:
        """Deadlines that one side fires in one pair."""
        return self.pair_due + self.pair_rate * self.seconds

    def in_time(self, rate: int, left: int) -> int:
        """How many come due while somebody works, with so many left."""
        return min(rate * self.seconds, left)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: what was fired; from the start of the process to the last commit; CPU seconds by process."""

    firings: Firings
    since_start_seconds: float
    processor_seconds: Mapping[str, float]

    def milliseconds_each(self, name: str) -> float:
        """CPU time of these processes for one deadline."""
        return 1000 * self.processor_seconds.get(name, 0.0) / self.firings.fired


@dataclass(slots=True)
class Bench:
    """Both sides on one server, of which one works at a time. `taken`: orders of each that have had their instant."""

    ground: Ground
    sides: Mapping[str, Side]
    advance: Callable[[float], None]
    taken: dict[str, int] = field(default_factory=dict)

    async def fill(self, way: str, pending: int) -> None:
        self.taken[way] = 0
        await self.sides[way].fill(pending, self.advance)

    async def after_outage(self, way: str, number: int) -> Measured:
        """So many come due in an hour in which nobody fires; then somebody starts."""
        side, now = self.sides[way], SystemClock().now()
        due = self._next(way, number, now - OUTAGE, now)
        await side.come_due(due)
        begin = SystemClock().now()
        await side.start()
        return await self._until_over(side, due, begin)

    async def at_work(self, way: str, number: int) -> Measured:
        """The same with a process that is there already: what it takes to start does not count."""
        side, begin = self.sides[way], SystemClock().now()
        await side.start()
        now = SystemClock().now()
        due = self._next(way, number, now - OUTAGE, now)
        meter = Meter.start(pids(self.ground.run))
        await side.come_due(due)
        return await self._until_over(side, due, begin, meter)

    async def in_time(self, way: str, number: int, rate: int) -> Measured:
        """Deadlines come one after another, `rate` a second, while somebody looks for them."""
        side, begin = self.sides[way], SystemClock().now()
        await side.start()
        first = SystemClock().now() + LEAD
        due = self._next(way, number, first, first + timedelta(seconds=number / rate))
        meter = Meter.start(pids(self.ground.run))
        await side.come_due(due)
        return await self._until_over(side, due, begin, meter)

    def _next(self, way: str, number: int, begin: datetime, end: datetime) -> Due:
        first = self.taken[way] + 1
        self.taken[way] += number
        return Due(first, number, begin, end)

    async def _until_over(self, side: Side, due: Due, begin: datetime, meter: Meter | None = None) -> Measured:
        try:
            await until(partial(_over, side, due), "all deadlines are fired", DRAIN_SECONDS_MAX)
            seconds = by_kind(meter.seconds()) if meter else {}
        finally:
            side.stop()
        found = await firings(side, due)
        found.require_right()
        self.advance(due.number)
        return Measured(found, (found.last - begin).total_seconds(), seconds)


async def measure(ground: Ground, wanted: Wanted, advance: Callable[[float], None]) -> Report:
    """Raises BenchmarkError when a deadline was lost, early or twice."""
    if wanted.pairs and wanted.pair_pending < wanted.pairs * wanted.pair_number:
        raise BenchmarkError(f"{wanted.pairs} pairs need {wanted.pairs * wanted.pair_number:,} pending deadlines")
    neighbors = Neighbors.watch()
    bench = Bench(ground, await _sides(ground), advance)
    alone = {pending: await _alone(bench, pending, wanted) for pending in wanted.pending}
    drained, timely = await _beside(bench, wanted) if wanted.pairs else ({}, {})
    tables = [*([_alone_table(alone)] if alone else []), *([_beside_table(drained, timely, wanted)] if drained else [])]
    plots = [_plot(drained)] if drained else []
    raw = {"alone": {str(pending): found for pending, found in alone.items()}, "drained": drained, "in time": timely}
    return Report("Deadlines", ground.facts(neighbors), tables, plots, raw)


async def _sides(ground: Ground) -> dict[str, Side]:
    services = await prepare(ground.run, ground.stack)
    dsn = ground.stack.postgres.create_database(f"jobs_{secrets.token_hex(3)}")
    await migrated({"orders": dsn})
    jobs = JobsSide(ground.run, dsn)
    await jobs.prepare()
    return {WHARF: WharfSide(services), PROCRASTINATE: jobs}


async def _alone(bench: Bench, pending: int, wanted: Wanted) -> tuple[Measured, Measured]:
    await bench.fill(WHARF, pending)
    half = pending // 2
    drained = await bench.after_outage(WHARF, min(wanted.due, half))
    return drained, await bench.in_time(WHARF, wanted.in_time(wanted.rate, half), wanted.rate)


async def _beside(bench: Bench, wanted: Wanted) -> tuple[dict[str, list[Measured]], dict[str, list[Measured]]]:
    for way in bench.sides:
        await bench.fill(way, wanted.pair_pending)
    number = wanted.pair_rate * wanted.seconds
    drained = await interleave(tuple(bench.sides), wanted.pairs, lambda way: bench.at_work(way, wanted.pair_due))
    timely = await interleave(tuple(bench.sides), wanted.pairs, lambda way: bench.in_time(way, number, wanted.pair_rate))
    return drained, timely


def _alone_table(alone: Mapping[int, tuple[Measured, Measured]]) -> Table:
    rows = []
    for pending, (drained, timely) in alone.items():
        after, during = drained.firings, timely.firings
        outage = (after.fired, after.rate, drained.since_start_seconds)
        lateness = (during.fired, during.late_median, during.late_99, during.late_max)
        rows.append((f"{pending:,}", *outage, *lateness, after.early + during.early, after.twice + during.twice))
    return Table(
        "The orders service alone",
        (
            *("pending", "due in an outage of 1 h", "fired/s", "all fired, s after start"),
            *("then due in time", "late p50 s", "p99 s", "max s", "early", "twice"),
        ),
        tuple(rows),
        "A hold of a buyer ends: the order's row changes, its deadline goes, the inbox has a row more. The service looks for "
        "deadlines twice a second. Lateness: from the instant to the commit, by the database's account.",
    )


def _beside_table(drained: Mapping[str, list[Measured]], timely: Mapping[str, list[Measured]], wanted: Wanted) -> Table:
    rates = {way: [one.firings.rate for one in found] for way, found in drained.items()}
    rows: list[tuple[Cell, ...]] = []
    for way, found in drained.items():
        late = [str(Spread.of([getattr(one.firings, name) for one in timely[way]])) for name in ("late_median", "late_99")]
        cost = [str(Spread.of([one.milliseconds_each(name) for one in found])) for name in (WORKERS[way], "postgres")]
        rows.append((way, str(Spread.of(rates[way])), *cost, *late))
    if all(rate for found in rates.values() for rate in found):
        rows.append((f"{WHARF} / {PROCRASTINATE}", str(ratio(rates[WHARF], rates[PROCRASTINATE])), "", "", "", ""))
    return Table(
        f"Beside procrastinate: {wanted.pairs} pairs with {wanted.pair_pending:,} pending",
        ("way", "fired/s", "CPU-ms each, own", "PostgreSQL", f"late p50 s at {wanted.pair_rate}/s", "p99 s"),
        tuple(rows),
        f"Median (range). {wanted.pair_due:,} were due for an hour, the process runs, both look twice a second. Procrastinate: "
        "20 jobs at once, due jobs first in its table; its job changes the same row with one statement.",
    )


def _plot(drained: Mapping[str, list[Measured]]) -> Plot:
    rates = {way: Spread.of([one.firings.rate for one in found]).median for way, found in drained.items()}
    return Plot.bars("Deadlines fired after an hour without anybody", rates, of="deadlines a second")


async def _over(side: Side, due: Due) -> bool:
    return await side.is_over(due)
