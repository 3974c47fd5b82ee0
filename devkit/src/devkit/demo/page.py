"""What came of a replay as one page that needs nothing beside it: drawings, and below each the table of the same numbers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from xml.etree.ElementTree import SubElement

from contracts.orders import CancelReason
from devkit.demo.charts import Table, lines, lying, stacked
from devkit.demo.sheet import add_figure, begun, finished
from devkit.demo.shop import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from xml.etree.ElementTree import Element

    from devkit.demo.history import History
    from devkit.demo.report import Totals
    from devkit.demo.shelf import Levels

OUTCOMES = {
    "shipped": (SHIPPED,),
    "canceled by buyer or seller": (
        CancelReason.BUYER_CANCELED,
        CancelReason.GENERAL_ADJUSTMENT,
        CancelReason.SHIPPING_ADDRESS_UNDELIVERABLE,
        CancelReason.PRICING_ERROR,
        CancelReason.CUSTOMER_EXCHANGE,
    ),
    "no stock": (CancelReason.NO_INVENTORY,),
    "payment failed": (CancelReason.PAYMENT_DECLINED, CancelReason.FRAUD, CancelReason.PAYMENT_LIMIT),
    "not confirmed in time": (CancelReason.NOT_CONFIRMED,),
}
"""How orders end, as the page has it: the words of the facts below one name."""
OTHER = "other"
LEVELS = ("available", "bound to orders and removals", "unfulfillable")


def page(totals: Totals) -> str:
    """HTML with everything in it."""
    document, main = begun("What came of the replay")
    _verdict(main, totals)
    for number, (table, draw) in enumerate(_drawings(totals)):
        add_figure(main, table, draw(table, f"drawing-{number}"))
    return finished(document)


def orders_by_day(history: History) -> Table:
    """Days without orders are shown, too."""
    found = {day for day, _ in history.orders}
    rows = []
    for day in _days(min(found), max(found)) if found else ():
        counted = {name: sum(history.orders.get((day, word), 0) for word in words) for name, words in OUTCOMES.items()}
        other = sum(number for (at, _), number in history.orders.items() if at == day) - sum(counted.values())
        rows.append((_label(day), (*counted.values(), other)))
    return Table(
        title="Orders by day",
        description="How the orders ended, by the day on which they were placed.",
        axis="day of the order",
        of="orders",
        columns=(*OUTCOMES, OTHER),
        rows=tuple(rows),
    )


def stock_by_day(title: str, curve: Sequence[tuple[datetime, Levels]]) -> Table:
    """Of one item, as it was when the day ended."""
    return Table(
        title=f"Stock of {title}",
        description="Units in all places when the day ended.",
        axis="day",
        of="units",
        columns=LEVELS,
        rows=tuple((_label(day), (at.available, at.bound, at.unfulfillable)) for day, at in _day_ends(curve)),
    )


def _drawings(totals: Totals) -> Iterator[tuple[Table, Callable[[Table, str], Element]]]:
    history = totals.history
    yield orders_by_day(history), stacked
    for sku, curve in history.stock.items():
        yield stock_by_day(f"{history.titles.get(sku, sku)} ({sku})", curve), lines
    removals = {name.replace("_", " "): number for name, number in totals.removals.items() if not name.startswith("units_")}
    ended = "How the seller's removals ended."
    yield _counted(removals, title="Removals by outcome", description=ended, of="removals"), lying
    mails = {template.replace("_", " "): number for template, number in sorted(totals.mails.items())}
    taken = "Mails that the mail server has taken."
    yield _counted(mails, title="Mails by kind", description=taken, of="mails"), lying


def _counted(numbers: Mapping[str, int], *, title: str, description: str, of: str) -> Table:
    rows = tuple((name, (number,)) for name, number in numbers.items())
    return Table(title, description, axis=of, of=of, columns=(of,), rows=rows)


def _verdict(main: Element, totals: Totals) -> None:
    placed = f"{totals.orders_placed:,} orders, {totals.removals_ended:,} removals, "
    SubElement(main, "p").text = placed + f"{sum(totals.mails.values()):,} mails, {totals.seconds:,.0f} seconds."
    well = totals.all_well
    SubElement(main, "p", {"class": "well" if well else "wrong"}).text = (
        "Every check holds: nothing is lost, parked or in quarantine." if well else "Something is wrong:"
    )
    if not well:
        found = SubElement(main, "ul")
        troubles = [*totals.violations, f"{totals.parked} messages parked", f"{totals.quarantined} in quarantine"]
        for trouble in troubles:
            SubElement(found, "li").text = trouble


def _day_ends(curve: Sequence[tuple[datetime, Levels]]) -> Iterator[tuple[date, Levels]]:
    """The last level of each day, from the first change to the last."""
    changes = iter(curve)
    change = next(changes, None)
    if change is None:
        return
    levels = change[1]
    for day in _days(curve[0][0].date(), curve[-1][0].date()):
        night = datetime.combine(day + timedelta(days=1), time(), curve[0][0].tzinfo)
        while change is not None and change[0] < night:
            levels = change[1]
            change = next(changes, None)
        yield day, levels


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _label(day: date) -> str:
    return f"{day.day} {day:%b}"
