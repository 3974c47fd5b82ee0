"""What every message carries, whatever it says: identity, subject, cause. Travels as CloudEvents 1.0 headers in the Kafka
binding's binary mode; the record's value is the JSON body alone, so any client can read it and any producer can write it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple, TypeAlias
from uuid import UUID

from contracts.identity import identity_of
from contracts.values import SellerId, Value

SOURCE_LENGTH_MAX = 200
ID_LENGTH_MAX = 200
SCHEMAS = "urn:wharf:"
VERSION = 1
"""Of every message so far. What a reader of an older version could misunderstand gets a higher one."""
Header: TypeAlias = tuple[str, bytes | None]


class Subject(NamedTuple):
    """The object that a message is about: its order in Kafka, and what waits if it must be parked."""

    seller_id: str
    kind: str
    id: str

    @property
    def key(self) -> str:
        """The Kafka key `seller/kind/id`; a slash inside a part is escaped, so that the key can be read back."""
        plain = "/".join(self)
        if "%" not in plain and plain.count("/") == len(self) - 1:
            return plain
        return "/".join([part.replace("%", "%25").replace("/", "%2F") for part in self])

    @classmethod
    def from_key(cls, key: str) -> "Subject":
        """Raises ValueError if `key` does not have three parts."""
        seller_id, kind, object_id = (part.replace("%2F", "/").replace("%25", "%") for part in key.split("/"))
        return cls(seller_id, kind, object_id)


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic: who may write it, by what it is keyed, and what its readers may rely on."""

    name: str
    owner: str
    keyed_by: str
    promise: str
    compacted: bool = False


class Message(Value):
    """A fact (past tense) or a command (imperative)."""

    topic: ClassVar[Topic]

    seller_id: SellerId

    @property
    def subject(self) -> Subject:
        raise NotImplementedError


class Deadline(Message):
    """An instant that was set for an object has come. Made by a service for itself; never travels.

    `generation` names the setting that is meant: when the deadline was set anew or cleared, nothing happens (S9).
    """

    object_id: str
    generation: UUID
    due_at: datetime

    kind: ClassVar[str]

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, self.kind, self.object_id)


class OwnReport(Message):
    """What a part of a service that works beside its lanes has done. Made by a service for itself; never travels."""


class MalformedError(ValueError):
    """A record that can't be a message; the text says which part and what is wanted."""


class Envelope(NamedTuple):
    """The headers of one message. `source` and `id` together are its identity: one identity, one effect."""

    source: str
    id: UUID
    type: str
    time: datetime
    seller_id: str
    correlation_id: UUID
    causation_id: UUID | None = None
    sequence: int | None = None
    traceparent: str | None = None

    def headers(self, subject: Subject) -> dict[str, str]:
        """CloudEvents attributes as Kafka headers; those that have no value are left out."""
        attributes = self.attributes(subject.key)
        return {name: each.isoformat() if isinstance(each, datetime) else str(each) for name, each in attributes.items()}

    def attributes(self, key: str) -> dict[str, str | UUID | datetime]:
        """The headers as the values that they spell, for the subject with this key."""
        given: dict[str, str | UUID | datetime] = {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_time": self.time,
            "ce_subject": key,
            "ce_dataschema": schema_of(self.type),
            "ce_sellerid": self.seller_id,
            "ce_correlationid": self.correlation_id,
        }
        if self.causation_id is not None:
            given["ce_causationid"] = self.causation_id
        if self.sequence is not None:
            given["ce_sequence"] = str(self.sequence)
        if self.traceparent is not None:
            given["traceparent"] = self.traceparent
        return given


def schema_of(type_name: str) -> str:
    """Names what a body of this type must look like."""
    return f"{SCHEMAS}{type_name}:{VERSION}"


def envelope_from(headers: Iterable[Header], record_time: datetime) -> Envelope:
    """Read an envelope. `record_time` stands in for a missing `ce_time`; a null header is none. Raises MalformedError."""
    try:
        given = {name: value.decode() for name, value in headers if value is not None}
    except UnicodeDecodeError as error:
        raise MalformedError("a header is not UTF-8 text") from error
    if given.get("ce_specversion", "1.0") != "1.0":
        raise MalformedError("header ce_specversion must be 1.0")
    source, ce_id = _bounded(given, "ce_source", SOURCE_LENGTH_MAX), _bounded(given, "ce_id", ID_LENGTH_MAX)
    type_name, schema = _bounded(given, "ce_type", ID_LENGTH_MAX), given.get("ce_dataschema", "")
    if schema.startswith(SCHEMAS) and schema != schema_of(type_name):
        raise MalformedError(f"header ce_dataschema must be {schema_of(type_name)}: no other version is known here")
    message_id = identity_of(ce_id, source)
    return Envelope(  # by position: with names it takes twice as long
        source,
        message_id,
        type_name,
        _time(given.get("ce_time"), record_time),
        _bounded(given, "ce_sellerid", ID_LENGTH_MAX),
        identity_of(given["ce_correlationid"]) if "ce_correlationid" in given else message_id,
        identity_of(given["ce_causationid"]) if "ce_causationid" in given else None,
        _sequence(given.get("ce_sequence")),
        given.get("traceparent"),
    )


def _bounded(given: dict[str, str], name: str, length_max: int) -> str:
    value = given.get(name, "")
    if not 0 < len(value) <= length_max or not value.isprintable():
        raise MalformedError(f"header {name} must be printable text of 1 to {length_max} characters")
    return value


def _time(text: str | None, record_time: datetime) -> datetime:
    if text is None:
        return record_time
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError("header ce_time must be an ISO 8601 time") from error
    if time.tzinfo is None:
        raise MalformedError("header ce_time must have an offset from UTC")
    return time


def _sequence(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise MalformedError("header ce_sequence must be a number")
    return int(text)
