"""Small files of sales for the demo's tests, in the trade's words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from contracts.inventory import BucketUnits, StockSnapshot

NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(invoice: str, sku: str, quantity: int, at: str, *, customer: str = "17850", price: str = "2.55") -> str:
    """`at` is a time of December 2010, like `01 08:26`."""
    return f"{invoice},{sku},THING {sku},{quantity},2010-12-{at}:00,{price},{customer},United Kingdom"


def a_file(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return path


def a_morning(path: Path) -> Path:
    """Two customers and a guest; a cancellation in the hold, one of what has shipped, one of a stranger; shelves miscounted."""
    return a_file(
        path,
        row("536365", "85123A", 6, "01 08:26"),
        row("536365", "71053", 8, "01 08:26"),
        row("536366", "22633", 4, "01 08:28"),
        row("C536366", "22633", -4, "01 08:40"),
        row("536367", "84879", 32, "01 08:34", customer="13047"),
        row("536367", "85123A", 2, "01 08:34", customer="13047"),
        row("536368", "22960", 6, "01 08:34", customer=""),
        row("536368", "POST", 1, "01 08:34", customer=""),
        row("536369", "21756", 3, "01 08:35", customer="13047"),
        row("536370", "85123A", 24, "01 08:45", customer="12583"),
        row("536371", "22086", 80, "01 09:00", customer="13748"),
        row("536372", "22633", 6, "01 09:01"),
        row("C536379", "71053", -1, "20 09:41"),
        row("C536380", "35004C", -1, "01 09:49", customer="15311"),
        row("536589", "21777", -10, "01 09:50", customer="", price="0"),
        row("536590", "84879", 5, "01 09:51", customer="", price="0"),
    )


def some_minutes(path: Path) -> Path:
    """Few orders for the same goods, and a cancellation in the hold: enough to get in each other's way. And units to remove."""
    return a_file(
        path,
        row("536365", "85123A", 6, "01 08:26"),
        row("536366", "85123A", 4, "01 08:26", customer="13047"),
        row("536366", "22633", 4, "01 08:26", customer="13047"),
        row("C536366", "22633", -3, "01 08:40", customer="13047"),
        row("536367", "22633", 9, "01 08:27", customer=""),
        row("536589", "85123A", -5, "01 08:27", customer="", price="0"),
        *(row(f"{536_590 + number}", f"{21_000 + number}", 12, "01 08:27", customer="", price="0") for number in range(12)),
    )


def a_quiet_shop(path: Path) -> Path:
    """Few orders, and far more on the shelves than anybody buys: units were found, some of them damaged."""
    skus = [f"{21_000 + number}" for number in range(40)]
    return a_file(
        path,
        *(row(f"{536_400 + number}", sku, 2, f"01 {9 + number % 8:02}:10") for number, sku in enumerate(skus[:6])),
        *(row(f"{536_500 + number}", sku, 12, "01 09:30", customer="", price="0") for number, sku in enumerate(skus)),
        *(row(f"{536_600 + number}", sku, -3, "01 15:30", customer="", price="0") for number, sku in enumerate(skus)),
    )


def a_snapshot(sku: str, *, version: int = 1, place: str = "network:GB:LTN1", **units: int) -> StockSnapshot:
    """`units` by bucket."""
    balances = tuple(BucketUnits(location_id=place, bucket=bucket, quantity=quantity) for bucket, quantity in units.items())
    return StockSnapshot(seller_id="gift-house", sku=sku, version=version, changed_at=NOON, balances=balances)
