"""The messages about removals, worded: the seller's by HTTP or Kafka, the warehouse's by Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.auth import Role
from contracts.removals import CancelRemoval, Method, RemovalParcel, RequestRemoval, ShipTo
from contracts.values import Address
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed, ShortUnits
from devkit.demo import draws, removal_fates
from devkit.demo.letters import CARRIERS, MARKETPLACE, SELLER
from devkit.demo.messages import Call, Post

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from contracts.envelope import Message
    from contracts.values import LineUnits
    from devkit.demo.wishes import Wish

REMOVALS_PATH = f"/sellers/{SELLER}/removals"
PHONE = "+44 20 7946 0018"
ADDRESS = Address(
    name="Gift House Returns",
    line1="4 Example Yard",
    city="London",
    postal_code="SE1 9ZZ",
    country="GB",
    phone=PHONE,
)
REFUSED_ADDRESSES: dict[str, dict[str, str | None]] = {
    "po_box": {"line1": "PO Box 17"},
    "us_territory": {"city": "Hagatna", "region": "GU", "postal_code": "96910", "country": "US", "phone": "+1 671 472 1234"},
    "military_address": {
        "line1": "PSC 802 Box 74",
        "city": "APO",
        "region": "AE",
        "postal_code": "09499",
        "country": "US",
        "phone": "+1 202 555 0143",
    },
    "fulfillment_center": {"line1": "Wharf Fulfillment Center LTN1"},
    "phone_missing": {"phone": None},
    "phone_invalid": {"phone": "+44 1"},
}
"""By the code with which they are refused (R7): what is other than in ADDRESS."""


# ---- the seller -----------------------------------------------------------------------------------------------------


def draft(wish: Wish) -> Call:
    """Over HTTP, to be read before it is confirmed."""
    body = {"removal_id": wish.removal_id, **request(wish).message.model_dump(mode="json", exclude={"seller_id", "removal_id"})}
    return Call(f"draft-{wish.removal_id}", Role.SELLER, REMOVALS_PATH, body, service="removals")


def confirmation(wish: Wish, number: int) -> Call:
    """Of the draft with this number."""
    return _seller_call(wish, "confirmation", {"draft": number})


def request(wish: Wish) -> Post:
    """Draft and confirmation in one."""
    message = RequestRemoval(
        seller_id=SELLER,
        removal_id=wish.removal_id,
        marketplace_id=MARKETPLACE,
        method=wish.method,
        ship_to=_ship_to(wish) if wish.method is Method.SHIP_TO else None,
        items=wish.items,
    )
    return _of_removal(wish.removal_id, wish.at, message, what="request", sender="back-office")


def cancel(wish: Wish, at: datetime) -> Post | Call:
    """In the way in which it was asked for."""
    return _seller_call(wish, "cancellation", {}) if removal_fates.asked_by_http(wish.removal_id) else cancel_post(wish, at)


def cancel_post(wish: Wish, at: datetime) -> Post:
    message = CancelRemoval(seller_id=SELLER, removal_id=wish.removal_id)
    return _of_removal(wish.removal_id, at, message, what="cancel", sender="back-office")


def _seller_call(wish: Wish, action: str, body: dict[str, int]) -> Call:
    path = f"{REMOVALS_PATH}/{wish.removal_id}/{action}"
    return Call(f"{action}-{wish.removal_id}", Role.SELLER, path, body, service="removals")


def _ship_to(wish: Wish) -> ShipTo:
    changed: dict[str, str | None] = {}
    if wish.address_refused:
        changed = REFUSED_ADDRESSES[draws.among(sorted(REFUSED_ADDRESSES), wish.removal_id, "refused address")]
    return ShipTo(recipient=removal_fates.recipient(wish.removal_id), address=ADDRESS.model_copy(update=changed))


# ---- the warehouse --------------------------------------------------------------------------------------------------


def pick_started(removal_id: str, at: datetime) -> Post:
    return _of_removal(
        removal_id, at, RemovalPickStarted(seller_id=SELLER, removal_id=removal_id), what="pick", sender="warehouse"
    )


def short_pick(removal_id: str, at: datetime, line: LineUnits) -> Post:
    message = RemovalPickShort(seller_id=SELLER, removal_id=removal_id, lines=(ShortUnits(**dict(line)),))
    return _of_removal(removal_id, at, message, what="short-pick", sender="warehouse")


def departure(removal_id: str, at: datetime, number: int, lines: Sequence[LineUnits]) -> Post:
    """The `number`th portion: a parcel, or units destroyed."""
    message: Message
    if removal_fates.method(removal_id) is Method.DISPOSE:
        disposal_id = f"D{number}"
        message = RemovalUnitsDisposed(seller_id=SELLER, removal_id=removal_id, disposal_id=disposal_id, lines=tuple(lines))
    else:
        digits = f"{draws.number(removal_id, 'tracking', str(number)):020d}"
        parcel = RemovalParcel(
            package_id=f"P{number}",
            carrier=draws.among(CARRIERS, removal_id, "carrier"),
            tracking_number=f"GB{digits[:12]}",
            shipped_at=at,
            lines=tuple(lines),
        )
        message = RemovalParcelShipped(seller_id=SELLER, removal_id=removal_id, parcel=parcel)
    return _of_removal(removal_id, at, message, what=f"portion-{number}", sender="warehouse")


def _of_removal(removal_id: str, at: datetime, message: Message, *, what: str, sender: str) -> Post:
    return Post(at, f"{removal_id}/{what}", removal_id, sender, message)
