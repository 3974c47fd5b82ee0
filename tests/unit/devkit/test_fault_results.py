"""What is told of cells: figures that were not seen are not invented, and a cell that broke down says so."""

from __future__ import annotations

from collections import Counter

import pytest

from devkit.faults.cells import CELLS, chosen
from devkit.faults.ending import misplaced
from devkit.faults.results import COLUMNS, Result, also_failed, failed, markdown

SEEN = Result(
    cell="calm",
    what="nothing breaks",
    flow="orders",
    acknowledged=1_200,
    unknown=3,
    unavailable_seconds=0.24,
    slow_seconds=0.5,
    recovery_seconds=None,
    worked_off_seconds=1.0,
    rate_before=50.0,
    rate_after=49.5,
    drain_seconds=2.0,
)


def test_a_row_has_a_figure_a_column_and_says_what_was_not_seen() -> None:
    row = dict(zip(COLUMNS, SEEN.row(), strict=True))
    assert row["away s"] == "0.2"
    assert row["recovery s"] == "not seen"
    assert row["after/before"] == "0.990"


def test_a_cell_that_could_not_be_played_has_no_figures_and_a_violation() -> None:
    result = failed(CELLS[0], TimeoutError("not quiet"))
    assert result.violations == ("TimeoutError: not quiet",)
    assert set(result.row()) == {"calm", "orders", 0, 1, ""}
    assert len(also_failed(result, OSError("and more")).violations) == 2


def test_the_table_of_the_documents_counts_commands_and_violations() -> None:
    text = markdown([SEEN, failed(CELLS[1], OSError("gone"))], {"cores": 2}, "As always.")
    assert "As always. On: cores 2." in text
    assert "1,200 acknowledged commands, 1 violations." in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {len(COLUMNS) + 1}


def test_cells_are_chosen_by_name() -> None:
    assert [cell.name for cell in chosen(("calm", "backlog"), short=True)] == ["calm", "backlog"]
    assert [cell.name for cell in chosen(("calm", "poison", "calm"), short=False)] == ["calm", "poison"]
    assert chosen((), short=False) == list(CELLS)
    assert 5 < len(chosen((), short=True)) < len(CELLS)
    with pytest.raises(LookupError, match="no cell kill-everybody"):
        chosen(("kill-everybody",), short=False)


def test_what_nobody_knows_the_arrival_of_may_be_in_quarantine_and_nothing_else() -> None:
    certain, perhaps = Counter(orders=5), Counter(orders=2)
    assert not misplaced(Counter(orders=5), certain=certain, perhaps=perhaps)
    assert not misplaced(Counter(orders=7), certain=certain, perhaps=perhaps)
    assert len(misplaced(Counter(orders=4), certain=certain, perhaps=perhaps)) == 1
    assert len(misplaced(Counter(orders=8, removals=1), certain=certain, perhaps=perhaps)) == 2
    assert len(misplaced(Counter(), certain=certain, perhaps=perhaps)) == 1
