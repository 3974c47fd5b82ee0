"""Notifications as processes, on real Kafka, PostgreSQL and SMTP: killed, stopped, and two of them at once (S8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from devkit.kafka import EmbeddedKafka
from devkit.mails import catch_mails
from devkit.runs import Run
from devkit.services import Services
from devkit.stack import Stack
from devkit.tokens import Issuer
from devkit.topics import make_topics

from support.eventually import eventually
from support.mail import MailHouse
from support.mails import contact_set, removal_canceled
from support.market import ticked
from support.seller import WEDNESDAY
from support.wire import wire

if TYPE_CHECKING:
    from contracts.envelope import Message
    from devkit.databases import DatabaseServer
    from devkit.services import ServiceProcess


@dataclass
class Branch:
    """Processes of notifications on a broker of their own, whose groups no other test joins."""

    services: Services
    producer: AIOKafkaProducer
    engine: AsyncEngine
    house: MailHouse
    told: int = 0

    async def start(self) -> ServiceProcess:
        process = self.services.start("notifications", settings=self.house.settings() | {"WHARF_MAILS_AT_ONCE": "4"})
        await asyncio.to_thread(self.services.wait_ready)
        return process

    async def tell(self, *messages: Message) -> None:
        for message in messages:
            self.told += 1
            record = wire(message, f"{self.told}")
            await self.producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
        await self.producer.flush()

    async def statuses(self) -> list[str]:
        async with self.engine.connect() as connection:
            return [row[0] for row in await connection.execute(text("SELECT status FROM mail"))]

    async def all_ended(self, count: int) -> bool:
        found = await self.statuses()
        return len(found) == count and set(found) <= {"sent", "unknown"}


async def status_of(process: ServiceProcess) -> Any:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{process.url}/status")).json()


@pytest_asyncio.fixture(scope="module")
async def broker() -> AsyncIterator[tuple[Run, str]]:
    with Run("mails") as run:
        bootstrap = await asyncio.to_thread(lambda: EmbeddedKafka(run).start().bootstrap)
        await make_topics(bootstrap, partitions=2)
        yield run, bootstrap


@pytest_asyncio.fixture
async def branch(
    broker: tuple[Run, str], postgres: DatabaseServer, dsn: str, engine: AsyncEngine, house: MailHouse
) -> AsyncIterator[Branch]:
    run, bootstrap = broker
    stack, issuer = Stack(bootstrap, postgres), Issuer.open(run.directory("keys"))
    mails = await asyncio.to_thread(partial(catch_mails, run))
    services = Services(run, stack, issuer, "driven", {"notifications": dsn}, mails)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await ticked(producer, WEDNESDAY)
        yield Branch(services, producer, engine, house)
        house.hold.set()
        await asyncio.to_thread(services.stop)
        mails.child.stop()


async def test_two_processes_one_of_which_is_killed_while_it_sends_make_each_mail_once(branch: Branch) -> None:
    count = 30
    branch.house.plan.extend([*["take"] * 8, *["silent"] * 4])
    await branch.start()
    await branch.tell(contact_set(), *[removal_canceled() for _ in range(count)])
    await eventually(lambda: branch.house.held)  # the leader, there is nobody else, waits for an answer
    second = await branch.start()
    branch.services.processes[0].child.kill()
    branch.services.processes.pop(0)
    branch.house.plan.clear()
    await eventually(partial(branch.all_ended, count), within_seconds=60)
    unknown = (await branch.statuses()).count("unknown")
    assert set(branch.house.ids().values()) == {1}
    assert 1 <= unknown <= 4
    assert count - unknown <= len(branch.house.mails) <= count
    assert (await status_of(second))["due_work"] == 0


async def test_a_stop_waits_for_the_mails_that_are_being_sent(branch: Branch) -> None:
    branch.house.plan.append("silent")
    process = await branch.start()
    await branch.tell(contact_set(), removal_canceled())
    await eventually(lambda: len(branch.house.mails) == 1)
    status = await status_of(process)
    assert (status["due_work"], status["due_deadlines"]) == (1, 0)  # so nobody takes it for quiet
    stopping = asyncio.create_task(asyncio.to_thread(branch.services.stop))
    await eventually(lambda: "stopping" in process.child.output())
    branch.house.hold.set()
    assert await stopping == {"notifications-1": 0}
    assert await branch.statuses() == ["sent"]


async def test_a_mail_that_was_deferred_is_due_when_the_clock_says_so(branch: Branch) -> None:
    branch.house.plan.append("defer")
    process = await branch.start()
    await branch.tell(contact_set(), removal_canceled())

    async def deferred() -> bool:
        status = await status_of(process)
        return status["due_work"] == 0 and status["next_due_at"] is not None

    await eventually(deferred)
    assert branch.house.mails == []
