"""Snapshots of what changed, published beside the outbox."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis import snapshots
from chassis.clock import DrivenClock
from chassis.outbox import Outgoing
from chassis.relay import Sent
from chassis.snapshots import OVERLAP, Place, Publisher
from contracts.inventory import StockSnapshot

from support.embedded import unique_name
from support.eventually import eventually
from support.toy import START


@dataclass
class Shop:
    """Items with their versions, as `find` would read them; and what was published of them."""

    items: dict[str, StockSnapshot] = field(default_factory=dict)
    published: list[tuple[str, int]] = field(default_factory=list)
    looks: int = 0
    limits: set[int] = field(default_factory=set)
    broken: bool = False

    def change(self, sku: str, version: int, at: datetime = START) -> None:
        self.items[sku] = StockSnapshot(seller_id="s1", sku=sku, version=version, changed_at=at, balances=())

    async def find(self, _connection: Any, after: Place, limit: int) -> Sequence[StockSnapshot]:
        self.looks += 1
        self.limits.add(limit)
        places = {(item.changed_at, item.seller_id, item.sku): item for item in self.items.values()}
        return [places[place] for place in sorted(places) if place > after][:limit]

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[Sent]:
        if self.broken:
            return [KafkaError("away")] * len(facts)
        for fact in facts:
            told = StockSnapshot.model_validate_json(fact.body)
            self.published.append((told.sku, told.version))
        return [True] * len(facts)


@pytest.fixture
async def engine(postgres_dsn: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres_dsn)
    yield engine
    await engine.dispose()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(snapshots, "PAGE_OBJECTS", 4)


@asynccontextmanager
async def publishing(shop: Shop, engine: AsyncEngine, clock: DrivenClock) -> AsyncIterator[Publisher]:
    publisher = Publisher("inventory", engine, shop.find, shop, clock)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_version_goes_out_once_also_one_that_shows_late(engine: AsyncEngine) -> None:
    shop, clock = Shop(), DrivenClock(START)
    shop.change("a", 1)
    async with publishing(shop, engine, clock) as publisher:
        await eventually(lambda: shop.published == [("a", 1)])
        shop.change("a", 2, START + timedelta(seconds=5))
        shop.change("late", 1, START + timedelta(seconds=5) - OVERLAP)
        publisher.knock()
        await eventually(lambda: sorted(shop.published[1:]) == [("a", 2), ("late", 1)])


async def test_many_that_changed_at_one_instant_all_go_out(engine: AsyncEngine) -> None:
    shop = Shop()
    for number in range(50):
        shop.change(f"sku{number}", 1)
    async with publishing(shop, engine, DrivenClock(START)):
        await eventually(lambda: len(shop.published) >= 50)
    assert len(set(shop.published)) == len(shop.published) == 50
    assert shop.limits == {snapshots.PAGE_OBJECTS}


async def test_what_could_not_be_sent_goes_out_later(engine: AsyncEngine) -> None:
    shop = Shop(broken=True)
    shop.change("a", 1)
    async with publishing(shop, engine, DrivenClock(START)) as publisher:
        await eventually(lambda: shop.looks)
        shop.broken = False
        publisher.knock()
        await eventually(lambda: shop.published == [("a", 1)])


async def test_a_new_leader_and_a_new_day_publish_what_changed_lately_again(engine: AsyncEngine) -> None:
    shop, clock = Shop(), DrivenClock(START)
    shop.change("a", 1)
    for _ in range(2):
        async with publishing(shop, engine, clock) as publisher:
            await eventually(lambda: shop.published, because="a leader has published")
            shop.published.clear()
            clock.advance(clock.now() + snapshots.AGAIN)
            publisher.knock()
            await eventually(lambda: shop.published == [("a", 1)], because="a day later it goes out again")
            shop.published.clear()
            shop.change("a", 1, clock.now())


async def test_a_look_sees_one_moment_however_many_statements_it_takes(engine: AsyncEngine) -> None:
    """Else a version goes out with the balances of the next one."""
    table, counts = unique_name("changes"), []
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE TABLE {table} (number int)"))

    async def find(connection: AsyncConnection, _after: Place, _limit: int) -> Sequence[StockSnapshot]:
        for _ in range(2):
            counts.append(await connection.scalar(text(f"SELECT count(*) FROM {table}")))  # noqa: S608 - a name of our own
            async with engine.begin() as other:
                await other.execute(text(f"INSERT INTO {table} VALUES (1)"))  # noqa: S608 - as above
        return []

    shop = Shop()
    task = asyncio.create_task(Publisher("inventory", engine, find, shop, DrivenClock(START)).run())
    await eventually(lambda: len(counts) >= 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert counts[:2] == [0, 0]
