"""What the rows of the file mean: orders, credits for goods not wanted, and counts that were wrong. docs/demo.md has the rules.

When things happen beyond what the file says (payment, shipping) is in fates.py; which stock there is in supply.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from contracts.orders import LINES_MAX
from contracts.values import Channel
from devkit.demo import draws

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from devkit.demo.sales import Sale

NETWORK_SHARE = 0.6
NO_GOODS = frozenset({"POST", "DOT", "M", "D", "S", "B", "C2", "C3", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS", "AMAZON"})
NO_GOODS_PREFIXES = ("GIFT_", "ADJUST", "TEST", "SP1002")
_DAMAGE_WORDS = ("damage", "broken", "crush", "wet", "rust", "smash", "faulty", "mouldy", "unsaleable", "thrown")


class LeftOut(StrEnum):
    """Why a row has no place in a shop of goods."""

    NO_GOODS = "postage, fees, discounts, vouchers"
    FREE = "given away"
    DEBT = "corrections of debts"
    NOTHING = "no units"
    REVERSED = "sold below zero, or credited above"
    TOO_LONG = "beyond the longest order"


@dataclass(frozen=True, slots=True)
class Line:
    """Rows of an invoice with the same goods at the same price."""

    sku: str
    title: str
    quantity: int
    pence: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """An order. `buyer` is the customer, or a guest of this invoice."""

    number: str
    placed_at: datetime
    buyer: str
    country: str
    channel: Channel
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """A cancellation invoice: units by SKU that the customer does not want (any more)."""

    number: str
    at: datetime
    customer: str
    units: tuple[tuple[str, int], ...]


class Miscount(StrEnum):
    FOUND = "found"
    LOST = "lost"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Correction:
    """A row without a customer and a price: the shelf had more or less than the books."""

    invoice: str
    row: int
    at: datetime
    sku: str
    units: int
    miscount: Miscount


@dataclass(slots=True)
class Book:
    """All that the file says, each in the order of its time."""

    invoices: list[Invoice] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    left_out: Counter[LeftOut] = field(default_factory=Counter)


def book_of(sales: Iterable[Sale]) -> Book:
    """`sales` by time."""
    book = Book()
    sold: defaultdict[str, list[Sale]] = defaultdict(list)
    credited: defaultdict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        if (reason := _left_out(sale)) is not None:
            book.left_out[reason] += 1
            continue
        if sale.title and sale.pence > 0:
            book.titles.setdefault(sale.code, sale.title)
        if sale.invoice.startswith("C"):
            credited[sale.invoice].append(sale)
        elif sale.pence > 0:
            sold[sale.invoice].append(sale)
        else:
            book.corrections.append(_correction(sale))
    book.invoices = [_invoice(number, rows, book) for number, rows in sold.items()]
    book.credits = [_credit(number, rows) for number, rows in credited.items()]
    return book


def days_of(sales: Sequence[Sale], *, first: datetime | None, days: int | None) -> list[Sale]:
    """The sales of `days` days, beginning with the day of `first` or with that of the first sale."""
    begin = (first or sales[0].sold_at).replace(hour=0, minute=0, second=0, microsecond=0)
    end = begin + timedelta(days=days) if days else None
    return [sale for sale in sales if sale.sold_at >= begin and (end is None or sale.sold_at < end)]


def _left_out(sale: Sale) -> LeftOut | None:
    if sale.code in NO_GOODS or sale.code.startswith(NO_GOODS_PREFIXES):
        return LeftOut.NO_GOODS
    if sale.invoice.startswith("A"):
        return LeftOut.DEBT
    if sale.quantity == 0:
        return LeftOut.NOTHING
    if sale.invoice.startswith("C"):
        return LeftOut.REVERSED if sale.quantity > 0 else None
    if sale.pence < 0 or (sale.quantity < 0 and sale.pence > 0):
        return LeftOut.REVERSED
    return LeftOut.FREE if sale.pence == 0 and sale.customer else None


def _invoice(number: str, rows: Sequence[Sale], book: Book) -> Invoice:
    merged: dict[tuple[str, int], int] = Counter()
    for row in rows:
        merged[row.code, row.pence] += row.quantity
    book.left_out[LeftOut.TOO_LONG] += max(0, len(merged) - LINES_MAX)
    first = rows[0]
    return Invoice(
        number=number,
        placed_at=first.sold_at,
        buyer=first.customer or f"guest-{number}",
        country=first.country,
        channel=Channel.NETWORK if draws.share(number, "channel") < NETWORK_SHARE else Channel.SELLER,
        lines=tuple(
            Line(sku, book.titles.get(sku, sku), quantity, pence) for (sku, pence), quantity in list(merged.items())[:LINES_MAX]
        ),
    )


def _credit(number: str, rows: Sequence[Sale]) -> Credit:
    units: Counter[str] = Counter()
    for row in rows:
        units[row.code] -= row.quantity
    return Credit(number, rows[0].sold_at, rows[0].customer, tuple(units.items()))


def _correction(sale: Sale) -> Correction:
    if sale.quantity > 0:
        miscount = Miscount.FOUND
    elif any(word in sale.title.lower() for word in _DAMAGE_WORDS):
        miscount = Miscount.DAMAGED
    else:
        miscount = draws.among((Miscount.LOST, Miscount.DAMAGED), sale.invoice, sale.code, "miscount")
    return Correction(sale.invoice, sale.line, sale.sold_at, sale.code, abs(sale.quantity), miscount)
