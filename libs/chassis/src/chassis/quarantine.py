"""What others got wrong, kept as it came: undecodable records, identities used twice, messages for objects that never came.
It never holds up anything; an operator looks at it.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from chassis.transaction import Transaction

MARK = "base64:"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One record with its raw bytes, or a message that was kept for an object and expired (no partition, no offset)."""

    quarantine_id: UUID
    topic: str
    partition: int | None
    record_offset: int | None
    key: bytes | None
    headers: str
    value: bytes | None
    reason: str
    received_at: datetime


def headers_text(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Raw headers as JSON pairs; a value that is no text, or looks like the mark, is kept in base64 with the mark `base64:`."""
    return orjson.dumps([[name, _text(value)] for name, value in headers]).decode()


def headers_from(text: str) -> Sequence[tuple[str, bytes]]:
    return [(name, _bytes(value)) for name, value in orjson.loads(text) if value is not None]


def envelope_text(headers: Mapping[str, str]) -> str:
    return headers_text((name, value.encode()) for name, value in headers.items())


async def save(tx: Transaction, records: Sequence[Quarantined]) -> int:
    """Keep `records`; one that is there already, by its id, is left as it is. Returns how many are new."""
    rows = [
        (r.quarantine_id, r.topic, r.partition, r.record_offset, r.key, r.headers, r.value, r.reason, r.received_at)
        for r in records
    ]
    return len(await tx.rows.claim(tx.tables.quarantine, rows))


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = MARK
    return MARK + base64.b64encode(value).decode() if text.startswith(MARK) else text


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.removeprefix(MARK)) if text.startswith(MARK) else text.encode()
