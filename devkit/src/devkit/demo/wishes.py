"""What the seller wants to take out of the network's centers: put together from what lies there when somebody looks.

They look several times, one removal each time, on the eve of each week's delivery, then the day after the last sale and a week
later. What becomes of a wish is in removal_fates.py; its messages are in removal_letters.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias

from contracts.removals import Method, RemovalItem
from devkit.demo import removal_fates
from devkit.demo.removal_fates import Aim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from devkit.demo.shelf import Levels

LOOKS = 12
LOOK_EVERY = timedelta(minutes=5)
EVE_HOUR, MORNING_HOUR = 19, 10
WEEK_DAYS = 7
ITEMS_MAX = 8
ItemOf: TypeAlias = "Callable[[Levels], tuple[int, int]]"


@dataclass(frozen=True, slots=True)
class Wish:
    """A removal that the seller wants, known by its id."""

    removal_id: str
    at: datetime
    aim: Aim
    items: tuple[RemovalItem, ...]

    @property
    def method(self) -> Method:
        return removal_fates.method(self.removal_id)

    @property
    def address_refused(self) -> bool:
        return self.method is Method.SHIP_TO and removal_fates.address_refused(self.removal_id)


@dataclass(slots=True)
class Wishes:
    """Those of the day and which items they are about: nobody asks twice for the same, but for those who mean to."""

    _day: str = ""
    _asked: dict[str, RemovalItem] = field(default_factory=dict)

    def at(self, at: datetime, stock: Sequence[Levels], sold: Mapping[str, int]) -> Wish | None:
        """What is wanted after a look at `stock`; `sold` tells slow items from others. None when there is nothing."""
        if f"{at:%Y%m%d}" != self._day:
            self._day, self._asked = f"{at:%Y%m%d}", {}
        removal_id = f"OUT-{at:%Y%m%d-%H%M}"
        aim = removal_fates.aim(removal_id)
        items = self._items(removal_id, aim, stock, sold)
        if not items:
            return None
        if aim is not Aim.CLAIMED:
            self._asked.update({item.sku: item for item in items})
        return Wish(removal_id, at, aim, items)

    def _items(self, removal_id: str, aim: Aim, stock: Sequence[Levels], sold: Mapping[str, int]) -> tuple[RemovalItem, ...]:
        if aim is Aim.CLAIMED:
            return tuple(list(self._asked.values())[-ITEMS_MAX:])
        free = [one for one in stock if one.sku not in self._asked]
        if aim is Aim.UNFULFILLABLE:
            return _first(free, lambda one: (0, one.unfulfillable))
        slow_first = sorted(free, key=lambda one: (sold.get(one.sku, 0), -one.available, one.sku))
        if aim is Aim.SLOW:
            return _first(slow_first, lambda one: (one.available, 0))
        if aim is Aim.ORDERED:
            return _first(slow_first, lambda one: (one.available + one.bound, 0) if one.bound else (0, 0))
        greedy = [one for one in slow_first if one.available]
        return _first(greedy, lambda one: (one.available + removal_fates.greed(removal_id, one.sku), 0))


def looks(opening: datetime, end: datetime) -> Iterator[datetime]:
    """When somebody looks: `opening` is when stock comes first, `end` the last sale."""
    midnight = datetime.combine(opening.date(), time(), opening.tzinfo)
    eve = midnight + timedelta(days=WEEK_DAYS - 1, hours=EVE_HOUR)
    while eve < end:
        yield from _round(eve)
        eve += timedelta(days=WEEK_DAYS)
    morning = datetime.combine(end.date(), time(MORNING_HOUR), end.tzinfo) + timedelta(days=1)
    yield from _round(morning)
    yield from _round(morning + timedelta(days=WEEK_DAYS))


def _round(begin: datetime) -> Iterator[datetime]:
    return (begin + number * LOOK_EVERY for number in range(LOOKS))


def _first(stock: Sequence[Levels], wanted: ItemOf) -> tuple[RemovalItem, ...]:
    """The first items of which units are wanted: fulfillable and unfulfillable ones."""
    units = ((one.sku, *wanted(one)) for one in stock)
    items = [RemovalItem(sku=sku, fulfillable=good, unfulfillable=bad) for sku, good, bad in units if good or bad]
    return tuple(items[:ITEMS_MAX])
