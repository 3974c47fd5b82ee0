"""What operators do: decide anew what was parked, once the bug is mended; and send or end mails that are not on their way."""

from random import Random

from chassis import operations
from chassis.clock import Clock
from chassis.failures import Failure, StorageError, failure_of
from chassis.transaction import Transactions
from contracts.envelope import Message, Subject
from contracts.notifications import DropMail, SendMail
from devkit.simulation.checkers import parked_subjects
from devkit.simulation.posting import Posting
from devkit.simulation.process import Service
from devkit.simulation.removal_traffic import GIVEN
from devkit.simulation.stage import Stage
from notifications import tables

ROUNDS_MAX = 10
SENT_SHARE, HTTP_SHARE = 0.7, 0.5
"""Of what they want of mails: to be sent all the same, the rest to be dropped; and said over HTTP."""
STOPPED = ("waiting", "held_back", "failed", "unknown", "dropped")
"""Mails of which an operator may want something."""


async def retry_parked(stage: Stage) -> None:
    """Everything, until nothing is parked."""
    for service in stage.services:
        for _ in range(ROUNDS_MAX):
            parked = parked_subjects(service)
            if not parked:
                break
            stage.history.counts["retried"] += len(parked)
            for subject in parked:
                await _retry(stage, service, subject)


async def _retry(stage: Stage, service: Service, subject: Subject) -> None:
    async def job(transactions: Transactions, clock: Clock) -> operations.Retried:
        return await operations.retry(transactions, clock, service.desk, subject)

    try:
        await stage.processes_of(service)[0].work(job)
    except StorageError as error:
        if failure_of(error) is not Failure.PASSING:
            stage.history.blame("alarm", f"retry of {subject}: {error}")


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
