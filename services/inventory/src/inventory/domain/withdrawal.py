"""Who gives way when units turn out to be gone: the youngest holder first, orders and removals alike, whole lines. Nothing is
moved here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from inventory.domain.location import is_within
from inventory.domain.reservation import HeldPortion, Line, LineKey, Reservation, portion_of
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


def withdraw(holders: Mapping[H, Reservation], needs: Sequence[Need]) -> dict[H, tuple[HeldPortion, ...]]:
    """Lines that free at least the units needed, or all there are; by holder, youngest first.

    A line that gives way does so with all its units, also with those at other places, where they may be needed, too: half a
    line helps no buyer. No two of the needs may cover the same place of an item.
    """
    youngest = sorted(holders, key=lambda holder: (holders[holder].reserved_at, holder), reverse=True)
    by_sku = _open_lines(((holder, holders[holder]) for holder in youngest), {need.sku for need in needs})
    given: dict[tuple[H, LineKey], list[Line]] = {}
    for need in needs:
        lines_of = by_sku[need.sku]
        quantity = need.quantity - sum(_covered(lines, need) for at, lines in lines_of.items() if at in given)
        for at, lines in lines_of.items():
            if quantity > 0 and at not in given and (units := _covered(lines, need)):
                given[at] = lines
                quantity -= units
    portions: dict[H, list[HeldPortion]] = {}
    for (holder, _), lines in given.items():
        portions.setdefault(holder, []).extend([portion_of(line, line.open) for line in lines])
    return {holder: tuple(portions[holder]) for holder in youngest if holder in portions}


def _open_lines(
    youngest: Iterable[tuple[H, Reservation]], skus: Collection[str]
) -> dict[str, dict[tuple[H, LineKey], list[Line]]]:
    """What is still held of these items, in the order in which it gives way: each line with all its places."""
    by_sku: dict[str, dict[tuple[H, LineKey], list[Line]]] = {sku: {} for sku in skus}
    for holder, reservation in youngest:
        for line in sorted(reservation.lines, key=lambda line: line.line, reverse=True):
            if line.open and line.sku in skus:
                by_sku[line.sku].setdefault((holder, (line.line, line.sku)), []).append(line)
    return by_sku


def _covered(lines: Iterable[Line], need: Need) -> int:
    return sum([line.open for line in lines if need.covers(line.place)])
