"""How a removal ends without having left: called off, never confirmed, or so late that nothing more will come."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import (
    REFUSALS,
    CancelRemoval,
    DraftExpired,
    LeaveByReached,
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalGivenUp,
    RemovalLate,
    RemovalUnitsReturned,
)
from removals.decisions.answer import decide_reports
from removals.decisions.facts import completed, named, pick_refused, removal_lines, subject_of, write
from removals.domain.removal import CANCELABLE, Removal, Status, ended
from removals.store import Books

SELLER, SYSTEM = "seller", "system"
TOO_LATE = {
    Status.PROCESSING: "removal_processing",
    Status.COMPLETED: "removal_completed",
    Status.REFUSED: "removal_ended",
}


def cancel_removal(books: Books, removal: Removal, _: CancelRemoval, cause: Cause) -> Sequence[Message]:
    """Called off, unless the warehouse has begun: the lock on the removal decides who was first, and the loser is told (R9)."""
    if removal.status in CANCELABLE:
        return _cancel(books, removal, SELLER, cause)
    if removal.status is Status.CANCELED:
        return []
    code = TOO_LATE[removal.status]
    return [RemovalCancelRefused(**named(removal), command_id=cause.id, code=code, sentence=REFUSALS[code])]


def expire_draft(books: Books, removal: Removal, _: DraftExpired, cause: Cause) -> Sequence[Message]:
    """A draft that was never confirmed (R6)."""
    return _cancel(books, removal, SYSTEM, cause) if removal.status is Status.DRAFT else []


def note_late(books: Books, removal: Removal, deadline: LeaveByReached, cause: Cause) -> Sequence[Message]:
    """30 business days are over and units are still in their center (R11)."""
    if removal.status not in {Status.PENDING, Status.PROCESSING} or removal.late:
        return []
    write(books, replace(removal, late=True, changed_at=cause.now))
    return [RemovalLate(**named(removal), leave_by=removal.leave_by or deadline.due_at)]


def give_up(books: Books, removal: Removal, _: RemovalGivenUp, cause: Cause) -> Sequence[Message]:
    """Nothing more will come: what the warehouse has not begun is canceled, what it has begun ends with what has left (S5)."""
    if removal.status in {Status.PLANNING, Status.PENDING}:
        return _cancel(books, removal, SYSTEM, cause)
    if removal.status is not Status.PROCESSING:
        return []
    after = replace(ended(removal, Status.COMPLETED), changed_at=cause.now)
    write(books, after)
    lines = removal_lines(removal, removal.open_units)
    return [RemovalUnitsReturned(**named(removal), lines=lines), *completed(removal, after)]


def _cancel(books: Books, removal: Removal, by: str, cause: Cause) -> Sequence[Message]:
    """A draft held nothing, so nothing comes back."""
    units = () if removal.status is Status.DRAFT else removal.open_units
    after = replace(ended(removal, Status.CANCELED), canceled_by=by, changed_at=cause.now)
    write(books, after)
    told = RemovalCanceled(**named(removal), lines=removal_lines(removal, units), by=by)
    return [told, *pick_refused(removal, after), *decide_reports(books, subject_of(removal), cause)]
