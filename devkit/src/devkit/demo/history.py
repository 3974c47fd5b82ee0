"""A run as the page tells it: orders by day and outcome, the stock of the busiest items, mails and removals by kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from devkit.demo.invoices import Book
    from devkit.demo.shelf import Levels

BUSIEST = 4
"""Items whose stock is drawn."""


@dataclass(frozen=True, slots=True)
class History:
    """`stock`: by SKU the levels that a change led to, by time. `titles` of these items."""

    orders: Mapping[tuple[date, str], int] = field(default_factory=dict)
    stock: Mapping[str, Sequence[tuple[datetime, Levels]]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


def busiest(book: Book) -> list[str]:
    """The items of which most units are ordered, the first one first."""
    units: Counter[str] = Counter()
    for invoice in book.invoices:
        for line in invoice.lines:
            units[line.sku] += line.quantity
    return [sku for sku, _ in sorted(units.items(), key=lambda one: (-one[1], one[0]))[:BUSIEST]]
