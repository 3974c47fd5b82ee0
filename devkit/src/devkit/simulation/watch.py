"""A service's own desk, looked at: every decision and every setting of a deadline is written down with the transaction in
which it commits, and rules can be given bugs. What the service decides is not touched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from chassis.clock import Clock
from chassis.deadlines import DeadlineKey, Deadlines, Setting
from chassis.desk import Desk, Rule
from chassis.draft import Journal
from chassis.failures import OUT_OF_RANGE, StorageError
from chassis.outcomes import Cause
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from devkit.simulation.history import DeadlineCleared, DeadlineSet, Decided, Event, Note


class InjectedBugError(RuntimeError):
    """A rule of ours that goes wrong, as they will."""


@dataclass(slots=True)
class Bugs:
    """Messages at which a release of the services is broken, until the next release. `raising` after the rule has written,
    `spoiling` when the batch is saved: as a value would that the database refuses.
    """

    raising: Callable[[Message], bool] = lambda _: False
    spoiling: Callable[[Message], bool] = lambda _: False
    struck: set[Subject] = field(default_factory=set)
    """Objects that may be parked: all others may not."""
    mended: bool = False

    def strikes(self, message: Message, subject: Subject) -> bool:
        return self._hits(self.raising, message, subject)

    def spoils(self, message: Message, subject: Subject) -> bool:
        return self._hits(self.spoiling, message, subject)

    def _hits(self, choice: Callable[[Message], bool], message: Message, subject: Subject) -> bool:
        if self.mended or not choice(message):
            return False
        self.struck.add(subject)
        return True


class WatchedDeadlines(Deadlines):
    """Deadlines that tell what was set and cleared, once it is kept."""

    def __init__(self, service: str, note: Note) -> None:
        super().__init__()
        self._service = service
        self._note = note
        self._pending: list[Event] = []

    def keep(self) -> None:
        self._note.events.extend(self._pending)
        self._pending.clear()
        super().keep()

    def drop(self) -> None:
        self._pending.clear()
        super().drop()

    def _write(self, key: DeadlineKey, setting: Setting | None) -> None:
        if setting is None:
            self._pending.append(DeadlineCleared(self._service, key))
        else:
            self._pending.append(DeadlineSet(self._service, key, setting.generation, setting.due_at))
        super()._write(key, setting)


class Watched:
    """A service's state, and what is decided on it. Rules get the service's own state, never this."""

    def __init__(self, inner: Any, service: str, note: Note) -> None:
        self.inner = inner
        self.service = service
        self.note = note
        self.pending: list[Decided] = []
        self.spoiled = False
        inner.deadlines = WatchedDeadlines(service, note)

    @property
    def deadlines(self) -> Deadlines:
        return cast("Deadlines", self.inner.deadlines)

    @deadlines.setter
    def deadlines(self, deadlines: Deadlines) -> None:
        self.inner.deadlines = deadlines

    @property
    def quarantined(self) -> Journal[Quarantined]:
        return cast("Journal[Quarantined]", self.inner.quarantined)

    @quarantined.setter
    def quarantined(self, quarantined: Journal[Quarantined]) -> None:
        self.inner.quarantined = quarantined

    def keep(self) -> None:
        self.note.events.extend(self.pending)  # ahead of what it sets and clears
        self.pending.clear()
        self.inner.keep()

    def drop(self) -> None:
        self.pending.clear()
        self.inner.drop()

    def exists(self, subject: Subject) -> bool:
        return bool(self.inner.exists(subject))

    def number(self, fact: Message) -> int:
        return int(self.inner.number(fact))


def watched(desk: Desk[Any], bugs: Bugs, clock: Clock) -> Desk[Watched]:
    """The same desk, looked at. `clock` is the world's."""

    async def load(tx: Transaction, messages: Sequence[Message]) -> Watched:
        return Watched(await desk.load(tx, messages), desk.service, note_of(tx))

    async def save(tx: Transaction, state: Watched) -> None:
        await desk.save(tx, state.inner)
        if state.spoiled:
            raise StorageError(OUT_OF_RANGE, "injected into the batch: a value that is out of range")

    rules = {kind: Rule(_watched_rule(desk, rule, bugs, clock), rule.about, rule.creates) for kind, rule in desk.rules.items()}
    return Desk(desk.service, load, save, rules)


def _watched_rule(
    desk: Desk[Any], rule: Rule[Any], bugs: Bugs, clock: Clock
) -> Callable[[Watched, Any, Cause], Sequence[Message]]:
    def decide(state: Watched, message: Message, cause: Cause) -> Sequence[Message]:
        facts = rule.decide(state.inner, message, cause)
        subject = rule.about(message)
        if bugs.strikes(message, subject):
            raise InjectedBugError(type(message).__name__)
        state.spoiled |= bugs.spoils(message, subject)
        state.pending.append(Decided(desk.service, message, cause.id, subject, cause.now, clock.now(), tuple(facts)))
        return facts

    return decide


def note_of(tx: Transaction) -> Note:
    """What is written down of a transaction; only those of the simulation have one."""
    return cast("Note", tx.rows.note)  # type: ignore[attr-defined]  # the simulation's rows have it
