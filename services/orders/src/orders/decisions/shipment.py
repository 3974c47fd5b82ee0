"""Packages leave: confirmed by the seller, or reported by the network's warehouse; and the warning while none has."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.orders import ConfirmByNear, ConfirmByWarned, ConfirmShipment
from contracts.orders import Package as PackageGiven
from contracts.warehouse import OrderParcelShipped
from orders.decisions.early import quarantine
from orders.decisions.facts import packages_shipped, refused, write
from orders.domain import shipment as rules
from orders.domain.cancellation import Refused
from orders.domain.order import Order, Package, Units
from orders.domain.shipment import Shipped, Wrong
from orders.store import Books


def confirm_shipment(books: Books, order: Order, command: ConfirmShipment, cause: Cause) -> Sequence[Message]:
    """The seller has sent packages: all of them count, or none (O7, O12). A package counts once, whoever repeats it."""
    match rules.confirm(order, [_package(package) for package in command.packages], cause.now):
        case Refused(code):
            return refused(command, cause, code)
        case Shipped(packages=()):
            return []
        case Shipped(after, packages):
            write(books, after)
            return packages_shipped(order, after, packages)


def ship_parcel(books: Books, order: Order, report: OrderParcelShipped, cause: Cause) -> Sequence[Message]:
    """A parcel has left the network. It counts whatever was canceled before; stock is corrected by what this tells."""
    match rules.report(order, _package(report.package), cause.now):
        case Wrong(reason):
            return quarantine(books, report, cause, reason)
        case Shipped(packages=()):
            return []
        case Shipped(after, packages):
            write(books, after)
            return packages_shipped(order, after, packages)


def warn_to_confirm(books: Books, order: Order, _: ConfirmByNear, cause: Cause) -> Sequence[Message]:
    """Seven days are left (O9): said once."""
    if not order.is_open or order.release is None or order.release.warned:
        return []
    write(books, order._replace(release=replace(order.release, warned=True), changed_at=cause.now))
    bought = order.purchase
    return [ConfirmByWarned(seller_id=bought.seller_id, order_id=bought.order_id, confirm_by=order.release.confirm_by)]


def _package(given: PackageGiven) -> Package:
    return Package(
        package_id=given.package_id,
        carrier=given.carrier,
        method=given.method,
        tracking_number=given.tracking_number,
        shipped_at=given.shipped_at,
        given=tuple(Units(line.line, line.sku, line.quantity) for line in given.lines),
    )
