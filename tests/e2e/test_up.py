"""The commands around a running stack, each as a user calls it: up, status, send, watch, verify, parked."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import httpx
import pytest

from devkit import checkout
from devkit.running import NoStackError, find_stack

from support.command_line import COMMAND_SECONDS, READY_LINE, says, started, wharf

ORDER = "123-1234567-1234567"
KEY = f"seller-1/order/{ORDER}"
ADDRESS = '{"name": "N", "line1": "L", "city": "C", "postal_code": "1", "country": "GB"}'
LINES = '[{"sku": "22633", "quantity": 2, "unit_price": {"amount": 255, "currency": "GBP"}}]'
README_ORDER = re.compile(r"^```http\nPOST /sellers/acme/orders\n(.*?)\n\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "up.log"


@pytest.fixture(scope="module")
def up(log: Path) -> Iterator[Popen[bytes]]:
    with started(log, "up", "--seller", "acme") as process:
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
    seen = tmp_path / "watch.log"
    topics = ("inventory.stock", "orders.facts", "inventory.reservations")
    chosen = [part for topic in topics for part in ("--topic", topic)]
    with started(seen, "watch", *chosen, "--beginning"):
        receipt = ("seller_id=seller-1", "sku=22633", "location_id=seller:GB:main", "quantity=5")
        assert "key seller-1/item/22633" in wharf("send", "UnitsReceived", *receipt).stdout
        assert says(seen, "StockSnapshot", COMMAND_SECONDS), seen.read_text()
        order = ("seller_id=seller-1", f"order_id={ORDER}", "marketplace_id=GB", "buyer.buyer_id=17850")
        wharf("send", "PlaceOrder", *order, f"delivery_address={ADDRESS}", f"lines={LINES}")
        assert says(seen, "StockReserved", COMMAND_SECONDS), seen.read_text()
    assert re.search(rf"OrderPlaced +{KEY}", seen.read_text())


@pytest.mark.usefixtures("up")
def test_the_readmes_order_is_placed_once_with_what_up_has_printed(log: Path) -> None:
    wharf("send", "UnitsReceived", "seller_id=acme", "sku=MUG-1", "location_id=seller:GB:main", "quantity=10")
    head, body = README_ORDER.findall((checkout.ROOT / "README.md").read_text())[0]
    headers = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith("Authorization"))
    headers["Authorization"] = f"Bearer {printed(log, 'storefront')}"
    orders = f"{printed(log, 'orders-1')}/sellers/acme/orders"
    placed, again = (httpx.post(orders, content=body, headers=headers, timeout=COMMAND_SECONDS) for _ in range(2))
    assert placed.status_code == 201, placed.text
    assert again.json() == placed.json()
    seen = httpx.get(orders, headers={"Authorization": f"Bearer {printed(log, 'seller acme')}"})
    assert [row["order_id"] for row in seen.json()["rows"]] == [placed.json()["order_id"]]


def printed(log: Path, name: str) -> str:
    """The address or token that `up` has printed behind this name, or in the line after it."""
    found = re.search(rf"^{name}\s+(\S+)$", log.read_text(), re.MULTILINE)
    assert found, f"up has printed no {name}"
    return found[1]


@pytest.mark.usefixtures("up")
@pytest.mark.parametrize("turn", range(8))
def test_from_the_beginning_is_from_the_beginning_each_time(tmp_path: Path, turn: int) -> None:
    seen = tmp_path / f"watch-{turn}.log"
    with started(seen, "watch", "--topic", "orders.facts", "--beginning"):
        assert says(seen, "OrderPlaced", COMMAND_SECONDS / 3), seen.read_text()


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
    assert "Nothing is parked" in wharf("parked", "list").stdout


@pytest.mark.usefixtures("up")
def test_what_the_tests_before_have_done_is_verified() -> None:
    told = wharf("verify")
    assert told.returncode == 0, told.stdout
    assert "violations: 0" in told.stdout


def test_an_interrupt_stops_all_of_it(up: Popen[bytes], log: Path) -> None:
    up.send_signal(signal.SIGINT)
    assert up.wait(COMMAND_SECONDS) == 0, log.read_text()
    assert wharf("status").returncode == 1
    assert not (checkout.RUNS / "stack.json").exists()
