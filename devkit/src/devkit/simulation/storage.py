"""A service's database in memory, looked at: transactions that pause at every step, fail when a fault says so, and leave a
note of what they committed. Balances are followed on every commit (S3, S4). The rows are those of the chassis.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Table

from chassis.failures import CHECK_FAILED, NOT_UNIQUE, StorageError, VersionConflictError
from chassis.memory import Memory
from chassis.rows import Key, Rows, Tuples, names
from chassis.tables import ServiceTables
from chassis.transaction import MemoryTransactions, Transaction
from devkit.simulation.history import INJECTED, DeadlineSet, Decided, History, Note
from devkit.simulation.scheduler import Bell

SECOND_LINES = {NOT_UNIQUE: "unique key", CHECK_FAILED: "check constraint"}
"""What must never fire while the safeguards before it are in."""

STRIKES = 0.2
"""During trouble, the share of the operations that it hits."""
PARKED_ID, CAUSE = 4, 7
"""The places of the message's id in a new row of `parked`, and of the cause in a movement."""
SHARED_TABLES = frozenset({"inbox", "outbox", "parked", "quarantine", "deadline"})
"""Those that the chassis keeps in every service."""
SELLER = "seller_id"

PauseAt: TypeAlias = Callable[[str], Awaitable[None]]
Wrapping: TypeAlias = Callable[[Rows, Note], Rows]


class PassingRows:
    """One transaction's rows, and the note that goes with them. Passes everything on; who stands before it changes a little."""

    def __init__(self, inner: Rows, note: Note) -> None:
        self.inner = inner
        self.note = note

    async def insert(self, table: Table, rows: Tuples) -> None:
        await self.inner.insert(table, rows)

    async def upsert(self, table: Table, rows: Tuples) -> None:
        await self.inner.upsert(table, rows)

    async def update(self, table: Table, rows: Tuples) -> None:
        await self.inner.update(table, rows)

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        return await self.inner.lock(table, keys)

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        return await self.inner.claim(table, rows)

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        return await self.inner.find(table, columns, values)

    async def delete(self, table: Table, keys: Tuples) -> int:
        return await self.inner.delete(table, keys)

    async def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Sequence[Any]:
        return await self.inner.due(table, column, until, limit)


class WatchedRows(PassingRows):
    """Writes down what is asked of it."""

    async def insert(self, table: Table, rows: Tuples) -> None:
        if table.name == "movement":
            self.note.movements.extend(rows)
        elif table.name == "parked":
            self.note.parked.extend(row[PARKED_ID] for row in rows)
        self._note(table, rows)
        await self.inner.insert(table, rows)

    async def upsert(self, table: Table, rows: Tuples) -> None:
        self._note(table, rows)
        await self.inner.upsert(table, rows)

    async def update(self, table: Table, rows: Tuples) -> None:
        self._note(table, rows)
        await self.inner.update(table, rows)

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        new = await self.inner.claim(table, rows)
        self.note.wrote |= bool(new)
        return new

    async def delete(self, table: Table, keys: Tuples) -> int:
        removed = await self.inner.delete(table, keys)
        self.note.wrote |= bool(removed)
        return removed

    def _note(self, table: Table, rows: Tuples) -> None:
        """Sellers only of the service's own tables: what could not be decided is kept whoever it is said to be from."""
        self.note.wrote |= bool(rows)
        if table.name not in SHARED_TABLES and SELLER in table.columns:
            place = names(table).index(SELLER)
            self.note.sellers.update((row[place], table.name) for row in rows)


@dataclass(slots=True)
class Trouble:
    """Errors that the database gives for a while. Drawn from those that pass by themselves."""

    dice: Random
    errors: int = 0
    given: int = 0
    kinds: Sequence[str] = ("08006", "40P01", "40001", "53300", "55P03", "57014", "57P01")

    def strike(self, operation: str) -> None:
        """Raises StorageError now and then; after a commit only that the connection broke."""
        if self.errors <= 0 or self.dice.random() > STRIKES:
            return
        self.errors -= 1
        self.given += 1
        state = "08006" if operation == "committed" else self.dice.choice(self.kinds)
        raise StorageError(state, f"{INJECTED} {operation}")


@dataclass(slots=True)
class Database:
    """What a service has committed. Its processes come and go."""

    service: str
    tables: ServiceTables
    history: History
    trouble: Trouble
    memory: Memory = field(default_factory=Memory)
    committed: Bell = field(default_factory=Bell)
    """Rung when something has changed."""
    wrapping: Wrapping = lambda rows, _: rows
    """Takes a safeguard out."""
    followers: Sequence[Callable[[Note], None]] = ()
    """Called with every commit."""

    def rows(self, table: Table) -> list[Any]:
        return self.memory.committed(table)

    def size(self, table: Table) -> int:
        return len(self.memory.tables[table.name].rows)

    def deadlines(self) -> Iterator[Any]:
        """All that stand, in no order."""
        return self.present(self.tables.deadline)

    def present(self, table: Table) -> Iterator[Any]:
        """All rows, in no order."""
        return (row for _, row in self.memory.tables[table.name].present())

    def note(self, note: Note) -> None:
        """The transaction has just committed; nobody has had a turn since."""
        note.committed = True
        self.history.events.extend(note.events)
        self.history.parked.update(note.parked)
        for follow in self.followers:
            follow(note)
        if note.wrote:
            self.committed.ring()

    def error(self, error: StorageError) -> None:
        if INJECTED in str(error):
            return
        self.history.counts[f"sqlstate {error.sqlstate}"] += 1
        if isinstance(error, VersionConflictError):
            self.history.blame("alarm", f"{self.service}: version conflict: {error}")
        elif error.sqlstate in SECOND_LINES:
            self.history.blame("alarm", f"{self.service}: {SECOND_LINES[error.sqlstate]}: {error}")


@dataclass(frozen=True, slots=True)
class SimulatedTransactions:
    """Those of one process. `pause_at` lets others go on, and is where the process may crash."""

    database: Database
    pause_at: PauseAt
    safe: bool = False

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[Transaction]:
        note, database = Note(), self.database

        async def pause(operation: str, table: str) -> None:
            if operation == "committed":
                database.note(note)
            await self.pause_at(f"{operation} {table}".rstrip())
            database.trouble.strike(operation)

        try:
            async with MemoryTransactions(database.memory, database.tables, pause).begin() as tx:
                rows = tx.rows if self.safe else database.wrapping(tx.rows, note)
                yield Transaction(WatchedRows(rows, note), tx.tables)
            if note.facts:
                await self._publish_apart(note.facts)
        except StorageError as error:
            database.error(error)
            raise

    async def _publish_apart(self, facts: Sequence[str]) -> None:
        """In a transaction of their own, as without the safeguard that they go with what they tell of."""
        async with SimulatedTransactions(self.database, self.pause_at, safe=True).begin() as tx:
            await tx.rows.insert(tx.tables.outbox, [(text,) for text in facts])


@dataclass(slots=True)
class Effects:
    """Every effect has a decision, and is its seller's (S2, S12). One a service."""

    history: History
    decided: set[UUID] = field(default_factory=set)

    def follow(self, note: Note) -> None:
        """A decision in the same transaction, or in an earlier one that kept the message."""
        self.decided.update(event.id for event in note.events if isinstance(event, Decided))
        causes = {row[CAUSE] for row in note.movements}
        causes |= {event.generation for event in note.events if isinstance(event, DeadlineSet)}
        for cause in causes - self.decided:
            self.history.blame("S2", f"message {cause} has an effect that was not decided")
        asked = {event.message.seller_id for event in note.events if isinstance(event, Decided)}
        for seller_id, table in sorted(note.sellers):
            if asked and seller_id not in asked:  # a worker may look after its rows without a message
                self.history.blame("S12", f"{table} of {seller_id} was written by messages of {sorted(asked)}")


@dataclass(slots=True)
class Balances:
    """The ledger added up, movement by movement, as each commits (S3, S4)."""

    history: History
    internal: frozenset[str]
    """Buckets whose units may never be negative."""
    units: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def follow(self, note: Note) -> None:
        for row in note.movements:
            self._post(row)

    def _post(self, row: Any) -> None:
        seller_id, sku, version, location, source, target, quantity = row[:7]
        item = (seller_id, sku)
        self.versions[item] += 1
        self.history.counts["movements"] += 1
        if version != self.versions[item]:
            self.history.blame("S3", f"item {item}: version {version} where {self.versions[item]} was next")
        self.units[*item, location, source] -= quantity
        self.units[*item, location, target] += quantity
        left = self.units[*item, location, source]
        if source in self.internal and left < 0:
            promise = "S4" if source == "available" else "S3"
            self.history.blame(promise, f"item {item} at {location}: {source} is {left}")
