"""Rows that leave out one thing which PostgreSQL, or who asks it, does for the services: locks, claims, looks. `safeguards`
puts them in the place of the real ones.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table

from chassis.inbox import Standing
from chassis.outcomes import Via
from chassis.rows import REVISION, Key, Rows, Tuples, key_names, names, updated_names
from contracts.identity import hashed_id
from devkit.simulation.history import Note
from devkit.simulation.storage import PassingRows


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

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        width = len(key_names(table))
        found = await self.inner.find(table, key_names(table), [row[:width] for row in rows])
        values = {row[:width]: dict(zip(names(table), row, strict=True)) for row in found}
        for row in rows:
            change = values[row[:width]]
            change.update(zip(updated_names(table, columns), row, strict=True))
            change[REVISION] += 1
        await self.inner.upsert(table, [tuple(change.values()) for change in values.values()])


class WithoutOutbox(PassingRows):
    """Facts are not written with what they tell of, but after it (`storage` does so)."""

    async def insert(self, table: Table, rows: Tuples) -> None:
        if table.name == "outbox":
            self.note.facts.extend(row[0] for row in rows)
        else:
            await self.inner.insert(table, rows)


class WithoutLedger(PassingRows):
    """Balances change, and nobody writes down how."""

    async def insert(self, table: Table, rows: Tuples) -> None:
        if table.name != "movement":
            await self.inner.insert(table, rows)


class WithoutParkedOrder(PassingRows):
    """Nobody looks whether an object is parked: later messages overtake."""

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        return [] if table.name == "parked" else await self.inner.find(table, columns, values)


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


class WithoutReleasedIds(PassingRows):
    """The id of a command that was not decided is not free again."""

    async def delete(self, table: Table, keys: Tuples) -> int:
        return 0 if table.name == "inbox" else await self.inner.delete(table, keys)


class WithoutAnswers(PassingRows):
    """What an HTTP client was told is not remembered."""

    async def upsert(self, table: Table, rows: Tuples) -> None:
        if table.name == "inbox":
            place = names(table).index("outcome")
            rows = [row for row in rows if row[place] != Standing.ACCEPTED]
        await self.inner.upsert(table, rows)


class WithoutSecondLook(PassingRows):
    """What was parked is looked at once in a transaction: an operator's look ahead of the lock counts."""

    def __init__(self, inner: Rows, note: Note) -> None:
        super().__init__(inner, note)
        self._seen: dict[tuple[Any, ...], Sequence[Any]] = {}

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        if table.name != "parked":
            return await self.inner.find(table, columns, values)
        asked = tuple(values)
        if asked not in self._seen:
            self._seen[asked] = await self.inner.find(table, columns, values)
        return self._seen[asked]


class WithoutDeadlineMarks(PassingRows):
    """Parked deadlines look like messages from Kafka, which may be discarded."""

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        rows = await self.inner.find(table, columns, values)
        if table.name != "parked":
            return rows
        place = names(table).index("via")
        return [type(row)._make([*row[:place], Via.KAFKA.value, *row[place + 1 :]]) for row in rows]
