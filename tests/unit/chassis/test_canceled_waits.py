"""A part that is told to end ends, also when it is woken in the same moment or others go on: else no service would stop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from chassis import outbox
from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.gate import Gate
from chassis.lane import Lane, Works
from chassis.leading import due_watch
from chassis.outbox import Outgoing
from chassis.relay import Relay

from support.eventually import eventually
from support.toy import START, toy_desk
from support.toy_database import toy_in_memory

END_SECONDS = 2.0


@dataclass
class Accepting:
    """Takes every fact. `meanwhile` happens before it answers."""

    meanwhile: Callable[[], Awaitable[None]] | None = None
    sent: list[str] = field(default_factory=list)

    async def send(self, facts: Sequence[Outgoing]) -> Sequence[bool]:
        self.sent += [fact.body for fact in facts]
        if self.meanwhile is not None:
            await self.meanwhile()
        return [True] * len(facts)


async def test_a_relay_that_is_woken_while_it_is_canceled_ends() -> None:
    relay = Relay(toy_in_memory(), Accepting())
    running = asyncio.create_task(relay.run())
    await relay.drained()
    for _ in range(10):  # until it waits for the next knock
        await asyncio.sleep(0)
    relay.knock()
    await assert_ends(running)


async def test_deadlines_that_are_woken_while_they_are_canceled_end() -> None:
    works = Works(
        toy_in_memory(), DrivenClock(START), toy_desk(), Gate(2), Breaker(), committed=lambda: None, jitter=lambda: 1.0
    )
    due = due_watch(Lane("deadlines", works), 60.0, asyncio.Event())
    running = asyncio.create_task(due.run())
    for _ in range(50):  # until it waits for the next knock
        await asyncio.sleep(0)
    due.knock()
    await assert_ends(running)


async def test_a_relay_is_drained_although_other_processes_go_on_committing() -> None:
    """A process that stops under load sends what was there before, and leaves the rest to the next leader."""
    transactions = toy_in_memory()

    async def commit(body: str = "later") -> None:
        async with transactions.begin() as tx:
            await outbox.add(tx, [Outgoing("t", "k", "{}", body)])
        relay.knock()
        await asyncio.sleep(0)  # rows in memory never wait, and others must get their turn

    sender = Accepting(commit)
    relay = Relay(transactions, sender)
    await commit("before")
    running = asyncio.create_task(relay.run())
    draining = asyncio.create_task(relay.drained())
    await eventually(draining.done, within_seconds=END_SECONDS, because="what was there is sent")
    assert sender.sent[0] == "before"
    await assert_ends(running)


async def assert_ends(running: asyncio.Task[None]) -> None:
    running.cancel()
    await eventually(running.done, within_seconds=END_SECONDS, because="what is canceled ends")
    assert running.cancelled()
