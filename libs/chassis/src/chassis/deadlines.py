"""Instants that were set for objects, changed in the transaction that changes their object (S9). The lane that looks for those
that have come is `due`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.outcomes import Cause, Received, Via
from chassis.transaction import Transaction
from contracts.envelope import Deadline, Envelope, Message, Subject
from contracts.identity import hashed_id


class DeadlineKey(NamedTuple):
    seller_id: str
    kind: str
    object_id: str
    deadline: str


class Setting(NamedTuple):
    """One deadline as it stands. `generation` is the id of the message that set it."""

    generation: UUID
    correlation_id: UUID
    due_at: datetime


def key_of(deadline: Deadline) -> DeadlineKey:
    return DeadlineKey(*deadline.subject, type(deadline).__name__)


def is_setting_of(deadline: Deadline, setting: Setting | None) -> bool:
    """Whether the deadline is what was set so."""
    return setting is not None and (setting.generation, setting.due_at) == (deadline.generation, deadline.due_at)


class Deadlines:
    """The draft of deadlines: what the decisions of a batch set and clear."""

    def __init__(self) -> None:
        self._live: dict[DeadlineKey, Setting | None] = {}
        self._undo: dict[DeadlineKey, Setting | None] = {}
        self._changed: dict[DeadlineKey, Setting | None] = {}
        """The keys count, in order; see `Draft`."""

    def set(self, kind: type[Deadline], subject: Subject, due_at: datetime, cause: Cause) -> None:
        self._write(DeadlineKey(*subject, kind.__name__), Setting(cause.id, cause.correlation_id, due_at))

    def clear(self, subject: Subject, kinds: Iterable[type[Deadline]]) -> None:
        for kind in kinds:
            self._write(DeadlineKey(*subject, kind.__name__), None)

    def fire(self, deadline: Deadline) -> bool:
        """Take the deadline out, if this very setting still stands; else nothing may happen."""
        if not self.stands(deadline):
            return False
        self._write(key_of(deadline), None)
        return True

    def stands(self, deadline: Deadline) -> bool:
        """Whether it was neither set anew nor cleared since it was read."""
        return is_setting_of(deadline, self._live.get(key_of(deadline)))

    def superseded(self, deadline: Deadline) -> bool:
        """Of one that parked, whose setting was taken out then: whether it has been set anew or cleared since."""
        key = key_of(deadline)
        setting = self._live.get(key)
        return key in self._changed or (setting is not None and not is_setting_of(deadline, setting))

    def _write(self, key: DeadlineKey, setting: Setting | None) -> None:
        self._undo.setdefault(key, self._live.get(key))
        self._live[key] = setting

    def keep(self) -> None:
        if self._undo:
            self._changed.update(self._undo)
            self._undo.clear()

    def drop(self) -> None:
        self._live.update(self._undo)
        self._undo.clear()

    async def load(self, tx: Transaction, deadlines: Iterable[Message]) -> None:
        """Read the settings of the objects whose deadlines have come; to be called once their roots are held."""
        subjects = {message.subject for message in deadlines}
        rows = await tx.rows.find(tx.tables.deadline, ("seller_id", "kind", "object_id"), subjects)
        for row in rows:
            key = DeadlineKey(row.seller_id, row.kind, row.object_id, row.deadline)
            self._live[key] = Setting(row.generation, row.correlation_id, row.due_at)

    async def save(self, tx: Transaction) -> None:
        settings = [(key, self._live[key]) for key in self._changed]
        await tx.rows.delete(tx.tables.deadline, [key for key, setting in settings if setting is None])
        rows = [(*key, s.generation, s.correlation_id, s.due_at) for key, s in settings if s is not None]
        await tx.rows.upsert(tx.tables.deadline, rows)


async def find_due(
    tx: Transaction, types: dict[str, type[Message]], service: str, now: datetime, limit: int
) -> Sequence[Received]:
    """Deadlines that have come, earliest first, as messages. Their id is the hash of what they are."""
    rows = await tx.rows.due(tx.tables.deadline, "due_at", now, limit)
    return [_received(row, types, service, now) for row in rows]


def _received(row: Any, types: dict[str, type[Message]], service: str, now: datetime) -> Received:
    kind = types[row.deadline]
    body = kind.model_validate(
        {"seller_id": row.seller_id, "object_id": row.object_id, "generation": row.generation, "due_at": row.due_at}
    )
    parts = (row.seller_id, row.kind, row.object_id, row.deadline, str(row.generation), row.due_at.isoformat())
    envelope = Envelope(
        source=f"/{service}/deadlines",
        id=hashed_id("deadline", *parts),
        type=row.deadline,
        time=row.due_at,
        seller_id=row.seller_id,
        correlation_id=row.correlation_id,
        causation_id=row.generation,
    )
    return Received(envelope, body, Via.DEADLINE, b"", now)
