"""Calendars of marketplaces, from the `holidays` library. The rules that count business days are in the domain."""

from functools import cache

import holidays

from orders.domain.calendar import Calendar


@cache
def calendar_of(marketplace_id: str) -> Calendar:
    """Public holidays of the marketplace's country; a country that the library does not know has weekends only.

    The library works out a year when a day of it is first asked for: decades in advance would take a third of a second.
    """
    try:
        country = holidays.country_holidays(marketplace_id)
    except NotImplementedError:
        return Calendar()
    return Calendar(frozenset(country.weekend), country)
