"""Objects whose decision failed because of a bug of ours. Their later messages wait behind, in order, until an operator has
them decided again or discards them; everything else goes on (S11).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.deadlines import is_setting_of, key_of
from chassis.outcomes import Received, Via, hash_of
from chassis.quarantine import envelope_text, headers_from
from chassis.transaction import Transaction
from contracts.envelope import Deadline, Message, Subject, envelope_from

OBJECT = ("seller_id", "kind", "object_id")
REASON_LENGTH_MAX = 2_000


async def find_parked(tx: Transaction, subjects: Collection[Subject]) -> dict[Subject, str]:
    """Which of these objects are parked, with the reason of the first. To be read once their roots are held."""
    rows = await tx.rows.find(tx.tables.parked, OBJECT, subjects)
    parked: dict[Subject, str] = {}
    for row in rows:
        parked.setdefault(Subject(row.seller_id, row.kind, row.object_id), row.reason)
    return parked


async def park(tx: Transaction, messages: Sequence[tuple[Received, Subject, str]], now: datetime) -> None:
    """Put messages behind what is parked of their objects, in this order."""
    await tx.rows.insert(tx.tables.parked, [_row(received, subject, reason, now) for received, subject, reason in messages])


async def take_out_of_due(tx: Transaction, deadline: Deadline) -> bool:
    """A deadline parks once: it leaves the due set, and is decided when an operator has it retried. Another setting stays: then
    there is nothing to park, and it is False.
    """
    key = key_of(deadline)
    rows = await tx.rows.find(tx.tables.deadline, OBJECT, [deadline.subject])
    own = [key for row in rows if row.deadline == key.deadline and is_setting_of(deadline, row)]
    return bool(await tx.rows.delete(tx.tables.deadline, own))


async def find_messages(tx: Transaction, subject: Subject, types: Mapping[str, type[Message]]) -> list[tuple[int, Received]]:
    """What is parked of one object, first come first, with its position."""
    rows = await tx.rows.find(tx.tables.parked, OBJECT, [subject])
    return [(row.position, received_from(row, types)) for row in sorted(rows, key=lambda row: row.position)]


async def remove(tx: Transaction, positions: Collection[int]) -> None:
    await tx.rows.delete(tx.tables.parked, [(position,) for position in positions])


def received_from(row: Any, types: Mapping[str, type[Message]]) -> Received:
    """The message of a parked row, as it was when it came."""
    body = types[row.type].model_validate_json(row.body)
    envelope = envelope_from(headers_from(row.envelope), row.parked_at)
    return Received(envelope, body, Via(row.via), hash_of(row.type, row.body.encode()), row.parked_at)


def _row(received: Received, subject: Subject, reason: str, now: datetime) -> tuple[object, ...]:
    headers = envelope_text(received.envelope.headers(received.body.subject))
    return (
        *subject,
        *received.identity,
        received.envelope.type,
        received.via.value,
        headers,
        received.body.model_dump_json(),
        reason[:REASON_LENGTH_MAX].replace("\0", ""),
        now,
    )
