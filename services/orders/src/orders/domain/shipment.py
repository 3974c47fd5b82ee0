"""Packages that leave. A seller's confirmation is checked and may be refused; the warehouse reports what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orders.domain.cancellation import Quantities, Refused, may_seller_change, total
from orders.domain.order import Order, Package, Units, has_line, open_of, settled, units_of

PARCEL_UNITS_MAX = 1_000_000
"""Of one line; no fact can tell of more."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """The order afterwards, and the packages that are new to it."""

    order: Order
    packages: tuple[Package, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A warehouse report that can't be about this order; it has to be looked at."""

    reason: str


def confirm(order: Order, packages: Sequence[Package], now: datetime) -> Shipped | Refused:
    """The seller has sent these packages: all of them count, or none (O7, O12). Those known already count once."""
    if order.purchase.from_network:
        return Refused("network_order")
    refused = may_seller_change(order)
    new: tuple[Package, ...] = ()
    for package in packages:
        if (known := _known(order, package.package_id)) is not None:
            if not known.same_as(package):
                return Refused("package_exists")
            continue
        filled = refused or _filled(order, package)
        if isinstance(filled, Refused):
            return filled
        order, new = _sent(order, filled, now), (*new, filled)
    return Shipped(order, new)


def report(order: Order, package: Package, now: datetime) -> Shipped | Wrong:
    """The warehouse has sent this parcel, and that is so whatever was canceled: open units ship, the others are uncalled."""
    if not order.purchase.from_network:
        return Wrong("the network reports a parcel of an order that the seller ships")
    if (known := _known(order, package.package_id)) is not None:
        return Shipped(order, ()) if known.same_as(package) else Wrong("a parcel with this id and other content was reported")
    if order.release is None and not order.has_ended:
        return Wrong("the order was not released to be picked")
    if not all(has_line(order, units) for units in package.given):
        return Wrong("the order has no such line")
    inside = total(package.given or _left(order))
    if max(inside.values(), default=0) > PARCEL_UNITS_MAX:
        return Wrong(f"more than {PARCEL_UNITS_MAX} units of a line in one parcel")
    if not inside:
        return Wrong("nothing of the order is left that could have shipped")
    taken = open_of(order, inside)
    over = {number: quantity - taken.get(number, 0) for number, quantity in inside.items()}
    filled = replace(package, lines=units_of(order, taken), uncalled=units_of(order, over))
    return Shipped(_sent(order, filled, now), (filled,))


def _known(order: Order, package_id: str) -> Package | None:
    return next((package for package in order.packages if package.package_id == package_id), None)


def _filled(order: Order, package: Package) -> Package | Refused:
    """The package with its lines: those given, or everything that is open."""
    if not order.open_units:
        return Refused("nothing_open")
    if not all(has_line(order, units) for units in package.given):
        return Refused("unknown_line")
    wanted = total(package.given or order.open_units)
    if open_of(order, wanted) != wanted:
        return Refused("too_many_units")
    return replace(package, lines=units_of(order, wanted))


def _sent(order: Order, package: Package, now: datetime) -> Order:
    """A canceled order stays canceled: what was sent nevertheless is only recorded."""
    sent = total(package.lines)
    packages = (*order.packages, package)
    if not sent:
        return order._replace(packages=packages, changed_at=now)
    lines = tuple(replace(line, shipped=line.shipped + sent.get(line.number, 0)) for line in order.lines)
    return settled(order, lines)._replace(packages=packages, changed_at=now)


def _left(order: Order) -> tuple[Units, ...]:
    """What a parcel without a list can hold: what is open or, when nothing is, what was canceled and has not left yet."""
    if order.open_units:
        return order.open_units
    gone: Quantities = total([units for package in order.packages for units in package.uncalled])
    left = {line.number: line.canceled - gone.get(line.number, 0) for line in order.lines}
    return units_of(order, {number: quantity for number, quantity in left.items() if quantity > 0})
