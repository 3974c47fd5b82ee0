"""What the courier reports: a mail is begun to be sent, and what the mail server said. Each report is about one try; one about
another try changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from chassis.desk import Decision
from chassis.outcomes import Cause
from contracts.envelope import Message
from contracts.notifications import (
    MailCut,
    MailDeferred,
    MailRejected,
    MailReport,
    MailSent,
    MailTaken,
    MailUnknown,
    SendingBegun,
)
from notifications.decisions.ledger import told
from notifications.domain import mail as rules
from notifications.domain.mail import Mail, Status
from notifications.store import Books, seller_of

R = TypeVar("R", bound=MailReport)
TryRule: TypeAlias = Callable[[Books, Mail, R, Cause], Sequence[Message]]

ENGLISH = "en"
ALSO_LATE = frozenset({Status.SENDING, Status.UNKNOWN, Status.READY, Status.DROPPED})
"""In these the server's word that it has the mail counts: it is sent, whatever we thought of it meanwhile."""


def begin(books: Books, report: SendingBegun, cause: Cause) -> Sequence[Message]:
    """The text is made, once, and kept as it is sent. What has become too old meanwhile is held back."""
    mail = books.mails[report.subject]
    if mail is None or mail.status is not Status.READY or report.tries != mail.tries + 1:
        return []
    if cause.now - cause.told_at > books.policy.begun_max:
        books.mails[report.subject] = rules.stale(mail, cause.now)
        return []
    address, language = _destination(books, report, mail)
    if address is None or rules.too_old(mail, books.policy, cause.now):
        tried = rules.stale(mail, cause.now)
        books.mails[report.subject] = stopped = rules.destined(tried, books.policy, cause.now, address=address)
        return told(report.subject, stopped)
    subject = mail.subject or _written(books, report, mail, language)
    books.mails[report.subject] = rules.begun(mail, cause.id, cause.now, address=address, subject=subject)
    return []


def take(books: Books, mail: Mail, report: MailTaken, cause: Cause) -> Sequence[Message]:
    """The server has it, even if nobody could say so for a while."""
    if mail.status not in ALSO_LATE:
        return []
    books.mails[report.subject] = rules.taken(mail, cause.now)
    template = mail.origin.occasion.template
    return [
        MailSent(seller_id=report.seller_id, mail_id=report.mail_id, template=template, sent_at=cause.now, tries=mail.tries)
    ]


def defer(books: Books, mail: Mail, report: MailDeferred, cause: Cause) -> Sequence[Message]:
    """Surely not handed over: tried again later, up to a limit."""
    if not mail.perhaps_handed_over:
        return []
    books.mails[report.subject] = after = rules.deferred(mail, books.policy, report.reason, cause.now)
    return told(report.subject, after)


def reject(books: Books, mail: Mail, report: MailRejected, cause: Cause) -> Sequence[Message]:
    """The server will never take it (N9)."""
    if not mail.perhaps_handed_over:
        return []
    books.mails[report.subject] = after = rules.failed(mail, report.reason, cause.now)
    return told(report.subject, after)


def cut(books: Books, mail: Mail, report: MailCut, cause: Cause) -> Sequence[Message]:
    """Perhaps the server has it, perhaps not: listed, and left to an operator (N9, S8)."""
    if mail.status is not Status.SENDING:
        return []
    books.mails[report.subject] = rules.unknown(mail, report.reason, cause.now)
    template = mail.origin.occasion.template
    reason = rules.public_reason(report.reason)
    return [MailUnknown(seller_id=report.seller_id, mail_id=report.mail_id, template=template, reason=reason)]


def of_last_try(rule: TryRule[R]) -> Decision[Books, R]:
    """The rule, for a report about the mail's last try."""

    def decide(books: Books, report: R, cause: Cause) -> Sequence[Message]:
        mail = books.mails[report.subject]
        if mail is None or mail.attempt != getattr(report, "attempt", None):
            return []
        return rule(books, mail, report, cause)

    return decide


def _destination(books: Books, report: SendingBegun, mail: Mail) -> tuple[str | None, str]:
    """Where the mail goes, and in which language: a seller's as they are known now."""
    contact = books.sellers[seller_of(report)] if mail.origin.for_seller else None
    address = mail.address or (contact.mail if contact else None)
    return address, mail.language or (contact.language if contact else ENGLISH)


def _written(books: Books, report: SendingBegun, mail: Mail, language: str) -> str:
    letter = books.render(mail.origin.occasion, language)
    books.letters.add([(report.subject, letter, f"<{report.mail_id}@{books.policy.domain}>")])
    return letter.subject
