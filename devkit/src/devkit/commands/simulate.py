"""`./wharf simulate`: the four services under every fault that a seed can think of, in one process and without real time."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from devkit.progress import progress
from devkit.simulation.history import Violation
from devkit.simulation.run import Result, simulate
from devkit.simulation.safeguards import OUT
from devkit.simulation.seeds import Absence, Summary, search_all, simulate_all

RED_SEEDS_SHOWN = 10
VIOLATIONS_SHOWN = 5


def main(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to run.")] = 200,
    first: Annotated[int, typer.Option(min=0, help="The first of them.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Only this one.")] = None,
    *,
    trace: Annotated[bool, typer.Option("--trace", help="Tell the story of --seed, a line a step.")] = False,
    safeguards_off: Annotated[
        bool, typer.Option("--safeguards-off", help="Take out each safeguard in turn, and say who noticed.")
    ] = False,
) -> None:
    """Run the four services in simulation, with crashes, duplicates and delays drawn by seeds, and check every promise."""
    if safeguards_off:
        raise typer.Exit(_search(first))
    if seed is not None:
        raise typer.Exit(_run_one(seed, trace=trace))
    raise typer.Exit(_run_many(first, seeds))


def _run_many(first: int, seeds: int) -> int:
    begin = time.monotonic()
    with progress("simulating", seeds) as advance:
        summary = simulate_all(first, seeds, advance)
    seconds = time.monotonic() - begin
    _show(summary)
    typer.echo(f"{summary.seeds} seeds in {seconds:.0f} s, {summary.seeds / seconds:.1f} a second; {len(summary.red)} red")
    return 1 if summary.red else 0


def _show(summary: Summary) -> None:
    typer.echo(f"happened: {_counted(summary.counts)}")
    for result in summary.red[:RED_SEEDS_SHOWN]:
        typer.echo(f"\nseed {result.seed} is red: ./wharf simulate --seed {result.seed} --trace")
        _show_violations(result.violations)
    if len(summary.red) > RED_SEEDS_SHOWN:
        typer.echo(f"\n... and {len(summary.red) - RED_SEEDS_SHOWN} more")


def _run_one(seed: int, *, trace: bool) -> int:
    result: Result = simulate(seed, story=trace)
    for line in result.story:
        typer.echo(line)
    typer.echo(f"happened: {_counted(result.counts)}")
    _show_violations(result.violations)
    typer.echo(f"seed {seed}: {result.steps} steps, fingerprint {result.fingerprint}, {len(result.violations)} violations")
    return 1 if result.violations else 0


def _search(first: int) -> int:
    with progress("searching", len(OUT)) as advance:
        absences = search_all(first, advance)
    for absence in absences:
        typer.echo(_told(absence))
    return 0 if all(absence.seed is not None for absence in absences) else 1


def _told(absence: Absence) -> str:
    if absence.violation is None:
        return f"{absence.name:<38} NOBODY NOTICED"
    return f"{absence.name:<38} seed {absence.seed:>4}  {str(absence.violation)[:120]}"


def _show_violations(violations: Sequence[Violation]) -> None:
    for violation in violations[:VIOLATIONS_SHOWN]:
        typer.echo(f"  {violation}")
    if len(violations) > VIOLATIONS_SHOWN:
        typer.echo(f"  ... and {len(violations) - VIOLATIONS_SHOWN} more")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
