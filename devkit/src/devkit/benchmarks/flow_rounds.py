"""The rounds of `bench flow`: in each every way has its turn, so that all see the same machine. What a run does is in flow.py,
what all come to in flow_report.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from devkit.benchmarks.demand import Taste
from devkit.benchmarks.figures import text_of
from devkit.benchmarks.flow import Task, measure
from devkit.benchmarks.flow_stage import BASELINES, RAW, WHARF, WHARF_WHOLE, Stage
from devkit.benchmarks.pairs import interleave

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from devkit.benchmarks.flow import Measured
    from devkit.benchmarks.ground import Ground

HOT, EVEN = "one item, the same for all", "one item, any"
SHARES = {"b0": 0.04, "b1": 0.2}
"""A slower way gets fewer orders, so that all take about as long."""
ORDERS_MIN = 20
PACED_SECONDS = 20.0
SLOW_RATE, FAST_RATE = 50.0, 2_500.0
WARM_UP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be measured beside the flow itself, in so many rounds. `warm_up` comes before all: Kafka's Java machine
    compiles what it runs often, and until then an order costs it three times as much.
    """

    orders: int
    rounds: int = 1
    warm_up: int = 0
    baselines: Sequence[str] = ("b0", "b1")
    processes: Sequence[int] = (2, 4)
    rates: Sequence[float] = (SLOW_RATE, FAST_RATE)
    paced_seconds: float = PACED_SECONDS
    hot: bool = True
    all_services: bool = True

    def tasks(self) -> dict[str, Task]:
        """The runs of a round, by name."""
        warm_up = max(ORDERS_MIN, int(self.orders * WARM_UP_SHARE))
        half = max(ORDERS_MIN, self.orders // 2)
        tasks = [Task(WHARF.name, self.orders, warm_up)]
        for name in self.baselines:
            orders = max(ORDERS_MIN, int(self.orders * SHARES[name]))
            tasks.append(Task(name, orders, max(ORDERS_MIN, int(orders * WARM_UP_SHARE)), BASELINES[name]))
        tasks += [Task(several(n), self.orders, warm_up, processes=n) for n in self.processes if n > 1]
        if self.all_services:
            tasks.append(Task(WHARF_WHOLE.name, self.orders, warm_up, WHARF_WHOLE))
        if self.hot:
            tasks.append(Task(EVEN, half, warm_up, taste=Taste.EVEN))
            tasks.append(Task(HOT, half, warm_up, taste=Taste.HOT))
        for rate in self.rates:
            orders = max(ORDERS_MIN, int(rate * self.paced_seconds))
            tasks.append(Task(paced(WHARF.name, rate), orders, warm_up, rate=rate))
        if SLOW_RATE in self.rates:
            orders = max(ORDERS_MIN, int(SLOW_RATE * self.paced_seconds))
            tasks.append(Task(paced(RAW.name, SLOW_RATE), orders, ORDERS_MIN, RAW, rate=SLOW_RATE))
        return {task.name: task for task in tasks}

    @property
    def work(self) -> int:
        """Runs, with the warm-up."""
        return 1 + self.rounds * len(self.tasks())


async def measure_rounds(place: Ground, scope: Scope, advance: Callable[[float], None]) -> Mapping[str, Sequence[Measured]]:
    """All runs by task. Raises BenchmarkError at the first that is not right."""
    tasks, stage = scope.tasks(), await Stage.open(place)
    if scope.warm_up:
        await measure(stage, Task("warm-up", scope.warm_up, 0))
    advance(1)

    async def run(name: str) -> Measured:
        measured = await measure(stage, tasks[name])
        typer.echo(_told(measured))
        advance(1)
        return measured

    return await interleave(list(tasks), scope.rounds, run)


def several(processes: int) -> str:
    return f"wharf, {processes} processes a service"


def paced(name: str, rate: float) -> str:
    return f"{name} at {rate:,.0f}/s"


def _told(run: Measured) -> str:
    parts = [f"{run.task}: {text_of(run.rate)} orders/s", f"{text_of(run.cost)} CPU-ms an order"]
    parts += [f"{share} {text_of(milliseconds)} ms" for share, milliseconds in run.latency.items()]
    return ", ".join([*parts, f"neighbors {run.neighbors:.2f} cores"])
