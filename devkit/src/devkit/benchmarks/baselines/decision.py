"""One message decided by itself, in whatever transaction: what both baselines have in common. The rules, and how rows are made
of what they decide, are the services' own.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import outbox
from chassis.inbox import Standing
from chassis.outcomes import Cause, Received, Via, hash_of
from contracts import orders as order_messages
from contracts.envelope import envelope_from
from contracts.inventory import RESERVATIONS, StockRefused, StockReserved
from contracts.orders import OrderPlaced, PlaceOrder
from inventory import tables as inventory_tables
from inventory.decisions import DESK as INVENTORY_DESK
from orders import tables as orders_tables
from orders.calendar import calendar_of
from orders.decisions import desk as orders_desk
from orders.domain.policy import Policies, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from chassis.desk import Desk
    from chassis.outbox import Outgoing
    from chassis.tables import ServiceTables
    from chassis.transaction import Transaction
    from contracts.envelope import Message

READY = "benchmark-ready"
"""What a process prints once it takes work."""


@dataclass(frozen=True, slots=True)
class Part:
    """A service's part in the flow: by topic the types that it decides."""

    desk: Desk[Any]
    tables: ServiceTables
    reads: Mapping[str, Sequence[type[Message]]]


def named_part() -> Part:
    """Of the service that WHARF_SERVICE names."""
    if setting("SERVICE") == "inventory":
        return Part(INVENTORY_DESK, inventory_tables.SERVICE, {order_messages.FACTS.name: (OrderPlaced,)})
    desk = orders_desk(Policies(Policy(), {}, calendar_of))
    reads = {order_messages.COMMANDS.name: (PlaceOrder,), RESERVATIONS.name: (StockReserved, StockRefused)}
    return Part(desk, orders_tables.SERVICE, reads)


def received_from(headers: Iterable[tuple[str, bytes]], value: bytes, part: Part, now: datetime) -> Received:
    """Decode a record that is known to be for us."""
    envelope = envelope_from(headers, now)
    body = part.desk.types[envelope.type].model_validate_json(value)
    return Received(envelope, body, Via.KAFKA, hash_of(envelope.type, value), now)


async def decide(tx: Transaction, part: Part, received: Received) -> Sequence[Outgoing]:
    """Claim, load, decide, save; the facts are yet to be told. A message that was decided before tells nothing."""
    desk, given = part.desk, received.envelope
    row = (*received.identity, received.body_hash, received.received_at, Standing.ACCEPTED, None)
    if not await tx.rows.claim(tx.tables.inbox, [row]):
        return ()
    state = await desk.load(tx, [received.body])
    cause = Cause(given.id, received.received_at, given.correlation_id, given.time)
    facts = desk.rules[type(received.body)].decide(state, received.body, cause)
    head = outbox.letterhead(desk.service, received.received_at)
    told = [outbox.outgoing(fact, received, head, ordinal, state.number(fact)) for ordinal, fact in enumerate(facts)]
    state.keep()
    await desk.save(tx, state)
    await state.deadlines.save(tx)
    return told


def setting(name: str) -> str:
    """As the services get theirs."""
    return os.environ[f"WHARF_{name}"]


def tell_ready() -> None:
    """To who has started us."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
