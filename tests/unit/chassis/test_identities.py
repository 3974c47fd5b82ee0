"""One identity, one effect: what makes two messages the same."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto

from chassis.outbox import id_text
from contracts.envelope import envelope_from
from contracts.identity import hashed_id, identity_of, timed_id

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _headers(source: str, message_id: str) -> list[tuple[str, bytes]]:
    given = {"ce_id": message_id, "ce_source": source, "ce_type": "UnitsReceived", "ce_sellerid": "s1"}
    return [(name, value.encode()) for name, value in given.items()]


def test_two_sources_that_both_count_from_one_say_different_things() -> None:
    leeds, derby = (envelope_from(_headers(source, "1"), NOON) for source in ("/wms/leeds", "/wms/derby"))
    assert leeds.id != derby.id
    assert leeds.id == envelope_from(_headers("/wms/leeds", "1"), NOON).id


def test_an_id_that_is_a_uuid_stays_as_it_is() -> None:
    text = "0193a1b2-0000-7000-8000-000000000001"
    assert str(identity_of(text, "/anybody")) == text


@pytest.mark.parametrize("text", ["{}", "{{{}}}", "urn:uuid:{}", "{}-"])
def test_a_uuid_is_read_in_every_spelling_that_python_reads(text: str) -> None:
    for plain in (
        "0193a1b2-0000-7000-8000-00000000000a",
        "0193A1B200007000800000000000000A",
        "0193a1b200007000-800000000000000a",
    ):
        assert identity_of(text.format(plain), "/anybody") == UUID("0193a1b2-0000-7000-8000-00000000000a")


def test_a_cause_gives_the_id_that_it_gave_in_earlier_releases() -> None:
    assert hashed_id("deadline", "s1", "größer") == UUID("f0879d27-736f-8286-b1a7-24e7b0221b29")
    assert timed_id(NOON, "/orders", "1", "OrderPlaced") == UUID("019b796d-d600-7126-80d9-7625e4b8c205")
    assert timed_id(datetime(1970, 1, 1, tzinfo=UTC), "a") == UUID("00000000-0000-7c7f-8979-bd34e716e325")


def test_an_id_is_spelled_as_python_spells_it() -> None:
    for plain in (UUID(int=0), UUID(int=2**128 - 1), hashed_id("a")):
        assert id_text(plain) == id_text(pgproto.UUID(str(plain))) == str(plain)
