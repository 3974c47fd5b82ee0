"""The demo's file: what can be read, and what is said of what can't."""

from __future__ import annotations

import gzip
import lzma
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from devkit.demo.invoices import days_of
from devkit.demo.sales import Sale, SalesFileError, read_sales

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROW = "536365,85123a,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
GUEST = "536366,22633,HAND WARMER,-2,12/1/2010 8:28,1.85,,EIRE\n"


@pytest.fixture(scope="module")
def sales() -> list[Sale]:
    return read_sales()


def test_the_packaged_december_can_be_read(sales: list[Sale]) -> None:
    assert len(sales) == 42_481
    assert {sale.sold_at.strftime("%Y-%m") for sale in sales} == {"2010-12"}
    assert [sale.sold_at for sale in sales] == sorted(sale.sold_at for sale in sales)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["csv", "gz", "xz"])
def test_a_file_is_read_in_each_packing(tmp_path: Path, pack: type[bytes]) -> None:
    path = tmp_path / "sales"
    path.write_bytes(pack((HEAD + ROW + GUEST).encode()))
    first, second = read_sales(path)
    assert (first.code, first.quantity, first.pence, first.customer) == ("85123A", 6, 255, "17850")
    assert first.sold_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (second.quantity, second.customer, second.sold_at.minute) == (-2, "", 28)


def test_titles_in_latin_1_are_read(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes((HEAD + ROW.replace("WHITE", "£5")).encode("latin-1"))
    assert read_sales(path)[0].title == "£5 HOLDER"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ROW.replace(",6,", ",six,"), "line 3: Quantity is 'six'"),
        (ROW.replace("2.55", "cheap"), "line 3: UnitPrice is 'cheap'"),
        (ROW.replace("2.55", "NaN"), "line 3: UnitPrice is 'NaN'"),
        (ROW.replace("2010-12-01 08:26:00", "yesterday"), "line 3: InvoiceDate is 'yesterday'"),
        (ROW.replace("536365", ""), "line 3: InvoiceNo is ''"),
        ("536365,85123A\n", "line 3: Quantity is ''"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_column(tmp_path: Path, wrong: str, told: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(HEAD + ROW + wrong)
    with pytest.raises(SalesFileError, match="correct or remove them") as error:
        read_sales(path)
    assert told in str(error.value)


def test_a_file_without_a_column_is_told_which(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(HEAD.replace("UnitPrice", "Cost") + ROW)
    with pytest.raises(SalesFileError, match="has no column UnitPrice"):
        read_sales(path)


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(HEAD + ROW.replace(",6,", ",x,") * 8)
    with pytest.raises(SalesFileError, match="and 3 more"):
        read_sales(path)


@pytest.mark.parametrize("content", ["", HEAD], ids=["empty", "only the first line"])
def test_a_file_without_rows_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(content)
    with pytest.raises(SalesFileError, match=r"has no (rows|column)"):
        read_sales(path)


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sales.gz"
    path.write_bytes(gzip.compress(HEAD.encode())[:-6])
    with pytest.raises(SalesFileError, match="can't be read"):
        read_sales(path)


def test_days_are_whole_days_from_the_first_one_wanted(sales: list[Sale]) -> None:
    two = days_of(sales, first=datetime(2010, 12, 2, tzinfo=UTC), days=2)
    assert {sale.sold_at.day for sale in two} == {2, 3}
    assert {sale.sold_at.day for sale in days_of(sales, first=None, days=1)} == {1}
