"""Rows in memory, for simulation: promises and errors of PostgreSQL at READ COMMITTED, without time and without chance.

Locks, waits, deadlocks, unique keys and checks are real (`memory_locks`, `memory_layout`); foreign keys are not kept. A naive
instant, a float for an integer and a datetime for a date are refused here, while the driver would silently convert them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Table

from chassis.failures import TRANSACTION_FAILED, TWICE_IN_ONE_STATEMENT, StorageError, VersionConflictError
from chassis.memory_layout import layout, positions
from chassis.memory_sheet import Row
from chassis.memory_work import Memory, Work
from chassis.rows import (
    REVISION,
    Key,
    ReadTogetherError,
    Tuples,
    given_key_of,
    given_names,
    key_names,
    names,
    searchable,
    updated_names,
)

__all__ = ["Memory", "MemoryRows", "Pause"]

Pause: TypeAlias = Callable[[str, str], Awaitable[None]]
"""Awaited with the operation's and the table's name ahead of each operation, and as ("commit", "") and ("committed", "") around
a commit. What it raises is raised there."""

READS = frozenset({"lock", "claim", "find", "due"})


@dataclass(slots=True)
class Statement:
    """An error inside ends the transaction, and a statement without rows is none: both as on PostgreSQL."""

    transaction: "MemoryRows"
    operation: str
    table: str
    is_one: bool

    async def __aenter__(self) -> None:
        if not self.is_one:
            return
        transaction = self.transaction
        if transaction.ended:
            raise StorageError(TRANSACTION_FAILED, "the transaction has failed or ended")
        if transaction.pause:
            try:
                await transaction.pause(self.operation, self.table)
            except BaseException:  # canceled, too
                transaction.end()
                raise

    async def __aexit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        if kind is not None:
            self.transaction.end()


class MemoryRows:
    """One transaction. Left without `commit` it forgets everything, as a crash does; so it does at its first error."""

    def __init__(self, memory: Memory, pause: Pause | None = None) -> None:
        self.pause = pause
        self._work = Work(memory)
        self._together = False
        self.ended = False

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        self._together = True
        try:
            yield
        finally:
            self._together = False

    async def insert(self, table: Table, rows: Tuples) -> None:
        async with self._statement("insert", table, rows):
            for row in layout(table).converted(given_names(table), rows):
                full = self._work.numbered(table, row)
                layout(table).admit(full)
                await self._work.add(table, full)

    async def upsert(self, table: Table, rows: Tuples) -> None:
        done: set[Key] = set()
        async with self._statement("upsert", table, rows):
            for row in layout(table).converted(names(table), rows):
                layout(table).admit(row)
                if layout(table).key(row) in done:
                    raise StorageError(TWICE_IN_ONE_STATEMENT, f"{table.name}: a row is given twice")
                done.add(layout(table).key(row))
                await self._work.put(table, row)

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        given = updated_names(table, columns)
        async with self._statement("update", table, rows):
            changes = [dict(zip(given, row, strict=True)) for row in layout(table).converted(given, rows)]
            keys = [tuple([change[name] for name in key_names(table)]) for change in changes]
            there = self._work.present(table, keys)
            matched = 0
            for key, change in zip(keys, changes, strict=True):
                matched += await self._count_up(table, key, there.get(key), change)
            if matched != len(rows):
                raise VersionConflictError(table.name, len(rows), matched)

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        async with self._statement("lock", table, keys):
            wanted = sorted(set(layout(table).converted(key_names(table), keys)))
            held = await self._work.hold_present(table, wanted)
            absent = [key for key in wanted if key not in held]
            for key in absent:
                await self._work.hold_name(table, key)
            held |= await self._work.hold_present(table, absent)  # those that came meanwhile
        return [row for _, row in sorted(held.items())]

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        new = []
        async with self._statement("claim", table, rows):
            for row in sorted(layout(table).converted(given_names(table), rows), key=given_key_of(table)):
                full = self._work.numbered(table, row)
                layout(table).admit(full)
                if await self._work.collides(table, full):
                    continue
                await self._work.add(table, full)
                new.append(layout(table).key(full))
        return new

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        places = positions(table, searchable(table, columns))
        async with self._statement("find", table, values):
            wanted = [each for each in layout(table).converted(columns, values) if None not in each]
            found = {key for each in wanted for key in self._work.keys(table, places, each)}
            return [self._work.row(table, key) for key in sorted(found)]

    async def delete(self, table: Table, keys: Tuples) -> int:
        removed = 0
        async with self._statement("delete", table, keys):
            wanted = sorted(set(layout(table).converted(key_names(table), keys)))
            for key, row in (await self._work.hold_present(table, wanted)).items():
                await self._work.remove(table, key, row)
                removed += 1
        return removed

    async def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Sequence[Any]:
        (place,) = positions(table, (column,))
        async with self._statement("due", table, (column,)):
            ((bound,),) = layout(table).converted((column,), [(until,)])
            ripe = [row for row in self._work.rows(table) if row[place] is not None and row[place] <= bound]
            return sorted(ripe, key=lambda row: (row[place], layout(table).key(row)))[:limit]

    async def commit(self) -> None:
        """All changes become visible at once. Raises StorageError when a statement had failed."""
        async with self._statement("commit"):
            pass
        self._work.apply()
        self.end()
        if self.pause:
            await self.pause("committed", "")

    async def close(self) -> None:
        """What has not been committed is forgotten. Never waits."""
        self.end()

    def end(self) -> None:
        """Nothing more can be done in it; what it held is free."""
        self.ended = True
        self._work.end()

    def _statement(self, operation: str, table: Table | None = None, rows: Collection[Any] = (None,)) -> Statement:
        if self._together and operation in READS and rows:
            raise ReadTogetherError
        return Statement(self, operation, "" if table is None else table.name, bool(rows))

    async def _count_up(self, table: Table, key: Key, known: Row | None, change: dict[str, Any]) -> bool:
        """`known` is the row at the start of the statement: one with another revision is not even waited for."""
        place, revision = names(table).index(REVISION), change[REVISION]
        if known is None or known[place] != revision:
            return False
        before = (await self._work.hold_present(table, [key])).get(key)
        if before is None or before[place] != revision:
            return False
        values = {**dict(zip(names(table), before, strict=True)), **change, REVISION: revision + 1}
        after = tuple(values.values())
        layout(table).admit(after)
        await self._work.replace(table, before, after)
        return True
