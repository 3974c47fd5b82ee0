"""Which units a removal may hold (R8, S6): those that lie in a center of its marketplace's country and are bound to nobody, all
that is asked for or nothing. Fulfillable and unfulfillable units are asked for in lines of their own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from inventory.domain.legend import LEGEND, NOT_IN_NETWORK, OTHER_MARKETPLACE, TOO_MANY_PLACES
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


def hold(
    wanted: Sequence[WantedOut], items: Mapping[str, Item], marketplace_id: str, portions_max: int
) -> tuple[HeldPortion, ...] | Refused:
    """Hold every line or none. Units are taken by bucket as listed in `stock`, within a bucket by location id; from as few
    places as can be when that would make more than `portions_max` portions. What is beyond them even so is not held.
    """
    scope = scope_of(NETWORK, marketplace_id)
    taken = _taken(wanted, items, scope)
    if sum(map(len, taken)) > portions_max:
        taken = _taken(wanted, items, scope, fullest_first=True)
    portions: list[HeldPortion] = []
    shortages = []
    for line, places in zip(wanted, taken, strict=True):
        kept = list(places.items())[: portions_max - len(portions)]
        portions += [HeldPortion(line.line, line.sku, at, units, bucket) for (at, bucket), units in kept]
        held = sum(units for _, units in kept)
        if missing := line.quantity - held:
            reasons = unavailable(items[line.sku], scope)
            if beyond := sum(places.values()) - held:
                reasons[TOO_MANY_PLACES.code] = beyond
            shortages.append(Shortage(line.line, line.sku, line.condition, missing, reasons))
    return Refused(tuple(shortages)) if shortages else tuple(portions)


def _within(item: Item, scope: str) -> dict[Place, int]:
    return {
        (location, bucket): units for (location, bucket), units in sorted(item.balances.items()) if location.startswith(scope)
    }


def _taken(
    wanted: Iterable[WantedOut], items: Mapping[str, Item], scope: str, *, fullest_first: bool = False
) -> list[dict[Place, int]]:
    """At most what each line asks for, and no unit for two lines."""
    free = {sku: _within(item, scope) for sku, item in items.items()}
    each = []
    for line in wanted:
        units = free[line.sku]
        places = [place for bucket in CONDITIONS.get(line.condition, ()) for place in units if place[1] is bucket]
        if fullest_first:
            places.sort(key=units.__getitem__, reverse=True)
        taken = take(units, line.quantity, places)
        for place, quantity in taken.items():
            units[place] -= quantity
        each.append(taken)
    return each


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
