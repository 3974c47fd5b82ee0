"""What rows of the file become: orders, credits, corrections of stock, and deliveries that cover the demand."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.envelope import envelope_from
from contracts.orders import PlaceOrder
from contracts.registry import MESSAGES
from contracts.values import Channel
from devkit.demo import fates, letters
from devkit.demo.fates import COURSES, Answer
from devkit.demo.invoices import Book, LeftOut, Miscount, book_of
from devkit.demo.plan import known_events, opening_of
from devkit.demo.sales import Sale, read_sales
from devkit.demo.supply import PLACES, SHOP, receipts

NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)


def a_sale(**changes: Any) -> Sale:
    given = {
        "line": 2,
        "invoice": "536365",
        "code": "85123A",
        "title": "WHITE HOLDER",
        "quantity": 6,
        "sold_at": NOON,
        "pence": 255,
        "customer": "17850",
        "country": "United Kingdom",
    }
    return Sale(**{**given, **changes})


@pytest.fixture(scope="module")
def sales() -> list[Sale]:
    return read_sales()


@pytest.fixture(scope="module")
def december(sales: list[Sale]) -> Book:
    return book_of(sales)


def test_equal_lines_of_an_invoice_are_merged_and_other_prices_are_not() -> None:
    (invoice,) = book_of([a_sale(), a_sale(quantity=4), a_sale(pence=200)]).invoices
    assert [(line.quantity, line.pence) for line in invoice.lines] == [(10, 255), (6, 200)]


def test_who_has_no_account_is_a_guest_of_the_invoice() -> None:
    (invoice,) = book_of([a_sale(customer="")]).invoices
    assert invoice.buyer == "guest-536365"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": "POST"}, LeftOut.NO_GOODS),
        ({"code": "GIFT_0001_40"}, LeftOut.NO_GOODS),
        ({"invoice": "A563185"}, LeftOut.DEBT),
        ({"quantity": 0}, LeftOut.NOTHING),
        ({"pence": 0}, LeftOut.FREE),
        ({"pence": -100}, LeftOut.REVERSED),
        ({"invoice": "C536365"}, LeftOut.REVERSED),
    ],
)
def test_what_is_no_sale_of_goods_is_left_out_and_counted(changes: dict[str, Any], reason: LeftOut) -> None:
    book = book_of([a_sale(**changes)])
    assert +book.left_out == {reason: 1}
    assert not book.invoices
    assert not book.credits
    assert not book.corrections


def test_a_cancellation_invoice_is_a_credit() -> None:
    (credit,) = book_of([a_sale(invoice="C536379", quantity=-1), a_sale(invoice="C536379", quantity=-2)]).credits
    assert (credit.customer, credit.units) == ("17850", (("85123A", 3),))


@pytest.mark.parametrize(
    ("changes", "miscounts"),
    [
        ({"quantity": 5}, {Miscount.FOUND}),
        ({"quantity": -5, "title": "damages"}, {Miscount.DAMAGED}),
        ({"quantity": -5, "title": "?"}, {Miscount.LOST, Miscount.DAMAGED}),
    ],
)
def test_rows_without_customer_and_price_correct_the_stock(changes: dict[str, Any], miscounts: set[Miscount]) -> None:
    (correction,) = book_of([a_sale(customer="", pence=0, **changes)]).corrections
    assert correction.units == 5
    assert correction.miscount in miscounts


def test_december_keeps_its_units_whatever_becomes_of_its_rows(sales: list[Sale], december: Book) -> None:
    ordered = sum(line.quantity for invoice in december.invoices for line in invoice.lines)
    credited = sum(units for credit in december.credits for _, units in credit.units)
    corrected = Counter({one.miscount: 0 for one in december.corrections})
    for one in december.corrections:
        corrected[one.miscount] += one.units
    taken = ordered - credited + corrected[Miscount.FOUND] - corrected[Miscount.LOST] - corrected[Miscount.DAMAGED]
    goods = [sale for sale in sales if sale.code[0].isdigit() or sale.code.startswith("DCGS")]
    given_away = sum(sale.quantity for sale in goods if sale.pence == 0 and sale.customer)
    assert taken == sum(sale.quantity for sale in goods) - given_away


def test_about_six_in_ten_orders_of_december_are_for_the_network(december: Book) -> None:
    assert len(december.invoices) == 1_550
    assert sum(invoice.channel is Channel.NETWORK for invoice in december.invoices) / 1_550 == pytest.approx(0.6, abs=0.03)


def test_payments_take_every_course_and_some_come_before_their_order(december: Book) -> None:
    assert sum(course.share for course in COURSES) == pytest.approx(1)
    courses = Counter(tuple(answer for _, answer in fates.payments(invoice)) for invoice in december.invoices)
    assert set(courses) == {tuple(answer for answer, _, _ in course.answers) for course in COURSES}
    assert courses[Answer.VERIFIED,] > 1_200
    early = [one for one in december.invoices if any(at < one.placed_at for at, _ in fates.payments(one))]
    assert early
    assert not any(fates.placed_by_http(invoice) for invoice in early)


def test_deliveries_cover_the_demand_but_for_a_few_short_items(december: Book) -> None:
    delivered: Counter[str] = Counter()
    for receipt in receipts(december, opening_of(december)):
        delivered["seller" if receipt.location_id == SHOP else "network"] += receipt.units
    asked: Counter[str] = Counter()
    for invoice in december.invoices:
        asked[invoice.channel] += sum(line.quantity for line in invoice.lines)
    for channel in Channel:
        assert 0.95 * asked[channel] < delivered[channel] < 1.1 * asked[channel]


def test_stock_is_there_before_it_is_asked_for_and_comes_every_week(december: Book) -> None:
    opening = opening_of(december)
    found = receipts(december, opening)
    times = sorted({receipt.at for receipt in found})
    assert times[0] == opening < december.invoices[0].placed_at
    assert {(late - early) for early, late in itertools.pairwise(times[1:])} == {timedelta(days=7)}
    assert {receipt.location_id for receipt in found} == set(PLACES)


def test_all_that_is_planned_can_be_said_and_each_message_has_its_own_id(sales: list[Sale]) -> None:
    first_day = book_of(sale for sale in sales if sale.sold_at.day == 1)
    posts = [event.post for event in known_events(first_day) if hasattr(event, "post")]
    records = [post.record() for post in posts]
    ids = {envelope_from(record.headers, NOON).id for record in records}
    assert len(ids) == len(records) > 1_000
    for post, record in zip(posts[:50], records[:50], strict=True):
        assert MESSAGES[type(post.message).__name__].model_validate_json(record.value) == post.message


def test_an_order_says_the_same_by_http_and_by_kafka() -> None:
    (invoice,) = book_of([a_sale(country="EIRE")]).invoices
    message = letters.order_post(invoice).message
    call = letters.order_call(invoice)
    order = {"seller_id": message.seller_id, "order_id": letters.order_id(invoice)}
    assert PlaceOrder.model_validate({**call.body, **order}, strict=False) == message


def test_the_same_file_gives_the_same_messages(sales: list[Sale]) -> None:
    noon = [sale for sale in sales if sale.sold_at.day == 1 and sale.sold_at.hour == 12]
    once, again = (sorted(repr(event) for event in known_events(book_of(noon))) for _ in range(2))
    assert once == again
