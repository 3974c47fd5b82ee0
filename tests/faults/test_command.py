"""`./wharf faults` as it is called; what it does is in test_cells.py."""

from __future__ import annotations

import json
from pathlib import Path

from devkit.faults.cells import CELLS

from support.command_line import wharf

SECONDS = 240.0


def test_the_cells_are_listed() -> None:
    told = wharf("faults", "--list")
    assert told.returncode == 0, told.stdout
    assert [line.split()[0] for line in told.stdout.splitlines()] == [cell.name for cell in CELLS]


def test_a_cell_that_is_not_there_is_refused() -> None:
    told = wharf("faults", "--cell", "kill-everybody")
    assert told.returncode == 2
    assert "there is no cell kill-everybody" in told.stdout


def test_a_cell_ends_with_a_table_and_a_file_of_figures(tmp_path: Path) -> None:
    little = ("--short", "--cell", "calm", "--seconds", "5", "--rate", "10")
    told = wharf("faults", *little, "--json", str(tmp_path / "f"), seconds=SECONDS)
    assert told.returncode == 0, told.stdout
    assert "ok  calm" in told.stdout
    (cell,) = json.loads((tmp_path / "f").read_text())["cells"]
    assert cell["violations"] == []
    assert cell["acknowledged"] > 0
    assert cell["drain_seconds"] > 0
