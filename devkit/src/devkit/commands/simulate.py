"""`./wharf simulate`: the four services under every fault that a seed can think of, in one process and without real time."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from devkit.progress import progress
from devkit.simulation.cut import TRIES_MAX, Cut, Shrinking
from devkit.simulation.faults import KINDS
from devkit.simulation.history import Violation
from devkit.simulation.run import Result, simulate
from devkit.simulation.safeguards import ALL_IN, OUT, Safeguards
from devkit.simulation.seeds import SEARCH_SEEDS_MAX, Absence, Summary, search_all, simulate_all

RED_SEEDS_SHOWN = 10
VIOLATIONS_SHOWN = 5
WHAT_WIDTH = 110
"""Characters of what was seen, in the table of safeguards."""


@dataclass(frozen=True, slots=True)
class One:
    """One seed, and what is left of it."""

    seed: int
    cut: Cut
    safeguards: Safeguards

    def run(self, cut: Cut | None = None, *, story: bool = False) -> Result:
        return simulate(self.seed, safeguards=self.safeguards, cut=cut or self.cut, story=story)

    def command(self, cut: Cut) -> str:
        """What shows it again."""
        without = "" if self.safeguards is ALL_IN else f' --without "{self.safeguards.name}"'
        return f"./wharf simulate --seed {self.seed}{without} {cut.options}".rstrip()


def main(  # each is an option of the command
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to run.")] = 200,
    first: Annotated[int, typer.Option(min=0, help="The first of them.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="Only this one.")] = None,
    *,
    trace: Annotated[bool, typer.Option("--trace", help="Tell the story of --seed, a line a step.")] = False,
    shrink: Annotated[bool, typer.Option("--shrink", help="Look for the least of --seed that is still red.")] = False,
    only: Annotated[str, typer.Option(help="Of --seed, only these messages, by number; or `none`.")] = "",
    faults: Annotated[str, typer.Option(help="Of --seed, only these kinds of faults; or `none`.")] = "",
    bugs: Annotated[bool, typer.Option(help="Whether --seed may have a bug in a rule.")] = True,
    without: Annotated[str, typer.Option(help="The safeguard that is taken out.")] = "",
    safeguards_off: Annotated[
        bool,
        typer.Option("--safeguards-off", help="Take out each safeguard in turn, or the one of --without, and say who noticed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The table of --safeguards-off as JSON.")] = False,
) -> None:
    """Run the four services in simulation, with crashes, duplicates and delays drawn by seeds, and check every promise."""
    if safeguards_off:
        raise typer.Exit(_search(first, [_missing(without)] if without else OUT, as_json=as_json))
    if seed is None:
        raise typer.Exit(_run_many(first, seeds))
    one = One(seed, Cut(_numbers(only), _kinds(faults), bugs), _missing(without))
    raise typer.Exit(_shrink(one) if shrink else _run_one(one, trace=trace))


def _numbers(only: str) -> tuple[int, ...] | None:
    words = [] if only == "none" else only.split(",")
    if not all(word.strip().isdigit() for word in words if only):
        raise typer.BadParameter("numbers, parted by commas, or none", param_hint="--only")
    return tuple(int(word) for word in words) if only else None


def _kinds(faults: str) -> tuple[str, ...] | None:
    kinds = () if faults == "none" else tuple(word.strip().replace("-", " ") for word in faults.split(","))
    if faults and not set(kinds) <= set(KINDS):
        known = ", ".join(kind.replace(" ", "-") for kind in KINDS)
        raise typer.BadParameter(f"kinds, parted by commas, of {known}; or none", param_hint="--faults")
    return kinds if faults else None


def _missing(without: str) -> Safeguards:
    found = next((each for each in OUT if each.name == without), None)
    if without and found is None:
        raise typer.BadParameter(f"one of: {'; '.join(each.name for each in OUT)}", param_hint="--without")
    return found or ALL_IN


def _run_many(first: int, seeds: int) -> int:
    begin = time.monotonic()
    with progress("simulating", seeds, "seeds") as advance:
        summary = simulate_all(first, seeds, advance)
    seconds = time.monotonic() - begin
    _show(summary)
    typer.echo(f"{summary.seeds} seeds in {seconds:.0f} s, {summary.seeds / seconds:.1f} a second; {len(summary.red)} red")
    return 1 if summary.red else 0


def _show(summary: Summary) -> None:
    typer.echo(f"happened: {_counted(summary.counts)}")
    for result in summary.red[:RED_SEEDS_SHOWN]:
        typer.echo(f"\nseed {result.seed} is red: ./wharf simulate --seed {result.seed} --trace; or, less of it, --shrink")
        _show_violations(result.violations)
    if len(summary.red) > RED_SEEDS_SHOWN:
        typer.echo(f"\n... and {len(summary.red) - RED_SEEDS_SHOWN} more")


def _run_one(one: One, *, trace: bool) -> int:
    result = one.run(story=trace)
    for line in result.story:
        typer.echo(line)
    typer.echo(f"happened: {_counted(result.counts)}")
    _show_violations(result.violations)
    of = f"seed {one.seed}"
    typer.echo(f"{of}: {result.steps} steps, fingerprint {result.fingerprint}, {len(result.violations)} violations")
    return 1 if result.violations else 0


def _shrink(one: One) -> int:
    whole = one.run()
    if not whole.violations:
        typer.echo(f"seed {one.seed} is green: there is nothing to shrink")
        return 0
    with progress("shrinking", TRIES_MAX, "runs") as advance:
        cut = Shrinking(one.run, advance, best=one.cut).shrink(whole)
    result = one.run(cut)
    left = whole.postings if cut.postings is None else len(cut.postings)
    typer.echo(f"{left} of {whole.postings} messages, {len(result.faults)} of {len(whole.faults)} kinds of faults are left:")
    _show_violations(result.violations)
    typer.echo(f"{one.command(cut)} --trace")
    return 1


def _search(first: int, chosen: Sequence[Safeguards], *, as_json: bool) -> int:
    begin = time.monotonic()
    if as_json:
        absences = search_all(first, lambda _: None, chosen=chosen)
        typer.echo(json.dumps([_row(absence) for absence in absences], indent=2))
    else:
        with progress("searching", len(chosen)) as advance:
            absences = search_all(first, advance, chosen=chosen)
        typer.echo("| taken out | noticed by | seed | steps | what was seen |\n|---|---|---:|---:|---|")
        for absence in absences:
            typer.echo(_line(absence))
    caught = sum(absence.seed is not None for absence in absences)
    seconds = time.monotonic() - begin
    typer.echo(f"\n{caught} of {len(absences)} noticed within {SEARCH_SEEDS_MAX} seeds; {seconds:.0f} s", err=as_json)
    return 0 if caught == len(absences) else 1


def _row(absence: Absence) -> Mapping[str, object]:
    found = absence.violation
    return {
        "taken_out": absence.name,
        "noticed_by": found and found.promise,
        "seed": absence.seed,
        "steps": absence.steps,
        "seconds": round(absence.seconds, 1),
        "seen": found and found.what,
    }


def _line(absence: Absence) -> str:
    if absence.violation is None:
        return f"| {absence.name} | NOBODY | | | |"
    what = " ".join(absence.violation.what.replace("|", "/").split())
    shown = what if len(what) <= WHAT_WIDTH else f"{what[:WHAT_WIDTH]} ..."
    return f"| {absence.name} | {absence.violation.promise} | {absence.seed} | {absence.steps} | {shown} |"


def _show_violations(violations: Sequence[Violation]) -> None:
    for violation in violations[:VIOLATIONS_SHOWN]:
        typer.echo(f"  {violation}")
    if len(violations) > VIOLATIONS_SHOWN:
        typer.echo(f"  ... and {len(violations) - VIOLATIONS_SHOWN} more")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
