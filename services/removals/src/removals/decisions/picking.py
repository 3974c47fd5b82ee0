"""What the warehouse tells: it goes to the shelf, and what it found there, sent off or destroyed."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import (
    DepartedParcel,
    RemovalDisposed,
    RemovalPickRefused,
    RemovalProcessing,
    RemovalShipped,
    RemovalUnitsMissing,
)
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed
from removals.decisions.early import Told, keep_report, quarantine
from removals.decisions.facts import completed, departed, missing_lines, named, units_told, write
from removals.domain.departure import Wrong, leave
from removals.domain.removal import Departure, Missing, Removal, Status, Way
from removals.domain.shortage import miss
from removals.store import Books

NOT_ASKED = "nobody has asked the warehouse for this removal"
UNANSWERED = frozenset({Status.DRAFT, Status.PLANNING})


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
    return _depart(books, removal, report, departure, cause)


def dispose(books: Books, removal: Removal, report: RemovalUnitsDisposed, cause: Cause) -> Sequence[Message]:
    """Units were destroyed; they count as those of a parcel do."""
    return _depart(books, removal, report, Departure(Way.DISPOSED, report.disposal_id, units_told(report.lines)), cause)


def note_missing(books: Books, removal: Removal, report: RemovalPickShort, cause: Cause) -> Sequence[Message]:
    """Units that were held are not on the shelf: they will not leave."""
    if removal.status in UNANSWERED:
        return _unanswered(books, removal, report, cause)
    given = tuple(Missing(one.line, one.sku, one.quantity, one.location_id) for one in report.lines)
    short = miss(removal, report.report_id, given)
    if isinstance(short, Wrong):
        return quarantine(books, report, cause, short.reason)
    if not short.missing:
        return []
    after, told = _begun(short.removal)
    write(books, replace(after, changed_at=cause.now))
    fact = RemovalUnitsMissing(**named(removal), lines=missing_lines(removal, short.missing))
    return [*told, fact, *completed(removal, after)]


def _depart(
    books: Books, before: Removal, report: RemovalParcelShipped | RemovalUnitsDisposed, departure: Departure, cause: Cause
) -> Sequence[Message]:
    """Who sends off or destroys has been at the shelf, even if nobody said so."""
    if before.status in UNANSWERED:
        return _unanswered(books, before, report, cause)
    left = leave(before, departure)
    if isinstance(left, Wrong):
        return quarantine(books, report, cause, left.reason)
    if left.departure is None:
        return []
    after, told = _begun(left.removal) if not before.has_ended else (left.removal, [])
    write(books, replace(after, changed_at=cause.now))
    return [*told, _departed(after, report, left.departure), *completed(before, after)]


def _departed(removal: Removal, report: RemovalParcelShipped | RemovalUnitsDisposed, departure: Departure) -> Message:
    lines, uncalled = departed(removal, departure.given), departed(removal, departure.uncalled)
    match report:
        case RemovalParcelShipped(parcel=parcel):
            told = DepartedParcel(
                package_id=parcel.package_id,
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                shipped_at=parcel.shipped_at,
                lines=lines,
            )
            return RemovalShipped(**named(removal), parcel=told, uncalled=uncalled)
        case RemovalUnitsDisposed():
            return RemovalDisposed(**named(removal), disposal_id=report.disposal_id, lines=lines, uncalled=uncalled)


def _unanswered(books: Books, removal: Removal, report: Told, cause: Cause) -> Sequence[Message]:
    """In Planning it waits for inventory's answer; for a draft nobody can have been sent to the shelf."""
    keep = removal.status is Status.PLANNING
    return keep_report(books, removal, report, cause) if keep else quarantine(books, report, cause, NOT_ASKED)


def _begun(removal: Removal) -> tuple[Removal, Sequence[Message]]:
    """Said once; in Planning it is only remembered until the units are held."""
    if removal.pick_started:
        return removal, []
    status = Status.PROCESSING if removal.status is Status.PENDING else removal.status
    told = [] if removal.status is Status.PLANNING else [RemovalProcessing(**named(removal))]
    return replace(removal, pick_started=True, status=status), told
