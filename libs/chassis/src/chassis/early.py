"""Messages that come before their object: they are kept in its place and decided when it comes, in order of arrival. Those
whose object never comes go to quarantine.

What kept messages are to an object, and when it comes, is the service's; the deadline that ends the waiting is its own message.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from chassis.desk import Decision, S
from chassis.draft import Draft
from chassis.outcomes import Cause
from chassis.quarantine import Quarantined, envelope_text
from contracts.envelope import Deadline, Envelope, Message, Subject
from contracts.identity import hashed_id
from contracts.registry import MESSAGES

EARLY_MESSAGES_MAX = 20
"""Messages kept for an object that has not come yet."""


@dataclass(frozen=True, slots=True)
class EarlyMessage:
    """A message that came before its object, as it came. `received_at` is when it was decided to be kept."""

    type: str
    body: str
    message_id: UUID
    correlation_id: UUID
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """No object yet: messages that wait for it, oldest first, and the count of facts told about it so far (refusals)."""

    changed_at: datetime
    sequence: int = 0
    early: tuple[EarlyMessage, ...] = ()

    def counted(self) -> "Expected":
        """With one more fact told."""
        return replace(self, sequence=self.sequence + 1)


KEPT = TypeAdapter(tuple[EarlyMessage, ...])
"""Kept messages as text, and back."""


class Root(Protocol):
    """An object that is there."""

    @property
    def changed_at(self) -> datetime: ...


R = TypeVar("R", bound=Root)
M = TypeVar("M", bound=Message)
Roots: TypeAlias = Draft[Subject, R | Expected]
RootRule: TypeAlias = Callable[[S, R, M, Cause], Sequence[Message]]
"""A rule about an object that is there; its `now` is never before the object's last change."""


@dataclass(frozen=True, slots=True)
class Early(Generic[S, R]):
    """How a service keeps what comes early. `noun` is what it calls the object, `patience` how long messages wait for one,
    until `deadline` comes.
    """

    service: str
    noun: str
    roots: Callable[[S], Roots[R]]
    deadline: type[Deadline]
    patience: Callable[[S], timedelta]

    def or_kept(self, rule: RootRule[S, R, M]) -> Decision[S, M]:
        """The rule, for an object that is there; otherwise the message waits for it."""

        def decide(books: S, message: M, cause: Cause) -> Sequence[Message]:
            root = self.roots(books)[message.subject]
            if root is None or isinstance(root, Expected):
                return self._keep(books, root, message, cause)
            return rule(books, root, message, _not_before(root, cause))

        return decide

    def or_nothing(self, rule: RootRule[S, R, M]) -> Decision[S, M]:
        """The rule of a deadline: there is none to come for an object that is not there."""

        def decide(books: S, deadline: M, cause: Cause) -> Sequence[Message]:
            root = self.roots(books)[deadline.subject]
            if root is None or isinstance(root, Expected):
                return []
            return rule(books, root, deadline, _not_before(root, cause))

        return decide

    def decide_kept(
        self, rules: Mapping[type[Message], Decision[S, Any]], books: S, kept: Sequence[EarlyMessage], cause: Cause
    ) -> Sequence[Message]:
        """Decide the messages that have waited, as if they came now, one after another."""
        if not kept:  # as nearly always
            return []
        by_name = {kind.__name__: (kind, rule) for kind, rule in rules.items()}
        facts: list[Message] = []
        for early in kept:
            kind, rule = by_name[early.type]
            own = Cause(early.message_id, cause.now, early.correlation_id, early.received_at)
            facts += rule(books, kind.model_validate_json(early.body), own)
        return facts

    def expire(self, books: S, deadline: Deadline, cause: Cause) -> Sequence[Message]:
        """The object never came: what waited for it goes to quarantine. The row stays, it counts the facts told of this id."""
        roots, subject = self.roots(books), deadline.subject
        match roots[subject]:
            case Expected(early=early) as expected:
                books.quarantined.add(self._quarantined(subject, one, f"its {self.noun} never came") for one in early)
                roots[subject] = replace(expected, early=(), changed_at=cause.now)
            case _:
                pass
        return []

    def quarantine(self, books: S, message: Message, cause: Cause, reason: str) -> Sequence[Message]:
        """Put aside what can't be right; it changes nothing."""
        books.quarantined.add([self._quarantined(message.subject, _early(message, cause), reason)])
        return []

    def _keep(self, books: S, expected: Expected | None, message: Message, cause: Cause) -> Sequence[Message]:
        expected = expected or Expected(cause.now)
        if len(expected.early) >= EARLY_MESSAGES_MAX:
            return self.quarantine(books, message, cause, f"{EARLY_MESSAGES_MAX} messages wait for this {self.noun} already")
        if not expected.early:
            books.deadlines.set(self.deadline, message.subject, cause.now + self.patience(books), cause)
        early = (*expected.early, _early(message, cause))
        kept = replace(expected, early=early, changed_at=max(cause.now, expected.changed_at))
        self.roots(books)[message.subject] = kept
        return []

    def _quarantined(self, subject: Subject, early: EarlyMessage, reason: str) -> Quarantined:
        # Source and id of its own each time: decided anew it is a new message, no repetition of the one kept, and if it
        # ends here again it is another record, so that taking away the one that was retried does not take away the last copy.
        source = f"/{self.service}/early"
        new_id = hashed_id(source, subject.key, early.type, str(early.message_id))
        envelope = Envelope(
            source=source,
            id=new_id,
            type=early.type,
            time=early.received_at,
            seller_id=subject.seller_id,
            correlation_id=early.correlation_id,
        )
        return Quarantined(
            quarantine_id=new_id,
            topic=MESSAGES[early.type].topic.name,
            partition=None,
            record_offset=None,
            key=subject.key.encode(),
            headers=envelope_text(envelope.headers(subject)),
            value=early.body.encode(),
            reason=reason,
            received_at=early.received_at,
        )


def numbered(roots: Draft[Subject, Any], subject: Subject) -> int:
    """Count one more fact on the object's root; returns its sequence. Raises LookupError when nothing is there to count on."""
    root = roots[subject]
    if root is None:
        raise LookupError(f"{subject.key} has no root to count facts on")
    roots[subject] = counted = root.counted()
    sequence: int = counted.sequence
    return sequence


def _not_before(root: Root, cause: Cause) -> Cause:
    return cause if cause.now >= root.changed_at else cause._replace(now=root.changed_at)


def _early(message: Message, cause: Cause) -> EarlyMessage:
    return EarlyMessage(type(message).__name__, message.model_dump_json(), cause.id, cause.correlation_id, cause.now)
