"""What must hold of messages, whatever they mean: quiet, acknowledged, once, in order, on time, nobody held up. Each checker
tells its problems as sentences. What must hold of their content is in `books`, `holders`, `lives`, `keeper` and `mails`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.deadlines import DeadlineKey
from chassis.failures import StorageError, may_be_its_fault
from chassis.inbox import Standing
from chassis.intake import quarantined
from chassis.outcomes import Accepted, Identity, Repeated
from contracts.envelope import Deadline, Message, Subject
from contracts.identity import identity_of
from contracts.registry import TOPICS
from devkit.simulation.books import balance_problems, cause_problems
from devkit.simulation.broker import Record
from devkit.simulation.clerk import clerk_problems
from devkit.simulation.history import INJECTED, DeadlineCleared, DeadlineSet, Decided
from devkit.simulation.holders import bound_problems, holder_problems, open_lines
from devkit.simulation.keeper import keeper_problems
from devkit.simulation.lives import missteps, parting_problems, unended, view_problems
from devkit.simulation.mails import mail_problems, reader_problems, resting_problems
from devkit.simulation.service import Service
from devkit.simulation.spoils import OTHER_BODY
from devkit.simulation.stage import Stage
from devkit.simulation.storage import PASSING_STATES


def check_all(stage: Stage) -> None:
    """All that must hold once everything has ended."""
    history = stage.history
    known = {service.desk.service: standings(service) for service in stage.services}
    records = [(record, headers_of(record)) for record in stage.world.broker.all_records()]
    history.blame_all("S1", [*unanswered(stage, known), *undecided(stage, known, records), *unpublished(stage, records)])
    history.blame_all("S2", [*decided_twice(stage), *told_twice(stage)])
    history.blame_all("S9", [*deadline_problems(stage), *discarded_deadlines(known)])
    history.blame_all("S10", [*sequence_problems(records), *order_problems(stage, records)])
    history.blame_all("S8", [*mail_problems(stage), *resting_problems(stage)])
    history.blame_all("S12", [*poison_problems(stage), *stranger_problems(stage), *reader_problems(stage)])
    history.blame_all("S2", list(cause_problems(stage)))
    history.blame_all("S3", list(balance_problems(stage)))
    history.blame_all("S5", list(unended(stage)))
    history.blame_all("S6", list(bound_problems(stage)))
    history.blame_all("S7", [*holder_problems(stage), *open_lines(stage)])
    history.blame_all("life", [*missteps(stage), *clerk_problems(stage)])
    history.blame_all("agreement", [*parting_problems(stage), *view_problems(stage)])
    history.blame_all("model", list(keeper_problems(stage)))
    history.counts["decisions"] += len(history.decided)
    history.counts["records"] += len(records)


def unquiet(stage: Stage) -> list[str]:
    """What is left to do although nobody does it."""
    now = stage.world.clock.now()
    problems = [f"{place} is {records} records behind" for place, records in stage.world.broker.lag().items()]
    for service in stage.services:
        database = service.database
        if waiting := database.size(database.tables.outbox):
            problems.append(f"{waiting} rows in the outbox of {database.service}")
        due = [row for row in database.rows(database.tables.deadline) if row.due_at <= now]
        problems += [f"{row.deadline} of {row.object_id} is due since {row.due_at}" for row in due]
        for employment in service.employs:
            if employment.due is not None and employment.has_work(database, now):
                problems.append(f"{employment.table.name} of {database.service} is due")
    return problems


def parked_subjects(service: Service) -> list[Subject]:
    """Objects that wait for an operator."""
    rows = service.database.rows(service.database.tables.parked)
    return list(dict.fromkeys(Subject(row.seller_id, row.kind, row.object_id) for row in rows))


def held_up(stage: Stage) -> list[str]:
    """Objects that are parked although no bug of theirs was injected: somebody else's message holds them up (S11)."""
    return [
        f"{service.desk.service} has parked {row.type} of {row.object_id}: {row.reason}"
        for service in stage.services
        for row in service.database.rows(service.database.tables.parked)
        if Subject(row.seller_id, row.kind, row.object_id) not in stage.bugs.struck and not _is_limit(row.reason)
    ]


def _is_limit(reason: str) -> bool:
    """A message alone ran into a limit again and again: it may be its fault, though here it was a fault of the database."""
    return any(f"{state} {INJECTED}" in reason for state in LIMITS)


def picture(stage: Stage) -> tuple[dict[str, dict[str, Any]], int]:
    """All tables, and how many facts were ever published; a snapshot may be told again at any time."""
    tables = {
        service.desk.service: {name: dict(sheet.rows) for name, sheet in service.database.memory.tables.items() if sheet.rows}
        for service in stage.services
    }
    records = stage.world.broker.records
    return tables, sum(len(told) for (topic, _), told in records.items() if topic not in SNAPSHOTS)


SNAPSHOTS = {topic.name for topic in TOPICS.values() if topic.compacted}
LIMITS = [state for state in PASSING_STATES if may_be_its_fault(StorageError(state))]
Setting: TypeAlias = tuple[UUID, datetime]
"""A deadline's generation and the instant it is due."""
Known: TypeAlias = Mapping[str, Mapping[Identity, str]]
"""What each service's inbox says."""
Read: TypeAlias = Sequence[tuple[Record, Mapping[str, str]]]
"""Records with their headers."""


def standings(service: Service) -> dict[Identity, str]:
    rows = service.database.rows(service.database.tables.inbox)
    return {(row.source, row.message_id): row.outcome for row in rows}


def headers_of(record: Record) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers if value is not None}


def identity(headers: Mapping[str, str]) -> Identity:
    return headers["ce_source"], identity_of(headers["ce_id"])


def unanswered(stage: Stage, known: Known) -> Iterator[str]:
    """HTTP commands without an answer, or with one that nobody remembers or decided (S1)."""
    decided = {each.id for each in stage.history.decided}
    for posting in stage.postings:
        if not posting.is_asked:
            continue
        answer = stage.answers.get(posting.wording)
        service = stage.decider_of(posting.message).desk.service
        remembered = (posting.envelope.source, posting.envelope.id) in known[service]
        if answer is None:
            yield f"{posting.wording} was never answered"
        elif isinstance(answer, Accepted | Repeated) and not remembered:
            yield f"{posting.name} was accepted, and {service} knows nothing of it"
        elif isinstance(answer, Accepted | Repeated) and posting.envelope.id not in decided:
            yield f"{posting.name} was accepted, and {service} never decided it"


def told_twice(stage: Stage) -> list[str]:
    """HTTP commands of which two bodies were accepted under one identity (S2)."""
    bodies = {posting.wording: posting.name for posting in stage.postings if posting.is_asked}
    accepted = Counter(bodies[wording] for wording, answer in stage.answers.items() if isinstance(answer, Accepted | Repeated))
    return [f"{name} was accepted with {times} bodies" for name, times in accepted.items() if times > 1]


def undecided(stage: Stage, known: Known, records: Read) -> Iterator[str]:
    """Records that the broker took and a service should have decided (S1)."""
    spoiled = {(record.topic, record.partition, record.offset) for _, record in stage.spoiled}
    for record, headers in records:
        if (record.topic, record.partition, record.offset) in spoiled:
            continue
        for service in stage.services:
            if record.topic not in service.topics or record.type not in service.desk.types:
                continue
            standing = known[service.desk.service].get(identity(headers))
            given_up = standing == Standing.DISCARDED and identity(headers)[1] in stage.history.discarded
            if standing != Standing.ACCEPTED and not given_up:
                yield f"{service.desk.service}: {record.type} for {headers['ce_subject']} is {standing or 'unknown'}"


def unpublished(stage: Stage, records: Read) -> Iterator[str]:
    """Decisions whose facts the world never heard of, and facts of which nobody decided (S1)."""
    sources = {f"/{service.desk.service}" for service in stage.services}
    told: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for record, headers in records:
        if headers.get("ce_source") in sources and "ce_causationid" in headers:
            told[headers["ce_source"], headers["ce_causationid"]].add(f"{headers['ce_id']} {record.type}")
    for decided in stage.history.decided:
        heard = told.pop((f"/{decided.service}", str(decided.id)), set())
        if len(heard) != len(decided.facts):
            names = [type(fact).__name__ for fact in decided.facts]
            yield f"{decided.service} told {names} after {type(decided.message).__name__}, heard were {len(heard)}"
    for (source, _), facts in told.items():
        yield f"{source} was heard to say {sorted(facts)}, which it did not decide"


def decided_twice(stage: Stage) -> list[str]:
    """Messages with more than one effect (S2)."""
    times = Counter((decided.service, type(decided.message).__name__, decided.id) for decided in stage.history.decided)
    return [f"{service} decided {kind} {number} times" for (service, kind, _), number in times.items() if number > 1]


def deadline_problems(stage: Stage) -> Iterator[str]:
    """Deadlines decided early, or while another setting stood; all settings replayed in the order of commits (S9)."""
    standing: dict[tuple[str, DeadlineKey], Setting] = {}
    latest: dict[tuple[str, DeadlineKey], Setting] = {}
    for event in stage.history.events:
        match event:
            case DeadlineSet():
                standing[event.service, event.key] = latest[event.service, event.key] = (event.generation, event.due_at)
            case DeadlineCleared():
                standing.pop((event.service, event.key), None)
            case Decided(message=Deadline() as deadline):
                at = (event.service, DeadlineKey(*deadline.subject, type(deadline).__name__))
                setting = latest.get(at) if event.id in stage.history.parked else standing.get(at)
                if setting != (deadline.generation, deadline.due_at):
                    yield f"{at} was decided while {setting} stood"
                if event.at < deadline.due_at:
                    yield f"{at} was decided at {event.at}, due at {deadline.due_at}"
            case Decided():
                pass


def discarded_deadlines(known: Known) -> list[str]:
    """Deadlines that somebody gave up: their object would wait for ever (S9)."""
    return [
        f"{source}: {message_id} was discarded"
        for standing_of in known.values()
        for (source, message_id), standing in standing_of.items()
        if standing == Standing.DISCARDED and source.endswith("/deadlines")
    ]


def sequence_problems(records: Read) -> Iterator[str]:
    """Facts of an object that do not follow each other; repetitions apart (S10)."""
    newest: Counter[tuple[str, str, str]] = Counter()
    heard: set[tuple[str, str]] = set()
    for record, headers in records:
        if "ce_sequence" not in headers or TOPICS[record.topic].compacted or (headers["ce_source"], headers["ce_id"]) in heard:
            continue
        heard.add((headers["ce_source"], headers["ce_id"]))
        place = (record.topic, headers["ce_source"], headers["ce_subject"])
        sequence = int(headers["ce_sequence"])
        if sequence != newest[place] + 1:
            yield f"{record.type} of {place[2]} has sequence {sequence} after {newest[place]}"
        newest[place] = sequence


def order_problems(stage: Stage, records: Read) -> Iterator[str]:
    """Messages about an object that were decided in another order than they came in their topic (S10)."""
    first: dict[Identity, tuple[str, int]] = {}
    for record, headers in records:
        if "ce_id" in headers and "ce_source" in headers:
            first.setdefault(identity(headers), (record.topic, record.offset))
    places = {message_id: place for (_, message_id), place in first.items()}
    newest: dict[tuple[str, str, Subject], int] = {}
    for decided in stage.history.decided:
        if decided.id not in places:
            continue
        topic, offset = places[decided.id]
        at = (decided.service, topic, decided.subject)
        if offset < newest.get(at, -1):
            yield f"{decided.service} decided {type(decided.message).__name__} of {decided.subject} after a later one"
        newest[at] = offset


def stranger_problems(stage: Stage) -> Iterator[str]:
    """Facts about one seller's object that another seller's message brought about (S12)."""
    for decided in stage.history.decided:
        for fact in decided.facts:
            if fact.seller_id != decided.message.seller_id:
                yield f"{_named(decided.message)} made {_named(fact)}"


def _named(message: Message) -> str:
    return f"{type(message).__name__} of {message.seller_id}"


def poison_problems(stage: Stage) -> Iterator[str]:
    """Records that are no messages, or pretend to be another seller's, and were not put aside (S12)."""
    decided = {each.id for each in stage.history.decided}
    for posting, record in stage.spoiled:
        database = stage.decider_of(posting.message).database
        row_id = quarantined(record, "", stage.world.clock.now()).quarantine_id
        if (row_id,) not in database.memory.tables[database.tables.quarantine.name].rows:
            yield f"{posting.spoil}: {posting.name} is not in quarantine"
        if posting.spoil != OTHER_BODY and posting.envelope.id in decided:
            yield f"{posting.spoil}: {posting.name} was decided"
