"""Rules about removals and mails with one thought left out. Each function puts one on a desk in the place of the real rule;
`safeguards` says who must notice. Those about orders are in `false_order_rules`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chassis.desk import Decision, Desk
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.inventory import HoldReleased, StockSnapshot, UnitsHeld
from contracts.notifications import MailCut, MailDeferred
from contracts.removals import PORTIONS_MAX, CancelRemoval, RemovalCanceled, RemovalRequested
from contracts.warehouse import UnitsReceived
from inventory.decisions import bookings
from inventory.decisions import removals as holds
from inventory.domain import removal_hold
from inventory.domain import reservation as holding
from inventory.domain.removal_hold import Refused
from inventory.domain.reservation import HeldPortion
from inventory.domain.stock import Bucket, Item
from inventory.store import Books as Stock
from notifications.decisions import sending
from notifications.store import Books as Mails
from removals.decisions import ending
from removals.decisions.early import EARLY
from removals.domain.removal import Removal, Status
from removals.domain.stock import Balance, StockView
from removals.store import Books as Removals


def hold_reserved_units(desk: Desk[Any]) -> None:
    """A removal gets what is reserved for orders when the rest is not enough."""

    def hold(books: Stock, removal: RemovalRequested, cause: Cause) -> Sequence[Message]:
        items = {line.sku: _with_reserved(books.item(removal.seller_id, line.sku)) for line in removal.lines}
        found = removal_hold.hold(removal.lines, items, removal.marketplace_id, PORTIONS_MAX)
        if isinstance(found, Refused) or books.reservations[removal.subject] is not None:
            return holds.hold(books, removal, cause)
        return _held(books, removal, [part for each in found for part in _parted(books, removal, each)], cause)

    put(desk, RemovalRequested, hold)


def hold_by_a_view(desk: Desk[Any]) -> None:
    """Holds are decided by what came in, as a view would have it, and nobody looks at what has become of it."""
    view: dict[tuple[str, str], Item] = {}

    def receive(books: Stock, report: UnitsReceived, cause: Cause) -> Sequence[Message]:
        facts = real(books, report, cause)
        view[report.seller_id, report.sku] = books.item(report.seller_id, report.sku)
        return facts

    def hold(books: Stock, removal: RemovalRequested, cause: Cause) -> Sequence[Message]:
        known = {line.sku: view.get((removal.seller_id, line.sku), Item()) for line in removal.lines}
        found = removal_hold.hold(removal.lines, known, removal.marketplace_id, PORTIONS_MAX)
        if isinstance(found, Refused) or books.reservations[removal.subject] is not None:
            return holds.hold(books, removal, cause)
        return _held(books, removal, found, cause)

    if desk.service == "inventory":
        real = desk.rules[UnitsReceived].decide
        put(desk, UnitsReceived, receive)
        put(desk, RemovalRequested, hold)


def release_to_available(desk: Desk[Any]) -> None:
    """Whatever was wrong with units before they were held, they can be sold afterwards."""

    def release(books: Stock, removal: RemovalCanceled, cause: Cause) -> Sequence[Message]:
        reservation = books.reservations[removal.subject]
        portions = holding.open_portions(reservation) if reservation else ()
        if reservation is None or not portions:
            return holds.release_all(books, removal, cause)
        books.reservations[removal.subject] = holding.release(reservation, portions, cause.now)
        sold = [portion._replace(bucket=Bucket.AVAILABLE) for portion in portions]
        bookings.give_back(books, removal.subject, sold, cause)
        units = bookings.told_units(portions)
        return [HoldReleased(seller_id=removal.seller_id, removal_id=removal.removal_id, lines=units)]

    put(desk, RemovalCanceled, release)


def hold_some_lines(desk: Desk[Any]) -> None:
    """Lines that can be held are held, although others can't."""

    def hold(books: Stock, removal: RemovalRequested, cause: Cause) -> Sequence[Message]:
        items = {line.sku: books.item(removal.seller_id, line.sku) for line in removal.lines}
        for line in removal.lines:
            found = removal_hold.hold([line], items, removal.marketplace_id, PORTIONS_MAX)
            if not isinstance(found, Refused) and books.reservations[removal.subject] is None:
                return _held(books, removal, found, cause)
        return holds.hold(books, removal, cause)

    put(desk, RemovalRequested, hold)


def cancel_in_processing(desk: Desk[Any]) -> None:
    """Nobody asks whether the warehouse has begun."""

    def cancel(books: Removals, removal: Removal, command: CancelRemoval, cause: Cause) -> Sequence[Message]:
        begun = removal.status is Status.PROCESSING
        return ending.cancel_removal(books, replace(removal, status=Status.PENDING) if begun else removal, command, cause)

    put(desk, CancelRemoval, EARLY.or_kept(cancel))


def believe_older_snapshots(desk: Desk[Any]) -> None:
    """Each snapshot is taken for the newest."""

    def note(books: Removals, snapshot: StockSnapshot, _: Cause) -> Sequence[Message]:
        balances = tuple(Balance(one.location_id, one.bucket, one.quantity) for one in snapshot.balances)
        books.stock[snapshot.subject] = StockView(snapshot.version, snapshot.changed_at, balances)
        return []

    put(desk, StockSnapshot, note)


def try_again_what_is_unknown(desk: Desk[Any]) -> None:
    """A mail that was cut counts as one that the server surely does not have."""

    def cut(books: Mails, report: MailCut, cause: Cause) -> Sequence[Message]:
        return deferred(books, MailDeferred(**report.model_dump()), cause)

    deferred = sending.of_last_try(sending.defer)
    put(desk, MailCut, cut)


def send_whatever_its_age(desk: Desk[Any]) -> None:
    """Nobody asks how old the cause of a mail is."""

    def patient(decide: Decision[Any, Any]) -> Decision[Any, Any]:
        def decided(books: Mails, message: Message, cause: Cause) -> Sequence[Message]:
            books.policy = replace(books.policy, age_max=timedelta(days=1_000))
            return decide(books, message, cause)

        return decided

    if desk.service == "notifications":
        for kind, rule in desk.rules.items():
            put(desk, kind, patient(rule.decide))


def put(desk: Desk[Any], kind: type[Message], decide: Decision[Any, Any]) -> None:
    """In the place of the real rule, on the desk that has it."""
    if kind in desk.rules:
        desk.rules[kind] = replace(desk.rules[kind], decide=decide)


def _held(books: Stock, removal: RemovalRequested, portions: Sequence[HeldPortion], cause: Cause) -> Sequence[Message]:
    books.reservations[removal.subject] = holding.hold_for_removal(portions, removal.marketplace_id, cause.now)
    bookings.bind(books, removal.subject, portions, cause)
    units = bookings.told_units(portions)
    return [UnitsHeld(seller_id=removal.seller_id, removal_id=removal.removal_id, lines=units)]


def _with_reserved(item: Item) -> Item:
    """Reserved units counted as available ones."""
    balances = dict(item.balances)
    for (location, bucket), units in item.balances.items():
        if bucket is Bucket.RESERVED:
            balances[location, Bucket.AVAILABLE] = balances.get((location, Bucket.AVAILABLE), 0) + units
    return item._replace(balances=balances)


def _parted(books: Stock, removal: RemovalRequested, portion: HeldPortion) -> list[HeldPortion]:
    """What is available, and the rest from what is reserved."""
    if portion.bucket is not Bucket.AVAILABLE:
        return [portion]
    balances = books.item(removal.seller_id, portion.sku).balances
    free = min(portion.quantity, balances.get((portion.location_id, Bucket.AVAILABLE), 0))
    parts = [
        portion._replace(quantity=free),
        portion._replace(quantity=portion.quantity - free, bucket=Bucket.RESERVED),
    ]
    return [part for part in parts if part.quantity]
