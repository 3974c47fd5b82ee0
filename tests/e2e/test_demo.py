"""The demo from its file to its totals, on processes of its own: nothing is lost, and what comes twice counts once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devkit.databases import DatabaseServer
from devkit.demo.invoices import Book, book_of
from devkit.demo.report import Totals
from devkit.demo.run import Manner, replay
from devkit.demo.sales import read_sales
from devkit.kafka import EmbeddedKafka
from devkit.runs import Run
from devkit.services import Services, prepare
from devkit.stack import Stack

from support.command_line import wharf
from support.embedded import unique_name
from support.sales import a_file, a_morning, a_quiet_shop, row, some_minutes

KEYS = {"orders.placed", "orders.refused", "orders.released", "orders.shipped", "parked", "quarantined"} | {
    "duplicates_absorbed",
    "seconds",
    "orders_per_second",
    "violations",
    "removals.completed",
    "removals.canceled",
    "removals.refused",
    "removals.units_removed",
    "removals.units_bound",
}
PER_RUN = {"seconds", "orders_per_second", "duplicates_absorbed"}


@pytest.fixture
def morning(tmp_path: Path) -> Book:
    return book_of(read_sales(a_morning(tmp_path / "morning.csv")))


@contextmanager
def shop_services(postgres: DatabaseServer, services: Services) -> Iterator[Services]:
    """Stops them, and sees that they end well."""
    try:
        yield services
    finally:
        assert set(services.stop().values()) <= {0}
        for dsn in services.dsns.values():
            postgres.drop_database(dsn.rpartition("/")[2])


async def replayed(run: Run, postgres: DatabaseServer, book: Book, manner: Manner, processes: int = 1) -> Totals:
    """On a broker of its own: topics have fixed names, and time begins anew."""
    kafka = EmbeddedKafka(run, name=unique_name("kafka")).start()
    try:
        prepared = await prepare(run, Stack(kafka.bootstrap, postgres), clock="driven")
        with shop_services(postgres, prepared) as services:
            services.start_all(processes)
            return await replay(book, services, manner, lambda _now, _placed, _open: None)
    finally:
        kafka.stop()


async def test_a_morning_ends_with_every_order_at_its_end_and_every_unit_accounted_for(
    run: Run, postgres: DatabaseServer, morning: Book
) -> None:
    totals = await replayed(run, postgres, morning, Manner(), processes=2)
    assert totals.all_well, totals.violations
    assert totals.orders_placed == 8
    assert totals.orders_placed == totals.orders_shipped + sum(totals.orders_canceled.values())
    assert totals.orders_canceled["BuyerCanceled"] == 1
    assert totals.units["available"] > 0
    assert sum(totals.units.values()) - totals.units["available"] > 0


async def test_a_week_s_removals_end_and_every_mail_arrives(run: Run, postgres: DatabaseServer, tmp_path: Path) -> None:
    overstocked = book_of(read_sales(a_quiet_shop(tmp_path / "overstocked.csv")))
    totals = await replayed(run, postgres, overstocked, Manner(duplicate_share=0.2))
    assert totals.all_well, totals.violations
    assert totals.removals["completed"] > 0
    assert totals.removals["units_removed"] > 0
    assert totals.mails["removal_completed"] == totals.removals["completed"]
    assert totals.mails["order_confirmed"] == totals.orders_released


@pytest.mark.timeout(400)
async def test_with_exact_steps_messages_that_come_twice_change_no_total(
    run: Run, postgres: DatabaseServer, tmp_path: Path
) -> None:
    minutes = book_of(read_sales(some_minutes(tmp_path / "minutes.csv")))
    once = await replayed(run, postgres, minutes, Manner(exact=True))
    twice = await replayed(run, postgres, minutes, Manner(exact=True, duplicate_share=0.5))
    assert once.all_well
    assert twice.all_well
    assert once.duplicates_absorbed == 0 < twice.duplicates_absorbed
    assert once.removals["units_removed"] > 0 < once.removals["refused"]
    assert {k: v for k, v in once.json().items() if k not in PER_RUN} == {
        k: v for k, v in twice.json().items() if k not in PER_RUN
    }


@pytest.mark.timeout(300)
def test_the_demo_writes_its_totals_and_ends_with_zero_when_all_is_well(tmp_path: Path) -> None:
    data = a_file(tmp_path / "sales.csv", row("536365", "85123A", 6, "01 08:26"), row("536366", "71053", 8, "01 08:28"))
    files = ("--json", str(tmp_path / "totals.json"), "--html", str(tmp_path / "page.html"))
    told = wharf("demo", "--data", str(data), *files, seconds=240)
    assert told.returncode == 0, told.stdout
    totals = json.loads((tmp_path / "totals.json").read_text())
    assert {key for key in totals if not key.startswith(("orders.canceled.", "units.", "mails."))} == KEYS
    assert totals["orders.placed"] == 2
    assert totals["violations"] == []
    assert totals["mails.order_confirmed"] == totals["orders.released"]
    assert "Every check holds" in (tmp_path / "page.html").read_text()
    assert re.search(r"^orders\.placed +2$", told.stdout, re.MULTILINE)


def test_the_demo_tells_what_is_wrong_with_a_file_before_it_starts_anything(tmp_path: Path) -> None:
    told = wharf("demo", "--data", str(a_file(tmp_path / "sales.csv", row("1", "A", 1, "01 08:26").replace("2.55", "dear"))))
    assert told.returncode == 1
    assert "line 2: UnitPrice is 'dear'" in told.stdout
