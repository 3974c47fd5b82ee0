"""Rules about the units of orders, in inventory, with one thought left out. Others: `false_order_rules`, `false_rules`."""

from collections.abc import Sequence
from typing import Any

from chassis.desk import Desk
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.orders import ItemsCanceled, OrderCanceled, OrderPlaced
from contracts.values import Channel
from devkit.simulation.false_rules import put
from devkit.simulation.posting import LOCATIONS
from inventory.domain.stock import NOTHING, Bucket
from inventory.store import Books as Stock


def reserve_what_is_not_free(desk: Desk[Any]) -> None:
    """Each line finds as many units as it wants."""

    def reserve(books: Stock, order: OrderPlaced, cause: Cause) -> Sequence[Message]:
        location = LOCATIONS[Channel(order.channel)][0]
        for line in order.lines:
            key = order.seller_id, line.sku
            item = books.items[key] or NOTHING
            free = item.balances.get((location, Bucket.AVAILABLE), 0)
            books.items[key] = item._replace(balances={**item.balances, (location, Bucket.AVAILABLE): free + line.quantity})
        return real(books, order, cause)

    if desk.service == "inventory":
        real = desk.rules[OrderPlaced].decide
        put(desk, OrderPlaced, reserve)


def keep_what_is_canceled(desk: Desk[Any]) -> None:
    """What is canceled is not given back."""
    for kind in (OrderCanceled, ItemsCanceled):
        if desk.service == "inventory":
            put(desk, kind, lambda _books, _canceled, _cause: [])
