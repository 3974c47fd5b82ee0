"""A service's database in memory, looked at: transactions that pause at every step, fail when a fault says so, and leave a
note of what they committed. Balances are followed on every commit (S3, S4). The rows are those of the chassis.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
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

PASSING_STATES = ("08006", "40P01", "40001", "53300", "55P03", "57014", "57P01")
"""Connection lost, deadlock, no serialization, too many connections, no lock, statement canceled, server shut down."""
STRIKES = 0.2
"""During trouble, the share of the operations that it hits."""
PARKED_ID, CAUSE = 4, 7
"""The places of the message's id in a new row of `parked`, and of the cause in a movement."""
SHARED_TABLES = frozenset({"inbox", "outbox", "parked", "quarantine", "deadline"})
"""Those that the chassis keeps in every service."""
SELLER = "seller_id"

PauseAt: TypeAlias = Callable[[str], Awaitable[None]]
Wrapping: TypeAlias = Callable[[Rows, Note], Rows]


def rows_as_they_are(rows: Rows, _note: Note) -> Rows:
    return rows


class PassingRows:
    """One transaction's rows, and the note that goes with them. Passes everything on; who stands before it changes a little."""

    def __init__(self, inner: Rows, note: Note) -> None:
        self.inner = inner
        self.note = note

    def together(self) -> AbstractAsyncContextManager[None]:
        return self.inner.together()

    def insert(self, table: Table, rows: Tuples) -> Coroutine[Any, Any, None]:
        return self.inner.insert(table, rows)

    def upsert(self, table: Table, rows: Tuples) -> Coroutine[Any, Any, None]:
        return self.inner.upsert(table, rows)

    def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> Coroutine[Any, Any, None]:
        return self.inner.update(table, rows, columns)

    def lock(self, table: Table, keys: Tuples) -> Coroutine[Any, Any, Sequence[Any]]:
        return self.inner.lock(table, keys)

    def claim(self, table: Table, rows: Tuples) -> Coroutine[Any, Any, Sequence[Key]]:
        return self.inner.claim(table, rows)

    def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Coroutine[Any, Any, Sequence[Any]]:
        return self.inner.find(table, columns, values)

    def delete(self, table: Table, keys: Tuples) -> Coroutine[Any, Any, int]:
        return self.inner.delete(table, keys)

    def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Coroutine[Any, Any, Sequence[Any]]:
        return self.inner.due(table, column, until, limit)


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

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        self._note(table, rows)
        await self.inner.update(table, rows, columns)

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        new = await self.inner.claim(table, rows)
        if new:
            self.note.wrote.add(table.name)
        return new

    async def delete(self, table: Table, keys: Tuples) -> int:
        removed = await self.inner.delete(table, keys)
        if removed:
            self.note.wrote.add(table.name)
        return removed

    def _note(self, table: Table, rows: Tuples) -> None:
        """Sellers only of the service's own tables: what could not be decided is kept whoever it is said to be from."""
        if rows:
            self.note.wrote.add(table.name)
            if table.name == "stock_view":
                self.note.views.extend(rows)
            if (place := _seller_place(table)) is not None:
                self.note.sellers.update([(row[place], table.name) for row in rows])


@cache
def _seller_place(table: Table) -> int | None:
    """Where a row of a service's own table names its seller."""
    return None if table.name in SHARED_TABLES or SELLER not in table.columns else names(table).index(SELLER)


@dataclass(slots=True)
class Trouble:
    """Errors that the database gives for a while. Drawn from those that pass by themselves."""

    dice: Random
    errors: int = 0
    given: int = 0

    def strike(self, operation: str) -> None:
        """Raises StorageError now and then; after a commit only that the connection broke."""
        if self.dice.random() > STRIKES:
            return
        self.errors -= 1
        self.given += 1
        state = "08006" if operation == "committed" else self.dice.choice(PASSING_STATES)
        raise StorageError(state, f"{INJECTED} {operation}")


@dataclass(slots=True)
class Database:
    """What a service has committed. Its processes come and go."""

    service: str
    tables: ServiceTables
    history: History
    trouble: Trouble
    memory: Memory = field(default_factory=Memory)
    changed: defaultdict[str, Bell] = field(default_factory=lambda: defaultdict(Bell))
    """Of each table that somebody looks at: rung when it has changed."""
    wrapping: Wrapping = rows_as_they_are
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
        self.history.events.extend(note.events)
        self.history.parked.update(note.parked)
        for follow in self.followers:
            follow(note)
        for table, bell in self.changed.items():
            if table in note.wrote:
                bell.ring()

    def knock(self) -> None:
        """Let everybody look."""
        for bell in self.changed.values():
            bell.ring()

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
    """Those of one process. `pause_at` lets others go on, and is where the process may crash. `wrapping` stands in the place of
    the database's.
    """

    database: Database
    pause_at: PauseAt
    wrapping: Wrapping | None = None

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        return self._begin()

    once = begin

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[Transaction]:
        note, database = Note(), self.database

        async def pause(operation: str, table: str) -> None:
            step = f"{operation} {table}" if table else operation
            if operation == "committed":
                database.note(note)
                step = "; ".join([step, *[event.told for event in note.events if isinstance(event, Decided)]])
            await self.pause_at(step)
            if database.trouble.errors:
                database.trouble.strike(operation)

        try:
            async with MemoryTransactions(database.memory, database.tables, pause).begin() as tx:
                rows = (self.wrapping or database.wrapping)(tx.rows, note)
                yield Transaction(WatchedRows(rows, note), tx.tables)
            if note.facts:
                await self._publish_apart(note.facts)
        except StorageError as error:
            database.error(error)
            raise

    async def _publish_apart(self, facts: Sequence[str]) -> None:
        """In a transaction of their own, as without the safeguard that they go with what they tell of."""
        async with SimulatedTransactions(self.database, self.pause_at, rows_as_they_are).begin() as tx:
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
class Views:
    """Removals' view of an item, commit by commit: it never goes back (agreement)."""

    history: History
    versions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def follow(self, note: Note) -> None:
        for seller_id, sku, _, version, *_ in note.views:
            if version < self.versions[seller_id, sku]:
                known = self.versions[seller_id, sku]
                self.history.blame("agreement", f"removals' view of {sku} of {seller_id} went back from {known} to {version}")
            self.versions[seller_id, sku] = version


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
