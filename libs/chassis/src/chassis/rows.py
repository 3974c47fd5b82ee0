"""The few things a store does with tables, always for many rows at once, within one transaction.

A row is a tuple in the order of the table's columns, a key a tuple in the order of its primary key. Two implementations, kept
equal by one conformance suite: `postgres` for real, `memory` for simulation. What needs more than this (lists, searches,
reports) reads in `queries.py`. Errors are those of `failures`; after one, the transaction can only be left.

Column types: Text, Integer, BigInteger, Boolean, Uuid, DateTime(timezone=True), Date, LargeBinary and JSONB. JSONB goes in and
comes out as text, the latter with PostgreSQL's spacing and order of names. A Uuid comes back as a subclass of `uuid.UUID`,
equal to it but unknown to orjson: write it as `str`. Text in keys has the collation "C".
"""

from collections import namedtuple
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

Tuples: TypeAlias = Collection[tuple[Any, ...]]
Key: TypeAlias = tuple[Any, ...]

REVISION = "revision"
"""The column that `update` compares and counts up."""


class ReadTogetherError(RuntimeError):
    """A read among writes that go out together would not see them."""

    def __init__(self) -> None:
        super().__init__("nothing can be read among writes that go out together")


class Rows(Protocol):
    """Rows that come back are sequences that have their columns as attributes, too: `row.seller_id`."""

    def together(self) -> AbstractAsyncContextManager[None]:
        """In its block `insert`, `upsert` and `update` may wait, to go out as one statement when it ends; what they raise comes
        then, too. Nothing is read in it (ReadTogetherError), and no row is written twice.
        """

    async def insert(self, table: Table, rows: Tuples) -> None:
        """Add rows, identity columns left out. One that is there already, by key or another unique constraint, is an error."""

    async def upsert(self, table: Table, rows: Tuples) -> None:
        """Add full rows, or replace all but the key of those that are there. Only for what a locked root covers: two batches
        that replace rows no root covers take them in no stated order.
        """

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        """Replace full rows that carry the revision they were loaded with; it counts up by one. With `columns`, rows are key,
        revision and these, and the other columns stay as they are.

        Raises VersionConflictError unless each row was there with its revision, once.
        """

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        """Hold these keys until the transaction ends, whether or not their rows exist yet, and return the rows that do.

        Taken and returned in key order, so that batches that share keys queue up. Meant for roots: what belongs to one is
        covered by it. Only another `lock` waits for a key without a row.
        """

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        """Add those rows (as for `insert`) that collide with none; return their keys, in key order.

        Waits for another transaction that is about to add one of them. Of rows with the same key the first counts.
        """

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        """Rows whose `columns` equal one of `values`, in key order. The columns begin the primary key or an index."""

    async def delete(self, table: Table, keys: Tuples) -> int:
        """Remove rows; returns how many were there."""

    async def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Sequence[Any]:
        """At most `limit` rows whose `column` is not above `until`, lowest first, then in key order."""


@cache
def names(table: Table) -> tuple[str, ...]:
    """All columns: a row as it comes back, and as `upsert` takes it."""
    return tuple(column.name for column in table.columns)


@cache
def given_names(table: Table) -> tuple[str, ...]:
    """The columns that `insert` and `claim` take: the database fills identity columns by itself."""
    return tuple(column.name for column in table.columns if column.identity is None)


@cache
def key_names(table: Table) -> tuple[str, ...]:
    """The columns of a key."""
    return tuple(column.name for column in table.primary_key)


@cache
def updated_names(table: Table, columns: tuple[str, ...] | None) -> tuple[str, ...]:
    """The columns of a row as `update` takes it."""
    return names(table) if columns is None else (*key_names(table), REVISION, *columns)


@cache
def key_of(table: Table) -> Callable[[tuple[Any, ...]], Key]:
    """Takes the key out of a full row."""
    return picker(tuple(names(table).index(name) for name in key_names(table)))


@cache
def given_key_of(table: Table) -> Callable[[tuple[Any, ...]], Key]:
    """Takes the key out of a row as `insert` and `claim` get it."""
    return picker(tuple(given_names(table).index(name) for name in key_names(table)))


@cache
def picker(positions: tuple[int, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Takes the values at these positions out of a row."""
    if positions == tuple(range(len(positions))):
        return itemgetter(slice(len(positions)))  # the usual case, and one call into C
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda row: (row[positions[0]],)


@cache
def row_type(table: Table) -> type[Any]:
    """The named tuple that comes back from memory."""
    kind = _named_tuple(table)
    del kind._replace  # the driver's rows have none: who calls it shall fail in memory, too
    return kind


def _named_tuple(table: Table) -> type[Any]:
    return namedtuple(table.name, names(table))  # noqa: PYI024  # made from the table


SQL_TYPES: dict[type, str] = {
    Text: "text",
    SmallInteger: "smallint",
    BigInteger: "bigint",
    Integer: "integer",
    Boolean: "boolean",
    Uuid: "uuid",
    DateTime: "timestamptz",
    Date: "date",
    LargeBinary: "bytea",
    JSONB: "jsonb",
}


def sql_type(column: Column[Any]) -> str:
    """PostgreSQL's name of a column's type. Raises TypeError for one that the two implementations do not share."""
    kind = next((kind for kind in type(column.type).__mro__ if kind in SQL_TYPES), None)
    if kind is None or (isinstance(column.type, DateTime) and not column.type.timezone):
        message = f"{column} has a type that rows do not carry: {column.type!r}"
        raise TypeError(message)
    return SQL_TYPES[kind]


@cache
def searchable(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The same columns, when `find` may use them. Raises ValueError when no key or index begins with them."""
    indexes = [tuple(column.name for column in index.columns) for index in table.indexes]
    indexes += [tuple(unique.columns.keys()) for unique in table.constraints if isinstance(unique, UniqueConstraint)]
    if not any(index[: len(columns)] == columns for index in (key_names(table), *indexes)):
        message = f"no key or index of {table.name} begins with {columns}"
        raise ValueError(message)
    return columns
