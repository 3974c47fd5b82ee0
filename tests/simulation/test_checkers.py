"""The checkers of what is left behind, by the ledger, orders, removals and mails: each sees what it is there for, in rows made
by hand.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from chassis.memory_layout import layout
from chassis.outcomes import Accepted, Reused
from chassis.rows import names
from contracts.removals import ConfirmRemoval
from devkit.simulation.books import balance_problems
from devkit.simulation.checkers import discarded_deadlines, told_twice
from devkit.simulation.cut import WHOLE
from devkit.simulation.history import History, Note
from devkit.simulation.holders import bound_problems, holder_problems, open_lines
from devkit.simulation.lives import parting_problems, unended, view_problems
from devkit.simulation.mails import mail_problems, reader_problems, resting_problems
from devkit.simulation.order_traffic import mail_of
from devkit.simulation.posting import ALTERED, START, Posting
from devkit.simulation.safeguards import ALL_IN
from devkit.simulation.scheduler import Scheduler
from devkit.simulation.stage import Stage, stage_of
from devkit.simulation.storage import Views
from inventory import tables as inventory
from notifications import tables as notifications
from notifications.post import Outgoing
from orders import tables as orders
from removals import tables as removals

if TYPE_CHECKING:
    from sqlalchemy import Table

    from chassis.outcomes import Outcome

OWNER = "owner@s1.example"
MAIL = "11111111-1111-8111-8111-111111111111"


@pytest.fixture
def stage() -> Stage:
    """Nothing has happened yet."""
    return stage_of(0, Scheduler(Random(0)), ALL_IN, WHOLE)


def put(stage: Stage, service: str, table: Table, **values: Any) -> None:
    """A row as if it had been committed; what is not given is null."""
    row = layout(table).make([values.get(name) for name in names(table)])
    stage.database(service).memory.tables[table.name].put(layout(table).key(row), row)


def moved(stage: Stage, version: int, way: str, *, holder: str = "removal r1", units: int = 1) -> None:
    """`way` is from where to where."""
    (kind, holder_id), (source, target) = holder.split(), way.split()
    about = {"seller_id": "s1", "sku": "K1", "location_id": "network:GB:LTN1", "cause": UUID(int=version), "n": 1, "line": 1}
    about |= {"source": source, "target": target, "quantity": units, "holder_kind": kind, "holder_id": holder_id}
    put(stage, "inventory", inventory.movement, item_version=version, **about)


def held(stage: Stage, taken: int, released: int, shipped: int) -> None:
    about = {"seller_id": "s1", "kind": "removal", "holder_id": "r1", "line": 1, "location_id": "network:GB:LTN1"}
    units = {"taken": taken, "released": released, "shipped": shipped}
    put(stage, "inventory", inventory.reservation_line, **about, bucket="available", sku="K1", **units)


def mailed(stage: Stage, *, status: str = "sent", recipient: str = "seller", to: str = OWNER, text: str = "") -> None:
    about = {"seller_id": "s1", "mail_id": MAIL, "template": "order_sold", "recipient": recipient, "order_id": "o1"}
    cause = {"cause_id": UUID(int=5), "caused_at": START, "changed_at": START, "insisted": False}
    put(stage, "notifications", notifications.mail, status=status, **about, **cause)
    mail = Outgoing(f"<{MAIL}@wharf.invalid>", to, START + timedelta(minutes=1), "Sold", text, "")
    stage.world.mail_server.taken.append(mail)


def test_a_removal_that_takes_reserved_units_is_seen(stage: Stage) -> None:
    moved(stage, 1, "available reserved", holder="order o1")
    assert list(bound_problems(stage)) == []
    moved(stage, 2, "reserved held")
    assert len(list(bound_problems(stage))) == 1


def test_a_removal_that_takes_what_another_holds_is_seen(stage: Stage) -> None:
    moved(stage, 1, "available held", holder="removal r2")
    moved(stage, 2, "held removed")
    assert ["did not hold so many" in problem for problem in bound_problems(stage)] == [True]


def test_units_that_are_removed_without_being_held_are_seen(stage: Stage) -> None:
    moved(stage, 1, "available removed")
    assert ["was held by no removal" in problem for problem in bound_problems(stage)] == [True]


def test_an_account_that_differs_from_the_ledger_is_seen(stage: Stage) -> None:
    moved(stage, 1, "customer_damaged held", units=3)
    moved(stage, 2, "held removed", units=2)
    moved(stage, 3, "held customer_damaged")
    held(stage, taken=3, released=1, shipped=2)
    assert list(holder_problems(stage)) == []
    assert list(open_lines(stage)) == []
    held(stage, taken=3, released=0, shipped=2)
    assert list(holder_problems(stage)) != []
    assert list(open_lines(stage)) != []


def booked(version: int, way: str, units: int) -> Note:
    """A commit with one movement; `way` is from where to where."""
    source, target = way.split()
    return Note(movements=[("s1", "K1", version, "network:GB:LTN1", source, target, units)])


WRONG_BOOKS: dict[str, tuple[list[Note], list[str]]] = {
    "nothing": ([booked(1, "supplier available", 2), booked(2, "available reserved", 2)], []),
    "a movement that is missing": ([booked(1, "supplier available", 2), booked(3, "available reserved", 1)], ["S3"]),
    "a movement that is there twice": ([booked(1, "supplier available", 2), booked(1, "supplier available", 2)], ["S3"]),
    "units sold twice": ([booked(1, "supplier available", 1), booked(2, "available reserved", 2)], ["S4"]),
    "units reserved by nobody": ([booked(1, "supplier available", 1), booked(2, "reserved customer", 1)], ["S3"]),
}


@pytest.mark.parametrize("what", WRONG_BOOKS)
def test_a_ledger_that_is_wrong_is_seen_as_it_commits(stage: Stage, what: str) -> None:
    notes, promises = WRONG_BOOKS[what]
    for note in notes:
        stage.balances.follow(note)
    assert [violation.promise for violation in stage.history.violations] == promises


def test_balances_that_are_not_the_ledgers_sum_are_seen(stage: Stage) -> None:
    stage.balances.follow(booked(1, "supplier available", 2))
    moved(stage, 1, "supplier available", units=2)
    put(stage, "inventory", inventory.item, seller_id="s1", sku="K1", version=1)
    place = {"seller_id": "s1", "sku": "K1", "location_id": "network:GB:LTN1", "bucket": "available"}
    put(stage, "inventory", inventory.balance, **place, quantity=2)
    assert list(balance_problems(stage)) == []
    put(stage, "inventory", inventory.balance, **place, quantity=3)
    assert ["the ledger says 2" in problem for problem in balance_problems(stage)] == [True]


def test_an_item_with_other_movements_than_its_version_says_is_seen(stage: Stage) -> None:
    put(stage, "inventory", inventory.item, seller_id="s1", sku="K1", version=1)
    assert ["other movements" in problem for problem in balance_problems(stage)] == [True]


def test_movements_that_are_gone_from_the_ledger_are_seen(stage: Stage) -> None:
    stage.balances.follow(booked(1, "supplier customer", 1))
    assert list(balance_problems(stage)) == ["the ledger has lost movements"]


def test_an_order_that_never_ends_is_seen(stage: Stage) -> None:
    put(stage, "orders", orders.customer_order, seller_id="s1", order_id="o1", status="Shipped")
    assert list(unended(stage)) == []
    put(stage, "orders", orders.customer_order, seller_id="s1", order_id="o1", status="Unshipped")
    assert list(unended(stage)) == ["order o1 of s1 is Unshipped"]


def test_a_removal_that_never_ends_is_seen(stage: Stage) -> None:
    put(stage, "removals", removals.removal, seller_id="s1", removal_id="r1", status="Completed")
    assert list(unended(stage)) == []
    put(stage, "removals", removals.removal, seller_id="s1", removal_id="r1", status="Pending")
    assert list(unended(stage)) == ["removal r1 of s1 is Pending"]


def test_units_that_left_and_of_which_removals_knows_nothing_are_seen(stage: Stage) -> None:
    moved(stage, 1, "held removed", units=2)
    assert list(parting_problems(stage)) == ["removal r1 of s1 says that -2 units left, which inventory did not give"]


def test_a_view_that_is_behind_is_seen(stage: Stage) -> None:
    about = {"seller_id": "s1", "sku": "K1"}
    put(stage, "inventory", inventory.item, **about, version=2)
    put(stage, "removals", removals.stock_view, **about, version=2, balances="[]")
    assert list(view_problems(stage)) == []
    put(stage, "removals", removals.stock_view, **about, version=1, balances="[]")
    assert list(view_problems(stage)) != []


WRONG_READERS: dict[str, dict[str, str]] = {
    "another seller": {"to": "owner@s2.example"},
    "the buyer's address": {"text": "ship to 1 High Street"},
    "the buyer's mail address": {"text": mail_of("s1", "o1")},
    "another buyer": {"recipient": "buyer", "to": mail_of("s1", "o2")},
}


@pytest.mark.parametrize(("recipient", "to", "text"), [("seller", OWNER, ""), ("buyer", mail_of("s1", "o1"), "A Buyer")])
def test_a_mail_in_the_right_hands_is_fine(stage: Stage, recipient: str, to: str, text: str) -> None:
    mailed(stage, recipient=recipient, to=to, text=text)
    assert list(reader_problems(stage)) == []


@pytest.mark.parametrize("what", WRONG_READERS)
def test_a_mail_that_tells_somebody_too_much_is_seen(stage: Stage, what: str) -> None:
    mailed(stage, **WRONG_READERS[what])
    assert list(reader_problems(stage)) != []


WRONG_MAILS: dict[str, tuple[str, str]] = {
    "failed": ("was taken, and is failed", "mail"),
    "unknown": ("is unknown, and nobody was told", "mail"),
    "ready": ("is ready", "rest"),
    "waiting": ("waits for an address that is known", "rest"),
    "held_back": ("is held back after", "rest"),
}


@pytest.mark.parametrize("status", WRONG_MAILS)
def test_a_ledger_that_is_wrong_about_a_mail_is_seen(stage: Stage, status: str) -> None:
    put(stage, "notifications", notifications.seller_contact, seller_id="s1")
    mailed(stage, status=status)
    sentence, where = WRONG_MAILS[status]
    problems = mail_problems(stage) if where == "mail" else resting_problems(stage)
    assert any(sentence in problem for problem in problems)


def test_a_mail_that_was_taken_twice_is_seen(stage: Stage) -> None:
    mailed(stage)
    mailed(stage)
    assert any("was taken 2 times" in problem for problem in mail_problems(stage))


def asked(stage: Stage, spoil: str, answer: Outcome) -> None:
    """Somebody asked over HTTP, always under the same name."""
    message = ConfirmRemoval(seller_id="s1", removal_id="r1")
    posting = Posting(START, "a command", message, http=True, spoil=spoil)
    stage.postings.append(posting)
    stage.answers[posting.wording] = answer


def test_an_identity_with_two_bodies_is_seen(stage: Stage) -> None:
    asked(stage, "", Accepted())
    asked(stage, ALTERED, Reused())
    assert told_twice(stage) == []
    asked(stage, ALTERED, Accepted())
    assert told_twice(stage) == ["a command was accepted with 2 bodies"]


def test_a_discarded_deadline_is_seen() -> None:
    identity = ("/orders/deadlines", UUID(int=1))
    assert discarded_deadlines({"orders": {identity: "accepted", ("/orders", UUID(int=2)): "discarded"}}) == []
    assert len(discarded_deadlines({"orders": {identity: "discarded"}})) == 1


def test_a_view_that_goes_back_is_seen() -> None:
    history = History()
    views = Views(history)
    for version in (1, 3, 3):
        views.follow(Note(views=[("s1", "K1", 1, version, START, "[]")]))
    assert history.violations == []
    views.follow(Note(views=[("s1", "K1", 4, 2, START, "[]")]))
    assert [violation.promise for violation in history.violations] == ["agreement"]
