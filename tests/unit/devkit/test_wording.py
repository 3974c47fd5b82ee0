"""Messages written by hand: what can be written, and what is said when it can't be sent."""

from __future__ import annotations

import re

import pytest

from contracts.inventory import SetProduct
from contracts.orders import CancelOrder, PlaceOrder
from contracts.payments import PaymentDeclined
from devkit.wording import WordingError, message_of

ORDER = ["seller_id=seller-1", "order_id=123-1234567-1234567"]


def test_plain_fields_make_a_message() -> None:
    message = message_of("PaymentDeclined", [*ORDER, "fraud=true"])
    assert message == PaymentDeclined(seller_id="seller-1", order_id="123-1234567-1234567", fraud=True)


def test_parts_are_written_by_dots_and_lists_as_json() -> None:
    line = '[{"sku": "A", "quantity": 2, "unit_price": {"amount": 255, "currency": "GBP"}}]'
    address = [f"delivery_address.{part}" for part in ("name=N", "line1=L", "city=C", "postal_code=12345", "country=GB")]
    message = message_of("PlaceOrder", [*ORDER, "marketplace_id=GB", "buyer.buyer_id=17850", *address, f"lines={line}"])
    assert isinstance(message, PlaceOrder)
    assert (message.buyer.buyer_id, message.delivery_address.postal_code) == ("17850", "12345")
    assert message.lines[0].quantity == 2


def test_a_sku_of_digits_is_text() -> None:
    message = message_of("SetProduct", ["seller_id=s", "sku=22633", "asin=B000000001", "fnsku=X000000001", "title=7"])
    assert isinstance(message, SetProduct)
    assert (message.sku, message.title) == ("22633", "7")


def test_items_may_be_left_out() -> None:
    message = message_of("CancelOrder", [*ORDER, "by=buyer", "reason=BuyerCanceled"])
    assert isinstance(message, CancelOrder)
    assert message.items == ()


@pytest.mark.parametrize(
    ("type_name", "fields", "told"),
    [
        ("PaymentVerifed", ORDER, "Did you mean PaymentVerified"),
        ("Xyzzy", ORDER, "There are: CancelOrder"),
        ("PaymentVerified", ["seller_id=seller-1"], "order_id: Field required"),
        ("PaymentVerified", [*ORDER, "shade=red"], "has no field shade. It has: seller_id, order_id"),
        ("PaymentVerified", ["seller_id"], "write field=value"),
        ("PaymentDeclined", [*ORDER, "fraud=maybe"], "fraud: "),
        ("PlaceOrder", [*ORDER, "lines=[{"], "is not good JSON"),
        ("PlaceOrder", [*ORDER, "buyer=x", "buyer.buyer_id=1"], "has a value of its own"),
        ("HoldEnded", ORDER, "There is no message HoldEnded"),
    ],
)
def test_what_can_not_be_sent_is_told_by_its_field(type_name: str, fields: list[str], told: str) -> None:
    with pytest.raises(WordingError, match=re.escape(told)):
        message_of(type_name, fields)
