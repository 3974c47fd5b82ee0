"""The removal order and removal shipment detail reports as lists, with the columns that sellers know (R18). Read-only.

Removals come latest request first; a report's place is a removal's request and id, and the number of a row within the removal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.removals import Condition, Method
from removals.domain.removal import Removal, Way
from removals.queries import full_removals, removal_of
from removals.tables import removal as table

ORDER_TYPES = {Method.SHIP_TO.value: "Return", Method.DISPOSE.value: "Disposal"}
DISPOSITIONS = {Condition.FULFILLABLE.value: "Sellable", Condition.UNFULFILLABLE.value: "Unsellable"}
REQUESTED = (table.c.requested_at, table.c.removal_id)


class Place(NamedTuple):
    """Where a row stands: after it come the removal's later rows, then removals requested before."""

    requested_at: datetime
    removal_id: str
    row: int


class ReportRow(BaseModel):
    """`fnsku` is None: removals does not know it. `row` counts the rows of a removal."""

    model_config = ConfigDict(frozen=True)

    request_date: datetime
    order_id: str
    row: int
    order_type: str
    sku: str
    fnsku: str | None = None
    disposition: str

    @property
    def place(self) -> Place:
        return Place(self.request_date, self.order_id, self.row)


class RemovalOrderRow(ReportRow):
    """A line: requested = canceled + disposed + shipped + in process."""

    order_status: str
    last_updated_date: datetime
    requested_quantity: int
    canceled_quantity: int
    disposed_quantity: int
    shipped_quantity: int
    in_process_quantity: int


class RemovalShipmentRow(ReportRow):
    """Units of a line in one parcel; nothing that was canceled or disposed of."""

    shipment_date: datetime | None
    shipped_quantity: int
    carrier: str
    tracking_number: str


R = TypeVar("R", bound=ReportRow)


@dataclass(frozen=True, slots=True)
class Period:
    """When removals were requested; `before` is exclusive."""

    since: datetime | None = None
    before: datetime | None = None


async def list_orders(
    connection: AsyncConnection, seller_id: str, period: Period, *, after: Place | None, limit: int
) -> Sequence[RemovalOrderRow]:
    """At most `limit` lines of removals."""
    return await _report(connection, _requested(seller_id, period), _order_rows, after=after, limit=limit)


async def list_shipments(
    connection: AsyncConnection, seller_id: str, period: Period, *, after: Place | None, limit: int
) -> Sequence[RemovalShipmentRow]:
    """At most `limit` parts of parcels."""
    left = _requested(seller_id, period).where(table.c.departures.contains([{"way": Way.SHIPPED.value}]))
    return await _report(connection, left, _shipment_rows, after=after, limit=limit)


async def _report(
    connection: AsyncConnection, wanted: Any, rows_of: Callable[[Removal], Iterable[R]], *, after: Place | None, limit: int
) -> Sequence[R]:
    """The removal of the last row seen is read again: it may have more. Each has a row, so `limit` + 1 of them are enough."""
    if after is not None:
        wanted = wanted.where(tuple_(*REQUESTED) <= tuple_(after.requested_at, after.removal_id))
    latest_first = wanted.order_by(*(column.desc() for column in REQUESTED)).limit(limit + 1)
    rows: list[R] = []
    for found in await connection.execute(latest_first):
        told = rows_of(removal_of(found))
        rows += [row for row in told if after is None or row.place[:2] != after[:2] or row.row > after.row]
        if len(rows) >= limit:
            break
    return rows[:limit]


def _requested(seller_id: str, period: Period) -> Any:
    chosen = full_removals().where(table.c.seller_id == seller_id, table.c.requested_at.is_not(None))
    if period.since is not None:
        chosen = chosen.where(table.c.requested_at >= period.since)
    if period.before is not None:
        chosen = chosen.where(table.c.requested_at < period.before)
    return chosen


def _order_rows(removal: Removal) -> Iterable[RemovalOrderRow]:
    for line in removal.lines:
        yield RemovalOrderRow(
            **_begin(removal, line.number),
            row=line.number,
            order_status=removal.status.value,
            last_updated_date=removal.changed_at,
            requested_quantity=line.requested,
            canceled_quantity=line.canceled,
            disposed_quantity=line.disposed,
            shipped_quantity=line.shipped,
            in_process_quantity=line.open,
        )


def _shipment_rows(removal: Removal) -> Iterable[RemovalShipmentRow]:
    shipped = [departure for departure in removal.departures if departure.way is Way.SHIPPED]
    parts = [(parcel, units) for parcel in shipped for units in parcel.given]
    for number, (parcel, units) in enumerate(parts, start=1):
        yield RemovalShipmentRow(
            **_begin(removal, units.line),
            row=number,
            shipment_date=parcel.left_at,
            shipped_quantity=units.quantity,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
        )


def _begin(removal: Removal, line: int) -> dict[str, Any]:
    request, of = removal.request, removal.lines[line - 1]
    return {
        "request_date": removal.requested_at,
        "order_id": request.removal_id,
        "order_type": ORDER_TYPES.get(request.method, request.method),
        "sku": of.sku,
        "disposition": DISPOSITIONS.get(of.condition, of.condition),
    }
