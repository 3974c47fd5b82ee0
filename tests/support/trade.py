"""All services in this process, on real databases and without a broker: each fact is carried over before the next message.

For tests that need what the services leave behind. Whether it gets there through Kafka is shown in tests/e2e.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from chassis import intake
from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.deadlines import find_due
from chassis.desk import Desk
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.outbox import Outgoing
from chassis.outcomes import Accepted, Received, Repeated
from chassis.processor import process
from chassis.relay import relay_once
from chassis.tables import ServiceTables
from chassis.transaction import PostgresTransactions
from contracts.envelope import Message
from inventory import tables as inventory_tables
from inventory.decisions import DESK
from notifications import tables as notifications_tables
from notifications.courier import Courier
from notifications.decisions import desk as notifications_desk
from notifications.letters import Letters
from notifications.post import Answer, Cut, Taken
from notifications.post import Outgoing as Mail
from orders import tables as orders_tables
from orders.decisions import desk
from orders.domain.policy import Policies
from removals import tables as removals_tables
from removals.decisions import desk as removals_desk

from support.mails import POLICY
from support.removals import TERMS
from support.seller import WEDNESDAY
from support.wire import Wire, wire, wire_of

ROWS_MAX = 100
MAILS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class House:
    """One service; `sent` collects what its relay would have sent."""

    desk: Desk[Any]
    transactions: PostgresTransactions
    sent: list[Outgoing] = field(default_factory=list)

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[bool]:
        self.sent.extend(facts)
        return [True] * len(facts)

    async def take_sent(self) -> list[Wire]:
        """The facts that are in the outbox, which is empty then."""
        while (await relay_once(self.transactions, self, ROWS_MAX)).rows:
            pass
        facts = [wire_of(fact) for fact in self.sent]
        self.sent.clear()
        return facts


@dataclass(slots=True)
class MailServer:
    """Takes every mail; one whose subject names a word of `cut` it takes without a word."""

    cut: set[str] = field(default_factory=set)
    taken: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> Answer:
        self.taken.append(mail)
        return Cut("no word") if any(word in mail.subject for word in self.cut) else Taken()

    async def close(self) -> None:
        """Nothing is kept open."""


@dataclass(slots=True)
class Trade:
    """The houses of a market at one time."""

    houses: Mapping[str, House]
    clock: DrivenClock
    courier: Courier
    mail_server: MailServer

    async def tell(self, *messages: Message) -> None:
        """Have messages decided, and everything that follows from each."""
        for message in messages:
            await self.deliver(wire(message))

    async def deliver(self, record: Wire) -> None:
        for house in self.houses.values():
            received = intake.read(record, house.desk.types, house.desk.service, self.clock.now())
            if isinstance(received, Received):
                await self._decide(house, [received])
        await self._carry_over()

    async def advance(self, now: datetime) -> None:
        """Let time go on to `now`; deadlines that have come by then are decided."""
        self.clock.advance(now)
        for house in self.houses.values():
            while due := await self._due(house):
                await self._decide(house, due)
                await self._carry_over()
        await self.send_mails()

    async def send_mails(self) -> None:
        """The courier's rounds, until no mail is due."""
        while await self.courier.work(asyncio.sleep):
            pass
        await self._carry_over()

    async def _due(self, house: House) -> Sequence[Received]:
        async with house.transactions.begin() as tx:
            return await find_due(tx, house.desk.types, house.desk.service, self.clock.now(), ROWS_MAX)

    async def _decide(self, house: House, batch: Sequence[Received]) -> None:
        for outcome in await process(house.transactions, self.clock, house.desk, batch):
            assert isinstance(outcome, Accepted | Repeated), outcome

    async def _carry_over(self) -> None:
        told = [fact for house in self.houses.values() for fact in await house.take_sent()]
        for fact in told:
            await self.deliver(fact)


@asynccontextmanager
async def open_trade(dsns: Mapping[str, str]) -> AsyncIterator[Trade]:
    """On databases that have the services' schemas."""
    async with AsyncExitStack() as stack:

        def house(service: Desk[Any], tables: ServiceTables) -> House:
            engine = create_async_engine(dsns[service.service])
            stack.push_async_callback(engine.dispose)
            return House(service, PostgresTransactions(engine, tables))

        houses = {
            "orders": house(desk(Policies()), orders_tables.SERVICE),
            "inventory": house(DESK, inventory_tables.SERVICE),
            "removals": house(removals_desk(TERMS), removals_tables.SERVICE),
            "notifications": house(notifications_desk(POLICY, Letters()), notifications_tables.SERVICE),
        }
        clock, mail_server = DrivenClock(WEDNESDAY), MailServer()
        mails = houses["notifications"]
        works = Works(mails.transactions, clock, mails.desk, Gate(1), Breaker(), lambda: None, lambda: 0.5)
        yield Trade(houses, clock, Courier(Lane("courier", works), mail_server, MAILS_AT_ONCE), mail_server)
