"""The file of sales: its rows, read and checked. What they mean for a shop is in invoices.py."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PACKAGED = "online-retail-2010-12.csv.xz"
PROBLEMS_SHOWN = 5
TITLE_LENGTH_MAX = 200
# As the data set is published, and as its second edition names them.
COLUMNS = {
    "InvoiceNo": ("InvoiceNo", "Invoice"),
    "StockCode": ("StockCode",),
    "Description": ("Description",),
    "Quantity": ("Quantity",),
    "InvoiceDate": ("InvoiceDate",),
    "UnitPrice": ("UnitPrice", "Price"),
    "CustomerID": ("CustomerID", "Customer ID"),
    "Country": ("Country",),
}
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_AMERICAN = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%y %H:%M")
_UNITS_MAX = 1_000_000


class SalesFileError(Exception):
    """The file can't be replayed; the message names lines and says what to do."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A row. `pence` may be negative: a correction of a debt. `customer` is empty for who bought without an account."""

    line: int
    invoice: str
    code: str
    title: str
    quantity: int
    sold_at: datetime
    pence: int
    customer: str
    country: str


def read_sales(path: Path | None = None) -> list[Sale]:
    """The rows of `path` (csv, also in gzip or xz), or of the packaged December, by time. Raises SalesFileError."""
    name = str(path) if path else PACKAGED
    try:
        raw = path.read_bytes() if path else files("devkit").joinpath("data", PACKAGED).read_bytes()
        text = _text(_unpacked(raw))
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise SalesFileError(f"{name} can't be read: {error}") from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    columns = _columns(name, rows.fieldnames or [])
    sales, problems = [], []
    for row in rows:
        try:
            sales.append(_sale(rows.line_num, {column: row[given] or "" for column, given in columns.items()}))
        except ValueError as error:
            problems.append(f"line {rows.line_num}: {error}")
    if problems or not sales:
        raise SalesFileError(_told(name, problems))
    return sorted(sales, key=lambda sale: (sale.sold_at, sale.line))


def _unpacked(raw: bytes) -> bytes:
    if raw.startswith(_GZIP):
        return gzip.decompress(raw)
    return lzma.decompress(raw) if raw.startswith(_XZ) else raw


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # pound signs in titles, as many copies of the data set have them


def _columns(name: str, given: Sequence[str]) -> dict[str, str]:
    found = {column: next((alias for alias in aliases if alias in given), "") for column, aliases in COLUMNS.items()}
    if missing := [column for column, alias in found.items() if not alias]:
        raise SalesFileError(f"{name} has no column {', '.join(missing)}; its first line must name {', '.join(COLUMNS)}.")
    return found


def _sale(line: int, row: Mapping[str, str]) -> Sale:
    """Raises ValueError that names the column."""
    return Sale(
        line=line,
        invoice=_present(row, "InvoiceNo"),
        code=_present(row, "StockCode").upper(),
        title=_printable(row["Description"].strip())[:TITLE_LENGTH_MAX],
        quantity=_quantity(row["Quantity"]),
        sold_at=_instant(row["InvoiceDate"].strip()),
        pence=_pence(row["UnitPrice"]),
        customer=row["CustomerID"].strip().removesuffix(".0"),
        country=row["Country"].strip(),
    )


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def _present(row: Mapping[str, str], column: str) -> str:
    text = row[column].strip()
    if not text or len(text) > 30 or not text.isprintable():  # noqa: PLR2004 - codes are far shorter
        raise ValueError(f"{column} is {text[:40]!r}, wanted is a code of up to 30 characters")
    return text


def _quantity(text: str) -> int:
    try:
        units = int(text)
    except ValueError:
        units = _UNITS_MAX + 1
    if abs(units) > _UNITS_MAX:
        raise ValueError(f"Quantity is {text[:40]!r}, wanted is a whole number up to {_UNITS_MAX}")
    return units


def _pence(text: str) -> int:
    try:
        return int((Decimal(text.strip()) * 100).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"UnitPrice is {text[:40]!r}, wanted is a price like 2.55") from None


def _instant(text: str) -> datetime:
    """The shop's clock, taken as UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        pass
    for form in _AMERICAN:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"InvoiceDate is {text[:40]!r}, wanted is a time like 2010-12-01 08:26:00 or 12/1/2010 8:26")


def _told(name: str, problems: Sequence[str]) -> str:
    if not problems:
        return f"{name} has no rows below its first line."
    more = len(problems) - PROBLEMS_SHOWN
    shown = [*problems[:PROBLEMS_SHOWN], *([f"... and {more} more"] if more > 0 else [])]
    return "\n  ".join([f"{name} has rows that can't be read; correct or remove them:", *shown])
