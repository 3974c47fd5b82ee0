"""What clients send over HTTP. A field that we do not know is an error in every part: it would be left undone in silence."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from chassis.sending import Asked
from contracts.removals import ITEMS_MAX, DraftRemoval, Method, RemovalId, RemovalItem, ShipTo
from contracts.values import Address, MarketplaceId

OwnRemovalId = Annotated[RemovalId, StringConstraints(pattern=r"^(\.{0,2}[A-Za-z0-9_-]|\.{3})[A-Za-z0-9._-]*$")]
"""Neither `.` nor `..`: in a path they mean something else."""


class AddressGiven(Address):
    model_config = ConfigDict(extra="forbid")


class ShipToGiven(ShipTo):
    model_config = ConfigDict(extra="forbid")

    address: AddressGiven


class ItemGiven(RemovalItem):
    model_config = ConfigDict(extra="forbid")


class DraftContent(Asked):
    """What to remove, and where to: an address only for shipping (R2), with a phone number that the carrier can call (R12)."""

    marketplace_id: MarketplaceId
    method: Method
    ship_to: ShipToGiven | None = None
    items: tuple[ItemGiven, ...] = Field(min_length=1, max_length=ITEMS_MAX)

    def command(self, seller_id: str, removal_id: str, *, replaces: bool) -> DraftRemoval:
        content = self.model_dump(include={"marketplace_id", "method", "ship_to", "items"})
        return DraftRemoval(seller_id=seller_id, removal_id=removal_id, replaces=replaces, **content)


class NewDraft(DraftContent):
    """`removal_id` is the seller's own; without one it is made (R3)."""

    removal_id: OwnRemovalId | None = None


class Confirmation(Asked):
    """`draft` is the number of the draft that was reviewed: refused when there is a later one (R6)."""

    draft: int | None = Field(default=None, ge=1)


class Cancellation(Asked):
    """Calls off all that has not left."""
