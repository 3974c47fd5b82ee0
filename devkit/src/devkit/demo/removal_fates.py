"""What a hash of a removal's id decides: what it is about, how it is asked for and called off, what the warehouse does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from contracts.removals import Method, Recipient
from devkit.demo import draws
from devkit.demo.fates import DAY, HOUR, MINUTE, in_opening_hours

if TYPE_CHECKING:
    from datetime import datetime

ASKED_BY_HTTP_SHARE = 0.5
ADDRESS_REFUSED_SHARE = 0.15
"""Of removals that are shipped."""
SHORT_PICK_SHARE = 0.15
TWO_PORTIONS_SHARE = 0.4
STRAY_SHARE = 0.25
"""Of removals that were called off when the warehouse knew of them: their units leave all the same."""
TARDY_SHARE = 0.1
GREED_UNITS_MAX = 40


class Aim(StrEnum):
    """What a removal wants to take out."""

    UNFULFILLABLE = "unfulfillable"
    SLOW = "slow sellers"
    TOO_MANY = "more than there is"
    ORDERED = "units that buyers wait for"
    CLAIMED = "units that another removal asks for"


AIMS = (
    (0.40, Aim.UNFULFILLABLE),
    (0.32, Aim.SLOW),
    (0.08, Aim.TOO_MANY),
    (0.12, Aim.ORDERED),
    (0.08, Aim.CLAIMED),
)


class Regret(StrEnum):
    """When the seller calls a removal off."""

    NEVER = "never"
    AT_ONCE = "at once"
    IN_TIME = "in time"
    TOO_LATE = "too late"


REGRETS = ((0.62, Regret.NEVER), (0.06, Regret.AT_ONCE), (0.16, Regret.IN_TIME), (0.16, Regret.TOO_LATE))


@dataclass(frozen=True, slots=True)
class Visit:
    """When the warehouse works on a removal. `portions`: when units leave; `missed_at`: when one is not found."""

    start_at: datetime
    portions: tuple[datetime, ...]
    missed_at: datetime | None


def aim(removal_id: str) -> Aim:
    return draws.by_share(AIMS, removal_id, "aim")


def method(removal_id: str) -> Method:
    return draws.among((Method.DISPOSE, Method.SHIP_TO), removal_id, "method")


def recipient(removal_id: str) -> Recipient:
    return draws.among(tuple(Recipient), removal_id, "recipient")


def asked_by_http(removal_id: str) -> bool:
    return draws.share(removal_id, "asked by HTTP") < ASKED_BY_HTTP_SHARE


def address_refused(removal_id: str) -> bool:
    return draws.share(removal_id, "address refused") < ADDRESS_REFUSED_SHARE


def greed(removal_id: str, sku: str) -> int:
    """Units beyond those that are there."""
    return 1 + draws.number(removal_id, sku, "greed") % GREED_UNITS_MAX


def regret(removal_id: str) -> Regret:
    return draws.by_share(REGRETS, removal_id, "regret")


def confirmed_at(removal_id: str, drafted_at: datetime) -> datetime:
    """Somebody reads the draft first."""
    return drafted_at + draws.between(5 * MINUTE, 50 * MINUTE, removal_id, "review")


def called_off_at(removal_id: str, at: datetime) -> datetime:
    return at + draws.between(10 * MINUTE, 3 * HOUR, removal_id, "called off")


def stray_at(removal_id: str, canceled_at: datetime) -> datetime | None:
    """When the units of a canceled removal leave all the same, if they do."""
    if draws.share(removal_id, "stray") >= STRAY_SHARE:
        return None
    return in_opening_hours(canceled_at + draws.between(HOUR, 30 * HOUR, removal_id, "stray"))


def visit(removal_id: str, placed_at: datetime) -> Visit:
    """Tardy ones begin when the 30 business days are over."""
    tardy = draws.share(removal_id, "tardy") < TARDY_SHARE
    low, high = (48 * DAY, 52 * DAY) if tardy else (4 * HOUR, 40 * HOUR)
    start = in_opening_hours(placed_at + draws.between(low, high, removal_id, "pick"))
    first = in_opening_hours(start + draws.between(3 * HOUR, 20 * HOUR, removal_id, "first portion"))
    portions = [first]
    if draws.share(removal_id, "two portions") < TWO_PORTIONS_SHARE:
        portions.append(in_opening_hours(first + draws.between(4 * HOUR, 3 * DAY, removal_id, "second portion")))
    missed = draws.share(removal_id, "short pick") < SHORT_PICK_SHARE
    after = draws.between(10 * MINUTE, timedelta(hours=2), removal_id, "missed")
    return Visit(start, tuple(portions), start + after if missed else None)
