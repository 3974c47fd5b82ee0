"""`./wharf simulate`: what it prints, and that a red seed makes it fail."""

from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from devkit.cli import app
from devkit.commands import simulate
from devkit.simulation.history import Violation
from devkit.simulation.run import Result


def wharf(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.output.splitlines()


def test_many_seeds_end_with_a_count_and_their_speed() -> None:
    exit_code, lines = wharf("--seeds", "4", "--first", "11")
    assert exit_code == 0
    assert lines[-1].startswith("4 seeds in ")
    assert lines[-1].endswith("; 0 red")


def test_one_seed_tells_its_story() -> None:
    exit_code, lines = wharf("--seed", "7", "--trace")
    assert exit_code == 0
    assert any("commit" in line for line in lines)
    assert "fingerprint" in lines[-1]
    assert wharf("--seed", "7")[1][-1] == lines[-1]


def red(seed: int, *, story: bool) -> Result:
    violations: Sequence[Violation] = [Violation("S4", "sold what was not there")]
    return Result(seed, 1, "f", violations, {}, ["a step"] if story else [])


def test_a_red_seed_fails_and_says_what_was_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "simulate", red)
    exit_code, lines = wharf("--seed", "9")
    assert exit_code == 1
    assert "  S4: sold what was not there" in lines
