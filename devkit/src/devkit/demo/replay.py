"""Drives the clock through the file: what belongs to a step is sent, all falls quiet, what was told is heard, the next step.

Parts are made and given by run.py. Without a step length (`--exact`) the clock stops at each instant, and what could get in
each other's way goes one by one, so that two runs end alike to the unit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from contracts.warehouse import UnitsAdjusted
from devkit.demo.clearance import CLEARED
from devkit.demo.events import Look, Pay, Place, Report, Reverse
from devkit.demo.letters import STOCK_PATH
from devkit.demo.messages import Call, Post
from devkit.demo.sending import DemoError
from devkit.demo.shelf import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from devkit.demo.events import Agenda, Event
    from devkit.demo.facts import Facts
    from devkit.demo.messages import Record
    from devkit.demo.sending import Kafka, Repeats, Web
    from devkit.demo.shop import Shop
    from devkit.quiet import Quiet, Status

AFTER_END_DAYS_MAX = 90
"""Orders end within their limits (30 days and what comes late). Beyond that something is wrong."""
STEPS_AT_SAME_TIME_MAX = 20


@dataclass(slots=True)
class Replay:
    """One run through the agenda. `step` is None for single instants."""

    agenda: Agenda
    shop: Shop
    kafka: Kafka
    web: Web
    facts: Facts
    quiet: Quiet
    repeats: Repeats
    step: timedelta | None
    moved: Callable[[datetime, int, int], None]
    """Told after each step: the time, orders placed so far, orders still open."""
    now: datetime | None = None
    _deadline: datetime | None = None
    _placing: list[asyncio.Task[None]] = field(default_factory=list)
    _calling: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self, start: datetime, end: datetime) -> None:
        """From `start` until nothing is to come; `end` is the last time in the file. Raises DemoError, NotQuietError."""
        limit, same = end + timedelta(days=AFTER_END_DAYS_MAX), 0
        now: datetime | None = start
        while now is not None:
            if now > limit:
                raise DemoError(f"it is {now:%Y-%m-%d}, and {self.shop.open_orders} orders have not ended")
            same = same + 1 if now == self.now else 0
            if same > STEPS_AT_SAME_TIME_MAX:
                raise DemoError(f"the clock stands still at {now}")
            await self._take_step(now)
            now = self.agenda.next_step(now, step=self.step, deadline=self._deadline)
        for sent in self.repeats.rest():
            await self._resend(sent)
        await self._settle()

    async def _take_step(self, now: datetime) -> None:
        if now != self.now:
            self.now = now
            await self.kafka.tick(now)
            await self.quiet.applied(now)
            if self.step is None:
                await self.quiet.wait(now)  # deadlines of this instant come before what is sent at it
        for sent in self.repeats.next_step():
            await self._resend(sent)
        for group in _groups(self.agenda.due(now), exact=self.step is None):
            if _alone(group[0]):
                await self._arrived()
                await self.quiet.wait(now)
            if any(isinstance(event, Look) for event in group):
                await self._look()
            for event in group:
                await self._send(event)
            if self.step is None:
                await self._settle()
        await self._settle()

    async def _look(self) -> None:
        """What the seller sees is what inventory shows, and not what snapshots have told: these may be a second late."""
        await self._arrived()
        self.shop.clearance.stock = listed(await self.web.pages("inventory", STOCK_PATH), CLEARED)

    async def _settle(self) -> None:
        """Wait until all that was sent is decided; hear what was told."""
        await self._arrived()
        statuses = await self.quiet.wait(self.now)
        self._deadline = _next_deadline(statuses.values())
        for fact, at in await self.facts.read():
            self.agenda.add(self.shop.hear(fact, at))
        self.shop.answered()
        if self.now is not None:
            self.moved(self.now, self.facts.tally.facts["OrderPlaced"], self.shop.open_orders)

    async def _send(self, event: Event) -> None:
        if not isinstance(event, Place | Report):
            await self._placed()
        for sent in self.shop.act(event):
            match sent:
                case Post():
                    record = sent.record()
                    await self.kafka.publish(record)
                    if self.repeats.at_once(sent.name, record):
                        await self.kafka.publish(record)
                case Call(order_of=None):
                    self._calling.append(asyncio.create_task(self._call(sent)))
                case Call():
                    self._placing.append(asyncio.create_task(self._call(sent)))

    async def _call(self, call: Call) -> None:
        answer = await self.web.send(call)
        if call.order_of is not None:
            if "order_id" not in answer:
                raise DemoError(f"{call.key} was answered without an order: {answer}")
            self.shop.placed(call.order_of, str(answer["order_id"]))
        if self.repeats.at_once(call.key, call):
            await self.web.send(call)

    async def _resend(self, sent: Record | Call) -> None:
        if isinstance(sent, Call):
            await self.web.send(sent)
        else:
            await self.kafka.publish(sent)

    async def _placed(self) -> None:
        placing, self._placing = self._placing, []
        await asyncio.gather(*placing)

    async def _arrived(self) -> None:
        await self._placed()
        calling, self._calling = self._calling, []
        await asyncio.gather(*calling)
        await self.kafka.flush()


def _groups(events: Iterable[Event], *, exact: bool) -> Iterable[Sequence[Event]]:
    """What may be under way together. A buyer who cancels inside the hold waits for all before, as the order must be there."""
    if exact:
        return [list(group) for _, group in groupby(events, key=_contention)]
    return [list(group) for _, group in groupby(events, key=lambda event: event.name if _alone(event) else "")]


def _contention(event: Event) -> str:
    """Receipts do not get in each other's way, nor do payments of different orders."""
    match event:
        case Report(post) if not isinstance(post.message, UnitsAdjusted):
            return "reports"
        case Pay():
            return f"payment {event.answer}"
        case _:
            return event.name


def _alone(event: Event) -> bool:
    return isinstance(event, Reverse) and event.precise


def _next_deadline(statuses: Iterable[Status]) -> datetime | None:
    return min((status.next_due_at for status in statuses if status.next_due_at is not None), default=None)
