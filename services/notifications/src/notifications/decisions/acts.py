"""What people ask for: a seller's address, and what operators do about mails that are not on their way."""

from collections.abc import Sequence

from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.notifications import ContactSet, DropMail, MailDropped, MoreMailsWait, SendMail, SetSellerContact
from notifications.decisions.ledger import refused, told
from notifications.domain import mail as rules
from notifications.domain.contact import SellerContact
from notifications.domain.mail import Mail, Status
from notifications.store import Books, seller_of


def set_contact(books: Books, command: SetSellerContact, cause: Cause) -> Sequence[Message]:
    """Mails that waited for the address are woken, some of them now, the others by a deadline that has come already."""
    subject = command.subject
    known = books.sellers[subject]
    contact = SellerContact(command.mail, command.language, command.name, known.sequence if known else 0)
    if contact == known:
        return []
    books.sellers[subject] = contact
    woken, facts = _wake(books, subject, contact, cause)
    return [ContactSet(seller_id=command.seller_id, language=contact.language, woken=woken), *facts]


def wake_more(books: Books, deadline: MoreMailsWait, cause: Cause) -> Sequence[Message]:
    """The next ones of the mails that waited."""
    contact = books.sellers[deadline.subject]
    return _wake(books, deadline.subject, contact, cause)[1] if contact else []


def send(books: Books, command: SendMail, cause: Cause) -> Sequence[Message]:
    """An operator wants it sent, however old its cause, and whatever came of earlier tries."""
    mail = books.mails[command.subject]
    if mail is None or mail.on_its_way or mail.status is Status.SENT:
        return refused(command, cause, _why_not(mail))
    contact = books.sellers[seller_of(command)] if mail.origin.for_seller else None
    if not (command.mail or mail.address or contact):
        return refused(command, cause, "no_address")
    books.mails[command.subject] = rules.insisted(mail, books.policy, cause.now, address=command.mail)
    return []


def drop(books: Books, command: DropMail, cause: Cause) -> Sequence[Message]:
    """An operator ends a mail that is not on its way."""
    mail = books.mails[command.subject]
    if mail is None or mail.on_its_way or mail.status is Status.SENT:
        return refused(command, cause, _why_not(mail))
    if mail.status is Status.DROPPED:
        return []
    books.mails[command.subject] = rules.dropped(mail, command.reason, cause.now)
    template = mail.origin.occasion.template
    return [MailDropped(seller_id=command.seller_id, mail_id=command.mail_id, template=template, reason=command.reason)]


def _wake(books: Books, seller: Subject, contact: SellerContact, cause: Cause) -> tuple[int, Sequence[Message]]:
    """Mails that were loaded since they wait are ready, so many; those whose cause is too old by now are held back."""
    facts: list[Message] = []
    woken = 0
    for at, mail in books.mails.items():
        if at.seller_id == seller.seller_id and mail.status is Status.WAITING and mail.origin.for_seller:
            books.mails[at] = after = rules.destined(mail, books.policy, cause.now, address=contact.mail)
            facts += told(at, after)
            woken += after.status is Status.READY
    if seller.seller_id in books.more_waiting:
        books.deadlines.set(MoreMailsWait, seller, cause.now, cause)
    return woken, facts


def _why_not(mail: Mail | None) -> str:
    if mail is None:
        return "mail_unknown"
    return "mail_sent" if mail.status is Status.SENT else "mail_on_its_way"
