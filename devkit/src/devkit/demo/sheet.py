"""A page that needs nothing beside it: its style, its frame, and figures with the table of the same numbers below each.

What stands on it is decided by the pages (page.py, and that of the benchmarks); the drawings are made in charts.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from devkit.demo.charts import Table

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
.line.s3 { stroke: var(--s3); stroke-dasharray: 10 3 2 3; } .line.s4 { stroke: var(--s4); stroke-dasharray: 4 6; }
.bar.s3, .key.s3 { fill: var(--s3); background: var(--s3); } .bar.s4, .key.s4 { fill: var(--s4); background: var(--s4); }
.bar.s5, .key.s5 { fill: var(--s5); background: var(--s5); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .25rem 0; list-style: none; }
.key { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; } caption { text-align: left; color: var(--soft); }
th, td { padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--grid); text-align: right; }
th:first-child { text-align: left; font-weight: normal; }
.well { color: var(--s3); } .wrong { color: var(--s2); }
"""


def begun(title: str) -> tuple[Element, Element]:
    """The document, and the element that everything on the page goes into."""
    document = Element("html", {"lang": "en"})
    head = SubElement(document, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "title").text = f"Wharf: {title[0].lower()}{title[1:]}"
    SubElement(head, "style").text = STYLE
    main = SubElement(SubElement(document, "body"), "main")
    SubElement(main, "h1").text = title
    return document, main


def finished(document: Element) -> str:
    """The page's text."""
    indent(document)
    return "<!doctype html>\n" + tostring(document, encoding="unicode", method="html") + "\n"


def add_figure(main: Element, table: Table, drawing: Element) -> None:
    """A drawing with its legend, and the table of the same numbers below it."""
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
