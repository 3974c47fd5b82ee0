"""Both services in this process, on real databases and without a broker: each fact is carried over before the next message.

For tests that need what the services leave behind. Whether it gets there through Kafka is shown in tests/e2e.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from chassis import intake
from chassis.clock import DrivenClock
from chassis.deadlines import find_due
from chassis.desk import Desk
from chassis.outbox import Outgoing
from chassis.outcomes import Accepted, Received, Repeated
from chassis.processor import process
from chassis.relay import relay_once
from chassis.tables import ServiceTables
from chassis.transaction import PostgresTransactions
from contracts.envelope import Message
from inventory import tables as inventory_tables
from inventory.decisions import DESK
from orders import tables as orders_tables
from orders.decisions import desk
from orders.domain.policy import Policies

from support.seller import WEDNESDAY
from support.wire import Wire, wire, wire_of

ROWS_MAX = 100


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
class Trade:
    """The houses of a market at one time."""

    houses: Mapping[str, House]
    clock: DrivenClock = field(default_factory=lambda: DrivenClock(WEDNESDAY))

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

        orders = house(desk(Policies()), orders_tables.SERVICE)
        yield Trade({"orders": orders, "inventory": house(DESK, inventory_tables.SERVICE)})
