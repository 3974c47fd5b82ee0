"""Removals over HTTP: commands go to the processor, questions to `queries` and `reports`.

Sellers draft, review, confirm and cancel; operators look. The warehouse and inventory speak over Kafka.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.edge import Edge, edge_of
from chassis.outcomes import Fact
from chassis.paging import CURSOR_LENGTH_MAX, PAGE_ROWS, PAGE_ROWS_MAX, Page, cursor_place, page_of
from chassis.problems import ProblemError
from chassis.sending import Answer, JsonBody, Sender, Sends, settled
from contracts.removals import CancelRemoval, ConfirmRemoval, RemovalId
from contracts.values import MarketplaceId, SellerId, Sku
from removals.bodies import Cancellation, Confirmation, DraftContent, NewDraft, OwnRemovalId
from removals.queries import ItemRemovable, RemovalDetails, RemovalSummary, Wanted, get_removal, list_removable, list_removals
from removals.reports import Period, Place, RemovalOrderRow, RemovalShipmentRow, list_orders, list_shipments

router = APIRouter(prefix="/sellers/{seller_id}", tags=["removals"])

UNPROCESSABLE = frozenset(
    {
        "address_missing",
        "address_not_wanted",
        "postal_code_missing",
        "phone_missing",
        "phone_invalid",
        "us_territory",
        "po_box",
        "military_address",
        "fulfillment_center",
        "no_units",
        "item_twice",
    }
)
"""Refusals that lie in the draft itself; the others lie in the state of the removal."""

PLANNING = "Planning"
SKUS_MAX = 100

Status = Literal["Draft", "Planning", "Pending", "Processing", "Completed", "Canceled", "Refused"]
Owner = Annotated[Sender, Depends(Sends(Role.SELLER, unprocessable=UNPROCESSABLE))]
Clerk = Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR))]


class Removal(Answer):
    """A removal as it stands. Planning: inventory has not answered yet."""

    removal_id: str
    status: str
    draft: int
    leave_by: datetime | None


class Changed(Answer):
    """What the command has changed, as facts, in order; empty when all was so already."""

    removal_id: str
    facts: tuple[str, ...]


class PageWanted(BaseModel):
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS_MAX, description="rows of a page")
    cursor: str | None = Field(default=None, max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before")


class RemovalsWanted(PageWanted):
    """Which removals to list; nothing given is all of them. `late`: those whose units are still there after leave-by (R11)."""

    status: tuple[Status, ...] = ()
    late: bool = False


class StockWanted(PageWanted):
    """Which items to show, nothing given is all of them; and for removals in which marketplace, else in any."""

    marketplace_id: MarketplaceId | None = None
    sku: tuple[Sku, ...] = Field(default=(), max_length=SKUS_MAX)


class ReportWanted(PageWanted):
    """Removals requested in a period; nothing given is all of them."""

    requested_from: AwareDatetime | None = None
    requested_before: AwareDatetime | None = None

    @property
    def period(self) -> Period:
        return Period(self.requested_from, self.requested_before)

    def after(self, name: str) -> Place | None:
        """Raises ProblemError."""
        place = cursor_place(name, self.cursor, 3)
        return Place(datetime.fromisoformat(place[0]), place[1], int(place[2])) if place else None


NewDraftBody = Annotated[NewDraft, Depends(JsonBody(NewDraft))]
DraftBody = Annotated[DraftContent, Depends(JsonBody(DraftContent))]
ConfirmationBody = Annotated[Confirmation, Depends(JsonBody(Confirmation))]
CancellationBody = Annotated[Cancellation, Depends(JsonBody(Cancellation))]


@router.post("/removals", status_code=201)
async def draft_removal(seller_id: SellerId, sender: Owner, asked: NewDraftBody, response: Response) -> Removal:
    """Draft a removal (R2, R3, R5, R7). It holds nothing until it is confirmed; the same key gives the same removal. An own id
    that has other content already: 409 `removal_exists`.
    """
    removal_id = asked.removal_id or removal_id_of(sender.message_id)
    await sender.send(asked.command(seller_id, removal_id, replaces=False))
    response.headers["Location"] = f"/sellers/{seller_id}/removals/{removal_id}"
    return await _current(sender.edge, seller_id, removal_id)


@router.put("/removals/{removal_id}/draft")
async def replace_draft(seller_id: SellerId, removal_id: OwnRemovalId, sender: Owner, asked: DraftBody) -> Removal:
    """Write the draft anew (R6), or the first one under this id."""
    await sender.send(asked.command(seller_id, removal_id, replaces=True))
    return await _current(sender.edge, seller_id, removal_id)


@router.post(
    "/removals/{removal_id}/confirmation",
    status_code=202,
    responses={200: {"model": Removal, "description": "Inventory has answered: Pending, or Refused"}},
)
async def confirm_removal(
    seller_id: SellerId, removal_id: RemovalId, sender: Owner, asked: ConfirmationBody, response: Response
) -> Removal:
    """Ask for what was reviewed (R6, R8). Inventory's answer is outstanding (202), unless `Prefer: wait=N` waited for it."""
    await sender.send(ConfirmRemoval(seller_id=seller_id, removal_id=removal_id, draft=asked.draft))
    if sender.wait_seconds == 0:
        return await _current(sender.edge, seller_id, removal_id)
    response.headers["Preference-Applied"] = f"wait={sender.wait_seconds}"
    known = await settled(lambda: _answered(sender.edge, seller_id, removal_id), sender.wait_seconds)
    if known is None:
        return await _current(sender.edge, seller_id, removal_id)
    response.status_code = 200
    return known


@router.post("/removals/{removal_id}/cancellation")
async def cancel_removal(seller_id: SellerId, removal_id: RemovalId, sender: Owner, _: CancellationBody) -> Changed:
    """Call the removal off (R9). Too late once the warehouse has begun: 409 `removal_processing`."""
    return _changed(removal_id, await sender.send(CancelRemoval(seller_id=seller_id, removal_id=removal_id)))


@router.get("/removals")
async def removals_of_seller(
    request: Request, seller_id: SellerId, _: Clerk, wanted: Annotated[RemovalsWanted, Query()]
) -> Page[RemovalSummary]:
    """Removals, latest first (R9, R11)."""
    place = cursor_place("removals", wanted.cursor, 2)
    after = (datetime.fromisoformat(place[0]), place[1]) if place else None
    chosen = Wanted(wanted.status, wanted.late)
    async with edge_of(request).reading() as connection:
        rows = await list_removals(connection, seller_id, chosen, after=after, limit=wanted.limit + 1)
    return page_of("removals", rows, wanted.limit, lambda row: (row.drafted_at.isoformat(), row.removal_id))


@router.get("/removals/{removal_id}")
async def removal_details(request: Request, seller_id: SellerId, removal_id: RemovalId, _: Clerk) -> RemovalDetails:
    """One removal; a draft with what there is to remove, for review (R6)."""
    return await _found(edge_of(request), seller_id, removal_id)


@router.get("/removal-stock")
async def removal_stock(
    request: Request, seller_id: SellerId, _: Clerk, wanted: Annotated[StockWanted, Query()]
) -> Page[ItemRemovable]:
    """Total, available for removal, not available and why, by item (R5). Advice: the decision is made where the stock is."""
    place = cursor_place("removal-stock", wanted.cursor, 1)
    after = place[0] if place else ""
    async with edge_of(request).reading() as connection:
        rows = await list_removable(
            connection, seller_id, wanted.sku, wanted.marketplace_id, after=after, limit=wanted.limit + 1
        )
    return page_of("removal-stock", rows, wanted.limit, lambda row: (row.sku,))


@router.get("/reports/removal-orders")
async def removal_orders(
    request: Request, seller_id: SellerId, _: Clerk, wanted: Annotated[ReportWanted, Query()]
) -> Page[RemovalOrderRow]:
    """A row for each line of removals that were requested, latest first (R18)."""
    after = wanted.after("removal-orders")
    async with edge_of(request).reading() as connection:
        rows = await list_orders(connection, seller_id, wanted.period, after=after, limit=wanted.limit + 1)
    return page_of("removal-orders", rows, wanted.limit, lambda row: _text(row.place))


@router.get("/reports/removal-shipments")
async def removal_shipments(
    request: Request, seller_id: SellerId, _: Clerk, wanted: Annotated[ReportWanted, Query()]
) -> Page[RemovalShipmentRow]:
    """A row for each line of each parcel, latest request first (R18)."""
    after = wanted.after("removal-shipments")
    async with edge_of(request).reading() as connection:
        rows = await list_shipments(connection, seller_id, wanted.period, after=after, limit=wanted.limit + 1)
    return page_of("removal-shipments", rows, wanted.limit, lambda row: _text(row.place))


def removal_id_of(message_id: UUID) -> str:
    """`R-` and 17 digits. From the command's id: a retry speaks of the same removal."""
    return f"R-{message_id.int % 10**17:017d}"


async def _found(edge: Edge, seller_id: str, removal_id: str) -> RemovalDetails:
    """Raises ProblemError."""
    async with edge.reading() as connection:
        removal = await get_removal(connection, seller_id, removal_id)
    if removal is None:
        raise ProblemError("not_found")
    return removal


async def _current(edge: Edge, seller_id: str, removal_id: str) -> Removal:
    """The removal as it stands. Raises ProblemError."""
    removal = await _found(edge, seller_id, removal_id)
    return Removal.model_validate({name: getattr(removal, name) for name in Removal.model_fields})


async def _answered(edge: Edge, seller_id: str, removal_id: str) -> Removal | None:
    """The removal, once it does not wait for inventory any more."""
    removal = await _current(edge, seller_id, removal_id)
    return None if removal.status == PLANNING else removal


def _changed(removal_id: str, facts: Sequence[Fact]) -> Changed:
    return Changed(removal_id=removal_id, facts=tuple(fact.type for fact in facts))


def _text(place: Place) -> tuple[str, str, str]:
    return place.requested_at.isoformat(), place.removal_id, str(place.row)
