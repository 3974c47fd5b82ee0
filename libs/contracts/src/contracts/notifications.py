"""What notifications says and what may be asked of it: contacts by seller, mails by mail.

A mail address is in `SetSellerContact` and `SendMail` only; no fact names one, and none repeats what a mail server said but for
its codes: servers like to name people.
"""

from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Deadline, Message, OwnReport, Subject, Topic
from contracts.values import Code, Instant, Language, MailAddress, Note, Title

COMMANDS = Topic(
    "notifications.commands", "back office", "seller or mail", "trusted writers only; each command has its effect once"
)
FACTS = Topic("notifications.facts", "notifications", "mail", "facts of one mail arrive in order")

MailId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$"), Field(description="a UUID")]


class SellerMessage(Message):
    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "seller", self.seller_id)


class MailMessage(Message):
    mail_id: MailId

    @property
    def subject(self) -> Subject:
        return Subject(self.seller_id, "mail", self.mail_id)


# ---- commands ---------------------------------------------------------------------------------------------------


class SetSellerContact(SellerMessage):
    """Where a seller's mails go, and in which language. Mails that wait for it are sent; a later one replaces it."""

    topic: ClassVar[Topic] = COMMANDS

    mail: MailAddress
    language: Language = "en"
    name: Title = ""


class SendMail(MailMessage):
    """An operator wants a mail sent that is not on its way: held back since its cause is old, failed, waiting for an
    address, or with an unknown outcome. The last may reach its recipient twice.
    """

    topic: ClassVar[Topic] = COMMANDS

    mail: MailAddress | None = Field(default=None, description="instead of the address that is known")
    reason: Annotated[Note, StringConstraints(min_length=1)]


class DropMail(MailMessage):
    """An operator ends a mail that is not on its way: it will not be sent. One with an unknown outcome counts as dealt with."""

    topic: ClassVar[Topic] = COMMANDS

    reason: Annotated[Note, StringConstraints(min_length=1)]


# ---- facts ------------------------------------------------------------------------------------------------------


class MailFact(MailMessage):
    """`template` names the mail's kind."""

    topic: ClassVar[Topic] = FACTS

    template: Code


class MailSent(MailFact):
    """The mail server has taken it."""

    sent_at: Instant
    tries: int


class MailFailed(MailFact):
    """The mail server will not take it, or it could not be reached for too long (N9). `reason`: its codes, like 550 5.1.1."""

    reason: Note


class MailUnknown(MailFact):
    """The connection broke after the mail was handed over: perhaps it was taken. Nothing sends it again by itself (S8)."""

    reason: Note


class MailWaits(MailFact):
    """Nobody knows where it should go."""


class MailHeldBack(MailFact):
    """Its cause is too old for a mail to make sense; an operator may send it all the same."""

    caused_at: Instant


class MailDropped(MailFact):
    """An operator ended it."""

    reason: Note


class ContactSet(SellerMessage):
    """Where the seller's mails go is known; `woken` mails that had waited for it go at once, more may follow."""

    topic: ClassVar[Topic] = FACTS

    language: Code
    woken: int


class NotificationCommandRefused(MailMessage):
    """A command changed nothing; `code` is one of REFUSALS."""

    topic: ClassVar[Topic] = FACTS

    command: Code
    command_id: UUID
    code: Code
    sentence: Note


# ---- what the courier reports to its own service (never travels) ---------------------------------------------------


class MailReport(OwnReport, MailMessage):
    """`attempt` is the id of the `SendingBegun` that it is about."""


class SendingBegun(MailReport):
    """The courier is about to hand the mail over; from the commit on, a crash makes the outcome unknown."""

    tries: int


class MailTaken(MailReport):
    """The server said that it has the mail."""

    attempt: UUID


class MailDeferred(MailReport):
    """The server surely does not have it, and may take it later."""

    attempt: UUID
    reason: Note


class MailRejected(MailReport):
    """The server surely does not have it, and will not take it."""

    attempt: UUID
    reason: Note


class MailCut(MailReport):
    """The connection broke, or this process did, after the mail was handed over and before the server's word."""

    attempt: UUID
    reason: Note


# ---- deadlines (never travel) -----------------------------------------------------------------------------------


class MoreMailsWait(Deadline):
    """A seller's address became known while more mails waited for it than one message wakes: the next ones have their turn."""

    kind: ClassVar[str] = "seller"


REFUSALS = {
    "mail_unknown": "There is no such mail.",
    "mail_on_its_way": "The mail is being sent just now.",
    "mail_sent": "The mail server has taken this mail already.",
    "no_address": "Nobody knows where this mail should go: give an address.",
}
"""Every code of `NotificationCommandRefused`, with its sentence."""
