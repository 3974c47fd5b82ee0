"""What orders does about each message: the service's table of contents. Rules live in `domain`, SQL in `store`.

A message that comes before its order waits for it (`early`); the docs' table state x message says what happens in each state.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chassis.desk import Decision, Desk
from contracts.envelope import Message
from contracts.inventory import ReservationWithdrawn, StockRefused, StockReleased, StockReserved
from contracts.orders import (
    CancelOrder,
    ConfirmByNear,
    ConfirmByReached,
    ConfirmShipment,
    EarlyMessagesExpired,
    HoldEnded,
    PaymentLimitReached,
    PlaceOrder,
)
from contracts.payments import PaymentDeclined, PaymentDelayed, PaymentVerified
from contracts.warehouse import OrderParcelShipped, OrderPickShort
from orders import store
from orders.decisions import cancellation, checkout, early, release, shipment
from orders.domain.policy import Policies
from orders.store import Books

FOR_AN_ORDER: Mapping[type[Message], Decision[Books, Any]] = {
    PaymentVerified: early.or_kept(release.verify_payment),
    PaymentDelayed: early.or_kept(release.delay_payment),
    PaymentDeclined: early.or_kept(release.decline_payment),
    StockReserved: early.or_kept(release.note_reserved),
    StockRefused: early.or_kept(release.refuse_stock),
    StockReleased: early.or_kept(release.note_released_stock),
    ReservationWithdrawn: early.or_kept(cancellation.cancel_withdrawn),
    CancelOrder: early.or_kept(cancellation.cancel_order),
    ConfirmShipment: early.or_kept(shipment.confirm_shipment),
    OrderParcelShipped: early.or_kept(shipment.ship_parcel),
    OrderPickShort: early.or_kept(cancellation.cancel_short),
}
"""Messages from outside that are about an order; they wait for one that has not come yet."""

DEADLINES: Mapping[type[Message], Decision[Books, Any]] = {
    HoldEnded: early.or_nothing(release.end_hold),
    PaymentLimitReached: early.or_nothing(cancellation.cancel_unpaid),
    ConfirmByNear: early.or_nothing(shipment.warn_to_confirm),
    ConfirmByReached: early.or_nothing(cancellation.cancel_unconfirmed),
}


def desk(policies: Policies) -> Desk[Books]:
    """What the service brings to the processor; `policies` come from its settings."""
    orders: Desk[Books] = Desk("orders", partial(store.load, policies), store.save)
    orders.on(PlaceOrder, partial(checkout.place_order, FOR_AN_ORDER), creates=True)
    orders.on(EarlyMessagesExpired, early.expire)
    for kind, decision in (*FOR_AN_ORDER.items(), *DEADLINES.items()):
        orders.on(kind, decision)
    return orders
