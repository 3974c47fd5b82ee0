"""`./wharf check`: what has to hold before a commit, side by side on two processors."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from devkit import checkout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PARALLEL_STEPS = 2
STEP_SECONDS = 300.0
# The longest first, so that they share the processors with the short ones.
STEPS = {
    "types": ["mypy"],
    "tests": ["pytest", "-q", "--no-header", "tests/unit", "tests/contract", "tests/tidy"],
    "imports": ["lint-imports"],
    "lint": ["ruff", "check", "--quiet"],
    "format": ["ruff", "format", "--check", "--quiet"],
}


@dataclass(frozen=True, slots=True)
class Result:
    """How a step went."""

    name: str
    passed: bool
    seconds: float
    output: str


def main() -> None:
    """Check format, lint, types and import rules, and run the unit, contract and tidy tests."""
    failed = [result for result in run_steps(STEPS) if not result.passed]
    for result in failed:
        typer.echo(f"\n---- {result.name} ----\n{result.output}")
    raise typer.Exit(1 if failed else 0)


def run_steps(steps: Mapping[str, Sequence[str]]) -> list[Result]:
    """Run all of them, each a program of the environment with its arguments, and say how each went."""
    results = []
    with ThreadPoolExecutor(PARALLEL_STEPS) as pool:
        for step in as_completed([pool.submit(_run, name, command) for name, command in steps.items()]):
            result = step.result()
            results.append(result)
            typer.echo(f"{'ok' if result.passed else 'FAILED':>6}  {result.seconds:5.1f} s  {result.name}")
    return results


def _run(name: str, command: Sequence[str]) -> Result:
    begin = time.monotonic()
    program = Path(sysconfig.get_path("scripts")) / command[0]
    done = subprocess.run(  # noqa: S603 - our own tools
        [program, *command[1:]],
        cwd=checkout.ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STEP_SECONDS,
        check=False,
    )
    return Result(name, done.returncode == 0, time.monotonic() - begin, done.stdout)
