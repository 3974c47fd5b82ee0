"""Notifications over HTTP: what was written to whom, where a seller's mails go, and what operators do about mails that are not
on their way. Mails come from facts alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.edge import edge_of
from chassis.outcomes import Fact
from chassis.paging import CURSOR_LENGTH_MAX, PAGE_ROWS, PAGE_ROWS_MAX, Page, cursor_place, page_of
from chassis.problems import ProblemError
from chassis.sending import Answer, Asked, JsonBody, Sender, Sends
from contracts.notifications import DropMail, MailId, SendMail, SetSellerContact
from contracts.removals import RemovalId
from contracts.values import Code, Language, MailAddress, Note, OrderId, SellerId, Title
from notifications.domain.mail import Status
from notifications.domain.occasion import Recipient
from notifications.queries import Contact, MailDetails, MailSummary, Wanted, get_contact, get_mail, list_mails

router = APIRouter(tags=["notifications"])

SELLERS = "/sellers/{seller_id}"
MAIL = SELLERS + "/mails/{mail_id}"
UNPROCESSABLE = frozenset({"no_address"})
"""Refusals that lie in the command itself; the others lie in the state of the mail."""
STATUSES_MAX = 20

Clerk = Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR))]
Operator = Annotated[Principal, Depends(Allowed(Role.OPERATOR))]
Addressee = Annotated[Sender, Depends(Sends(Role.SELLER, Role.OPERATOR, Role.SYSTEM))]
Postmaster = Annotated[Sender, Depends(Sends(Role.OPERATOR, unprocessable=UNPROCESSABLE))]
Because = Annotated[Note, StringConstraints(min_length=1)]


class NewContact(Asked):
    """Where a seller's mails go from now on. Mails that have waited for it are sent."""

    mail: MailAddress
    language: Language = "en"
    name: Title = ""


class Sending(Asked):
    """Why a mail is sent all the same; `mail`: to this address instead of the one that is known."""

    mail: MailAddress | None = None
    reason: Because


class Dropping(Asked):
    """Why a mail is not sent."""

    reason: Because


class Changed(Answer):
    """What the command has told the world, in order; empty when nobody but the caller has to know."""

    facts: tuple[str, ...]


class MailsWanted(BaseModel):
    """Which mails to list; nothing given is all of them."""

    order_id: OrderId | None = None
    removal_id: RemovalId | None = None
    template: tuple[Code, ...] = Field(default=(), max_length=STATUSES_MAX)
    status: tuple[Status, ...] = Field(default=(), max_length=STATUSES_MAX)
    recipient: Recipient | None = None
    stuck: bool = Field(default=False, description="only mails on their way that do not move: a report of theirs was parked")
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS_MAX, description="rows of a page")
    cursor: str | None = Field(default=None, max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before")


ContactBody = Annotated[NewContact, Depends(JsonBody(NewContact))]
SendingBody = Annotated[Sending, Depends(JsonBody(Sending))]
DroppingBody = Annotated[Dropping, Depends(JsonBody(Dropping))]


@router.get("/mails")
async def mails_of_all(request: Request, _: Operator, wanted: Annotated[MailsWanted, Query()]) -> Page[MailSummary]:
    """Mails of all sellers, latest first; those that need somebody are failed, unknown, waiting and held_back (N9), and the
    stuck ones.
    """
    return await _page(request, None, wanted, wanted.recipient)


@router.get(SELLERS + "/mails")
async def mails_of_seller(
    request: Request, seller_id: SellerId, caller: Clerk, wanted: Annotated[MailsWanted, Query()]
) -> Page[MailSummary]:
    """Mails about a seller's orders and removals, latest first. A seller sees those to the seller, never a buyer's."""
    own = _shown_to(caller)
    if own is not None and wanted.recipient not in {None, own}:
        return Page(rows=())
    return await _page(request, seller_id, wanted, own or wanted.recipient)


@router.get(MAIL)
async def mail_details(request: Request, seller_id: SellerId, mail_id: MailId, caller: Clerk) -> MailDetails:
    """One mail as it was sent."""
    async with edge_of(request).reading() as connection:
        found = await get_mail(connection, seller_id, mail_id, _shown_to(caller))
    if found is None:
        raise ProblemError("not_found")
    return found


@router.post(MAIL + "/send")
async def send_mail(seller_id: SellerId, mail_id: MailId, sender: Postmaster, asked: SendingBody) -> Changed:
    """Send a mail that is not on its way. One with an unknown outcome may reach its recipient twice."""
    return _changed(await sender.send(SendMail(seller_id=seller_id, mail_id=mail_id, **dict(asked))))


@router.post(MAIL + "/drop")
async def drop_mail(seller_id: SellerId, mail_id: MailId, sender: Postmaster, asked: DroppingBody) -> Changed:
    """End a mail that is not on its way."""
    return _changed(await sender.send(DropMail(seller_id=seller_id, mail_id=mail_id, reason=asked.reason)))


@router.get(SELLERS + "/contact")
async def contact_of_seller(
    request: Request, seller_id: SellerId, _: Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR, Role.SYSTEM))]
) -> Contact:
    """Where the seller's mails go."""
    async with edge_of(request).reading() as connection:
        found = await get_contact(connection, seller_id)
    if found is None:
        raise ProblemError("not_found")
    return found


@router.put(SELLERS + "/contact")
async def set_contact(seller_id: SellerId, sender: Addressee, asked: ContactBody) -> Changed:
    """Say where the seller's mails go, and in which language."""
    return _changed(await sender.send(SetSellerContact(seller_id=seller_id, **dict(asked))))


async def _page(request: Request, seller_id: str | None, wanted: MailsWanted, recipient: Recipient | None) -> Page[MailSummary]:
    place = cursor_place("mails", wanted.cursor, 3)
    after = (datetime.fromisoformat(place[0]), place[1], place[2]) if place else None
    statuses = tuple(status.value for status in wanted.status)
    chosen = Wanted(seller_id, recipient, wanted.order_id, wanted.removal_id, wanted.template, statuses, wanted.stuck)
    async with edge_of(request).reading() as connection:
        rows = await list_mails(connection, chosen, after=after, limit=wanted.limit + 1)
    return page_of("mails", rows, wanted.limit, lambda row: (row.created_at.isoformat(), row.seller_id, row.mail_id))


def _shown_to(caller: Principal) -> Recipient | None:
    """Whose mails the caller sees; None: everybody's."""
    return Recipient.SELLER if caller.role is Role.SELLER else None


def _changed(facts: Sequence[Fact]) -> Changed:
    return Changed(facts=tuple(fact.type for fact in facts))
