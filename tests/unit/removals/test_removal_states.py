"""Every cell of docs/states/removal.md, against the real decisions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chassis.early import Expected
from contracts.inventory import StockSnapshot
from removals.decisions import desk
from removals.domain.policy import Terms

from support.alone import names
from support.removals import (
    OWN,
    Decided,
    a_deadline,
    an_address,
    an_item,
    canceled,
    confirmed,
    disposed,
    drafted,
    held,
    held_units,
    missing,
    parcel,
    picking,
    refused,
    requested,
    units,
    withdrawn,
)
from support.states import Cell, cells

if TYPE_CHECKING:
    from contracts.envelope import Message

BOX = OWN.model_copy(update={"address": an_address(line1="PO Box 12")})
FIRST = parcel("first", units(1, 1))
STATES: dict[str, tuple[Message, ...]] = {
    "absent": (),
    "Expected": (canceled(),),
    "Expected, refused": (drafted(ship_to=BOX),),
    "Draft": (drafted(),),
    "Planning": (requested(),),
    "Pending": (requested(), held()),
    "Processing": (requested(), held(), picking(), FIRST),
    "Completed": (requested(), held(), picking(), FIRST, parcel("rest", units(1, 2), units(2), units(3))),
    "Canceled": (requested(), held(), canceled()),
    "Refused": (requested(), refused()),
}
MESSAGES: dict[str, Message] = {
    "DraftRemoval": drafted(),
    "DraftRemoval, other content": drafted(an_item("mug", 1)),
    "DraftRemoval, other content, as a new one": drafted(an_item("mug", 1), replaces=False),
    "DraftRemoval, to a post office box": drafted(ship_to=BOX),
    "ConfirmRemoval": confirmed(),
    "ConfirmRemoval, of another draft": confirmed(9),
    "RequestRemoval": requested(),
    "RequestRemoval, other content": requested(an_item("mug", 1)),
    "RequestRemoval, without units": requested(an_item("mug", 0)),
    "CancelRemoval": canceled(),
    "UnitsHeld": held(),
    "UnitsRefused": refused(),
    "HoldWithdrawn, one line": withdrawn(held_units(3)),
    "HoldWithdrawn, all lines": withdrawn(held_units(1), held_units(2), held_units(3)),
    "RemovalPickStarted": picking(),
    "RemovalParcelShipped, one unit": parcel("1", units(1, 1)),
    "RemovalParcelShipped, all units": parcel("1"),
    "RemovalParcelShipped, the first parcel again": FIRST,
    "RemovalParcelShipped, the first parcel with other content": parcel("first", units(3)),
    "RemovalParcelShipped, no such line": parcel("1", units(9, 1)),
    "RemovalUnitsDisposed, one unit": disposed("1", units(1, 1)),
    "RemovalUnitsDisposed, all units": disposed("1"),
    "RemovalPickShort, one unit": missing(units(1, 1)),
    "RemovalPickShort, all units": missing(),
    "RemovalPickShort, no such line": missing(units(9, 1)),
    "DraftExpired": a_deadline("DraftExpired"),
    "LeaveByReached": a_deadline("LeaveByReached"),
    "RemovalGivenUp": a_deadline("RemovalGivenUp"),
    "EarlyRemovalMessagesExpired": a_deadline("EarlyRemovalMessagesExpired"),
}
CELLS = cells("removal.md")


def in_state(state: str) -> Decided:
    decided = Decided()
    decided.tell(*STATES[state])
    assert decided.status == state.partition(",")[0]
    return decided


def test_the_page_has_each_message_in_each_state() -> None:
    assert {(cell.message, cell.state) for cell in CELLS} == {(message, state) for message in MESSAGES for state in STATES}


def test_the_page_has_a_row_for_every_message_about_removals() -> None:
    decided = {kind.__name__ for kind in desk(Terms()).rules if kind is not StockSnapshot}
    assert {re.split(r",", message)[0] for message in MESSAGES} == decided


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_of_the_page_is_what_happens(cell: Cell) -> None:
    decided = in_state(cell.state)
    before = decided.root
    facts = decided.decide(MESSAGES[cell.message])
    assert decided.status == cell.after
    assert names(facts) == cell.facts
    codes = [code for fact in facts if (code := getattr(fact, "code", None))]
    assert codes == (cell.about.split() if codes else [])
    assert bool(decided.books.quarantined.added) == (cell.about == "quarantined")
    match cell.about:
        case "nothing" | "quarantined" if cell.state.partition(",")[0] != "Expected":
            assert decided.root == before
        case "waits":
            kept = len(before.early) if isinstance(before, Expected) else 0
            assert isinstance(decided.root, Expected)
            assert len(decided.root.early) == kept + 1
        case "noted":
            assert decided.root != before
        case _:
            assert facts or cell.state.startswith("Expected")
