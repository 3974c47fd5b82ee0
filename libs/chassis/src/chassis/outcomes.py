"""A message as a service has received it, and what can come of it. What is made for every message is a tuple or not frozen: a
frozen dataclass takes three times as long to make.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple, TypeAlias
from uuid import UUID

from contracts.envelope import Envelope, Message

Identity: TypeAlias = tuple[str, UUID]
"""Source and id: one identity, one effect (S2)."""


class Via(StrEnum):
    """By which way a message came. `OWN`: from a worker of the service itself."""

    KAFKA = "kafka"
    HTTP = "http"
    DEADLINE = "deadline"
    OWN = "own"


@dataclass(slots=True)
class Received:
    """A decoded message, wherever it came from. `body_hash` tells a repetition from another message with the same identity."""

    envelope: Envelope
    body: Message
    via: Via
    body_hash: bytes
    received_at: datetime
    identity: Identity = field(init=False)

    def __post_init__(self) -> None:
        self.identity = (self.envelope.source, self.envelope.id)


def hash_of(type_name: str, body: bytes) -> bytes:
    return blake2b(type_name.encode() + b"\0" + body, digest_size=16).digest()


class Cause(NamedTuple):
    """What a decision may know beyond state and message."""

    id: UUID
    now: datetime
    correlation_id: UUID
    told_at: datetime
    """When the message was made, by its own word."""


class Fact(NamedTuple):
    """A fact as it will be published, or as it was stored for an answer."""

    type: str
    body: str


@dataclass(slots=True)
class Accepted:
    """The message had its effect; these facts tell the world. A refusal is a fact, too."""

    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeated:
    """This message has been decided before; an HTTP client gets the facts that it got then."""

    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Reused:
    """The identity is known with another body: somebody else's mistake, nothing happened."""


@dataclass(frozen=True, slots=True)
class Absent:
    """An HTTP command for an object that does not exist. Nothing was kept, the id stays free."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The decision raised (our bug), or an earlier message about the same object is parked. The batch goes on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """An HTTP command for an object that is parked. Nothing was kept, the id stays free."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The decision of an HTTP command raised (our bug). Nothing was kept, the id stays free."""

    reason: str


Outcome: TypeAlias = Accepted | Repeated | Reused | Absent | Parked | Blocked | Failed
