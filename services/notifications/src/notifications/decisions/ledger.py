"""How a cause becomes a mail in the ledger, and what the world is told of a mail."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.identity import hashed_id
from contracts.notifications import REFUSALS, MailFailed, MailHeldBack, MailMessage, MailWaits, NotificationCommandRefused
from notifications.domain.mail import Mail, Origin, Status, destined, public_reason
from notifications.domain.occasion import Occasion
from notifications.store import MAIL, SELLER, Books

REASON_LENGTH_MAX = 500


def write_to_seller(books: Books, fact: Message, cause: Cause, occasion: Occasion) -> Sequence[Message]:
    """One mail a cause and template. It waits when nobody knows the seller's address."""
    contact = books.sellers[Subject(fact.seller_id, SELLER, fact.seller_id)]
    return _write(books, fact.seller_id, cause, _mail(cause, occasion), address=contact.mail if contact else None)


def write_to_buyer(books: Books, fact: Message, cause: Cause, occasion: Occasion) -> Sequence[Message]:
    """One mail a cause and template, to who bought. It waits when the order has no mail address."""
    contact = books.orders[fact.subject]
    if contact is None:
        raise LookupError(f"nobody knows who bought {fact.subject.key}")
    mail = _mail(cause, occasion, address=contact.buyer_mail, language=contact.language)
    return _write(books, fact.seller_id, cause, mail, address=contact.buyer_mail)


def told(subject: Subject, mail: Mail) -> Sequence[Message]:
    """The fact of a mail that has stopped on its way, or never went on it; nothing of one that is ready."""
    named = {"seller_id": subject.seller_id, "mail_id": subject.id, "template": mail.origin.occasion.template}
    match mail.status:
        case Status.WAITING:
            return [MailWaits(**named)]
        case Status.HELD_BACK:
            return [MailHeldBack(**named, caused_at=mail.origin.caused_at)]
        case Status.FAILED:
            return [MailFailed(**named, reason=public_reason(mail.reason))]
        case _:
            return []


def refused(command: MailMessage, cause: Cause, code: str) -> Sequence[Message]:
    return [
        NotificationCommandRefused(
            seller_id=command.seller_id,
            mail_id=command.mail_id,
            command=type(command).__name__,
            command_id=cause.id,
            code=code,
            sentence=REFUSALS[code],
        )
    ]


def _mail(cause: Cause, occasion: Occasion, *, address: str | None = None, language: str | None = None) -> Mail:
    origin = Origin(cause.id, cause.told_at, cause.correlation_id, cause.now, occasion)
    return Mail(origin, Status.WAITING, cause.now, address=address, language=language)


def _write(books: Books, seller_id: str, cause: Cause, mail: Mail, *, address: str | None) -> Sequence[Message]:
    occasion = mail.origin.occasion
    mail_id = hashed_id("mail", str(cause.id), occasion.template, occasion.recipient.value)
    subject = Subject(seller_id, MAIL, str(mail_id))
    if subject in books.made:
        return []  # the inbox has forgotten the cause, the ledger has not
    mail = destined(mail, books.policy, cause.now, address=address)
    books.mails.add(subject, mail)
    return told(subject, mail)
