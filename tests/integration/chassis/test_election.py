"""One process leads; when it is gone another one does."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.election import SILENT_SECONDS_MAX, Election

from support.eventually import eventually

STILL_SECONDS_MAX = 60.0


@dataclass
class Candidate:
    engine: AsyncEngine
    led: int = 0
    leading_now: bool = False
    failing: asyncio.Event = field(default_factory=asyncio.Event)
    knocks: int = 0
    failure: Exception = field(default_factory=lambda: OSError("its own"))
    election: Election = field(init=False)
    task: "asyncio.Task[None]" = field(init=False)

    def __post_init__(self) -> None:
        self.election = Election(self.engine, self._lead, self._knocked)
        self.task = asyncio.create_task(self.election.run())

    async def _lead(self) -> None:
        self.led += 1
        self.leading_now = True
        try:
            await self.failing.wait()
            raise self.failure
        finally:
            self.leading_now = False

    def _knocked(self) -> None:
        self.knocks += 1

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def candidates(postgres_dsn: str) -> AsyncIterator[list[Candidate]]:
    engine = create_async_engine(postgres_dsn, pool_size=5)
    found = [Candidate(engine) for _ in range(3)]
    yield found
    for one in found:
        await one.leave()
    await engine.dispose()


def leaders(candidates: list[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.leading_now]


async def test_one_of_several_leads_and_another_follows_when_it_leaves(candidates: list[Candidate]) -> None:
    (first,) = await eventually(lambda: leaders(candidates))
    await eventually(lambda: all(one.election.reachable for one in candidates))
    assert leaders(candidates) == [first]
    await first.leave()
    assert not first.leading_now
    (second,) = await eventually(lambda: leaders(candidates))
    assert second is not first


# Of this database only: the leaders of other tests' services have theirs on the same server.
CUT = """SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_locks.database = pg_database.oid
    WHERE datname = current_database() AND locktype = 'advisory' AND granted AND objsubid = 2"""


async def test_a_lost_connection_loses_the_lead_to_another(candidates: list[Candidate]) -> None:
    (first,) = await eventually(lambda: leaders(candidates))
    async with first.engine.connect() as connection:
        await connection.execute(text(CUT))
    await eventually(lambda: sum(one.led for one in candidates) == 2 and len(leaders(candidates)) == 1)


async def test_a_leader_that_stands_still_loses_the_lead_to_one_that_does_not(postgres_dsn: str) -> None:
    """As a process that is paused: its connection stands, its system answers for it, and it says nothing."""
    leads, goes_on = threading.Event(), threading.Event()

    async def lead_and_stand_still() -> Candidate:
        first = Candidate(create_async_engine(postgres_dsn))
        await eventually(lambda: first.leading_now)
        leads.set()
        goes_on.wait(STILL_SECONDS_MAX)  # with its whole event loop
        await eventually(lambda: first.led == 1 and not first.leading_now)
        await first.leave()
        await first.engine.dispose()
        return first

    paused = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(lead_and_stand_still())))
    assert await asyncio.to_thread(leads.wait, STILL_SECONDS_MAX)
    second = Candidate(create_async_engine(postgres_dsn))
    try:
        await eventually(lambda: second.leading_now, within_seconds=SILENT_SECONDS_MAX + 10)
        goes_on.set()
        assert (await paused).led == 1
        assert second.leading_now
    finally:
        goes_on.set()
        await second.leave()
        await second.engine.dispose()


async def test_those_that_do_not_lead_knock_at_the_one_that_does(candidates: list[Candidate]) -> None:
    (leader,) = await eventually(lambda: leaders(candidates))
    other = next(one for one in candidates if one is not leader)
    await eventually(lambda: other.election.reachable)
    other.election.tell()
    await eventually(lambda: leader.knocks == 1, within_seconds=3)
    leader.election.tell()
    assert leader.knocks == 2
    assert other.knocks == 0


async def test_a_leader_that_fails_ends_its_part_with_the_reason(candidates: list[Candidate]) -> None:
    (leader,) = await eventually(lambda: leaders(candidates))
    leader.failing.set()
    await eventually(leader.task.done)
    assert leader.task.exception() is leader.failure
    await eventually(lambda: leaders(candidates))
