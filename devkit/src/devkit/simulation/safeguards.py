"""Safeguards that can be taken out, one by one or in pairs, and who must notice. Always by putting another part in the place
of a real one: the services know nothing of this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Table

from chassis.deadlines import DeadlineKey
from chassis.desk import Desk
from chassis.outbox import facts_of
from chassis.relay import POSITION_MAX, Relayed, Sender
from chassis.rows import REVISION, Key, Rows, Tuples, key_names, names
from chassis.transaction import Transaction, Transactions
from contracts.envelope import Deadline, Message
from devkit.simulation.history import Note
from devkit.simulation.process import Habits
from devkit.simulation.storage import PassingRows, Wrapping
from devkit.simulation.watch import Watched, WatchedDeadlines, note_of


def _rows_as_they_are(rows: Rows, _note: Note) -> Rows:
    return rows


def _desk_as_it_is(desk: Desk[Watched]) -> Desk[Watched]:
    return desk


@dataclass(frozen=True, slots=True)
class Safeguards:
    """What stands between the services and the seed's faults. When it does not, one of `caught_by` must go red."""

    name: str = "all in"
    wrapping: Wrapping = _rows_as_they_are
    desk: Callable[[Desk[Watched]], Desk[Watched]] = _desk_as_it_is
    habits: Habits = field(default_factory=Habits)
    caught_by: frozenset[str] = frozenset()


ALL_IN = Safeguards()


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


def _out(name: str, *caught_by: str, **parts: Any) -> Safeguards:
    return Safeguards(name=name, caught_by=frozenset(caught_by), **parts)


LOST_UPDATES = ("S3", "S4", "S7", "S10", "agreement", "model")
"""What breaks when one writes over what another has written; with the version check in, none of these does."""

OUT: Sequence[Safeguards] = (
    _out("inbox", "S2", wrapping=WithoutInbox),
    _out("root lock", "alarm", wrapping=WithoutRootLocks),
    _out("root lock of absent roots", "alarm", wrapping=WithoutAbsentLocks),
    _out("root lock and version check", *LOST_UPDATES, wrapping=WithoutVersions),
    _out("outbox in the same transaction", "S1", wrapping=WithoutOutbox),
    _out("acknowledge after commit", "S1", habits=Habits(acknowledge_first=True)),
    _out("draft drop", "S2", "S7", desk=without_drop),
    _out("deadline generation", "S9", desk=without_generations),
    _out("parked order", "S10", wrapping=WithoutParkedOrder),
    _out("relay stops a partition", "S10", habits=Habits(stop_at_failure=False)),
    _out("relay strikes after sending", "S1", habits=Habits(relay=relay_forgetting)),
)
"""By name; each with the promises of which one must be seen broken, or the alarm of the line behind it."""
