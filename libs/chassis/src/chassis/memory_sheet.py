"""Rows by key, and by the values of some columns. Used for what is committed and for what a transaction has changed."""

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from chassis.rows import Key, picker

Positions: TypeAlias = tuple[int, ...]
Row: TypeAlias = tuple[Any, ...]
Index: TypeAlias = dict[tuple[Any, ...], dict[Key, None]]


class Sheet:
    """A row of None is one that was removed."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row | None] = {}
        self._indexes: dict[Positions, Index] = {}

    def put(self, key: Key, row: Row | None) -> None:
        before = self.rows.get(key)
        self.rows[key] = row
        for positions, index in self._indexes.items():
            values = picker(positions)
            if before is not None:
                index[values(before)].pop(key)
            if row is not None:
                index.setdefault(values(row), {})[key] = None

    def apply(self, changes: "Sheet") -> None:
        for key, row in changes.rows.items():
            self.put(key, row)
            if row is None:
                del self.rows[key]

    def keys(self, positions: Positions, values: tuple[Any, ...]) -> Collection[Key]:
        """Keys of the rows that have these values at these positions."""
        if positions not in self._indexes:
            self._indexes[positions] = self._index(positions)
        return self._indexes[positions].get(values, {}).keys()

    def present(self) -> Iterable[tuple[Key, Row]]:
        return ((key, row) for key, row in self.rows.items() if row is not None)

    def _index(self, positions: Positions) -> Index:
        index: Index = {}
        for key, row in self.present():
            index.setdefault(picker(positions)(row), {})[key] = None
        return index
