"""Everybody who keeps coming while something breaks: buyers, payments, the warehouse, back offices. Who comes does not wait for
who came before, and a schedule says when: the load is the same, whether it is answered or not.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka.errors import KafkaError

from contracts.envelope import Subject
from contracts.removals import CancelRemoval, ConfirmRemoval
from contracts.values import LineUnits
from contracts.warehouse import RemovalPickStarted
from devkit.faults.shops import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
    from random import Random

    from contracts.envelope import Message
    from devkit.faults.clients import Clients
    from devkit.faults.history import Command
    from devkit.faults.stand import Stand

T = TypeVar("T")
SHOPS = 4
REMOVAL_EVERY, RECEIPT_EVERY, CONTACT_EVERY = 10, 20, 25
"""So many orders for one of these."""
HTTP_SHARE = 0.5
PATIENT_SHARE = 0.8
"""Of those who try again until they have an answer."""
PAID_SHARE, PAID_FIRST_SHARE = 0.93, 0.05
CANCELED_SHARE = 0.06
SHIPPED_SHARE = 0.3
"""Of the orders that may be picked, and of the removals: those that leave while somebody looks."""
PAYMENT_SECONDS_MAX, CANCEL_SECONDS_MAX = 1.0, 2.5
IN_FLIGHT_MAX = 6_000
TICK_SECONDS = 1.0
TICK = timedelta(minutes=5)
"""So much time of the stack passes in a second of ours: the buyer's hold is over after six."""
HEARD = frozenset({"PickRequested", "RemovalPlaced"})
END_SECONDS_MAX = 120.0


@dataclass(slots=True)
class Load:
    """`rate` orders a second, and what belongs to them; each message is sent once to `copies_max` times. `shed`: those that did
    not come, since too many waited already.
    """

    clients: Clients
    stand: Stand
    dice: Random
    rate: float
    copies_max: int = 1
    shops: list[Shop] = field(default_factory=list)
    arrived: int = 0
    shed: int = 0
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shops = [Shop(f"{self.clients.cell}.{number}", self.dice) for number in range(SHOPS)]

    async def open_shops(self) -> None:
        """Shelves are filled, and it is known where mails go."""
        opening = [message for shop in self.shops for message in (*shop.opening(), shop.contact())]
        await asyncio.gather(*(self.clients.publish(message) for message in opening))

    async def arrive(self) -> None:
        """By the schedule, until canceled."""
        begin = time.monotonic()
        while True:
            late = time.monotonic() - begin - self.arrived / self.rate
            if late < 0:
                await asyncio.sleep(-late)
            if len(self._tasks) >= IN_FLIGHT_MAX:
                self.shed += 1
            else:
                for story in self._stories(self.arrived):
                    self.spawn(story)
            self.arrived += 1

    async def tell_time(self) -> None:
        """Until canceled; the broker may be away."""
        while True:
            try:
                await self.stand.tick(TICK)
            except KafkaError:
                continue
            await asyncio.sleep(TICK_SECONDS)

    def hear(self, kind: str, key: str, body: Mapping[str, Any]) -> None:
        """The warehouse does what it is asked for, some of it at once."""
        subject = Subject.from_key(key)
        shop = next((shop for shop in self.shops if shop.seller_id == subject.seller_id), None)
        if shop is None or self.dice.random() >= SHIPPED_SHARE:
            return
        if kind == "PickRequested":
            self.spawn(self._publish(shop.parcel(subject.id, self.stand.now)))
        else:
            lines = tuple(LineUnits(line=one["line"], sku=one["sku"], quantity=one["quantity"]) for one in body["lines"])
            self.spawn(self._take_out(shop, subject.id, lines))

    def spawn(self, story: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Somebody more, whose end is waited for."""
        task = asyncio.create_task(story)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self) -> None:
        """Wait until everybody has an answer, or has gone. Raises what went wrong with the load itself."""
        async with asyncio.timeout(END_SECONDS_MAX):
            while self._tasks:
                await asyncio.wait(self._tasks)
        if self._failures:
            raise self._failures[0]

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)

    # ---- who comes --------------------------------------------------------------------------------------------

    def _stories(self, number: int) -> Iterator[Coroutine[Any, Any, Any]]:
        shop = self.shops[number % len(self.shops)]
        yield self._buy(shop, f"o-{number}")
        if number % REMOVAL_EVERY == 0:
            yield self._remove(shop, f"r-{number}")
        if number % RECEIPT_EVERY == 0:
            yield self._publish(shop.small_receipt())
        if number % CONTACT_EVERY == 0:
            newcomer = Shop(f"{self.clients.cell}.n{number}", self.dice)
            yield self._either(newcomer.contact())

    async def _buy(self, shop: Shop, order_id: str) -> None:
        by_http, first = self._happens(HTTP_SHARE), self._happens(PAID_FIRST_SHARE)
        paid, canceled = self._happens(PAID_SHARE), self._happens(CANCELED_SHARE)
        if first and not by_http:
            await self._publish(shop.payment(order_id))
            paid = False
        order = shop.order(order_id)
        command = await (self._ask(order) if by_http else self._publish(order))
        placed = str(command.message.subject.id)
        if paid:
            await self._pause(PAYMENT_SECONDS_MAX)
            await self._publish(shop.payment(placed))
        if canceled and command.acknowledged:
            await self._pause(CANCEL_SECONDS_MAX)
            # Over HTTP nobody can cancel what is still on its way through Kafka.
            await (self._ask if by_http else self._publish)(shop.cancel(placed))

    async def _remove(self, shop: Shop, removal_id: str) -> None:
        if not self._happens(HTTP_SHARE):
            await self._publish(shop.removal(removal_id))
            return
        drafted = await self._ask(shop.draft(removal_id))
        if drafted.acknowledged:
            await self._ask(ConfirmRemoval(seller_id=shop.seller_id, removal_id=removal_id, draft=1))
        if self._happens(CANCELED_SHARE):
            await self._ask(CancelRemoval(seller_id=shop.seller_id, removal_id=removal_id))

    async def _take_out(self, shop: Shop, removal_id: str, lines: tuple[LineUnits, ...]) -> None:
        await self._publish(RemovalPickStarted(seller_id=shop.seller_id, removal_id=removal_id))
        await self._publish(shop.removal_parcel(removal_id, lines, self.stand.now))

    async def _either(self, message: Message) -> Command:
        return await (self._ask(message) if self._happens(HTTP_SHARE) else self._publish(message))

    async def _publish(self, message: Message) -> Command:
        return await self.clients.publish(message, patient=self._happens(PATIENT_SHARE), copies=self._copies())

    async def _ask(self, message: Message) -> Command:
        return await self.clients.ask(message, patient=self._happens(PATIENT_SHARE), copies=self._copies())

    async def _pause(self, seconds_max: float) -> None:
        await asyncio.sleep(self.dice.random() * seconds_max)

    def _happens(self, share: float) -> bool:
        return self.dice.random() < share

    def _copies(self) -> int:
        return self.dice.randint(1, self.copies_max)


@asynccontextmanager
async def under_load(load: Load) -> AsyncIterator[Load]:
    """Everybody comes while inside; after it all who came have their answers."""
    facts = load.stand.facts
    facts.hear, facts.wanted = load.hear, HEARD
    await load.open_shops()
    tasks = [asyncio.create_task(work) for work in (load.arrive(), load.tell_time(), facts.listen())]
    try:
        yield load
        tasks[0].cancel()
        await load.end()
    finally:
        facts.hear = None
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for problem in ended:
        if isinstance(problem, Exception):
            raise problem
