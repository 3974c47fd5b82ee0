"""Where units lie, and which places serve an order. Knows quantities by place, nothing of items, messages or tables.

A location id is `channel:COUNTRY:code`. A scope is the beginning of such ids: all places of a channel in a country.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

EXACT_LOCATIONS_MAX = 8
"""Up to so many candidate locations every subset is tried (255); beyond, the choice is greedy."""

UNKNOWN_SCOPE = "network:ZZ:"
"""Where units left from when nobody knows the place; ZZ is no country's code."""

P = TypeVar("P")
"""Whatever names a place."""

Supply: TypeAlias = Mapping[str, Mapping[str, int]]
"""Units that may be taken: by SKU, then by location id."""


class Wanted(Protocol):
    """A line that asks for units."""

    @property
    def line(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...


class Shelves(Protocol):
    """What may be taken of each item, at the places that may serve."""

    def at(self, sku: str, location_id: str) -> int:
        """Units at one place."""

    def by_place(self, sku: str) -> Mapping[str, int]:
        """Units at all places; those that have none may be left out."""


class Portion(NamedTuple):
    """Units of a line at one location."""

    line: int
    sku: str
    location_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Short:
    """Units missing, by SKU. Nothing may be taken."""

    missing: Mapping[str, int]


def allocate(wanted: Sequence[Wanted], shelves: Shelves) -> tuple[Portion, ...] | Short:
    """Which location gives which units of each line: all lines or none (I13).

    The fewest parcels win, that is the fewest locations that together cover every line; of equally few the first by location
    id. Inside the chosen ones, lines in their order take units in the order of location ids.
    """
    needed: dict[str, int] = {}
    for line in wanted:
        sku = line.sku
        needed[sku] = needed.get(sku, 0) + line.quantity
    if whole := _whole(needed, shelves):  # the usual case: one parcel
        return tuple([Portion._make((line.line, line.sku, whole, line.quantity)) for line in wanted])
    supply = {sku: shelves.by_place(sku) for sku in needed}
    missing = {sku: n - held for sku, n in needed.items() if n > (held := sum(supply[sku].values()))}
    return Short(missing) if missing else _portions(wanted, supply, fewest(needed, supply))


def _whole(needed: Mapping[str, int], shelves: Shelves) -> str | None:
    """The first location by id that covers `needed` alone: one that has the first item, with all others."""
    for place in sorted(shelves.by_place(next(iter(needed)))):
        for sku, quantity in needed.items():
            if shelves.at(sku, place) < quantity:
                break
        else:
            return place
    return None


def fewest(needed: Mapping[str, int], supply: Supply) -> tuple[str, ...]:
    """The fewest locations that cover `needed`, in the order of their ids; `supply` must be enough in sum."""
    candidates = sorted({location for sku in needed for location, units in supply[sku].items() if units})
    if len(candidates) > EXACT_LOCATIONS_MAX:
        return _greedy(candidates, needed, supply)
    for size in range(1, len(candidates)):
        for chosen in combinations(candidates, size):
            if _covers(chosen, needed, supply):
                return chosen
    return tuple(candidates)


def _covers(chosen: Iterable[str], needed: Mapping[str, int], supply: Supply) -> bool:
    for sku, quantity in needed.items():
        held = supply[sku]
        left = quantity
        for location in chosen:
            left -= held.get(location, 0)
        if left > 0:
            return False
    return True


def _greedy(candidates: Sequence[str], needed: Mapping[str, int], supply: Supply) -> tuple[str, ...]:
    """Location by location, always the one that covers the most units still missing, of equals the first by id."""
    left, chosen, remaining = dict(needed), [], list(candidates)
    while any(left.values()):
        covered = {place: sum(min(n, supply[sku].get(place, 0)) for sku, n in left.items()) for place in remaining}
        best = max(remaining, key=covered.__getitem__)  # of equals the first: `remaining` is in order
        left = {sku: n - min(n, supply[sku].get(best, 0)) for sku, n in left.items()}
        remaining.remove(best)
        chosen.append(best)
    return tuple(sorted(chosen))


def _portions(wanted: Sequence[Wanted], supply: Supply, chosen: Sequence[str]) -> tuple[Portion, ...]:
    left = {sku: dict(held) for sku, held in supply.items()}
    portions = []
    for line in wanted:
        taken = take(left[line.sku], line.quantity, chosen)
        for location, quantity in taken.items():
            left[line.sku][location] -= quantity
            portions.append(Portion(line.line, line.sku, location, quantity))
    return tuple(portions)


def take(available: Mapping[P, int], quantity: int, order: Iterable[P]) -> dict[P, int]:
    """At most `quantity` units from these places in this order; places that give nothing are left out."""
    taken = {}
    for place in order:
        if units := min(quantity, available.get(place, 0)):
            taken[place] = units
            quantity -= units
    return taken


def scope_of(channel: str, marketplace_id: str) -> str:
    """Where all locations of a channel in a marketplace's country begin."""
    return f"{channel}:{marketplace_id}:"


def unknown_in(scope: str) -> str:
    """The location id of units that left a scope nobody knows where from."""
    return f"{scope}unknown"


def is_within(location_id: str, scope: str) -> bool:
    """Whether a location is the one named, or one of the scope."""
    return location_id == scope or (scope.endswith(":") and location_id.startswith(scope))
