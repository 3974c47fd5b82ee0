"""Routes for operators, the same in every service: parked objects and quarantine, listed, shown, tried again, discarded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from chassis import operations
from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.commands import PATIENCE_SECONDS
from chassis.edge import Edge, edge_of
from chassis.intake import read
from chassis.operator_queries import (
    ParkedMessage,
    ParkedObject,
    QuarantinedRecord,
    QuarantineRow,
    View,
    bytes_meant,
    find_parked,
    find_quarantined,
    list_parked,
    list_quarantine,
)
from chassis.outcomes import Accepted, Outcome, Parked, Received, Repeated
from chassis.paging import PAGE_ROWS, Cursor, Limit, Page, cursor_place, page_of
from chassis.paths import PART
from chassis.problems import ProblemError
from chassis.sending import Asked, JsonBody
from contracts.envelope import Subject

log = structlog.get_logger()
router = APIRouter(prefix="/operator", tags=["operator"])

Operator = Annotated[Principal, Depends(Allowed(Role.OPERATOR))]
OBJECT = f"/parked/{{seller_id:{PART}}}/{{kind:{PART}}}/{{object_id:{PART}}}"


class Discard(Asked):
    """Why a message is given up for good."""

    reason: str = Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")


DiscardBody = Annotated[Discard, Depends(JsonBody(Discard))]


class RetriedView(View):
    """`reason` says why the first of those that still wait failed again."""

    decided: int
    waiting: int
    reason: str | None


class TakenView(View):
    outcome: Literal["accepted", "repeated", "parked"]


PathText = Annotated[str, Path()]


async def _subject(*, seller_id: PathText, kind: PathText, object_id: PathText) -> Subject:
    return Subject(seller_id, kind, object_id)


ParkedSubject = Annotated[Subject, Depends(_subject)]


# ---- parked objects ---------------------------------------------------------------------------------------------


@router.get("/parked")
async def parked_objects(request: Request, _: Operator, limit: Limit = PAGE_ROWS, cursor: Cursor = None) -> Page[ParkedObject]:
    """Objects whose messages wait, in the order in which they were parked."""
    place = cursor_place("parked", cursor, 1)
    edge = edge_of(request)
    async with edge.reading() as connection:
        rows = await list_parked(connection, edge.tables.parked, int(place[0]) if place else 0, limit + 1)
    return page_of("parked", rows, limit, lambda row: (str(row.position),))


@router.get(OBJECT)
async def parked_messages(
    request: Request, _: Operator, subject: ParkedSubject, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[ParkedMessage]:
    """What waits of one object, in the order in which it will be tried again."""
    place = cursor_place("parked messages", cursor, 1)
    edge = edge_of(request)
    async with edge.reading() as connection:
        rows = await find_parked(connection, edge.tables.parked, subject, int(place[0]) if place else 0, limit + 1)
    return page_of("parked messages", rows, limit, lambda row: (str(row.position),))


@router.post(OBJECT + "/retry")
async def retry_object(request: Request, operator: Operator, subject: ParkedSubject) -> RetriedView:
    """Decide what waits of this object, in order, up to the first failure."""
    works = edge_of(request).works
    retried = await operations.retry(works.transactions, works.clock, works.desk, subject)
    works.committed()
    log.info("parked_retried", by=operator.name, object=subject.key, decided=retried.decided, waiting=retried.waiting)
    return RetriedView(decided=retried.decided, waiting=retried.waiting, reason=retried.reason)


@router.post(OBJECT + "/{position}/discard", status_code=204)
async def discard_message(
    request: Request, operator: Operator, subject: ParkedSubject, position: int, asked: DiscardBody
) -> None:
    """Give one message up. Its sender is not told; deadlines can't be discarded."""
    works = edge_of(request).works
    why = f"{operator.name}: {asked.reason}"
    try:
        await operations.discard(works.transactions, works.desk, subject, position, why)
    except operations.NotDiscardableError as error:
        raise ProblemError("not_discardable") from error
    log.info("parked_discarded", by=operator.name, object=subject.key, position=position, reason=asked.reason)


# ---- quarantine -------------------------------------------------------------------------------------------------


@router.get("/quarantine")
async def quarantine(request: Request, _: Operator, limit: Limit = PAGE_ROWS, cursor: Cursor = None) -> Page[QuarantineRow]:
    """Records that others got wrong, in the order in which they came."""
    place = cursor_place("quarantine", cursor, 2)
    after = (datetime.fromisoformat(place[0]), UUID(place[1])) if place else None
    edge = edge_of(request)
    async with edge.reading() as connection:
        rows = await list_quarantine(connection, edge.tables.quarantine, after, limit + 1)
    return page_of("quarantine", rows, limit, lambda row: (row.received_at.isoformat(), str(row.quarantine_id)))


@router.get("/quarantine/{quarantine_id}")
async def quarantined_record(request: Request, _: Operator, quarantine_id: UUID) -> QuarantinedRecord:
    return await _quarantined(edge_of(request), quarantine_id)


@router.post("/quarantine/{quarantine_id}/retry")
async def retry_record(request: Request, operator: Operator, quarantine_id: UUID) -> TakenView:
    """Take the record again, as if it had just come."""
    edge = edge_of(request)
    received = _received(edge, await _quarantined(edge, quarantine_id))
    (outcome,) = await edge.commands.lane.run([received], asyncio.sleep, patience_seconds=PATIENCE_SECONDS)
    taken = _taken(outcome)
    await _remove(edge, quarantine_id)
    log.info("quarantine_retried", by=operator.name, id=str(quarantine_id), outcome=taken.outcome)
    return taken


@router.post("/quarantine/{quarantine_id}/discard", status_code=204)
async def discard_record(request: Request, operator: Operator, quarantine_id: UUID, asked: DiscardBody) -> None:
    """Give the record up. What it was is in the log, without its body."""
    edge = edge_of(request)
    record = await _quarantined(edge, quarantine_id)
    await _remove(edge, quarantine_id)
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    log.info("quarantine_discarded", by=operator.name, id=str(quarantine_id), reason=asked.reason, was=record.reason, **place)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A quarantined record in the form in which the broker gives one. Messages kept for an object have no place: -1."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


async def _quarantined(edge: Edge, quarantine_id: UUID) -> QuarantinedRecord:
    async with edge.reading() as connection:
        record = await find_quarantined(connection, edge.tables.quarantine, quarantine_id)
    if record is None:
        raise ProblemError("not_found")
    return record


def _received(edge: Edge, kept: QuarantinedRecord) -> Received:
    partition, offset = (-1, -1) if kept.partition is None or kept.offset is None else (kept.partition, kept.offset)
    milliseconds = int(kept.received_at.timestamp() * 1000)
    headers = [(name, bytes_meant(value)) for name, value in kept.headers]
    key, value = bytes_meant(kept.key), bytes_meant(kept.value)
    record = KeptRecord(kept.topic, partition, offset, milliseconds, key, headers, value)
    desk = edge.works.desk
    received = read(record, desk.types, desk.service, edge.works.clock.now())
    if not isinstance(received, Received):
        raise ProblemError("still_wrong", detail=received.reason if received else "the service does not take this type")
    return received


def _taken(outcome: Outcome) -> TakenView:
    match outcome:
        case Accepted():
            return TakenView(outcome="accepted")
        case Repeated():
            return TakenView(outcome="repeated")
        case Parked():
            return TakenView(outcome="parked")
        case _:
            raise ProblemError("still_wrong", detail="this source and id were used before, with another body")


async def _remove(edge: Edge, quarantine_id: UUID) -> None:
    async with edge.works.transactions.begin() as tx:
        await tx.rows.delete(tx.tables.quarantine, [(quarantine_id,)])
