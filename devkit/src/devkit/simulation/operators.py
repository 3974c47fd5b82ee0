"""What operators do: decide anew what was parked, or give it up, two of them at a time and while things still go wrong; and
send or end mails that are not on their way.
"""

import asyncio
from random import Random
from typing import Any
from uuid import UUID

from chassis import operations
from chassis.clock import Clock
from chassis.failures import Failure, StorageError, failure_of
from chassis.operations import NotDiscardableError
from chassis.outcomes import Via
from chassis.transaction import Transactions
from contracts.envelope import Message, Subject
from contracts.notifications import DropMail, SendMail
from devkit.simulation.checkers import parked_subjects
from devkit.simulation.posting import Posting
from devkit.simulation.process import CrashedError, Process
from devkit.simulation.removal_traffic import GIVEN
from devkit.simulation.service import Service
from devkit.simulation.stage import Stage
from notifications import tables

ROUNDS_MAX = 10
OPERATORS = 2
"""They do not know of each other."""
SENT_SHARE, HTTP_SHARE = 0.7, 0.5
"""Of what they want of mails: to be sent all the same, the rest to be dropped; and said over HTTP."""
STOPPED = ("waiting", "held_back", "failed", "unknown", "dropped")
"""Mails of which an operator may want something."""
GIVEN_UP_SHARE = 0.4
"""Of what is parked while things go wrong, what operators give up, where it may be; the rest they retry."""
DISCARDABLE = (
    "PlaceOrder",
    "PaymentVerified",
    "CancelOrder",
    "RequestRemoval",
    "UnitsReceived",
    "UnitsAdjusted",
    "SetSellerContact",
)
"""What can be given up without another service having to hear of it. Deadlines are tried too: they must be refused."""


async def retry_parked(stage: Stage) -> None:
    """Everything, until nothing is parked."""
    for service in stage.services:
        for _ in range(ROUNDS_MAX):
            parked = parked_subjects(service)
            if not parked:
                break
            stage.history.counts["retried"] += len(parked)
            for subject in parked:
                await asyncio.gather(*[_retry(stage, service, subject) for _ in range(OPERATORS)])


def look_after_parked(stage: Stage, dice: Random) -> "asyncio.Task[Any] | None":
    """One operator looks at one parked object, whatever is going on, and retries it or gives one of its messages up."""
    found = [(service, subject) for service in stage.services for subject in parked_subjects(service)]
    if not found:
        return None
    service, subject = dice.choice(found)
    parked = service.database.tables.parked
    rows = [row for row in service.database.rows(parked) if Subject(row.seller_id, row.kind, row.object_id) == subject]
    row = next((row for row in rows if row.via == Via.DEADLINE), dice.choice(rows))
    if dice.random() < GIVEN_UP_SHARE and (row.type in DISCARDABLE or row.via == Via.DEADLINE):
        return asyncio.create_task(_discard(stage, service, subject, row))
    return asyncio.create_task(_retry(stage, service, subject))


async def _retry(stage: Stage, service: Service, subject: Subject) -> None:
    async def job(transactions: Transactions, clock: Clock) -> operations.Retried:
        return await operations.retry(transactions, clock, service.desk, subject)

    stage.world.scheduler.tell("operator", f"retries {subject.key} at {service.desk.service}")
    if process := _some_process(stage, service):
        try:
            await process.work(job)
        except CrashedError:
            stage.history.counts["operators cut off"] += 1
        except StorageError as error:
            _note(stage, f"retry of {subject.key}", error)


async def _discard(stage: Stage, service: Service, subject: Subject, row: Any) -> None:
    async def job(transactions: Transactions, _: Clock) -> None:
        await operations.discard(transactions, service.desk, subject, row.position, "not worth it")

    stage.world.scheduler.tell("operator", f"gives up {row.type} of {subject.key} at {service.desk.service}")
    if process := _some_process(stage, service):
        stage.history.discarded.add(UUID(str(row.message_id)))
        try:
            await process.work(job)
            stage.history.counts["discarded"] += 1
        except NotDiscardableError:
            stage.history.counts["not discarded"] += 1
        except CrashedError:
            stage.history.counts["operators cut off"] += 1
        except StorageError as error:
            _note(stage, f"discard of {subject.key}", error)


def _some_process(stage: Stage, service: Service) -> Process | None:
    processes = stage.processes_of(service)
    return stage.dice.choice(processes) if processes else None


def _note(stage: Stage, what: str, error: StorageError) -> None:
    """What passes, the operator tries again another day."""
    if failure_of(error) is not Failure.PASSING:
        stage.history.blame("alarm", f"{what}: {error}")


def mail_command(stage: Stage, dice: Random, number: int) -> Posting | None:
    """What an operator wants of one of the mails that are not on their way, if there are any."""
    rows = [row for row in stage.database("notifications").rows(tables.mail) if row.status in STOPPED]
    if not rows:
        return None
    row = dice.choice(rows)
    about = {"seller_id": row.seller_id, "mail_id": row.mail_id, "reason": "asked by phone"}
    command: Message = DropMail(**about)
    if dice.random() < SENT_SHARE:
        command = SendMail(**about, mail=GIVEN if row.status == "waiting" else None)
    name = f"operator {number} {type(command).__name__} {row.mail_id}"
    return Posting(stage.world.clock.now(), name, command, http=dice.random() < HTTP_SHARE)
