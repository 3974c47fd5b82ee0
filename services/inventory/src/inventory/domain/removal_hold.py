"""Which units a removal may hold (R8, S6): those that lie in a center of the network and are bound to nobody, fulfillable and
unfulfillable apart, all that is asked for or nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inventory.domain.legend import LEGEND, NOT_IN_NETWORK
from inventory.domain.stock import UNFULFILLABLE, Bucket, Item, Move, Place

NETWORK = "network:"


@dataclass(frozen=True, slots=True)
class Removal:
    """Units of one item that a seller wants out."""

    line: int
    sku: str
    fulfillable: int
    unfulfillable: int


@dataclass(frozen=True, slots=True)
class Held:
    """By SKU the moves that hold the units; a move's source is where the units go back to when the removal is canceled."""

    moves: Mapping[str, tuple[Move, ...]]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a line can't be held: units missing, and those that are there but may not be touched, by the legend's code."""

    line: int
    sku: str
    fulfillable: int
    unfulfillable: int
    unavailable: Mapping[str, int]


def hold(removals: Sequence[Removal], items: Mapping[str, Item]) -> Held | tuple[Shortage, ...]:
    """Hold every line or none. Units are taken by bucket as listed in `stock`, within a bucket by location id."""
    free = {sku: _removable(item) for sku, item in items.items()}
    moves: dict[str, tuple[Move, ...]] = {}
    shortages = []
    for removal in removals:
        places = free[removal.sku]
        good, good_missing = _take(places, (Bucket.AVAILABLE,), removal.fulfillable, removal.line)
        bad, bad_missing = _take(places, UNFULFILLABLE, removal.unfulfillable, removal.line)
        if good_missing or bad_missing:
            reasons = unavailable(items[removal.sku])
            shortages.append(Shortage(removal.line, removal.sku, good_missing, bad_missing, reasons))
        moves[removal.sku] = (*moves.get(removal.sku, ()), *good, *bad)
    return tuple(shortages) or Held(moves)


def unavailable(item: Item) -> dict[str, int]:
    """Units that no removal may take, by the legend's code (I16)."""
    reasons: Counter[str] = Counter()
    for (location, bucket), units in item.balances.items():
        if not location.startswith(NETWORK):
            reasons[NOT_IN_NETWORK.code] += units
        elif bucket in LEGEND:
            reasons[LEGEND[bucket].code] += units
    return {code: units for code, units in reasons.items() if units}


def _removable(item: Item) -> dict[Place, int]:
    return {
        place: units
        for place, units in sorted(item.balances.items())
        if place[0].startswith(NETWORK) and place[1] not in LEGEND
    }


def _take(places: dict[Place, int], buckets: Sequence[Bucket], quantity: int, line: int) -> tuple[list[Move], int]:
    """Moves of at most `quantity` units, struck from `places`; and how many are missing."""
    moves = []
    for bucket in buckets:
        for place in [place for place in places if place[1] is bucket]:
            if units := min(quantity, places[place]):
                places[place] -= units
                quantity -= units
                moves.append(Move(place[0], bucket, Bucket.HELD, units, line))
    return moves, quantity
