"""Brings mails to the mail server, in the leading process: what is due is begun, committed, handed over, and what came of it is
reported. All that is decided, is decided by messages like any other; here is only the waiting for the server.

A round ends when all that it has begun is reported. So a mail that is `sending` when a round begins was begun by a courier that
is no more: whether the server has it, nobody knows.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

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
_ADDRESS = re.compile(r"\S+@\S+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Begun:
    """A mail that this courier, and nobody else, hands over now."""

    row: Any
    attempt: UUID
    outgoing: Outgoing


@dataclass(slots=True)
class Courier:
    """`mails_at_once` are handed over side by side."""

    lane: Lane[Books]
    post: Post
    mails_at_once: int

    async def work(self, wait: Wait) -> bool:
        """One round: true when more mails may be due. Raises as `Lane.run` does."""
        due = await self.lane.persist(self._find_due, wait)
        left_behind = [row for row in due if row.status == Status.SENDING]
        ready = [row for row in due if row.status == Status.READY]
        await self._give_up(left_behind, wait)
        if ready:
            await self._hand_over(await self._begin(ready, wait), wait)
        return len(due) == self.mails_at_once

    async def close(self) -> None:
        await self.post.close()

    async def _find_due(self) -> Sequence[Any]:
        works = self.lane.works
        async with works.transactions.begin() as tx:
            return await tx.rows.due(tables.mail, "due_at", works.clock.now(), self.mails_at_once)

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
            await tx.rows.update(tables.mail, [row._replace(due_at=None) for row in undecided])

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

    async def _hand_over(self, begun: Sequence[Begun], wait: Wait) -> None:
        """Reports come together as they come in."""
        sending = {asyncio.ensure_future(self.post.send(one.outgoing)): one for one in begun}
        pending = set(sending)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                told = [(one.row, one.attempt, _answer(task)) for task, one in sending.items() if task in done]
                await self._report(told, wait)
        finally:
            for task in pending:
                task.cancel()

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


def _report_of(row: Any, attempt: UUID, answer: Answer) -> MailReport:
    about = {"seller_id": row.seller_id, "mail_id": row.mail_id, "attempt": UUID(int=attempt.int)}
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
    """What others may read: servers like to repeat addresses, and facts name none."""
    return _CONTROL.sub(" ", _ADDRESS.sub("(address)", reason)).strip()[:REASON_LENGTH_MAX]
