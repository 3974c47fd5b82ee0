"""A stock keeper of a page, who takes one message at a time in the order in which they were committed, and says what inventory
must have told: the reference that the real rules, batches, locks and rows are held against. From which shelf units were taken
is inventory's choice; the keeper checks that they were there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from contracts.envelope import Message, Subject
from contracts.inventory import (
    DiscrepancyOpened,
    Disposition,
    HeldLine,
    ReservationWithdrawn,
    StockRefused,
    StockReleased,
    StockReserved,
    StockShipped,
)
from contracts.orders import ItemsCanceled, OrderCanceled, OrderPlaced, PackageShipped, ShippedAfterCancel
from contracts.warehouse import Adjustment, CustomerReturned, UnitsAdjusted, UnitsReceived
from devkit.simulation.history import Decided
from devkit.simulation.stage import Stage
from inventory import tables as inventory_tables

Shelf: TypeAlias = tuple[str, str, str]
"""Seller, SKU, location."""
Hold: TypeAlias = tuple[Subject, int, str, str]
"""Holder, line, SKU, location."""


def keeper_problems(stage: Stage) -> Iterator[str]:
    """Where inventory told, or has in the end, something else than the keeper."""
    keeper = StockKeeper()
    for decided in stage.history.decided:
        if decided.service == stage.inventory.desk.service:
            keeper.take(decided)
    yield from keeper.problems
    rows = stage.inventory.database.rows(inventory_tables.balance)
    available = {(r.seller_id, r.sku, r.location_id): r.quantity for r in rows if r.bucket == "available" and r.quantity}
    if available != +keeper.available:
        yield f"available are {available}, the keeper has {dict(+keeper.available)}"
    if reserved := +keeper.held:
        yield f"the keeper still holds {dict(reserved)}"


class StockKeeper:
    """What can be sold, and what is held for whom."""

    def __init__(self) -> None:
        self.available: Counter[Shelf] = Counter()
        self.held: Counter[Hold] = Counter()
        self.known: set[Subject] = set()
        self.scopes: dict[Subject, str] = {}
        self.problems: list[str] = []

    def take(self, decided: Decided) -> None:
        """One message, and what inventory told about it."""
        match decided.message:
            case OrderPlaced() as order:
                self._place(order, decided.facts)
            case OrderCanceled() | ItemsCanceled() as canceled:
                self._release(canceled, decided.facts)
            case PackageShipped() | ShippedAfterCancel() as shipment:
                self._ship(shipment, decided.facts)
            case UnitsReceived() | CustomerReturned() as report if report.disposition is Disposition.SELLABLE:
                self.available[report.seller_id, report.sku, report.location_id] += report.quantity
            case UnitsAdjusted() as report:
                self._adjust(report, decided.facts)
            case _:
                pass

    def _place(self, order: OrderPlaced, facts: Sequence[Message]) -> None:
        """All lines are held, or none: whether they are there is a sum."""
        holder, scope = order.subject, f"{order.channel}:{order.marketplace_id}:"
        reserved = next((fact for fact in facts if isinstance(fact, StockReserved)), None)
        refused = next((fact for fact in facts if isinstance(fact, StockRefused)), None)
        if holder in self.known:
            return self._expect(not reserved and not refused, order, "was placed before")
        self.known.add(holder)
        self.scopes[holder] = scope
        wanted = Counter[str]()
        for line in order.lines:
            wanted[line.sku] += line.quantity
        missing = {sku: units - self._units((order.seller_id, sku), scope) for sku, units in wanted.items()}
        missing = {sku: units for sku, units in missing.items() if units > 0}
        if missing or reserved is None:
            told = {each.sku: each.quantity for each in refused.missing} if refused else {}
            return self._expect(bool(missing) and told == missing, order, f"lacks {missing}, was told {told}")
        asked = Counter({(line.line, line.sku): line.quantity for line in order.lines})
        self._expect(_by_line(reserved.lines) == asked, order, f"asked for {asked}")
        for shelf, hold, units in _moves(holder, reserved.lines):
            self._take_from(shelf, units, order)
            self.held[hold] += units
        return None

    def _release(self, canceled: OrderCanceled | ItemsCanceled, facts: Sequence[Message]) -> None:
        """What is held of the canceled lines is given back, and nothing else."""
        holder = canceled.subject
        if isinstance(canceled, OrderCanceled):
            self.known.add(holder)
        released = next((fact for fact in facts if isinstance(fact, StockReleased)), None)
        told = _by_line(released.lines) if released else Counter()
        held = Counter[tuple[int, str]]()
        for (of, line, sku, _), units in (+self.held).items():
            if of == holder:
                held[line, sku] += units
        if isinstance(canceled, ItemsCanceled):
            asked = Counter({(line.line, line.sku): line.quantity for line in canceled.lines})
            held = held & asked
        self._expect(told == held, canceled, f"held {held}, {told} were released")
        for shelf, hold, units in _moves(holder, released.lines if released else ()):
            self.held[hold] -= units
            self.available[shelf] += units if released and released.restocked else 0

    def _ship(self, shipment: PackageShipped | ShippedAfterCancel, facts: Sequence[Message]) -> None:
        """Everything in the parcel has left: from its own hold, from the shelf, from others, or from nowhere."""
        holder, scope = shipment.subject, self.scopes.get(shipment.subject, "")
        self._withdraw(facts)
        shipped = next((fact.lines for fact in facts if isinstance(fact, StockShipped)), ())
        for shelf, hold, units in _moves(holder, shipped):
            own = min(units, self.held[hold])
            self.held[hold] -= own
            self._take_from(shelf, units - own, shipment)
        lost = Counter({fact.sku: 0 for fact in facts if isinstance(fact, DiscrepancyOpened)})
        for fact in facts:
            if isinstance(fact, DiscrepancyOpened):
                lost[fact.sku] += fact.quantity
        for sku in lost:
            left = self._units((shipment.seller_id, sku), scope) if scope else 0
            self._expect(left == 0, shipment, f"{lost[sku]} of {sku} are missing although {left} are there")
        total = sum(line.quantity for line in shipment.package.lines)
        self._expect(sum(line.quantity for line in shipped) + lost.total() == total, shipment, f"has {total} units")

    def _adjust(self, report: UnitsAdjusted, facts: Sequence[Message]) -> None:
        shelf = (report.seller_id, report.sku, report.location_id)
        sellable = report.disposition is Disposition.SELLABLE
        self._withdraw(facts)
        if report.adjustment is Adjustment.FOUND and sellable:
            self.available[shelf] += report.quantity
        elif report.adjustment is Adjustment.DAMAGED or (report.adjustment is Adjustment.LOST and sellable):
            gone = min(report.quantity, self.available[shelf])
            self.available[shelf] -= gone
            missing = sum(fact.quantity for fact in facts if isinstance(fact, DiscrepancyOpened))
            self._expect(missing == report.quantity - gone, report, f"{report.quantity - gone} are missing, not {missing}")

    def _withdraw(self, facts: Sequence[Message]) -> None:
        for fact in facts:
            if isinstance(fact, ReservationWithdrawn):
                for shelf, hold, units in _moves(fact.subject, fact.lines):
                    self._expect(self.held[hold] >= units, fact, f"holds {self.held[hold]} of {shelf}")
                    self.held[hold] -= units
                    self.available[shelf] += units

    def _units(self, item: tuple[str, str], scope: str) -> int:
        return sum(units for (*of, at), units in self.available.items() if tuple(of) == item and at.startswith(scope))

    def _take_from(self, shelf: Shelf, units: int, message: Message) -> None:
        self._expect(self.available[shelf] >= units, message, f"{units} of {shelf}, where {self.available[shelf]} are")
        self.available[shelf] -= units

    def _expect(self, holds: bool, message: Message, what: str) -> None:  # noqa: FBT001  # the condition
        if not holds:
            self.problems.append(f"{type(message).__name__} of {message.subject.key}: {what}")


def _by_line(lines: Sequence[HeldLine]) -> Counter[tuple[int, str]]:
    units = Counter[tuple[int, str]]()
    for line in lines:
        units[line.line, line.sku] += line.quantity
    return units


def _moves(holder: Subject, lines: Sequence[HeldLine]) -> Iterator[tuple[Shelf, Hold, int]]:
    for line in lines:
        shelf = (holder.seller_id, line.sku, line.location_id)
        yield shelf, (holder, line.line, line.sku, line.location_id), line.quantity
