"""What a run has done, in the order in which it was committed: decisions, settings of deadlines, movements, errors. Written by
`storage` and `watch`, read by the checkers; nothing here is asked by the services.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.deadlines import DeadlineKey
from contracts.envelope import Message, Subject


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule was asked about a message, and what it did was committed."""

    service: str
    message: Message
    id: UUID
    subject: Subject
    now: datetime
    """As the rule was told."""
    at: datetime
    """As it really was."""
    facts: tuple[Message, ...]

    @property
    def told(self) -> str:
        """A line of the story."""
        facts = " ".join([type(fact).__name__ for fact in self.facts])
        return f"decided {type(self.message).__name__} of {self.subject.key}: {facts or 'nothing'}"


@dataclass(frozen=True, slots=True)
class DeadlineSet:
    service: str
    key: DeadlineKey
    generation: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DeadlineCleared:
    service: str
    key: DeadlineKey


Event = Decided | DeadlineSet | DeadlineCleared


@dataclass(slots=True)
class Note:
    """What one transaction does, until it commits."""

    events: list[Event] = field(default_factory=list)
    movements: list[tuple[Any, ...]] = field(default_factory=list)
    views: list[tuple[Any, ...]] = field(default_factory=list)
    """Of removals' view of the stock."""
    parked: list[UUID] = field(default_factory=list)
    sellers: set[tuple[str, str]] = field(default_factory=set)
    """Whose rows are written, and in which tables."""
    facts: list[str] = field(default_factory=list)
    """Lines that were to be published in another transaction, when that safeguard is out."""
    wrote: set[str] = field(default_factory=set)
    """Tables."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, or an alarm: a second line of defense that fired."""

    promise: str
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


INJECTED = "injected at"
"""In the text of every error that a fault makes. A message that runs into a limit of the database often enough, when alone, is
taken for the culprit: with this in its reason it is rightly parked, or refused to its client.
"""
VIOLATIONS_MAX = 5
"""Of each promise; after as many there is nothing to learn from more."""


@dataclass(slots=True)
class History:
    events: list[Event] = field(default_factory=list)
    parked: set[UUID] = field(default_factory=set)
    """Messages that ever were."""
    discarded: set[UUID] = field(default_factory=set)
    """Messages that an operator gave up."""
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """How often what happened: so that a run in which nothing happened does not look like a good one."""

    def blame(self, promise: str, what: str) -> None:
        if sum(violation.promise == promise for violation in self.violations) < VIOLATIONS_MAX:
            self.violations.append(Violation(promise, what))

    def blame_all(self, promise: str, problems: Sequence[str]) -> None:
        for problem in problems:
            self.blame(promise, problem)

    @property
    def decided(self) -> list[Decided]:
        return [event for event in self.events if isinstance(event, Decided)]
