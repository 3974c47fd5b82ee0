"""Notifications in this process on real rows: its decisions, a courier over real SMTP, and time as it is told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.due import fire_due
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.outcomes import Via
from chassis.transaction import PostgresTransactions
from notifications import tables
from notifications.courier import Courier
from notifications.decisions import desk
from notifications.smtp import Server, SmtpPost

from support.alone import received
from support.mail import MailHouse
from support.mails import LETTERS, NOON, POLICY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from contracts.envelope import Message

SENDER = Address("Wharf", addr_spec="wharf@mails.example")
ANSWER_SECONDS_MAX = 3.0


@dataclass
class PostOffice:
    """One process of the service, without Kafka and HTTP."""

    engine: AsyncEngine
    house: MailHouse
    clock: DrivenClock
    lane: Lane[Any]
    courier: Courier
    count: int = 0

    async def tell(self, *messages: Message, told_at: datetime | None = None, via: Via = Via.KAFKA) -> None:
        for message in messages:
            self.count += 1
            name = f"{self.count} {message!r}"
            one = received(message, name, told_at or self.clock.now(), via)
            await self.lane.run([one], asyncio.sleep)

    async def tell_together(self, messages: Sequence[Message]) -> None:
        """In one batch."""
        told = [received(one, f"{n} of {len(messages)}", self.clock.now(), Via.KAFKA) for n, one in enumerate(messages)]
        await self.lane.run(told, asyncio.sleep)

    async def fire_due(self) -> int:
        """The deadlines that have come; returns how many."""
        return await fire_due(Lane("deadlines", self.lane.works), asyncio.sleep)

    async def send_all(self) -> None:
        """Rounds until nothing is due."""
        while await self.courier.work(asyncio.sleep) or await self.due():
            pass

    async def due(self) -> int:
        found = await self.rows("SELECT count(*) FROM mail WHERE due_at <= :now", now=self.clock.now())
        return int(found[0][0])

    async def rows(self, statement: str, **given: Any) -> list[Any]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement), given)]

    async def statuses(self) -> list[str]:
        return [str(row[0]) for row in await self.rows("SELECT status FROM mail ORDER BY mail_id")]

    async def facts(self) -> str:
        """All that was told, as it stands in the outbox."""
        return "\n".join(row[0] for row in await self.rows("SELECT facts FROM outbox ORDER BY position"))


@asynccontextmanager
async def post_office(
    dsn: str, house: MailHouse, *, mails_at_once: int = 4, word_seconds_max: float = ANSWER_SECONDS_MAX
) -> AsyncIterator[PostOffice]:
    engine = create_async_engine(dsn, pool_size=8)
    clock = DrivenClock(NOON)
    transactions = PostgresTransactions(engine, tables.SERVICE)
    works = Works(transactions, clock, desk(POLICY, LETTERS), Gate(2), Breaker(), lambda: None, lambda: 0.5)
    server = Server("127.0.0.1", house.port, "plaintext", None, None, ANSWER_SECONDS_MAX)
    post = SmtpPost(server.client, SENDER, mails_at_once, ANSWER_SECONDS_MAX, word_seconds_max)
    courier = Courier(Lane("courier", works), post, mails_at_once)
    yield PostOffice(engine, house, clock, Lane("orders.facts", works), courier)
    await courier.close()
    await engine.dispose()
