"""The stock of the shop: where it lies, what is there at the start and what comes in every week.

The file tells only what was sold. So each place gets what the file will ask of it in the week to come, except for a few items
that a hash makes short: their buyers are refused. A few others were ordered in by far too many at the start: what is taken out
by removals.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from contracts.values import Channel
from devkit.demo import draws
from devkit.demo.invoices import Miscount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from devkit.demo.invoices import Book, Correction

LONDON, MANCHESTER, SHOP = "network:GB:LTN1", "network:GB:MAN1", "seller:GB:main"
PLACES = (LONDON, MANCHESTER, SHOP)
WEEK = timedelta(days=7)
RECEIPT_HOUR = 6
LONDON_SHARE_LOW, LONDON_SHARE_HIGH = 0.4, 1.0
SHORT_SHARE = 0.02
"""Of the items of a channel. An order has some 25 lines and is refused for a single one."""
SHORT_COVER = 0.7
"""What a short item gets of its demand."""

OVERSTOCKED_SHARE = 0.03
OVERSTOCK_UNITS_MIN, OVERSTOCK_UNITS_MAX = 4, 40


@dataclass(frozen=True, slots=True)
class Receipt:
    at: datetime
    sku: str
    location_id: str
    units: int


def receipts(book: Book, start: datetime) -> list[Receipt]:
    """The opening stock at `start`, then on each seventh day at six in the morning what the week will need."""
    demand: Counter[tuple[datetime, str, str]] = Counter()
    for at, sku, place, units in _asked(book):
        demand[_delivery(at, start), sku, place] += units
    for sku in sorted({sku for _, sku, _ in demand}):
        demand[start, sku, LONDON] += _overstock(sku)
    return [Receipt(at, sku, place, units) for (at, sku, place), units in sorted(demand.items()) if units > 0]


def place_of(correction: Correction) -> str:
    """Where the count was wrong."""
    return draws.among(PLACES, correction.invoice, correction.sku, "place")


def return_place_of(channel: Channel) -> str:
    """Where buyers send things back to."""
    return LONDON if channel is Channel.NETWORK else SHOP


def _asked(book: Book) -> Iterator[tuple[datetime, str, str, int]]:
    for invoice in book.invoices:
        for line in invoice.lines:
            for place, units in _split(line.sku, invoice.channel, line.quantity):
                yield invoice.placed_at, line.sku, place, units
    for correction in book.corrections:
        if correction.miscount is not Miscount.FOUND:
            yield correction.at, correction.sku, place_of(correction), correction.units


def _split(sku: str, channel: Channel, units: int) -> Iterable[tuple[str, int]]:
    if draws.share(sku, channel, "short") < SHORT_SHARE:
        units = int(units * SHORT_COVER)
    if channel is Channel.SELLER:
        return [(SHOP, units)]
    share = LONDON_SHARE_LOW + (LONDON_SHARE_HIGH - LONDON_SHARE_LOW) * draws.share(sku, "London")
    london = min(units, round(units * share))
    return [(LONDON, london), (MANCHESTER, units - london)]


def _overstock(sku: str) -> int:
    if draws.share(sku, "overstocked") >= OVERSTOCKED_SHARE:
        return 0
    return OVERSTOCK_UNITS_MIN + draws.number(sku, "overstock") % (OVERSTOCK_UNITS_MAX - OVERSTOCK_UNITS_MIN + 1)


def _delivery(at: datetime, start: datetime) -> datetime:
    """The last delivery before `at`."""
    weeks = (at - _week_begin(start)) // WEEK
    return start if weeks <= 0 else _week_begin(start) + weeks * WEEK


def _week_begin(start: datetime) -> datetime:
    return start.replace(hour=RECEIPT_HOUR, minute=0, second=0, microsecond=0)
