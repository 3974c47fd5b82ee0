"""The pages in docs/states: tables of state and message, one cell each, that a test walks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "states"
FACT = re.compile(r"`([A-Z][A-Za-z]+)`")


@dataclass(frozen=True)
class Cell:
    """`after` is the state after the message, `facts` the names of the facts told, in order, `about` what else it says."""

    message: str
    state: str
    after: str
    facts: list[str]
    about: str = ""

    def __str__(self) -> str:
        return f"{self.message} when {self.state}"


def cells(page: str) -> list[Cell]:
    """All cells of the page's first table, whose first row has the states and whose first column has the messages."""
    lines = [line for line in (PAGES / page).read_text().splitlines() if line.startswith("|")]
    _, *states = _parts(lines[0])
    found = []
    for line in lines[2:]:
        message, *texts = _parts(line)
        for state, text in zip(states, texts, strict=True):
            after, _, about = text.partition(":")
            found.append(Cell(message, state, after, FACT.findall(about), FACT.sub("", about).strip()))
    return found


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.strip("|").split("|")]
