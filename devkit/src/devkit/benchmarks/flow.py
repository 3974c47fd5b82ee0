"""A run of `bench flow`: from fresh databases to verified ones, and between them so many orders, as fast as they are taken or
at a rate. Which runs there are, and what they come to, is in flow_report.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from devkit.benchmarks.demand import Demand, Taste
from devkit.benchmarks.flow_stage import WHARF, Way, check, end, reserved
from devkit.benchmarks.ground import BenchmarkError
from devkit.benchmarks.load_generator import load_generator
from devkit.benchmarks.machine import Neighbors
from devkit.benchmarks.processor_time import Meter, by_kind, pids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkit.benchmarks.flow_stage import Stage
    from devkit.benchmarks.load_generator import LoadGenerator
    from devkit.services import Services

LOAD = "load generator"
BACKLOG_ORDERS = 5_000
"""Orders under way, at most, when they are sent as fast as they are taken."""
WRONG = ("lost", "doubled", "strange")


@dataclass(frozen=True, slots=True)
class Task:
    """What a run has to do after its warm-up. Without a `rate`: as fast as orders are taken."""

    name: str
    orders: int
    warm_up: int
    way: Way = WHARF
    processes: int = 1
    taste: Taste = Taste.ZIPF
    rate: float | None = None
    backlog: int = BACKLOG_ORDERS

    @property
    def all_orders(self) -> int:
        return self.warm_up + self.orders

    @property
    def hot_units(self) -> int:
        """Of the hot item there is half of what is wanted."""
        return self.all_orders // 2


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a run. `milliseconds`: CPU time an order, by process; `latency`: in milliseconds by share, of one at a rate.
    `neighbors`: cores that others used meanwhile.
    """

    task: str
    orders: int
    seconds: float
    milliseconds: Mapping[str, float]
    neighbors: float
    latency: Mapping[str, float] = field(default_factory=dict)
    reserved: int = 0

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds

    @property
    def cost(self) -> float:
        """CPU milliseconds an order of all but the load generator."""
        return sum(amount for name, amount in self.milliseconds.items() if name != LOAD)

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "rate": self.rate, "cost": self.cost}


async def measure(stage: Stage, task: Task) -> Measured:
    """Raises BenchmarkError when anything is not right, and ProcessFailedError when a process does not start."""
    async with stage.services(task.hot_units if task.taste is Taste.HOT else None) as services:
        demand = Demand(task.taste, stage.new_name(), task.all_orders)
        try:
            async with load_generator(stage.bootstrap, demand) as load:
                task.way.start(services, task.processes)
                await load.ready()
                before = await _warm_up(task, load)
                measured = await _timed(stage, task, services, load)
                told = await load.tally()
            await end(services)
            await _confirm(services, task, reserved_before=before, told=told)
        except BenchmarkError as error:
            raise BenchmarkError(f"{task.name}: {error}\nThe logs of its processes: {stage.ground.run.logs}") from error
    return replace(measured, reserved=told["reserved"])


async def _warm_up(task: Task, load: LoadGenerator) -> int:
    """How many orders were reserved."""
    if not task.warm_up:
        return 0
    await load.flood(task.warm_up, task.backlog)
    return int((await load.tally())["reserved"])


async def _timed(stage: Stage, task: Task, services: Services, load: LoadGenerator) -> Measured:
    """What is counted afterwards is not in it yet."""
    watched = {"postgres", "kafka", *(process.name for process in services.processes)}
    processes = {name: pid for name, pid in pids(stage.ground.run).items() if name in watched}
    meter, neighbors = Meter.start({**processes, LOAD: load.pid}), Neighbors.watch()
    told = await (load.flood(task.orders, task.backlog) if task.rate is None else load.pace(task.orders, task.rate))
    spent = by_kind(meter.seconds())
    return Measured(
        task=task.name,
        orders=task.orders,
        seconds=told["seconds"],
        milliseconds={name: seconds * 1000 / task.orders for name, seconds in spent.items()},
        neighbors=neighbors.cores(),
        latency=told.get("milliseconds", {}),
    )


async def _confirm(services: Services, task: Task, *, reserved_before: int, told: Mapping[str, Any]) -> None:
    """Nothing lost, doubled or oversold; what the topic says is what the database says. Raises BenchmarkError."""
    wrong = [f"{told[what]} facts or orders {what}" for what in WRONG if told[what]]
    bound = reserved_before + told["reserved"]
    wanted = task.hot_units if task.taste is Taste.HOT else task.all_orders
    if bound != wanted:
        wrong.append(f"{bound} orders reserved, of {wanted} that could be")
    if task.way.keeps:
        if (in_rows := await reserved(services)) != bound:
            wrong.append(f"{in_rows} orders reserved in the database, {bound} by their facts")
        wrong += await check(services, task.way)
    if wrong:
        raise BenchmarkError("the run is not right:\n" + "\n".join(wrong))
