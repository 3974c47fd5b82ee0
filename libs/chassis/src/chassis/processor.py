"""The way every message takes: claim, load, decide, save, publish; the transaction commits around it.

A batch is the unit of work, not of meaning: its messages are decided one after another against the draft, so that the outcome
equals deciding them one at a time in that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

import structlog

from chassis import inbox, outbox, parking, quarantine
from chassis.clock import Clock
from chassis.desk import Desk, S
from chassis.inbox import Claims, Stored
from chassis.outbox import Letterhead, Outgoing
from chassis.outcomes import (
    Absent,
    Accepted,
    Blocked,
    Cause,
    Fact,
    Failed,
    Identity,
    Outcome,
    Parked,
    Received,
    Repeated,
    Reused,
    Via,
)
from chassis.transaction import Transaction, Transactions
from contracts.envelope import Deadline, Message, Subject

log = structlog.get_logger()

HTTP, DEADLINE = Via.HTTP, Via.DEADLINE
"""Each message is asked five times: looking a member up in its enum takes Python 3.11 ten times as long as a name."""


async def process(transactions: Transactions, clock: Clock, desk: Desk[S], batch: Sequence[Received]) -> list[Outcome]:
    """Decide a batch in one transaction. One outcome a message, in order, returned after the commit."""
    async with transactions.begin() as tx:
        claims = await inbox.claim(tx, batch)
        fresh = [received for received in batch if received.identity in claims.fresh]
        sitting = await sit(tx, clock, desk, fresh, claims)
        outcomes = [sitting.decide(received) for received in batch]
        await sitting.save(tx)
    return outcomes


async def sit(tx: Transaction, clock: Clock, desk: Desk[S], messages: Sequence[Received], claims: Claims) -> "Sitting[S]":
    """Load what these messages need, roots locked. `now` and what is parked are read once the roots are held."""
    bodies = [received.body for received in messages]
    state = await desk.load(tx, bodies)
    await state.deadlines.load(tx, [received.body for received in messages if received.via is DEADLINE])
    parked = await parking.find_parked(tx, {desk.subject(body) for body in bodies})
    return Sitting(desk, state, claims, parked, clock.now())


@dataclass(slots=True)
class Sitting(Generic[S]):
    """A batch being decided: its state, and what has come of its messages so far."""

    desk: Desk[S]
    state: S
    claims: Claims
    parked: dict[Subject, str]
    now: datetime
    published: list[Outgoing] = field(default_factory=list)
    answered: list[tuple[Received, Sequence[Fact]]] = field(default_factory=list)
    newly_parked: list[tuple[Received, Subject, str]] = field(default_factory=list)
    released: dict[Identity, Received] = field(default_factory=dict)
    head: Letterhead = field(init=False)

    def __post_init__(self) -> None:
        self.head = outbox.letterhead(self.desk.service, self.now)

    def decide(self, received: Received) -> Outcome:
        """One message against the state so far. Whatever comes of it, the next message finds a whole state."""
        identity, via = received.identity, received.via
        if identity not in self.claims.fresh:
            return known(received, self.claims.stored[identity])
        if self.parked and self._subject(received) in self.parked:
            return self._behind(received) if self._counts(received) else self._settle(received, ())
        if via is HTTP and not self._may_answer(received):
            return self._release(received, Absent())
        if via is DEADLINE and not self._fires(received.body):
            return self._settle(received, ())
        return self.decide_now(received)

    def decide_now(self, received: Received) -> Outcome:
        """Let the rule decide; what it wrote is kept when it returns and dropped when it raises."""
        try:
            facts = self._told(received)
        except Exception as bug:  # the edge at which a bug becomes a parked message
            self.state.drop()
            log.exception("decision_failed", type=received.envelope.type, object=self._subject(received).key)
            return self._fail(received, repr(bug))
        self.state.keep()
        self.published.extend(facts)
        return self._settle(received, tuple([Fact(fact.type, fact.body) for fact in facts]))

    def is_superseded(self, parked: Received) -> bool:
        """A deadline that was set anew or cleared by what waited ahead of it: nothing may happen any more (S9)."""
        return isinstance(parked.body, Deadline) and self.state.deadlines.superseded(parked.body)

    async def save(self, tx: Transaction) -> None:
        """Write everything the batch changed, in as few statements as can be."""
        async with tx.rows.together():
            await self.desk.save(tx, self.state)
            await self.state.deadlines.save(tx)
            await parking.park(tx, self.newly_parked, self.now)
            parked = [received for received, _, _ in self.newly_parked]
            await inbox.close(tx, answered=self.answered, parked=parked, released=self.released.values())
            await outbox.add(tx, self.published)
        await quarantine.save(tx, self.state.quarantined.added)

    def _subject(self, received: Received) -> Subject:
        return self.desk.subject(received.body)

    def _told(self, received: Received) -> list[Outgoing]:
        given = received.envelope
        decide = self.desk.rules[type(received.body)].decide
        facts = decide(self.state, received.body, Cause(given.id, self._now_of(received), given.correlation_id, given.time))
        return [
            outbox.outgoing(fact, received, self.head, ordinal, self.state.number(fact)) for ordinal, fact in enumerate(facts)
        ]

    def _now_of(self, received: Received) -> datetime:
        """Once a deadline has come it has come, whatever this process's clock says meanwhile. Its time is when it was due."""
        return max(self.now, received.envelope.time) if received.via is DEADLINE else self.now

    def _fires(self, body: Message) -> bool:
        return isinstance(body, Deadline) and self.state.deadlines.fire(body)

    def _counts(self, received: Received) -> bool:
        """A deadline that was set anew or cleared is nothing to keep: parking it would take out what stands now."""
        return not isinstance(received.body, Deadline) or self.state.deadlines.stands(received.body)

    def _may_answer(self, received: Received) -> bool:
        return self.desk.rules[type(received.body)].creates or self.state.exists(self._subject(received))

    def _behind(self, received: Received) -> Outcome:
        if received.via is HTTP:
            return self._release(received, Blocked())
        return self._park(received, f"behind: {self.parked[self._subject(received)]}")

    def _fail(self, received: Received, reason: str) -> Outcome:
        if received.via is HTTP:
            return self._release(received, Failed(reason))
        return self._park(received, reason)

    def _park(self, received: Received, reason: str) -> Outcome:
        subject = self._subject(received)
        if isinstance(received.body, Deadline) and self.state.deadlines.stands(received.body):
            self.state.deadlines.clear(subject, [type(received.body)])  # parked once: it leaves the due set
            self.state.deadlines.keep()
        self.parked.setdefault(subject, reason)
        self.newly_parked.append((received, subject, reason))
        self._close(received, ())
        return Parked(reason)

    def _release(self, received: Received, outcome: Outcome) -> Outcome:
        """The id stays free: a later copy, in this batch too, is decided anew."""
        self.released[received.identity] = received
        return outcome

    def _settle(self, received: Received, facts: tuple[Fact, ...]) -> Outcome:
        if received.via is HTTP:
            self.answered.append((received, facts))
        self._close(received, facts)
        return Accepted(facts)

    def _close(self, received: Received, facts: tuple[Fact, ...]) -> None:
        identity = received.identity
        self.claims.fresh.remove(identity)  # a second copy in the same batch is a repetition too
        self.claims.stored[identity] = Stored(received.body_hash, facts)
        if self.released:
            self.released.pop(identity, None)


def known(received: Received, stored: Stored) -> Outcome:
    """What comes of a message whose identity has been decided before."""
    return Repeated(stored.facts) if stored.body_hash == received.body_hash else Reused()
