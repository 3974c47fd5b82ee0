"""One identity, one effect: what makes two messages the same."""

from datetime import UTC, datetime

from contracts.envelope import envelope_from
from contracts.identity import identity_of

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
