"""What came of a replay: the numbers, as a table to read and as JSON to compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from devkit.demo.clearance import Outcome
from devkit.demo.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkit.demo.facts import Tally
    from devkit.quiet import Status

_UNITS = "SELECT bucket, sum(quantity)::bigint FROM balance GROUP BY bucket HAVING sum(quantity) > 0"


@dataclass(frozen=True, slots=True)
class Totals:
    """`orders_refused` are among those canceled with NoInventory; placed = shipped + canceled, when all have ended."""

    orders_placed: int
    orders_refused: int
    orders_released: int
    orders_shipped: int
    orders_canceled: Mapping[str, int]
    removals: Mapping[str, int]
    mails: Mapping[str, int]
    units: Mapping[str, int]
    parked: int
    quarantined: int
    duplicates_absorbed: int
    seconds: float
    violations: Sequence[str]
    remarks: Mapping[str, int] = field(default_factory=dict)
    """Shown, but no part of the JSON: what the rows became and what was refused."""
    history: History = field(default_factory=History)
    """For the page, no part of the JSON."""

    @property
    def all_well(self) -> bool:
        return not self.violations and not self.parked and not self.quarantined

    @property
    def removals_ended(self) -> int:
        return sum(number for what, number in self.removals.items() if not what.startswith("units_"))

    @property
    def orders_per_second(self) -> float:
        return round(self.orders_placed / self.seconds, 1) if self.seconds else 0.0

    def json(self) -> dict[str, Any]:
        return {
            "orders.placed": self.orders_placed,
            "orders.refused": self.orders_refused,
            "orders.released": self.orders_released,
            "orders.shipped": self.orders_shipped,
            **{f"orders.canceled.{reason}": number for reason, number in sorted(self.orders_canceled.items())},
            **{f"removals.{what}": number for what, number in self.removals.items()},
            **{f"mails.{template}": number for template, number in sorted(self.mails.items())},
            **{f"units.{bucket}": number for bucket, number in sorted(self.units.items())},
            "parked": self.parked,
            "quarantined": self.quarantined,
            "duplicates_absorbed": self.duplicates_absorbed,
            "seconds": round(self.seconds, 1),
            "orders_per_second": self.orders_per_second,
            "violations": list(self.violations),
        }

    def table(self) -> list[str]:
        """Lines to print."""
        rows = [(name, _shown(value)) for name, value in self.json().items() if name != "violations"]
        rows += [(f"({name})", _shown(value)) for name, value in self.remarks.items()]
        width = max(len(name) for name, _ in rows)
        digits = max(len(value) for _, value in rows)
        lines = [f"{name:<{width}}  {value:>{digits}}" for name, value in rows]
        return [*lines, f"violations: {list(self.violations) or '[]'}"]


def totals_of(tally: Tally, outcomes: Mapping[Outcome, int], units: Mapping[str, int], **found: Any) -> Totals:
    """The totals with what the facts tell filled in. `outcomes`: of removals."""
    return Totals(
        orders_placed=tally.facts["OrderPlaced"],
        orders_refused=tally.facts["StockRefused"],
        orders_released=tally.facts["OrderReleased"],
        orders_shipped=tally.facts["OrderShipped"],
        orders_canceled=dict(tally.canceled),
        removals={
            **{outcome.value: outcomes[outcome] for outcome in Outcome if outcome is not Outcome.OPEN},
            "units_removed": tally.units_removed,
            "units_bound": tally.units_bound,
        },
        mails=dict(tally.mails.sent),
        units=units,
        **found,
    )


async def units_by_bucket(inventory_dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(inventory_dsn.replace("+asyncpg", ""))
    try:
        return {row[0]: int(row[1]) for row in await connection.fetch(_UNITS)}
    finally:
        await connection.close()


def stored_troubles(statuses: Iterable[Status]) -> tuple[int, int]:
    """Parked and quarantined of all services; processes of a service count the same rows."""
    by_service = {status.service: status for status in statuses}
    return sum(one.parked for one in by_service.values()), sum(one.quarantined for one in by_service.values())


def remarks_of(tally: Tally, left_out: Mapping[Any, int], more: Mapping[str, int]) -> dict[str, int]:
    """What else is worth a look, without zeros."""
    told = Counter(
        {
            "packages shipped": tally.facts["PackageShipped"],
            "shipped after cancel": tally.facts["ShippedAfterCancel"],
            "confirm-by warnings": tally.facts["ConfirmByWarned"],
            "partial cancellations": tally.facts["ItemsCanceled"],
            "reservations withdrawn": tally.facts["ReservationWithdrawn"],
            "listings sold out": tally.facts["ListingSoldOut"],
            "listings restocked": tally.facts["ListingRestocked"],
            "discrepancies": tally.facts["DiscrepancyOpened"],
            "facts told again": tally.retold,
            "removals drafted": tally.facts["RemovalDrafted"],
            "removals short of units": tally.facts["RemovalUnitsMissing"] + tally.facts["RemovalShortened"],
            "removals canceled too late": tally.facts["RemovalCancelRefused"],
            "removals late": tally.facts["RemovalLate"],
            "mails that waited for an address": tally.mails.waited,
        }
    )
    refused = {f"commands refused, {code}": number for code, number in sorted(tally.refused.items())}
    skipped = {f"rows left out, {reason}": number for reason, number in sorted(left_out.items())}
    return {name: number for name, number in {**told, **refused, **more, **skipped}.items() if number}


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
