"""What the runs of `bench flow` come to: tables, drawings, and whether the targets hold."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from devkit.benchmarks.figures import Plot, Report, Table
from devkit.benchmarks.flow_rounds import EVEN, FAST_RATE, HOT, SLOW_RATE, paced, several
from devkit.benchmarks.flow_stage import RAW, WHARF, WHARF_WHOLE
from devkit.benchmarks.pairs import Spread, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from devkit.benchmarks.figures import Cell
    from devkit.benchmarks.flow import Measured

MICROSECONDS = 1_000.0
FASTER = ((WHARF.name, "b0"), (WHARF.name, "b1"), (WHARF_WHOLE.name, WHARF.name), (HOT, EVEN))
"""Ways beside each other, in the words of their tasks."""
NOTE = (
    "Medians, and in brackets the least and the most. Every run was verified after its last order. The load generator, Kafka "
    "and PostgreSQL share the machine; neighbors are cores that processes which are not ours used meanwhile."
)


@dataclass(frozen=True, slots=True)
class Findings:
    """All runs, by task, in the order of the rounds."""

    runs: Mapping[str, Sequence[Measured]]

    def rate(self, name: str) -> float:
        """Raises KeyError, as all of these do, when there was no such run."""
        return median([run.rate for run in self.runs[name]])

    def cost(self, name: str) -> float:
        return median([run.cost for run in self.runs[name]])

    def latency(self, name: str, share: str) -> float:
        return median([run.latency[share] for run in self.runs[name]])

    def times(self, over: str, under: str) -> Spread:
        """How much faster, round by round."""
        return ratio([run.rate for run in self.runs[over]], [run.rate for run in self.runs[under]])

    def slower(self, share: str) -> float:
        """Latency at the slow rate, beside that of raw clients."""
        return self.latency(paced(WHARF.name, SLOW_RATE), share) / self.latency(paced(RAW.name, SLOW_RATE), share)


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted: at least, or at most, so much."""

    what: str
    found: Callable[[Findings], float]
    low: float = 0.0
    high: float = float("inf")

    def row(self, findings: Findings) -> tuple[Cell, ...] | None:
        """None when it was not measured."""
        try:
            found = self.found(findings)
        except KeyError:
            return None
        wanted = f"at least {self.low:,g}" if self.low else f"at most {self.high:,g}"
        return (self.what, wanted, found, "yes" if self.low <= found <= self.high else "NO")


TARGETS = (
    Target("orders a second, all included", lambda found: found.rate(WHARF.name), low=4_000),
    Target("CPU-ms an order without the load generator", lambda found: found.cost(WHARF.name), high=0.45),
    Target("times B0", lambda found: found.times(WHARF.name, "b0").median, low=35),
    Target("times B1", lambda found: found.times(WHARF.name, "b1").median, low=5),
    Target("orders a second of B0, which must be written well", lambda found: found.rate("b0"), low=90),
    Target("the same item for all / any item", lambda found: found.times(HOT, EVEN).median, low=1),
    Target("p99 in ms at 2,500/s", lambda found: found.latency(paced(WHARF.name, FAST_RATE), "p99"), high=500),
    Target("p50 at 50/s / that of raw clients", lambda found: found.slower("p50"), high=2),
)


def report_of(runs: Mapping[str, Sequence[Measured]], machine: Mapping[str, Cell]) -> Report:
    findings = Findings(runs)
    flooded = {name: each for name, each in runs.items() if not each[0].latency}
    reached = tuple(row for row in (target.row(findings) for target in TARGETS) if row is not None)
    tables = [_rates(flooded), _costs(runs), _ratios(findings)]
    if paced_runs := {name: each for name, each in runs.items() if each[0].latency}:
        tables.append(_latencies(paced_runs))
    tables.append(Table("What is wanted", ("target", "wanted", "found", "holds"), reached))
    measured = {name: [run.plain() for run in each] for name, each in runs.items()}
    return Report("The flow of orders", machine, tables, _plots(flooded), measured)


def _rates(runs: Mapping[str, Sequence[Measured]]) -> Table:
    rows = tuple(
        (
            name,
            each[0].orders,
            str(Spread.of([run.rate for run in each])),
            str(Spread.of([run.cost for run in each])),
            str(Spread.of([run.neighbors for run in each])),
            len(each),
        )
        for name, each in runs.items()
    )
    columns = ("as fast as they are taken", "orders", "orders a second", "CPU-ms an order", "neighbors", "runs")
    return Table("From placed to reserved and known", columns, rows, NOTE)


def _costs(runs: Mapping[str, Sequence[Measured]]) -> Table:
    kinds = sorted({kind for each in runs.values() for run in each for kind in run.milliseconds})
    rows = tuple((name, *(_cost(each, kind) for kind in kinds)) for name, each in runs.items())
    return Table("CPU milliseconds an order, by process", ("way", *kinds), rows, "Medians.")


def _cost(runs: Sequence[Measured], kind: str) -> Cell:
    return median([run.milliseconds[kind] for run in runs]) if kind in runs[0].milliseconds else ""


def _ratios(findings: Findings) -> Table:
    curve = [(several(n), WHARF.name) for n in range(2, 17)]
    pairs = [pair for pair in (*FASTER, *curve) if pair[0] in findings.runs and pair[1] in findings.runs]
    rows = tuple((f"{over} / {under}", str(findings.times(over, under))) for over, under in pairs)
    return Table("Beside each other, round by round", ("orders a second", "times"), rows)


def _latencies(runs: Mapping[str, Sequence[Measured]]) -> Table:
    shares = tuple(next(iter(runs.values()))[0].latency)
    rows = tuple((name, each[0].orders, *_spreads(each, shares)) for name, each in runs.items())
    note = "Milliseconds from the instant at which an order was meant to be sent until its last fact came back to the sender."
    return Table("How long it takes at a rate", ("way", "orders", *shares), rows, note)


def _spreads(runs: Sequence[Measured], shares: Sequence[str]) -> list[Cell]:
    return [str(Spread.of([run.latency[share] for run in runs])) for share in shares]


def _plots(flooded: Mapping[str, Sequence[Measured]]) -> list[Plot]:
    rates = {name: median([run.rate for run in each]) for name, each in flooded.items()}
    kinds = sorted({kind for each in flooded.values() for run in each for kind in run.milliseconds})
    costs = {
        name: {kind: MICROSECONDS * median([run.milliseconds.get(kind, 0.0) for run in each]) for kind in kinds}
        for name, each in flooded.items()
        if name not in ("b0", "b1")
    }
    return [
        Plot.bars("Orders a second", rates, of="orders a second"),
        Plot.stacks("CPU time of an order, by process", costs, of="CPU microseconds", axis="way"),
    ]
