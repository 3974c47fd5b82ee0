"""What an operator looks at: parked objects with their messages, and quarantine. Read-only."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.quarantine import headers_from
from contracts.envelope import Subject


class View(BaseModel):
    """A row as it is shown."""

    model_config = ConfigDict(frozen=True)


class ParkedObject(View):
    """One object that waits; `type` and `reason` are those of its first message."""

    position: int
    seller_id: str
    kind: str
    object_id: str
    messages: int
    type: str
    reason: str
    parked_at: datetime


class ParkedMessage(View):
    """One message that waits, first come first."""

    position: int
    type: str
    via: str
    source: str
    message_id: UUID
    reason: str
    parked_at: datetime
    body: dict[str, Any]


class QuarantineRow(View):
    """One record that others got wrong."""

    quarantine_id: UUID
    topic: str
    partition: int | None
    offset: int | None
    reason: str
    received_at: datetime


class Bytes(View):
    """What came, as text if it is some, else in base64."""

    text: str | None = None
    base64: str | None = None


class QuarantinedRecord(QuarantineRow):
    """With everything that came; headers without a value are left out."""

    key: Bytes | None
    headers: list[tuple[str, Bytes]]
    value: Bytes | None


async def list_parked(connection: AsyncConnection, parked: Table, after: int, limit: int) -> list[ParkedObject]:
    """Objects in the order in which they were parked."""
    first = select(func.min(parked.c.position).label("first"), func.count().label("messages"))
    first_of_each = first.group_by(parked.c.seller_id, parked.c.kind, parked.c.object_id).subquery()
    wanted = select(parked, first_of_each.c.messages).join(first_of_each, parked.c.position == first_of_each.c.first)
    rows = await connection.execute(wanted.where(parked.c.position > after).order_by(parked.c.position).limit(limit))
    return [ParkedObject.model_validate(dict(row)) for row in rows.mappings()]


async def find_parked(
    connection: AsyncConnection, parked: Table, subject: Subject, after: int, limit: int
) -> list[ParkedMessage]:
    """The messages of one object in the order in which they will be tried again."""
    of_object = (parked.c.seller_id == subject.seller_id) & (parked.c.kind == subject.kind) & (parked.c.object_id == subject.id)
    wanted = select(parked).where(of_object, parked.c.position > after).order_by(parked.c.position).limit(limit)
    rows = await connection.execute(wanted)
    return [ParkedMessage.model_validate({**row, "body": orjson.loads(row["body"])}) for row in rows.mappings()]


async def list_quarantine(
    connection: AsyncConnection, quarantine: Table, after: tuple[datetime, UUID] | None, limit: int
) -> list[QuarantineRow]:
    """Records in the order in which they came."""
    place = (quarantine.c.received_at, quarantine.c.quarantine_id)
    wanted = select(quarantine).order_by(*place).limit(limit)
    if after is not None:
        received_at, quarantine_id = after
        later = quarantine.c.received_at > received_at
        same = (quarantine.c.received_at == received_at) & (quarantine.c.quarantine_id > quarantine_id)
        wanted = wanted.where(later | same)
    rows = await connection.execute(wanted)
    return [QuarantineRow.model_validate({**row, "offset": row["record_offset"]}) for row in rows.mappings()]


async def find_quarantined(connection: AsyncConnection, quarantine: Table, quarantine_id: UUID) -> QuarantinedRecord | None:
    found = await connection.execute(select(quarantine).where(quarantine.c.quarantine_id == quarantine_id))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    headers = [(name, bytes_shown(value)) for name, value in headers_from(row["headers"])]
    raw = {name: None if row[name] is None else bytes_shown(row[name]) for name in ("key", "value")}
    return QuarantinedRecord.model_validate({**row, "offset": row["record_offset"], "headers": headers, **raw})


def bytes_shown(raw: bytes) -> Bytes:
    try:
        return Bytes(text=raw.decode())
    except UnicodeDecodeError:
        return Bytes(base64=base64.b64encode(raw).decode())


def bytes_meant(shown: Bytes | None) -> bytes | None:
    """Back from what is shown."""
    if shown is None:
        return None
    return shown.text.encode() if shown.text is not None else base64.b64decode(shown.base64 or "")
