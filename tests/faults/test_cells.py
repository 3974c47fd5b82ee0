"""The short form of `./wharf faults`: real processes are broken under load, and nothing is lost (S1) or done twice (S2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from devkit.faults.cells import chosen
from devkit.faults.results import Result
from devkit.faults.run import Plan, play
from devkit.faults.stand import Stand, open_stand

PLAN = Plan(seconds=6, rate=20, backlog=1_000)
COMMANDS_MIN = 100
"""In so many seconds at that rate there are more, whatever breaks."""


@dataclass(slots=True)
class Nobody:
    """Looks on."""

    seconds: float = 0.0
    results: list[Result] = field(default_factory=list)

    def passed(self, seconds: float) -> None:
        self.seconds += seconds

    def played(self, result: Result) -> None:
        self.results.append(result)


@pytest_asyncio.fixture(scope="module")
async def stand() -> AsyncIterator[Stand]:
    async with open_stand() as stand:
        yield stand
        await stand.close()


@pytest.mark.parametrize("name", [cell.name for cell in chosen((), short=True)])
async def test_acknowledged_commands_have_their_effect_once_whatever_breaks(stand: Stand, name: str) -> None:
    (cell,) = chosen((name,), short=True)
    result = await play(stand, cell, PLAN, Nobody())
    assert result.violations == ()
    assert result.acknowledged > COMMANDS_MIN
    assert_written_down(result)


def assert_written_down(result: Result) -> None:
    """The history has an end for each beginning, and says the same as the table."""
    lines = [json.loads(line) for line in Path(result.history).read_text().splitlines()]
    begun = [line["n"] for line in lines if line["event"] == "invoke"]
    ends = {line["n"]: line["event"] for line in lines if line["event"] != "invoke"}
    assert begun == sorted(ends)
    assert Counter(ends.values()) == +Counter(ok=result.acknowledged, fail=result.refused, info=result.unknown)
