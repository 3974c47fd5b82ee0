"""Units of an item by place, and how they move: double entry, never negative, each movement numbered by the item's version.

Which units a message moves is not decided here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from inventory.domain.listing import Listing


class Bucket(StrEnum):
    """Where a unit that is ours to keep can be (I1). Each has a balance a location."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    RESERVED_TRANSFER = "reserved_transfer"
    RESERVED_PROCESSING = "reserved_processing"
    HELD = "held"
    INBOUND_WORKING = "inbound_working"
    INBOUND_SHIPPED = "inbound_shipped"
    INBOUND_RECEIVING = "inbound_receiving"
    RESEARCHING = "researching"
    CUSTOMER_DAMAGED = "customer_damaged"
    WAREHOUSE_DAMAGED = "warehouse_damaged"
    DISTRIBUTOR_DAMAGED = "distributor_damaged"
    CARRIER_DAMAGED = "carrier_damaged"
    DEFECTIVE = "defective"
    EXPIRED = "expired"


class Outside(StrEnum):
    """Where units come from and go to. Has no balance: the ledger's sum is what went there."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    WRITTEN_OFF = "written_off"
    REMOVED = "removed"


Account: TypeAlias = Bucket | Outside
Place: TypeAlias = tuple[str, Bucket]
"""Location id and bucket."""

UNFULFILLABLE = (
    Bucket.CUSTOMER_DAMAGED,
    Bucket.WAREHOUSE_DAMAGED,
    Bucket.DISTRIBUTOR_DAMAGED,
    Bucket.CARRIER_DAMAGED,
    Bucket.DEFECTIVE,
    Bucket.EXPIRED,
)
"""By disposition, in the order in which removals take them."""

AVAILABLE = Bucket.AVAILABLE
"""For what every line of every order asks: looking a member up in its enum takes Python 3.11 ten times as long as a name."""

SELLABLE = "sellable"
"""The disposition of units that can be sold; the others are named as their bucket."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class OverdrawnError(ArithmeticError):
    """A move would take more units than are there: a bug of the rule that asked for it."""


class Move(NamedTuple):
    """Units of an item change their account at a location; `line` is the holder's, if someone holds or held them.

    What every line of every order makes is made by `_make`: in two thirds of the time.
    """

    sku: str
    location_id: str
    source: Account
    target: Account
    quantity: int
    line: int | None = None


class Item(NamedTuple):
    """Units of one SKU by place; one never heard of has none. `version` counts movements, `sequence` the facts told.

    A named tuple, since every line of every order makes one: a frozen dataclass takes twice as long to make.
    """

    version: int = 0
    balances: Mapping[Place, int] = MappingProxyType({})
    listings: tuple[Listing, ...] = ()
    changed_at: datetime = NEVER
    sequence: int = 0

    def available(self, scope: str = "") -> dict[str, int]:
        """Units that can be sold, by location, of those whose ids begin with `scope`."""
        return {
            location: units
            for (location, bucket), units in self.balances.items()
            if bucket is AVAILABLE and units and location.startswith(scope)
        }


NOTHING = Item()


def post(item: Item, move: Move, now: datetime) -> Item:
    """The item after this move; its version goes up by one. Raises OverdrawnError."""
    version, before, listings, changed_at, sequence = item
    _, location, source, target, quantity, _ = move
    balances = {**before}
    if isinstance(source, Bucket):
        at = location, source
        left = balances.get(at, 0) - quantity
        if left < 0 or quantity <= 0:
            message = f"{quantity} units to move from {location} {source}, {left} would be left"
            raise OverdrawnError(message)
        balances[at] = left
    if isinstance(target, Bucket):
        at = location, target
        balances[at] = balances.get(at, 0) + quantity
    return Item._make((version + 1, balances, listings, max(now, changed_at), sequence))


def bucket_of(disposition: str) -> Bucket:
    """Where units in this state lie. A state that is not known yet is looked into first: nobody may buy it meanwhile."""
    if disposition == SELLABLE:
        return Bucket.AVAILABLE
    return next((bucket for bucket in UNFULFILLABLE if bucket == disposition), Bucket.RESEARCHING)
