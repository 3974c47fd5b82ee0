"""The windows and limits of the business, by marketplace. Resolved when an order is placed, and frozen into it; the dates that
follow from them are computed at its release.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from orders.domain.calendar import Calendar, end_of


class Profile(StrEnum):
    """From where the time to confirm the shipment counts (O9)."""

    ORDER_DATE = "order-date"
    BUSINESS_DAYS = "business-days"


@dataclass(frozen=True, slots=True)
class Policy:
    hold_minutes: int = 30
    payment_limit_days: int = 21
    profile: Profile = Profile.ORDER_DATE
    confirm_days: int = 30
    confirm_business_days: int = 7
    warning_days: int = 7
    handling_business_days: int = 2
    delivery_business_days_min: int = 2
    delivery_business_days_max: int = 5

    @property
    def payment_limit(self) -> timedelta:
        return timedelta(days=self.payment_limit_days)


def _weekends_only(_marketplace_id: str) -> Calendar:
    return Calendar()


@dataclass(frozen=True, slots=True)
class Policies:
    """What the settings say: one policy for all marketplaces but those that have their own."""

    default: Policy = field(default_factory=Policy)
    by_marketplace: Mapping[str, Policy] = field(default_factory=dict)
    calendar_of: Callable[[str], Calendar] = _weekends_only

    def policy_of(self, marketplace_id: str) -> Policy:
        return self.by_marketplace.get(marketplace_id, self.default)


@dataclass(frozen=True, slots=True)
class Release:
    """The dates that are promised when an order becomes Unshipped (O5, O6, O9). Estimates count from the release."""

    released_at: datetime
    ship_by: date
    deliver_from: date
    deliver_until: date
    confirm_by: datetime
    warned: bool = False

    @property
    def confirm_day(self) -> date:
        """The last day on which the shipment can be confirmed."""
        return (self.confirm_by - timedelta(microseconds=1)).date()


def released(policy: Policy, calendar: Calendar, placed_at: datetime, now: datetime) -> Release:
    """Earliest delivery counts from the day of the release, latest from the day by which the order must ship."""
    ship_by = calendar.after(now.date(), policy.handling_business_days)
    return Release(
        released_at=now,
        ship_by=ship_by,
        deliver_from=calendar.after(now.date(), policy.delivery_business_days_min),
        deliver_until=calendar.after(ship_by, policy.delivery_business_days_max),
        confirm_by=_confirm_by(policy, calendar, placed_at, ship_by),
    )


def _confirm_by(policy: Policy, calendar: Calendar, placed_at: datetime, ship_by: date) -> datetime:
    """Never before the ship-by day is over: a payment that was verified late must not cost the seller the order at once."""
    match policy.profile:
        case Profile.ORDER_DATE:
            return max(placed_at + timedelta(days=policy.confirm_days), end_of(ship_by))
        case Profile.BUSINESS_DAYS:
            return end_of(calendar.after(ship_by, policy.confirm_business_days))
