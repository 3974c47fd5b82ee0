"""Parts with a safeguard left out: rows that do not lock, a relay that forgets, a courier in a hurry. `safeguards` puts them in
the place of the real ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Table

from chassis.deadlines import DeadlineKey
from chassis.desk import Desk
from chassis.lane import Lane, Wait
from chassis.outbox import facts_of
from chassis.outcomes import Accepted, Outcome, Received, Repeated
from chassis.relay import POSITION_MAX, Relayed, Sender
from chassis.rows import REVISION, Key, Tuples, key_names, names
from chassis.transaction import Transaction, Transactions
from chassis.worker import reported
from contracts.envelope import Deadline, Message
from contracts.identity import hashed_id
from contracts.notifications import MailDeferred, MailReport, MailTaken, SendingBegun
from devkit.simulation.storage import PassingRows
from devkit.simulation.watch import Watched, WatchedDeadlines, note_of
from notifications.courier import NAME, Courier, try_id
from notifications.post import Outgoing, Post, Taken


class WithoutInbox(PassingRows):
    """Every message counts as new."""

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        if table.name != "inbox":
            return await self.inner.claim(table, rows)
        width = len(key_names(table))
        known = {row[:width]: row for row in rows}
        await self.inner.upsert(table, list(known.values()))
        return sorted(known)


class WithoutRootLocks(PassingRows):
    """Roots are read, and nobody is kept from reading and writing them at the same time."""

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        return await self.inner.find(table, key_names(table), keys)


class WithoutAbsentLocks(PassingRows):
    """Only roots that exist are locked."""

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        there = await self.inner.find(table, key_names(table), keys)
        return await self.inner.lock(table, [row[: len(key_names(table))] for row in there])


class WithoutVersions(WithoutRootLocks):
    """Roots are not locked, and who writes last wins."""

    async def update(self, table: Table, rows: Tuples) -> None:
        place = names(table).index(REVISION)
        await self.inner.upsert(table, [(*row[:place], row[place] + 1, *row[place + 1 :]) for row in rows])


class WithoutOutbox(PassingRows):
    """Facts are not written with what they tell of, but after it (`storage` does so)."""

    async def insert(self, table: Table, rows: Tuples) -> None:
        if table.name == "outbox":
            self.note.facts.extend(row[0] for row in rows)
        else:
            await self.inner.insert(table, rows)


class WithoutParkedOrder(PassingRows):
    """Nobody looks whether an object is parked: later messages overtake."""

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        return [] if table.name == "parked" else await self.inner.find(table, columns, values)


class AnyDeadlines(WatchedDeadlines):
    """A deadline that was found is decided, whatever happened since."""

    def fire(self, deadline: Deadline) -> bool:
        self._write(DeadlineKey(*deadline.subject, type(deadline).__name__), None)
        return True


def without_generations(desk: Desk[Watched]) -> Desk[Watched]:
    async def load(tx: Transaction, messages: Sequence[Message]) -> Watched:
        state = await desk.load(tx, messages)
        state.deadlines = AnyDeadlines(desk.service, note_of(tx))
        return state

    return replace(desk, load=load)


class Undropped(Watched):
    """What a decision wrote before it raised stays."""

    def drop(self) -> None:
        self.pending.clear()


def without_drop(desk: Desk[Watched]) -> Desk[Watched]:
    async def load(tx: Transaction, messages: Sequence[Message]) -> Watched:
        return Undropped((await desk.load(tx, messages)).inner, desk.service, note_of(tx))

    return replace(desk, load=load)


async def relay_forgetting(transactions: Transactions, sender: Sender, rows_max: int) -> Relayed:
    """Strikes facts out before they are sent."""
    async with transactions.begin() as tx:
        rows = await tx.rows.due(tx.tables.outbox, "position", POSITION_MAX, rows_max)
        await tx.rows.delete(tx.tables.outbox, [(row.position,) for row in rows])
    facts = [fact for row in rows for fact in facts_of(row.facts)]
    results = await sender.send(facts)
    return Relayed(len(rows), len(facts), 0, next((each for each in results if isinstance(each, Exception)), None))


class WithoutUniqueMails(WithoutInbox):
    """Every message counts as new, and a cause may have its mail again: nobody looks whether a removal has it."""

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        looks = table.name == "mail" and columns == ("seller_id", "removal_id")
        return [] if looks else await self.inner.find(table, columns, values)

    async def insert(self, table: Table, rows: Tuples) -> None:
        if table.name == "mail":
            place, cause = names(table).index("mail_id"), names(table).index("cause_id")
            known = {row.mail_id for row in await self.inner.find(table, key_names(table), [row[:2] for row in rows])}
            rows = [_renamed(row, place, cause) if row[place] in known else row for row in rows]
        await self.inner.insert(table, rows)


def _renamed(row: tuple[Any, ...], *places: int) -> tuple[Any, ...]:
    """Another one, of which nobody sees that it is the same."""
    again = list(row)
    for place in places:
        again[place] = type(row[place])(str(hashed_id("again", str(row[place]))))
    return tuple(again)


class HastyCourier(Courier):
    """Hands a mail over first, and reports what it begun and what came of it afterwards."""

    async def work(self, wait: Wait) -> bool:
        works, due = self.lane.works, await self.lane.persist(self._find_due, wait)
        for row in due:
            at, attempt = works.clock.now(), try_id(row.seller_id, row.mail_id, row.tries + 1)
            answer = await self.post.send(Outgoing(f"<{row.mail_id}@hasty>", "", at, row.template, "", ""))
            about = {"seller_id": row.seller_id, "mail_id": row.mail_id}
            begun = (attempt, SendingBegun(**about, tries=row.tries + 1), row.correlation_id)
            came: MailReport = MailDeferred(**about, attempt=attempt, reason="not taken")
            if isinstance(answer, Taken):
                came = MailTaken(**about, attempt=attempt)
            told = (hashed_id(type(came).__name__, str(attempt)), came, row.correlation_id)
            await self.lane.run(reported(works.desk.service, NAME, [begun, told], at), wait)
        return False


class TrustingLane(Lane[Any]):
    """What somebody else has decided counts as decided here."""

    async def run(self, batch: Sequence[Received], wait: Wait, *, patience_seconds: float | None = None) -> list[Outcome]:
        outcomes = await super().run(batch, wait, patience_seconds=patience_seconds)
        return [Accepted(outcome.facts) if isinstance(outcome, Repeated) else outcome for outcome in outcomes]


def trusting_courier(lane: Lane[Any], post: Post, mails_at_once: int) -> Courier:
    """Does not ask whether it was itself that has begun a mail."""
    return Courier(TrustingLane(lane.name, lane.works), post, mails_at_once)
