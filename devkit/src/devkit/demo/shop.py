"""The people around Wharf, as the file and the hashes move them: buyers, payment provider, the shop's clerks, the warehouse.
Those around removals are in clearance.py.

Like real ones they know only what they were told: parcels leave after a release was heard of, a cancellation asks for what is
still open. They hear facts between two steps; what they want next goes to the agenda.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from contracts.orders import (
    ItemsCanceled,
    OrderCanceled,
    OrderCommandRefused,
    OrderReleased,
    OrderShipped,
    PackageShipped,
    ShippedAfterCancel,
)
from contracts.removals import RemovalMessage
from contracts.values import Channel
from devkit.demo import clearance, fates, letters
from devkit.demo.clearance import Clearance
from devkit.demo.events import Handle, Leave, Look, Miss, Pay, Place, Report, Reverse
from devkit.demo.invoices import Credit
from devkit.demo.orders import Known, Stage, halved
from devkit.demo.reversals import reverse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from contracts.envelope import Message
    from contracts.values import LineUnits
    from devkit.demo.events import Event
    from devkit.demo.invoices import Invoice
    from devkit.demo.messages import Call, Post

HOLD = timedelta(minutes=30)
ASKED_AGAIN_AFTER = timedelta(minutes=5)
REFUSED_PARCEL_AFTER = timedelta(hours=1)
SHIPPED = "shipped"
HEARD: dict[str, type[Message]] = clearance.HEARD | {
    kind.__name__: kind
    for kind in (
        OrderReleased,
        PackageShipped,
        OrderShipped,
        ShippedAfterCancel,
        ItemsCanceled,
        OrderCanceled,
        OrderCommandRefused,
    )
}
"""The facts that somebody acts upon."""


@dataclass(slots=True)
class Shop:
    """What has been placed so far, and what came of it. `unmatched_units` were credited and never sold in the file."""

    clearance: Clearance = field(default_factory=Clearance)
    unmatched_units: int = 0
    _sold: Counter[str] = field(default_factory=Counter)
    _by_invoice: dict[str, Known] = field(default_factory=dict)
    _by_order: dict[str, Known] = field(default_factory=dict)
    _by_buyer: defaultdict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))

    def act(self, event: Event) -> Sequence[Post | Call]:
        """What is sent when the time of `event` has come."""
        match event:
            case Report(post):
                return [post]
            case Place(_, invoice):
                return [self._place(invoice)]
            case Pay(at, invoice, answer):
                return [letters.payment(invoice, self._order_id(invoice), at, answer)]
            case Reverse(credit):
                return list(self._reverse(credit))
            case Miss(at, invoice):
                return self._miss(self._by_invoice[invoice.number], at)
            case Leave():
                return self._leave(self._by_invoice[event.invoice.number], event)
            case Look():
                return self.clearance.look(event, self._sold)
            case Handle():
                return self.clearance.act(event)
            case _:
                assert_never(event)

    def placed(self, invoice_number: str, order_id: str) -> None:
        """Wharf has answered with the order's id."""
        known = self._by_invoice[invoice_number]
        known.order_id = order_id
        self._by_order[order_id] = known

    def hear(self, fact: Message, at: datetime) -> Sequence[Event]:
        """What somebody wants to do, now that this is known. `at`: when it happened."""
        if isinstance(fact, RemovalMessage):
            return self.clearance.hear(fact, at)
        known = self._by_order.get(getattr(fact, "order_id", ""))
        if known is None:
            return []
        match fact:
            case OrderReleased(released_at=released_at):
                return list(_after_release(known, released_at))
            case PackageShipped(package=package) | ShippedAfterCancel(package=package):
                known.ship(package.lines, late=isinstance(fact, ShippedAfterCancel))
            case ItemsCanceled(lines=lines):
                known.cancel(lines)
            case OrderCanceled(lines=lines, reason=reason):
                known.outcome = reason
                return list(_after_cancel(known, lines, at))
            case OrderShipped():
                known.outcome = SHIPPED
                known.stage = Stage.ENDED
            case OrderCommandRefused(command="ConfirmShipment") if known.stage is Stage.RELEASED:
                return [Leave(at + REFUSED_PARCEL_AFTER, known.invoice, known.parcels_sent + 1, final=True)]
            case _:
                pass
        return []

    def answered(self) -> None:
        """All that was asked for has been decided, and heard of."""
        for known in self._by_invoice.values():
            known.claimed.clear()

    @property
    def outcomes(self) -> Counter[tuple[date, str]]:
        """Orders by the day on which they were placed and by how they have ended: SHIPPED, or why they were canceled."""
        return Counter((known.invoice.placed_at.date(), known.outcome) for known in self._by_invoice.values() if known.outcome)

    @property
    def open_orders(self) -> int:
        return sum(known.stage is not Stage.ENDED for known in self._by_invoice.values())

    def _order_id(self, invoice: Invoice) -> str:
        known = self._by_invoice.get(invoice.number)
        return letters.order_id(invoice) if known is None else known.order_id

    def _place(self, invoice: Invoice) -> Post | Call:
        known = Known(invoice, letters.order_id(invoice))
        self._by_invoice[invoice.number] = known
        self._by_buyer[invoice.buyer].append(known)
        for line in invoice.lines:
            self._sold[line.sku] += line.quantity
        if fates.placed_by_http(invoice):
            return letters.order_call(invoice)
        self._by_order[known.order_id] = known
        return letters.order_post(invoice)

    def _reverse(self, credit: Credit) -> Iterator[Post | Call]:
        """Cancel what is open, send back what has shipped."""
        reversal = reverse(credit, self._by_buyer.get(credit.customer, ()) if credit.customer else ())
        self.unmatched_units += reversal.unmatched_units
        for known in reversal.orders():
            yield from _cancel(known, credit, reversal.open_of(known))
        for back in reversal.returns():
            back.known.returned[back.line] += back.units
            invoice = back.known.invoice
            sku = invoice.lines[back.line - 1].sku
            yield letters.return_post(back.known.order_id, invoice.channel, credit, sku, back.line, back.units)

    def _miss(self, known: Known, at: datetime) -> Sequence[Post]:
        """One unit of the first line that is open is not on the shelf."""
        lines = known.open_lines()
        if not lines:
            return []
        return [letters.short_pick(known.invoice, known.order_id, lines[0].model_copy(update={"quantity": 1}), at)]

    def _leave(self, known: Known, event: Leave) -> Sequence[Post | Call]:
        lines = known.lost_parcel() if event.late else known.open_lines()
        if not lines or (known.stage is Stage.ENDED and not event.late):
            return []
        if not event.final:
            lines = halved(lines)
        elif not event.late and not known.claimed:
            lines = ()  # all that is left, whatever it is
        known.parcels_sent += 1
        package = letters.package(known.invoice, known.parcels_sent, event.at, lines)
        write = letters.parcel if known.invoice.channel is Channel.NETWORK else letters.confirmation
        return [write(known.invoice, known.order_id, package, event.at)]


def _after_release(known: Known, released_at: datetime) -> Iterator[Event]:
    known.stage = Stage.RELEASED
    invoice = known.invoice
    times = fates.shipping_times(invoice, released_at)
    for parcel, at in enumerate(times, start=1):
        yield Leave(at, invoice, parcel, final=parcel == len(times))
    short_at = fates.short_pick_time(invoice, released_at)
    if invoice.channel is Channel.NETWORK and short_at is not None:
        yield Miss(short_at, invoice)
    if known.wishes:
        again = Credit(f"{invoice.number}-wish", released_at + ASKED_AGAIN_AFTER, invoice.buyer, tuple(known.wishes.items()))
        known.wishes.clear()
        yield Reverse(again)


def _after_cancel(known: Known, lines: Sequence[LineUnits], at: datetime) -> Iterator[Event]:
    """A parcel of the network may be beyond recall."""
    picked = known.stage is Stage.RELEASED and known.invoice.channel is Channel.NETWORK
    known.cancel(lines)
    known.stage = Stage.ENDED
    late_at = fates.late_parcel_time(known.invoice, at) if picked else None
    if late_at is not None:
        yield Leave(late_at, known.invoice, known.parcels_sent + 1, final=True, late=True)


def _cancel(known: Known, credit: Credit, units: dict[int, int]) -> Iterator[Post | Call]:
    """By the buyer inside the hold, by the seller after the release; in between nobody can, and the wish is kept."""
    in_hold = credit.at < known.invoice.placed_at + HOLD
    lines = known.line_units(units)
    if known.stage is Stage.PENDING and not in_hold:
        for line in lines:
            known.wishes[line.sku] += line.quantity
        return
    whole = lines == known.open_lines()
    known.claimed.update(units)
    asked = () if whole else lines
    if known.stage is Stage.PENDING:
        yield letters.buyer_cancel(known.invoice, known.order_id, credit, asked)
    else:
        reason = fates.seller_reason(credit.number, known.invoice.number)
        yield letters.seller_cancel(known.invoice, known.order_id, credit, reason, asked)
