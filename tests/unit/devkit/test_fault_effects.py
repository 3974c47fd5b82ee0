"""The check of a history sees what is planted: a command lost, done twice or by halves, a mail that nobody sent."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from contracts.envelope import Message
from contracts.identity import hashed_id
from contracts.warehouse import RemovalPickStarted
from devkit.faults.effects import violations
from devkit.faults.found import Found, OrderRow
from devkit.faults.history import Command, Outcome, Way
from devkit.faults.shops import Shop

SHOP = Shop("calm.1", Random(1))
ORDER, RECEIPT, REMOVAL = SHOP.order("o-1", "mug"), SHOP.receipt("mug", 5), SHOP.removal("r-1")
PAID, CANCELED, CONTACT = SHOP.payment("o-1"), SHOP.cancel("o-1"), SHOP.contact()
KEY, REMOVAL_KEY = ORDER.subject.key, REMOVAL.subject.key
ROW = OrderRow("Pending", 1, "verified", None, 0, ())
TOLD = {
    ("OrderPlaced", KEY): 1,
    ("StockReserved", KEY): 1,
    ("RemovalRequested", REMOVAL_KEY): 1,
    ("UnitsHeld", REMOVAL_KEY): 1,
    ("ContactSet", CONTACT.subject.key): 1,
}
SERVICES = ("orders", "inventory", "removals", "notifications")


def asked(message: Message, outcome: Outcome = Outcome.ACKNOWLEDGED) -> Command:
    message_id = hashed_id("test", type(message).__name__, message.subject.key)
    return Command(message, Way.KAFKA, "/faults", message_id, "", 0.0, 1, 1.0, outcome)


def left_by(*commands: Command, **changed: Any) -> Found:
    """What is there when all of these were decided, and nothing is as it should not be but what is changed."""
    found = Found(
        decided={service: {(one.source, one.id) for one in commands} for service in SERVICES},
        orders={KEY: ROW},
        holders={KEY, REMOVAL_KEY},
        receipts={one.id: (1, 5) for one in commands},
        contacts={CONTACT.seller_id: CONTACT.mail},
        told=TOLD,
        mails={"m-1": "sent", "m-2": "unknown", "m-3": "unknown", "m-4": "waiting"},
        caught={"m-1": 1, "m-2": 1},
    )
    return replace(found, **changed)


def after(message: Message, outcome: Outcome = Outcome.ACKNOWLEDGED, **changed: Any) -> list[str]:
    command = asked(message, outcome)
    return violations([command], left_by(command, **changed))


def nothing(**changed: Any) -> Found:
    """Nobody has decided anything."""
    return replace(Found(decided={service: set() for service in SERVICES}), **changed)


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.UNKNOWN])
@pytest.mark.parametrize("message", [ORDER, RECEIPT, REMOVAL, PAID, CONTACT], ids=lambda message: type(message).__name__)
def test_what_was_decided_and_has_its_effect_is_well(message: Message, outcome: Outcome) -> None:
    assert after(message, outcome) == []


@pytest.mark.parametrize(
    "message", [ORDER, RECEIPT, REMOVAL, PAID, CONTACT, CANCELED], ids=lambda message: type(message).__name__
)
def test_an_acknowledged_command_that_is_gone_is_seen(message: Message) -> None:
    assert "nobody has decided it (S1)" in violations([asked(message)], nothing())[0]


@pytest.mark.parametrize("message", [ORDER, RECEIPT, REMOVAL, CANCELED], ids=lambda message: type(message).__name__)
def test_an_unknown_command_without_any_effect_is_well(message: Message) -> None:
    assert violations([asked(message, Outcome.UNKNOWN)], nothing()) == []


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (ORDER, {"told": {**TOLD, ("OrderPlaced", KEY): 2}}),
        (ORDER, {"told": {**TOLD, ("StockReserved", KEY): 0}}),
        (ORDER, {"told": {**TOLD, ("StockRefused", KEY): 1}}),
        (ORDER, {"orders": {KEY: replace(ROW, units=2)}}),
        (ORDER, {"orders": {}}),
        (ORDER, {"holders": set()}),
        (PAID, {"orders": {KEY: replace(ROW, payment="unknown")}}),
        (PAID, {"orders": {KEY: replace(ROW, late_payment="verified")}}),
        (RECEIPT, {"receipts": {asked(RECEIPT).id: (2, 10)}}),
        (RECEIPT, {"receipts": {asked(RECEIPT).id: (1, 4)}}),
        (RECEIPT, {"receipts": {}}),
        (REMOVAL, {"told": {**TOLD, ("UnitsHeld", REMOVAL_KEY): 2}}),
        (REMOVAL, {"holders": {KEY}}),
        (CANCELED, {}),
        (CANCELED, {"orders": {KEY: replace(ROW, canceled_by_buyer=1)}, "refused": {str(asked(CANCELED).id)}}),
        (CONTACT, {"contacts": {CONTACT.seller_id: "somebody.else@shops.example"}}),
    ],
)
def test_an_effect_that_is_missing_or_there_twice_is_seen(message: Message, changed: dict[str, Any]) -> None:
    assert after(message, **changed) != []


def test_a_refused_command_is_answered_and_changes_nothing() -> None:
    told = {"refused": {str(asked(CANCELED).id)}}
    assert after(CANCELED, Outcome.REFUSED, **told) == []
    assert after(CANCELED, Outcome.REFUSED, orders={KEY: replace(ROW, canceled_by_buyer=1)}, **told) != []


def test_half_an_effect_of_what_nobody_decided_is_seen() -> None:
    assert violations([asked(ORDER, Outcome.UNKNOWN)], nothing(told={("OrderPlaced", KEY): 1})) != []
    assert violations([asked(RECEIPT, Outcome.UNKNOWN)], nothing(receipts={asked(RECEIPT).id: (1, 5)})) != []


def test_a_pick_that_nobody_decided_is_not_blamed_for_what_the_parcel_has_begun() -> None:
    pick = asked(RemovalPickStarted(seller_id=REMOVAL.seller_id, removal_id="r-1"), Outcome.UNKNOWN)
    begun = {("RemovalProcessing", REMOVAL_KEY): 1}
    assert violations([pick], nothing(told=begun)) == []
    assert violations([pick], nothing(told=begun, begun_by={str(pick.id)})) != []
    assert violations([pick], left_by(pick, told={**TOLD, **begun})) == []
    assert violations([pick], left_by(pick)) != []


@pytest.mark.parametrize(
    ("mails", "caught"),
    [
        ({"m-1": "sent"}, {}),
        ({"m-1": "sent"}, {"m-1": 2}),
        ({"m-1": "unknown"}, {"m-1": 2}),
        ({"m-1": "waiting"}, {"m-1": 1}),
        ({"m-1": "sending"}, {}),
        ({}, {"m-1": 1}),
    ],
)
def test_a_mail_that_is_not_where_the_ledger_says_is_seen(mails: dict[str, str], caught: dict[str, int]) -> None:
    assert violations([], nothing(mails=mails, caught=caught)) != []
