"""What came of a cell, and what is told of all of them: the table on a terminal, in JSON, in the documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from devkit.faults.history import Outcome
from devkit.faults.measures import longest_gap, rate, recovery_seconds, slow_seconds
from devkit.figures_page import markdown_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkit.benchmarks.figures import Cell as Figure
    from devkit.faults.cells import Cell
    from devkit.faults.scene import Scene

COLUMNS = (
    "cell",
    "acknowledged",
    "unknown",
    "violations",
    "absorbed",
    "flow",
    "away s",
    "slow s",
    "recovery s",
    "work-off s",
    "after/before",
    "drain s",
    "remarks",
)
NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Times:
    """Instants of a cell in seconds since 1970. All that had piled up was worked off at `after_at`, or never."""

    before_at: float
    fault_at: float
    healed_at: float
    after_at: float
    end_at: float
    worked_off: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds are None when what they end with was not seen."""

    cell: str
    what: str
    flow: str
    violations: tuple[str, ...] = ()
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    absorbed: int = 0
    unavailable_seconds: float | None = None
    slow_seconds: float | None = None
    recovery_seconds: float | None = None
    worked_off_seconds: float | None = None
    rate_before: float = 0.0
    rate_after: float = 0.0
    drain_seconds: float | None = None
    shed: int = 0
    remarks: tuple[str, ...] = ()
    history: str = ""

    @property
    def throughput_kept(self) -> float | None:
        """After / before."""
        return self.rate_after / self.rate_before if self.rate_before else None

    def row(self) -> tuple[Figure, ...]:
        seen = self.acknowledged > 0
        return (
            self.cell,
            self.acknowledged,
            self.unknown,
            len(self.violations),
            self.absorbed,
            self.flow,
            *(_text(value, seen=seen) for value in self._seconds()),
            _text(self.throughput_kept, seen=seen, digits=3),
            _text(self.drain_seconds, seen=seen),
            "; ".join(self.remarks),
        )

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "throughput_kept": self.throughput_kept}

    def _seconds(self) -> tuple[float | None, ...]:
        return self.unavailable_seconds, self.slow_seconds, self.recovery_seconds, self.worked_off_seconds


def failed(cell: Cell, error: BaseException) -> Result:
    """A cell that could not be played to its end."""
    return also_failed(Result(cell.name, cell.what, str(cell.flow)), error)


def also_failed(result: Result, error: BaseException) -> Result:
    """Something beside what is known already."""
    return replace(result, violations=(*result.violations, f"{type(error).__name__}: {error}"))


def result_of(
    cell: Cell, scene: Scene, times: Times, *, absorbed: int, drain_seconds: float, problems: Sequence[str]
) -> Result:
    """The figures of a cell that was played."""
    history, instants = scene.load.clients.history, scene.stand.facts.instants(cell.flow)
    before = rate(instants, times.before_at, times.fault_at)
    shed = [f"{scene.load.shed} did not come: too many waited already"] if scene.load.shed else []
    return Result(
        cell=cell.name,
        what=cell.what,
        flow=str(cell.flow),
        violations=tuple(problems),
        acknowledged=history.count(Outcome.ACKNOWLEDGED),
        refused=history.count(Outcome.REFUSED),
        unknown=history.count(Outcome.UNKNOWN),
        absorbed=absorbed,
        unavailable_seconds=longest_gap(instants, times.fault_at, times.end_at),
        slow_seconds=slow_seconds(instants, times.fault_at, times.end_at, rate_before=before),
        recovery_seconds=recovery_seconds(instants, times.healed_at, times.end_at, rate_before=before),
        worked_off_seconds=times.after_at - times.healed_at if times.worked_off else None,
        rate_before=before,
        rate_after=rate(instants, times.after_at, times.end_at),
        drain_seconds=drain_seconds,
        shed=scene.load.shed,
        remarks=(*scene.remarks, *shed),
    )


def rows(results: Sequence[Result]) -> tuple[tuple[Figure, ...], ...]:
    return tuple(result.row() for result in results)


def markdown(results: Sequence[Result], facts: Mapping[str, Figure], manner: str) -> str:
    """The table for the documents, with what it was measured on."""
    told = [f"{name} {value}" for name, value in facts.items()]
    table = markdown_table(COLUMNS, [map(str, row) for row in rows(results)])
    total = sum(result.acknowledged for result in results)
    wrong = sum(len(result.violations) for result in results)
    return f"{manner} On: {'; '.join(told)}.\n\n{table}\n\n{total:,} acknowledged commands, {wrong} violations."


def _text(value: float | None, *, seen: bool, digits: int = 1) -> str:
    if not seen:
        return ""
    return NOT_SEEN if value is None else f"{value:.{digits}f}"
