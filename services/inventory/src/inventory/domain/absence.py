"""Units that a holder does not hold, though they have left or are gone: where the books may find them instead."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from inventory.domain.location import UNKNOWN_SCOPE, Wanted, take, unknown_in
from inventory.domain.removal_hold import CONDITIONS
from inventory.domain.reservation import (
    HeldPortion,
    Line,
    LineKey,
    Missing,
    Reservation,
    beyond,
    buckets_like,
    first_places,
    held_for,
    portion_of,
    release,
)
from inventory.domain.stock import Bucket, Place
from inventory.domain.withdrawal import Need


class WantedAt(Wanted, Protocol):
    """Units of a line at a place, if that is known, and in a condition."""

    @property
    def location_id(self) -> str | None: ...
    @property
    def condition(self) -> str: ...


class Lack(NamedTuple):
    """Units of a line that nobody holds for its holder; `need` says where they may be, `former` where they were held."""

    line: int
    need: Need
    former: Place | None = None

    @property
    def location_id(self) -> str:
        """Where they are missing, as far as one knows."""
        if self.former:
            return self.former[0]
        return unknown_in(self.need.scope) if self.need.scope.endswith(":") else self.need.scope


def of_departure(
    reservation: Reservation, missing: Iterable[Missing], conditions: Mapping[LineKey, str | None]
) -> tuple[Lack, ...]:
    """Units that left come from all places that could serve the holder, first from where they had been held.

    Those of a line never held are sellable ones, unless told otherwise. A number that another item has names no line.
    """
    former, names = first_places(reservation), {line.line: line.sku for line in reservation.lines}
    scope = reservation.scope or UNKNOWN_SCOPE
    lacks = []
    for line, sku, quantity in missing:
        place = former.get((line, sku))
        buckets = buckets_like(place[1]) if place else _buckets_in(conditions.get((line, sku)))
        known = names.setdefault(line, sku) == sku
        lacks.append(Lack(line, Need(sku, scope, quantity, buckets if known else ()), place))
    return tuple(lacks)


def _buckets_in(condition: str | None) -> tuple[Bucket, ...]:
    return (Bucket.AVAILABLE,) if condition is None else CONDITIONS.get(condition, ())


def still_held(reservation: Reservation, missing: Sequence[WantedAt]) -> tuple[HeldPortion, ...]:
    """Of units that were not on the shelf those that are held: first at the places named, then wherever the line has some."""
    named: Counter[tuple[int, str, str | None]] = Counter()
    for line in missing:
        named[line.line, line.sku, line.location_id] += line.quantity
    there = []
    for held in reservation.lines:
        at = (held.line, held.sku, held.location_id)
        if units := min(held.open, named[at]):
            named[at] -= units
            there.append(portion_of(held, units))
    rest = release(reservation, there, reservation.changed_at)
    return (*there, *held_for(rest, beyond(missing, there)))


def of_shelf(reservation: Reservation, missing: Sequence[WantedAt], held: Iterable[HeldPortion]) -> tuple[Lack, ...]:
    """Units that were not on the shelf and are not held are gone from the place named, else from where the line was held."""
    met = Counter[tuple[int, str, str | None]]()
    for portion in held:
        met[portion.line, portion.sku, portion.location_id] += portion.quantity
    left = {(line, sku): quantity for line, sku, quantity in beyond(missing, held)}
    places = _places(reservation)
    lacks: list[Lack] = []
    for gone in _merged(missing):
        quantity = min(gone.quantity - met[gone.at], left.get(gone.key, 0))
        if quantity > 0:
            left[gone.key] -= quantity
            lacks += _from_places(gone._replace(quantity=quantity), places.get(gone.key, ()), reservation)
    return tuple(lacks)


class _Gone(NamedTuple):
    line: int
    sku: str
    quantity: int
    location_id: str | None
    condition: str

    @property
    def key(self) -> LineKey:
        return self.line, self.sku

    @property
    def at(self) -> tuple[int, str, str | None]:
        return self.line, self.sku, self.location_id


def _merged(missing: Iterable[WantedAt]) -> Iterable[_Gone]:
    merged: dict[tuple[int, str, str | None], _Gone] = {}
    for line in missing:
        gone = _Gone(line.line, line.sku, line.quantity, line.location_id, line.condition)
        before = merged.get(gone.at)
        merged[gone.at] = gone._replace(quantity=gone.quantity + before.quantity) if before else gone
    return merged.values()


def _places(reservation: Reservation) -> dict[LineKey, list[Line]]:
    places: dict[LineKey, list[Line]] = {}
    for line in reservation.lines:
        places.setdefault((line.line, line.sku), []).append(line)
    return places


def _from_places(gone: _Gone, places: Sequence[Line], reservation: Reservation) -> Iterator[Lack]:
    """As many from each place as the line may have had there; what is more, from the first."""
    sku, quantity = gone.sku, gone.quantity
    if gone.location_id is not None:
        there = next((line.place for line in places if line.location_id == gone.location_id), None)
        buckets = buckets_like(places[0].bucket) if places else CONDITIONS.get(gone.condition, ())
        yield Lack(gone.line, Need(sku, gone.location_id, quantity, buckets), there)
        return
    for line in places:
        if units := min(quantity, line.taken - line.shipped):
            quantity -= units
            yield Lack(gone.line, Need(sku, line.location_id, units, buckets_like(line.bucket)), line.place)
    if quantity and places:
        first = places[0]
        yield Lack(gone.line, Need(sku, first.location_id, quantity, buckets_like(first.bucket)), first.place)
    elif quantity:
        yield Lack(gone.line, Need(sku, reservation.scope or UNKNOWN_SCOPE, quantity, ()))


def summed(lacks: Iterable[Lack]) -> tuple[Need, ...]:
    """What is needed of each item at each place, whoever needs it."""
    units: dict[Need, int] = {}
    for lack in lacks:
        shelf = lack.need._replace(quantity=0)
        units[shelf] = units.get(shelf, 0) + lack.need.quantity
    return tuple([shelf._replace(quantity=quantity) for shelf, quantity in units.items()])


def found(lacks: Iterable[Lack], free: Mapping[Need, Mapping[Place, int]]) -> tuple[list[HeldPortion], list[Lack]]:
    """Which units that nobody holds stand for those that lack, and what is in no book. `free` is by need less its quantity."""
    shelves = {shelf: dict(units) for shelf, units in free.items()}
    order = {
        shelf: [place for bucket in shelf.buckets for place in sorted(units) if place[1] is bucket]
        for shelf, units in free.items()
    }
    portions, nowhere = [], []
    for line, need, former in lacks:
        shelf = need._replace(quantity=0)
        places = [former, *(place for place in order[shelf] if place != former)] if former else order[shelf]
        taken = take(shelves[shelf], need.quantity, places)
        for (location, bucket), units in taken.items():
            shelves[shelf][location, bucket] -= units
            portions.append(HeldPortion(line, need.sku, location, units, bucket))
        if short := need.quantity - sum(taken.values()):
            nowhere.append(Lack(line, need._replace(quantity=short), former))
    return portions, nowhere
