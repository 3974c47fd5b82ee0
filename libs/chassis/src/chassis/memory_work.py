"""What one transaction in memory sees, holds and has changed. Statements and commits are in `memory`."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table

from chassis.failures import NOT_UNIQUE, StorageError
from chassis.memory_layout import Unique, layout
from chassis.memory_locks import Holder, Locks, Resource
from chassis.memory_sheet import Row, Sheet
from chassis.rows import Key


class Memory:
    """What has been committed, and who holds what. One database for any number of simulated processes in one event loop."""

    def __init__(self) -> None:
        self.tables: dict[str, Sheet] = defaultdict(Sheet)
        self.locks = Locks()
        self.counters: Counter[tuple[str, str]] = Counter()
        """The last value of each identity column; a rollback does not turn it back."""

    def committed(self, table: Table) -> list[Any]:
        """All rows of a table, in key order, as a new transaction would see them."""
        return [row for _, row in sorted(self.tables[table.name].present())]


class Work:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._holder = Holder()
        self._changes: dict[str, Sheet] = defaultdict(Sheet)

    def apply(self) -> None:
        """All changes become visible at once."""
        for name, changes in self._changes.items():
            self._memory.tables[name].apply(changes)

    def end(self) -> None:
        self._changes.clear()
        self._memory.locks.release(self._holder)

    async def hold_name(self, table: Table, key: Key) -> None:
        """Lock a key that has no row."""
        await self._memory.locks.take(self._holder, ("name", table.name, key))

    async def remove(self, table: Table, key: Key, row: Row) -> None:
        await self._mark(table, row)
        self._changes[table.name].put(key, None)

    def rows(self, table: Table) -> list[Any]:
        """All that this transaction sees."""
        own, committed = self._changes.get(table.name), self._memory.tables[table.name].present()
        if own is None:
            return [row for _, row in committed]
        return [*(row for key, row in committed if key not in own.rows), *(row for _, row in own.present())]

    async def add(self, table: Table, row: Row) -> None:
        for unique in layout(table).uniques:
            await self._refuse_second(table, unique, row)
            await self._mark(table, row, unique)
        self._changes[table.name].put(layout(table).key(row), layout(table).make(row))

    async def put(self, table: Table, row: Row) -> None:
        key = layout(table).key(row)
        primary = layout(table).uniques[0]
        while True:  # until the row neither comes nor goes under our hands: each round outlasts another transaction
            await self._memory.locks.settled(self._holder, _value(table, primary, row))
            if self.row(table, key) is None:
                return await self.add(table, row)
            if before := (await self.hold_present(table, [key])).get(key):
                return await self.replace(table, before, row)

    async def replace(self, table: Table, before: Row, after: Row) -> None:
        await self._mark(table, before)
        for unique in layout(table).uniques:
            if unique.values(before) != unique.values(after):
                await self._refuse_second(table, unique, after)
        await self._mark(table, after)
        self._changes[table.name].put(layout(table).key(after), layout(table).make(after))

    async def hold_present(self, table: Table, keys: Iterable[Key]) -> dict[Key, Any]:
        """Lock those that are there as the statement starts; they come as they are when the lock is held, if still there."""
        held = {}
        for key in self.present(table, keys):
            resource = ("row", table.name, key)
            await self._memory.locks.take(self._holder, resource)
            row = self.row(table, key)
            if row is None:
                self._memory.locks.drop(self._holder, resource)
            else:
                held[key] = row
        return held

    async def _mark(self, table: Table, row: Row, *uniques: Unique) -> None:
        """Who wants one of these values has to wait for the end of this transaction."""
        for unique in uniques or layout(table).uniques:
            if None not in unique.values(row):
                await self._memory.locks.take(self._holder, _value(table, unique, row))

    async def _refuse_second(self, table: Table, unique: Unique, row: Row) -> None:
        await self._memory.locks.settled(self._holder, _value(table, unique, row))
        if self.keys(table, unique.positions, unique.values(row)):
            raise StorageError(NOT_UNIQUE, f"{table.name} has such a row already", unique.name)

    async def collides(self, table: Table, row: Row) -> bool:
        waited = True
        while waited:  # what was settled may have changed while the next one was awaited
            waited = False
            for unique in layout(table).uniques:
                waited |= await self._memory.locks.settled(self._holder, _value(table, unique, row))
                if self.keys(table, unique.positions, unique.values(row)):
                    return True
        return False

    def numbered(self, table: Table, row: Row) -> Row:
        """With the columns that the database fills by itself."""
        full = list(row)
        for place, column in layout(table).identities:
            full.insert(place, self._next(table.name, column))
        return tuple(full)

    def _next(self, table: str, column: str) -> int:
        self._memory.counters[table, column] += 1
        return self._memory.counters[table, column]

    def present(self, table: Table, keys: Iterable[Key]) -> dict[Key, Row]:
        return {key: row for key in keys if (row := self.row(table, key)) is not None}

    def row(self, table: Table, key: Key) -> Any:
        """As this transaction sees it now: its own change, or what is committed."""
        own = self._changes.get(table.name)
        return own.rows[key] if own is not None and key in own.rows else self._memory.tables[table.name].rows.get(key)

    def keys(self, table: Table, places: tuple[int, ...], values: tuple[Any, ...]) -> list[Key]:
        """Of the rows that this transaction sees with these values; a null equals nothing."""
        if None in values:
            return []
        own, committed = self._changes.get(table.name), self._memory.tables[table.name].keys(places, values)
        if own is None:
            return list(committed)
        return [*(key for key in committed if key not in own.rows), *own.keys(places, values)]


def _value(table: Table, unique: Unique, row: Row) -> Resource:
    return unique.name, table.name, unique.values(row)
