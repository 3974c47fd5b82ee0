"""Which units a removal may hold (R8, S6): those that lie in a center of its marketplace's country and are bound to nobody, all
that is asked for or nothing. Fulfillable and unfulfillable units are asked for in lines of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from inventory.domain.legend import LEGEND, NOT_IN_NETWORK, OTHER_MARKETPLACE
from inventory.domain.location import Wanted, scope_of, take
from inventory.domain.reservation import NETWORK, HeldPortion
from inventory.domain.stock import UNFULFILLABLE, Bucket, Item, Place

CENTERS = f"{NETWORK}:"
CONDITIONS = {"fulfillable": (Bucket.AVAILABLE,), "unfulfillable": UNFULFILLABLE}
"""Where units lie that nobody holds, by condition, in the order in which they are taken. An unknown condition has none."""


class WantedOut(Wanted, Protocol):
    """A line of a removal: units of one item in one condition."""

    @property
    def condition(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a line can't be held: units missing, and those that are there but may not be touched, by the legend's code."""

    line: int
    sku: str
    condition: str
    quantity: int
    unavailable: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing may be held."""

    shortages: tuple[Shortage, ...]


def hold(wanted: Sequence[WantedOut], items: Mapping[str, Item], marketplace_id: str) -> tuple[HeldPortion, ...] | Refused:
    """Hold every line or none. Units are taken by bucket as listed in `stock`, within a bucket by location id."""
    scope = scope_of(NETWORK, marketplace_id)
    free = {sku: _within(item, scope) for sku, item in items.items()}
    portions: list[HeldPortion] = []
    shortages = []
    for line in wanted:
        taken = _taken(free[line.sku], line)
        portions += [HeldPortion(line.line, line.sku, at, units, bucket) for (at, bucket), units in taken.items()]
        if missing := line.quantity - sum(taken.values()):
            reasons = unavailable(items[line.sku], scope)
            shortages.append(Shortage(line.line, line.sku, line.condition, missing, reasons))
    return Refused(tuple(shortages)) if shortages else tuple(portions)


def _within(item: Item, scope: str) -> dict[Place, int]:
    return {
        (location, bucket): units for (location, bucket), units in sorted(item.balances.items()) if location.startswith(scope)
    }


def _taken(free: dict[Place, int], line: WantedOut) -> dict[Place, int]:
    """At most what the line asks for, struck from `free`."""
    buckets = CONDITIONS.get(line.condition, ())
    taken = take(free, line.quantity, [place for bucket in buckets for place in free if place[1] is bucket])
    for place, units in taken.items():
        free[place] -= units
    return taken


def unavailable(item: Item, scope: str = CENTERS) -> dict[str, int]:
    """Units that no removal from the scope may take, by the legend's code (I16)."""
    reasons: Counter[str] = Counter()
    for (location, bucket), units in item.balances.items():
        if not location.startswith(CENTERS):
            reasons[NOT_IN_NETWORK.code] += units
        elif not location.startswith(scope):
            reasons[OTHER_MARKETPLACE.code] += units
        elif bucket in LEGEND:
            reasons[LEGEND[bucket].code] += units
    return {code: units for code, units in reasons.items() if units}
