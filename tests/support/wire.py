"""Messages as records, with their envelope, and with whatever a test wants to be wrong about them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from chassis.outbox import Outgoing
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id

from support.seller import WEDNESDAY

SOURCE = "/test"


@dataclass(frozen=True, slots=True)
class Wire:
    """A record as it goes to Kafka; the place that it would have there, for who reads it without a broker."""

    topic: str
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


def wire(message: Message, name: str | None = None, *, source: str = SOURCE) -> Wire:
    """The record of a message. Equal names make equal ids; without a name the id is new."""
    kind = type(message).__name__
    message_id = uuid4() if name is None else hashed_id("test", kind, name)
    envelope = Envelope(source, message_id, kind, WEDNESDAY, message.seller_id, message_id)
    headers = tuple((key, value.encode()) for key, value in envelope.headers(message.subject).items())
    body = message.model_dump_json(exclude_none=True).encode()
    return Wire(message.topic.name, message.subject.key.encode(), headers, body)


def wire_of(fact: Outgoing) -> Wire:
    """The record of a fact from an outbox."""
    return Wire(fact.topic, fact.key.encode(), tuple(fact.record_headers), fact.body.encode())
