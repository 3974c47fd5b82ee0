"""What a seller may expect to be able to remove, from a view of inventory's stock: advice for a screen. What may be removed is
decided where the stock is (R8).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

NETWORK = "network:"


@dataclass(frozen=True, slots=True)
class Balance:
    location_id: str
    bucket: str
    quantity: int


@dataclass(frozen=True, slots=True)
class StockView:
    """An item's balances as of its version."""

    version: int
    changed_at: datetime
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """Why units are not available (I16): codes of buckets, and of what lies elsewhere."""

    codes: Mapping[str, str]
    other_marketplace: str
    not_in_network: str


@dataclass(frozen=True, slots=True)
class Removable:
    """The numbers of the screen (R5): total = fulfillable + unfulfillable + all that is not available."""

    total: int
    fulfillable: int
    unfulfillable: int
    not_available: Mapping[str, int]


def removable(balances: tuple[Balance, ...], legend: Legend, sold_from: str, marketplace_id: str | None) -> Removable:
    """`sold_from` is the bucket of units that can be sold; of the others in a center those without a code are unfulfillable. A
    removal reaches the centers of its marketplace's country; without one, all are counted.
    """
    scope = f"{NETWORK}{marketplace_id}:" if marketplace_id else NETWORK
    fulfillable, unfulfillable = 0, 0
    reasons: Counter[str] = Counter()
    for one in balances:
        if not one.location_id.startswith(NETWORK):
            reasons[legend.not_in_network] += one.quantity
        elif not one.location_id.startswith(scope):
            reasons[legend.other_marketplace] += one.quantity
        elif one.bucket in legend.codes:
            reasons[legend.codes[one.bucket]] += one.quantity
        elif one.bucket == sold_from:
            fulfillable += one.quantity
        else:
            unfulfillable += one.quantity
    not_available = {code: units for code, units in sorted(reasons.items()) if units}
    return Removable(fulfillable + unfulfillable + sum(not_available.values()), fulfillable, unfulfillable, not_available)
