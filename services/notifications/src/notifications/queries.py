"""What people may see of mails: one as it was sent, or a list. Read-only; commands never look here.

A seller sees the mails to the seller, never a buyer's: those name who bought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.domain.mail import Status
from notifications.domain.occasion import Recipient
from notifications.tables import letter, mail, seller_contact

PLACE = (mail.c.created_at, mail.c.seller_id, mail.c.mail_id)
"""By what lists are sorted, latest first."""

STUCK = (Status.READY.value, Status.SENDING.value)
"""These go on at `due_at`: without one nobody but an operator moves them."""


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class MailSummary(View):
    """`subject` is there once the mail was begun to be sent. `reason`: why it is not sent, or not yet."""

    seller_id: str
    mail_id: str
    template: str
    recipient: str
    order_id: str | None
    removal_id: str | None
    status: str
    caused_at: datetime
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    tries: int
    reason: str
    subject: str | None


class MailDetails(MailSummary):
    """The mail as it was last sent; without texts while nobody has tried to."""

    to: str | None
    message_id: str | None
    text: str | None
    html: str | None


class Contact(View):
    """Where a seller's mails go."""

    seller_id: str
    mail: str
    language: str
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mails to list; nothing given is all of them."""

    seller_id: str | None = None
    recipient: Recipient | None = None
    order_id: str | None = None
    removal_id: str | None = None
    templates: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    stuck: bool = False


async def list_mails(
    connection: AsyncConnection, wanted: Wanted, *, after: tuple[datetime, str, str] | None = None, limit: int
) -> Sequence[MailSummary]:
    """At most `limit` mails, latest first; `after` is `created_at`, seller and id of the last one seen."""
    chosen = _chosen(wanted)
    if after is not None:
        chosen = chosen.where(tuple_(*PLACE) < tuple_(*after))
    latest_first = chosen.order_by(*(column.desc() for column in PLACE)).limit(limit)
    return [MailSummary.model_validate(dict(row)) for row in (await connection.execute(latest_first)).mappings()]


async def get_mail(
    connection: AsyncConnection, seller_id: str, mail_id: str, recipient: Recipient | None
) -> MailDetails | None:
    """None when there is no such mail, or only one to somebody else than `recipient`."""
    same = (letter.c.seller_id == mail.c.seller_id) & (letter.c.mail_id == mail.c.mail_id)
    columns = (mail, mail.c.sent_to.label("to"), letter.c.message_id, letter.c.text, letter.c.html)
    found = select(*columns).select_from(mail.outerjoin(letter, same))
    found = found.where(mail.c.seller_id == seller_id, mail.c.mail_id == mail_id)
    if recipient is not None:
        found = found.where(mail.c.recipient == recipient.value)
    row = (await connection.execute(found)).mappings().one_or_none()
    return MailDetails.model_validate(dict(row)) if row else None


async def get_contact(connection: AsyncConnection, seller_id: str) -> Contact | None:
    row = (await connection.execute(select(seller_contact).where(seller_contact.c.seller_id == seller_id))).mappings()
    found = row.one_or_none()
    return Contact.model_validate(dict(found)) if found else None


def _chosen(wanted: Wanted) -> Select[Any]:
    chosen: Select[Any] = select(*(mail.c[name] for name in MailSummary.model_fields))
    equal = {
        mail.c.seller_id: wanted.seller_id,
        mail.c.recipient: wanted.recipient and wanted.recipient.value,
        mail.c.order_id: wanted.order_id,
        mail.c.removal_id: wanted.removal_id,
    }
    for column, value in equal.items():
        chosen = chosen.where(column == value) if value is not None else chosen
    if wanted.stuck:
        chosen = chosen.where(mail.c.due_at.is_(None), mail.c.status.in_(STUCK))
    for column, values in ((mail.c.template, wanted.templates), (mail.c.status, wanted.statuses)):
        chosen = chosen.where(column.in_(values)) if values else chosen
    return chosen
