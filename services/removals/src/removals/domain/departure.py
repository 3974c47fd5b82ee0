"""Units that have left for good, as the warehouse tells it. Nobody is asked: what has left has left (R9)."""

from dataclasses import dataclass, replace

from removals.domain.removal import (
    Departure,
    Line,
    Quantities,
    Removal,
    Way,
    has_line,
    open_of,
    settled,
    total,
    units_of,
)

DEPARTURE_UNITS_MAX = 1_000_000
"""Of one line; no fact can tell of more."""
NO_SUCH_LINE = "the removal has no such line"


@dataclass(frozen=True, slots=True)
class Left:
    """The removal afterwards, and what has left; None when that was known."""

    removal: Removal
    departure: Departure | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A report that can't be about this removal; it has to be looked at."""

    reason: str


def leave(removal: Removal, departure: Departure) -> Left | Wrong:
    """Open units leave first; the others are uncalled, and no longer count as canceled. An end stays the end it was."""
    if not all(has_line(removal, units) for units in departure.given):
        return Wrong(NO_SUCH_LINE)
    departure = replace(departure, given=units_of(removal, total(departure.given)))
    known = next((one for one in removal.departures if _names(one) == _names(departure)), None)
    if known is not None:
        return Left(removal, None) if known.same_as(departure) else Wrong(f"{departure.way} before with other content")
    gone = total(departure.given)
    if max(gone.values()) > DEPARTURE_UNITS_MAX:
        return Wrong(f"more than {DEPARTURE_UNITS_MAX} units of a line at once")
    taken = open_of(removal, gone)
    over = {number: quantity - taken.get(number, 0) for number, quantity in gone.items()}
    corrected = {line.number: min(over.get(line.number, 0), line.canceled) for line in removal.lines}
    excess = {number: quantity - corrected[number] for number, quantity in over.items()}
    told = replace(departure, uncalled=units_of(removal, over), excess=units_of(removal, excess))
    lines = tuple(_without(line, departure.way, taken, corrected) for line in removal.lines)
    return Left(replace(settled(removal, lines), departures=(*removal.departures, told)), told)


def _names(departure: Departure) -> tuple[Way, str]:
    return departure.way, departure.departure_id


def _without(line: Line, way: Way, taken: Quantities, corrected: Quantities) -> Line:
    """`corrected` counted as canceled before, and have left all the same."""
    left = taken.get(line.number, 0) + corrected[line.number]
    line = replace(line, canceled=line.canceled - corrected[line.number])
    match way:
        case Way.SHIPPED:
            return replace(line, shipped=line.shipped + left)
        case Way.DISPOSED:
            return replace(line, disposed=line.disposed + left)
