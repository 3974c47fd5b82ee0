"""A stock keeper of a few pages, who takes one message at a time in the order in which they were committed, and says what
inventory must have told: the reference that the real rules, batches, locks and rows are held against. From which shelf units
were taken is inventory's choice; the keeper checks that they were there, and bound to nobody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from contracts.envelope import Message, Subject
from contracts.inventory import (
    DiscrepancyOpened,
    Disposition,
    HeldLine,
    HeldUnits,
    HeldUnitsWrittenOff,
    HoldReleased,
    HoldWithdrawn,
    ReservationWithdrawn,
    StockRefused,
    StockReleased,
    StockReserved,
    StockShipped,
    UnitsHeld,
    UnitsRefused,
    UnitsRemoved,
)
from contracts.orders import CancelReason, ItemsCanceled, OrderCanceled, OrderPlaced, PackageShipped, ShippedAfterCancel
from contracts.removals import (
    Condition,
    RemovalCanceled,
    RemovalDisposed,
    RemovalRequested,
    RemovalShipped,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)
from contracts.values import LineUnits
from contracts.warehouse import Adjustment, CustomerReturned, UnitsAdjusted, UnitsReceived
from devkit.simulation.history import Decided
from devkit.simulation.stage import Stage
from inventory import tables as inventory_tables

ORDER = "order"
AVAILABLE = "available"
UNFULFILLABLE = frozenset(each.value for each in Disposition) - {Disposition.SELLABLE.value}
SHELVES = UNFULFILLABLE | {AVAILABLE}
"""The buckets whose units are bound to nobody."""
CONDITIONS = {Condition.FULFILLABLE.value: frozenset({AVAILABLE}), Condition.UNFULFILLABLE.value: UNFULFILLABLE}

M = TypeVar("M", bound=Message)


class Shelf(NamedTuple):
    seller_id: str
    sku: str
    location_id: str
    bucket: str


Hold: TypeAlias = tuple[Subject, int, Shelf]
"""Holder, line, and where the units were taken from."""


def keeper_problems(stage: Stage) -> Iterator[str]:
    """Where inventory told, or has in the end, something else than the keeper."""
    keeper = StockKeeper()
    for decided in stage.history.decided:
        if decided.service == "inventory":
            keeper.take(decided)
    yield from keeper.problems
    rows = stage.database("inventory").rows(inventory_tables.balance)
    there = {Shelf(*row[:4]): row.quantity for row in rows if row.bucket in SHELVES and row.quantity}
    if there != +keeper.shelves:
        yield f"on the shelves are {there}, the keeper has {dict(+keeper.shelves)}"
    if held := +keeper.held:
        yield f"the keeper still holds {dict(held)}"


class StockKeeper:
    """What is bound to nobody, and what is held for whom."""

    def __init__(self) -> None:
        self.shelves: Counter[Shelf] = Counter()
        self.held: Counter[Hold] = Counter()
        self.known: set[Subject] = set()
        self.scopes: dict[Subject, str] = {}
        self.problems: list[str] = []

    def take(self, decided: Decided) -> None:
        """One message, and what inventory told about it."""
        facts = decided.facts
        match decided.message:
            case OrderPlaced() as order:
                self._place(order, facts)
            case RemovalRequested() as removal:
                self._hold(removal, facts)
            case OrderCanceled() | RemovalCanceled() as canceled:
                self.known.add(canceled.subject)
                self._release(canceled, None, facts)
            case ItemsCanceled() | RemovalUnitsReturned() as canceled:
                self._release(canceled, canceled.lines, facts)
            case PackageShipped() | ShippedAfterCancel() as shipment:
                self._let_go(shipment, shipment.package.lines, facts)
            case RemovalShipped() as shipment:
                self._let_go(shipment, shipment.parcel.lines, facts)
            case RemovalDisposed() | RemovalUnitsMissing() as gone:
                self._let_go(gone, gone.lines, facts)
            case UnitsReceived() | CustomerReturned() as report:
                self.shelves[_shelf_of(report)] += report.quantity
            case UnitsAdjusted() as report:
                self._adjust(report, facts)
            case _:
                pass

    def _place(self, order: OrderPlaced, facts: Sequence[Message]) -> None:
        """All lines are held, or none: whether they are there is a sum."""
        holder, scope = order.subject, f"{order.channel}:{order.marketplace_id}:"
        reserved, refused = _first(facts, StockReserved), _first(facts, StockRefused)
        if not self._is_new(order, scope, told=bool(reserved or refused)):
            return
        wanted = Counter[str]()
        for line in order.lines:
            wanted[line.sku] += line.quantity
        missing = {sku: units - self._units((holder.seller_id, sku), scope, {AVAILABLE}) for sku, units in wanted.items()}
        missing = {sku: units for sku, units in missing.items() if units > 0}
        if missing or reserved is None:
            told = {each.sku: each.quantity for each in refused.missing} if refused else {}
            self._expect(bool(missing) and told == missing, order, f"lacks {missing}, was told {told}")
        else:
            self._bind(order, order.lines, reserved.lines)

    def _hold(self, removal: RemovalRequested, facts: Sequence[Message]) -> None:
        """All lines are held, or none; each from the buckets of its condition, in the network of its marketplace."""
        holder, scope = removal.subject, f"network:{removal.marketplace_id}:"
        held, refused = _first(facts, UnitsHeld), _first(facts, UnitsRefused)
        if not self._is_new(removal, scope, told=bool(held or refused)):
            return None
        missing = {
            line.line: line.quantity - self._units((holder.seller_id, line.sku), scope, CONDITIONS[line.condition])
            for line in removal.lines
        }
        missing = {line: units for line, units in missing.items() if units > 0}
        if missing or held is None:
            told = {each.line: each.quantity for each in refused.missing} if refused else {}
            return self._expect(bool(missing) and told == missing, removal, f"lacks {missing}, was told {told}")
        conditions = {line.line: CONDITIONS[line.condition] for line in removal.lines}
        for units in held.lines:
            self._expect(units.bucket in conditions[units.line], removal, f"got {units.bucket} for line {units.line}")
        return self._bind(removal, removal.lines, held.lines)

    def _is_new(self, message: OrderPlaced | RemovalRequested, scope: str, *, told: bool) -> bool:
        if message.subject in self.known:
            self._expect(not told, message, "was here before")
            return False
        self.known.add(message.subject)
        self.scopes[message.subject] = scope
        return True

    def _bind(self, message: Message, asked: Iterable[Any], given: Sequence[HeldLine]) -> None:
        units = Counter({(line.line, line.sku): line.quantity for line in asked})
        self._expect(_by_line(given) == units, message, f"asked for {units}")
        for hold, quantity in _holds(message.subject, given):
            self._take_from(hold[2], quantity, message)
            self.held[hold] += quantity

    def _release(self, canceled: Message, lines: Sequence[LineUnits] | None, facts: Sequence[Message]) -> None:
        """What is held of these lines, or of all, is given back or written off, and nothing else."""
        holder = canceled.subject
        released = _first(facts, StockReleased) or _first(facts, HoldReleased)
        told = released.lines if released else ()
        held = self._held_by(holder)
        if lines is not None:
            asked = Counter[tuple[int, str]]()
            for line in lines:
                asked[line.line, line.sku] += line.quantity
            held &= asked
        self._expect(_by_line(told) == held, canceled, f"held {held}, {_by_line(told)} were released")
        back = getattr(canceled, "reason", None) != CancelReason.NO_INVENTORY  # then the seller says that they are not there
        if isinstance(released, StockReleased):
            self._expect(released.restocked == back, canceled, f"may be bought again: {back}, told was {released.restocked}")
        for hold, quantity in _holds(holder, told):
            self.held[hold] -= quantity
            self.shelves[hold[2]] += quantity if back else 0

    def _let_go(self, shipment: Message, lines: Sequence[LineUnits], facts: Sequence[Message]) -> None:
        """All this has left: from its own hold, from the shelf, from others, or from nowhere."""
        holder, scope = shipment.subject, self.scopes.get(shipment.subject, "")
        self._withdraw(facts)
        gone = _first(facts, StockShipped) or _first(facts, UnitsRemoved) or _first(facts, HeldUnitsWrittenOff)
        told = gone.lines if gone else ()
        for hold, quantity in _holds(holder, told):
            from_hold = min(quantity, self.held[hold])
            self.held[hold] -= from_hold
            self._take_from(hold[2], quantity - from_hold, shipment)
        lost = Counter[str]()
        for fact in facts:
            if isinstance(fact, DiscrepancyOpened):
                lost[fact.sku] += fact.quantity
        for sku in lost:
            left = self._units((holder.seller_id, sku), scope, {AVAILABLE}) if scope and holder.kind == ORDER else 0
            self._expect(left == 0, shipment, f"{lost[sku]} of {sku} are missing although {left} are there")
        total = sum(line.quantity for line in lines)
        self._expect(sum(line.quantity for line in told) + lost.total() == total, shipment, f"has {total} units")

    def _adjust(self, report: UnitsAdjusted, facts: Sequence[Message]) -> None:
        shelf = _shelf_of(report)
        self._withdraw(facts)
        if report.adjustment is Adjustment.FOUND:
            self.shelves[shelf] += report.quantity
            return
        target = shelf._replace(bucket="warehouse_damaged") if shelf.bucket == AVAILABLE else shelf
        source = shelf._replace(bucket=AVAILABLE) if report.adjustment is Adjustment.DAMAGED else shelf
        gone = min(report.quantity, self.shelves[source])
        self.shelves[source] -= gone
        if report.adjustment is Adjustment.DAMAGED:
            self.shelves[target] += gone
        missing = sum(fact.quantity for fact in facts if isinstance(fact, DiscrepancyOpened))
        self._expect(missing == report.quantity - gone, report, f"{report.quantity - gone} are missing, not {missing}")

    def _withdraw(self, facts: Sequence[Message]) -> None:
        for fact in facts:
            if isinstance(fact, ReservationWithdrawn | HoldWithdrawn):
                for hold, units in _holds(fact.subject, fact.lines):
                    self._expect(self.held[hold] >= units, fact, f"holds {self.held[hold]} of {hold[2]}")
                    self.held[hold] -= units
                    self.shelves[hold[2]] += units

    def _held_by(self, holder: Subject) -> Counter[tuple[int, str]]:
        held = Counter[tuple[int, str]]()
        for (of, line, shelf), units in (+self.held).items():
            if of == holder:
                held[line, shelf.sku] += units
        return held

    def _units(self, item: tuple[str, str], scope: str, buckets: Iterable[str]) -> int:
        wanted = set(buckets)
        return sum(
            units
            for shelf, units in self.shelves.items()
            if shelf[:2] == item and shelf.bucket in wanted and shelf.location_id.startswith(scope)
        )

    def _take_from(self, shelf: Shelf, units: int, message: Message) -> None:
        self._expect(self.shelves[shelf] >= units, message, f"{units} of {shelf}, where {self.shelves[shelf]} are")
        self.shelves[shelf] -= units

    def _expect(self, holds: bool, message: Message, what: str) -> None:  # noqa: FBT001  # the condition
        if not holds:
            self.problems.append(f"{type(message).__name__} of {message.subject.key}: {what}")


def _first(facts: Sequence[Message], kind: type[M]) -> M | None:
    return next((fact for fact in facts if isinstance(fact, kind)), None)


def _shelf_of(report: UnitsReceived | CustomerReturned | UnitsAdjusted) -> Shelf:
    bucket = AVAILABLE if report.disposition is Disposition.SELLABLE else report.disposition.value
    return Shelf(report.seller_id, report.sku, report.location_id, bucket)


def _by_line(lines: Sequence[HeldLine]) -> Counter[tuple[int, str]]:
    units = Counter[tuple[int, str]]()
    for line in lines:
        units[line.line, line.sku] += line.quantity
    return units


def _holds(holder: Subject, lines: Sequence[HeldLine]) -> Iterator[tuple[Hold, int]]:
    for line in lines:
        bucket = line.bucket if isinstance(line, HeldUnits) else AVAILABLE
        yield (holder, line.line, Shelf(holder.seller_id, line.sku, line.location_id, bucket)), line.quantity
