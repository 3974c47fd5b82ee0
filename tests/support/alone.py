"""A service's desk without tables: what the processor does with messages about one object, decided one after another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Self
from uuid import UUID

from chassis.desk import S
from chassis.outcomes import Cause, Received, Via, hash_of
from contracts.envelope import Deadline, Envelope, Message
from contracts.identity import hashed_id
from contracts.registry import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.desk import Desk


class Alone(Generic[S]):
    """Decide, count the facts, keep. `begun` is the instant from which `at` counts."""

    def __init__(self, desk: Desk[S], books: S, begun: datetime) -> None:
        self.rules, self.books, self.begun = desk.rules, books, begun
        self.now = begun
        self.facts: list[Message] = []
        self.count = 0

    @property
    def deadlines(self) -> dict[str, datetime]:
        """Those that stand, by type name."""
        live = self.books.deadlines._live
        return {key.deadline: setting.due_at for key, setting in live.items() if setting is not None}

    def at(self, after: timedelta) -> Self:
        """So long after the beginning."""
        self.now = self.begun + after
        return self

    def tell(self, *messages: Message) -> Sequence[Message]:
        """Decide messages one after another; returns the facts of the last."""
        told: Sequence[Message] = []
        for message in messages:
            gone = isinstance(message, Deadline) and not self.books.deadlines.fire(message)
            told = [] if gone else self.decide(message)
            self.facts += told
        return told

    def fire(self, name: str) -> Sequence[Message]:
        """The deadline comes, on time, as it was set."""
        live = self.books.deadlines._live
        key, setting = next((k, s) for k, s in live.items() if k.deadline == name and s is not None)
        self.now = max(self.now, setting.due_at)
        about = {"seller_id": key.seller_id, "object_id": key.object_id}
        parts = {**about, "generation": setting.generation, "due_at": setting.due_at}
        return self.tell(MESSAGES[name].model_validate(parts))

    def fire_due(self) -> None:
        """All deadlines that have come by now, earliest first; those that they set for now too."""
        for _ in range(10):
            due = sorted((due_at, name) for name, due_at in self.deadlines.items() if due_at <= self.now)
            if not due:
                return
            self.fire(due[0][1])
        raise AssertionError("deadlines fire without end")

    def decide(self, message: Message) -> Sequence[Message]:
        """The rule's answer, even to a deadline that does not stand."""
        self.count += 1
        cause = Cause(hashed_id("test", str(self.count)), self.now, UUID(int=1), self.now)
        told = self.rules[type(message)].decide(self.books, message, cause)
        for fact in told:
            self.books.number(fact)
        self.books.keep()
        return told


def names(facts: Sequence[Message]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def received(message: Message, name: str, now: datetime, via: Via = Via.KAFKA) -> Received:
    """A message as a service takes it in; `name` makes its id."""
    kind, body = type(message).__name__, message.model_dump_json().encode()
    message_id = hashed_id("test", name)
    envelope = Envelope(
        source="test", id=message_id, type=kind, time=now, seller_id=message.seller_id, correlation_id=UUID(int=1)
    )
    return Received(envelope, message, via, hash_of(kind, body), now)
