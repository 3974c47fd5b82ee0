"""What the buyers of `bench flow` order, made before anything is measured: as a real shop sells, or one item an order, spread
over all items or all of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from contracts.orders import Line
from contracts.values import Money
from contracts.warehouse import UnitsReceived
from devkit.benchmarks.purchases import HOME, LINES_MAX, SELLER, SKUS, purchase, sku_of
from devkit.demo.messages import Post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from contracts.orders import PlaceOrder
    from devkit.demo.messages import Record

SOURCE = "storefront"
PRICE = Money(amount=1250, currency="GBP")


class Taste(StrEnum):
    """What buyers want. ZIPF: 1 to 7 items, 4 on average, few of them in nearly every cart. EVEN and HOT: one unit of one item,
    of any, or all of the same.
    """

    ZIPF = "zipf"
    EVEN = "even"
    HOT = "hot"


@dataclass(frozen=True, slots=True)
class Demand:
    """So many orders; `run` tells them from those of other runs, and draws them."""

    taste: Taste
    run: str
    orders: int

    def records(self, now: datetime) -> Iterator[Record]:
        """As they go to Kafka, in order."""
        draw = Random(self.run)
        weights = list(accumulate(1 / rank for rank in range(1, SKUS + 1)))
        for number in range(self.orders):
            order = self._order(number, self._skus(number, draw, weights))
            yield Post(now, order.order_id, order.order_id, SOURCE, order).record()

    def _skus(self, number: int, draw: Random, weights: list[float]) -> list[str]:
        match self.taste:
            case Taste.HOT:
                return [sku_of(0)]
            case Taste.EVEN:
                return [sku_of(number)]
            case Taste.ZIPF:
                places = draw.choices(range(SKUS), cum_weights=weights, k=1 + draw.randrange(LINES_MAX))
                return [sku_of(place) for place in dict.fromkeys(places)]

    def _order(self, number: int, skus: list[str]) -> PlaceOrder:
        lines = tuple(Line(sku=sku, quantity=1, unit_price=PRICE, title="A mug with a handle") for sku in skus)
        return purchase(number, f"{self.run}-{number}").model_copy(update={"lines": lines})


def hot_stock(units: int) -> UnitsReceived:
    """All there is of the item that everybody wants."""
    return UnitsReceived(seller_id=SELLER, sku=sku_of(0), location_id=HOME, quantity=units)
