"""The commands of the house, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from devkit.checkout import ROOT
from devkit.commands.check import STEPS, run_steps

COMMAND_SECONDS = 280.0


def wharf(*arguments: str, **settings: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "devkit", *arguments]
    environment = {**os.environ, **settings}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
    )
    return done.returncode, done.stdout + done.stderr


def test_check_passes_and_names_every_step() -> None:
    status, output = wharf("check")
    assert status == 0, output
    assert {line.split()[-1] for line in output.splitlines() if line.strip().startswith("ok")} == set(STEPS)


def test_check_shows_what_a_failed_step_said_and_runs_the_others() -> None:
    failing = [*["python", "-c"], "raise SystemExit('a reason')"]
    good, bad = sorted(
        run_steps({"bad": failing, "good": ["python", "-c", "print('fine')"]}), key=lambda result: not result.passed
    )
    assert (good.name, good.passed, bad.name, bad.passed) == ("good", True, "bad", False)
    assert "a reason" in bad.output


def test_smoke_passes_a_record_and_stops() -> None:
    status, output = wharf("smoke")
    assert status == 0, output
    assert "a record went through Kafka" in output
    assert "all is stopped" in output


def test_test_hands_options_on_and_returns_the_status_of_pytest() -> None:
    status, output = wharf("test", "--collect-only", "-q", "tests/tidy/test_names.py")
    assert status == 0
    assert "test_modules_are_nouns" in output
    assert wharf("test", "-q", "tests/nowhere.py")[0] == 4


def test_an_unknown_command_is_refused_with_a_sentence() -> None:
    status, output = wharf("moor")
    assert status == 2
    assert "No such command" in output


@pytest.mark.parametrize(("in_ci", "status", "said"), [("true", 1, "1 error"), ("false", 0, "1 x Skipped: no Docker engine")])
def test_a_container_test_without_an_engine_fails_in_ci_and_is_counted_elsewhere(in_ci: str, status: int, said: str) -> None:
    only = "tests/integration/devkit/test_embedded_stack.py::test_the_official_image_takes_the_same_databases"
    nowhere = "tcp://127.0.0.1:1"
    ended, output = wharf("test", "-q", only, CI=in_ci, DOCKER_HOST=nowhere)
    assert ended == status
    assert said in output
