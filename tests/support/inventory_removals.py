"""What removals tells inventory, in the trade's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.removals import (
    Condition,
    DepartedParcel,
    DepartedUnits,
    MissingLine,
    RemovalCanceled,
    RemovalDisposed,
    RemovalLine,
    RemovalRequested,
    RemovalShipped,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)

from support.inventory import NOON, SELLER, units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.values import LineUnits

GOOD, BAD = Condition.FULFILLABLE, Condition.UNFULFILLABLE


def out(line: int, quantity: int, condition: str = GOOD, sku: str = "mug") -> RemovalLine:
    """A line of a removal."""
    return RemovalLine(line=line, sku=sku, quantity=quantity, condition=str(condition))


def requested(removal_id: str, *lines: RemovalLine, country: str = "GB") -> RemovalRequested:
    """Two good mugs and two bad ones, unless told otherwise."""
    wanted = lines or (out(1, 2), out(2, 2, BAD))
    return RemovalRequested(seller_id=SELLER, removal_id=removal_id, marketplace_id=country, lines=wanted)


def called_off(removal_id: str, *lines: RemovalLine) -> RemovalCanceled:
    return RemovalCanceled(seller_id=SELLER, removal_id=removal_id, lines=lines, by="seller")


def returned(removal_id: str, *lines: RemovalLine) -> RemovalUnitsReturned:
    return RemovalUnitsReturned(seller_id=SELLER, removal_id=removal_id, lines=lines)


def not_found(removal_id: str, *lines: RemovalLine, at: str | None = None) -> RemovalUnitsMissing:
    """The place is told with `at`, or by lines that have one."""
    missing = tuple(MissingLine.model_validate({"location_id": at, **line.model_dump()}) for line in lines)
    return RemovalUnitsMissing(seller_id=SELLER, removal_id=removal_id, lines=missing)


def sent_out(removal_id: str, *lines: LineUnits) -> RemovalShipped:
    left = departed(lines or (units(1, 2), units(2, 2)))
    parcel = DepartedParcel(package_id="1", carrier="Post", tracking_number="T1", shipped_at=NOON, lines=left)
    return RemovalShipped(seller_id=SELLER, removal_id=removal_id, parcel=parcel)


def disposed(removal_id: str, *lines: LineUnits) -> RemovalDisposed:
    return RemovalDisposed(seller_id=SELLER, removal_id=removal_id, disposal_id="1", lines=departed(lines))


def departed(lines: Iterable[LineUnits]) -> tuple[DepartedUnits, ...]:
    """The condition is told by lines that have one."""
    return tuple(DepartedUnits.model_validate(line.model_dump()) for line in lines)
