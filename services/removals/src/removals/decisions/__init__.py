"""What removals does about each message: the service's table of contents. Rules live in `domain`, SQL in `store`.

A message that comes before its removal waits for it (`early`); the docs' table state x message says what happens in each state.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chassis.desk import Decision, Desk
from contracts.envelope import Message
from contracts.inventory import HoldWithdrawn, StockSnapshot, UnitsHeld, UnitsRefused
from contracts.removals import (
    CancelRemoval,
    ConfirmRemoval,
    DraftExpired,
    DraftRemoval,
    EarlyRemovalMessagesExpired,
    LeaveByReached,
    RemovalGivenUp,
    RequestRemoval,
)
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed
from removals import store
from removals.decisions import drafting, ending, holding, picking, stock
from removals.decisions.early import EARLY, or_answered
from removals.domain.policy import Terms
from removals.store import Books

FOR_A_REMOVAL: Mapping[type[Message], Decision[Books, Any]] = {
    ConfirmRemoval: or_answered(drafting.confirm_removal),
    CancelRemoval: or_answered(ending.cancel_removal),
    UnitsHeld: EARLY.or_kept(holding.place),
    UnitsRefused: EARLY.or_kept(holding.refuse),
    HoldWithdrawn: EARLY.or_kept(holding.shorten),
    RemovalPickStarted: EARLY.or_kept(picking.begin),
    RemovalParcelShipped: EARLY.or_kept(picking.ship_parcel),
    RemovalUnitsDisposed: EARLY.or_kept(picking.dispose),
    RemovalPickShort: EARLY.or_kept(picking.note_missing),
}
"""Messages from outside that are about a removal; they wait for one that has not come yet."""

DEADLINES: Mapping[type[Message], Decision[Books, Any]] = {
    DraftExpired: EARLY.or_nothing(ending.expire_draft),
    LeaveByReached: EARLY.or_nothing(ending.note_late),
    RemovalGivenUp: EARLY.or_nothing(ending.give_up),
}


def desk(terms: Terms) -> Desk[Books]:
    """What the service brings to the processor; `terms` come from its settings."""
    removals: Desk[Books] = Desk("removals", partial(store.load, terms), store.save)
    removals.on(DraftRemoval, partial(drafting.draft_removal, FOR_A_REMOVAL), creates=True)
    removals.on(RequestRemoval, partial(drafting.request_removal, FOR_A_REMOVAL), creates=True)
    removals.on(EarlyRemovalMessagesExpired, EARLY.expire)
    removals.on(StockSnapshot, stock.note_snapshot)
    for kind, decision in (*FOR_A_REMOVAL.items(), *DEADLINES.items()):
        removals.on(kind, decision)
    return removals
