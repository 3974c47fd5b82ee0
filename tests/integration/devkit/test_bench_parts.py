"""The smaller benchmarks measure what they say, and refuse to tell figures of what is not right. How fast anything is, is no
affair of tests.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from chassis.clock import SystemClock
from chassis.outbox import Outgoing
from chassis.relay import Sender, Sent
from contracts.orders import Line
from contracts.values import Money
from devkit.benchmarks import backlog, deadlines, growth, memory, placement, startup
from devkit.benchmarks.deadline_firings import SETTINGS, firings
from devkit.benchmarks.deadline_sides import PROCRASTINATE, WHARF, Due, WharfSide
from devkit.benchmarks.figures import Report
from devkit.benchmarks.ground import BenchmarkError, Ground, connected, ground
from devkit.benchmarks.growth_rows import Past, age
from devkit.benchmarks.purchases import purchase
from devkit.commands import bench
from devkit.services import Services, prepare
from devkit.topics import make_topics

from support.command_line import wharf

ORDERS = 40
BENCHMARK_SECONDS = 240.0


class Progress:
    """Adds up what it is told."""

    def __init__(self) -> None:
        self.done = 0.0

    def advance(self, amount: float) -> None:
        self.done += amount


@dataclass
class Forgetful:
    """Says that it has sent all, and has left one out."""

    sender: Sender
    has_left_out: bool = False

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
        kept, self.has_left_out = facts if self.has_left_out else facts[1:], True
        await self.sender.send(kept)
        return [True] * len(facts)


@pytest.fixture
def progress() -> Progress:
    return Progress()


@pytest.fixture(scope="module")
def place() -> Iterator[Ground]:
    """One broker and one server for all benchmarks that mind nobody else's messages."""
    with ground("test", SETTINGS) as place:
        yield place


@pytest.fixture
def empty_place() -> Iterator[Ground]:
    with ground("test") as place:
        yield place


@pytest_asyncio.fixture
async def side(place: Ground) -> AsyncIterator[WharfSide]:
    """Orders whose holds end in a month, and no service that would end them."""
    services: Services = await prepare(place.run, place.stack)
    wharf_side = WharfSide(services)
    await wharf_side.fill(ORDERS, lambda _: None)
    yield wharf_side
    services.mails.child.stop()


def rows_of(report: Report, table: int = 0) -> dict[str, tuple[object, ...]]:
    """A table by the names of its rows; both forms of the report can be made."""
    assert report.tables[table].title in report.html()
    assert json.loads(report.json())["tables"][table]["rows"]
    return {str(name): tuple(figures) for name, *figures in report.tables[table].rows}


async def test_every_deadline_is_fired_once_by_either_side(place: Ground, progress: Progress) -> None:
    wanted = deadlines.Wanted(
        pending=(ORDERS,), due=15, rate=20, seconds=1, pairs=1, pair_pending=ORDERS, pair_due=15, pair_rate=20
    )
    report = await deadlines.measure(place, wanted, progress.advance)
    pending, due, *_, early, twice = next(iter(report.tables[0].rows))
    assert (pending, due, early, twice) == (str(ORDERS), 15, 0, 0)
    assert set(rows_of(report, 1)) >= {WHARF, PROCRASTINATE}
    measured = [
        one for ways in (report.measured["drained"], report.measured["in time"]) for ones in ways.values() for one in ones
    ]
    assert [one.firings.fired for one in measured] == [15, 15, 20, 20]
    assert progress.done == wanted.work


async def test_pairs_that_would_run_out_of_deadlines_are_refused(place: Ground, progress: Progress) -> None:
    with pytest.raises(BenchmarkError, match="pending"):
        await deadlines.measure(place, deadlines.Wanted(pairs=5, pair_pending=100, pair_due=90), progress.advance)


async def test_a_deadline_that_is_early_twice_or_lost_is_seen(side: WharfSide) -> None:
    now = SystemClock().now()
    past, future = Due(1, 3, now - timedelta(hours=1), now), Due(4, 1, now + timedelta(hours=1), now + timedelta(hours=1))
    await side.come_due(past)
    await side.come_due(future)
    async with connected(side.dsn) as database:
        for name in ("order-1", "order-1", "order-2", "order-4", "order-9"):
            await database.execute("UPDATE customer_order SET revision = revision + 1 WHERE order_id = $1", name)
    found = await firings(side, past)
    assert (found.fired, found.twice, found.early) == (2, 1, 1)  # the ninth was due for nobody
    assert found.troubles == ["1 not fired", "1 fired twice", "1 fired early"]
    assert (await firings(side, future)).early == 2
    with pytest.raises(BenchmarkError, match="fired twice"):
        found.require_right()


async def test_deadlines_of_nobody_are_no_figure(side: WharfSide) -> None:
    now = SystemClock().now()
    due = Due(1, 3, now - timedelta(hours=1), now)
    await side.come_due(due)
    assert not await side.is_over(due)
    with pytest.raises(BenchmarkError, match="no deadline"):
        await firings(side, due)


async def test_orders_are_placed_over_http_either_way(place: Ground, progress: Progress) -> None:
    wanted = placement.Wanted(clients=(3,), seconds=0.5, pairs=1)
    report = await placement.measure(place, wanted, progress.advance)
    rows = rows_of(report)
    assert [f"3 clients, {way}" in rows for way in placement.WAYS] == [True, True]
    for ways in report.measured.values():
        for (measured,) in ways.values():
            assert measured.answers.placed >= 3
            assert measured.milliseconds["orders"] > 0
    assert progress.done == wanted.work


async def test_a_start_is_told_with_its_first_message_and_its_stop(place: Ground, progress: Progress) -> None:
    wanted = startup.Wanted(services=("orders",), rounds=1, cold=False)
    report = await startup.measure(place, wanted, progress.advance)
    assert set(rows_of(report)) == {"orders, warm"}
    for (start,) in report.measured["orders"].values():
        assert min(start.imports, start.ready, start.first_message, start.stop) > 0
    assert progress.done == wanted.work


async def test_each_service_has_a_first_message() -> None:
    named = {
        service: startup.first_message(service, "name") for service in ("orders", "inventory", "removals", "notifications")
    }
    assert len({message.topic.name for message in named.values()}) == len(named)
    with pytest.raises(ValueError, match="harbor"):
        startup.first_message("harbor", "name")


async def test_the_heart_beats_on_grown_tables(place: Ground, progress: Progress) -> None:
    wanted = growth.Wanted(Past(300, 50), orders=60, pairs=1)
    report = await growth.measure(place, wanted, progress.advance)
    assert set(rows_of(report)) == {"empty", "grown", "grown / empty"}
    assert progress.done == wanted.work


async def test_years_are_made_in_full(place: Ground) -> None:
    dsns = await growth.databases(place)
    async with growth.Heart.open(dsns):
        await age(*dsns, Past(500, 70), lambda _: None)
    for dsn, wanted in zip(
        dsns,
        (
            {"customer_order": 71, "delivery_address": 71, "deadline": 71, "inbox": 502},
            {"reservation": 71, "reservation_line": 4 * 71, "inbox": 500 + 4_001},
        ),
        strict=True,
    ):
        async with connected(dsn) as database:
            counts = {table: await database.fetchval(f"SELECT count(*) FROM {table}") for table in wanted}  # noqa: S608 - ours
        assert counts == wanted


async def test_a_heart_that_does_not_reserve_is_no_figure(place: Ground) -> None:
    dsns = await growth.databases(place)
    unknown = (Line(sku="nobody-has-it", quantity=1, unit_price=Money(amount=1, currency="GBP")),)
    async with growth.Heart.open(dsns) as heart:
        with pytest.raises(BenchmarkError, match="StockRefused"):
            await heart.beat([purchase(1).model_copy(update={"lines": unknown})])


async def test_a_backlog_is_relayed_in_full(place: Ground, progress: Progress) -> None:
    wanted = backlog.Wanted(large=300, small=20, row_facts=(1, 7), facts=100, pairs=1)
    report = await backlog.measure(place, wanted, progress.advance)
    assert set(rows_of(report)) >= {"20 waiting, 1 a row", "300 waiting, 7 a row"}
    assert all(one.rate > 0 for ways in report.measured.values() for (one,) in ways.values())


async def test_a_fact_that_is_lost_on_the_way_is_seen(place: Ground) -> None:
    await make_topics(place.stack.kafka_bootstrap)
    async with backlog.Outbox.open(place, row_facts=3) as outbox:
        outbox.sender = Forgetful(outbox.sender)
        with pytest.raises(BenchmarkError, match="9 facts were sent, 8 are on the topic"):
            await outbox.measure(backlog=9, facts=9)


async def test_memory_is_watched_while_each_service_works_off_its_backlog(empty_place: Ground, progress: Progress) -> None:
    report = await memory.measure(empty_place, ORDERS, progress.advance)
    assert len(rows_of(report)) == len(memory.STAGES)
    for stage in report.measured.values():
        assert 0 < stage.ready_mebibytes <= stage.peak_mebibytes
        assert stage.messages >= (0 if stage.service == "removals" else ORDERS)
    assert progress.done == memory.work(ORDERS)


TINY: dict[str, tuple[tuple[str, ...], str]] = {
    "deadlines": (
        ("--pending", "40", "--due", "15", "--rate", "20", "--seconds", "1", "--pairs", "0"),
        "fired/s",
    ),
    "http": (("--clients", "2", "--seconds", "0.5", "--pairs", "1"), "2 clients"),
    "startup": (("--services", "orders", "--rounds", "1", "--no-cold"), "orders, warm"),
    "growth": (("--inbox", "300", "--orders", "50", "--measured", "60", "--pairs", "1"), "grown / empty"),
    "memory": (("--messages", "40"), "notifications"),
}


@pytest.mark.parametrize("name", TINY)
def test_each_benchmark_is_a_command(name: str) -> None:
    options, said = TINY[name]
    done = wharf("bench", name, *options, seconds=BENCHMARK_SECONDS)
    assert done.returncode == 0, done.stdout
    assert said in done.stdout


def test_a_benchmark_writes_its_files(tmp_path: Path) -> None:
    figures, drawings = tmp_path / "figures.json", tmp_path / "page.html"
    tiny = ("--large", "60", "--small", "20", "--row-facts", "5", "--measured", "40", "--pairs", "1")
    done = wharf("bench", "backlog", *tiny, "--json", str(figures), "--html", str(drawings))
    assert done.returncode == 0, done.stdout
    assert "60 waiting, 5 a row" in done.stdout
    assert json.loads(figures.read_text())["name"] == "Relay with a backlog"
    assert "<svg" in drawings.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("http", "--json", "nowhere/figures.json"), "no directory"),
        (("http", "--clients", "few"), "whole numbers"),
        (("startup", "--services", "harbor"), "no service harbor"),
    ],
)
def test_options_that_make_no_sense_are_refused_at_once(options: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(bench.app, options)
    assert done.exit_code == 2
    assert said in done.output
