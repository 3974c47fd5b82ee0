"""The lane of deadlines: looks for those that have come and has them decided like any message (S9). Setting and clearing
them is in `deadlines`; when to look is up to the caller, at ticks and every so often.
"""

from collections.abc import Sequence

from chassis.deadlines import find_due
from chassis.desk import S
from chassis.lane import Lane, Wait
from chassis.outcomes import Received, Repeated

BATCH_DEADLINES_MAX = 500


async def fire_due(lane: Lane[S], wait: Wait, *, deadlines_max: int = BATCH_DEADLINES_MAX) -> int:
    """Decide the earliest deadlines that have come; returns how many were new: `deadlines_max` when there may be more.

    Looking takes no lock: the decision finds out, under the object's lock, whether this very setting still stands. Two
    processes may see the same ones; the inbox and the generation make it once. Raises as `Lane.run` does.
    """
    works = lane.works

    async def look() -> Sequence[Received]:
        async with works.transactions.begin() as tx:
            return await find_due(tx, works.desk.types, works.desk.service, works.clock.now(), deadlines_max)

    batch = await lane.persist(look, wait)
    outcomes = await lane.run(batch, wait) if batch else []
    return sum(not isinstance(outcome, Repeated) for outcome in outcomes)
