"""What the file does not say and a hash of the invoice number decides: how payments go, when parcels leave, who cancels why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from contracts.inventory import Disposition
from contracts.orders import SELLER_REASONS, CancelReason
from devkit.demo import draws

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from devkit.demo.invoices import Invoice

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

PLACED_BY_HTTP_SHARE = 0.25
CONFIRMED_BY_HTTP_SHARE = 0.3
TWO_PARCELS_SHARE = 0.12
CHINESE_SHARE = 0.08
NEVER_SHIPPED_SHARE = 0.015
LATE_PARCEL_SHARE = 0.4
"""Of network parcels whose order was canceled: they leave all the same."""
SHORT_PICK_SHARE = 0.01
OPEN_FROM_HOUR, OPEN_UNTIL_HOUR = 8, 18
SUNDAY = 6


class Answer(StrEnum):
    """What the payment provider says."""

    VERIFIED = "verified"
    DELAYED = "delayed"
    DECLINED = "declined"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True)
class Course:
    """A way in which payments go: for this share of the orders, first this answer within this span, then perhaps another."""

    share: float
    answers: tuple[tuple[Answer, timedelta, timedelta], ...]


COURSES = (
    Course(0.03, ((Answer.VERIFIED, -10 * MINUTE, -1 * MINUTE),)),  # before the order's own message
    Course(0.77, ((Answer.VERIFIED, MINUTE, 25 * MINUTE),)),
    Course(0.06, ((Answer.VERIFIED, HOUR, 30 * HOUR),)),
    Course(0.08, ((Answer.DELAYED, 2 * MINUTE, 10 * MINUTE), (Answer.VERIFIED, 2 * HOUR, 6 * DAY))),
    Course(0.03, ((Answer.DECLINED, MINUTE, 2 * DAY),)),
    Course(0.01, ((Answer.DELAYED, 2 * MINUTE, 10 * MINUTE), (Answer.DECLINED, DAY, 9 * DAY))),
    Course(0.01, ((Answer.FRAUD, HOUR, 3 * DAY),)),
    Course(0.01, ()),  # never: the limit of 21 days ends the order
)


def payments(invoice: Invoice) -> list[tuple[datetime, Answer]]:
    """Each answer with its time."""
    course = draws.by_share([(course.share, course) for course in COURSES], invoice.number, "payment")
    return [
        (invoice.placed_at + draws.between(low, high, invoice.number, "payment", answer), answer)
        for answer, low, high in course.answers
    ]


def placed_by_http(invoice: Invoice) -> bool:
    """Where a message comes before its order, the order must have an id before Wharf gives it one: no HTTP then."""
    early = any(at <= invoice.placed_at for at, _ in payments(invoice))
    return not early and draws.share(invoice.number, "placed by HTTP") < PLACED_BY_HTTP_SHARE


def confirmed_by_http(invoice: Invoice) -> bool:
    return draws.share(invoice.number, "confirmed by HTTP") < CONFIRMED_BY_HTTP_SHARE


def language(invoice: Invoice) -> str:
    """In which the buyer reads. Mails exist in English and Chinese; who reads neither gets English."""
    if invoice.country == "Hong Kong" or draws.share(invoice.buyer, "reads Chinese") < CHINESE_SHARE:
        return "zh"
    return "de" if invoice.country == "Germany" else "en"


def shipping_times(invoice: Invoice, released_at: datetime) -> list[datetime]:
    """When parcels leave, in opening hours; none when the order is forgotten."""
    if draws.share(invoice.number, "forgotten") < NEVER_SHIPPED_SHARE:
        return []
    first = in_opening_hours(released_at + draws.between(2 * HOUR, 60 * HOUR, invoice.number, "first parcel"))
    if draws.share(invoice.number, "two parcels") >= TWO_PARCELS_SHARE:
        return [first]
    return [first, in_opening_hours(first + draws.between(4 * HOUR, 3 * DAY, invoice.number, "second parcel"))]


def short_pick_time(invoice: Invoice, released_at: datetime) -> datetime | None:
    """When the warehouse misses a unit of a network order, if it does."""
    if draws.share(invoice.number, "short pick") >= SHORT_PICK_SHARE:
        return None
    return released_at + draws.between(30 * MINUTE, 2 * HOUR, invoice.number, "short pick")


def late_parcel_time(invoice: Invoice, canceled_at: datetime) -> datetime | None:
    """When the network ships a canceled order all the same, if it does."""
    if draws.share(invoice.number, "late parcel") >= LATE_PARCEL_SHARE:
        return None
    return in_opening_hours(canceled_at + draws.between(HOUR, 2 * DAY, invoice.number, "late parcel"))


def seller_reason(credit_number: str, order_number: str) -> CancelReason:
    """Most often the buyer asked for it."""
    reasons: Sequence[CancelReason] = (CancelReason.BUYER_CANCELED,) * 5 + SELLER_REASONS
    return draws.among(reasons, credit_number, order_number, "reason")


def returned_as(credit_number: str, sku: str) -> Disposition:
    """None of it can be sold again."""
    damaged = (Disposition.CUSTOMER_DAMAGED, Disposition.CARRIER_DAMAGED, Disposition.DEFECTIVE)
    return draws.among(damaged, credit_number, sku, "returned")


def in_opening_hours(at: datetime) -> datetime:
    """`at`, or the same minute of a later opening hour."""
    if at.hour < OPEN_FROM_HOUR:
        at = at.replace(hour=OPEN_FROM_HOUR)
    elif at.hour >= OPEN_UNTIL_HOUR:
        at = at.replace(hour=OPEN_FROM_HOUR) + DAY
    return at + DAY if at.weekday() == SUNDAY else at
