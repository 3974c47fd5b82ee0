"""Which commands go over HTTP, and how: the service's route, who may use it, and what of the message is the body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis.auth import Role
from contracts.identity import hashed_id
from contracts.notifications import SetSellerContact
from contracts.orders import CancelOrder, PlaceOrder
from contracts.removals import CancelRemoval, ConfirmRemoval, DraftRemoval
from orders.api import order_id_of

if TYPE_CHECKING:
    from uuid import UUID

    from contracts.envelope import Message


@dataclass(frozen=True, slots=True)
class Route:
    """`fields` of the message are the body."""

    service: str
    method: str
    template: str
    role: Role
    fields: frozenset[str]

    def principal(self, message: Message) -> str:
        """Whom the token speaks for."""
        return f"{self.role}:{message.seller_id}" if self.role is Role.SELLER else str(self.role)

    def path(self, message: Message) -> str:
        return self.template.format_map(message.model_dump())

    def body(self, message: Message) -> dict[str, Any]:
        return message.model_dump(mode="json", include=set(self.fields), exclude_none=True)

    def source(self, message: Message) -> str:
        return f"/http/{self.principal(message)}"

    def command_id(self, message: Message, key: str) -> UUID:
        """As the service makes it from the Idempotency-Key."""
        return hashed_id("http", self.principal(message), message.seller_id, f"{self.method} {self.template}", key)


_ORDERS, _REMOVALS = "/sellers/{seller_id}/orders", "/sellers/{seller_id}/removals"
_PLACED = frozenset({"marketplace_id", "channel", "buyer", "delivery_address", "lines"})
_DRAFTED = frozenset({"removal_id", "marketplace_id", "method", "ship_to", "items"})

ROUTES: dict[type[Message], Route] = {
    PlaceOrder: Route("orders", "POST", _ORDERS, Role.STOREFRONT, _PLACED),
    CancelOrder: Route("orders", "POST", _ORDERS + "/{order_id}/cancellation", Role.STOREFRONT, frozenset({"reason"})),
    DraftRemoval: Route("removals", "POST", _REMOVALS, Role.SELLER, _DRAFTED),
    ConfirmRemoval: Route("removals", "POST", _REMOVALS + "/{removal_id}/confirmation", Role.SELLER, frozenset({"draft"})),
    CancelRemoval: Route("removals", "POST", _REMOVALS + "/{removal_id}/cancellation", Role.SELLER, frozenset()),
    SetSellerContact: Route(
        "notifications", "PUT", "/sellers/{seller_id}/contact", Role.OPERATOR, frozenset({"mail", "language"})
    ),
}


def as_placed(order: PlaceOrder, key: str) -> PlaceOrder:
    """The order with the id that it gets when it is placed over HTTP with this key."""
    return order.model_copy(update={"order_id": order_id_of(ROUTES[PlaceOrder].command_id(order, key))})
