"""Messages that come before their removal: how removals keeps them. The keeping itself is the chassis'."""

from chassis.early import Early
from contracts.removals import EarlyRemovalMessagesExpired
from removals.domain.removal import Removal
from removals.store import Books

EARLY: Early[Books, Removal] = Early(
    service="removals",
    noun="removal",
    roots=lambda books: books.removals,
    deadline=EarlyRemovalMessagesExpired,
    patience=lambda books: books.terms.default.draft_limit,
)

quarantine = EARLY.quarantine
