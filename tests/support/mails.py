"""Notifications in the trade's language: facts that make mails, sample mails of every kind, and the service without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.draft import Draft
from chassis.outcomes import Cause
from contracts.envelope import Message, Subject
from contracts.identity import hashed_id
from contracts.notifications import (
    DropMail,
    MailCut,
    MailRejected,
    MailTaken,
    SendingBegun,
    SendMail,
    SetSellerContact,
)
from contracts.orders import ConfirmByWarned, ItemsCanceled, OrderCanceled, OrderPlaced, OrderReleased, PlacedLine
from contracts.removals import (
    CompletedLine,
    MissingLine,
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalCompleted,
    RemovalLine,
    RemovalPick,
    RemovalPlaced,
    RemovalRefused,
    RemovalShortage,
    RemovalShortened,
    RemovalUnitsMissing,
    UnavailableUnits,
)
from contracts.values import Buyer, Channel, LineUnits, Money
from notifications.courier import try_id
from notifications.decisions import desk
from notifications.domain.mail import Mail, Policy
from notifications.letters import Letters
from notifications.store import Books, Letter

if TYPE_CHECKING:
    from collections.abc import Sequence

SELLER, ORDER, REMOVAL = "shop", "o-1", "r-1"
NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
HERE = {"seller_id": SELLER, "order_id": ORDER}
THERE = {"seller_id": SELLER, "removal_id": REMOVAL}
BUYER_MAIL, SELLER_MAIL = "ada.moreau@buyers.example", "owner@shop.example"
BUYER = Buyer(buyer_id="buyer-4711", mail=BUYER_MAIL)
PERSONAL = ("buyer-4711", BUYER_MAIL, "ada.moreau", "buyers.example")
"""What tells who bought: nothing of it may be in a seller's mail."""
LETTERS = Letters()
POLICY = Policy(domain="mails.example")


def placed(*, channel: Channel = Channel.SELLER, buyer: Buyer = BUYER, **ids: str) -> OrderPlaced:
    """Three mugs and two plates."""
    lines = (
        PlacedLine(line=1, sku="mug", quantity=3, unit_price=Money(amount=250, currency="GBP"), title="A mug & <saucer>"),
        PlacedLine(line=2, sku="plate", quantity=2, unit_price=Money(amount=400, currency="GBP")),
    )
    return OrderPlaced(
        **{**HERE, **ids}, marketplace_id="GB", channel=channel, buyer=buyer, placed_at=NOON, hold_until=NOON, lines=lines
    )


def released(**ids: str) -> OrderReleased:
    return OrderReleased(
        **{**HERE, **ids},
        released_at=NOON,
        ship_by=date(2010, 12, 3),
        deliver_from=date(2010, 12, 7),
        deliver_until=date(2010, 12, 10),
        confirm_by=datetime(2010, 12, 31, 12, 30, tzinfo=UTC),
    )


def warned() -> ConfirmByWarned:
    return ConfirmByWarned(**HERE, confirm_by=datetime(2010, 12, 31, 12, 30, tzinfo=UTC))


def items_canceled(reason: str = "NoInventory", by: str = "seller", quantity: int = 1) -> ItemsCanceled:
    return ItemsCanceled(**HERE, lines=(LineUnits(line=1, sku="mug", quantity=quantity),), reason=reason, by=by)


def order_canceled(reason: str = "NotConfirmedInTime", by: str = "system", *, confirmed: bool = True) -> OrderCanceled:
    lines = (LineUnits(line=1, sku="mug", quantity=3), LineUnits(line=2, sku="plate", quantity=2))
    return OrderCanceled(**HERE, lines=lines, reason=reason, by=by, confirmed=confirmed)


def removal_lines(quantity: int = 4) -> tuple[RemovalLine, ...]:
    return (RemovalLine(line=1, sku="mug", quantity=quantity, condition="unfulfillable"),)


def removal_placed(method: str = "ship_to") -> RemovalPlaced:
    """Seven units in two places."""
    picks = tuple(
        RemovalPick(line=1, sku="mug", quantity=n, condition="unfulfillable", location_id=f"network:GB:LTN{n}", bucket="x")
        for n in (3, 4)
    )
    return RemovalPlaced(
        seller_id=SELLER,
        removal_id=REMOVAL,
        marketplace_id="GB",
        method=method,
        lines=picks,
        leave_by=NOON + timedelta(days=42),
    )


def removal_refused() -> RemovalRefused:
    unavailable = (UnavailableUnits(code="pending_customer_order", quantity=5), UnavailableUnits(code="new_code", quantity=2))
    shortage = RemovalShortage(line=1, sku="mug", quantity=6, condition="fulfillable", unavailable=unavailable)
    return RemovalRefused(**THERE, missing=(shortage,))


def removal_canceled(by: str = "seller") -> RemovalCanceled:
    return RemovalCanceled(**THERE, lines=removal_lines(), by=by)


def cancel_refused(code: str = "removal_processing") -> RemovalCancelRefused:
    return RemovalCancelRefused(**THERE, command_id=UUID(int=7), code=code, sentence="too late")


def removal_completed() -> RemovalCompleted:
    line = CompletedLine(line=1, sku="mug", quantity=9, condition="unfulfillable", shipped=5, disposed=3, canceled=1)
    return RemovalCompleted(**THERE, lines=(line,))


def units_missing() -> RemovalUnitsMissing:
    line = MissingLine(line=1, sku="mug", quantity=2, condition="unfulfillable")
    return RemovalUnitsMissing(**THERE, lines=(line,))


def shortened() -> RemovalShortened:
    return RemovalShortened(**THERE, lines=removal_lines(2))


def contact_set(mail: str = SELLER_MAIL, language: str = "en", seller_id: str = SELLER) -> SetSellerContact:
    return SetSellerContact(seller_id=seller_id, mail=mail, language=language, name="The shop")


@dataclass
class Ledger:
    """What the processor does with messages about one seller, one order and all mails, without tables: decide, number, keep."""

    now: datetime = NOON
    count: int = 0
    policy: Policy = POLICY
    facts: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = desk(self.policy, LETTERS).rules
        seller, order = Subject(SELLER, "seller", SELLER), Subject(SELLER, "order", ORDER)
        self.books = Books(self.policy, LETTERS, Draft([seller], {}), Draft([order], {}), Draft([], {}))

    def tell(self, *messages: Message, told_at: datetime | None = None) -> Sequence[Message]:
        """Decide messages one after another; returns the facts of the last."""
        facts: Sequence[Message] = []
        for message in messages:
            self.count += 1
            facts = self._decide(message, hashed_id("test", str(self.count)), told_at or self.now)
        return facts

    def begin(self, mail: Mail | None = None, *, told_at: datetime | None = None) -> UUID:
        """The courier begins the next try; returns its id."""
        mail = mail or self.mail
        attempt = try_id(SELLER, self.id_of(mail), mail.tries + 1)
        report = SendingBegun(seller_id=SELLER, mail_id=self.id_of(mail), tries=mail.tries + 1)
        self._decide(report, attempt, told_at or self.now)
        return attempt

    @property
    def mails(self) -> list[Mail]:
        return [mail for _, mail in self.books.mails.items()]

    @property
    def mail(self) -> Mail:
        """The only one."""
        (mail,) = self.mails
        return mail

    def id_of(self, mail: Mail) -> str:
        return next(at.id for at, one in self.books.mails.items() if one == mail)

    @property
    def letters(self) -> list[Letter]:
        return [letter for _, letter, _ in self.books.letters.added]

    def kinds(self) -> list[tuple[str, str, str]]:
        """Of each mail: template, recipient, status."""
        found = [(mail.origin.occasion, mail.status.value) for mail in self.mails]
        return [(occasion.template, occasion.recipient.value, status) for occasion, status in found]

    def _decide(self, message: Message, cause_id: UUID, told_at: datetime) -> Sequence[Message]:
        if hasattr(message, "mail_id") and message.subject not in self.books.mails:
            self.books.mails._values[message.subject] = None  # held, as `load` would
        facts = self.rules[type(message)].decide(self.books, message, Cause(cause_id, self.now, UUID(int=1), told_at))
        for fact in facts:
            self.books.number(fact)
        self.books.keep()
        self.facts += facts
        return facts


def report(kind: type[Any], mail_id: str, attempt: UUID, reason: str = "451 later") -> Message:
    given: dict[str, Any] = {"seller_id": SELLER, "mail_id": mail_id, "attempt": attempt}
    return kind(**given) if kind is MailTaken else kind(**given, reason=reason)  # type: ignore[no-any-return]  # any report


def sending(mail_id: str, mail: str | None = None) -> SendMail:
    return SendMail(seller_id=SELLER, mail_id=mail_id, mail=mail, reason="the buyer asked")


def dropping(mail_id: str) -> DropMail:
    return DropMail(seller_id=SELLER, mail_id=mail_id, reason="not wanted")


def in_state(state: str) -> Ledger:
    """A ledger with one mail, to a seller, in this state; an empty one for `absent`."""
    ledger = Ledger()
    if state not in {"absent", "waiting"}:
        ledger.tell(contact_set())
    if state != "absent":
        age = timedelta(days=5 if state == "held_back" else 0)
        ledger.tell(removal_canceled(), told_at=NOON - age)
    if state in {"sending", "sent", "unknown", "failed"}:
        attempt = ledger.begin()
        outcome = {"sent": MailTaken, "unknown": MailCut, "failed": MailRejected}.get(state)
        if outcome is not None:
            ledger.tell(report(outcome, ledger.id_of(ledger.mail), attempt))
    if state == "dropped":
        attempt = ledger.begin()
        ledger.tell(report(MailCut, ledger.id_of(ledger.mail), attempt))
        ledger.tell(dropping(ledger.id_of(ledger.mail)))
    return ledger


def state_of(ledger: Ledger) -> str:
    return ledger.mail.status.value if ledger.mails else "absent"
