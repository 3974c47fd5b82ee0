"""Parts of a process with one thought left out: lanes, intakes, relays, couriers, drafts, deadlines, and in which order records
are taken and acknowledged. `safeguards` puts them in the place of the real ones.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from chassis.clock import Clock
from chassis.deadlines import DeadlineKey, Setting
from chassis.desk import Desk
from chassis.failures import Failure
from chassis.intake import Intake
from chassis.intake import Record as RawRecord
from chassis.lane import Lane, Wait
from chassis.outbox import facts_of
from chassis.outcomes import Accepted, Outcome, Received, Repeated
from chassis.quarantine import Quarantined
from chassis.relay import POSITION_MAX, Relayed, Sender
from chassis.transaction import Transaction, Transactions
from chassis.worker import reported
from contracts.envelope import Deadline, Message
from contracts.identity import hashed_id
from contracts.notifications import MailDeferred, MailReport, MailTaken, SendingBegun
from devkit.simulation.broker import Record
from devkit.simulation.watch import Watched, WatchedDeadlines, note_of
from notifications.courier import NAME, Courier, try_id
from notifications.post import Outgoing, Post, Taken


class AnyDeadlines(WatchedDeadlines):
    """A deadline that was found is decided, whatever happened since."""

    def fire(self, deadline: Deadline) -> bool:
        self._write(DeadlineKey(*deadline.subject, type(deadline).__name__), None)
        return True


class NoDeadlines(WatchedDeadlines):
    """What should happen at an instant is forgotten."""

    def _write(self, key: DeadlineKey, setting: Setting | None) -> None:
        pass


def with_deadlines(kind: type[WatchedDeadlines]) -> Callable[[Desk[Watched]], Desk[Watched]]:
    """Puts these in the place of the real ones."""

    def changed(desk: Desk[Watched]) -> Desk[Watched]:
        async def load(tx: Transaction, messages: Sequence[Message]) -> Watched:
            state = await desk.load(tx, messages)
            state.deadlines = kind(desk.service, note_of(tx))
            return state

        return replace(desk, load=load)

    return changed


class Undropped(Watched):
    """What a decision wrote before it raised stays."""

    def drop(self) -> None:
        self.pending.clear()


def without_drop(desk: Desk[Watched]) -> Desk[Watched]:
    async def load(tx: Transaction, messages: Sequence[Message]) -> Watched:
        return Undropped((await desk.load(tx, messages)).inner, desk.service, note_of(tx))

    return replace(desk, load=load)


async def relay_forgetting(transactions: Transactions, sender: Sender, rows_max: int) -> Relayed:
    """Strikes facts out before they are sent."""
    async with transactions.begin() as tx:
        rows = await tx.rows.due(tx.tables.outbox, "position", POSITION_MAX, rows_max)
        await tx.rows.delete(tx.tables.outbox, [(row.position,) for row in rows])
    facts = [fact for row in rows for fact in facts_of(row.facts)]
    results = await sender.send(facts)
    return Relayed(len(rows), len(facts), 0, next((each for each in results if isinstance(each, Exception)), None))


class HastyCourier(Courier):
    """Hands a mail over first, and reports what it begun and what came of it afterwards."""

    async def work(self, wait: Wait) -> bool:
        works, due = self.lane.works, await self.lane.persist(self._find_due, wait)
        for row in due:
            at, attempt = works.clock.now(), try_id(row.seller_id, row.mail_id, row.tries + 1)
            answer = await self.post.send(Outgoing(f"<{row.mail_id}@hasty>", "", at, row.template, "", ""))
            about = {"seller_id": row.seller_id, "mail_id": row.mail_id}
            begun = (attempt, SendingBegun(**about, tries=row.tries + 1), row.correlation_id)
            came: MailReport = MailDeferred(**about, attempt=attempt, reason="not taken")
            if isinstance(answer, Taken):
                came = MailTaken(**about, attempt=attempt)
            told = (hashed_id(type(came).__name__, str(attempt)), came, row.correlation_id)
            await self.lane.run(reported(works.desk.service, NAME, [begun, told], at), wait)
        return False


class TrustingLane(Lane[Any]):
    """What somebody else has decided counts as decided here."""

    async def run(self, batch: Sequence[Received], wait: Wait, *, patience_seconds: float | None = None) -> list[Outcome]:
        outcomes = await super().run(batch, wait, patience_seconds=patience_seconds)
        return [Accepted(outcome.facts) if isinstance(outcome, Repeated) else outcome for outcome in outcomes]


def trusting_courier(lane: Lane[Any], post: Post, mails_at_once: int) -> Courier:
    """Does not ask whether it was itself that has begun a mail."""
    return Courier(TrustingLane(lane.name, lane.works), post, mails_at_once)


class HashlessLane(Lane[Any]):
    """One identity, one effect, whatever the body says: nobody compares."""

    async def run(self, batch: Sequence[Received], wait: Wait, *, patience_seconds: float | None = None) -> list[Outcome]:
        return await super().run([replace(each, body_hash=b"") for each in batch], wait, patience_seconds=patience_seconds)


class WholeLane(Lane[Any]):
    """Who is in a batch with the culprit is rejected with it."""

    async def _try(self, piece: Sequence[Received], wait: Wait, until: float | None) -> list[Outcome] | None:
        done = await super()._try(piece, wait, until)
        if done is not None:
            return done
        blamed = RuntimeError("was in a batch that could not be saved")
        return [outcome for each in piece for outcome in await self._reject(each, blamed, wait, until)]


class ImpatientLane(Lane[Any]):
    """Whatever goes wrong is taken for the message's fault, also what would pass."""

    def _meaning(self, error: Exception, piece: Sequence[Received], tries: int) -> Failure:  # noqa: ARG002  # the lane's
        return Failure.CULPRIT


class SilentIntake(Intake[Any]):
    """What can't be read is skipped."""

    async def _quarantine(self, records: Sequence[Quarantined], wait: Wait) -> None:
        pass


class TrustingIntake(Intake[Any]):
    """Nobody compares what key, header and body say of the seller."""

    async def take(self, records: Sequence[RawRecord], wait: Wait) -> None:
        await super().take([self._believed(record) for record in records], wait)

    def _believed(self, given: RawRecord) -> RawRecord:
        record = cast("Record", given)
        headers = dict(record.headers)
        kind = self.lane.works.desk.types.get((headers.get("ce_type") or b"").decode())
        try:
            body = kind.model_validate_json(record.value or b"") if kind else None
        except ValueError:
            body = None
        if body is None:
            return record
        headers["ce_sellerid"] = body.seller_id.encode()
        return replace(record, key=body.subject.key.encode(), headers=tuple(headers.items()))


Take = Callable[[Sequence[Record]], Awaitable[None]]
Acknowledge = Callable[[Sequence[Record]], Awaitable[None]]


async def acknowledge_first(records: Sequence[Record], take: Take, acknowledge: Acknowledge) -> None:
    """As a consumer does that commits by itself."""
    await acknowledge(records)
    await take(records)


async def acknowledge_all_after_some(records: Sequence[Record], take: Take, acknowledge: Acknowledge) -> None:
    """The position of the reader is committed, and not what was taken."""
    middle = len(records) // 2
    await take(records[:middle])
    await acknowledge(records)
    await take(records[middle:])


class FastClock:
    """Goes ahead of all others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() + timedelta(hours=1)
