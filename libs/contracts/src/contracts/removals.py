"""What removals says and what may be asked of it. Everything is keyed by removal.

A seller gives items with fulfillable and unfulfillable units; from the request on a line is units of one item in one condition.
Where the units go is only in `DraftRemoval`, `RequestRemoval` and `RemovalPlaced`.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Deadline, Message, Subject, Topic
from contracts.values import (
    PLAIN,
    Address,
    Code,
    Instant,
    LineUnits,
    LocationId,
    MarketplaceId,
    Note,
    Quantity,
    Sku,
    Units,
    Value,
)

COMMANDS = Topic("removals.commands", "back office", "removal", "trusted writers only; each command has its effect once")
FACTS = Topic("removals.facts", "removals", "removal", "facts of one removal arrive in the order of their sequence")

ITEMS_MAX = 200
LINES_MAX = ITEMS_MAX * 2
PORTIONS_MAX = 2_500
"""Units of a line in one place, as a hold or a pick names them: so many fit into one fact, however long their names are."""

RemovalId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$"),
    Field(description="the seller's own, or a made one; unique for the seller (R3)"),
]


class Method(StrEnum):
    """What becomes of the units (R2)."""

    SHIP_TO = "ship_to"
    DISPOSE = "dispose"


class Recipient(StrEnum):
    """Who gets the units (R2); never a customer."""

    OWN = "own"
    MANUFACTURER = "manufacturer"
    THIRD_PARTY = "third_party"


class Condition(StrEnum):
    """Whether units could be sold. Open when read."""

    FULFILLABLE = "fulfillable"
    UNFULFILLABLE = "unfulfillable"


class ShipTo(Value):
    """Where the units go. The address needs a phone number: the carrier calls it (R12)."""

    recipient: Recipient
    address: Address


UnitsAsked: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000, description="units; no line can have more")]


class RemovalItem(Value):
    """Units of one item to take out, by condition (R5)."""

    sku: Sku
    fulfillable: UnitsAsked = 0
    unfulfillable: UnitsAsked = 0


class RemovalLine(LineUnits):
    """Units of one item in one condition."""

    condition: Code


class MissingLine(RemovalLine):
    """Units of a line that were not on the shelf; of which place, when the warehouse said so."""

    location_id: LocationId | None = None


class DepartedUnits(LineUnits):
    """Units of a line that have left; in what condition they were, removals always says."""

    condition: Code | None = None


class RemovalParcel(Value):
    """A parcel of a removal that has left its center."""

    package_id: Code
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PLAIN)]
    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PLAIN)]
    shipped_at: Instant
    lines: tuple[LineUnits, ...] = Field(min_length=1, max_length=LINES_MAX)


class DepartedParcel(RemovalParcel):
    """A parcel as removals tells of it."""

    lines: tuple[DepartedUnits, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalMessage(Message):
    removal_id: RemovalId

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "removal", self.removal_id)


# ---- commands ---------------------------------------------------------------------------------------------------


class RemovalCommand(RemovalMessage):
    topic: ClassVar[Topic] = COMMANDS


class DraftRemoval(RemovalCommand):
    """Write down what to remove, for review; a later draft of the same id replaces it. Holds nothing (R6)."""

    marketplace_id: MarketplaceId
    method: Method
    ship_to: ShipTo | None = Field(default=None, description="with method ship_to only")
    items: tuple[RemovalItem, ...] = Field(min_length=1, max_length=ITEMS_MAX)
    replaces: bool = Field(default=True, description="false: refused when the id has other content already")


class ConfirmRemoval(RemovalCommand):
    """Ask for what the draft says (R6)."""

    draft: int | None = Field(default=None, ge=1, description="the draft that was reviewed; refused when there is a later one")


class RequestRemoval(RemovalCommand):
    """A draft and its confirmation in one. The same id with the same content is a repetition, with other content refused."""

    marketplace_id: MarketplaceId
    method: Method
    ship_to: ShipTo | None = Field(default=None, description="with method ship_to only")
    items: tuple[RemovalItem, ...] = Field(min_length=1, max_length=ITEMS_MAX)


class CancelRemoval(RemovalCommand):
    """Call a removal off. Too late once the warehouse has begun (R9)."""


# ---- facts ------------------------------------------------------------------------------------------------------


class RemovalFact(RemovalMessage):
    topic: ClassVar[Topic] = FACTS


class RemovalDrafted(RemovalFact):
    """There is a draft to review; `draft` counts them (R6)."""

    draft: int


class RemovalRequested(RemovalFact):
    """The removal is Planning and asks for its units (R8)."""

    marketplace_id: MarketplaceId
    lines: tuple[RemovalLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalPick(RemovalLine):
    """Units of a line in one place."""

    location_id: LocationId
    bucket: Code


class RemovalPlaced(RemovalFact):
    """The units are held and the removal is Pending: the warehouse may pick them (R9). They should have left by `leave_by`
    (R11).
    """

    marketplace_id: MarketplaceId
    method: Code
    ship_to: ShipTo | None = None
    lines: tuple[RemovalPick, ...] = Field(min_length=1, max_length=PORTIONS_MAX)
    leave_by: Instant


class UnavailableUnits(Value):
    """Units that are there and may not be removed, by the legend's code (I16)."""

    code: Code
    quantity: Quantity


class RemovalShortage(RemovalLine):
    """Units of a line that could not be held, and why others of the item may not be touched."""

    unavailable: tuple[UnavailableUnits, ...] = ()


class RemovalRefused(RemovalFact):
    """Not all units could be held, so none is: the removal has ended (R8)."""

    missing: tuple[RemovalShortage, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalProcessing(RemovalFact):
    """The warehouse has begun to pick: the removal can't be canceled any more (R9)."""


class RemovalPickRefused(RemovalFact):
    """The warehouse wanted to begin with a removal that has ended: nothing of it may leave. `status` is how it ended."""

    status: Code


class RemovalShipped(RemovalFact):
    """A parcel has left. Units beyond those that the removal still held are in `uncalled`: physical truth counts."""

    parcel: DepartedParcel
    uncalled: tuple[DepartedUnits, ...] = Field(default=(), max_length=LINES_MAX)


class RemovalDisposed(RemovalFact):
    """Units were destroyed. Those beyond what the removal still held are in `uncalled`."""

    disposal_id: Code
    lines: tuple[DepartedUnits, ...] = Field(min_length=1, max_length=LINES_MAX)
    uncalled: tuple[DepartedUnits, ...] = Field(default=(), max_length=LINES_MAX)


class RemovalUnitsMissing(RemovalFact):
    """Units that were held were not on the shelf: the lines are shorter, the units are written off."""

    lines: tuple[MissingLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalShortened(RemovalFact):
    """Units that were held went elsewhere: they turned out to be needed where they had left already."""

    lines: tuple[RemovalLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalCanceled(RemovalFact):
    """Called off before the warehouse began, by the seller or since its time was over; `lines` can be sold again (R9)."""

    lines: tuple[RemovalLine, ...] = Field(max_length=LINES_MAX)
    by: Code


class RemovalUnitsReturned(RemovalFact):
    """A removal that the warehouse had begun was given up: these units stay (S5)."""

    lines: tuple[RemovalLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalCancelRefused(RemovalFact):
    """The cancel came too late, or there is nothing to cancel; `code` is one of REFUSALS (R9)."""

    command_id: UUID
    code: Code
    sentence: Note


class CompletedLine(RemovalLine):
    """`quantity` was asked for = shipped + disposed + canceled. Canceled are also units that were not found."""

    shipped: Units = 0
    disposed: Units = 0
    canceled: Units = 0


class RemovalCompleted(RemovalFact):
    """Every unit has left, was disposed of or will not leave (R9)."""

    lines: tuple[CompletedLine, ...] = Field(min_length=1, max_length=LINES_MAX)


class RemovalLate(RemovalFact):
    """Units are still in their center though `leave_by` has passed (R11)."""

    leave_by: Instant


class RemovalCommandRefused(RemovalFact):
    """A command changed nothing; `code` is one of REFUSALS."""

    command: Code
    command_id: UUID
    code: Code
    sentence: Note


# ---- deadlines (never travel) -----------------------------------------------------------------------------------


class RemovalDeadline(Deadline):
    kind: ClassVar[str] = "removal"


class DraftExpired(RemovalDeadline):
    """A draft was never confirmed (R6)."""


class LeaveByReached(RemovalDeadline):
    """30 business days are over (R11)."""


class RemovalGivenUp(RemovalDeadline):
    """So late that nothing more will come: what is still open ends (S5)."""


class EarlyRemovalMessagesExpired(RemovalDeadline):
    """Messages came for a removal that never did."""


REFUSALS = {
    "removal_exists": "A removal with this id and other content exists already.",
    "no_draft": "There is no draft: it was refused, or the removal has been confirmed or has ended.",
    "draft_changed": "The draft was changed after it was reviewed: review it again.",
    "address_missing": "To ship units, say where to.",
    "address_not_wanted": "An address is only for shipping, not for disposal.",
    "postal_code_missing": "An address in the United States needs a postal code of five or nine digits.",
    "phone_missing": "The address needs a phone number: the carrier calls it to arrange delivery.",
    "phone_invalid": "The phone number is not valid in the address's country.",
    "us_territory": "Removals do not ship to territories of the United States.",
    "po_box": "Removals do not ship to post office boxes.",
    "military_address": "Removals do not ship to APO, FPO or DPO addresses.",
    "fulfillment_center": "Removals do not ship to fulfillment centers.",
    "no_units": "Each item needs at least one unit to remove.",
    "item_twice": "An item may be named once.",
    "removal_processing": "The warehouse has begun to pick: the removal can't be canceled any more.",
    "removal_completed": "The removal is completed.",
    "removal_ended": "The removal has ended already.",
}
"""Every code of `RemovalCommandRefused` and `RemovalCancelRefused`, with its sentence."""
