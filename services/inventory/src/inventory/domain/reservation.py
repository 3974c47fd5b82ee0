"""What a holder, an order or a removal, holds, line by line. A reservation is never forgotten: its end is a state, which also
answers what comes late.

For each line: taken = released + shipped + still open (S7). Which units those are on the shelf is `stock`'s affair.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from inventory.domain.location import Portion, Wanted, scope_of
from inventory.domain.stock import AVAILABLE, NEVER, UNFULFILLABLE, Account, Bucket, Outside, Place

ORDER, REMOVAL = "order", "removal"
"""The kinds of holders."""
BOUND: Mapping[str, Bucket] = {ORDER: Bucket.RESERVED, REMOVAL: Bucket.HELD}
"""Where units lie that a holder of this kind holds."""
GONE: Mapping[str, Outside] = {ORDER: Outside.CUSTOMER, REMOVAL: Outside.REMOVED}
"""Where they go when they leave for good."""
NETWORK = "network"
"""The channel of fulfillment centers."""


class Status(StrEnum):
    HELD = "held"
    REFUSED = "refused"
    ENDED = "ended"


LineKey: TypeAlias = tuple[int, str]
"""A holder's line: its number and its SKU."""


class Line(NamedTuple):
    """Units of a holder's line in one place; `bucket` is where they were, and where they go back to."""

    line: int
    location_id: str
    sku: str
    taken: int
    released: int = 0
    shipped: int = 0
    bucket: Bucket = Bucket.AVAILABLE

    @property
    def place(self) -> Place:
        return self.location_id, self.bucket

    @property
    def open(self) -> int:
        return self.taken - self.released - self.shipped


class HeldPortion(NamedTuple):
    """Units of a holder's line in one place."""

    line: int
    sku: str
    location_id: str
    quantity: int
    bucket: Bucket = Bucket.AVAILABLE


class Reservation(NamedTuple):
    """`marketplace_id` and `channel` are None for a holder that was ended before it asked for units. A tuple, as `Item` is."""

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
    lines = tuple([Line._make((line, location, sku, quantity, 0, 0, AVAILABLE)) for line, sku, location, quantity in portions])
    return Reservation(Status.HELD, marketplace_id, channel, lines, now, now)


def hold_for_removal(portions: Iterable[HeldPortion], marketplace_id: str, now: datetime) -> Reservation:
    """A hold on these units, which need not be sellable. Removals reach the network's centers only."""
    lines = tuple([Line(line, location, sku, quantity, bucket=bucket) for line, sku, location, quantity, bucket in portions])
    return Reservation(Status.HELD, marketplace_id, NETWORK, lines, now, now)


def refuse(marketplace_id: str, channel: str, now: datetime) -> Reservation:
    """The mark of a holder whose units were not all there: it holds nothing."""
    return Reservation(Status.REFUSED, marketplace_id, channel, (), now, now)


def open_portions(reservation: Reservation) -> tuple[HeldPortion, ...]:
    """All that is still held."""
    return tuple([portion_of(line, line.open) for line in reservation.lines if line.open])


def portion_of(line: Line, quantity: int) -> HeldPortion:
    return HeldPortion(line.line, line.sku, line.location_id, quantity, line.bucket)


def held_for(reservation: Reservation, wanted: Iterable[Wanted], *, last_first: bool = False) -> tuple[HeldPortion, ...]:
    """Of what is wanted that which is still held, from the first place on, or from the last.

    Releases go last first, so that what remains still leaves from the fewest places.
    """
    lines = reservation.lines[::-1] if last_first else reservation.lines
    left: dict[LineKey, int] = {}
    for want in wanted:
        at = (want.line, want.sku)
        left[at] = left.get(at, 0) + want.quantity
    portions = []
    for line in lines:
        at = (line.line, line.sku)
        if units := min(line.open, left.get(at, 0)):
            left[at] -= units
            portions.append(portion_of(line, units))
    return tuple(portions)


class Missing(NamedTuple):
    """Units of a line that its holder does not hold."""

    line: int
    sku: str
    quantity: int


def beyond(wanted: Iterable[Wanted], held: Iterable[HeldPortion]) -> tuple[Missing, ...]:
    """What is wanted beyond these portions, by line."""
    units: dict[LineKey, int] = {}
    for want in wanted:
        units[want.line, want.sku] = units.get((want.line, want.sku), 0) + want.quantity
    for portion in held:
        units[portion.line, portion.sku] -= portion.quantity
    return tuple([Missing(line, sku, quantity) for (line, sku), quantity in units.items() if quantity])


def first_places(reservation: Reservation) -> dict[LineKey, Place]:
    """Where each line was first taken."""
    return {(line.line, line.sku): line.place for line in reversed(reservation.lines)}


def buckets_like(bucket: Bucket) -> tuple[Bucket, ...]:
    """Where else units lie that are as good: unfulfillable ones of one disposition stand for those of another."""
    return UNFULFILLABLE if bucket in UNFULFILLABLE else (bucket,)


def release(reservation: Reservation, portions: Sequence[HeldPortion], now: datetime) -> Reservation:
    """Without these units, which are not held any more. Ended when nothing is left."""
    return _settled(
        reservation, [line._replace(released=line.released + n) for line, n in _each(reservation.lines, portions)], now
    )


def ship(reservation: Reservation, portions: Sequence[HeldPortion], now: datetime) -> Reservation:
    """With these units gone for good, to the buyer or out of the center. Ended when nothing is left."""
    return _settled(
        reservation, [line._replace(shipped=line.shipped + n) for line, n in _each(reservation.lines, portions)], now
    )


def take_late(reservation: Reservation, portions: Sequence[HeldPortion], now: datetime) -> Reservation:
    """With units that are taken only as they ship: a shipment passes through the holder's books, however late it is."""
    known = {_key(line) for line in reservation.lines}
    fresh = [Line(line, location, sku, 0, bucket=bucket) for line, sku, location, _, bucket in portions]
    widened = reservation.lines + tuple({_key(line): line for line in fresh if _key(line) not in known}.values())
    taken = [line._replace(taken=line.taken + n) for line, n in _each(widened, portions)]
    return reservation._replace(lines=tuple(taken), changed_at=now)


def _each(lines: Sequence[Line], portions: Sequence[HeldPortion]) -> list[tuple[Line, int]]:
    """Every line, with the units that `portions` have of it."""
    units: dict[tuple[int, str, str, Bucket], int] = {}
    for line, sku, location, quantity, bucket in portions:
        at = (line, sku, location, bucket)
        units[at] = units.get(at, 0) + quantity
    return [(line, units.get(_key(line), 0)) for line in lines]


def _key(line: Line) -> tuple[int, str, str, Bucket]:
    return line.line, line.sku, line.location_id, line.bucket


def _settled(reservation: Reservation, lines: Sequence[Line], now: datetime) -> Reservation:
    status = reservation.status if any(line.open for line in lines) else Status.ENDED
    return reservation._replace(status=status, lines=tuple(lines), changed_at=max(now, reservation.changed_at))
