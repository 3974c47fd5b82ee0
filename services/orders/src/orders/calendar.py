"""Calendars of marketplaces, from the `holidays` library. The rules that count business days are in the domain."""

from functools import cache

import holidays

from orders.domain.calendar import Calendar

YEARS = range(2000, 2061)
"""Beyond these years only weekends are closed."""


@cache
def calendar_of(marketplace_id: str) -> Calendar:
    """Public holidays of the marketplace's country; a country that the library does not know has weekends only."""
    try:
        country = holidays.country_holidays(marketplace_id, years=YEARS)
    except NotImplementedError:
        return Calendar()
    return Calendar(frozenset(country.weekend), frozenset(country))
