"""Domain values in the words of the contracts, and the one way in which a removal is written to the draft."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from chassis.outcomes import Cause
from contracts.envelope import Deadline, Message, Subject
from contracts.removals import (
    REFUSALS,
    CompletedLine,
    DepartedUnits,
    DraftExpired,
    LeaveByReached,
    MissingLine,
    RemovalCommand,
    RemovalCommandRefused,
    RemovalCompleted,
    RemovalGivenUp,
    RemovalLine,
    RemovalPickRefused,
    ShipTo,
)
from contracts.values import LineUnits
from removals.domain.removal import Destination, Missing, Removal, Status, Units
from removals.store import DESTINATION, KIND, Books

DEADLINES: Sequence[type[Deadline]] = (DraftExpired, LeaveByReached, RemovalGivenUp)


class Named(TypedDict):
    seller_id: str
    removal_id: str


def named(removal: Removal) -> Named:
    """What every fact begins with."""
    return Named(seller_id=removal.request.seller_id, removal_id=removal.request.removal_id)


def subject_of(removal: Removal) -> Subject:
    return Subject(removal.request.seller_id, KIND, removal.request.removal_id)


def write(books: Books, removal: Removal) -> None:
    """A removal that has ended waits for nothing more."""
    subject = subject_of(removal)
    books.removals[subject] = removal
    if removal.has_ended:
        books.deadlines.clear(subject, DEADLINES)


def refused(command: RemovalCommand, cause: Cause, code: str) -> Sequence[Message]:
    return [
        RemovalCommandRefused(
            seller_id=command.seller_id,
            removal_id=command.removal_id,
            command=type(command).__name__,
            command_id=cause.id,
            code=code,
            sentence=REFUSALS[code],
        )
    ]


def removal_lines(removal: Removal, units: Iterable[Units]) -> tuple[RemovalLine, ...]:
    return tuple(
        RemovalLine(line=one.line, sku=one.sku, quantity=one.quantity, condition=removal.lines[one.line - 1].condition)
        for one in units
    )


def departed(removal: Removal, units: Iterable[Units]) -> tuple[DepartedUnits, ...]:
    """The condition is what was asked for: inventory takes uncalled units from others of the same."""
    return tuple(
        DepartedUnits(line=one.line, sku=one.sku, quantity=one.quantity, condition=removal.lines[one.line - 1].condition)
        for one in units
    )


def missing_lines(removal: Removal, units: Iterable[Missing]) -> tuple[MissingLine, ...]:
    return tuple(
        MissingLine(
            line=one.line,
            sku=one.sku,
            quantity=one.quantity,
            condition=removal.lines[one.line - 1].condition,
            location_id=one.location_id,
        )
        for one in units
    )


def units_told(lines: Iterable[LineUnits]) -> tuple[Units, ...]:
    return tuple(Units(line.line, line.sku, line.quantity) for line in lines)


def completed(before: Removal, after: Removal) -> Sequence[Message]:
    """That nothing more will leave, when this has just become so."""
    if after.status is not Status.COMPLETED or before.status is Status.COMPLETED:
        return []
    lines = tuple(
        CompletedLine(
            line=line.number,
            sku=line.sku,
            quantity=line.requested,
            condition=line.condition,
            shipped=line.shipped,
            disposed=line.disposed,
            canceled=line.canceled,
        )
        for line in after.lines
    )
    return [RemovalCompleted(**named(after), lines=lines)]


def pick_refused(before: Removal, after: Removal) -> Sequence[Message]:
    """A pick that was announced before the units were held has to hear that there will be nothing to pick."""
    if before.status is not Status.PLANNING or not before.pick_started:
        return []
    return [RemovalPickRefused(**named(after), status=after.status.value)]


def ship_to(destination: Destination | None) -> ShipTo | None:
    return ShipTo.model_validate_json(DESTINATION.dump_json(destination)) if destination else None
