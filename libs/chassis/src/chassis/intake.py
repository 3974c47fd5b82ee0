"""From a topic's raw records to decided messages: routed by header before decoding, checked, decided by the lane. What can't be
a message is quarantined. When all is committed, the caller may acknowledge. Knows no broker (see `kafka`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, Protocol

import structlog
from pydantic import ValidationError

from chassis import quarantine
from chassis.desk import S
from chassis.lane import Lane, Wait
from chassis.outcomes import Outcome, Received, Reused, Via, hash_of
from chassis.quarantine import Quarantined, headers_text
from chassis.tracing import span_context
from contracts.envelope import Envelope, MalformedError, Message, envelope_from
from contracts.identity import hashed_id

log = structlog.get_logger()

BATCH_MESSAGES_MAX = 500
BATCH_BYTES_MAX = 8 * 1024 * 1024
REASON_LENGTH_MAX = 500
RESERVED_SOURCES = "/http"
"""Ids under this source are made by our own HTTP edge; a record that claims one could take a client's answer away."""
EPOCH = datetime.fromtimestamp(0, UTC)


class Record(Protocol):
    """A raw Kafka record, as aiokafka and the simulation give it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass(slots=True)
class IntakeCounts:
    """For metrics; since the process started."""

    ignored: int = 0
    quarantined: int = 0


@dataclass(slots=True)
class Intake(Generic[S]):
    """Takes the records of one topic through its lane."""

    lane: Lane[S]
    counts: IntakeCounts = field(default_factory=IntakeCounts)

    async def take(self, records: Sequence[Record], wait: Wait) -> None:
        """Everything is decided, ignored or quarantined, and committed, when this returns. Raises as `Lane.run` does."""
        works = self.lane.works
        now, types = works.clock.now(), works.desk.types
        taken: list[tuple[Record, Received]] = []
        refused: list[Quarantined] = []
        for record in records:
            match read(record, types, works.desk.service, now):
                case None:
                    self.counts.ignored += 1
                case Quarantined() as bad:
                    refused.append(bad)
                case received:
                    taken.append((record, received))
        for batch in _batches(taken):
            outcomes = await self.lane.run([received for _, received in batch], wait)
            refused.extend(_reused(batch, outcomes, now))
        await self._quarantine(refused, wait)

    async def _quarantine(self, records: Sequence[Quarantined], wait: Wait) -> None:
        if not records:
            return
        for record in records:
            log.warning("record_quarantined", lane=self.lane.name, reason=record.reason, offset=record.record_offset)
        self.counts.quarantined += await self.lane.persist(lambda: self._save(records), wait)

    async def _save(self, records: Sequence[Quarantined]) -> int:
        async with self.lane.works.transactions.begin() as tx:
            return await quarantine.save(tx, records)


def read(record: Record, types: Mapping[str, type[Message]], service: str, now: datetime) -> Received | Quarantined | None:
    """The message in a record; None when its type is none of `types`; why not, when it can't be a message. Never raises."""
    try:
        kind = types.get(_type_name(record))
        return None if kind is None else _received(record, kind, service, now)
    except ValidationError as error:
        reason = _explained(error)
    except Exception as error:  # noqa: BLE001  # the edge at which whatever somebody sent becomes a quarantined record
        reason = f"{type(error).__name__}: {error}"
    return quarantined(record, reason, now)


def quarantined(record: Record, reason: str, now: datetime) -> Quarantined:
    """A record as it came. Its id is made from its place, so that a redelivery is kept once."""
    place = (record.topic, str(record.partition), str(record.offset), str(record.timestamp))
    return Quarantined(
        hashed_id("record", *place),
        record.topic,
        record.partition,
        record.offset,
        record.key,
        headers_text(record.headers),
        record.value,
        reason[:REASON_LENGTH_MAX].encode(errors="replace").decode().replace("\0", ""),
        now,
    )


def _type_name(record: Record) -> str:
    value = dict(record.headers).get("ce_type")
    if value is None:
        raise MalformedError("header ce_type is missing")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("header ce_type is not UTF-8 text") from error


def _received(record: Record, kind: type[Message], service: str, now: datetime) -> Received:
    topic = getattr(kind, "topic", None)  # a deadline has none: it never travels
    if topic is None or topic.name != record.topic:
        raise MalformedError(f"{kind.__name__} does not travel on this topic")
    if record.value is None:
        raise MalformedError("there is no body")
    envelope = envelope_from(record.headers, _instant(record.timestamp))
    body = kind.__pydantic_validator__.validate_json(record.value)  # without the options that `model_validate_json` passes on
    _agree(record, envelope, body, service)
    if envelope.traceparent is not None and span_context(envelope.traceparent) is None:
        envelope = envelope._replace(traceparent=None)  # facts would carry it on, whatever its length
    return Received(envelope, body, Via.KAFKA, hash_of(envelope.type, record.value), now)


def _agree(record: Record, envelope: Envelope, body: Message, service: str) -> None:
    """Raises MalformedError when envelope, key and body tell different things: a seller could reach another's objects (S12)."""
    if record.key != body.subject.key.encode():
        raise MalformedError("the key is not that of the object in the body")
    if envelope.seller_id != body.seller_id:
        raise MalformedError("header ce_sellerid is not the seller in the body")
    if envelope.source.startswith((RESERVED_SOURCES, f"/{service}/own/")) or envelope.source == f"/{service}/deadlines":
        raise MalformedError("header ce_source is reserved")
    if envelope.time < EPOCH:
        raise MalformedError("header ce_time is before 1970")


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(max(milliseconds, 0) / 1000, UTC)


def _explained(error: ValidationError) -> str:
    """Which fields are wrong and why; without the values, which may be personal."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in problems[:5])


def _batches(taken: Sequence[tuple[Record, Received]]) -> Iterator[Sequence[tuple[Record, Received]]]:
    """In order, each within the limits of messages and bytes; a single message may be larger."""
    batch: list[tuple[Record, Received]] = []
    size_bytes = 0
    for record, received in taken:
        length = len(record.value or b"")
        if batch and (len(batch) == BATCH_MESSAGES_MAX or size_bytes + length > BATCH_BYTES_MAX):
            yield batch
            batch, size_bytes = [], 0
        batch.append((record, received))
        size_bytes += length
    if batch:
        yield batch


def _reused(batch: Sequence[tuple[Record, Received]], outcomes: Sequence[Outcome], now: datetime) -> Iterator[Quarantined]:
    for (record, _), outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Reused):
            yield quarantined(record, "this source and id were used before, with another body", now)
