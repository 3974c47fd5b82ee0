"""What the warehouse says, which is outside of Wharf: the progress of orders, and what happens to stock on the shelf."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from contracts.envelope import Topic
from contracts.inventory import Disposition, ItemMessage
from contracts.orders import LINES_MAX, OrderMessage, Package
from contracts.removals import LINES_MAX as REMOVAL_LINES_MAX
from contracts.removals import RemovalMessage, RemovalParcel
from contracts.values import Code, LineUnits, LocationId, Note, OrderId, Quantity

PROGRESS = Topic("warehouse.progress", "warehouse", "order or removal", "the process's own arbiter reads it, nobody else")
STOCK = Topic("warehouse.stock", "warehouse", "item", "at least once, in order for one item")


# ---- progress of network orders -------------------------------------------------------------------------------------


class OrderProgress(OrderMessage):
    topic: ClassVar[Topic] = PROGRESS


class OrderParcelShipped(OrderProgress):
    """A parcel of a network order has left the center. Physical truth: it counts even if the order was canceled."""

    package: Package


class OrderPickShort(OrderProgress):
    """Units of a network order were not on the shelf."""

    lines: tuple[LineUnits, ...] = Field(min_length=1, max_length=LINES_MAX)


# ---- progress of removals ---------------------------------------------------------------------------------------------


class RemovalProgress(RemovalMessage):
    topic: ClassVar[Topic] = PROGRESS


class RemovalPickStarted(RemovalProgress):
    """Somebody goes to the shelf: from now on the removal can't be canceled (R9)."""


class RemovalParcelShipped(RemovalProgress):
    """A parcel of a removal has left the center. Physical truth: it counts even if the removal was canceled."""

    parcel: RemovalParcel


class RemovalUnitsDisposed(RemovalProgress):
    """Units of a removal were destroyed. Physical truth, too. `disposal_id` tells a repetition from another disposal."""

    disposal_id: Code
    lines: tuple[LineUnits, ...] = Field(min_length=1, max_length=REMOVAL_LINES_MAX)


class ShortUnits(LineUnits):
    """Units that were not on the shelf; of which place, when the warehouse knows."""

    location_id: LocationId | None = None


class RemovalPickShort(RemovalProgress):
    """Units of a removal were not on the shelf. With a `report_id` a repetition is known under whatever `ce_id`."""

    report_id: Code | None = None
    lines: tuple[ShortUnits, ...] = Field(min_length=1, max_length=REMOVAL_LINES_MAX)


# ---- stock on the shelf -----------------------------------------------------------------------------------------------


class StockReport(ItemMessage):
    topic: ClassVar[Topic] = STOCK

    location_id: LocationId
    quantity: Quantity


class UnitsReceived(StockReport):
    """Units came in and can be sold at once (I10)."""

    disposition: Disposition = Disposition.SELLABLE
    reference: Note = ""


class Adjustment(StrEnum):
    FOUND = "found"
    LOST = "lost"
    DAMAGED = "damaged"


class UnitsAdjusted(StockReport):
    """The count was wrong (found, lost), or sellable units were damaged."""

    adjustment: Adjustment
    disposition: Disposition = Field(default=Disposition.SELLABLE, description="damaged: by whom; found, lost: in which state")
    reference: Note = ""


class CustomerReturned(StockReport):
    """A buyer sent units back; the disposition says whether they can be sold again."""

    order_id: OrderId
    disposition: Disposition
