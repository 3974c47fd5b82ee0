"""What may be asked about stock: read-only SQL for lists and explanations. Decides nothing, locks nothing.

Lists give at most `limit` rows; `after` is the key of the last row seen. Cutting pages and making cursors opaque is the
interface's affair.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Integer, Select, and_, bindparam, case, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.inventory import BucketUnits, StockSnapshot
from inventory.domain import legend
from inventory.domain.removal_hold import unavailable
from inventory.domain.stock import UNFULFILLABLE, Bucket, Item
from inventory.tables import balance, discrepancy, item, listing, movement, period_of, product


@dataclass(frozen=True, slots=True)
class Quantities:
    """I1. `total` = available + the three of reserved + held + the three of inbound + researching + unfulfillable."""

    available: int
    reserved_orders: int
    reserved_transfers: int
    reserved_processing: int
    held_for_removal: int
    inbound_working: int
    inbound_shipped: int
    inbound_receiving: int
    researching: int
    unfulfillable: dict[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class ItemStock:
    """An item with its quantities, in all and by location; its description is None until somebody gives one.

    `not_removable` are the units that no removal may take, by the legend's code (I16).
    """

    sku: str
    version: int
    changed_at: datetime
    asin: str | None
    fnsku: str | None
    title: str | None
    quantities: Quantities
    locations: dict[str, Quantities]
    not_removable: dict[str, int]


async def list_stock(
    connection: AsyncConnection, seller_id: str, after: str | None = None, limit: int = 50
) -> Sequence[ItemStock]:
    """A seller's items in the order of their SKUs (I1)."""
    wanted = _items(seller_id).where(item.c.sku > (after or "")).limit(limit)
    return await _with_balances(connection, seller_id, (await connection.execute(wanted)).all())


async def get_item(connection: AsyncConnection, seller_id: str, sku: str) -> ItemStock | None:
    """One item (I1), None when nobody has spoken of it."""
    rows = (await connection.execute(_items(seller_id).where(item.c.sku == sku))).all()
    found = await _with_balances(connection, seller_id, rows)
    return found[0] if found else None


def _items(seller_id: str) -> Select[Any]:
    described = item.outerjoin(product, and_(product.c.seller_id == item.c.seller_id, product.c.sku == item.c.sku))
    columns = (item.c.sku, item.c.version, item.c.changed_at, product.c.asin, product.c.fnsku, product.c.title)
    return select(*columns).select_from(described).where(item.c.seller_id == seller_id).order_by(item.c.sku)


async def _with_balances(connection: AsyncConnection, seller_id: str, rows: Sequence[Any]) -> list[ItemStock]:
    wanted = select(balance).where(balance.c.seller_id == seller_id, balance.c.sku.in_([row.sku for row in rows]))
    units: dict[str, dict[str, dict[str, int]]] = {row.sku: {} for row in rows}
    for row in await connection.execute(wanted.order_by(balance.c.sku, balance.c.location_id)):
        units[row.sku].setdefault(row.location_id, {})[row.bucket] = row.quantity
    return [
        ItemStock(
            sku=row.sku,
            version=row.version,
            changed_at=row.changed_at,
            asin=row.asin,
            fnsku=row.fnsku,
            title=row.title,
            quantities=_quantities(units[row.sku].values()),
            locations={location: _quantities([buckets]) for location, buckets in units[row.sku].items()},
            not_removable=unavailable(_item(units[row.sku])),
        )
        for row in rows
    ]


def _item(places: Mapping[str, Mapping[str, int]]) -> Item:
    return Item(balances={(at, Bucket(bucket)): n for at, buckets in places.items() for bucket, n in buckets.items()})


def _quantities(places: Iterable[dict[str, int]]) -> Quantities:
    sums = dict.fromkeys(Bucket, 0)
    for buckets in places:
        for bucket, units in buckets.items():
            sums[Bucket(bucket)] += units
    return Quantities(
        available=sums[Bucket.AVAILABLE],
        reserved_orders=sums[Bucket.RESERVED],
        reserved_transfers=sums[Bucket.RESERVED_TRANSFER],
        reserved_processing=sums[Bucket.RESERVED_PROCESSING],
        held_for_removal=sums[Bucket.HELD],
        inbound_working=sums[Bucket.INBOUND_WORKING],
        inbound_shipped=sums[Bucket.INBOUND_SHIPPED],
        inbound_receiving=sums[Bucket.INBOUND_RECEIVING],
        researching=sums[Bucket.RESEARCHING],
        unfulfillable={bucket.value: sums[bucket] for bucket in UNFULFILLABLE},
        total=sum(sums.values()),
    )


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One movement as one balance sees it: `change` units came (or left, if negative), `balance` are there after it.

    `cause` is the id of the message that moved them; holder and line say for whom, if for somebody.
    """

    item_version: int
    moved_at: datetime
    counterpart: str
    change: int
    balance: int
    cause: UUID
    holder_kind: str | None
    holder_id: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Ledger lines from the first movement on (I13): they begin at `opening`, the last one of all ends at `balance`."""

    opening: int
    lines: Sequence[LedgerLine]
    balance: int


async def explain_balance(
    connection: AsyncConnection,
    seller_id: str,
    sku: str,
    place: tuple[str, str],
    *,
    after: int | None = None,
    limit: int = 100,
) -> Explanation:
    """Why a balance is what it is: `place` is location id and bucket, `after` the item version of the last line seen."""
    change = case((movement.c.target == place[1], movement.c.quantity), else_=-movement.c.quantity)
    counterpart = case((movement.c.target == place[1], movement.c.source), else_=movement.c.target)
    ours = (
        (movement.c.seller_id == seller_id)
        & (movement.c.sku == sku)
        & (movement.c.location_id == place[0])
        & or_(movement.c.source == place[1], movement.c.target == place[1])
    )
    before = select(func.coalesce(func.sum(change), 0)).where(ours, movement.c.item_version <= (after or 0))
    opening = (await connection.execute(before)).scalar_one()
    running = (literal(opening) + func.sum(change).over(order_by=movement.c.item_version)).label("balance")
    about = (movement.c.cause, movement.c.holder_kind, movement.c.holder_id, movement.c.line)
    columns = (movement.c.item_version, movement.c.moved_at, counterpart.label("counterpart"), change.label("change"), running)
    found = select(*columns, *about).where(ours, movement.c.item_version > (after or 0)).order_by(movement.c.item_version)
    lines = [LedgerLine(*row) for row in await connection.execute(found.limit(limit))]
    return Explanation(opening, lines, await _balance(connection, seller_id, sku, place))


async def _balance(connection: AsyncConnection, seller_id: str, sku: str, place: tuple[str, str]) -> int:
    at = tuple_(balance.c.seller_id, balance.c.sku, balance.c.location_id, balance.c.bucket)
    found = select(balance.c.quantity).where(at == tuple_(seller_id, sku, *place))
    return int((await connection.execute(found)).scalar() or 0)


@dataclass(frozen=True, slots=True)
class OpenDiscrepancy:
    discrepancy_id: UUID
    sku: str
    location_id: str
    quantity: int
    cause: UUID
    opened_at: datetime
    closed_at: datetime | None


DiscrepancyKey: TypeAlias = tuple[datetime, UUID]


async def list_discrepancies(
    connection: AsyncConnection, seller_id: str, after: DiscrepancyKey | None = None, limit: int = 50
) -> Sequence[OpenDiscrepancy]:
    """A seller's open discrepancies, the oldest first."""
    key = tuple_(discrepancy.c.opened_at, discrepancy.c.discrepancy_id)
    names = ("discrepancy_id", "sku", "location_id", "quantity", "cause", "opened_at", "closed_at")
    found = select(*(discrepancy.c[name] for name in names))
    found = found.where(discrepancy.c.seller_id == seller_id, discrepancy.c.closed_at.is_(None))
    if after is not None:
        found = found.where(key > after)
    ordered = found.order_by(discrepancy.c.opened_at, discrepancy.c.discrepancy_id).limit(limit)
    return [OpenDiscrepancy(*row) for row in await connection.execute(ordered)]


@dataclass(frozen=True, slots=True)
class Offer:
    """An item offered in a marketplace; `on_offer_page`: buyers can see and buy it (O1)."""

    sku: str
    marketplace_id: str
    channel: str
    offered: bool
    sold_out: bool

    @property
    def on_offer_page(self) -> bool:
        return self.offered and not self.sold_out


OfferKey: TypeAlias = tuple[str, str, str]
"""SKU, marketplace and channel."""


async def list_listings(
    connection: AsyncConnection, seller_id: str, after: OfferKey | None = None, limit: int = 50
) -> Sequence[Offer]:
    """A seller's listings in the order of SKU, marketplace and channel."""
    key = (listing.c.sku, listing.c.marketplace_id, listing.c.channel)
    found = select(*key, listing.c.offered, listing.c.sold_out).where(listing.c.seller_id == seller_id)
    if after is not None:
        found = found.where(tuple_(*key) > after)
    return [Offer(*row) for row in await connection.execute(found.order_by(*key).limit(limit))]


def list_reasons() -> Sequence[legend.Reason]:
    """Why units are not available for removal (I16)."""
    return legend.REASONS


async def find_snapshots(connection: AsyncConnection, after: tuple[datetime, str, str], limit: int) -> list[StockSnapshot]:
    """Items with all their balances, in the order of their last change, then of seller and SKU; those behind `after`.

    A change shows when its transaction commits, which is later than its time: who follows changes looks back by more than a
    batch can take. Telling a snapshot twice does no harm, readers go by its version.
    """
    changed_at, seller_id, sku = after
    place = {"period": period_of(changed_at), "changed_at": changed_at, "seller_id": seller_id, "sku": sku}
    rows = await connection.execute(_changed_items(), place | {"limit": limit})
    return [
        StockSnapshot(
            seller_id=seller_id,
            sku=sku,
            version=version,
            changed_at=changed_at,
            balances=tuple(
                BucketUnits(location_id=location_id, bucket=bucket, quantity=quantity)
                for *_, location_id, bucket, quantity in places
                if bucket is not None
            ),
        )
        for (changed_at, seller_id, sku, version), places in groupby(rows, key=itemgetter(0, 1, 2, 3))
    ]


@cache
def _changed_items() -> Select[Any]:
    """Made once: SQLAlchemy's parts of a statement hold each other, and a second's look would leave them to the collector."""
    key = (item.c.changed_at, item.c.seller_id, item.c.sku)
    after = tuple_(*(bindparam(column.name, type_=column.type) for column in key))
    behind = (item.c.changed_in >= bindparam("period", type_=Integer), tuple_(*key) > after)
    # by period first, which is the same order: a page then reads and sorts no more than its periods' items
    first = select(*key, item.c.version).where(*behind).order_by(item.c.changed_in, *key)
    page = first.limit(bindparam("limit", type_=Integer)).subquery()
    # one text for all pages: with the page's keys in it each would be kept by the driver and the server
    same_item = and_(balance.c.seller_id == page.c.seller_id, balance.c.sku == page.c.sku)
    units = page.outerjoin(balance, and_(same_item, balance.c.quantity > 0))
    found = select(page, balance.c.location_id, balance.c.bucket, balance.c.quantity).select_from(units)
    return found.order_by(page.c.changed_at, page.c.seller_id, page.c.sku, balance.c.location_id, balance.c.bucket)
