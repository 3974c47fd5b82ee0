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
from orders.decisions import cancellation, checkout, release, shipment
from orders.decisions.early import EARLY
from orders.domain.policy import Policies
from orders.store import Books

FOR_AN_ORDER: Mapping[type[Message], Decision[Books, Any]] = {
    PaymentVerified: EARLY.or_kept(release.verify_payment),
    PaymentDelayed: EARLY.or_kept(release.delay_payment),
    PaymentDeclined: EARLY.or_kept(release.decline_payment),
    StockReserved: EARLY.or_kept(release.note_reserved),
    StockRefused: EARLY.or_kept(release.refuse_stock),
    StockReleased: EARLY.or_kept(release.note_released_stock),
    ReservationWithdrawn: EARLY.or_kept(cancellation.cancel_withdrawn),
    CancelOrder: EARLY.or_kept(cancellation.cancel_order),
    ConfirmShipment: EARLY.or_kept(shipment.confirm_shipment),
    OrderParcelShipped: EARLY.or_kept(shipment.ship_parcel),
    OrderPickShort: EARLY.or_kept(cancellation.cancel_short),
}
"""Messages from outside that are about an order; they wait for one that has not come yet."""

DEADLINES: Mapping[type[Message], Decision[Books, Any]] = {
    HoldEnded: EARLY.or_nothing(release.end_hold),
    PaymentLimitReached: EARLY.or_nothing(cancellation.cancel_unpaid),
    ConfirmByNear: EARLY.or_nothing(shipment.warn_to_confirm),
    ConfirmByReached: EARLY.or_nothing(cancellation.cancel_unconfirmed),
}


def desk(policies: Policies) -> Desk[Books]:
    """What the service brings to the processor; `policies` come from its settings."""
    orders: Desk[Books] = Desk("orders", partial(store.load, policies), store.save)
    orders.on(PlaceOrder, partial(checkout.place_order, FOR_AN_ORDER), creates=True)
    orders.on(EarlyMessagesExpired, EARLY.expire)
    for kind, decision in (*FOR_AN_ORDER.items(), *DEADLINES.items()):
        orders.on(kind, decision)
    return orders
