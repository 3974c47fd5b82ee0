"""Figures get into the documents where their marks are, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkit.benchmarks.delivery import DOCUMENT
from devkit.commands.bench import BENCHMARKS
from devkit.commands.faults import DOCUMENT as FAULTS
from devkit.figures_page import NoPlaceError, markdown_table, write_figures

if TYPE_CHECKING:
    from pathlib import Path

MARKED = "Before.\n<!-- flow: begin -->\nold\n<!-- flow: end -->\n<!-- http: begin -->\nkept\n<!-- http: end -->\nAfter.\n"


def test_new_figures_take_the_place_of_old_ones(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(MARKED)
    for text in ("new", "newer"):
        write_figures(page, "flow", text)
    assert page.read_text() == MARKED.replace("old", "\nnewer\n")


@pytest.mark.parametrize("text", ["", "<!-- flow: begin -->", "<!-- flow: end -->"])
def test_figures_without_a_place_are_refused_and_the_page_stays(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(NoPlaceError, match=r"page.md has no place for the figures of flow"):
        write_figures(page, "flow", "new")
    assert page.read_text() == text


def test_no_cell_ends_its_column_or_its_line() -> None:
    table = markdown_table(["way", "a|b"], [["one\ntwo", "1"]])
    assert table.splitlines() == ["| way | a\\|b |", "| --- | ---: |", "| one two | 1 |"]


def test_each_benchmark_and_the_faults_have_their_place() -> None:
    page = DOCUMENT.read_text()
    assert all(f"<!-- {name}: {edge} -->" in page for name in BENCHMARKS for edge in ("begin", "end"))
    assert "<!-- faults: begin -->" in FAULTS.read_text()
