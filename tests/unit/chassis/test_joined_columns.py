"""Columns that travel as one text say what the list of values said; what would not is left to the driver."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto

from chassis.statements import joined_bytes, joined_dates, joined_flags, joined_ids, joined_instants, joined_numbers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))


def test_numbers_and_flags_are_spelled_as_array_literals() -> None:
    assert joined_numbers([1, -2, None, 2**63 - 1]) == "{1,-2,null,9223372036854775807}"
    assert joined_flags([True, None, False]) == "{true,null,false}"


def test_ids_are_spelled_as_array_literals_the_drivers_own_too() -> None:
    own = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert joined_ids([own, None, pgproto.UUID(str(own))]) == f'{{"{own}",null,"{own}"}}'


def test_dates_and_bytes_are_spelled_as_array_literals() -> None:
    assert joined_dates([date(2026, 3, 1), None, date(1, 1, 1)]) == "{2026-03-01,NULL,0001-01-01}"
    assert joined_bytes([b"\x00\xff", None, b""]) == r'{"\\x00ff",NULL,"\\x"}'


def test_instants_keep_their_microseconds_and_their_zone() -> None:
    later = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=INDIA)
    assert joined_instants([NOON, None, NOON, later]) == (
        "{2026-03-01T12:00:00+00:00,NULL,2026-03-01T12:00:00+00:00,2026-03-01T12:00:00.000001+05:30}"
    )


@pytest.mark.parametrize("odd", [1.5, True, "1,2", datetime(2026, 3, 1, tzinfo=UTC), 2**70])
def test_what_is_no_whole_number_is_left_to_the_driver(odd: object) -> None:
    assert joined_numbers([1, odd]) is None  # type: ignore[list-item]  # on purpose


@pytest.mark.parametrize("odd", [1, "t", 0.0])
def test_what_is_no_flag_is_left_to_the_driver(odd: object) -> None:
    assert joined_flags([True, odd]) is None  # type: ignore[list-item]  # on purpose


@pytest.mark.parametrize("odd", [NOON, "2026-03-01", 0])
def test_what_is_no_date_is_left_to_the_driver(odd: object) -> None:
    assert joined_dates([NOON.date(), odd]) is None  # type: ignore[list-item]  # on purpose


@pytest.mark.parametrize("odd", [bytearray(b"a"), memoryview(b"a"), "a"])
def test_what_is_no_bytes_is_left_to_the_driver(odd: object) -> None:
    assert joined_bytes([b"a", odd]) is None  # type: ignore[list-item]  # on purpose


@pytest.mark.parametrize("odd", ["01890a5d-ac96-774b-bcce-b302099a8057", 5, b"0" * 16])
def test_what_is_no_id_is_left_to_the_driver(odd: object) -> None:
    assert joined_ids([UUID(int=1), odd]) is None  # type: ignore[list-item]  # on purpose


@pytest.mark.parametrize("odd", [NOON.replace(tzinfo=None), NOON.date(), "now"])
def test_what_is_no_instant_is_left_to_the_driver(odd: object) -> None:
    assert joined_instants([NOON, odd]) is None  # type: ignore[list-item]  # on purpose
