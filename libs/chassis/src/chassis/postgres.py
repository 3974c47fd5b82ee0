"""Rows on PostgreSQL: one statement a call (see `statements`), one array a column; and the meaning of driver errors. Begins
and ends no transaction.

Statements run on asyncpg's connection under SQLAlchemy's: at 2,000 rows of ten columns a read costs 7 ms of CPU that way, 9 ms
through SQLAlchemy's result, which makes each row once more; writes cost the same both ways.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import asyncpg
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis import failures, statements
from chassis.failures import StorageError, VersionConflictError
from chassis.rows import (
    Key,
    ReadTogetherError,
    Tuples,
    given_key_of,
    given_names,
    key_names,
    key_of,
    names,
    searchable,
    updated_names,
)
from chassis.statements import Form

Make: TypeAlias = Callable[[Form], str]
"""A statement of `statements` that wants to know only how columns come."""


class Given(NamedTuple):
    """Rows as the parameters of a statement."""

    form: Form
    columns: Sequence[Any]


class Write(NamedTuple):
    """A write of one statement. `rows_wanted` is how many rows it must touch, None when any number will do."""

    table: Table
    make: Make
    given: Given
    rows_wanted: int | None = None

    @property
    def text(self) -> str:
        return self.make(self.given.form)

    def check(self, matched: int) -> None:
        if self.rows_wanted is not None and self.rows_wanted != matched:
            raise VersionConflictError(self.table.name, self.rows_wanted, matched)


@dataclass(slots=True)
class PostgresRows:
    """On asyncpg's connection, which SQLAlchemy hands out untyped; within its transaction, if it is in one."""

    driver: Any
    _waiting: list[Write] | None = None
    """Writes that go out together."""

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        waiting: list[Write] = []
        self._waiting = waiting
        try:
            yield
        finally:
            self._waiting = None
        await self._write(waiting)

    async def insert(self, table: Table, rows: Tuples) -> None:
        if given := _given(table, given_names(table), rows):
            await self._write_or_wait(Write(table, partial(statements.insert, table), given))

    async def upsert(self, table: Table, rows: Tuples) -> None:
        if given := _given(table, names(table), rows):
            await self._write_or_wait(Write(table, partial(statements.upsert, table), given))

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        if given := _given(table, updated_names(table, columns), rows):
            await self._write_or_wait(Write(table, partial(statements.update, table, columns), given, len(rows)))

    async def _write_or_wait(self, write: Write) -> None:
        if self._waiting is None:
            await self._write([write])
        else:
            self._waiting.append(write)

    async def _write(self, writes: Sequence[Write]) -> None:
        match writes:
            case []:
                return
            case [write]:
                write.check(await self._count(write.make, write.given))
            case _:
                text = statements.together(
                    tuple([write.text for write in writes]), tuple([len(write.given.columns) for write in writes])
                )
                with translated():
                    matched = await self.driver.fetchval(text, *[column for write in writes for column in write.given.columns])
                for write, rows in zip(writes, matched, strict=True):
                    write.check(rows)

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        wanted = set(keys)
        make, columns = partial(statements.lock, table), key_names(table)
        present = await self._fetch(table, make, _given(table, columns, wanted))
        if len(present) == len(wanted):
            return present
        # a row that is not there cannot be locked: hold its name instead, then look again, since it may have come meanwhile
        there = set(map(key_of(table), present))
        absent = sorted([key for key in wanted if key not in there])  # the order in which names are held
        await self._count(partial(statements.hold, table), _given(table, columns, absent))
        came = await self._fetch(table, make, _given(table, columns, absent))
        return sorted((*present, *came), key=key_of(table)) if came else present

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        # sorted: two batches that hold the same keys wait for each other instead of deadlocking
        given = _given(table, given_names(table), sorted(rows, key=given_key_of(table)))
        return list(map(tuple, await self._fetch(table, partial(statements.claim, table), given)))

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        make = partial(statements.find, table, searchable(table, columns))
        return await self._fetch(table, make, _given(table, columns, set(values)))

    async def delete(self, table: Table, keys: Tuples) -> int:
        return await self._count(partial(statements.delete, table), _given(table, key_names(table), sorted(set(keys))))

    async def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Sequence[Any]:
        return await self._read(table, statements.due(table, column), until, limit)

    async def _fetch(self, table: Table, make: Make, given: Given | None) -> Sequence[Any]:
        return [] if given is None else await self._read(table, make(given.form), *given.columns)

    async def _read(self, table: Table, text: str, *parameters: Any) -> Sequence[Any]:
        if self._waiting is not None:
            raise ReadTogetherError
        with translated():
            rows: Sequence[Any] = await self.driver.fetch(text, *parameters, record_class=record(table))
        return rows

    async def _count(self, make: Make, given: Given | None) -> int:
        """Run a statement for its effect; returns how many rows it touched."""
        if given is None:
            return 0
        with translated():
            status: str = await self.driver.execute(make(given.form), *given.columns)
        return int(status.rpartition(" ")[2])


@cache
def record(table: Table) -> type[asyncpg.Record]:
    """The driver's own row, with the columns as attributes: a named tuple would be a second object a row."""
    attributes = {name: property(itemgetter(place)) for place, name in enumerate(names(table))}
    return type(table.name, (asyncpg.Record,), {"__slots__": (), **attributes})


def _given(table: Table, columns: tuple[str, ...], rows: Collection[tuple[Any, ...]]) -> Given | None:
    """`rows` as parameters, one a column; None when there is none."""
    if not rows:
        return None
    arrays: list[Any] = list(map(list, zip(*rows, strict=True)))
    joined = [join(array) for array, join in zip(arrays, statements.joins(table, columns), strict=True)]
    return Given(Form.ARRAYS, arrays) if None in joined else Given(Form.JOINED, joined)


TROUBLES = (
    DBAPIError,
    PoolTimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    UnicodeError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of driver, pool and network inside become StorageErrors; whatever else is raised passes unchanged."""
    try:
        yield
    except TROUBLES as error:
        meaning = storage_error(error)
        if meaning is None:
            raise
        raise meaning from error


def storage_error(error: BaseException | None) -> StorageError | None:
    """What a driver's error means; None when it is none of the storage's."""
    match error:
        case DBAPIError():
            lost = StorageError(failures.CONNECTION_LOST, str(error.orig)) if error.connection_invalidated else None
            return storage_error(error.orig.__cause__ if error.orig else None) or lost
        case asyncpg.InvalidCachedStatementError():
            return StorageError("55000", "the table has changed; the next try prepares its statements anew")
        case UnicodeError():
            return _refused_value(error)
        case asyncpg.DataError() if error.__cause__:  # raised by the client library, as yet without the server
            return _refused_value(error)
        case asyncpg.PostgresError():
            return StorageError(error.sqlstate or "XX000", str(error.args[0]), error.as_dict().get("constraint_name"))
        case asyncpg.InterfaceError() if "closed" in str(error) or "released" in str(error):
            return StorageError(failures.CONNECTION_LOST, str(error))
        case OSError() | PoolTimeoutError() | asyncpg.InternalClientError():
            # the last: the server has ended the connection, and the driver has not heard all of it yet
            return StorageError(failures.CONNECTION_LOST, f"{type(error).__name__} {error}")
        case _:
            return None


def is_lost(error: BaseException) -> bool:
    """Whether nobody knows what became of the statement: the connection has gone, or the waiting for an answer was given up."""
    if not isinstance(error, Exception):
        return True
    meaning = error if isinstance(error, StorageError) else storage_error(error)
    return meaning is not None and meaning.sqlstate == failures.CONNECTION_LOST


def _refused_value(error: BaseException) -> StorageError:
    """The client library could not encode a value. Its own message would repeat the value: left out."""
    causes = [error]
    while causes[-1].__cause__:
        causes.append(causes[-1].__cause__)
    kinds = {UnicodeError: failures.BAD_ENCODING, OverflowError: failures.OUT_OF_RANGE}
    state = next((kinds[kind] for cause in causes for kind in kinds if isinstance(cause, kind)), failures.BAD_VALUE)
    return StorageError(state, f"a value could not be encoded: {type(causes[-1]).__name__}")
