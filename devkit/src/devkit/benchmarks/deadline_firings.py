"""What the database says of deadlines that were to be fired: how many, when, none early, none twice. When a row was changed is
the server's own account of commits (track_commit_timestamp), not the word of who changed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkit.benchmarks.ground import BenchmarkError, connected

if TYPE_CHECKING:
    from datetime import datetime

    from devkit.benchmarks.deadline_sides import Due, Side

SETTINGS = {"track_commit_timestamp": "on"}
"""Of the server that all sides work on."""
_FIRINGS = """
WITH fired AS (
    SELECT promise.due_at, customer_order.revision, pg_xact_commit_timestamp(customer_order.xmin) AS at
    FROM promise JOIN customer_order USING (order_id) WHERE promise.n BETWEEN $1 AND $2 AND customer_order.revision > 0)
SELECT count(*) AS fired, count(*) FILTER (WHERE revision > 1) AS twice, count(*) FILTER (WHERE at < due_at) AS early,
    min(at) AS first, max(at) AS last, count(*) FILTER (WHERE at = (SELECT min(at) FROM fired)) AS at_first,
    coalesce(percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM at - due_at)), ARRAY[0, 0, 0])
        AS late
FROM fired"""
_UNWANTED = """SELECT count(*) FROM customer_order WHERE revision > 0 AND NOT EXISTS
    (SELECT FROM promise WHERE promise.order_id = customer_order.order_id)"""


@dataclass(frozen=True, slots=True)
class Firings:
    """Of `wanted` deadlines. Lateness in seconds, from the instant to the commit; `early` are also those nobody wanted."""

    wanted: int
    fired: int
    twice: int
    early: int
    first: datetime
    last: datetime
    at_first: int
    late_median: float
    late_99: float
    late_max: float

    @property
    def seconds(self) -> float:
        """From the first commit to the last."""
        return (self.last - self.first).total_seconds()

    @property
    def rate(self) -> float:
        """Fired per second once firing had begun: those of the first commit are its begin. 0 when there was one commit only."""
        return (self.fired - self.at_first) / self.seconds if self.seconds else 0.0

    @property
    def troubles(self) -> list[str]:
        """What is not as it must be."""
        found = {"not fired": self.wanted - self.fired, "fired twice": self.twice, "fired early": self.early}
        return [f"{number} {what}" for what, number in found.items() if number]

    def require_right(self) -> None:
        """Raises BenchmarkError: the figures of what is not right mean nothing."""
        if self.troubles:
            raise BenchmarkError(f"of {self.wanted} deadlines: {', '.join(self.troubles)}")


async def firings(side: Side, due: Due) -> Firings:
    """To be asked when `due` is over. Raises BenchmarkError when nothing was fired."""
    async with connected(side.dsn) as database:
        row = await database.fetchrow(_FIRINGS, due.first, due.last)
        unwanted = await database.fetchval(_UNWANTED)
    if not row["fired"]:
        raise BenchmarkError("no deadline was fired")
    times = (row["first"], row["last"], row["at_first"])
    return Firings(due.number, row["fired"], row["twice"], row["early"] + unwanted, *times, *row["late"])
