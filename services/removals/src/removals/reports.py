"""The removal order and removal shipment detail reports as lists, with the columns that sellers know (R18). Read-only.

Removals come latest request first; a report's place is a removal's request and id, and the number of a row within the removal.
The database takes documents apart, so that a page costs its rows, however many lines their removals have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    Integer,
    RowMapping,
    Select,
    TableValuedAlias,
    Text,
    cast,
    column,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from contracts.removals import Condition, Method
from removals.domain.removal import Way
from removals.queries import IS_REMOVAL
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
    """`fnsku` is None: removals does not know it. `row` counts the rows of a removal; it and the excess are our own columns."""

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
    """A line: requested = canceled + disposed + shipped + in process. Fees stand in the published layout; none are charged."""

    order_status: str
    last_updated_date: datetime
    requested_quantity: int
    canceled_quantity: int
    disposed_quantity: int
    shipped_quantity: int
    in_process_quantity: int
    removal_fee: int | None = None
    currency: str | None = None


class RemovalShipmentRow(ReportRow):
    """Units of a line in one parcel; nothing that was canceled or disposed of. `shipped_quantity` adds up to that of the line
    in the other report; what left beyond all that was asked for is in `excess_quantity`.
    """

    shipment_date: datetime | None
    shipped_quantity: int
    excess_quantity: int
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Period:
    """When removals were requested; `before` is exclusive."""

    since: datetime | None = None
    before: datetime | None = None


async def list_orders(
    connection: AsyncConnection, seller_id: str, period: Period, *, after: Place | None, limit: int
) -> Sequence[RemovalOrderRow]:
    """At most `limit` lines of removals."""
    lines = _each(table.c.lines, "line")
    number = _number(lines.c.value, "number")
    counts = {name: _number(lines.c.value, name) for name in ("requested", "canceled", "disposed", "shipped")}
    open_units = counts["requested"] - counts["canceled"] - counts["disposed"] - counts["shipped"]
    wanted = select(
        *_begin(number, _text(lines.c.value, "sku"), _text(lines.c.value, "condition")),
        table.c.status.label("order_status"),
        table.c.changed_at.label("last_updated_date"),
        *(count.label(f"{name}_quantity") for name, count in counts.items()),
        open_units.label("in_process_quantity"),
    ).select_from(table.join(lines, true()))
    page = _page(wanted, number, seller_id, period, after).limit(limit)
    return [RemovalOrderRow(**_named(row)) for row in (await connection.execute(page)).mappings()]


async def list_shipments(
    connection: AsyncConnection, seller_id: str, period: Period, *, after: Place | None, limit: int
) -> Sequence[RemovalShipmentRow]:
    """At most `limit` parts of parcels."""
    part = _parts()
    wanted = select(
        *_begin(part.c.row, part.c.sku, part.c.condition),
        part.c.left_at.label("shipment_date"),
        (part.c.quantity - part.c.excess).label("shipped_quantity"),
        part.c.excess.label("excess_quantity"),
        part.c.carrier,
        part.c.tracking_number,
    ).select_from(table.join(part, true()))
    page = _page(wanted, part.c.row, seller_id, period, after).limit(limit)
    return [RemovalShipmentRow(**_named(row)) for row in (await connection.execute(page)).mappings()]


def _parts() -> LateralFromClause:
    """The lines of each parcel of a removal, numbered: parcels are only ever added, so a part keeps its number. Only small
    parts of the documents go through the sort.
    """
    departures, lines = _each(table.c.departures, "departure"), _each(table.c.lines, "line")
    given = _each(departures.c.value["given"], "given")
    excess = _each(departures.c.value["excess"], "excess")
    number = _number(given.c.value, "line")
    beyond = select(func.coalesce(func.sum(_number(excess.c.value, "quantity")), 0)).select_from(excess)
    return (
        select(
            func.row_number().over(order_by=(departures.c.place, given.c.place)).label("row"),
            *(_text(departures.c.value, name).label(name) for name in ("left_at", "carrier", "tracking_number")),
            *(_text(lines.c.value, name).label(name) for name in ("sku", "condition")),
            _number(given.c.value, "quantity").label("quantity"),
            beyond.where(_number(excess.c.value, "line") == number).scalar_subquery().label("excess"),
        )
        .select_from(departures.join(given, true()).join(lines, lines.c.place == number))
        .where(_text(departures.c.value, "way") == Way.SHIPPED.value)
        .correlate(table)
        .lateral("part")
    )


def _each(document: ColumnElement[Any], name: str) -> TableValuedAlias:
    """The elements of an array, with their places."""
    elements = func.jsonb_array_elements(document).table_valued(column("value", JSONB), with_ordinality="place")
    return elements.render_derived(name)


def _number(document: ColumnElement[Any], name: str) -> ColumnElement[int]:
    return cast(document[name].astext, Integer)


def _text(document: ColumnElement[Any], name: str) -> ColumnElement[str]:
    return cast(document[name].astext, Text)


def _begin(row: ColumnElement[Any], sku: ColumnElement[str], condition: ColumnElement[str]) -> Sequence[ColumnElement[Any]]:
    return (
        table.c.requested_at.label("request_date"),
        table.c.removal_id.label("order_id"),
        row.label("row"),
        table.c.method.label("order_type"),
        sku.label("sku"),
        condition.label("disposition"),
    )


def _page(wanted: Select[Any], row: ColumnElement[Any], seller_id: str, period: Period, after: Place | None) -> Select[Any]:
    chosen = wanted.where(table.c.seller_id == seller_id, IS_REMOVAL, table.c.requested_at.is_not(None))
    if period.since is not None:
        chosen = chosen.where(table.c.requested_at >= period.since)
    if period.before is not None:
        chosen = chosen.where(table.c.requested_at < period.before)
    if after is not None:  # the removal of the last row seen may have more
        seen = tuple_(after.requested_at, after.removal_id)
        chosen = chosen.where(tuple_(*REQUESTED) <= seen, or_(tuple_(*REQUESTED) < seen, row > after.row))
    return chosen.order_by(*(column.desc() for column in REQUESTED), row)


def _named(row: RowMapping) -> Mapping[str, Any]:
    """With the names that sellers know. A date inside a document is text."""
    method, condition = row["order_type"], row["disposition"]
    return {
        **row,
        "order_type": ORDER_TYPES.get(method, method),
        "disposition": DISPOSITIONS.get(condition, condition),
    }
