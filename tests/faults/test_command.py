"""`./wharf faults` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from support.command_line import STACK_SECONDS, wharf


def test_the_command_breaks_something_checks_it_and_shows_the_figures(tmp_path: Path) -> None:
    figures = tmp_path / "faults.json"
    done = wharf(
        "faults", "--cell", "kill-orders", "--seconds", "5", "--rate", "20", "--json", str(figures), seconds=2 * STACK_SECONDS
    )
    assert done.returncode == 0, done.stdout
    assert "kill-orders" in done.stdout
    assert json.loads(figures.read_text())


def test_an_unknown_cell_is_refused_at_once() -> None:
    done = wharf("faults", "--cell", "coffee-break")
    assert done.returncode == 2
    assert "coffee-break" in done.stdout
