"""Working copies of what a batch holds. A decision writes to the draft; the processor keeps that when the decision returns
and drops it when it raises, so that one message can't spoil the others in its batch.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class NotHeldError(LookupError):
    """`load` has not locked this key: reading it would be a guess, writing it a lost update."""


class Draft(Generic[K, V]):
    """Values of the keys that the batch holds; None where there is no row yet. Values are deeply immutable.

    `revisions` are those of the rows that were loaded: what is saved must carry them, so that a lost update shows.
    """

    def __init__(self, held: Iterable[K], rows: Mapping[K, V], revisions: Mapping[K, int] | None = None) -> None:
        self._values: dict[K, V | None] = {**dict.fromkeys(held), **rows}
        self._revisions = revisions or {}
        self._undo: dict[K, V | None] = {}
        self._changed: dict[K, V | None] = {}
        """The keys, in order; their values are of no use, and cheaper to take over than to leave out."""

    def __getitem__(self, key: K) -> V | None:
        try:
            return self._values[key]
        except KeyError:
            raise NotHeldError(key) from None

    def __setitem__(self, key: K, value: V) -> None:
        try:
            before = self._values[key]
        except KeyError:
            raise NotHeldError(key) from None
        self._undo.setdefault(key, before)
        self._values[key] = value

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def add(self, key: K, value: V) -> None:
        """A new value whose key nobody else can know yet, since it was made just now: it need not be held."""
        self._values.setdefault(key, None)
        self[key] = value

    def items(self) -> list[tuple[K, V]]:
        """All values that are there, in the order in which their keys came."""
        return [(key, value) for key, value in self._values.items() if value is not None]

    def update(self, values: Mapping[K, V]) -> None:
        for key, value in values.items():
            self[key] = value

    @property
    def changed(self) -> dict[K, V]:
        """What `save` has to write."""
        values = self._values
        return {key: value for key in self._changed if (value := values[key]) is not None}

    @property
    def added(self) -> dict[K, V]:
        """Of what changed, that which has no row yet: to insert."""
        values, revisions = self._values, self._revisions
        return {key: value for key in self._changed if key not in revisions and (value := values[key]) is not None}

    @property
    def updated(self) -> dict[K, tuple[V, int]]:
        """Of what changed, that which was loaded, with its revision: to update."""
        values, revisions = self._values, self._revisions
        changed = self._changed
        return {key: (value, revisions[key]) for key in changed if key in revisions and (value := values[key]) is not None}

    def keep(self) -> None:
        if self._undo:  # most parts of a state are untouched by most messages
            self._changed.update(self._undo)
            self._undo.clear()

    def drop(self) -> None:
        self._values.update(self._undo)
        self._undo.clear()


class Journal(Generic[T]):
    """Rows that are only ever added."""

    def __init__(self) -> None:
        self._pending: list[T] = []
        self.added: list[T] = []

    def add(self, rows: Iterable[T]) -> None:
        self._pending.extend(rows)

    def keep(self) -> None:
        if self._pending:
            self.added.extend(self._pending)
            self._pending.clear()

    def drop(self) -> None:
        self._pending.clear()
