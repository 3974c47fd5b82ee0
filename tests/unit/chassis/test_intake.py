"""What becomes of raw records, whoever wrote them: on rows in memory, without a broker."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.breaker import Breaker
from chassis.clock import DrivenClock
from chassis.gate import Gate
from chassis.intake import BATCH_BYTES_MAX, Intake, read
from chassis.lane import Lane, Works
from chassis.memory import Memory
from chassis.observer import Decided, Unobserved
from chassis.outcomes import Received
from chassis.quarantine import Quarantined
from chassis.transaction import MemoryTransactions
from contracts.envelope import Envelope, Message
from contracts.identity import hashed_id

from support.toy import COMMANDS, START, TABLES, PutIn, Shelf, purse, toy_desk

TYPES = toy_desk().types


@dataclass(frozen=True)
class Raw:
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    topic: str = COMMANDS.name
    partition: int = 0
    offset: int = 0
    timestamp: int = 1_700_000_000_000

    def with_header(self, name: str, value: bytes | None) -> "Raw":
        return replace(self, headers=[*((n, v) for n, v in self.headers if n != name), (name, value)])

    def without_header(self, name: str) -> "Raw":
        return replace(self, headers=[(n, v) for n, v in self.headers if n != name])


def a_record(body: Message | None = None, *, name: str = "one", offset: int = 0) -> Raw:
    body = body or PutIn(seller_id="s1", purse_id="p1", coins=1)
    message_id = hashed_id("test", name)
    envelope = Envelope("/shop", message_id, type(body).__name__, START, body.seller_id, message_id)
    headers = [(key, value.encode()) for key, value in envelope.headers(body.subject).items()]
    return Raw(body.subject.key.encode(), headers, body.model_dump_json().encode(), offset=offset)


def an_intake() -> tuple[Intake[Shelf], Memory]:
    memory = Memory()
    transactions = MemoryTransactions(memory, TABLES)
    works = Works(transactions, DrivenClock(START), toy_desk(), Gate(2), Breaker(), lambda: None, lambda: 0.0)
    return Intake(Lane(COMMANDS.name, works)), memory


@dataclass
class Sizes(Unobserved):
    seen: list[int]

    def decided(self, decided: Decided) -> None:
        self.seen.append(len(decided.batch))


async def no_wait(seconds: float) -> None:
    raise AssertionError(f"nothing to wait for, least of all {seconds} s")


def test_a_whole_record_becomes_the_message_that_was_sent() -> None:
    got = read(a_record(), TYPES, "purses", START)
    assert isinstance(got, Received)
    assert got.body == PutIn(seller_id="s1", purse_id="p1", coins=1)
    assert got.identity == ("/shop", hashed_id("test", "one"))


@pytest.mark.parametrize("text", [b"x" * 100_000, b"00-" + b"0" * 52, b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-0\t"])
def test_a_trace_that_is_none_is_not_carried_on(text: bytes) -> None:
    got = read(a_record().with_header("traceparent", text), TYPES, "purses", START)
    assert isinstance(got, Received)
    assert got.envelope.traceparent is None


@pytest.mark.parametrize("schema", [None, b"https://shop.example/schemas/put-in.json"])
def test_a_schema_of_somebody_elses_names_no_version_of_ours(schema: bytes | None) -> None:
    assert isinstance(read(a_record().with_header("ce_dataschema", schema), TYPES, "purses", START), Received)


def test_a_type_that_the_service_does_not_decide_is_passed_over_without_decoding() -> None:
    assert read(replace(a_record().with_header("ce_type", b"Elsewhere"), value=b"{not json"), TYPES, "purses", START) is None


GOOD = a_record()
DEEP = b'{"seller_id":"s1","purse_id":"p1","coins":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
BAD: dict[str, tuple[Raw, str]] = {
    "no body": (replace(GOOD, value=None), "no body"),
    "no JSON": (replace(GOOD, value=b"\xff\xfe{"), "body"),
    "nested deeper than a stack": (replace(GOOD, value=DEEP), "recursion"),
    "a field of another type": (replace(GOOD, value=b'{"seller_id":"s1","purse_id":"p1","coins":"1"}'), "coins"),
    "no type": (GOOD.without_header("ce_type"), "ce_type"),
    "a null type": (GOOD.with_header("ce_type", None), "ce_type"),
    "a type that is no text": (GOOD.with_header("ce_type", b"\xff"), "ce_type"),
    "another version of its type": (GOOD.with_header("ce_dataschema", b"urn:wharf:PutIn:2"), "urn:wharf:PutIn:1"),
    "another type's schema": (GOOD.with_header("ce_dataschema", b"urn:wharf:TakeOut:1"), "ce_dataschema"),
    "a null id": (GOOD.with_header("ce_id", None), "ce_id"),
    "a source that is no text": (GOOD.with_header("ce_source", b"\xc3\x28"), "UTF-8"),
    "a source with a control character": (GOOD.with_header("ce_source", b"/a\0b"), "ce_source"),
    "a sequence that is no number": (GOOD.with_header("ce_sequence", "²".encode()), "ce_sequence"),
    "a sequence of more digits than Python reads": (GOOD.with_header("ce_sequence", b"9" * 5000), "4300"),
    "a time without offset": (GOOD.with_header("ce_time", b"2026-01-01T00:00:00"), "ce_time"),
    "a time before all computers": (GOOD.with_header("ce_time", b"0001-01-01T00:00:00+14:00"), "ce_time"),
    "no key": (replace(GOOD, key=None), "key"),
    "another object's key": (replace(GOOD, key=b"s1/purse/p2"), "key"),
    "another seller's key": (replace(GOOD, key=b"s2/purse/p1"), "key"),
    "another seller in the header": (GOOD.with_header("ce_sellerid", b"s2"), "ce_sellerid"),
    "another seller in the body": (replace(GOOD, value=b'{"seller_id":"s2","purse_id":"p1","coins":1}'), "key"),
    "a type of another topic": (replace(GOOD, topic="purses.facts"), "topic"),
    "a forged deadline": (GOOD.with_header("ce_type", b"NudgeDue"), "topic"),
    "a forged source of deadlines": (GOOD.with_header("ce_source", b"/purses/deadlines"), "reserved"),
    "a forged source of HTTP commands": (GOOD.with_header("ce_source", b"/http/s1"), "reserved"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_a_message_is_quarantined_with_its_reason_and_its_bytes(name: str) -> None:
    record, reason = BAD[name]
    got = read(record, TYPES, "purses", START)
    assert isinstance(got, Quarantined)
    assert reason in got.reason
    assert (got.key, got.value) == (record.key, record.value)


def test_a_reason_does_not_repeat_what_somebody_sent() -> None:
    got = read(replace(GOOD, value=b'{"seller_id":"s1","purse_id":"p1","coins":"secret"}'), TYPES, "purses", START)
    assert isinstance(got, Quarantined)
    assert "secret" not in got.reason


def test_a_record_time_out_of_range_takes_nothing_down() -> None:
    record = replace(GOOD.without_header("ce_time"), timestamp=-1)
    got = read(record, TYPES, "purses", START)
    assert isinstance(got, Received)
    assert got.envelope.time == datetime.fromtimestamp(0, UTC)
    assert isinstance(read(replace(record, timestamp=2**62), TYPES, "purses", START), Quarantined)


async def test_bad_records_hold_up_nobody_in_their_batch() -> None:
    intake, memory = an_intake()
    records: list[Any] = [replace(record, offset=n) for n, (record, _) in enumerate(BAD.values(), start=1)]
    records.insert(7, a_record(name="good one", offset=100))
    records.append(a_record(name="good two", offset=101))
    await intake.take(records, no_wait)
    assert [row.coins for row in memory.committed(purse)] == [2]
    assert len(memory.committed(TABLES.quarantine)) == len(BAD) == intake.counts.quarantined


async def test_a_redelivered_bad_record_is_kept_once() -> None:
    intake, memory = an_intake()
    for _ in range(2):
        await intake.take([replace(GOOD, value=None)], no_wait)
    assert len(memory.committed(TABLES.quarantine)) == intake.counts.quarantined == 1


async def test_a_repeated_message_has_its_effect_once_in_and_across_batches() -> None:
    intake, memory = an_intake()
    await intake.take([a_record(), a_record(offset=1)], no_wait)
    await intake.take([a_record(offset=2)], no_wait)
    assert [row.coins for row in memory.committed(purse)] == [1]
    assert memory.committed(TABLES.quarantine) == []


async def test_a_known_identity_with_another_body_is_quarantined_and_changes_nothing() -> None:
    intake, memory = an_intake()
    other = a_record(PutIn(seller_id="s1", purse_id="p1", coins=50), offset=1)
    await intake.take([a_record(), other], no_wait)
    assert [row.coins for row in memory.committed(purse)] == [1]
    (row,) = memory.committed(TABLES.quarantine)
    assert row.value == other.value


async def test_a_service_that_ignores_a_type_counts_it() -> None:
    intake, memory = an_intake()
    await intake.take([GOOD.with_header("ce_type", b"Elsewhere")] * 3, no_wait)
    assert intake.counts.ignored == 3
    assert memory.committed(TABLES.inbox) == []


async def test_batches_stay_within_their_bytes() -> None:
    intake, memory = an_intake()
    sizes: list[int] = []
    intake.lane.works = replace(intake.lane.works, observer=Sizes(sizes))
    padding = b" " * (BATCH_BYTES_MAX // 3)
    records = [replace(a_record(name=f"m{n}", offset=n), value=(a_record().value or b"") + padding) for n in range(5)]
    await intake.take(records, no_wait)
    assert [row.coins for row in memory.committed(purse)] == [5]
    assert sizes == [2, 2, 1]
