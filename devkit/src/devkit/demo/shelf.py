"""What the shop sees of its stock: the list that inventory shows, and the curves of those few items that are drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contracts.envelope import Subject
from contracts.inventory import Bucket, StockSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

BOUND = frozenset({Bucket.RESERVED, Bucket.HELD})
UNFULFILLABLE = frozenset(
    {
        Bucket.CUSTOMER_DAMAGED,
        Bucket.WAREHOUSE_DAMAGED,
        Bucket.DISTRIBUTOR_DAMAGED,
        Bucket.CARRIER_DAMAGED,
        Bucket.DEFECTIVE,
        Bucket.EXPIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Levels:
    """Units of an item by what may be done with them; what is elsewhere (inbound, in doubt) is in none."""

    sku: str
    available: int
    bound: int
    unfulfillable: int


@dataclass(slots=True)
class Curves:
    """How the stock of the items that are `watched` changes, from the snapshots that are heard."""

    watched: frozenset[str] = frozenset()
    _snapshots: dict[str, list[StockSnapshot]] = field(default_factory=dict)

    def hear(self, key: bytes, body: bytes) -> None:
        """The next snapshot of the item with this Kafka key; those of one item come in order."""
        sku = Subject.from_key(key.decode()).id
        if sku in self.watched:
            self._snapshots.setdefault(sku, []).append(StockSnapshot.model_validate_json(body))

    def drawn(self) -> Mapping[str, list[tuple[datetime, Levels]]]:
        """By item its levels in all places, by time."""
        return {sku: list(_curve(self._snapshots.get(sku, ()))) for sku in sorted(self.watched)}


def listed(items: Iterable[Mapping[str, Any]], places: str) -> list[Levels]:
    """Of items as inventory lists them, as far as they lie in locations whose id begins with `places`."""
    return [_listed(item, places) for item in items]


def _listed(item: Mapping[str, Any], places: str) -> Levels:
    here = [units for location_id, units in item["locations"].items() if location_id.startswith(places)]
    return Levels(
        sku=item["sku"],
        available=sum(units["available"] for units in here),
        bound=sum(units["reserved_orders"] + units["held_for_removal"] for units in here),
        unfulfillable=sum(sum(units["unfulfillable"].values()) for units in here),
    )


def _curve(snapshots: Iterable[StockSnapshot]) -> Iterator[tuple[datetime, Levels]]:
    """A snapshot that is told again, after an election or once a day, is no change."""
    version = -1
    for snapshot in snapshots:
        if snapshot.version > version:
            version = snapshot.version
            yield snapshot.changed_at, _levels(snapshot)


def _levels(snapshot: StockSnapshot) -> Levels:
    units: Counter[str] = Counter()
    for balance in snapshot.balances:
        units[balance.bucket] += balance.quantity
    return Levels(
        sku=snapshot.sku,
        available=units[Bucket.AVAILABLE],
        bound=sum(units[bucket] for bucket in BOUND),
        unfulfillable=sum(units[bucket] for bucket in UNFULFILLABLE),
    )
