"""Domain values in the words of the contracts, and the one way in which an order is written to the draft."""

from collections.abc import Iterable, Sequence

from chassis.outcomes import Cause
from contracts.envelope import Deadline, Message, Subject
from contracts.orders import (
    REFUSALS,
    ConfirmByNear,
    ConfirmByReached,
    HoldEnded,
    OrderCommand,
    OrderCommandRefused,
    OrderReleased,
    OrderReserved,
    OrderShipped,
    PackageShipped,
    PaymentLimitReached,
    PickLine,
    PickRequested,
    ShippedAfterCancel,
)
from contracts.orders import Package as PackageTold
from contracts.values import Address, LineUnits
from orders.domain.order import Order, Package, Purchase, Status, Units, to_pick
from orders.domain.policy import Release
from orders.store import KIND, Books

DEADLINES: Sequence[type[Deadline]] = (HoldEnded, PaymentLimitReached, ConfirmByNear, ConfirmByReached)


def subject_of(purchase: Purchase) -> Subject:
    return Subject(purchase.seller_id, KIND, purchase.order_id)


def write(books: Books, order: Order) -> None:
    """An order that has ended waits for nothing more."""
    subject = subject_of(order.purchase)
    books.orders[subject] = order
    if order.has_ended:
        books.deadlines.clear(subject, DEADLINES)


def refused(command: OrderCommand, cause: Cause, code: str) -> Sequence[Message]:
    return [
        OrderCommandRefused(
            seller_id=command.seller_id,
            order_id=command.order_id,
            command=type(command).__name__,
            command_id=cause.id,
            code=code,
            sentence=REFUSALS[code],
        )
    ]


def order_reserved(purchase: Purchase, cause: Cause) -> OrderReserved:
    return OrderReserved(seller_id=purchase.seller_id, order_id=purchase.order_id, reserved_at=cause.now)


def order_released(purchase: Purchase, release: Release) -> OrderReleased:
    return OrderReleased(
        seller_id=purchase.seller_id,
        order_id=purchase.order_id,
        released_at=release.released_at,
        ship_by=release.ship_by,
        deliver_from=release.deliver_from,
        deliver_until=release.deliver_until,
        confirm_by=release.confirm_by,
    )


def pick_requested(order: Order, address: Address) -> PickRequested:
    lines = tuple(
        PickLine(line=held.line, sku=held.sku, quantity=held.quantity, location_id=held.location_id) for held in to_pick(order)
    )
    return PickRequested(
        seller_id=order.purchase.seller_id, order_id=order.purchase.order_id, delivery_address=address, lines=lines
    )


def packages_shipped(before: Order, after: Order, packages: Iterable[Package]) -> Sequence[Message]:
    """What has left, parcel by parcel; then that nothing more is to ship, when this has just become so."""
    bought = before.purchase
    facts: list[Message] = []
    for package in packages:
        for fact, units in ((PackageShipped, package.lines), (ShippedAfterCancel, package.uncalled)):
            if units:
                facts.append(fact(seller_id=bought.seller_id, order_id=bought.order_id, package=_package(package, units)))
    return [*facts, *order_shipped(before, after)]


def order_shipped(before: Order, after: Order) -> Sequence[Message]:
    if after.status is not Status.SHIPPED or before.status is Status.SHIPPED:
        return []
    bought = after.purchase
    return [OrderShipped(seller_id=bought.seller_id, order_id=bought.order_id, shipped_at=after.changed_at)]


def line_units(units: Iterable[Units]) -> tuple[LineUnits, ...]:
    return tuple(LineUnits(line=one.line, sku=one.sku, quantity=one.quantity) for one in units)


def _package(package: Package, units: Iterable[Units]) -> PackageTold:
    return PackageTold(
        package_id=package.package_id,
        carrier=package.carrier,
        method=package.method,
        tracking_number=package.tracking_number,
        shipped_at=package.shipped_at,
        lines=line_units(units),
    )
