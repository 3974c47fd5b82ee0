"""Who gives way when units turn out to be gone: the youngest holder first, orders and removals alike, whole lines. Nothing is
moved here.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from inventory.domain.location import is_within
from inventory.domain.reservation import HeldPortion, Line, Reservation, portion_of
from inventory.domain.stock import Bucket, Item, Place

H = TypeVar("H")
"""Whatever names a holder; holders of the same age give way in the reverse order of their names."""


class Need(NamedTuple):
    """Units of an item that have to come from these buckets within a scope, whoever holds them."""

    sku: str
    scope: str
    quantity: int
    buckets: tuple[Bucket, ...] = (Bucket.AVAILABLE,)

    def covers(self, place: Place) -> bool:
        return place[1] in self.buckets and is_within(place[0], self.scope)


def unbound(item: Item, need: Need) -> dict[Place, int]:
    """Units that nobody holds, by location and then bucket."""
    return {place: units for place, units in sorted(item.balances.items()) if units and need.covers(place)}


def withdraw(holders: Mapping[H, Reservation], need: Need) -> dict[H, tuple[HeldPortion, ...]]:
    """Lines that free at least the units needed, or all there are; by holder, youngest first.

    A line that gives way does so with all its units, also with those at other places: half a line helps no buyer.
    """
    given: dict[H, tuple[HeldPortion, ...]] = {}
    quantity = need.quantity
    for holder in youngest_first(holders):
        for number in _lines_covered(holders[holder], need):
            if quantity <= 0:
                return given
            lines = [line for line in holders[holder].lines if line.line == number and line.sku == need.sku and line.open]
            given[holder] = given.get(holder, ()) + tuple([portion_of(line, line.open) for line in lines])
            quantity -= sum(line.open for line in lines if need.covers(line.place))
    return given


def youngest_first(holders: Mapping[H, Reservation]) -> list[H]:
    return sorted(holders, key=lambda holder: (holders[holder].reserved_at, holder), reverse=True)


def _lines_covered(reservation: Reservation, need: Need) -> Iterable[int]:
    return sorted({line.line for line in reservation.lines if _is_covered(line, need)}, reverse=True)


def _is_covered(line: Line, need: Need) -> bool:
    return line.open > 0 and line.sku == need.sku and need.covers(line.place)
