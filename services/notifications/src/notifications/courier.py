"""Brings mails to the mail server, in the leading process: what is due is begun, committed, handed over, and what came of it is
reported. All that is decided, is decided by messages like any other; here is only the waiting for the server.

A round ends when nothing is due and all that it has begun is reported. While some mails wait for the server, others take the
free places. A mail that is `sending`, and not under way in this round, was begun by a courier that is no more: whether the
server has it, nobody knows.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from chassis.kafka import ClosingError
from chassis.lane import Lane, Wait
from chassis.outcomes import Accepted, Received
from chassis.rows import names
from chassis.worker import reported
from contracts.identity import hashed_id
from contracts.notifications import MailCut, MailDeferred, MailRejected, MailReport, MailTaken, SendingBegun
from notifications import tables
from notifications.domain.mail import Status
from notifications.post import Answer, Cut, Deferred, Outgoing, Post, Rejected, Taken
from notifications.store import Books

log = structlog.get_logger()

NAME = "courier"
LEFT_BEHIND = "the process that was sending it has gone"
REASON_LENGTH_MAX = 500
LOOK_SECONDS = 0.5
"""So long after a look the next one comes, while places are free and other mails are under way."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Begun:
    """A mail that this courier, and nobody else, hands over now."""

    row: Any
    attempt: UUID
    outgoing: Outgoing


UnderWay: TypeAlias = "dict[asyncio.Task[Answer], Begun]"


@dataclass(slots=True)
class Courier:
    """`mails_at_once` are handed over side by side."""

    lane: Lane[Books]
    post: Post
    mails_at_once: int

    async def work(self, wait: Wait) -> bool:
        """One round: true when more mails may be due. Once the service stops, none is begun. Raises as `Lane.run` does."""
        under_way: UnderWay = {}
        stopping = False
        try:
            found = await self._fill(under_way, wait)
            while under_way:
                stopping = await _some_ended(under_way, None if stopping else wait)
                await self._report_ended(under_way, wait)
                found = not stopping and await self._fill(under_way, wait)
        finally:
            for task in under_way:
                task.cancel()
        return found

    async def _fill(self, under_way: UnderWay, wait: Wait) -> bool:
        """Begin as many as there are free places; false when nothing was due."""
        free = self.mails_at_once - len(under_way)
        if not free:
            return True
        own = {one.attempt for one in under_way.values()}
        due = [row for row in await self.lane.persist(self._find_due, wait) if not (_is_sending(row) and row.attempt in own)]
        await self._give_up([row for row in due if _is_sending(row)], wait)
        ready = [row for row in due if row.status == Status.READY][:free]
        for one in await self._begin(ready, wait) if ready else ():
            under_way[asyncio.ensure_future(self.post.send(one.outgoing))] = one
        return bool(due)

    async def _report_ended(self, under_way: UnderWay, wait: Wait) -> None:
        """Reports come together as they come in."""
        ended = [(task, one) for task, one in under_way.items() if task.done()]
        for task, _ in ended:
            del under_way[task]
        await self._report([(one.row, one.attempt, _answer(task)) for task, one in ended], wait)

    async def close(self) -> None:
        await self.post.close()

    async def _find_due(self) -> Sequence[Any]:
        """Enough to fill every place, though those that are under way are among them."""
        works = self.lane.works
        async with works.transactions.begin() as tx:
            return await tx.rows.due(tables.mail, "due_at", works.clock.now(), self.mails_at_once * 2)

    async def _give_up(self, left_behind: Sequence[Any], wait: Wait) -> None:
        """Nobody knows what came of these. One whose report can't be decided waits for an operator, and is not due any more."""
        await self._report([(row, row.attempt, Cut(LEFT_BEHIND)) for row in left_behind], wait)
        if left_behind:
            await self.lane.persist(lambda: self._leave_undecided(left_behind), wait)

    async def _leave_undecided(self, asked: Sequence[Any]) -> None:
        attempts = {row[:2]: row.attempt for row in asked}
        async with self.lane.works.transactions.begin() as tx:
            rows = await tx.rows.lock(tables.mail, list(attempts))
            undecided = [row for row in rows if row.status == Status.SENDING and row.attempt == attempts[row[:2]]]
            await tx.rows.update(tables.mail, [_not_due(row) for row in undecided])

    async def _begin(self, ready: Sequence[Any], wait: Wait) -> list[Begun]:
        """Those that may be sent: whose try was committed just now, by this courier."""
        reports = [
            (_attempt(row), SendingBegun(seller_id=row.seller_id, mail_id=row.mail_id, tries=row.tries + 1), row.correlation_id)
            for row in ready
        ]
        outcomes = await self.lane.run(self._messages(reports), wait)
        mine = {row[:2] for row, outcome in zip(ready, outcomes, strict=True) if isinstance(outcome, Accepted)}
        asked = {row[:2]: row for row in ready}
        begun = await self.lane.persist(lambda: self._read(asked), wait)
        return [one for one in begun if one.row[:2] in mine]

    async def _read(self, asked: Mapping[Any, Any]) -> list[Begun]:
        """Mails as they stand, with their text, of those that are being tried as was asked. One whose report could not be
        decided waits for an operator, and is not due any more.
        """
        async with self.lane.works.transactions.begin() as tx:
            rows = await tx.rows.lock(tables.mail, list(asked))
            letters = {row[:2]: row for row in await tx.rows.find(tables.letter, ("seller_id", "mail_id"), list(asked))}
            undecided = [row for row in rows if row.status == Status.READY and row.tries == asked[row[:2]].tries]
            await tx.rows.update(tables.mail, [_not_due(row) for row in undecided])
        return [
            Begun(row, row.attempt, _outgoing(row, letters[row[:2]]))
            for row in rows
            if row.status == Status.SENDING and row.attempt == _attempt(asked[row[:2]])
        ]

    async def _report(self, told: Sequence[tuple[Any, UUID, Answer]], wait: Wait) -> None:
        if not told:
            return
        reports = []
        for row, attempt, answer in told:
            report = _report_of(row, attempt, answer)
            reports.append((hashed_id(type(report).__name__, str(attempt)), report, row.correlation_id))
        await self.lane.run(self._messages(reports), wait)

    def _messages(self, reports: Sequence[tuple[UUID, MailReport, UUID]]) -> list[Received]:
        works = self.lane.works
        return reported(works.desk.service, NAME, reports, works.clock.now())


def try_id(seller_id: str, mail_id: str, number: int) -> UUID:
    """The id of a try, from 1: known before the mail is begun, so that two couriers can't both begin it."""
    return hashed_id("try", seller_id, mail_id, str(number))


def _is_sending(row: Any) -> bool:
    return bool(row.status == Status.SENDING)


def _attempt(row: Any) -> UUID:
    """Of the next try."""
    return try_id(row.seller_id, row.mail_id, row.tries + 1)


def _not_due(row: Any) -> tuple[Any, ...]:
    return tuple(None if name == "due_at" else value for name, value in zip(names(tables.mail), row, strict=True))


def _outgoing(row: Any, letter: Any) -> Outgoing:
    return Outgoing(letter.message_id, row.sent_to, row.changed_at, row.subject, letter.text, letter.html)


def _answer(task: "asyncio.Task[Answer]") -> Answer:
    error = task.exception()
    if error is None:
        return task.result()
    log.error("post_failed", exc_info=error)
    return Cut(f"our own fault: {type(error).__name__}")


async def _some_ended(under_way: UnderWay, wait: Wait | None) -> bool:
    """Returns when a mail has ended or it is time for another look; `wait` says when that is. True when the service stops."""
    if wait is None:
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        return True
    look = asyncio.ensure_future(_stopped_within(LOOK_SECONDS, wait))
    try:
        await asyncio.wait({*under_way, look}, return_when=asyncio.FIRST_COMPLETED)
        return look.done() and look.result()
    finally:
        look.cancel()


async def _stopped_within(seconds: float, wait: Wait) -> bool:
    try:
        await wait(seconds)
    except ClosingError:
        return True
    return False


def _report_of(row: Any, attempt: UUID, answer: Answer) -> MailReport:
    """One that can't be made must not stop the service: what came of the mail is unknown then."""
    about = {"seller_id": row.seller_id, "mail_id": row.mail_id, "attempt": UUID(int=attempt.int)}
    try:
        return _worded(about, answer)
    except Exception as error:  # nothing that a server or a post says may stop the service
        log.exception("report_failed", mail_id=row.mail_id)
        return MailCut(**about, reason=f"our own fault: {type(error).__name__}")


def _worded(about: Mapping[str, Any], answer: Answer) -> MailReport:
    """Raises for an answer that is none."""
    match answer:
        case Taken():
            return MailTaken(**about)
        case Deferred(reason):
            return MailDeferred(**about, reason=_plain(reason))
        case Rejected(reason):
            return MailRejected(**about, reason=_plain(reason))
        case Cut(reason):
            return MailCut(**about, reason=_plain(reason))


def _plain(reason: str) -> str:
    """On one line, and as text that can be kept: servers say what they like, in whatever encoding."""
    return _CONTROL.sub(" ", reason.encode(errors="replace").decode()).strip()[:REASON_LENGTH_MAX]
