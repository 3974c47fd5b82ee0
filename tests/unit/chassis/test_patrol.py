"""Work beside the lanes: rounds come when knocked, one after another, and a stop waits for the one under way."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest

from chassis.intake import read
from chassis.lane import Wait
from chassis.quarantine import Quarantined
from chassis.worker import Patrol, own_sources, reported
from contracts.notifications import MailTaken

from support.eventually import eventually
from support.mails import contact_set
from support.wire import wire

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLL_SECONDS = 60.0


@dataclass
class Rounds:
    """Counts rounds; each ends when it may."""

    begun: int = 0
    may_end: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    more: bool = False

    async def make(self, _wait: Wait) -> bool:
        self.begun += 1
        await self.may_end.acquire()
        return self.more


async def test_a_knock_during_a_round_makes_another_one() -> None:
    rounds = Rounds()
    patrol = Patrol(rounds.make, POLL_SECONDS, asyncio.Event())
    running = asyncio.create_task(patrol.run())
    await eventually(lambda: rounds.begun == 1)
    patrol.knock()
    rounds.may_end.release()
    await eventually(lambda: rounds.begun == 2)
    patrol.closing.set()
    rounds.may_end.release()
    await patrol.ended()
    await running
    assert rounds.begun == 2


async def test_a_stop_waits_for_the_round_under_way() -> None:
    rounds = Rounds(more=True)
    patrol = Patrol(rounds.make, POLL_SECONDS, asyncio.Event())
    running = asyncio.create_task(patrol.run())
    await eventually(lambda: rounds.begun == 1)
    patrol.closing.set()
    ended = asyncio.create_task(patrol.ended())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.shield(ended)
    rounds.may_end.release()
    await ended
    await running
    assert rounds.begun == 1


async def test_a_patrol_that_never_ran_has_ended() -> None:
    await Patrol(Rounds().make, POLL_SECONDS, asyncio.Event()).ended()


def test_a_report_has_a_source_that_no_record_may_claim() -> None:
    report = MailTaken(seller_id="s1", mail_id=str(UUID(int=1)), attempt=UUID(int=2))
    (one,) = reported("notifications", "courier", [(UUID(int=3), report, UUID(int=4))], NOW)
    assert one.envelope.source.startswith(own_sources("notifications"))
    types = {kind.__name__: kind for kind in (MailTaken, type(contact_set()))}
    forged = read(wire(contact_set(), source=one.envelope.source), types, "notifications", NOW)
    assert isinstance(forged, Quarantined)
    assert "reserved" in forged.reason
