"""`./wharf simulate`: what it prints, and that a red seed makes it fail."""

import json
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from devkit.cli import app
from devkit.commands import simulate
from devkit.simulation.cut import Cut
from devkit.simulation.history import Violation
from devkit.simulation.run import Result
from devkit.simulation.safeguards import ALL_IN, Safeguards
from devkit.simulation.seeds import Absence

USAGE_ERROR = 2


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


def red(seed: int, *, story: bool, safeguards: Safeguards, cut: Cut) -> Result:
    """Always; as long as the third of its nine messages is there, and processes crash."""
    whole = (cut.postings is None or 2 in cut.postings) and (cut.faults is None or "crash" in cut.faults)
    violations: Sequence[Violation] = [Violation("S4", "sold what was not there")] if whole else []
    assert safeguards is ALL_IN
    return Result(seed, 1, "f", violations, {}, ["a step"] if story else [], 9, cut.faults or ("crash", "stall"))


def test_a_red_seed_fails_and_says_what_was_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "simulate", red)
    exit_code, lines = wharf("--seed", "9")
    assert exit_code == 1
    assert "  S4: sold what was not there" in lines


def test_a_red_seed_shrinks_to_the_command_that_shows_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "simulate", red)
    exit_code, lines = wharf("--seed", "9", "--shrink")
    assert exit_code == 1
    assert lines[-3:] == [
        "1 of 9 messages, 1 of 2 kinds of faults are left:",
        "  S4: sold what was not there",
        "./wharf simulate --seed 9 --only 2 --faults crash --no-bugs --trace",
    ]


def test_a_green_seed_has_nothing_to_shrink() -> None:
    exit_code, lines = wharf("--seed", "7", "--shrink")
    assert exit_code == 0
    assert lines == ["seed 7 is green: there is nothing to shrink"]


def test_a_seed_can_be_run_with_less_in_it() -> None:
    _, whole = wharf("--seed", "7")
    exit_code, less = wharf("--seed", "7", "--only", "0,1,2", "--faults", "none", "--no-bugs")
    assert exit_code == 0
    assert "3 postings" in less[0]
    assert "crash" not in less[0]
    assert whole != less


def test_a_safeguard_can_be_missed_in_one_seed() -> None:
    exit_code, lines = wharf("--seed", "0", "--without", "undecodable records are kept", "--faults", "none")
    assert exit_code == 1
    assert any(line.startswith("  S12: ") for line in lines)


MISSED = ("--safeguards-off", "--without", "balances change with the ledger")


def test_the_table_of_safeguards_says_who_has_noticed() -> None:
    exit_code, lines = wharf(*MISSED)
    assert exit_code == 0
    (row,) = [line for line in lines if line.startswith("| balances change with the ledger | S3 | ")]
    assert "the ledger has lost movements" in row
    assert any(line.startswith("1 of 1 noticed within 1000 seeds") for line in lines)


def test_the_table_of_safeguards_is_there_for_machines() -> None:
    exit_code, lines = wharf(*MISSED, "--json")
    assert exit_code == 0
    (row,) = json.loads("\n".join(lines[: lines.index("]") + 1]))
    assert (row["taken_out"], row["noticed_by"]) == ("balances change with the ledger", "S3")


def test_a_safeguard_that_nobody_misses_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devkit.commands.simulate.search_all", lambda *_, **__: [Absence("nothing", None, None)])
    exit_code, lines = wharf("--safeguards-off")
    assert exit_code == 1
    assert "| nothing | NOBODY | | | |" in lines


@pytest.mark.parametrize("options", [("--only", "a"), ("--faults", "rain"), ("--without", "everything")])
def test_what_does_not_exist_is_refused(options: tuple[str, str]) -> None:
    exit_code, _ = wharf("--seed", "1", *options)
    assert exit_code == USAGE_ERROR
