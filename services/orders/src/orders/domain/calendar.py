"""Business days of one marketplace. Which days are holidays is found outside; here they are only counted."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

ONE_DAY = timedelta(days=1)
CLOSED_DAYS_MAX = 60
"""No calendar is closed longer than this many days in a row; one that is would be a mistake in its making."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """`weekend` has numbers of weekdays, Monday is 0. A day is a day in UTC, in every marketplace."""

    weekend: Container[int] = frozenset({5, 6})
    holidays: Container[date] = frozenset()

    def is_open(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays

    def after(self, day: date, business_days: int) -> date:
        """The business day that is `business_days` after `day`; with 0, `day` itself or the next one that is open."""
        day = self._open_from(day)
        for _ in range(business_days):
            day = self._open_from(day + ONE_DAY)
        return day

    def _open_from(self, day: date) -> date:
        for _ in range(CLOSED_DAYS_MAX):
            if self.is_open(day):
                return day
            day += ONE_DAY
        raise ValueError(f"no business day in the {CLOSED_DAYS_MAX} days before {day}")


def end_of(day: date) -> datetime:
    """The instant at which a day is over."""
    return datetime.combine(day + ONE_DAY, time(), UTC)
