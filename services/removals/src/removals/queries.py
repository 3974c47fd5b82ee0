"""What people may see of removals: one in detail, a list, and how much of an item could be removed. Read-only; commands never
look here. What reports say is in `reports`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, Text, cast, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.inventory import LEGEND, NOT_IN_NETWORK, NOT_REMOVABLE, OTHER_MARKETPLACE, Bucket
from contracts.removals import Condition, ShipTo
from contracts.values import LineUnits
from removals import store, tables
from removals.domain.removal import CANCELABLE, Departure, Line, Removal, Shortage, Status, Units
from removals.domain.stock import Legend, removable

PLACE = (tables.removal.c.drafted_at, tables.removal.c.removal_id)
"""By what the list is sorted, latest first."""

IN_CENTER = (Status.PENDING.value, Status.PROCESSING.value)
REASONS = Legend({bucket.value: code for bucket, code in NOT_REMOVABLE.items()}, OTHER_MARKETPLACE, NOT_IN_NETWORK)


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class NotAvailable(View):
    """Units that may not be removed, with the legend's code and sentence (I16)."""

    code: str
    sentence: str
    quantity: int


class ItemRemovable(View):
    """The numbers of the screen (R5), as of the item's `version`: advice, since units may be sold meanwhile (R8)."""

    sku: str
    version: int
    changed_at: datetime
    total: int
    available_fulfillable: int
    available_unfulfillable: int
    not_available: tuple[NotAvailable, ...]


class ReviewedItem(View):
    """What a draft asks of an item, beside what there is; None when inventory has not spoken of it."""

    sku: str
    fulfillable: int
    unfulfillable: int
    stock: ItemRemovable | None


class LineView(View):
    """requested = in_process + shipped + disposed + canceled."""

    line: int
    sku: str
    condition: str
    requested: int
    in_process: int
    shipped: int
    disposed: int
    canceled: int


class DepartureView(View):
    """A parcel or a disposal. `uncalled` are those of its `lines` that had been canceled before, or never asked for; the latter
    are its `excess`, which counts in no line.
    """

    way: str
    departure_id: str
    carrier: str
    tracking_number: str
    left_at: datetime | None
    lines: tuple[LineUnits, ...]
    uncalled: tuple[LineUnits, ...]
    excess: tuple[LineUnits, ...]


class ShortageView(View):
    """Why a removal was refused: units of a line that could not be held, and what of the item may not be touched."""

    line: int
    quantity: int
    not_available: tuple[NotAvailable, ...]


class RemovalSummary(View):
    """`late`: not all units had left by `leave_by` (R11)."""

    seller_id: str
    removal_id: str
    status: str
    cancelable: bool
    marketplace_id: str
    method: str
    drafted_at: datetime
    requested_at: datetime | None
    changed_at: datetime
    leave_by: datetime | None
    late: bool
    units_requested: int
    units_shipped: int
    units_disposed: int
    units_canceled: int


class RemovalDetails(RemovalSummary):
    """`draft` is the number to confirm; `review` stands in drafts only (R6)."""

    draft: int
    ship_to: ShipTo | None
    canceled_by: str | None
    lines: tuple[LineView, ...]
    departures: tuple[DepartureView, ...]
    shortages: tuple[ShortageView, ...]
    review: tuple[ReviewedItem, ...]


SUMMARY = [tables.removal.c[name] for name in RemovalSummary.model_fields if name in tables.removal.c]
"""A list reads no documents: a removal of many lines costs no more than one of a single line."""
IS_REMOVAL = tables.removal.c.status != Status.EXPECTED.value


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which removals of a seller to list; nothing given is all of them. `late`: those still in their center after leave-by."""

    statuses: tuple[str, ...] = ()
    late: bool = False


async def get_removal(connection: AsyncConnection, seller_id: str, removal_id: str) -> RemovalDetails | None:
    """None when there is no such removal, or only early messages speak of it."""
    here = (tables.removal.c.seller_id == seller_id, tables.removal.c.removal_id == removal_id)
    row = (await connection.execute(_full_removals().where(*here))).one_or_none()
    if row is None:
        return None
    removal = _removal_of(row)
    review = await _review(connection, removal) if removal.status is Status.DRAFT else ()
    return _details(_summary(row), removal, review)


async def list_removals(
    connection: AsyncConnection,
    seller_id: str,
    wanted: Wanted,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[RemovalSummary]:
    """At most `limit` removals, latest first; `after` is `drafted_at` and `removal_id` of the last one seen."""
    chosen = select(*SUMMARY).where(tables.removal.c.seller_id == seller_id, IS_REMOVAL)
    if wanted.statuses:
        chosen = chosen.where(tables.removal.c.status.in_(wanted.statuses))
    if wanted.late:
        chosen = chosen.where(tables.removal.c.late, tables.removal.c.status.in_(IN_CENTER))
    if after is not None:
        chosen = chosen.where(tuple_(*PLACE) < tuple_(*after))
    latest_first = chosen.order_by(*(column.desc() for column in PLACE)).limit(limit)
    return [_summary(row) for row in await connection.execute(latest_first)]


async def list_removable(
    connection: AsyncConnection,
    seller_id: str,
    skus: Sequence[str] = (),
    marketplace_id: str | None = None,
    *,
    after: str = "",
    limit: int,
) -> Sequence[ItemRemovable]:
    """At most `limit` items in the order of their SKUs, all or those named (R5), as a removal in the marketplace sees them."""
    view = tables.stock_view
    chosen = select(view).where(view.c.seller_id == seller_id, view.c.sku > after)
    if skus:
        chosen = chosen.where(view.c.sku.in_(skus))
    return [_removable(row, marketplace_id) for row in await connection.execute(chosen.order_by(view.c.sku).limit(limit))]


def _full_removals() -> Select[Any]:
    """Full rows with documents as text, as the store reads them."""
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSONB) else c for c in tables.removal.columns]
    return select(*columns).where(IS_REMOVAL)


def _removal_of(row: Any) -> Removal:
    removal = store.root_of(row)
    if not isinstance(removal, Removal):
        raise TypeError(f"{row.removal_id} is no removal")
    return removal


async def _review(connection: AsyncConnection, removal: Removal) -> tuple[ReviewedItem, ...]:
    asked: dict[str, dict[str, int]] = {}
    for line in removal.lines:
        asked.setdefault(line.sku, {})[line.condition] = line.requested
    request = removal.request
    found = await list_removable(connection, request.seller_id, list(asked), request.marketplace_id, limit=len(asked))
    stock = {item.sku: item for item in found}
    return tuple(
        ReviewedItem(
            sku=sku,
            fulfillable=units.get(Condition.FULFILLABLE, 0),
            unfulfillable=units.get(Condition.UNFULFILLABLE, 0),
            stock=stock.get(sku),
        )
        for sku, units in asked.items()
    )


def _removable(row: Any, marketplace_id: str | None) -> ItemRemovable:
    numbers = removable(store.view_of(row).balances, REASONS, Bucket.AVAILABLE, marketplace_id)
    return ItemRemovable(
        sku=row.sku,
        version=row.version,
        changed_at=row.changed_at,
        total=numbers.total,
        available_fulfillable=numbers.fulfillable,
        available_unfulfillable=numbers.unfulfillable,
        not_available=_reasons(numbers.not_available.items()),
    )


def _reasons(units: Iterable[tuple[str, int]]) -> tuple[NotAvailable, ...]:
    """A code that is newer than our legend comes without a sentence."""
    return tuple(NotAvailable(code=code, sentence=LEGEND.get(code, ""), quantity=quantity) for code, quantity in units)


def _summary(row: Any) -> RemovalSummary:
    columns = {column.name: getattr(row, column.name) for column in SUMMARY}
    return RemovalSummary(**columns, cancelable=row.status in CANCELABLE)


def _details(summary: RemovalSummary, removal: Removal, review: tuple[ReviewedItem, ...]) -> RemovalDetails:
    to = removal.request.ship_to
    return RemovalDetails(
        **dict(summary),
        draft=removal.draft,
        ship_to=ShipTo.model_validate_json(store.DESTINATION.dump_json(to)) if to else None,
        canceled_by=removal.canceled_by,
        lines=tuple(map(_line, removal.lines)),
        departures=tuple(map(_departure, removal.departures)),
        shortages=tuple(map(_shortage, removal.shortages)),
        review=review,
    )


def _line(line: Line) -> LineView:
    return LineView(
        line=line.number,
        sku=line.sku,
        condition=line.condition,
        requested=line.requested,
        in_process=line.open,
        shipped=line.shipped,
        disposed=line.disposed,
        canceled=line.canceled,
    )


def _departure(departure: Departure) -> DepartureView:
    return DepartureView(
        way=departure.way.value,
        departure_id=departure.departure_id,
        carrier=departure.carrier,
        tracking_number=departure.tracking_number,
        left_at=departure.left_at,
        lines=_units(departure.given),
        uncalled=_units(departure.uncalled),
        excess=_units(departure.excess),
    )


def _shortage(shortage: Shortage) -> ShortageView:
    return ShortageView(line=shortage.line, quantity=shortage.quantity, not_available=_reasons(shortage.unavailable))


def _units(units: Iterable[Units]) -> tuple[LineUnits, ...]:
    return tuple(LineUnits(line=one.line, sku=one.sku, quantity=one.quantity) for one in units)
