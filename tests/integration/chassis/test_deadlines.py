"""Deadlines fire once, never early, and late by little, with two processes on real PostgreSQL (S9)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from chassis import outbox
from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.deadlines import find_due
from chassis.due import fire_due
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.leading import due_watch
from chassis.transaction import Transactions
from chassis.worker import Patrol

from support.eventually import eventually
from support.toy import CURSED, NUDGE_AFTER, START, TABLES, PutIn, purse, put, received, toy_desk
from support.toy_database import toy_on_postgres

PURSES = 40
DUE = START + NUDGE_AFTER
BLINK = timedelta(microseconds=1)


@dataclass
class Process:
    """One of several on the same tables; its time is its own."""

    transactions: Transactions
    clock: DrivenClock = field(default_factory=lambda: DrivenClock(START))
    lane: Lane = field(init=False)

    def __post_init__(self) -> None:
        works = Works(self.transactions, self.clock, toy_desk(), Gate(2), Breaker(), lambda: None, lambda: 1.0)
        self.lane = Lane("deadlines", works)

    async def fire(self, at: datetime) -> int:
        self.clock.advance(at)
        return await fire_due(self.lane, asyncio.sleep)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Patrol]:
        watch = due_watch(self.lane, 60.0, asyncio.Event())
        task = asyncio.create_task(watch.run())
        yield watch
        watch.closing.set()
        watch.knock()
        await task


@pytest.fixture
async def transactions(postgres_dsn: str) -> AsyncIterator[Transactions]:
    async with toy_on_postgres(postgres_dsn) as transactions:
        yield transactions


@pytest.fixture
async def one(transactions: Transactions) -> Process:
    process = Process(transactions)
    await process.lane.run([put(f"p{n}", 1) for n in range(PURSES)], asyncio.sleep)
    return process


async def nudges(transactions: Transactions) -> list[int]:
    async with transactions.begin() as tx:
        rows = await tx.rows.find(purse, ("seller_id",), [("s1",)])
    return [row.nudges for row in rows]


async def nudged_facts(transactions: Transactions) -> int:
    async with transactions.begin() as tx:
        rows = await tx.rows.due(TABLES.outbox, "position", 2**62, 1_000)
    return sum('"ce_type":"Nudged"' in fact.headers for row in rows for fact in outbox.facts_of(row.facts))


async def test_they_fire_at_their_instant_and_not_a_blink_earlier(one: Process) -> None:
    assert await one.fire(DUE - BLINK) == 0
    assert await one.fire(DUE) == PURSES
    assert await one.fire(DUE + NUDGE_AFTER) == 0
    assert await nudges(one.transactions) == [1] * PURSES


async def test_two_processes_that_see_the_same_ones_fire_them_once(one: Process) -> None:
    other = Process(one.transactions)
    fired = await asyncio.gather(*(process.fire(DUE) for process in (one, other) * 3))
    assert sum(fired) == PURSES
    assert await nudges(one.transactions) == [1] * PURSES
    assert await nudged_facts(one.transactions) == PURSES


async def test_one_that_was_set_anew_between_looking_and_deciding_does_not_fire(one: Process) -> None:
    desk = one.lane.works.desk
    async with one.transactions.begin() as tx:
        seen = await find_due(tx, desk.types, desk.service, DUE, PURSES)
    one.clock.advance(DUE)
    await one.lane.run([put("p0", 2, "again")], asyncio.sleep)
    assert len(seen) == PURSES
    await one.lane.run(seen, asyncio.sleep)
    assert sorted(await nudges(one.transactions)) == [0] + [1] * (PURSES - 1)


async def test_a_tick_fires_at_once_what_has_come(one: Process) -> None:
    async with one.watching() as watch:
        one.clock.advance(DUE)
        watch.knock()
        await eventually(lambda: _all_nudged(one), within_seconds=10)


async def test_a_deadline_of_a_parked_object_leaves_the_due_set_and_holds_up_no_other(one: Process) -> None:
    cursed = received(PutIn(seller_id="s1", purse_id="p0", coins=CURSED), "cursed")
    await one.lane.run([cursed], asyncio.sleep)
    assert await one.fire(DUE) == PURSES
    assert sorted(await nudges(one.transactions)) == [0] + [1] * (PURSES - 1)
    assert await one.fire(DUE) == 0


async def _all_nudged(process: Process) -> bool:
    return await nudges(process.transactions) == [1] * PURSES
