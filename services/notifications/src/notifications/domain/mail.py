"""The life of a mail: from its cause to the mail server's word, with the ways in which nobody knows what came of it.

It goes out once. What may have been handed over is never sent again but by an operator (S8).
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notifications.domain.occasion import Occasion, Recipient

_CODES = re.compile(r"[2-5]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?(?!\S)")


class Status(StrEnum):
    """`READY` to be sent at `due_at`; `SENDING`: perhaps handed over; `UNKNOWN`: nobody can say whether it was."""

    WAITING = "waiting"
    HELD_BACK = "held_back"
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Policy:
    """How old a cause may be, how often a mail is tried, and after which pauses: the first, then twice as long each time.
    `domain` makes the ids of messages unique in the world.
    """

    domain: str = "wharf.invalid"

    age_max: timedelta = timedelta(days=3)
    tries_max: int = 12
    pause_first: timedelta = timedelta(minutes=1)
    pause_max: timedelta = timedelta(hours=4)
    begun_max: timedelta = timedelta(minutes=1)
    """After so long the courier will not send any more under what it had begun."""

    def pause(self, tries: int) -> timedelta:
        """After so many tries."""
        return min(self.pause_max, self.pause_first * (1 << min(tries - 1, 30)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Why there is a mail; never changes. `cause_id` and `caused_at` are of the fact that it tells of."""

    cause_id: UUID
    caused_at: datetime
    correlation_id: UUID
    created_at: datetime
    occasion: Occasion

    @property
    def for_seller(self) -> bool:
        return self.occasion.recipient is Recipient.SELLER


@dataclass(frozen=True, slots=True)
class Mail:
    """`address` is the buyer's, or one that an operator gave; a seller's is looked up when the mail is sent. `attempt` is the
    last try, `insisted`: an operator wants it sent, however old. `sequence` counts the facts told about it.
    """

    origin: Origin
    status: Status
    changed_at: datetime
    due_at: datetime | None = None
    address: str | None = None
    language: str | None = None
    tries: int = 0
    tries_max: int = 0
    attempt: UUID | None = None
    insisted: bool = False
    subject: str | None = None
    """Once it is rendered: it stays as it was first sent."""
    sent_to: str | None = None
    sent_at: datetime | None = None
    reason: str = ""
    sequence: int = 0

    @property
    def on_its_way(self) -> bool:
        """A ready or sending mail without a due instant is not: what the courier has to say of it could not be decided."""
        return self.due_at is not None

    @property
    def perhaps_handed_over(self) -> bool:
        """The last try is open, or may be."""
        return self.status in {Status.SENDING, Status.UNKNOWN}


def too_old(mail: Mail, policy: Policy, now: datetime) -> bool:
    return not mail.insisted and now - mail.origin.caused_at > policy.age_max


def destined(mail: Mail, policy: Policy, now: datetime, *, address: str | None) -> Mail:
    """What becomes of a mail that is not on its way: held back when its cause is too old, ready when it has an address."""
    status = Status.HELD_BACK if too_old(mail, policy, now) else Status.READY if address else Status.WAITING
    due_at = now if status is Status.READY else None
    return replace(mail, status=status, due_at=due_at, changed_at=now, tries_max=mail.tries + policy.tries_max)


def insisted(mail: Mail, policy: Policy, now: datetime, *, address: str | None) -> Mail:
    """An operator wants it sent; `address` is another one than is known."""
    tries = _used(mail)
    wanted = replace(mail, insisted=True, address=address or mail.address, reason="")
    return replace(wanted, status=Status.READY, due_at=now, changed_at=now, tries=tries, tries_max=tries + policy.tries_max)


def begun(mail: Mail, attempt: UUID, now: datetime, *, address: str, subject: str) -> Mail:
    """From now on the mail may have been handed over."""
    return replace(
        mail,
        status=Status.SENDING,
        due_at=now,
        changed_at=now,
        tries=mail.tries + 1,
        attempt=attempt,
        sent_to=address,
        subject=subject,
    )


def stale(mail: Mail, now: datetime) -> Mail:
    """Nobody will send under what was to begin: it counts as a try all the same, since its number is used."""
    return replace(mail, tries=mail.tries + 1, due_at=now, changed_at=now)


def taken(mail: Mail, now: datetime) -> Mail:
    """The server has it."""
    return replace(mail, status=Status.SENT, due_at=None, changed_at=now, sent_at=now, reason="")


def deferred(mail: Mail, policy: Policy, reason: str, now: datetime) -> Mail:
    """The server surely does not have it: later, or never when it was tried too often (N9)."""
    if mail.tries >= mail.tries_max:
        return failed(mail, reason, now)
    due_at = now + policy.pause(mail.tries)
    return replace(mail, status=Status.READY, due_at=due_at, changed_at=now, reason=reason)


def failed(mail: Mail, reason: str, now: datetime) -> Mail:
    return replace(mail, status=Status.FAILED, due_at=None, changed_at=now, reason=reason)


def unknown(mail: Mail, reason: str, now: datetime) -> Mail:
    return replace(mail, status=Status.UNKNOWN, due_at=None, changed_at=now, reason=reason)


def dropped(mail: Mail, reason: str, now: datetime) -> Mail:
    return replace(mail, status=Status.DROPPED, due_at=None, changed_at=now, tries=_used(mail), reason=reason)


def public_reason(reason: str) -> str:
    """What facts say of a reason: the server's codes, or our own words. Its words are for operators: they may name people."""
    codes = _CODES.match(reason)
    return codes[0] if codes else reason.partition(":")[0]


def _used(mail: Mail) -> int:
    """Tries whose number is used. A ready mail that is not on its way could not be begun: that was one, too."""
    return mail.tries + int(mail.status is Status.READY)
