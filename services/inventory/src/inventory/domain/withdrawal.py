"""Whose reservation gives way when units turn out to be gone: the youngest first, whole lines. Nothing is moved here."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from inventory.domain.location import Portion, is_within
from inventory.domain.reservation import Line, Reservation

H = TypeVar("H")
"""Whatever names a holder; holders of the same age give way in the reverse order of their names."""


def withdraw(holders: Mapping[H, Reservation], sku: str, scope: str, quantity: int) -> dict[H, tuple[Portion, ...]]:
    """Lines that free at least `quantity` units of `sku` within `scope`, or all there are; by holder, youngest first.

    A line that gives way does so with all its units, also with those at other places: half a line helps no buyer.
    """
    given: dict[H, tuple[Portion, ...]] = {}
    for holder in youngest_first(holders):
        for number in _lines_within(holders[holder], sku, scope):
            if quantity <= 0:
                return given
            lines = [line for line in holders[holder].lines if line.line == number and line.sku == sku and line.open]
            given[holder] = given.get(holder, ()) + tuple(map(_portion, lines))
            quantity -= sum(line.open for line in lines if is_within(line.location_id, scope))
    return given


def youngest_first(holders: Mapping[H, Reservation]) -> list[H]:
    return sorted(holders, key=lambda holder: (holders[holder].reserved_at, holder), reverse=True)


def _lines_within(reservation: Reservation, sku: str, scope: str) -> Iterable[int]:
    within = {line.line for line in reservation.lines if line.open and line.sku == sku and is_within(line.location_id, scope)}
    return sorted(within, reverse=True)


def _portion(line: Line) -> Portion:
    return Portion(line.line, line.sku, line.location_id, line.open)
