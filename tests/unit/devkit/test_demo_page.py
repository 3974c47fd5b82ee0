"""The demo's page: it stands alone, says the numbers in words as well as in drawings, and survives any title."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from devkit.demo.charts import Table, lines, stacked, ticks
from devkit.demo.history import History
from devkit.demo.page import orders_by_day, page, stock_by_day
from devkit.demo.report import Totals
from devkit.demo.shelf import Levels

FIRST = date(2010, 12, 1)
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
EVIL = "</title><script>alert(1)</script>"


def totals(**changes: Any) -> Totals:
    given: dict[str, Any] = {
        "orders_placed": 3,
        "orders_refused": 0,
        "orders_released": 3,
        "orders_shipped": 3,
        "orders_canceled": {},
        "removals": {"completed": 2, "canceled": 1, "refused": 0, "units_removed": 7, "units_bound": 0},
        "mails": {"order_confirmed": 3},
        "units": {},
        "parked": 0,
        "quarantined": 0,
        "duplicates_absorbed": 0,
        "seconds": 1.0,
        "violations": [],
        "history": History(
            {(FIRST, "shipped"): 2, (FIRST + timedelta(days=2), "Fraud"): 1},
            {"S1": [(NOON, Levels("S1", 5, 1, 0)), (NOON + timedelta(days=1), Levels("S1", 4, 0, 2))]},
            {"S1": EVIL},
        ),
    }
    return Totals(**{**given, **changes})


class Reader(HTMLParser):
    """Tags that are open must be closed in order; all attributes are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_needs_nothing_beside_itself_and_runs_nothing() -> None:
    reader = read(page(totals()))
    assert not {tag for tag, _ in reader.found} & {"script", "link", "img", "iframe", "object"}
    assert not any(name in ("src", "href") or name.startswith("on") for _, attributes in reader.found for name in attributes)
    assert "url(" not in page(totals())


def test_each_drawing_has_a_name_a_description_and_a_table_of_its_numbers() -> None:
    reader = read(page(totals()))
    drawings = [attributes["aria-labelledby"] or "" for tag, attributes in reader.found if tag == "svg"]
    ids = {attributes.get("id") for _, attributes in reader.found}
    assert len(drawings) == 4 == sum(tag == "table" for tag, _ in reader.found)
    assert {name for named in drawings for name in named.split()} <= ids


def test_light_and_dark_have_colors_of_their_own_for_all_that_is_drawn() -> None:
    text = page(totals())
    light, dark = text.split("prefers-color-scheme: dark")
    used = {f"--{word}" for word in re.findall(r'class="bar (s\d)"', text)}
    for name in used | {"--text", "--ground", "--grid"}:
        assert f"{name}:" in light
        assert f"{name}:" in dark


def test_what_is_wrong_is_said() -> None:
    told = page(totals(violations=["orders: 1 has not <ended>"], parked=2))
    assert "orders: 1 has not &lt;ended&gt;" in told
    assert "2 messages parked" in told


def test_orders_are_counted_by_day_and_outcome_and_a_word_that_is_new_is_other() -> None:
    table = orders_by_day(History({(FIRST, "shipped"): 2, (FIRST + timedelta(days=2), "Fraud"): 1, (FIRST, "Moonless"): 4}))
    assert [label for label, _ in table.rows] == ["1 Dec", "2 Dec", "3 Dec"]
    assert [sum(numbers) for _, numbers in table.rows] == [6, 0, 1]
    assert table.rows[0][1][-1] == 4


def test_stock_is_that_of_the_end_of_the_day_and_stays_until_it_changes() -> None:
    day = timedelta(days=1)
    changes = [(NOON, 9), (NOON + timedelta(hours=3), 8), (NOON + 2 * day, 3)]
    table = stock_by_day("S1", [(at, Levels("S1", units, 0, 0)) for at, units in changes])
    assert [numbers[0] for _, numbers in table.rows] == [8, 8, 3]


@pytest.mark.parametrize("top", [0, 1, 4, 5, 6, 99, 100, 101, 4_999, 1_000_000])
def test_ticks_are_few_round_and_reach_the_top(top: int) -> None:
    found = ticks(top)
    assert found[0] == 0
    assert found[-1] >= top
    assert 2 <= len(found) <= 7
    assert re.fullmatch(r"[125]0*", str(found[1]))


@pytest.mark.parametrize("draw", [stacked, lines])
def test_nothing_to_draw_is_drawn_without_trouble(draw: Any) -> None:
    assert draw(Table("t", "d", "day", "units", ("a", "b"), ()), "x").tag == "svg"
