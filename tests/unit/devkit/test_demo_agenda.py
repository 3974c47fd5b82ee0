"""When the demo's clock stops, and in which order things happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.values import Channel
from devkit.demo.events import Agenda, Event, Pay, Place, Reverse
from devkit.demo.fates import Answer
from devkit.demo.invoices import Credit, Invoice, Line

NOON = datetime(2010, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
INVOICE = Invoice("536365", NOON, "17850", "United Kingdom", Channel.SELLER, (Line("85123A", "", 6, 255),))


def an_agenda(*ats: datetime) -> Agenda:
    agenda = Agenda()
    agenda.add(Place(at, INVOICE) for at in ats)
    return agenda


def test_the_clock_stops_at_the_full_hour_after_the_next_event_and_skips_empty_ones() -> None:
    assert an_agenda(NOON + 4 * HOUR + MINUTE).next_step(NOON, step=HOUR, deadline=None) == NOON + 5 * HOUR


def test_an_event_at_the_full_hour_belongs_to_it() -> None:
    assert an_agenda(NOON + HOUR).next_step(NOON, step=HOUR, deadline=None) == NOON + HOUR


def test_the_clock_stops_for_a_deadline_before_the_next_event() -> None:
    agenda = an_agenda(NOON + 9 * HOUR)
    assert agenda.next_step(NOON, step=HOUR, deadline=NOON + HOUR + MINUTE) == NOON + 2 * HOUR
    assert agenda.next_step(NOON, step=None, deadline=NOON + HOUR + MINUTE) == NOON + HOUR + MINUTE


def test_without_steps_the_clock_stops_at_each_instant() -> None:
    assert an_agenda(NOON + 7 * MINUTE).next_step(NOON, step=None, deadline=None) == NOON + 7 * MINUTE


def test_the_clock_stops_inside_an_hour_for_a_cancellation_in_the_hold() -> None:
    agenda = an_agenda(NOON + 5 * MINUTE)
    agenda.add([Reverse(Credit("C1", NOON + 25 * MINUTE, "17850", ()), precise=True)])
    assert agenda.next_step(NOON, step=HOUR, deadline=None) == NOON + 25 * MINUTE
    agenda.due(NOON + 25 * MINUTE)
    assert agenda.next_step(NOON + 25 * MINUTE, step=HOUR, deadline=None) is None


def test_the_clock_never_goes_back() -> None:
    assert an_agenda(NOON - HOUR).next_step(NOON, step=HOUR, deadline=None) == NOON


def test_nothing_to_come_ends_it() -> None:
    assert an_agenda().next_step(NOON, step=HOUR, deadline=None) is None


def test_events_come_by_time_and_at_the_same_instant_in_an_order_of_their_own() -> None:
    agenda, backward = Agenda(), Agenda()
    events: list[Event] = [Place(NOON, INVOICE), Pay(NOON, INVOICE, Answer.VERIFIED), Place(NOON - MINUTE, INVOICE)]
    agenda.add(events)
    backward.add(reversed(events))
    assert agenda.due(NOON) == backward.due(NOON) == [events[2], events[1], events[0]]
    assert len(agenda) == 0
