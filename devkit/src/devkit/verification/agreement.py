"""What must hold between the databases: orders and reservations tell the same story, seen from either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import asyncpg

NAME = "orders and reservations agree, line by line"

ORDER_LINES = """
    SELECT seller_id, order_id, (line ->> 'number')::int AS line, line ->> 'sku' AS sku,
        (line ->> 'ordered')::int AS ordered, (line ->> 'shipped')::int AS shipped, (line ->> 'canceled')::int AS canceled
    FROM customer_order, jsonb_array_elements(lines::jsonb) AS line WHERE status <> 'Expected'"""

HELD_LINES = """
    SELECT seller_id, holder_id, line, sum(taken) AS taken, sum(released) AS released, sum(shipped) AS shipped
    FROM reservation_line WHERE kind = 'order' GROUP BY 1, 2, 3"""

GONE = "SELECT seller_id, sku, sum(quantity) AS quantity FROM discrepancy GROUP BY 1, 2"
"""Units that left without being in any book: a line may have shipped so many more than inventory could give."""

PARKED = "SELECT seller_id, object_id FROM parked"
LATE = """
    SELECT DISTINCT seller_id, order_id FROM customer_order, jsonb_array_elements(packages::jsonb) AS package
    WHERE jsonb_array_length(package -> 'uncalled') > 0"""


class LineKey(NamedTuple):
    seller_id: str
    order_id: str
    line: int


async def disagreements(orders: asyncpg.Connection, inventory: asyncpg.Connection) -> tuple[int, list[str]]:
    """How many lines were compared, and those that do not fit. Orders with parked messages are left out: they are listed."""
    ordered = {LineKey(*row[:3]): row for row in await orders.fetch(ORDER_LINES)}
    held = {LineKey(*row[:3]): row for row in await inventory.fetch(HELD_LINES)}
    parked = {tuple(row) for service in (orders, inventory) for row in await service.fetch(PARKED)}
    late = {tuple(row) for row in await orders.fetch(LATE)}
    gone = {(row["seller_id"], row["sku"]): row["quantity"] for row in await inventory.fetch(GONE)}
    late |= {key[:2] for key, row in ordered.items() if _lacks(row, held.get(key), gone.get((key.seller_id, row["sku"]), 0))}
    keys = [key for key in ordered.keys() | held.keys() if key[:2] not in parked]
    texts = [text for key in keys for text in _differences(key, ordered.get(key), held.get(key), late=key[:2] in late)]
    return len(keys), sorted(texts)


def _lacks(ordered: Mapping[str, Any], held: Mapping[str, Any] | None, gone: int) -> bool:
    """Whether inventory shipped less of a line than orders, by units that it lists as missing."""
    return held is not None and 0 < ordered["shipped"] - held["shipped"] <= gone


def _differences(
    key: LineKey, ordered: Mapping[str, Any] | None, held: Mapping[str, Any] | None, *, late: bool
) -> Iterator[str]:
    place = "/".join(map(str, key))
    if ordered is None:
        yield f"{place}: inventory holds units for an order line that orders does not know"
        return
    still_open = ordered["ordered"] - ordered["shipped"] - ordered["canceled"]
    if held is None:
        if still_open or ordered["shipped"]:
            yield f"{place}: {still_open} open and {ordered['shipped']} shipped of a line for which nothing was ever held"
        return
    still_held = held["taken"] - held["released"] - held["shipped"]
    if still_open != still_held:
        yield f"{place}: {still_open} open in orders, {still_held} held by inventory"
    if ordered["shipped"] != held["shipped"] and not late:
        yield f"{place}: {ordered['shipped']} shipped in orders, {held['shipped']} in inventory"
