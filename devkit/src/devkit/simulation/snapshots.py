"""Stock snapshots without SQL: in inventory's leader, what has changed goes out, as by the chassis' publisher. The query of
production is not run here. Readers must bear that a snapshot comes late, twice, or never.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from chassis.lane import Wait
from chassis.snapshots import outgoing
from contracts.inventory import BucketUnits, StockSnapshot
from inventory import tables

if TYPE_CHECKING:
    from devkit.simulation.process import Process

PAUSE_SECONDS = 1.0


class StockPublisher:
    """A worker of one process; it remembers what it has told."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._told: dict[tuple[str, str], int] = {}

    async def work(self, wait: Wait) -> bool:
        """Publish what is news, once."""
        versions = {(row.seller_id, row.sku): row for row in self._process.database.rows(tables.item)}
        changed = {key for key, row in versions.items() if self._told.get(key) != row.version}
        if not changed:
            return False
        news = self._snapshots(changed)
        results = await self._process.sender().send([outgoing(one, self._process.service_name) for one in news])
        for one, sent in zip(news, results, strict=True):
            if sent is True:
                self._told[one.seller_id, one.sku] = one.version
        await wait(PAUSE_SECONDS)
        return True

    async def close(self) -> None:
        pass

    def _snapshots(self, changed: set[tuple[str, str]]) -> list[StockSnapshot]:
        balances = defaultdict(list)
        for row in self._process.database.rows(tables.balance):
            if row.quantity and (row.seller_id, row.sku) in changed:
                units = BucketUnits(location_id=row.location_id, bucket=row.bucket, quantity=row.quantity)
                balances[row.seller_id, row.sku].append(units)
        return [
            StockSnapshot(
                seller_id=row.seller_id,
                sku=row.sku,
                version=row.version,
                changed_at=row.changed_at,
                balances=tuple(balances[row.seller_id, row.sku]),
            )
            for row in self._process.database.rows(tables.item)
            if (row.seller_id, row.sku) in changed
        ]
