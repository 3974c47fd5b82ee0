"""What came of a replay as one page that needs nothing beside it: drawings, and below each the table of the same numbers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.orders import CancelReason
from devkit.demo.charts import Table, lines, lying, stacked
from devkit.demo.shop import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

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
STYLE = """
:root { color-scheme: light dark; --text: #1b1b1f; --soft: #5b5b66; --ground: #ffffff; --grid: #dcdce2;
  --s0: #0072b2; --s1: #e69f00; --s2: #cc3311; --s3: #009e73; --s4: #aa4499; --s5: #777777; }
@media (prefers-color-scheme: dark) { :root { --text: #ececf1; --soft: #a9a9b6; --ground: #17171b; --grid: #3a3a44;
  --s0: #56b4e9; --s1: #f0b840; --s2: #f07f66; --s3: #3cc79a; --s4: #d38fd0; --s5: #a0a0a0; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 56rem;
  margin: 2rem auto; padding: 0 1rem; }
figure { margin: 2rem 0; } figcaption { color: var(--soft); }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--grid); } .line { fill: none; stroke-width: 2.5; }
.bar.s0, .key.s0 { fill: var(--s0); background: var(--s0); } .line.s0 { stroke: var(--s0); }
.bar.s1, .key.s1 { fill: var(--s1); background: var(--s1); } .line.s1 { stroke: var(--s1); stroke-dasharray: 7 3; }
.bar.s2, .key.s2 { fill: var(--s2); background: var(--s2); } .line.s2 { stroke: var(--s2); stroke-dasharray: 2 3; }
.bar.s3, .key.s3 { fill: var(--s3); background: var(--s3); } .bar.s4, .key.s4 { fill: var(--s4); background: var(--s4); }
.bar.s5, .key.s5 { fill: var(--s5); background: var(--s5); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .25rem 0; list-style: none; }
.key { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; } caption { text-align: left; color: var(--soft); }
th, td { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--grid); text-align: right; }
th:first-child { text-align: left; font-weight: normal; }
.well { color: var(--s3); } .wrong { color: var(--s2); }
"""


def page(totals: Totals) -> str:
    """HTML with everything in it."""
    document = Element("html", {"lang": "en"})
    head = SubElement(document, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "title").text = "Wharf: what came of the replay"
    SubElement(head, "style").text = STYLE
    main = SubElement(SubElement(document, "body"), "main")
    SubElement(main, "h1").text = "What came of the replay"
    _verdict(main, totals)
    for number, (table, draw) in enumerate(_drawings(totals)):
        _figure(main, table, draw(table, f"drawing-{number}"))
    indent(document)
    return "<!doctype html>\n" + tostring(document, encoding="unicode", method="html") + "\n"


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


def _figure(main: Element, table: Table, drawing: Element) -> None:
    SubElement(main, "h2").text = table.title
    figure = SubElement(main, "figure")
    SubElement(figure, "figcaption").text = table.description
    if len(table.columns) > 1:
        legend = SubElement(figure, "ul", {"class": "legend"})
        for series, name in enumerate(table.columns):
            entry = SubElement(legend, "li")
            SubElement(entry, "span", {"class": f"key s{series}"}).tail = name
    figure.append(drawing)
    details = SubElement(figure, "details")
    SubElement(details, "summary").text = "The numbers"
    _numbers(details, table)


def _numbers(parent: Element, table: Table) -> None:
    numbers = SubElement(parent, "table")
    SubElement(numbers, "caption").text = f"{table.title}, in {table.of}"
    titles = SubElement(SubElement(numbers, "thead"), "tr")
    for name in (table.axis, *table.columns):
        SubElement(titles, "th", {"scope": "col"}).text = name
    body = SubElement(numbers, "tbody")
    for label, row in table.rows:
        line = SubElement(body, "tr")
        SubElement(line, "th", {"scope": "row"}).text = label
        for number in row:
            SubElement(line, "td").text = f"{number:,}"


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
