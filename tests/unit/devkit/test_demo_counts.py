"""What the demo counts of what it hears: bound units, mails, the levels of stock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from contracts.inventory import UnitsRefused
from contracts.notifications import MailFact, MailFailed, MailSent, MailWaits
from contracts.removals import RemovalShortage, UnavailableUnits
from devkit.demo.facts import Tally
from devkit.demo.mails import Mails, caught
from devkit.demo.shelf import Curves, Levels, listed
from devkit.mail.folder import MailFolder

from support.sales import a_snapshot

NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))


def sent(mail_id: str, template: str = "order_confirmed") -> MailSent:
    return MailSent(seller_id="s", mail_id=mail_id, template=template, sent_at=NOON, tries=1)


def mails(*facts: MailFact) -> Mails:
    known = Mails()
    for fact in facts:
        known.hear(fact)
    return known


def test_units_that_are_short_count_as_bound_as_far_as_others_hold_them() -> None:
    def short(quantity: int, **unavailable: int) -> RemovalShortage:
        codes = tuple(UnavailableUnits(code=code, quantity=units) for code, units in unavailable.items())
        return RemovalShortage(line=1, sku="S", quantity=quantity, condition="fulfillable", unavailable=codes)

    tally = Tally()
    missing = (short(9, pending_customer_order=4, researching=7), short(2, other_removal=5), short(3))
    tally.count(UnitsRefused(seller_id="s", removal_id="R", missing=missing))
    assert tally.units_bound == 4 + 2


def test_a_mail_counts_when_it_was_sent_and_each_once() -> None:
    known = mails(MailWaits(seller_id="s", mail_id=FIRST, template="order_sold"), sent(FIRST, "order_sold"), sent(SECOND))
    assert known.sent == {"order_sold": 1, "order_confirmed": 1}
    assert known.waited == 1
    assert not list(known.violations(Counter([FIRST, SECOND])))


def test_a_mail_that_was_not_sent_in_the_end_is_told() -> None:
    failed = MailFailed(seller_id="s", mail_id=FIRST, template="order_sold", reason="no")
    waiting = MailWaits(seller_id="s", mail_id=SECOND, template="order_sold")
    assert list(mails(failed, waiting).violations({})) == [
        "demo: 1 mails failed at the end",
        "demo: 1 mails waiting at the end",
    ]


def test_what_is_told_as_sent_and_what_the_mail_server_got_must_be_the_same() -> None:
    assert [told.split()[1:3] for told in mails(sent(FIRST)).violations({SECOND: 2})] == [
        ["1", "mails"],
        ["the", "mail"],
        ["the", "mail"],
    ]


def test_the_catcher_s_mails_are_known_by_their_message_id(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path)
    folder.add(f"Subject: x\r\nMessage-ID: <{FIRST}@mail.example.com>\r\n\r\nMessage-ID: <x@y>\r\n".encode())
    folder.add(f"Message-ID:\r\n <{SECOND}@mail.example.com>\r\n\r\n".encode())
    assert caught(folder) == {FIRST: 1, SECOND: 1}


def test_levels_are_those_of_the_places_asked_for() -> None:
    nothing = {"available": 0, "reserved_orders": 0, "held_for_removal": 0, "unfulfillable": {}}
    there = {"available": 5, "reserved_orders": 2, "held_for_removal": 1, "unfulfillable": {"defective": 4, "expired": 1}}
    places = {"network:GB:LTN1": there, "network:GB:MAN1": nothing | {"available": 3}, "seller:GB:main": there}
    item = {"sku": "S1", "locations": places}
    assert listed([item], "network:GB:") == [Levels("S1", available=8, bound=3, unfulfillable=5)]
    assert listed([item], "network:DE:") == [Levels("S1", available=0, bound=0, unfulfillable=0)]


def test_a_curve_has_each_change_of_a_watched_item_once() -> None:
    curves = Curves(frozenset({"A/1"}))
    changes = (a_snapshot("A/1", available=9), a_snapshot("A/1", version=2, available=5, held=1), a_snapshot("A/1", version=2))
    for snapshot in changes:
        curves.hear(b"s/item/A%2F1", snapshot.model_dump_json().encode())
    curves.hear(b"s/item/B", b"not even looked at")
    assert [(at.available, at.bound) for _, at in curves.drawn()["A/1"]] == [(9, 0), (5, 1)]
