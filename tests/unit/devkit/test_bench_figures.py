"""What the benchmarks make of their figures: honest tables, pages that stand alone, true pairs, targets that can fail."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from html import escape

import pytest

from contracts.orders import PlaceOrder
from devkit.benchmarks.demand import Demand, Taste
from devkit.benchmarks.figures import Plot, Report, Table, text_of
from devkit.benchmarks.flow import LOAD, Measured
from devkit.benchmarks.flow_report import report_of
from devkit.benchmarks.flow_rounds import SLOW_RATE, Scope, paced
from devkit.benchmarks.flow_stage import RAW, WHARF
from devkit.benchmarks.pairs import Spread, interleave, ratio
from devkit.benchmarks.processor_time import by_kind

NOW = datetime(2010, 12, 1, tzinfo=UTC)
EVIL = "</title><script>alert(1)</script>"


def run(task: str, *, rate: float, cost: float = 0.3, latency: dict[str, float] | None = None) -> Measured:
    return Measured(task, 1000, 1000 / rate, {"orders": cost, LOAD: 9.0}, 0.1, latency or {})


def holds(report: Report) -> dict[str, str]:
    """By target whether it holds."""
    return {str(row[0]): str(row[3]) for row in report.tables[-1].rows}


def test_figures_keep_three_digits_and_all_of_a_whole_number() -> None:
    assert [text_of(cell) for cell in (1234567, 4321.7, 99.94, 0.4567, 0.00001234, "x")] == [
        "1,234,567",
        "4,322",
        "99.9",
        "0.457",
        "1.23e-05",
        "x",
    ]


def test_a_spread_says_the_range_where_there_is_one() -> None:
    assert str(Spread.of([3.0, 1.0, 2.0])) == "2.00 (1.00 to 3.00)"
    assert str(Spread.of([2.0])) == "2.00"


def test_ratios_are_taken_pair_by_pair() -> None:
    assert ratio([10, 100, 30], [1, 20, 2]) == Spread(10, 5, 15)
    with pytest.raises(ValueError, match="argument"):
        ratio([1, 2], [1])


async def test_ways_take_turns() -> None:
    order: list[str] = []

    async def measure(way: str) -> int:
        order.append(way)
        return len(order)

    assert await interleave(["a", "b"], 3, measure) == {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert order == ["a", "b"] * 3


def test_processes_of_one_service_count_together() -> None:
    assert by_kind({"orders-1": 1.0, "orders-2": 2.0, "kafka": 3.0, "load-generator": 4.0}) == {
        "orders": 3.0,
        "kafka": 3.0,
        "load-generator": 4.0,
    }


def test_a_report_survives_any_name_in_all_its_forms() -> None:
    table = Table(EVIL, (EVIL, "n"), ((EVIL, 1.5),), note=EVIL)
    report = Report(EVIL, {"CPU": EVIL}, (table,), (Plot.bars(EVIL, {EVIL: 3.0}, of=EVIL),), {"a": [1]})
    assert json.loads(report.json())["tables"][0]["rows"] == [[EVIL, 1.5]]
    assert report.markdown().endswith("\n\n" + EVIL)
    page = report.html()
    assert "<script" not in page
    assert page.count(escape(EVIL)) > 3


def test_targets_hold_by_medians_and_fail_by_them() -> None:
    slow, raw = paced(WHARF.name, SLOW_RATE), paced(RAW.name, SLOW_RATE)
    good = {
        "wharf": [run("wharf", rate=4_100), run("wharf", rate=5_000), run("wharf", rate=10)],
        "b0": [run("b0", rate=100), run("b0", rate=110), run("b0", rate=100)],
        slow: [run(slow, rate=50, latency={"p50": 30.0, "p99": 90.0})],
        raw: [run(raw, rate=50, latency={"p50": 14.0, "p99": 20.0})],
    }
    assert holds(report_of(good, {})) == {
        "orders a second, all included": "yes",
        "CPU-ms an order without the load generator": "yes",
        "times B0": "yes",
        "orders a second of B0, which must be written well": "yes",
        "p50 at 50/s / that of raw clients": "NO",
    }
    bad = {"wharf": [run("wharf", rate=3_999, cost=0.46)], "b0": [run("b0", rate=200)]}
    assert set(holds(report_of(bad, {})).values()) == {"NO", "yes"}
    assert holds(report_of(bad, {}))["times B0"] == "NO"


def test_the_load_generator_is_no_cost_of_an_order() -> None:
    assert run("wharf", rate=1, cost=0.5).cost == pytest.approx(0.5)


def test_a_round_has_each_way_once_and_slower_ways_get_fewer_orders() -> None:
    scope = Scope(10_000, rounds=2, processes=(1, 2))
    tasks = scope.tasks()
    assert scope.work == 1 + 2 * len(tasks)
    assert tasks["b0"].orders < tasks["b1"].orders < tasks["wharf"].orders == 10_000
    assert [task.processes for task in tasks.values() if task.processes > 1] == [2]
    assert list(Scope(20, baselines=(), processes=(), rates=(), hot=False, all_services=False).tasks()) == ["wharf"]


def orders(taste: Taste, count: int = 2_000) -> list[PlaceOrder]:
    return [PlaceOrder.model_validate_json(record.value) for record in Demand(taste, "run-1", count).records(NOW)]


def test_carts_hold_up_to_seven_items_four_on_average_and_few_items_are_in_many() -> None:
    carts = orders(Taste.ZIPF)
    sizes = [len(cart.lines) for cart in carts]
    assert (min(sizes), max(sizes)) == (1, 7)
    assert 3.4 < sum(sizes) / len(sizes) <= 4
    sold = Counter(line.sku for cart in carts for line in cart.lines)
    ranked = [units for _, units in sold.most_common()]
    assert ranked[0] > 5 * ranked[9]
    assert all(len({line.sku for line in cart.lines}) == len(cart.lines) for cart in carts)


def test_one_item_an_order_is_any_or_the_same() -> None:
    assert len({order.lines[0].sku for order in orders(Taste.EVEN)}) == 2_000
    assert len({order.lines[0].sku for order in orders(Taste.HOT)}) == 1
    assert {len(order.lines) for taste in (Taste.EVEN, Taste.HOT) for order in orders(taste, 50)} == {1}


def test_the_same_run_orders_the_same_and_another_orders_under_other_names() -> None:
    first, again, other = (list(Demand(Taste.ZIPF, name, 50).records(NOW)) for name in ("run-1", "run-1", "run-2"))
    assert first == again
    assert not {record.key for record in first} & {record.key for record in other}
