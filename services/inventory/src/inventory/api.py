"""Inventory over HTTP: what a seller has and why, and the description and offer of its items.

Stock comes and goes by the warehouse's reports and by orders, over Kafka only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.edge import edge_of
from chassis.outcomes import Fact
from chassis.paging import PAGE_ROWS, Cursor, Limit, Page, cursor_place, cursor_text, page_of
from chassis.paths import PART
from chassis.problems import ProblemError
from chassis.sending import Answer, Asked, JsonBody, Sender, Sends
from contracts.inventory import Bucket, SetListing, SetProduct
from contracts.values import Asin, Channel, Fnsku, LocationId, MarketplaceId, SellerId, Sku, Title
from inventory.domain.legend import Reason
from inventory.queries import (
    ItemStock,
    LedgerLine,
    Offer,
    OpenDiscrepancy,
    explain_balance,
    get_item,
    list_discrepancies,
    list_listings,
    list_reasons,
    list_stock,
)

router = APIRouter(tags=["inventory"])

SELLERS = "/sellers/{seller_id}"
SKU = f"{{sku:{PART}}}"

Clerk = Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR, Role.SYSTEM))]
Anyone = Annotated[Principal, Depends(Allowed(*Role))]
Merchant = Annotated[Sender, Depends(Sends(Role.SELLER, Role.SYSTEM))]


class Description(Asked):
    """What an item is. A later description replaces the earlier one."""

    asin: Asin
    fnsku: Fnsku
    title: Title


class Offering(Asked):
    """Whether buyers are offered the item."""

    offered: bool = True


class Listing(Answer):
    """An item offered in a marketplace; `on_offer_page`: buyers can see and buy it (O1)."""

    sku: str
    marketplace_id: str
    channel: str
    offered: bool
    sold_out: bool
    on_offer_page: bool


class BalanceLines(Page[LedgerLine]):
    """Why a balance is what it is (I13): a page begins at `opening`; after the last line of all it is `balance`."""

    opening: int
    balance: int


class Changed(Answer):
    """What the command has told the world, in order; empty when nobody but the caller has to know."""

    sku: str
    facts: tuple[str, ...]


DescriptionBody = Annotated[Description, Depends(JsonBody(Description))]
OfferingBody = Annotated[Offering, Depends(JsonBody(Offering))]


@router.get(SELLERS + "/stock")
async def stock_of_seller(
    request: Request, seller_id: SellerId, _: Clerk, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[ItemStock]:
    """Items with their quantities, in all and by location, in the order of their SKUs (I1)."""
    place = cursor_place("stock", cursor, 1)
    async with edge_of(request).reading() as connection:
        rows = await list_stock(connection, seller_id, place[0] if place else None, limit + 1)
    return page_of("stock", rows, limit, lambda row: (row.sku,))


@router.get(f"{SELLERS}/stock/{SKU}")
async def stock_of_item(request: Request, seller_id: SellerId, sku: Sku, _: Clerk) -> ItemStock:
    """One item with its quantities (I1)."""
    async with edge_of(request).reading() as connection:
        found = await get_item(connection, seller_id, sku)
    if found is None:
        raise ProblemError("not_found")
    return found


class Balance(Answer):
    """A balance of an item: so many units are in this bucket at this location."""

    seller_id: SellerId
    sku: Sku
    location_id: LocationId
    bucket: Bucket


async def _balance(seller_id: SellerId, sku: Sku, location_id: LocationId, bucket: Bucket) -> Balance:
    return Balance(seller_id=seller_id, sku=sku, location_id=location_id, bucket=bucket)


@router.get(f"{SELLERS}/stock/{SKU}/balances/{{location_id}}/{{bucket}}/lines")
async def lines_of_balance(
    request: Request,
    of: Annotated[Balance, Depends(_balance)],
    _: Clerk,
    limit: Limit = PAGE_ROWS,
    cursor: Cursor = None,
) -> BalanceLines:
    """Explain a balance line by line, from its first unit on (I13)."""
    name = "lines"
    place = cursor_place(name, cursor, 1)
    after = int(place[0]) if place else None
    at = (of.location_id, of.bucket.value)
    async with edge_of(request).reading() as connection:
        told = await explain_balance(connection, of.seller_id, of.sku, at, after=after, limit=limit + 1)
    shown = tuple(told.lines[:limit])
    more = cursor_text(name, (str(shown[-1].item_version),)) if len(told.lines) > limit else None
    return BalanceLines(rows=shown, next_cursor=more, opening=told.opening, balance=told.balance)


@router.get(SELLERS + "/listings")
async def listings_of_seller(
    request: Request, seller_id: SellerId, _: Anyone, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[Listing]:
    """What is offered where, in the order of SKU, marketplace and channel."""
    place = cursor_place("listings", cursor, 3)
    after = (place[0], place[1], place[2]) if place else None
    async with edge_of(request).reading() as connection:
        rows = await list_listings(connection, seller_id, after, limit + 1)
    return page_of("listings", [_listing(row) for row in rows], limit, lambda row: (row.sku, row.marketplace_id, row.channel))


@router.get(SELLERS + "/discrepancies")
async def discrepancies_of_seller(
    request: Request, seller_id: SellerId, _: Clerk, limit: Limit = PAGE_ROWS, cursor: Cursor = None
) -> Page[OpenDiscrepancy]:
    """Units that left although the books had none, the oldest first."""
    place = cursor_place("discrepancies", cursor, 2)
    after = (datetime.fromisoformat(place[0]), UUID(place[1])) if place else None
    async with edge_of(request).reading() as connection:
        rows = await list_discrepancies(connection, seller_id, after, limit + 1)
    return page_of("discrepancies", rows, limit, lambda row: (row.opened_at.isoformat(), str(row.discrepancy_id)))


@router.get("/legend")
async def legend(_: Anyone) -> tuple[Reason, ...]:
    """Why units are not available for removal, a sentence for each code (I16)."""
    return tuple(list_reasons())


@router.put(f"{SELLERS}/products/{SKU}")
async def set_product(seller_id: SellerId, sku: Sku, sender: Merchant, asked: DescriptionBody) -> Changed:
    """Describe an item; it is there from then on, without units."""
    return _changed(sku, await sender.send(SetProduct(seller_id=seller_id, sku=sku, **dict(asked))))


class OfferPlace(Answer):
    """Where an item is offered."""

    seller_id: SellerId
    sku: Sku
    marketplace_id: MarketplaceId
    channel: Channel


async def _offer_place(seller_id: SellerId, sku: Sku, marketplace_id: MarketplaceId, channel: Channel) -> OfferPlace:
    return OfferPlace(seller_id=seller_id, sku=sku, marketplace_id=marketplace_id, channel=channel)


@router.put(f"{SELLERS}/listings/{SKU}/{{marketplace_id}}/{{channel}}")
async def set_listing(place: Annotated[OfferPlace, Depends(_offer_place)], sender: Merchant, asked: OfferingBody) -> Changed:
    """Offer an item in a marketplace, or end the offer."""
    return _changed(place.sku, await sender.send(SetListing(**dict(place), offered=asked.offered)))


def _listing(offer: Offer) -> Listing:
    return Listing.model_validate(offer, from_attributes=True)


def _changed(sku: str, facts: Sequence[Fact]) -> Changed:
    return Changed(sku=sku, facts=tuple(fact.type for fact in facts))
