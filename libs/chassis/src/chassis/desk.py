"""What a service brings to the processor: how its state is loaded and saved, and which rule decides which message."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from chassis.deadlines import Deadlines
from chassis.draft import Journal
from chassis.outcomes import Cause
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject


class State(Protocol):
    """What a batch works on: drafts and journals, kept or dropped together after each message."""

    deadlines: Deadlines
    quarantined: Journal[Quarantined]

    def keep(self) -> None: ...
    def drop(self) -> None: ...

    def exists(self, subject: Subject) -> bool:
        """Whether a command over HTTP finds the object; one that only early messages speak of does not exist yet."""

    def number(self, fact: Message) -> int:
        """The next sequence of the fact's object, counted on its root."""


S = TypeVar("S", bound=State)
M = TypeVar("M", bound=Message)
Decision: TypeAlias = Callable[[S, M, Cause], Sequence[Message]]


def subject_of(message: Message) -> Subject:
    return message.subject


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """`about` names the object here that the message is parked with; `creates`: the object may be absent over HTTP."""

    decide: Decision[S, Any]
    about: Callable[[Any], Subject]
    creates: bool


@dataclass(frozen=True, slots=True)
class Desk(Generic[S]):
    service: str
    load: Callable[[Transaction, Sequence[Message]], Awaitable[S]]
    save: Callable[[Transaction, S], Awaitable[None]]
    rules: dict[type[Message], Rule[S]] = field(default_factory=dict)
    types: dict[str, type[Message]] = field(init=False, default_factory=dict)
    """What this service decides, by the header `ce_type`; anything else is acknowledged and counted."""

    def __post_init__(self) -> None:
        self.types.update((kind.__name__, kind) for kind in self.rules)

    def on(
        self,
        kind: type[M],
        decide: Decision[S, M],
        *,
        about: Callable[[M], Subject] = subject_of,
        creates: bool = False,
    ) -> None:
        self.rules[kind] = Rule(decide, about, creates)
        self.types[kind.__name__] = kind

    def subject(self, message: Message) -> Subject:
        """The object that this message is parked with."""
        return self.rules[type(message)].about(message)
