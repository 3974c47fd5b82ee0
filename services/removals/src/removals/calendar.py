"""Business days of a marketplace's country, from the `holidays` library."""

from datetime import date
from functools import cache

import holidays


def business_days_after(marketplace_id: str, day: date, business_days: int) -> date:
    """The day so many business days after `day`, which itself does not count."""
    return _calendar_of(marketplace_id).get_nth_working_day(day, business_days)


SUBDIVISIONS = {"GB": "ENG", "CH": "ZH", "CA": "ON", "AU": "NSW"}
"""Countries that leave most of their holidays to their parts: the part where most people live stands for all."""


@cache
def _calendar_of(marketplace_id: str) -> holidays.HolidayBase:
    """A country that the library does not know has weekends only. A year is worked out when a day of it is first asked for."""
    try:
        return holidays.country_holidays(marketplace_id, subdiv=SUBDIVISIONS.get(marketplace_id))
    except NotImplementedError:
        return holidays.HolidayBase()
