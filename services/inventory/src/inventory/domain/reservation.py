"""What a holder holds, line by line. A reservation is never forgotten: its end is a state, which also answers what comes late.

For each line: taken = released + shipped + still open (S7). Which units those are on the shelf is `stock`'s affair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from inventory.domain.location import Portion, Wanted, scope_of
from inventory.domain.stock import NEVER, Account, Bucket, Outside


class Status(StrEnum):
    HELD = "held"
    REFUSED = "refused"
    ENDED = "ended"


class Line(NamedTuple):
    """Units of a holder's line at one location."""

    line: int
    location_id: str
    sku: str
    taken: int
    released: int = 0
    shipped: int = 0

    @property
    def open(self) -> int:
        return self.taken - self.released - self.shipped


@dataclass(frozen=True, slots=True)
class Reservation:
    """`marketplace_id` and `channel` are None for a holder that was ended before it asked for units."""

    status: Status
    marketplace_id: str | None = None
    channel: str | None = None
    lines: tuple[Line, ...] = ()
    reserved_at: datetime = NEVER
    changed_at: datetime = NEVER
    sequence: int = 0

    @property
    def scope(self) -> str | None:
        """Where the locations begin that may serve this holder."""
        return scope_of(self.channel, self.marketplace_id) if self.channel and self.marketplace_id else None


NOT_THERE = "NoInventory"
RESTOCKING = frozenset({
    "BuyerCanceled",
    "ShippingAddressUndeliverable",
    "GeneralAdjustment",
    "PricingError",
    "CustomerExchange",
    "PaymentDeclined",
    "Fraud",
    "PaymentLimitReached",
    "NotConfirmedInTime",
})  # fmt: skip
"""Why an order ends without anything being wrong with its units."""


def target_of(reason: str) -> Account:
    """Where units go that a cancel frees (O15). With `NoInventory` the seller says that they are not there: written off.

    A reason that is not known yet may mean either: the units are looked into, and nobody can buy them meanwhile.
    """
    if reason in RESTOCKING:
        return Bucket.AVAILABLE
    return Outside.WRITTEN_OFF if reason == NOT_THERE else Bucket.RESEARCHING


def hold(portions: Iterable[Portion], marketplace_id: str, channel: str, now: datetime) -> Reservation:
    """A reservation of these units."""
    lines = tuple([Line(line, location, sku, quantity) for line, sku, location, quantity in portions])
    return Reservation(Status.HELD, marketplace_id, channel, lines, now, now)


def refuse(marketplace_id: str, channel: str, now: datetime) -> Reservation:
    """The mark of a holder whose units were not all there: it holds nothing."""
    return Reservation(Status.REFUSED, marketplace_id, channel, (), now, now)


def open_portions(reservation: Reservation) -> tuple[Portion, ...]:
    """All that is still held."""
    return tuple([Portion(line.line, line.sku, line.location_id, line.open) for line in reservation.lines if line.open])


def held_for(reservation: Reservation, wanted: Iterable[Wanted], *, last_first: bool = False) -> tuple[Portion, ...]:
    """Of what is wanted that which is still held, from the first location on, or from the last.

    Releases go last first, so that what remains still leaves from the fewest places.
    """
    lines = reservation.lines[::-1] if last_first else reservation.lines
    left = {(line.line, line.location_id): line.open for line in lines}
    portions = []
    for want in wanted:
        quantity = want.quantity
        for line in lines:
            if line.line != want.line or line.sku != want.sku:
                continue
            if units := min(quantity, left[line.line, line.location_id]):
                left[line.line, line.location_id] -= units
                quantity -= units
                portions.append(Portion(line.line, line.sku, line.location_id, units))
    return tuple(portions)


class Missing(NamedTuple):
    """Units of a line that its holder does not hold."""

    line: int
    sku: str
    quantity: int


def beyond(wanted: Iterable[Wanted], held: Iterable[Portion]) -> tuple[Missing, ...]:
    """What is wanted beyond these portions, by line."""
    units: dict[tuple[int, str], int] = {}
    for want in wanted:
        units[want.line, want.sku] = units.get((want.line, want.sku), 0) + want.quantity
    for portion in held:
        units[portion.line, portion.sku] -= portion.quantity
    return tuple([Missing(line, sku, quantity) for (line, sku), quantity in units.items() if quantity])


def location_of(reservation: Reservation, number: int, sku: str) -> str | None:
    """Where a line was first taken."""
    return next((line.location_id for line in reservation.lines if line.line == number and line.sku == sku), None)


def release(reservation: Reservation, portions: Sequence[Portion], now: datetime) -> Reservation:
    """Without these units, which are not held any more. Ended when nothing is left."""
    return _settled(reservation, [line._replace(released=line.released + n) for line, n in _each(reservation, portions)], now)


def ship(reservation: Reservation, portions: Sequence[Portion], now: datetime) -> Reservation:
    """With these units gone to the buyer. Ended when nothing is left."""
    return _settled(reservation, [line._replace(shipped=line.shipped + n) for line, n in _each(reservation, portions)], now)


def take_late(reservation: Reservation, portions: Sequence[Portion], now: datetime) -> Reservation:
    """With units that are taken only as they ship: a shipment passes through the holder's books, however late it is."""
    known = {(line.line, line.location_id) for line in reservation.lines}
    fresh = {(p.line, p.location_id): Line(p.line, p.location_id, p.sku, 0) for p in portions}
    lines = reservation.lines + tuple(line for key, line in fresh.items() if key not in known)
    widened = replace(reservation, lines=lines)
    return replace(
        widened, lines=tuple(line._replace(taken=line.taken + n) for line, n in _each(widened, portions)), changed_at=now
    )


def _each(reservation: Reservation, portions: Sequence[Portion]) -> list[tuple[Line, int]]:
    """Every line, with the units that `portions` have of it."""
    units: dict[tuple[int, str], int] = {}
    for line, _, location, quantity in portions:
        units[line, location] = units.get((line, location), 0) + quantity
    return [(line, units.get((line.line, line.location_id), 0)) for line in reservation.lines]


def _settled(reservation: Reservation, lines: Sequence[Line], now: datetime) -> Reservation:
    status = reservation.status if any(line.open for line in lines) else Status.ENDED
    return replace(reservation, status=status, lines=tuple(lines), changed_at=max(now, reservation.changed_at))
