"""What inventory answers: the units are held, or are not, or can't be kept (R8)."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import HeldUnits, HoldFact, HoldWithdrawn, UnitsHeld, UnitsRefused
from contracts.removals import (
    LeaveByReached,
    RemovalPick,
    RemovalPlaced,
    RemovalProcessing,
    RemovalRefused,
    RemovalShortened,
)
from removals.decisions.answer import decide_reports
from removals.decisions.early import quarantine
from removals.decisions.facts import completed, named, pick_refused, removal_lines, ship_to, subject_of, write
from removals.domain.removal import Removal, Shortage, Status, Units, ended, open_of, shortened, total, units_of
from removals.store import Books


def place(books: Books, removal: Removal, answer: UnitsHeld, cause: Cause) -> Sequence[Message]:
    """Pending: the warehouse may pick (R9). If it has begun before it could know, this takes effect now."""
    if removal.status is not Status.PLANNING:
        return _out_of_turn(books, removal, answer, cause)
    request = removal.request
    leave_by = books.terms.leave_by(request.policy, request.marketplace_id, cause.now)
    status = Status.PROCESSING if removal.pick_started else Status.PENDING
    write(books, replace(removal, status=status, leave_by=leave_by, changed_at=cause.now))
    books.deadlines.set(LeaveByReached, subject_of(removal), leave_by, cause)
    placed = RemovalPlaced(
        **named(removal),
        marketplace_id=request.marketplace_id,
        method=request.method,
        ship_to=ship_to(request.ship_to),
        lines=tuple(_pick(removal, held) for held in answer.lines),
        leave_by=leave_by,
    )
    begun = [RemovalProcessing(**named(removal))] if removal.pick_started else []
    return [placed, *begun, *decide_reports(books, subject_of(removal), cause)]


def refuse(books: Books, removal: Removal, answer: UnitsRefused, cause: Cause) -> Sequence[Message]:
    """Not every line could be held, so none is: Refused, with the reasons (R5, I16)."""
    if removal.status is not Status.PLANNING:
        return _out_of_turn(books, removal, answer, cause)
    shortages = tuple(
        Shortage(short.line, short.quantity, tuple((one.code, one.quantity) for one in short.unavailable))
        for short in answer.missing
    )
    after = replace(ended(removal, Status.REFUSED), shortages=shortages, changed_at=cause.now)
    write(books, after)
    told = RemovalRefused(**named(removal), missing=answer.missing)
    return [told, *pick_refused(removal, after), *decide_reports(books, subject_of(removal), cause)]


def shorten(books: Books, removal: Removal, fact: HoldWithdrawn, cause: Cause) -> Sequence[Message]:
    """Inventory can't keep these units: what of them is open will not leave."""
    quantities = open_of(removal, total(Units(one.line, one.sku, one.quantity) for one in fact.lines))
    if removal.status not in {Status.PENDING, Status.PROCESSING} or not quantities:
        return _out_of_turn(books, removal, fact, cause)
    after = replace(shortened(removal, quantities), changed_at=cause.now)
    write(books, after)
    lines = removal_lines(removal, units_of(removal, quantities))
    return [RemovalShortened(**named(removal), lines=lines), *completed(removal, after)]


def _out_of_turn(books: Books, removal: Removal, answer: HoldFact, cause: Cause) -> Sequence[Message]:
    """What comes late or again changes nothing. What nobody has asked for, or was not held before, has to be looked at."""
    asked = removal.status is not Status.DRAFT and not (removal.status is Status.PLANNING and isinstance(answer, HoldWithdrawn))
    return [] if asked else quarantine(books, answer, cause, "inventory has nothing to answer yet")


def _pick(removal: Removal, held: HeldUnits) -> RemovalPick:
    return RemovalPick(
        line=held.line,
        sku=held.sku,
        quantity=held.quantity,
        condition=removal.lines[held.line - 1].condition,
        location_id=held.location_id,
        bucket=held.bucket,
    )
