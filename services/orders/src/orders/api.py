"""Orders over HTTP: commands go to the processor, questions to `queries`.

Checkouts come from storefronts; a seller sees its orders, cancels and confirms shipments. The warehouse and the payment
provider speak over Kafka.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.edge import Edge, edge_of
from chassis.outcomes import Fact
from chassis.paging import CURSOR_LENGTH_MAX, PAGE_ROWS, PAGE_ROWS_MAX, Page, cursor_place, page_of
from chassis.problems import ProblemError
from chassis.sending import Answer, Asked, JsonBody, Sender, Sends, settled
from contracts.orders import (
    LINES_MAX,
    PACKAGES_MAX,
    CanceledBy,
    CancelOrder,
    CancelReason,
    ConfirmShipment,
    ItemUnits,
    Line,
    OrderPlaced,
    Package,
    PlaceOrder,
)
from contracts.values import Address, Buyer, Channel, Instant, MarketplaceId, Note, OrderId, SellerId
from orders.queries import OrderDetails, OrderSummary, Wanted, get_order, list_orders

router = APIRouter(prefix="/sellers/{seller_id}/orders", tags=["orders"])

UNPROCESSABLE = frozenset({"reason_not_allowed", "unknown_line", "unknown_asin", "mixed_currencies"})
"""Refusals that lie in the command itself; the others lie in the state of the order."""

STOCK_UNKNOWN = "unknown"
PENDING = "Pending"
SEES_MEMO = frozenset({Role.SELLER, Role.OPERATOR})

Status = Literal["Pending", "Unshipped", "PartiallyShipped", "Shipped", "Canceled"]
Checkout = Annotated[Sender, Depends(Sends(Role.STOREFRONT, Role.SYSTEM, unprocessable=UNPROCESSABLE))]
Canceler = Annotated[Sender, Depends(Sends(Role.SELLER, Role.STOREFRONT, unprocessable=UNPROCESSABLE))]
Shipper = Annotated[Sender, Depends(Sends(Role.SELLER, unprocessable=UNPROCESSABLE))]
Reader = Annotated[Principal, Depends(Allowed(Role.SELLER, Role.STOREFRONT, Role.OPERATOR, Role.SYSTEM))]
Clerk = Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR))]


class NewOrder(Asked):
    """What a buyer has checked out: one order of one seller."""

    marketplace_id: MarketplaceId
    channel: Channel = Channel.SELLER
    buyer: Buyer
    delivery_address: Address
    lines: tuple[Line, ...] = Field(min_length=1, max_length=LINES_MAX)
    placed_at: Instant | None = None


class Cancellation(Asked):
    """What to cancel, and why; without items the whole order. `memo` is for the seller only."""

    reason: CancelReason = CancelReason.BUYER_CANCELED
    memo: Note = ""
    items: tuple[ItemUnits, ...] = Field(default=(), max_length=LINES_MAX)


class Shipment(Asked):
    """Packages that have left. One without lines holds everything that is still open."""

    packages: tuple[Package, ...] = Field(min_length=1, max_length=PACKAGES_MAX)


class Placed(Answer):
    """An order as its storefront sees it. `stock` is `unknown` until inventory has answered."""

    order_id: str
    status: str
    stock: str
    placed_at: datetime
    hold_until: datetime


class Changed(Answer):
    """What the command has changed, as facts, in order; empty when all was so already."""

    order_id: str
    facts: tuple[str, ...]


class OrdersWanted(BaseModel):
    """Which orders to list; nothing given is all of them."""

    status: tuple[Status, ...] = ()
    placed_from: AwareDatetime | None = None
    placed_before: AwareDatetime | None = None
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS_MAX, description="rows of a page")
    cursor: str | None = Field(default=None, max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before")


CheckoutBody = Annotated[NewOrder, Depends(JsonBody(NewOrder))]
CancellationBody = Annotated[Cancellation, Depends(JsonBody(Cancellation))]
ShipmentBody = Annotated[Shipment, Depends(JsonBody(Shipment))]


@router.post("", status_code=202, responses={201: {"model": Placed, "description": "Placed, and inventory has answered"}})
async def place_order(seller_id: SellerId, sender: Checkout, asked: CheckoutBody, response: Response) -> Placed:
    """Place an order (O1). Inventory's answer is outstanding (202), unless `Prefer: wait=N` waited for it (201).

    The same key gives the same order.
    """
    order_id = order_id_of(sender.message_id)
    command = PlaceOrder(seller_id=seller_id, order_id=order_id, **dict(asked))
    facts = await sender.send(command)
    placed = _placed(facts) or await _current(sender.edge, seller_id, order_id)
    response.headers["Location"] = f"/sellers/{seller_id}/orders/{order_id}"
    if sender.wait_seconds == 0:
        return placed
    response.headers["Preference-Applied"] = f"wait={sender.wait_seconds}"
    known = await settled(lambda: _settled(sender.edge, seller_id, order_id), sender.wait_seconds)
    if known is None:
        return placed
    response.status_code = 201
    return known


@router.get("")
async def orders_of_seller(
    request: Request,
    seller_id: SellerId,
    _: Clerk,
    wanted: Annotated[OrdersWanted, Query()],
) -> Page[OrderSummary]:
    """Orders, latest first (O21); Pending ones are not actionable (O2)."""
    place = cursor_place("orders", wanted.cursor, 2)
    after = (datetime.fromisoformat(place[0]), place[1]) if place else None
    chosen = Wanted(wanted.status, wanted.placed_from, wanted.placed_before)
    async with edge_of(request).reading() as connection:
        rows = await list_orders(connection, seller_id, chosen, after=after, limit=wanted.limit + 1)
    return page_of("orders", rows, wanted.limit, lambda row: (row.placed_at.isoformat(), row.order_id))


@router.get("/{order_id}")
async def order_details(request: Request, seller_id: SellerId, order_id: OrderId, caller: Reader) -> OrderDetails:
    """One order (O2, O9, O11, O20)."""
    async with edge_of(request).reading() as connection:
        order = await get_order(connection, seller_id, order_id)
    if order is None:
        raise ProblemError("not_found")
    return order if caller.role in SEES_MEMO else _without_memos(order)


@router.post("/{order_id}/cancellation")
async def cancel_order(seller_id: SellerId, order_id: OrderId, sender: Canceler, asked: CancellationBody) -> Changed:
    """Cancel the order or some items (O3, O15, O16). A storefront cancels for its buyer, who may do so within the hold."""
    by = CanceledBy.SELLER if sender.principal.role is Role.SELLER else CanceledBy.BUYER
    return _changed(order_id, await sender.send(CancelOrder(seller_id=seller_id, order_id=order_id, by=by, **dict(asked))))


@router.post("/{order_id}/shipments")
async def confirm_shipment(seller_id: SellerId, order_id: OrderId, sender: Shipper, asked: ShipmentBody) -> Changed:
    """Confirm that packages have left (O7, O12)."""
    return _changed(order_id, await sender.send(ConfirmShipment(seller_id=seller_id, order_id=order_id, **dict(asked))))


def order_id_of(message_id: UUID) -> str:
    """17 digits in groups of 3, 7 and 7. From the command's id: a retry speaks of the same order."""
    digits = f"{message_id.int % 10**17:017d}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def _placed(facts: Sequence[Fact]) -> Placed | None:
    """The order as it was told; None when it had been placed so long ago that the command's answer is forgotten."""
    told = next((orjson.loads(fact.body) for fact in facts if fact.type == OrderPlaced.__name__), None)
    if told is None:
        return None
    known = {name: told[name] for name in ("order_id", "placed_at", "hold_until")}
    return Placed(status=PENDING, stock=STOCK_UNKNOWN, **known)


async def _current(edge: Edge, seller_id: str, order_id: str) -> Placed:
    """The order as it stands. Raises ProblemError."""
    async with edge.reading() as connection:
        order = await get_order(connection, seller_id, order_id)
    if order is None:
        raise ProblemError("not_found")
    return Placed.model_validate({name: getattr(order, name) for name in Placed.model_fields})


async def _settled(edge: Edge, seller_id: str, order_id: str) -> Placed | None:
    """The order, once it does not wait for inventory any more."""
    order = await _current(edge, seller_id, order_id)
    return None if order.status == PENDING and order.stock == STOCK_UNKNOWN else order


def _changed(order_id: str, facts: Sequence[Fact]) -> Changed:
    return Changed(order_id=order_id, facts=tuple(fact.type for fact in facts))


def _without_memos(order: OrderDetails) -> OrderDetails:
    cancellations = tuple(told.model_copy(update={"memo": ""}) for told in order.cancellations)
    return order.model_copy(update={"cancellations": cancellations})
