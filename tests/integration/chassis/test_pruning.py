"""Old messages are forgotten in small batches, never while they are parked; on real PostgreSQL and on the rows in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chassis import pruning
from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.failures import CONNECTION_LOST, StorageError
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.outcomes import Accepted, Outcome, Received, Repeated, Via
from chassis.processor import process
from chassis.pruning import Pruner, prune_once
from chassis.rows import Rows
from chassis.transaction import Transaction, Transactions
from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.eventually import eventually
from support.toy import CURSED, START, TABLES, put, toy_desk
from support.toy_database import toy_in_memory, toy_on_postgres

DAY = timedelta(days=1)
RETENTION = 60 * DAY
UNDEFINED_TABLE = "42P01"


@dataclass(slots=True)
class Troubled:
    """Transactions that fail with these SQLSTATEs first, one each."""

    real: Transactions
    states: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self.real.begin() as tx:
            if self.states:
                raise StorageError(self.states.pop(0), "planted")
            yield tx


@dataclass(slots=True)
class Meddling:
    """Transactions in which all old messages are pruned by another one, once, just ahead of a look into the inbox."""

    real: Transactions
    meddled: bool = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        async with self.real.begin() as tx:
            yield Transaction(MeddledRows(tx.rows, self), tx.tables)


@dataclass(slots=True)
class MeddledRows:
    rows: Rows
    meddling: Meddling

    async def find(self, table: Any, columns: tuple[str, ...], values: Any) -> Sequence[Any]:
        if table is TABLES.inbox and values and not self.meddling.meddled:
            self.meddling.meddled = True
            await prune_once(self.meddling.real, START, 10)
        return await self.rows.find(table, columns, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rows, name)


@pytest.fixture(params=["postgres", "memory"])
async def transactions(request: pytest.FixtureRequest) -> AsyncIterator[Transactions]:
    if request.param == "memory":
        yield toy_in_memory()
        return
    server: DatabaseServer = request.getfixturevalue("postgres")
    name = unique_name("pruning")
    async with toy_on_postgres(server.create_database(name)) as opened:
        yield opened
    server.drop_database(name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(pruning, "BATCH_ROWS_MAX", 2)


async def decide(transactions: Transactions, *batch: Received) -> list[Outcome]:
    return await process(transactions, DrivenClock(START), toy_desk(), batch)


async def days_known(transactions: Transactions) -> list[int]:
    """When the messages came that the inbox knows, in days since the start."""
    async with transactions.begin() as tx:
        rows = await tx.rows.due(TABLES.inbox, "received_at", START + 1_000 * DAY, 1_000)
    return [(row.received_at - START).days for row in rows]


@asynccontextmanager
async def pruning_at(transactions: Transactions, clock: DrivenClock) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Pruner(transactions, clock, RETENTION).run())
    try:
        yield task
    finally:
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(task, return_exceptions=True)


async def test_the_oldest_go_first_so_many_at_a_time_and_the_young_stay(transactions: Transactions) -> None:
    await decide(transactions, *[put("a", 1, f"{day}", at=START + day * DAY) for day in (3, 0, 4, 1, 2)])
    first = await prune_once(transactions, START + 2 * DAY, 2)
    left = await days_known(transactions)
    rest = await prune_once(transactions, START + 2 * DAY, 2)

    assert (first, left) == (2, [2, 3, 4])
    assert (rest, await days_known(transactions)) == (1, [3, 4])
    assert await prune_once(transactions, START + 2 * DAY, 2) == 0


async def test_what_is_parked_stays_and_keeps_none_that_came_later(transactions: Transactions) -> None:
    behind = [put("a", 1, f"behind {n}", at=START) for n in range(6)]
    await decide(transactions, put("a", CURSED, at=START), *behind)
    await decide(transactions, *[put("b", 1, f"{day}", at=START + day * DAY, via=Via.HTTP) for day in (1, 2, 3)])

    assert [await prune_once(transactions, START + 2 * DAY, 1) for _ in range(3)] == [1, 1, 0]
    assert await days_known(transactions) == [0] * 7 + [3]
    assert await decide(transactions, *behind) == [Repeated()] * 6


async def test_how_far_it_looks_past_parked_messages_has_an_end(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LOOK_ROWS_MAX", 4)
    await decide(transactions, put("a", CURSED, at=START), *[put("a", 1, f"behind {n}", at=START) for n in range(3)])
    await decide(transactions, put("b", 1, at=START + DAY))

    assert await prune_once(transactions, START + 2 * DAY, 2) == 0
    assert await days_known(transactions) == [0] * 4 + [1]


async def test_a_repetition_that_is_pruned_while_it_is_looked_up_is_decided_anew_and_does_not_park(
    transactions: Transactions,
) -> None:
    await decide(transactions, put("a", 1, at=START))
    meddling = Meddling(transactions)
    works = Works(meddling, DrivenClock(START), toy_desk(), Gate(2), Breaker(), lambda: None, jitter=lambda: 0.0)
    (outcome,) = await Lane("test", works).run([put("a", 1, at=START + DAY)], asyncio.sleep)

    assert meddling.meddled
    assert isinstance(outcome, Accepted)


async def test_a_clock_that_jumps_makes_it_forget_all_that_is_old_then(transactions: Transactions) -> None:
    clock = DrivenClock(START)
    days = [-90, *[0] * 7, 90]
    await decide(transactions, *[put("a", 1, f"{n}", at=START + day * DAY) for n, day in enumerate(days)])
    async with pruning_at(transactions, clock):
        await eventually(lambda: _knows(transactions, days[1:]))
        clock.advance(START + 100 * DAY)
        await eventually(lambda: _knows(transactions, [90]))


async def test_trouble_that_passes_is_waited_for_and_other_trouble_is_raised(transactions: Transactions) -> None:
    troubled = Troubled(transactions, [CONNECTION_LOST, CONNECTION_LOST])
    await decide(transactions, put("a", 1, at=START))
    async with pruning_at(troubled, DrivenClock(START + 100 * DAY)) as task:
        await eventually(lambda: _knows(transactions, []))
        assert not task.done()
        troubled.states.append(UNDEFINED_TABLE)
        with pytest.raises(StorageError, match=UNDEFINED_TABLE):
            await asyncio.wait_for(task, 5)


async def _knows(transactions: Transactions, days: list[int]) -> bool:
    return await days_known(transactions) == days
