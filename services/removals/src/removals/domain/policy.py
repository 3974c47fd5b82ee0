"""The limits of the business, by marketplace. Resolved when a removal is drafted, and frozen into it; with them goes what the
rules must know of countries and of our own centers, which is found outside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from removals.domain.address import Centers

ONE_DAY = timedelta(days=1)
WEEKEND = frozenset({5, 6})
PHONE_DIGITS_MIN = 7
BUSINESS_DAYS_A_WEEK = 5
BUSINESS_DAYS_A_HOLIDAY = 10
"""Over a year; no marketplace has more."""
LATE_MARGIN_DAYS = 10
"""For the longest row of holidays, and for the days until the units are held."""

BusinessDays: TypeAlias = Callable[[str, date, int], date]
"""The day so many business days of a marketplace after a day."""


@dataclass(frozen=True, slots=True)
class Policy:
    draft_days: int = 30
    leave_business_days: int = 30
    give_up_days: int = 90

    @property
    def draft_limit(self) -> timedelta:
        """So long a draft waits for its confirmation (R6)."""
        return timedelta(days=self.draft_days)

    @property
    def late_days_max(self) -> int:
        """So many days after its request a removal is known to be late, in whatever country and season (R11)."""
        business_days = self.leave_business_days + self.leave_business_days // BUSINESS_DAYS_A_HOLIDAY
        weeks, rest = divmod(business_days, BUSINESS_DAYS_A_WEEK)
        return 7 * weeks + (rest + 2 if rest else 0) + LATE_MARGIN_DAYS

    @property
    def give_up_limit(self) -> timedelta:
        """So long after its request a removal has ended (S5)."""
        return timedelta(days=self.give_up_days)


def _weekends_only(_marketplace_id: str, day: date, business_days: int) -> date:
    for _ in range(business_days):
        day += ONE_DAY
        while day.weekday() in WEEKEND:
            day += ONE_DAY
    return day


def _has_digits(phone: str, _country: str) -> bool:
    return sum(character.isdigit() for character in phone) >= PHONE_DIGITS_MIN


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say: one policy for all marketplaces but those that have their own; where our centers are; and the
    facts of countries. Without these only weekends are closed, and a phone number is some digits.
    """

    default: Policy = field(default_factory=Policy)
    by_marketplace: Mapping[str, Policy] = field(default_factory=dict)
    centers: Centers = field(default_factory=Centers)
    business_days_after: BusinessDays = _weekends_only
    is_phone_valid: Callable[[str, str], bool] = _has_digits

    def policy_of(self, marketplace_id: str) -> Policy:
        return self.by_marketplace.get(marketplace_id, self.default)

    def leave_by(self, policy: Policy, marketplace_id: str, now: datetime) -> datetime:
        """When the units should have left (R11): the end of the last business day, in UTC."""
        day = self.business_days_after(marketplace_id, now.date(), policy.leave_business_days)
        return datetime.combine(day + ONE_DAY, time(), UTC)
