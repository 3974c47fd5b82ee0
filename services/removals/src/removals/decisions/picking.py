"""What the warehouse tells: it goes to the shelf, and what it found there, sent off or destroyed."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import (
    RemovalDisposed,
    RemovalPickRefused,
    RemovalProcessing,
    RemovalShipped,
    RemovalUnitsMissing,
)
from contracts.warehouse import (
    RemovalParcelShipped,
    RemovalPickShort,
    RemovalPickStarted,
    RemovalProgress,
    RemovalUnitsDisposed,
)
from removals.decisions.early import quarantine
from removals.decisions.facts import completed, line_units, named, removal_lines, units_told, write
from removals.domain.departure import Left, Wrong, leave
from removals.domain.removal import Departure, Removal, Status, Way, open_of, shortened, total, units_of
from removals.store import Books

NOT_ASKED = "nobody has asked the warehouse for this removal"


def begin(books: Books, removal: Removal, report: RemovalPickStarted, cause: Cause) -> Sequence[Message]:
    """From now on nobody can cancel (R9). A removal that has ended before gives nothing: the warehouse is told."""
    if removal.status is Status.DRAFT:
        return quarantine(books, report, cause, NOT_ASKED)
    if removal.pick_started:
        return []
    if removal.has_ended:
        return [RemovalPickRefused(**named(removal), status=removal.status.value)]
    after, told = _begun(removal)
    write(books, replace(after, changed_at=cause.now))
    return told


def ship_parcel(books: Books, removal: Removal, report: RemovalParcelShipped, cause: Cause) -> Sequence[Message]:
    """A parcel has left. It counts whatever was canceled before; stock is corrected by what this tells."""
    parcel = report.parcel
    departure = Departure(
        way=Way.SHIPPED,
        departure_id=parcel.package_id,
        given=units_told(parcel.lines),
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        left_at=parcel.shipped_at,
    )
    left = leave(removal, departure)
    match left:
        case Left(departure=Departure(uncalled=uncalled)):
            fact = RemovalShipped(**named(removal), parcel=parcel, uncalled=line_units(uncalled))
            return _left(books, removal, left, fact, cause)
        case _:
            return _not_left(books, left, report, cause)


def dispose(books: Books, removal: Removal, report: RemovalUnitsDisposed, cause: Cause) -> Sequence[Message]:
    """Units were destroyed; they count as those of a parcel do."""
    left = leave(removal, Departure(Way.DISPOSED, report.disposal_id, units_told(report.lines)))
    match left:
        case Left(departure=Departure(uncalled=uncalled)):
            fact = RemovalDisposed(
                **named(removal), disposal_id=report.disposal_id, lines=report.lines, uncalled=line_units(uncalled)
            )
            return _left(books, removal, left, fact, cause)
        case _:
            return _not_left(books, left, report, cause)


def note_missing(books: Books, removal: Removal, report: RemovalPickShort, cause: Cause) -> Sequence[Message]:
    """Units that were held are not on the shelf: they will not leave."""
    if removal.status in {Status.DRAFT, Status.PLANNING}:
        return quarantine(books, report, cause, NOT_ASKED)
    quantities = open_of(removal, total(units_told(report.lines)))
    if not quantities:
        return []
    begun, told = _begun(removal)
    after = replace(shortened(begun, quantities), changed_at=cause.now)
    write(books, after)
    lines = removal_lines(removal, units_of(removal, quantities))
    return [*told, RemovalUnitsMissing(**named(removal), lines=lines), *completed(removal, after)]


def _left(books: Books, before: Removal, left: Left, fact: Message, cause: Cause) -> Sequence[Message]:
    """Who sends off or destroys has been at the shelf, even if nobody said so."""
    begun, told = _begun(left.removal) if not before.has_ended else (left.removal, [])
    write(books, replace(begun, changed_at=cause.now))
    return [*told, fact, *completed(before, begun)]


def _not_left(books: Books, left: Left | Wrong, report: RemovalProgress, cause: Cause) -> Sequence[Message]:
    return quarantine(books, report, cause, left.reason) if isinstance(left, Wrong) else []


def _begun(removal: Removal) -> tuple[Removal, Sequence[Message]]:
    """Said once; in Planning it is only remembered until the units are held."""
    if removal.pick_started:
        return removal, []
    status = Status.PROCESSING if removal.status is Status.PENDING else removal.status
    told = [] if removal.status is Status.PLANNING else [RemovalProcessing(**named(removal))]
    return replace(removal, pick_started=True, status=status), told
