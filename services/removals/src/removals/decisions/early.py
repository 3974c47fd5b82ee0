"""Messages that come before what they are about: before their removal, or before inventory's answer. How removals keeps them;
for those without a removal the keeping itself is the chassis'.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from chassis.desk import Decision
from chassis.early import EARLY_MESSAGES_MAX, Early, EarlyMessage, Expected, RootRule
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.removals import REFUSALS, CancelRemoval, ConfirmRemoval, EarlyRemovalMessagesExpired, RemovalCancelRefused
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalUnitsDisposed
from removals.decisions.facts import refused, write
from removals.domain.removal import Removal, Report
from removals.store import Books

Later: TypeAlias = ConfirmRemoval | CancelRemoval
"""Commands about a removal that is there, or should be."""
Told: TypeAlias = RemovalParcelShipped | RemovalUnitsDisposed | RemovalPickShort
C = TypeVar("C", ConfirmRemoval, CancelRemoval)

EARLY: Early[Books, Removal] = Early(
    service="removals",
    noun="removal",
    roots=lambda books: books.removals,
    deadline=EarlyRemovalMessagesExpired,
    patience=lambda books: books.terms.default.draft_limit,
)
COMMANDS: dict[str, type[Later]] = {kind.__name__: kind for kind in (ConfirmRemoval, CancelRemoval)}

quarantine = EARLY.quarantine


def or_answered(rule: RootRule[Books, Removal, C]) -> Decision[Books, C]:
    """The rule, for a removal that is there; before one the command waits. But once a removal was refused, the sender spoke of
    that one: what he may write in its place he has not seen yet (R6).
    """
    or_kept = EARLY.or_kept(rule)

    def decide(books: Books, command: C, cause: Cause) -> Sequence[Message]:
        root = books.removals[command.subject]
        # Nothing is told of an id without a removal but refusals.
        if isinstance(root, Expected) and root.sequence:
            return no_removal(command, cause)
        return or_kept(books, command, cause)

    return decide


def answer_commands(books: Books, expected: Expected, about: Message, cause: Cause) -> Sequence[Message]:
    """The removal was refused: commands that waited for it are, too. What others told goes on waiting for another one."""
    commands = [early for early in expected.early if early.type in COMMANDS]
    others = tuple(early for early in expected.early if early.type not in COMMANDS)
    books.removals[about.subject] = replace(expected, early=others)
    if commands and not others:
        books.deadlines.clear(about.subject, [EarlyRemovalMessagesExpired])
    return [fact for early in commands for fact in no_removal(_read(early), cause._replace(id=early.message_id))]


def no_removal(command: Later, cause: Cause) -> Sequence[Message]:
    """There is nothing that could be confirmed or canceled."""
    if isinstance(command, ConfirmRemoval):
        return refused(command, cause, "no_draft")
    code = "removal_ended"
    about = {"seller_id": command.seller_id, "removal_id": command.removal_id}
    return [RemovalCancelRefused(**about, command_id=cause.id, code=code, sentence=REFUSALS[code])]


def keep_report(books: Books, removal: Removal, told: Told, cause: Cause) -> Sequence[Message]:
    """The warehouse was faster than inventory's answer: what it told is decided after that. The same again is one report."""
    report = Report(type(told).__name__, told.model_dump_json(), cause.id, cause.correlation_id, cause.now)
    unnamed = isinstance(told, RemovalPickShort) and told.report_id is None
    if not unnamed and any((known.type, known.body) == (report.type, report.body) for known in removal.reports):
        return []
    if len(removal.reports) >= EARLY_MESSAGES_MAX:
        return quarantine(books, told, cause, f"{EARLY_MESSAGES_MAX} reports wait for inventory's answer already")
    write(books, replace(removal, reports=(*removal.reports, report), changed_at=cause.now))
    return []


def _read(early: EarlyMessage) -> Later:
    return COMMANDS[early.type].model_validate_json(early.body)
