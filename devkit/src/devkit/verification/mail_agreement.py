"""What must hold between what orders and removals have told and the mails: each cause has its mail, and no mail is without one.

Only the number of mails an object and template is compared, whatever has become of them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncpg

NAME = "every cause of a mail has its mail, and every mail its cause (S8)"

ORDER_CAUSES = """
    SELECT seller_id, order_id, 'order_confirmed', 1 FROM customer_order WHERE released_at IS NOT NULL
    UNION ALL SELECT seller_id, order_id, 'order_sold', 1 FROM customer_order
        WHERE released_at IS NOT NULL AND channel = 'seller'
    UNION ALL SELECT seller_id, order_id, 'confirm_by_warning', 1 FROM customer_order WHERE warned AND channel = 'seller'"""

CANCELLATIONS = """
    SELECT seller_id, order_id,
        count(*) FILTER (WHERE why ->> 'by' = 'buyer' OR (why ->> 'at')::timestamptz > released_at) AS low,
        count(*) FILTER (WHERE why ->> 'by' = 'buyer' OR (why ->> 'at')::timestamptz >= released_at) AS high
    FROM customer_order, jsonb_array_elements(record::jsonb -> 'cancellations') AS why
    WHERE status <> 'Expected' GROUP BY 1, 2"""
"""How many mails about cancellations a buyer gets at least and at most: at the instant of the release it can be either."""

REMOVAL_CAUSES = """
    SELECT seller_id, removal_id, 'removal_placed', 1 FROM removal WHERE leave_by IS NOT NULL
    UNION ALL SELECT seller_id, removal_id, 'removal_refused', 1 FROM removal WHERE status = 'Refused'
    UNION ALL SELECT seller_id, removal_id, 'removal_completed', 1 FROM removal WHERE status = 'Completed'
    UNION ALL SELECT seller_id, removal_id, 'removal_canceled', 1 FROM removal
        WHERE status = 'Canceled' AND requested_at IS NOT NULL"""

MAILS = """
    SELECT seller_id, coalesce(order_id, removal_id), template, count(*) FROM mail
    WHERE template = ANY($1::text[]) GROUP BY 1, 2, 3"""

CANCELED = ("order_canceled", "items_canceled")
COUNTED = (
    "order_confirmed",
    "order_sold",
    "confirm_by_warning",
    "removal_placed",
    "removal_refused",
    "removal_completed",
    "removal_canceled",
)
PARKED = "SELECT seller_id, object_id FROM parked"


class Cause(NamedTuple):
    seller_id: str
    object_id: str
    template: str


async def disagreements(
    *, orders: asyncpg.Connection, removals: asyncpg.Connection, notifications: asyncpg.Connection
) -> tuple[int, list[str]]:
    """How many causes were compared, and those that do not fit. What is parked, and what belongs to it, is left out."""
    wanted = Counter({Cause(*row[:3]): row[3] for row in await orders.fetch(ORDER_CAUSES)})
    wanted.update({Cause(*row[:3]): row[3] for row in await removals.fetch(REMOVAL_CAUSES)})
    found = Counter({Cause(*row[:3]): row[3] for row in await notifications.fetch(MAILS, list(COUNTED))})
    parked = {tuple(row) for service in (orders, removals, notifications) for row in await service.fetch(PARKED)}
    texts = [
        f"{'/'.join(cause[:2])}: {found[cause]} mails {cause.template}, {wanted[cause]} causes"
        for cause in wanted.keys() | found.keys()
        if wanted[cause] != found[cause] and cause[:2] not in parked
    ]
    number, canceled = await _about_cancellations(orders, notifications, parked)
    return len(wanted) + number, sorted(texts + canceled)


async def _about_cancellations(
    orders: asyncpg.Connection, notifications: asyncpg.Connection, parked: set[tuple[str, str]]
) -> tuple[int, list[str]]:
    mails: Counter[tuple[str, str]] = Counter()
    for row in await notifications.fetch(MAILS, list(CANCELED)):
        mails[row[0], row[1]] += row[3]
    wanted = {(row[0], row[1]): (row[2], row[3]) for row in await orders.fetch(CANCELLATIONS)}
    texts = []
    for place in wanted.keys() | mails.keys():
        low, high = wanted.get(place, (0, 0))
        if not low <= mails[place] <= high and place not in parked:
            texts.append(f"{'/'.join(place)}: {mails[place]} mails to the buyer about cancellations, {low} to {high} causes")
    return len(wanted), texts
