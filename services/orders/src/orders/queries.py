"""What people may see of orders: one in detail, or a list. Read-only; commands never look here.

A Pending order shows no price and no address, and an address is shown only of an order that ships (O2, O11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.orders import CancelReason
from contracts.values import Address, Channel, LineUnits, Money
from orders import store
from orders.domain.order import Cancellation, Line, Order, Package, Status, Stock, Units
from orders.domain.policy import Release
from orders.tables import customer_order, delivery_address

PLACE = (customer_order.c.placed_at, customer_order.c.order_id)
"""By what lists are sorted, latest first."""

ADDRESS_SHOWN = frozenset({Status.UNSHIPPED, Status.PARTIALLY_SHIPPED, Status.SHIPPED})


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Total(View):
    """A sum of money in minor units; unlike a single price it has no upper limit."""

    amount: int
    currency: str


class LineView(View):
    line: int
    sku: str
    asin: str | None
    title: str
    ordered: int
    open: int
    shipped: int
    canceled: int
    unit_price: Money | None


class PackageView(View):
    """`lines` were open when it left; `uncalled` units had been canceled before."""

    package_id: str
    carrier: str
    method: str
    tracking_number: str
    shipped_at: datetime
    lines: tuple[LineUnits, ...]
    uncalled: tuple[LineUnits, ...]


class CancellationView(View):
    reason: str
    by: str
    at: datetime
    memo: str
    lines: tuple[LineUnits, ...]


class OrderSummary(View):
    """`actionable`: the seller can ship or cancel; others are shown grayed (O2). `total` is of what is not canceled."""

    seller_id: str
    order_id: str
    status: str
    actionable: bool
    warning: str | None
    marketplace_id: str
    channel: str
    buyer_id: str
    placed_at: datetime
    changed_at: datetime
    total: Total | None
    units_ordered: int
    units_shipped: int
    units_canceled: int
    ship_by: date | None
    deliver_from: date | None
    deliver_until: date | None
    confirm_by: datetime | None


class OrderDetails(OrderSummary):
    """`memo` of a cancellation is for the seller only. `reorder`: whether a canceled order's units may be had again
    (O20), as far as the reason tells; None for other orders.
    """

    hold_until: datetime
    payment: str
    stock: str
    lines: tuple[LineView, ...]
    packages: tuple[PackageView, ...]
    cancellations: tuple[CancellationView, ...]
    delivery_address: Address | None
    reorder: bool | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders of a seller to list; nothing given is all of them. `placed_before` is exclusive."""

    statuses: tuple[str, ...] = ()
    placed_from: datetime | None = None
    placed_before: datetime | None = None


async def get_order(connection: AsyncConnection, seller_id: str, order_id: str) -> OrderDetails | None:
    """None when there is no such order, or only early messages speak of it."""
    here = (customer_order.c.seller_id == seller_id, customer_order.c.order_id == order_id)
    there = (delivery_address.c.seller_id == seller_id, delivery_address.c.order_id == order_id)
    row = (await connection.execute(_orders().where(*here))).one_or_none()
    if row is None:
        return None
    address = (await connection.execute(select(delivery_address.c.address).where(*there))).scalar_one_or_none()
    return _details(_order(row), Address.model_validate_json(address) if address else None)


async def list_orders(
    connection: AsyncConnection,
    seller_id: str,
    wanted: Wanted,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[OrderSummary]:
    """At most `limit` orders, latest first; `after` is `placed_at` and `order_id` of the last one seen (O21)."""
    chosen = _orders().where(customer_order.c.seller_id == seller_id)
    if wanted.statuses:
        chosen = chosen.where(customer_order.c.status.in_(wanted.statuses))
    if wanted.placed_from is not None:
        chosen = chosen.where(customer_order.c.placed_at >= wanted.placed_from)
    if wanted.placed_before is not None:
        chosen = chosen.where(customer_order.c.placed_at < wanted.placed_before)
    if after is not None:
        chosen = chosen.where(tuple_(*PLACE) < tuple_(*after))
    latest_first = chosen.order_by(*(column.desc() for column in PLACE)).limit(limit)
    return [OrderSummary(**_summary(_order(row))) for row in await connection.execute(latest_first)]


def _orders() -> Select[Any]:
    """Full rows, as the store reads them; what only early messages speak of is no order."""
    return select(customer_order).where(customer_order.c.status != Status.EXPECTED.value)


def _order(row: Any) -> Order:
    order = store.root_of(row)
    if not isinstance(order, Order):
        raise TypeError(f"{row.order_id} is no order")
    return order


def _summary(order: Order) -> dict[str, Any]:
    bought, release = order.purchase, order.release
    return {
        "seller_id": bought.seller_id,
        "order_id": bought.order_id,
        "status": order.status.value,
        "actionable": order.is_open,
        "warning": _warning(order, release),
        "marketplace_id": bought.marketplace_id,
        "channel": Channel.NETWORK.value if bought.from_network else Channel.SELLER.value,
        "buyer_id": bought.buyer_id,
        "placed_at": bought.placed_at,
        "changed_at": order.changed_at,
        "total": _total(order),
        "units_ordered": sum(line.ordered for line in order.lines),
        "units_shipped": sum(line.shipped for line in order.lines),
        "units_canceled": sum(line.canceled for line in order.lines),
        "ship_by": release and release.ship_by,
        "deliver_from": release and release.deliver_from,
        "deliver_until": release and release.deliver_until,
        "confirm_by": release and release.confirm_by,
    }


def _details(order: Order, address: Address | None) -> OrderDetails:
    return OrderDetails(
        **_summary(order),
        hold_until=order.purchase.hold_until,
        payment=order.payment.value,
        stock=order.stock.value,
        lines=tuple(_line(order, line) for line in order.lines),
        packages=tuple(map(_package, order.packages)),
        cancellations=tuple(map(_cancellation, order.cancellations)),
        delivery_address=address if order.status in ADDRESS_SHOWN else None,
        reorder=_reorder(order),
    )


def _warning(order: Order, release: Release | None) -> str | None:
    if release is None or not release.warned or not order.is_open:
        return None
    return f"Confirm as shipped by {release.confirm_day} to avoid cancellation"


def _reorder(order: Order) -> bool | None:
    """Every reason but missing stock puts the units back; what has become of them since, only inventory knows."""
    if order.status is not Status.CANCELED:
        return None
    reasons = {cancellation.reason for cancellation in order.cancellations}
    return order.stock is not Stock.REFUSED and CancelReason.NO_INVENTORY.value not in reasons


def _total(order: Order) -> Total | None:
    if order.status is Status.PENDING:
        return None
    amount = sum((line.ordered - line.canceled) * line.unit_price for line in order.lines)
    return Total(amount=amount, currency=order.purchase.currency)


def _price(order: Order, line: Line) -> Money | None:
    return None if order.status is Status.PENDING else Money(amount=line.unit_price, currency=order.purchase.currency)


def _line(order: Order, line: Line) -> LineView:
    return LineView(
        line=line.number,
        sku=line.sku,
        asin=line.asin,
        title=line.title,
        ordered=line.ordered,
        open=line.open,
        shipped=line.shipped,
        canceled=line.canceled,
        unit_price=_price(order, line),
    )


def _package(package: Package) -> PackageView:
    return PackageView(
        package_id=package.package_id,
        carrier=package.carrier,
        method=package.method,
        tracking_number=package.tracking_number,
        shipped_at=package.shipped_at,
        lines=_units(package.lines),
        uncalled=_units(package.uncalled),
    )


def _cancellation(told: Cancellation) -> CancellationView:
    return CancellationView(reason=told.reason, by=told.by, at=told.at, memo=told.memo, lines=_units(told.units))


def _units(units: Sequence[Units]) -> tuple[LineUnits, ...]:
    return tuple(LineUnits(line=one.line, sku=one.sku, quantity=one.quantity) for one in units)
