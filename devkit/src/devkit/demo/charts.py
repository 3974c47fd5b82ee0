"""Drawings of small tables as inline SVG: bars that are stacked, lines that keep their level, bars that lie.

Nothing is fetched and nothing is computed by a script. Each drawing has a title and a description for who does not see it;
colors are classes (`s0` ...) that the page's style gives values to. What is drawn is decided in page.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 54
"""Space around the plot, for axes."""
TICKS_MAX = 6
LABELS_MAX = 12
BAR_SHARE = 0.8
LYING_LEFT, LYING_HEIGHT, LYING_GAP = 240, 20, 8
LYING_RIGHT = 70


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers to draw: a row for each place on the axis, a column for each series. `of` says what the numbers count."""

    title: str
    description: str
    axis: str
    of: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


def stacked(table: Table, identity: str) -> Element:
    """A bar for each row, its columns one upon the other."""
    top = _top(sum(numbers) for _, numbers in table.rows)
    drawing, step = _frame(table, identity, top), _step(table)
    for place, (label, numbers) in enumerate(table.rows):
        below = 0
        for series, number in enumerate(numbers):
            if number:
                bar = _box(
                    drawing,
                    x=LEFT + (place + (1 - BAR_SHARE) / 2) * step,
                    y=_y(below + number, top),
                    size=(step * BAR_SHARE, _y(below, top) - _y(below + number, top)),
                    series=series,
                )
                SubElement(bar, "title").text = f"{label}, {table.columns[series]}: {number:,}"
            below += number
    return drawing


def lines(table: Table, identity: str) -> Element:
    """A line for each column; it goes on level until the next row."""
    top = _top(number for _, numbers in table.rows for number in numbers)
    drawing, step = _frame(table, identity, top), _step(table)
    for series, name in enumerate(table.columns):
        path = f"M{LEFT} {_y(table.rows[0][1][series], top):.1f}" if table.rows else ""
        for place, (_, numbers) in enumerate(table.rows):
            path += f"V{_y(numbers[series], top):.1f}H{LEFT + (place + 1) * step:.1f}"
        line = SubElement(drawing, "path", {"class": f"line s{series}", "d": path})
        SubElement(line, "title").text = name
    return drawing


def lying(table: Table, identity: str) -> Element:
    """A bar for each row, its label on the left and its number on the right; of the first column."""
    height = len(table.rows) * (LYING_HEIGHT + LYING_GAP)
    drawing = _drawing(table, identity, height)
    most = max((numbers[0] for _, numbers in table.rows), default=0) or 1
    for place, (label, numbers) in enumerate(table.rows):
        y = place * (LYING_HEIGHT + LYING_GAP)
        length = (WIDTH - LYING_LEFT - LYING_RIGHT) * numbers[0] / most
        middle = y + LYING_HEIGHT * 0.72
        _text(drawing, label, LYING_LEFT - 8, middle, anchor="end")
        _box(drawing, x=LYING_LEFT, y=y, size=(length, LYING_HEIGHT), series=0)
        _text(drawing, f"{numbers[0]:,}", LYING_LEFT + length + 6, middle)
    return drawing


def ticks(top: int) -> list[int]:
    """Round numbers from 0 to `top` at least, a few."""
    step = 1
    while top / step > TICKS_MAX - 1:
        step = step * 2 if str(step)[0] in "15" else step // 2 * 5
    return list(range(0, max(1, top) + step, step))


def _frame(table: Table, identity: str, top: int) -> Element:
    """Both axes with their names, a line for each tick, labels as far as there is space."""
    drawing = _drawing(table, identity, HEIGHT)
    for tick in ticks(top):
        ends = {"x1": f"{LEFT}", "x2": f"{WIDTH - RIGHT}", "y1": f"{_y(tick, top):.1f}", "y2": f"{_y(tick, top):.1f}"}
        SubElement(drawing, "line", {"class": "grid", **ends})
        _text(drawing, f"{tick:,}", LEFT - 6, _y(tick, top) + 4, anchor="end")
    every = -(-len(table.rows) // LABELS_MAX) or 1
    for place, (label, _) in enumerate(table.rows):
        if place % every == 0:
            _text(drawing, label, LEFT + (place + 0.5) * _step(table), HEIGHT - BOTTOM + 18, anchor="middle")
    _text(drawing, table.axis, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, anchor="middle")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    name = _text(drawing, table.of, 14, middle, anchor="middle")
    name.set("transform", f"rotate(-90 14 {middle:.1f})")
    return drawing


def _drawing(table: Table, identity: str, height: int) -> Element:
    named = {"role": "img", "aria-labelledby": f"{identity}-title {identity}-description"}
    drawing = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height}", **named})
    SubElement(drawing, "title", {"id": f"{identity}-title"}).text = table.title
    SubElement(drawing, "desc", {"id": f"{identity}-description"}).text = table.description
    return drawing


def _box(drawing: Element, *, x: float, y: float, size: tuple[float, float], series: int) -> Element:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{size[0]:.1f}", "height": f"{size[1]:.1f}"}
    return SubElement(drawing, "rect", {"class": f"bar s{series}", **place})


def _text(drawing: Element, text: str, x: float, y: float, *, anchor: str = "start") -> Element:
    element = SubElement(drawing, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    element.text = text
    return element


def _top(numbers: Iterable[int]) -> int:
    return ticks(max(numbers, default=0) or 1)[-1]


def _step(table: Table) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(table.rows))


def _y(number: int, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * number / top
