"""After inventory's answer, or an end without one: what the warehouse told before is decided, in the order in which it came."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chassis.early import RootRule
from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalUnitsDisposed
from removals.decisions import picking
from removals.domain.removal import Removal
from removals.store import Books

RULES: Mapping[type[Message], RootRule[Books, Removal, Any]] = {
    RemovalParcelShipped: picking.ship_parcel,
    RemovalUnitsDisposed: picking.dispose,
    RemovalPickShort: picking.note_missing,
}
BY_NAME = {kind.__name__: (kind, rule) for kind, rule in RULES.items()}


def decide_reports(books: Books, subject: Subject, cause: Cause) -> Sequence[Message]:
    """Physical truth: it counts whatever the answer was."""
    removal = _removal(books, subject)
    if not removal.reports:
        return []
    books.removals[subject] = replace(removal, reports=())
    facts: list[Message] = []
    for report in removal.reports:
        kind, rule = BY_NAME[report.type]
        own = Cause(report.message_id, cause.now, report.correlation_id, report.received_at)
        facts += rule(books, _removal(books, subject), kind.model_validate_json(report.body), own)
    return facts


def _removal(books: Books, subject: Subject) -> Removal:
    root = books.removals[subject]
    if not isinstance(root, Removal):
        raise TypeError(f"{subject.key} is no removal")
    return root
