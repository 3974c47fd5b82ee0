"""What is there when all is over, as far as a cell's commands go: rows of the four databases, facts that were told, mails that
were caught. What ought to be there is in effects.py.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devkit.benchmarks.ground import connected
from devkit.demo.mails import caught

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    import asyncpg

    from devkit.faults.history import Command
    from devkit.faults.stand import Stand

DECIDED = "SELECT source, message_id FROM inbox WHERE outcome = 'accepted' AND message_id = ANY($1::uuid[])"
ORDERS = """
    SELECT seller_id, order_id, status, units_ordered, payment, record::jsonb ->> 'late_payment' AS late_payment,
        (SELECT count(*) FROM jsonb_array_elements(record::jsonb -> 'cancellations') AS one WHERE one ->> 'by' = 'buyer')
            AS canceled_by_buyer,
        ARRAY(SELECT package ->> 'package_id' FROM jsonb_array_elements(packages::jsonb) AS package) AS packages
    FROM customer_order WHERE starts_with(seller_id, $1)"""
HOLDERS = "SELECT seller_id, kind, holder_id FROM reservation WHERE starts_with(seller_id, $1)"
RECEIPTS = """
    SELECT cause, count(*) AS times, sum(quantity) AS units FROM movement
    WHERE starts_with(seller_id, $1) AND holder_id IS NULL GROUP BY cause"""
CONTACTS = "SELECT seller_id, mail FROM seller_contact WHERE starts_with(seller_id, $1)"
MAILS = "SELECT mail_id, status FROM mail"


@dataclass(frozen=True, slots=True)
class OrderRow:
    status: str
    units: int
    payment: str
    late_payment: str | None
    canceled_by_buyer: int
    packages: tuple[str, ...]


@dataclass(slots=True)
class Found:
    """Objects are named as in Kafka keys, `seller/kind/id`. `told`: how many facts of a type each has."""

    decided: Mapping[str, set[tuple[str, UUID]]] = field(default_factory=dict)
    orders: Mapping[str, OrderRow] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    receipts: Mapping[UUID, tuple[int, int]] = field(default_factory=dict)
    """By the message: movements and units."""
    contacts: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    begun_by: set[str] = field(default_factory=set)
    """Ids of the messages that have begun the picking of a removal."""
    mails: Mapping[str, str] = field(default_factory=dict)
    """Of the whole stand, by id: its status."""
    caught: Mapping[str, int] = field(default_factory=dict)

    def count(self, key: str, *kinds: str) -> int:
        """Facts of these types about one object."""
        return sum(self.told.get((kind, key), 0) for kind in kinds)


async def look(stand: Stand, prefix: str, commands: Sequence[Command]) -> Found:
    """At all that is about sellers whose ids begin with `prefix`."""
    async with AsyncExitStack() as entered:
        databases = {service: await entered.enter_async_context(connected(dsn)) for service, dsn in stand.services.dsns.items()}
        ids = [command.id for command in commands]
        inventory = databases["inventory"]
        return Found(
            decided={
                service: {(row[0], row[1]) for row in await database.fetch(DECIDED, ids)}
                for service, database in databases.items()
            },
            orders=await _orders(databases["orders"], prefix),
            holders={"/".join(row) for row in await inventory.fetch(HOLDERS, prefix)},
            receipts={row["cause"]: (row["times"], row["units"]) for row in await inventory.fetch(RECEIPTS, prefix)},
            contacts={row[0]: row[1] for row in await databases["notifications"].fetch(CONTACTS, prefix)},
            told={place: len(ids) for place, ids in stand.facts.told.items()},
            refused=set(stand.facts.refused),
            begun_by=set(stand.facts.begun_by),
            mails={row[0]: row[1] for row in await databases["notifications"].fetch(MAILS)},
            caught=caught(stand.services.mail_folder),
        )


async def quarantined(stand: Stand) -> Counter[str]:
    """Records in quarantine, by service."""
    numbers: Counter[str] = Counter()
    for service, dsn in stand.services.dsns.items():
        async with connected(dsn) as database:
            numbers[service] = await database.fetchval("SELECT count(*) FROM quarantine")
    return numbers


async def _orders(database: asyncpg.Connection, prefix: str) -> dict[str, OrderRow]:
    """Without those that only early messages speak of: they have no payment, no record and no packages."""
    return {
        f"{row['seller_id']}/order/{row['order_id']}": OrderRow(
            row["status"],
            row["units_ordered"],
            row["payment"],
            row["late_payment"],
            row["canceled_by_buyer"],
            tuple(row["packages"]),
        )
        for row in await database.fetch(ORDERS, prefix)
        if row["status"] != "Expected"
    }
