"""Every way of `bench flow` does the same work, and no figure is told of a run that is not right. How fast they are is no
affair of tests.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from devkit.benchmarks.demand import Taste
from devkit.benchmarks.flow import LOAD, Task, measure
from devkit.benchmarks.flow_stage import BASELINES, RAW, WHARF_WHOLE, Stage, Way, check
from devkit.benchmarks.ground import BenchmarkError, connected, ground
from devkit.services import Services

from support.command_line import wharf

ORDERS, WARM_UP = 40, 20
COMMAND_SECONDS = 240.0
WAYS = [Task("wharf", ORDERS, WARM_UP, processes=2), Task("all", ORDERS, WARM_UP, WHARF_WHOLE)]
WAYS += [Task(name, ORDERS, WARM_UP, way) for name, way in BASELINES.items()]


@pytest_asyncio.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    with ground("test") as place:
        yield await Stage.open(place)


@pytest.mark.parametrize("task", WAYS, ids=lambda task: task.name)
async def test_every_way_binds_the_stock_of_every_order_and_passes_verify(stage: Stage, task: Task) -> None:
    found = await measure(stage, task)
    assert found.reserved == ORDERS
    assert {"orders", "inventory", "postgres", "kafka", LOAD} <= found.milliseconds.keys()
    assert found.rate > 0
    assert found.cost > 0


async def test_at_a_rate_each_order_has_its_time(stage: Stage) -> None:
    task = Task("raw", ORDERS, WARM_UP, RAW, rate=100)
    found = await measure(stage, task)
    assert found.reserved == ORDERS
    assert 0 < found.latency["p50"] <= found.latency["p95"] <= found.latency["p99"] <= found.latency["max"]
    assert found.seconds >= (ORDERS - 1) / 100


async def test_of_the_hot_item_exactly_all_units_are_sold(stage: Stage) -> None:
    found = await measure(stage, Task("hot", ORDERS, 0, taste=Taste.HOT))
    assert found.reserved == ORDERS // 2


async def test_stock_that_is_wrong_is_found(stage: Stage) -> None:
    async with stage.services() as services, connected(services.dsns["inventory"]) as database:
        await database.execute("UPDATE balance SET quantity = quantity + 1 WHERE sku = 'sku-0'")
        wrong = await check(services, Way("nobody", {"inventory": None}))
    assert any("balances are the sum of the ledger" in text for text in wrong)


class BareShelf(Stage):
    """One unit of one item, whatever a run expects."""

    def services(self, hot_units: int | None = None) -> AbstractAsyncContextManager[Services]:  # noqa: ARG002 - as in Stage
        return super().services(1)


async def test_a_run_that_did_not_bind_all_orders_tells_no_figure(stage: Stage) -> None:
    bare = BareShelf(stage.ground, stage.templates, stage.numbers)
    with pytest.raises(BenchmarkError, match=f"1 orders reserved, of {ORDERS // 2} that could be"):
        await measure(bare, Task("short", ORDERS, 0, BASELINES["b1"], taste=Taste.HOT))


def test_the_command_measures_writes_and_says_what_was_wanted(tmp_path: Path) -> None:
    page, figures = tmp_path / "flow.html", tmp_path / "flow.json"
    few = ("--orders", "20", "--pairs", "1", "--warm-up", "0", "--baselines", "none", "--processes", "1", "--rates", "none")
    less = ("--no-hot", "--no-all-services", "--json", str(figures), "--html", str(page))
    done = wharf("bench", "flow", *few, *less, seconds=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout
    assert "orders a second, all included" in done.stdout
    content = json.loads(figures.read_text())
    assert [run["reserved"] for run in content["measured"]["wharf"]] == [20]
    assert content["machine"]["Kafka"]
    assert "<svg" in page.read_text()


def test_an_unknown_baseline_is_refused_at_once() -> None:
    done = wharf("bench", "flow", "--baselines", "b7")
    assert done.returncode == 2
    assert "b7" in done.stdout
