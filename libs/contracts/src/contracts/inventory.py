"""What inventory says and what may be asked of it: reservations by holder, stock and listings by item."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import Message, Subject, Topic
from contracts.orders import LINES_MAX
from contracts.removals import LINES_MAX as REMOVAL_LINES_MAX
from contracts.removals import PORTIONS_MAX, RemovalMessage, RemovalShortage
from contracts.values import (
    Asin,
    Channel,
    Code,
    Fnsku,
    Instant,
    LineNumber,
    LocationId,
    MarketplaceId,
    Note,
    OrderId,
    Quantity,
    Sequence,
    Sku,
    Title,
    Units,
    Value,
)

COMMANDS = Topic("inventory.commands", "back office", "item", "trusted writers only; each command has its effect once")
RESERVATIONS = Topic("inventory.reservations", "inventory", "holder", "facts of one holder arrive in order")
STOCK = Topic("inventory.stock", "inventory", "item", "snapshots; ignore a lower version than you have", compacted=True)
FACTS = Topic("inventory.facts", "inventory", "item", "facts of one item arrive in order")


class Bucket(StrEnum):
    """Where a unit of an item can be (I1). Open when read."""

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


NOT_REMOVABLE = {
    Bucket.RESERVED: "pending_customer_order",
    Bucket.RESERVED_TRANSFER: "pending_transshipment",
    Bucket.RESERVED_PROCESSING: "processing",
    Bucket.HELD: "other_removal",
    Bucket.INBOUND_WORKING: "inbound",
    Bucket.INBOUND_SHIPPED: "inbound",
    Bucket.INBOUND_RECEIVING: "inbound",
    Bucket.RESEARCHING: "researching",
}
"""By bucket of a center the legend's code of its units (I16); those of other buckets may be removed."""

OTHER_MARKETPLACE, NOT_IN_NETWORK = "other_marketplace", "not_in_network"
"""The legend's codes of units in centers that a removal does not reach, and of those in no center, whatever their bucket."""

TOO_MANY_PLACES = "too_many_places"
"""The legend's code of units that may be removed, but not by one removal: it would have more than PORTIONS_MAX portions."""

LEGEND = {
    "pending_customer_order": "Bound to a customer's order that has not shipped yet.",
    "pending_transshipment": "On the way from one fulfillment center to another.",
    "processing": "Being measured, sampled or otherwise handled in a fulfillment center.",
    "other_removal": "Held for another removal.",
    "inbound": "Announced or on the way, not in a fulfillment center yet.",
    "researching": "Misplaced or in doubt; the warehouse is looking into it.",
    OTHER_MARKETPLACE: "In a fulfillment center of another marketplace's country.",
    NOT_IN_NETWORK: "At the seller's own place, which removals do not reach.",
    TOO_MANY_PLACES: "Spread over more places than one removal can name: ask for fewer items at once.",
}
"""Why units may not be removed (I16): a sentence for each code that facts and lists give."""


class Disposition(StrEnum):
    """The state in which a unit comes back or is found."""

    SELLABLE = "sellable"
    CUSTOMER_DAMAGED = "customer_damaged"
    WAREHOUSE_DAMAGED = "warehouse_damaged"
    DISTRIBUTOR_DAMAGED = "distributor_damaged"
    CARRIER_DAMAGED = "carrier_damaged"
    DEFECTIVE = "defective"
    EXPIRED = "expired"


class ItemMessage(Message):
    sku: Sku

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "item", self.sku)


# ---- commands ---------------------------------------------------------------------------------------------------


class ItemCommand(ItemMessage):
    topic: ClassVar[Topic] = COMMANDS


class SetProduct(ItemCommand):
    """Describe an item. A later description replaces the earlier one."""

    asin: Asin
    fnsku: Fnsku
    title: Title


class SetListing(ItemCommand):
    """Offer an item in a marketplace, or end the offer."""

    marketplace_id: MarketplaceId
    channel: Channel
    offered: bool = True


# ---- reservations, keyed by holder --------------------------------------------------------------------------------


class HolderFact(Message):
    """About what an order holds. `order_id` names the holder; removals hold by facts of their own."""

    topic: ClassVar[Topic] = RESERVATIONS

    order_id: OrderId

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "order", self.order_id)


class HeldLine(Value):
    """Units of a holder's line at one location."""

    line: LineNumber
    sku: Sku
    location_id: LocationId
    quantity: Quantity


class MissingUnits(Value):
    sku: Sku
    quantity: Quantity


class StockReserved(HolderFact):
    """Every line of the order is held (O1, I13)."""

    lines: tuple[HeldLine, ...] = Field(min_length=1, max_length=LINES_MAX * 10)


class StockRefused(HolderFact):
    """Nothing is held: at least one line could not be. `missing` has the units short."""

    missing: tuple[MissingUnits, ...] = Field(min_length=1, max_length=LINES_MAX)


class StockReleased(HolderFact):
    """These units are not held for the order any more; `restocked` tells whether they can be sold again (O15)."""

    lines: tuple[HeldLine, ...] = Field(min_length=1, max_length=LINES_MAX * 10)
    restocked: bool


class StockShipped(HolderFact):
    """These units have left for the buyer."""

    lines: tuple[HeldLine, ...] = Field(min_length=1, max_length=LINES_MAX * 10)


class ReservationWithdrawn(HolderFact):
    """These lines can't be kept: the units turned out to be gone, and the youngest reservations give way."""

    lines: tuple[HeldLine, ...] = Field(min_length=1, max_length=LINES_MAX * 10)


# ---- holds for removals, keyed by holder ----------------------------------------------------------------------------


class HoldFact(RemovalMessage):
    """About what a removal holds."""

    topic: ClassVar[Topic] = RESERVATIONS


class HeldUnits(HeldLine):
    """Units of a removal's line at one location; `bucket` is where they were, and where they go back to."""

    bucket: Code


class UnitsHeld(HoldFact):
    """Every line of the removal is held: nobody can buy these units, no other removal takes them (R8, S6)."""

    lines: tuple[HeldUnits, ...] = Field(min_length=1, max_length=PORTIONS_MAX)


class UnitsRefused(HoldFact):
    """Nothing is held: at least one line could not be. `missing` has the units short, and the legend's codes (I16)."""

    missing: tuple[RemovalShortage, ...] = Field(min_length=1, max_length=REMOVAL_LINES_MAX)


class HoldReleased(HoldFact):
    """These units are not held any more; they are back in their buckets (R9)."""

    lines: tuple[HeldUnits, ...] = Field(min_length=1, max_length=PORTIONS_MAX)


class UnitsRemoved(HoldFact):
    """These units have left for good, shipped or disposed of."""

    lines: tuple[HeldUnits, ...] = Field(min_length=1, max_length=PORTIONS_MAX)


class HeldUnitsWrittenOff(HoldFact):
    """These units were not on the shelf."""

    lines: tuple[HeldUnits, ...] = Field(min_length=1, max_length=PORTIONS_MAX)


class HoldWithdrawn(HoldFact):
    """These lines can't be kept: the units turned out to be gone, and the youngest holders give way."""

    lines: tuple[HeldUnits, ...] = Field(min_length=1, max_length=PORTIONS_MAX)


# ---- stock and listings, keyed by item -----------------------------------------------------------------------------


class BucketUnits(Value):
    location_id: LocationId
    bucket: Code
    quantity: Units


class StockSnapshot(ItemMessage):
    """All balances of an item as of its `version`, the number of its movements. Buckets without units are left out."""

    topic: ClassVar[Topic] = STOCK

    version: Sequence
    changed_at: Instant
    balances: tuple[BucketUnits, ...] = Field(max_length=100_000)


class ItemFact(ItemMessage):
    topic: ClassVar[Topic] = FACTS


class ListingSoldOut(ItemFact):
    """Nothing is left to sell: the listing leaves the offer page (O1)."""

    marketplace_id: MarketplaceId
    channel: Code


class ListingRestocked(ItemFact):
    """There is something to sell again: the listing is back on the offer page (O1)."""

    marketplace_id: MarketplaceId
    channel: Code


class DiscrepancyOpened(ItemFact):
    """More units left than the books can give; somebody has to look."""

    discrepancy_id: UUID
    location_id: LocationId
    quantity: Quantity
    sentence: Note


class InventoryCommandRefused(ItemFact):
    """A command changed nothing; `code` is one of REFUSALS."""

    command: Code
    command_id: UUID
    code: Code
    sentence: Note


REFUSALS = {
    "fnsku_taken": "Another product of this seller has this FNSKU.",
}
"""Every code of `InventoryCommandRefused`, with its sentence."""
