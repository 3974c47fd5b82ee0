"""Messages on their way in: as records for Kafka or as requests for the HTTP interface, with ids that each run makes alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id, timed_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from chassis.auth import Role


@dataclass(frozen=True, slots=True)
class Post:
    """A message to publish. `name` tells it from every other of the run; `matter` is what it belongs to (an invoice)."""

    at: datetime
    name: str
    matter: str
    sender: str
    message: Message

    def record(self) -> Record:
        source = f"/demo/{self.sender}"
        kind = type(self.message).__name__
        envelope = Envelope(
            source=source,
            id=timed_id(self.at, source, kind, self.name),
            type=kind,
            time=self.at,
            seller_id=self.message.seller_id,
            correlation_id=hashed_id("demo", self.matter),
        )
        return record_of(self.message, envelope)


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka."""

    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


def record_of(message: Message, envelope: Envelope) -> Record:
    """A message with its envelope, as it goes over the wire."""
    headers = tuple((name, value.encode()) for name, value in envelope.headers(message.subject).items())
    body = message.model_dump_json(exclude_none=True).encode()
    return Record(message.topic.name, message.subject.key.encode(), headers, body)


@dataclass(frozen=True, slots=True)
class Call:
    """A command to `service` over HTTP. `key` is its Idempotency-Key; `order_of` an invoice whose order it makes."""

    key: str
    role: Role
    path: str
    body: Mapping[str, Any]
    order_of: str | None = None
    service: str = "orders"
