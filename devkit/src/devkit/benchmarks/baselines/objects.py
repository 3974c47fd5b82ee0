"""Rows as objects of SQLAlchemy's ORM: what the services' stores ask for, done the way that an ORM is used. A class a table,
one session a message; what was loaded is written back by the session.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import registry

from chassis.rows import REVISION, given_names, key_names, key_of, names, row_type, updated_names

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import date, datetime

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncSession

    from chassis.rows import Key, Tuples

_REGISTRY = registry()


@cache
def kind_of(table: Table) -> type[Any]:
    """The class whose objects are the rows of this table."""
    kind = type(table.name.title().replace("_", ""), (), {})
    _REGISTRY.map_imperatively(kind, table)
    return kind


@dataclass(frozen=True, slots=True)
class ObjectRows:
    """Within one session; it is flushed when its transaction ends."""

    session: AsyncSession
    loaded: dict[tuple[Table, Key], Any] = field(default_factory=dict)
    """By table and key; the session itself forgets what nobody holds."""

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        yield

    async def insert(self, table: Table, rows: Tuples) -> None:
        columns = given_names(table)
        self.session.add_all([kind_of(table)(**dict(zip(columns, row, strict=True))) for row in rows])

    async def upsert(self, table: Table, rows: Tuples) -> None:
        """What is not in the session is taken to be new: whoever changes a row has loaded it."""
        for row in rows:
            held = self.loaded.get((table, key_of(table)(row)))
            if held is None:
                self.session.add(kind_of(table)(**dict(zip(names(table), row, strict=True))))
            else:
                self._change(table, held, row)

    async def update(self, table: Table, rows: Tuples, columns: tuple[str, ...] | None = None) -> None:
        given, width = updated_names(table, columns), len(key_names(table))
        for row in rows:
            held = self.loaded[table, row[:width]]
            for name, value in zip(given, row, strict=True):
                setattr(held, name, value)
            held.revision += 1

    async def lock(self, table: Table, keys: Tuples) -> Sequence[Any]:
        return await self._select(table, key_names(table), keys, lock=True)

    async def claim(self, table: Table, rows: Tuples) -> Sequence[Key]:
        """Those that are not there; two processes that add the same one collide at the end."""
        fresh = [row for row in rows if await self.session.get(kind_of(table), key_of(table)(row)) is None]
        await self.insert(table, fresh)
        return [key_of(table)(row) for row in fresh]

    async def find(self, table: Table, columns: tuple[str, ...], values: Tuples) -> Sequence[Any]:
        return await self._select(table, columns, values, lock=False)

    async def delete(self, table: Table, keys: Tuples) -> int:
        held = [await self.session.get(kind_of(table), key) for key in keys]
        for one in held:
            if one is not None:
                await self.session.delete(one)
        return sum(one is not None for one in held)

    async def due(self, table: Table, column: str, until: datetime | date | int, limit: int) -> Sequence[Any]:
        kind = kind_of(table)
        wanted = select(kind).where(getattr(kind, column) <= until).order_by(getattr(kind, column)).limit(limit)
        return [_row(table, one) for one in await self.session.scalars(wanted)]

    async def _select(self, table: Table, columns: tuple[str, ...], values: Tuples, *, lock: bool) -> Sequence[Any]:
        if not values:
            return []
        kind = kind_of(table)
        wanted = select(kind).where(_among(kind, columns, values)).order_by(*(getattr(kind, name) for name in key_names(table)))
        rows = []
        for one in await self.session.scalars(wanted.with_for_update() if lock else wanted):
            row = _row(table, one)
            self.loaded[table, key_of(table)(tuple(row))] = one
            rows.append(row)
        return rows

    @staticmethod
    def _change(table: Table, held: Any, row: tuple[Any, ...]) -> None:
        kept = {*key_names(table), REVISION}
        for name, value in zip(names(table), row, strict=True):
            if name not in kept and getattr(held, name) != value:
                setattr(held, name, value)


def _among(kind: type[Any], columns: tuple[str, ...], values: Collection[tuple[Any, ...]]) -> Any:
    return tuple_(*(getattr(kind, name) for name in columns)).in_([tuple(value) for value in values])


def _row(table: Table, held: Any) -> Any:
    return row_type(table)(*(getattr(held, name) for name in names(table)))
