"""Facts on their way to Kafka: written with the state that they tell of, sent after the commit by the relay (`relay`).

One row a batch, a line a fact: topic, key, headers and body, parted by tabs. None of them holds a tab or a line break: keys and
headers are free of control characters, JSON escapes them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from chassis.outcomes import Received
from chassis.tracing import current_traceparent
from chassis.transaction import Transaction
from contracts.envelope import Envelope, Message
from contracts.identity import timed_id

FACT_BYTES_MAX = 900_000
"""Kafka takes records of 1 MiB by default, headers and all."""


class FactTooLargeError(ValueError):
    """A decision told a fact that Kafka would not take: the message parks, before anything is committed."""


class Outgoing(NamedTuple):
    """A fact with all that its record needs."""

    topic: str
    key: str
    headers: str
    body: str
    type: str = ""
    """Known while the fact is being told; a line that was read back has it in its headers."""

    @property
    def line(self) -> str:
        return f"{self.topic}\t{self.key}\t{self.headers}\t{self.body}"

    @property
    def record_headers(self) -> list[tuple[str, bytes]]:
        return [(name, value.encode()) for name, value in orjson.loads(self.headers).items()]


class Letterhead(NamedTuple):
    """What all facts of a batch have in common. `traceparent` is for those whose cause came without a trace."""

    source: str
    time: datetime
    traceparent: str | None


def letterhead(service: str, now: datetime) -> Letterhead:
    return Letterhead(f"/{service}", now, current_traceparent())


def outgoing(fact: Message, cause: Received, head: Letterhead, ordinal: int, sequence: int) -> Outgoing:
    """The record of a fact. Its id follows from its cause, so that a repeated decision makes the same id."""
    type_name, key, given = type(fact).__name__, fact.subject.key, cause.envelope
    body = fact.__pydantic_serializer__.to_json(fact)  # `model_dump_json` takes twice as long: it passes fourteen options on
    if len(body) > FACT_BYTES_MAX:
        message = f"{type_name} has more than {FACT_BYTES_MAX} bytes"
        raise FactTooLargeError(message)
    envelope = Envelope(  # by position: with names it takes twice as long
        head.source,
        timed_id(given.time, given.source, id_text(given.id), type_name, key, str(ordinal)),
        type_name,
        head.time,
        fact.seller_id,
        given.correlation_id,
        given.id,
        sequence,
        given.traceparent or head.traceparent,
    )
    return Outgoing(fact.topic.name, key, headers_text(envelope, key), body.decode(), type_name)


def headers_text(envelope: Envelope, key: str) -> str:
    """The headers of a fact as they are kept. orjson spells ids and instants just as `headers` does, without Python's help."""
    return orjson.dumps(envelope.attributes(key), default=str).decode()  # the driver's own UUIDs come to `default`


def id_text(message_id: UUID) -> str:
    """As `str` spells it, in a third of the time."""
    return orjson.dumps(message_id, default=str)[1:-1].decode()


async def add(tx: Transaction, facts: Sequence[Outgoing]) -> None:
    """One row for all facts of a batch, in the order decided."""
    if facts:
        await tx.rows.insert(tx.tables.outbox, [(text_of(facts),)])


def text_of(facts: Iterable[Outgoing]) -> str:
    return "\n".join(fact.line for fact in facts)


def facts_of(text: str) -> list[Outgoing]:
    return [Outgoing(*line.split("\t", 3)) for line in text.split("\n") if line]
