"""What a table demands of its rows, read from its definition once: types, not-null, checks, unique values. Foreign keys are not
among it: the order of writes that they would force is proved on PostgreSQL alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CheckConstraint, Constraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql

from chassis.failures import CHECK_FAILED, NULL_VALUE, StorageError
from chassis.memory_checks import Term, term
from chassis.memory_values import conversion
from chassis.rows import Key, key_of, names, picker, row_type, sql_type

PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


@dataclass(frozen=True, slots=True)
class Unique:
    """Values that no two rows share, unless one is null."""

    name: str
    positions: tuple[int, ...]
    values: Callable[[tuple[Any, ...]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    name: str
    make: Callable[[Sequence[Any]], Any]
    key: Callable[[tuple[Any, ...]], Key]
    conversions: dict[str, Callable[[Any], Any]]
    identities: tuple[tuple[int, str], ...]
    """Columns that the database fills by itself, with their positions."""
    required: tuple[tuple[int, str], ...]
    checks: tuple[tuple[str, Term], ...]
    uniques: tuple[Unique, ...]
    """The primary key first, then in the order in which PostgreSQL looks at them."""

    def admit(self, row: tuple[Any, ...]) -> None:
        """Raises StorageError for a null or a value that the table does not allow, in PostgreSQL's order."""
        for position, column in self.required:
            if row[position] is None:
                raise StorageError(NULL_VALUE, f"{self.name}.{column} is null")
        for name, check in self.checks:
            if check(row) is False:
                raise StorageError(CHECK_FAILED, f"{self.name} violates {name}", name)

    def converted(self, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Values of these columns as they will come back. Raises StorageError (class 22)."""
        conversions = [self.conversions[column] for column in columns]
        return [tuple([convert(value) for convert, value in zip(conversions, row, strict=True)]) for row in rows]


@cache
def layout(table: Table) -> Layout:
    """Raises TypeError for a type or a check that memory does not know."""
    checks = [part for part in table.constraints if isinstance(part, CheckConstraint)]
    required = ((place, column.name) for place, column in enumerate(table.columns) if not column.nullable)
    identities = ((place, column.name) for place, column in enumerate(table.columns) if column.identity)
    return Layout(
        name=table.name,
        make=row_type(table)._make,
        key=key_of(table),
        conversions={column.name: conversion(sql_type(column)) for column in table.columns},
        identities=tuple(identities),
        required=tuple(required),
        checks=tuple(sorted(((_name(check), term(table, check.sqltext)) for check in checks), key=lambda pair: pair[0])),
        uniques=tuple(_uniques(table)),
    )


@cache
def positions(table: Table, columns: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(names(table).index(column) for column in columns)


def _uniques(table: Table) -> Iterator[Unique]:
    constraints = [part for part in table.constraints if isinstance(part, UniqueConstraint)]
    constraints.sort(key=lambda part: part._creation_order)  # noqa: SLF001  # the order in which CREATE TABLE names them
    indexes = sorted((index for index in table.indexes if index.unique), key=_name)
    parts: tuple[PrimaryKeyConstraint | UniqueConstraint | Index, ...] = (table.primary_key, *constraints, *indexes)
    for part in parts:
        places = positions(table, tuple(part.columns.keys()))
        yield Unique(_name(part), places, picker(places))


def _name(part: Constraint | Index) -> str:
    """The name that errors give: its own, the naming convention's, or PostgreSQL's."""
    if isinstance(part, Index):
        return (PREPARER.format_index(part) or "").strip('"')
    columns = "_".join(part.columns.keys()) if isinstance(part, UniqueConstraint) else ""
    kind = {PrimaryKeyConstraint: "pkey", UniqueConstraint: "key", CheckConstraint: "check"}[type(part)]
    default = "_".join(filter(None, (part.table.name, columns, kind)))
    named = PREPARER.format_constraint(part) if isinstance(part.name, str) else None
    return (named or default).strip('"')
