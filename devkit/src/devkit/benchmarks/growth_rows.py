"""What years leave in the databases of orders and inventory, made by the million: decided messages, orders with their addresses
and deadlines, reservations with their lines and movements. All are copies of what one order has left (copies.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkit.benchmarks.copies import Copies, copy, settle
from devkit.benchmarks.ground import connected
from inventory import tables as stock
from orders import tables as sold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODEL = "model"
LINES = 4
"""Of the order that is copied."""
INBOXES = 2
ROWS_OF_ORDER = 4 + 2 * LINES
"""Order, address, deadline, reservation; its lines and their movements."""
_ONE_MESSAGE = "ctid = (SELECT ctid FROM inbox LIMIT 1)"
_LONG_AGO = "now() - interval '1 day' - number * interval '1 second'"


@dataclass(frozen=True, slots=True)
class Past:
    """So many rows in each inbox; so many orders, each with a pending deadline and a reservation."""

    inbox: int
    orders: int

    @property
    def rows(self) -> int:
        return INBOXES * self.inbox + ROWS_OF_ORDER * self.orders


async def age(orders_dsn: str, inventory_dsn: str, past: Past, advance: Callable[[float], None]) -> None:
    """Of two databases that have one order, `MODEL`, and its reservation. Raises asyncpg.PostgresError."""
    name = "'order-past-' || number"
    of_order = f"order_id = '{MODEL}'"
    of_holder = f"holder_id = '{MODEL}'"
    deadlines = {"object_id": name, "due_at": "now() + interval '30 days' + number * interval '1 second'"}
    kept = f"object_id = '{MODEL}' AND deadline = 'HoldEnded'"
    moved = {"holder_id": name, "cause": "gen_random_uuid()", "item_version": "1000000000 + number"}
    await _fill(
        orders_dsn,
        [
            Copies(sold.customer_order, past.orders, {"order_id": name}, of_order),
            Copies(sold.delivery_address, past.orders, {"order_id": name}, of_order),
            Copies(sold.SERVICE.deadline, past.orders, deadlines, kept),
            Copies(sold.SERVICE.inbox, past.inbox, _message("gen_random_uuid()"), _ONE_MESSAGE),
        ],
        advance,
    )
    await _fill(
        inventory_dsn,
        [
            Copies(stock.reservation, past.orders, {"holder_id": name}, of_holder),
            Copies(stock.reservation_line, past.orders, {"holder_id": name}, of_holder),
            Copies(stock.movement, past.orders, moved, of_holder),
            Copies(stock.SERVICE.inbox, past.inbox, _message("uuidv7()"), _ONE_MESSAGE),
        ],
        advance,
    )


def _message(identity: str) -> dict[str, str]:
    """Ids of what storefronts send have no time in them, ids of facts have."""
    return {"message_id": identity, "received_at": _LONG_AGO}


async def _fill(dsn: str, all_copies: Sequence[Copies], advance: Callable[[float], None]) -> None:
    async with connected(dsn) as database:
        for copies in all_copies:
            await copy(database, copies, advance)
        await settle(database)
