"""Rows to domain values and back, for a whole batch at once. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from chassis.deadlines import Deadlines
from chassis.draft import Draft, Journal
from chassis.early import KEPT, Expected, numbered
from chassis.quarantine import Quarantined
from chassis.transaction import Transaction
from contracts.envelope import Message, Subject
from removals import tables
from removals.domain.policy import Policy, Terms
from removals.domain.removal import Departure, Destination, Line, Removal, Report, Request, Shortage, ShortPick, Status
from removals.domain.stock import Balance, StockView

KIND = "removal"
ITEM = "item"
Root: TypeAlias = Removal | Expected


@dataclass(frozen=True, slots=True)
class Record:
    """The part of a removal that no list asks for."""

    policy: Policy
    draft: int
    pick_started: bool
    shortages: tuple[Shortage, ...]
    canceled_by: str | None
    short_picks: tuple[ShortPick, ...] = ()


LINES = TypeAdapter(tuple[Line, ...])
DEPARTURES = TypeAdapter(tuple[Departure, ...])
DESTINATION = TypeAdapter(Destination)
RECORD = TypeAdapter(Record)
REPORTS = TypeAdapter(tuple[Report, ...])
BALANCES = TypeAdapter(tuple[Balance, ...])


@dataclass(slots=True)
class Books:
    """The removals and the views of stock that a batch touches, and the terms that new removals get."""

    terms: Terms
    removals: Draft[Subject, Root]
    stock: Draft[Subject, StockView]
    deadlines: Deadlines = field(default_factory=Deadlines)
    quarantined: Journal[Quarantined] = field(default_factory=Journal)

    def keep(self) -> None:
        for part in self._parts:
            part.keep()

    def drop(self) -> None:
        for part in self._parts:
            part.drop()

    def exists(self, subject: Subject) -> bool:
        """A removal that only early messages or refusals speak of does not exist yet."""
        return isinstance(self.removals[subject], Removal)

    def number(self, fact: Message) -> int:
        """The next sequence of the fact's removal."""
        return numbered(self.removals, fact.subject)

    @property
    def _parts(self) -> tuple[Draft[Subject, Root] | Draft[Subject, StockView] | Deadlines | Journal[Quarantined], ...]:
        return self.removals, self.stock, self.deadlines, self.quarantined


async def load(terms: Terms, tx: Transaction, messages: Sequence[Message]) -> Books:
    """Lock and load the removals that `messages` are about, then the items."""
    subjects = dict.fromkeys(message.subject for message in messages)
    removals = [subject for subject in subjects if subject.kind == KIND]
    items = [subject for subject in subjects if subject.kind == ITEM]
    rows = await tx.rows.lock(tables.removal, [(subject.seller_id, subject.id) for subject in removals])
    views = await tx.rows.lock(tables.stock_view, [(subject.seller_id, subject.id) for subject in items])
    roots = {Subject(row.seller_id, KIND, row.removal_id): row for row in rows}
    known = {Subject(row.seller_id, ITEM, row.sku): row for row in views}
    return Books(
        terms,
        Draft(removals, {key: root_of(row) for key, row in roots.items()}, {key: row.revision for key, row in roots.items()}),
        Draft(items, {key: view_of(row) for key, row in known.items()}, {key: row.revision for key, row in known.items()}),
    )


async def save(tx: Transaction, books: Books) -> None:
    """Write what the batch changed: one statement a table, none for a table that did not change."""
    removals, stock = books.removals, books.stock
    await tx.rows.insert(tables.removal, [_row(key, root, 0) for key, root in removals.added.items()])
    await tx.rows.update(tables.removal, [_row(key, root, revision) for key, (root, revision) in removals.updated.items()])
    await tx.rows.insert(tables.stock_view, [_view_row(key, view, 0) for key, view in stock.added.items()])
    await tx.rows.update(tables.stock_view, [_view_row(key, view, n) for key, (view, n) in stock.updated.items()])


def root_of(row: Any) -> Root:
    """The domain value of a full row whose documents are text."""
    if row.status == Status.EXPECTED:
        return Expected(row.changed_at, row.sequence, KEPT.validate_json(row.early))
    record = RECORD.validate_json(row.record)
    return Removal(
        request=_request(row, record.policy),
        lines=LINES.validate_json(row.lines),
        drafted_at=row.drafted_at,
        changed_at=row.changed_at,
        draft=record.draft,
        sequence=row.sequence,
        status=Status(row.status),
        requested_at=row.requested_at,
        leave_by=row.leave_by,
        late=row.late,
        pick_started=record.pick_started,
        departures=DEPARTURES.validate_json(row.departures),
        shortages=record.shortages,
        canceled_by=record.canceled_by,
        short_picks=record.short_picks,
        reports=REPORTS.validate_json(row.early) if row.early else (),
    )


def view_of(row: Any) -> StockView:
    return StockView(row.version, row.changed_at, BALANCES.validate_json(row.balances))


def _request(row: Any, policy: Policy) -> Request:
    return Request(
        seller_id=row.seller_id,
        removal_id=row.removal_id,
        marketplace_id=row.marketplace_id,
        method=row.method,
        ship_to=DESTINATION.validate_json(row.ship_to) if row.ship_to else None,
        policy=policy,
        content=row.content,
    )


def _row(subject: Subject, root: Root, revision: int) -> tuple[Any, ...]:
    begin = (subject.seller_id, subject.id, revision, root.sequence)
    match root:
        case Expected():
            nothing, early = (None,) * 5, KEPT.dump_json(root.early).decode()
            return (*begin, Status.EXPECTED.value, root.changed_at, *nothing, False, 0, 0, 0, 0, *nothing, early)
        case Removal(request=request):
            dates = (root.drafted_at, root.requested_at, root.leave_by, root.late)
            terms = (request.marketplace_id, request.method)
            return (*begin, root.status.value, root.changed_at, *terms, *dates, *_units(root), *_documents(root))


def _units(removal: Removal) -> tuple[int, int, int, int]:
    lines = removal.lines
    requested, shipped = sum(line.requested for line in lines), sum(line.shipped for line in lines)
    return requested, shipped, sum(line.disposed for line in lines), sum(line.canceled for line in lines)


def _documents(removal: Removal) -> tuple[bytes, str, str, str | None, str, str | None]:
    request = removal.request
    record = Record(
        policy=request.policy,
        draft=removal.draft,
        pick_started=removal.pick_started,
        shortages=removal.shortages,
        canceled_by=removal.canceled_by,
        short_picks=removal.short_picks,
    )
    return (
        request.content,
        LINES.dump_json(removal.lines).decode(),
        DEPARTURES.dump_json(removal.departures).decode(),
        DESTINATION.dump_json(request.ship_to).decode() if request.ship_to else None,
        RECORD.dump_json(record).decode(),
        REPORTS.dump_json(removal.reports).decode() if removal.reports else None,
    )


def _view_row(subject: Subject, view: StockView, revision: int) -> tuple[Any, ...]:
    balances = BALANCES.dump_json(view.balances).decode()
    return subject.seller_id, subject.id, revision, view.version, view.changed_at, balances
