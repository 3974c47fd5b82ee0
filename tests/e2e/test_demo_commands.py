"""The commands around a running stack, each as a user calls it: up, status, send, watch, parked; and the demo by its name."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from devkit import checkout
from devkit.running import NoStackError, find_stack

from support.command_line import COMMAND_SECONDS, READY_LINE, says, started, wharf
from support.sales import a_file, row

ORDER = "123-1234567-1234567"
KEY = f"seller-1/order/{ORDER}"
ADDRESS = '{"name": "N", "line1": "L", "city": "C", "postal_code": "1", "country": "GB"}'
LINES = '[{"sku": "22633", "quantity": 2, "unit_price": {"amount": 255, "currency": "GBP"}}]'
KEYS = {"orders.placed", "orders.refused", "orders.released", "orders.shipped", "parked", "quarantined"} | {
    "duplicates_absorbed",
    "seconds",
    "orders_per_second",
    "violations",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Popen[bytes]]:
    log = tmp_path_factory.mktemp("up") / "up.log"
    with started(log, "up") as process:
        assert says(log, READY_LINE), log.read_text()
        yield process


def test_without_a_stack_commands_say_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoStackError, match=r"\./wharf up"):
        find_stack(tmp_path)


@pytest.mark.usefixtures("up")
def test_status_shows_every_process_ready() -> None:
    told = wharf("status")
    assert told.returncode == 0, told.stdout
    assert re.search(r"^orders-1 +yes", told.stdout, re.MULTILINE)
    assert re.search(r"^inventory-1 +yes", told.stdout, re.MULTILINE)


@pytest.mark.usefixtures("up")
def test_what_is_sent_by_hand_can_be_watched_with_what_follows_from_it(tmp_path: Path) -> None:
    log = tmp_path / "watch.log"
    item = ("seller_id=seller-1", "sku=22633")
    with started(log, "watch", "--beginning"):
        assert (
            "key seller-1/item/22633"
            in wharf("send", "UnitsReceived", *item, "location_id=seller:GB:main", "quantity=5").stdout
        )
        assert says(log, "StockSnapshot", COMMAND_SECONDS)
        order = ("seller_id=seller-1", f"order_id={ORDER}", "marketplace_id=GB", "buyer.buyer_id=17850")
        wharf("send", "PlaceOrder", *order, f"delivery_address={ADDRESS}", f"lines={LINES}")
        assert says(log, "StockReserved", COMMAND_SECONDS), log.read_text()
    assert re.search(rf"OrderPlaced +{KEY}", log.read_text())


@pytest.mark.usefixtures("up")
def test_what_others_got_wrong_is_listed_shown_and_discarded() -> None:
    order = ("seller_id=seller-1", "order_id=1-1-1", "marketplace_id=GB", "buyer.buyer_id=17850")
    wharf("send", "PlaceOrder", *order, f"delivery_address={ADDRESS}", f"lines={LINES}")
    wharf(
        "send", "OrderPickShort", "seller_id=seller-1", "order_id=1-1-1", 'lines=[{"line": 1, "sku": "22633", "quantity": 1}]'
    )
    for _ in range(50):
        found = re.match(r"orders: ([0-9a-f-]{36}) ", wharf("parked", "--quarantine").stdout)
        if found:
            break
    assert found
    record = found[1]
    assert '"warehouse.progress"' in wharf("parked", "show", record, "--quarantine").stdout
    refused = wharf("parked", "discard", record, "--quarantine")
    assert refused.returncode == 1
    assert "needs --reason" in refused.stdout
    assert wharf("parked", "discard", record, "--quarantine", "--reason", "not picked by the network").returncode == 0
    assert "Nothing is in quarantine" in wharf("parked", "--quarantine").stdout
    assert "Nothing is parked" in wharf("parked").stdout


def test_an_interrupt_stops_all_of_it(up: Popen[bytes]) -> None:
    up.send_signal(signal.SIGINT)
    assert up.wait(COMMAND_SECONDS) == 0
    assert wharf("status").returncode == 1
    assert not (checkout.RUNS / "stack.json").exists()


@pytest.mark.timeout(300)
def test_the_demo_writes_its_totals_and_ends_with_zero_when_all_is_well(tmp_path: Path) -> None:
    data = a_file(tmp_path / "sales.csv", row("536365", "85123A", 6, "01 08:26"), row("536366", "71053", 8, "01 08:28"))
    told = wharf("demo", "--data", str(data), "--json", str(tmp_path / "totals.json"), seconds=240)
    assert told.returncode == 0, told.stdout
    totals = json.loads((tmp_path / "totals.json").read_text())
    assert {key for key in totals if not key.startswith(("orders.canceled.", "units."))} == KEYS
    assert totals["orders.placed"] == 2
    assert totals["violations"] == []
    assert re.search(r"^orders\.placed +2$", told.stdout, re.MULTILINE)


def test_the_demo_tells_what_is_wrong_with_a_file_before_it_starts_anything(tmp_path: Path) -> None:
    told = wharf("demo", "--data", str(a_file(tmp_path / "sales.csv", row("1", "A", 1, "01 08:26").replace("2.55", "dear"))))
    assert told.returncode == 1
    assert "line 2: UnitPrice is 'dear'" in told.stdout
