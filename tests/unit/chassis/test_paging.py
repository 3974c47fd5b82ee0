"""Cursors: they lead on where they were given, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.paging import cursor_place, cursor_text, page_of
from chassis.problems import ProblemError


@given(st.tuples(st.text(), st.text()))
def test_a_cursor_gives_its_place_back(place: tuple[str, str]) -> None:
    assert cursor_place("orders", cursor_text("orders", place), 2) == place


@given(st.tuples(st.text(), st.text()), st.integers(min_value=0), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_cursor_never_leads_elsewhere(place: tuple[str, str], at: int, character: str) -> None:
    good = cursor_text("orders", place)
    at %= len(good)
    assert place_or_none(good[:at] + character + good[at + 1 :]) in {None, place}  # the last character has bits to spare


def place_or_none(cursor: str) -> tuple[str, ...] | None:
    try:
        return cursor_place("orders", cursor, 2)
    except ProblemError:
        return None


@given(st.text())
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="invalid_cursor"):
        cursor_place("orders", text, 2)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(ProblemError, match="invalid_cursor"):
        cursor_place("stock", cursor_text("orders", ("a", "b")), 2)


def test_a_cursor_with_another_number_of_parts_is_refused() -> None:
    with pytest.raises(ProblemError, match="invalid_cursor"):
        cursor_place("orders", cursor_text("orders", ("a",)), 2)


@pytest.mark.parametrize("rows", range(8))
def test_following_the_cursors_shows_every_row_once(rows: int) -> None:
    shown: list[int] = []
    cursor: str | None = None
    for _ in range(rows + 1):
        place = cursor_place("numbers", cursor, 1)
        after = int(place[0]) if place else -1
        page = page_of("numbers", [n for n in range(rows) if n > after][: 3 + 1], 3, lambda n: (str(n),))
        shown += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    assert cursor is None
    assert shown == list(range(rows))
