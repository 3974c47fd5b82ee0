"""How the outside world talks to the services: records to the broker, commands over HTTP with clients that ask again, time
that passes. What is said is drawn in `workload`.
"""

import asyncio
from datetime import datetime

from chassis.outcomes import Accepted, Blocked, Failed, Outcome, Received, Repeated, Via, hash_of
from devkit.simulation.history import INJECTED
from devkit.simulation.operators import look_after_parked, mail_command
from devkit.simulation.posting import Posting
from devkit.simulation.process import CrashedError
from devkit.simulation.spoils import record_of
from devkit.simulation.stage import Stage

LULL = 0.2
"""How often the outside world waits until all is quiet before it goes on."""
HASTE = (0.0, 0.5, 0.8)
"""How often it does not wait at all: drawn for each run, so that messages come one by one, or many together."""
BUSY_STEPS_MAX = 12
EXACT = 0.6
"""How often time stops at the very instant of a deadline that lies on its way."""
OPERATED = 0.06
"""After how many postings an operator asks for something to be done about a mail."""
LOOKED_AFTER = 0.2
"""After how many postings an operator looks after something that is parked, whether that helps or not."""
MAILS_LOOKED_AT_MAX = 4
CLIENT_TRIES_MAX = 3
CLIENT_WAIT_STEPS = 20
DEADLINES_ON_THE_WAY_MAX = 20


async def work(stage: Stage) -> None:
    """Send all postings, each at its time."""
    haste = stage.dice.choice(HASTE)
    clients = []  # so that nobody forgets them while they wait
    for posting in list(stage.postings):
        await _pass_time(stage, posting.at)
        clients.append(_send(stage, posting))
        if stage.dice.random() < OPERATED:
            clients.append(_ask_about_a_mail(stage))
        if stage.dice.random() < LOOKED_AFTER:
            clients.append(look_after_parked(stage, stage.dice))
        if stage.dice.random() >= haste:
            await _breathe(stage)
    stage.history.counts["postings"] += len(stage.postings)


async def ask_about_mails(stage: Stage) -> None:
    """An operator goes through the mails that are not on their way, or through some of them."""
    for _ in range(stage.dice.randint(0, MAILS_LOOKED_AT_MAX)):
        _ask_about_a_mail(stage)
        await _breathe(stage)


def _ask_about_a_mail(stage: Stage) -> "asyncio.Task[None] | None":
    posting = mail_command(stage, stage.dice, len(stage.postings))
    if posting is None:
        return None
    stage.postings.append(posting)
    return _send(stage, posting)


def _send(stage: Stage, posting: Posting) -> "asyncio.Task[None] | None":
    """To the broker at once, or by a client that waits for its answer."""
    stage.world.scheduler.tell("outside", posting.wording)
    if posting.is_asked:
        return asyncio.create_task(_ask(stage, posting))
    _publish(stage, posting)
    return None


def tick(stage: Stage, now: datetime) -> None:
    """It is later now, and everybody will hear of it."""
    stage.world.clock.advance(now)
    stage.world.broker.milliseconds = int(now.timestamp() * 1000)
    stage.world.scheduler.tell("clock", stage.world.clock.now().isoformat())
    stage.world.ticked.ring()


def next_deadline(stage: Stage) -> datetime | None:
    """The earliest instant at which there will be something to do."""
    return min((at for service in stage.services for at in service.instants() if at > stage.world.clock.now()), default=None)


async def _pass_time(stage: Stage, until: datetime) -> None:
    for _ in range(DEADLINES_ON_THE_WAY_MAX):
        due = next_deadline(stage)
        if due is None or due >= until or stage.dice.random() > EXACT:
            break
        tick(stage, due)
        await _breathe(stage)
    if until > stage.world.clock.now():
        tick(stage, until)


async def _breathe(stage: Stage) -> None:
    if stage.dice.random() < LULL:
        await stage.world.scheduler.idle("outside")
    else:
        await stage.world.scheduler.wait_steps("outside", stage.dice.randint(1, BUSY_STEPS_MAX))


def _publish(stage: Stage, posting: Posting) -> None:
    record = stage.world.broker.append(posting.message.topic.name, *record_of(posting))
    if posting.spoil:
        stage.spoiled.append((posting, record))


async def _ask(stage: Stage, posting: Posting) -> None:
    """One client's command: asked again after a crash, with the same key, until there is an answer."""
    for _ in range(CLIENT_TRIES_MAX):
        outcome = await _answer(stage, posting)
        _note(stage, posting, outcome)
        if not isinstance(outcome, Blocked | Failed):
            return
        await stage.world.scheduler.wait_steps("client", CLIENT_WAIT_STEPS)
    await stage.mended.wait()
    _note(stage, posting, await _answer(stage, posting))


async def _answer(stage: Stage, posting: Posting) -> Outcome:
    service = stage.decider_of(posting.message)
    while True:
        processes = stage.processes_of(service)
        if not processes:
            await service.started.heard()
            continue
        process = stage.dice.choice(processes)
        try:
            return await process.answer(_received(posting, process.now()))
        except CrashedError:
            stage.history.counts["clients cut off"] += 1


def _received(posting: Posting, now: datetime) -> Received:
    type_name = type(posting.message).__name__
    body_hash = hash_of(type_name, posting.message.model_dump_json().encode())
    return Received(posting.envelope, posting.message, Via.HTTP, body_hash, now)


def _note(stage: Stage, posting: Posting, outcome: Outcome) -> None:
    """What was answered once must be answered always."""
    stage.world.scheduler.tell("client", f"{posting.wording} was answered {type(outcome).__name__}")
    before = stage.answers.get(posting.wording)
    answered = Accepted | Repeated
    if isinstance(before, answered):
        if isinstance(outcome, Failed) and INJECTED in outcome.reason:
            return
        if not isinstance(outcome, answered) or list(before.facts) != list(outcome.facts):
            stage.history.blame("S1", f"{posting.wording} was answered {before}, and then {outcome}")
        return
    stage.answers[posting.wording] = outcome
