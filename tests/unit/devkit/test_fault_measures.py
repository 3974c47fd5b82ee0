"""Figures of a cell, from instants that anybody can count by hand."""

from __future__ import annotations

import pytest

from devkit.faults.measures import longest_gap, rate, recovery_seconds, slow_seconds

EVERY_TENTH = [number / 10 for number in range(1000)]


def without(begin: float, end: float) -> list[float]:
    """Ten a second for a hundred seconds, and none in between."""
    return [instant for instant in EVERY_TENTH if not begin <= instant < end]


def test_the_rate_counts_what_lies_in_the_span() -> None:
    assert rate(EVERY_TENTH, 10, 20) == pytest.approx(10)
    assert rate([], 10, 20) == 0
    assert rate(EVERY_TENTH, 10, 10) == 0


def test_the_longest_gap_is_found_between_instants_and_at_both_ends() -> None:
    assert longest_gap(without(30, 37), 20, 90) == pytest.approx(7.1)
    assert longest_gap(without(30, 37), 32, 90) == pytest.approx(5)
    assert longest_gap(without(30, 37), 20, 35) == pytest.approx(5.1)
    assert longest_gap([], 20, 35) == 15


def test_all_is_well_again_when_a_window_is_as_full_as_before() -> None:
    assert recovery_seconds(without(30, 37), 32, 90, rate_before=10) == pytest.approx(5, abs=0.11)
    assert recovery_seconds(EVERY_TENTH, 32, 90, rate_before=10) == 0


def test_slow_is_less_than_half_of_what_it_was() -> None:
    assert slow_seconds(without(30, 37), 20, 90, rate_before=10) == pytest.approx(7)
    assert slow_seconds(EVERY_TENTH, 20, 90, rate_before=10) == 0
    assert slow_seconds(EVERY_TENTH, 20, 90, rate_before=21) == 70


def test_what_never_comes_back_is_not_called_recovered() -> None:
    assert recovery_seconds(without(30, 100), 32, 90, rate_before=10) is None
    assert recovery_seconds(EVERY_TENTH, 32, 90, rate_before=10.5) is None
    assert recovery_seconds(EVERY_TENTH, 32, 33, rate_before=10) is None
