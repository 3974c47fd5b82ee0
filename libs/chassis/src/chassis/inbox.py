"""Which messages have been decided, and what came of them (S2). The row is claimed before anything else is looked at."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import orjson

from chassis.failures import StorageError
from chassis.outcomes import Fact, Identity, Received
from chassis.transaction import Transaction


class Standing(StrEnum):
    """What the inbox says of a message."""

    ACCEPTED = "accepted"
    PARKED = "parked"
    DISCARDED = "discarded"


class Stored(NamedTuple):
    """What is known of a message that came before."""

    body_hash: bytes
    facts: tuple[Fact, ...]


class ForgottenMeanwhileError(StorageError):
    """A message was known when it was claimed, and pruned before it was read: try again, as with one that never came."""

    def __init__(self) -> None:
        super().__init__("40W04", "messages were forgotten meanwhile")


@dataclass(slots=True)
class Claims:
    """`fresh` may be decided now; from now on they count as decided, if the transaction commits."""

    fresh: set[Identity]
    stored: dict[Identity, Stored]


async def claim(tx: Transaction, batch: Iterable[Received]) -> Claims:
    """Waits for another transaction that is about to decide one of these messages. Raises ForgottenMeanwhileError."""
    first: dict[Identity, Received] = {}
    for received in batch:
        first.setdefault(received.identity, received)
    claimed = await tx.rows.claim(tx.tables.inbox, [_row(received, Standing.ACCEPTED, None) for received in first.values()])
    if len(claimed) == len(first):
        return Claims(set(first), {})
    fresh = set(claimed)
    known = first.keys() - fresh
    rows = await tx.rows.find(tx.tables.inbox, ("source", "message_id"), known)
    stored = {(row.source, row.message_id): Stored(row.body_hash, facts_from(row.answer)) for row in rows}
    if len(stored) < len(known):
        raise ForgottenMeanwhileError
    return Claims(fresh, stored)


async def close(
    tx: Transaction,
    *,
    answered: Collection[tuple[Received, Sequence[Fact]]],
    parked: Collection[Received],
    released: Collection[Received],
) -> None:
    """Record what an HTTP client was told and what is parked; `released` ids are free again, as if they had never come."""
    rows = [_row(received, Standing.ACCEPTED, facts_text(facts)) for received, facts in answered]
    rows += [_row(received, Standing.PARKED, None) for received in parked]
    await tx.rows.upsert(tx.tables.inbox, rows)
    await tx.rows.delete(tx.tables.inbox, [received.identity for received in released])


async def settle(tx: Transaction, messages: Collection[Identity], standing: Standing, note: str | None = None) -> None:
    """The end of parked messages: decided after all, or discarded by an operator, who said why in `note`."""
    answer = None if note is None else facts_text([Fact("Discarded", note)])
    rows = await tx.rows.find(tx.tables.inbox, ("source", "message_id"), messages)
    settled = [(row.source, row.message_id, row.body_hash, row.received_at, standing.value, answer) for row in rows]
    await tx.rows.upsert(tx.tables.inbox, settled)


def facts_text(facts: Sequence[Fact]) -> str:
    return orjson.dumps([[fact.type, fact.body] for fact in facts]).decode()


def facts_from(text: str | None) -> tuple[Fact, ...]:
    return tuple(Fact(type_name, body) for type_name, body in orjson.loads(text)) if text else ()


def _row(received: Received, standing: Standing, answer: str | None) -> tuple[object, ...]:
    return (*received.identity, received.body_hash, received.received_at, standing.value, answer)
