"""What decisions tell and remember, beyond the status: contents, picks, uncalled units, dates, settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.early import EARLY_MESSAGES_MAX, Expected
from chassis.settings import SettingsError, read_settings
from contracts.envelope import Message
from contracts.inventory import Bucket
from contracts.removals import (
    REFUSALS,
    Method,
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalCommandRefused,
    RemovalCompleted,
    RemovalDisposed,
    RemovalDrafted,
    RemovalLate,
    RemovalPickRefused,
    RemovalPlaced,
    RemovalRefused,
    RemovalRequested,
    RemovalShipped,
    RemovalShortened,
    RemovalUnitsMissing,
    RemovalUnitsReturned,
)
from removals.calendar import business_days_after
from removals.domain.policy import Policy
from removals.settings import RemovalsSettings

from support.alone import names
from support.removals import (
    CENTER,
    ITEM,
    NOON,
    OWN,
    SUBJECT,
    TERMS,
    Decided,
    a_deadline,
    an_address,
    an_item,
    canceled,
    confirmed,
    disposed,
    drafted,
    from_place,
    held,
    held_units,
    missing,
    parcel,
    pending,
    picking,
    processing,
    refused,
    requested,
    snapshot,
    units,
    withdrawn,
)

DAY = timedelta(days=1)
PO_BOX = OWN.model_copy(update={"address": an_address(line1="PO Box 12")})


def code_of(facts: Sequence[Message]) -> str:
    (fact,) = facts
    assert isinstance(fact, RemovalCommandRefused | RemovalCancelRefused)
    assert fact.sentence == REFUSALS[fact.code]
    return fact.code


# ---- drafting and asking ------------------------------------------------------------------------------------------


def test_a_request_has_a_line_for_each_item_and_condition() -> None:
    (asked,) = Decided().tell(requested(an_item("mug", 3, 1), an_item("bowl", 0, 4), an_item("plate", 2)))
    assert isinstance(asked, RemovalRequested)
    assert [(line.line, line.sku, line.condition, line.quantity) for line in asked.lines] == [
        (1, "mug", "fulfillable", 3),
        (2, "mug", "unfulfillable", 1),
        (3, "bowl", "unfulfillable", 4),
        (4, "plate", "fulfillable", 2),
    ]


def test_drafts_are_counted_and_the_reviewed_one_is_asked_for() -> None:
    decided = Decided()
    decided.tell(drafted())
    (second,) = decided.at(DAY).tell(drafted(an_item("mug", 1)))
    assert isinstance(second, RemovalDrafted)
    assert (second.draft, decided.deadlines) == (2, {"DraftExpired": NOON + 31 * DAY})
    assert code_of(decided.tell(confirmed(1))) == "draft_changed"
    assert names(decided.tell(confirmed(2))) == ["RemovalRequested"]
    assert decided.deadlines == {"RemovalGivenUp": NOON + 91 * DAY}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (drafted(ship_to=None), "address_missing"),
        (drafted(method=Method.DISPOSE), "address_not_wanted"),
        (drafted(ship_to=PO_BOX), "po_box"),
        (requested(ship_to=OWN.model_copy(update={"address": an_address(phone=" ")})), "phone_missing"),
        (requested(ship_to=OWN.model_copy(update={"address": an_address(phone="555-0100")})), "phone_invalid"),
        (requested(an_item("mug", 0)), "no_units"),
        (requested(an_item("mug", 1), an_item("mug", 0, 1)), "item_twice"),
    ],
)
def test_a_refused_removal_counts_its_refusal_and_may_be_right_later(command: Message, code: str) -> None:
    decided = Decided()
    assert code_of(decided.tell(command)) == code
    assert decided.root == Expected(NOON, sequence=1)
    assert not decided.books.exists(SUBJECT)
    assert names(decided.tell(requested())) == ["RemovalRequested"]
    assert decided.removal.sequence == 2


def test_a_wrong_draft_leaves_the_one_before_as_it_was() -> None:
    decided = Decided()
    decided.tell(drafted())
    before = decided.removal
    decided.tell(drafted(ship_to=PO_BOX))
    assert replace(decided.removal, sequence=1) == before


def test_a_draft_holds_nothing_so_nothing_comes_back() -> None:
    decided = Decided()
    decided.tell(drafted())
    (over,) = decided.fire("DraftExpired")
    assert isinstance(over, RemovalCanceled)
    assert (over.lines, over.by, decided.deadlines) == ((), "system", {})


def test_the_hash_that_tells_a_repetition_is_the_same_for_a_draft_and_a_request() -> None:
    one, two = Decided(), Decided()
    one.tell(drafted())
    two.tell(requested())
    assert one.removal.request.content == two.removal.request.content


@pytest.mark.parametrize("wrong", [drafted(ship_to=PO_BOX), requested(ship_to=PO_BOX)])
@pytest.mark.parametrize(("command", "code"), [(confirmed(), "no_draft"), (canceled(), "removal_ended")])
def test_a_command_about_a_refused_removal_does_nothing_to_a_later_one(wrong: Message, command: Message, code: str) -> None:
    decided = Decided()
    decided.tell(wrong)
    assert code_of(decided.tell(command)) == code
    assert names(decided.tell(drafted())) == ["RemovalDrafted"]
    assert (decided.status, list(decided.deadlines)) == ("Draft", ["DraftExpired"])


def test_commands_that_waited_for_a_removal_that_is_refused_are_refused_with_it() -> None:
    decided = Decided()
    decided.tell(confirmed(), picking(), canceled())
    told = decided.tell(drafted(ship_to=PO_BOX))
    assert [getattr(fact, "code", "") for fact in told] == ["po_box", "no_draft", "removal_ended"]
    assert len({getattr(fact, "command_id", None) for fact in told}) == 3
    assert isinstance(expected := decided.root, Expected)
    assert [early.type for early in expected.early] == ["RemovalPickStarted"]
    assert list(decided.deadlines) == ["EarlyRemovalMessagesExpired"]


def test_nothing_waits_any_more_when_only_commands_did() -> None:
    decided = Decided()
    decided.tell(confirmed(), drafted(ship_to=PO_BOX))
    assert decided.deadlines == {}


def test_a_new_draft_never_replaces_another_one() -> None:
    decided = Decided()
    decided.tell(drafted(replaces=False))
    assert decided.tell(drafted(replaces=False)) == decided.tell(drafted()) == []
    before = decided.removal
    assert code_of(decided.tell(drafted(an_item("mug", 1), replaces=False))) == "removal_exists"
    assert decided.removal.lines == before.lines
    assert names(decided.tell(drafted(an_item("mug", 1)))) == ["RemovalDrafted"]


def test_early_messages_are_decided_in_their_order_when_the_removal_comes() -> None:
    decided = Decided()
    decided.tell(held(), picking(), canceled())
    assert decided.deadlines == {"EarlyRemovalMessagesExpired": NOON + 30 * DAY}
    told = decided.at(DAY).tell(requested())
    assert names(told) == ["RemovalRequested", "RemovalPlaced", "RemovalProcessing", "RemovalCancelRefused"]


def test_what_exceeds_the_bound_of_early_messages_goes_to_quarantine() -> None:
    decided = Decided()
    decided.tell(*[picking()] * (EARLY_MESSAGES_MAX + 2))
    assert [aside.reason for aside in decided.books.quarantined.added] == ["20 messages wait for this removal already"] * 2


# ---- holding ------------------------------------------------------------------------------------------------------


def test_a_placed_removal_tells_where_the_units_lie_where_they_go_and_by_when() -> None:
    placed = pending().facts[-1]
    assert isinstance(placed, RemovalPlaced)
    assert [(pick.line, pick.condition, pick.location_id, pick.bucket, pick.quantity) for pick in placed.lines] == [
        (1, "fulfillable", CENTER, "available", 3),
        (2, "unfulfillable", CENTER, "customer_damaged", 1),
        (3, "fulfillable", CENTER, "available", 2),
    ]
    assert (placed.ship_to, placed.method) == (OWN, "ship_to")
    # 30 business days from 1 December: Christmas, its substitute day, and New Year's day after a weekend do not count.
    assert placed.leave_by == datetime(2011, 1, 18, tzinfo=UTC)


def test_a_refused_removal_remembers_what_was_missing_and_why() -> None:
    decided = Decided()
    (told,) = decided.tell(requested(), refused())
    assert isinstance(told, RemovalRefused)
    (shortage,) = decided.removal.shortages
    assert (shortage.line, shortage.quantity, shortage.unavailable) == (1, 1, (("pending_customer_order", 4),))
    assert decided.deadlines == {}


@pytest.mark.parametrize("end", [canceled(), refused()])
def test_a_pick_announced_before_the_hold_is_refused_when_the_removal_ends_first(end: Message) -> None:
    decided = Decided()
    *_, told = decided.tell(requested(), picking(), end)
    assert isinstance(told, RemovalPickRefused)
    assert told.status == decided.status


def test_units_that_inventory_can_not_keep_are_told_and_the_rest_goes_on() -> None:
    decided = pending()
    (told,) = decided.tell(withdrawn(held_units(1, 2)))
    assert isinstance(told, RemovalShortened)
    assert [(line.line, line.quantity, line.condition) for line in told.lines] == [(1, 2, "fulfillable")]
    assert decided.counts[1] == (1, 0, 0, 2)


# ---- picking ------------------------------------------------------------------------------------------------------


def test_a_partly_picked_removal_ends_with_what_was_shipped_and_what_was_not_found() -> None:
    decided = processing()
    decided.tell(parcel("1", units(1, 2), units(3)))
    missed, over = decided.tell(missing(units(1, 1), units(2)))
    assert isinstance(missed, RemovalUnitsMissing)
    assert isinstance(over, RemovalCompleted)
    assert [(line.quantity, line.shipped, line.disposed, line.canceled) for line in over.lines] == [
        (3, 2, 0, 1),
        (1, 0, 0, 1),
        (2, 2, 0, 0),
    ]


EARLY_REPORTS = (parcel("1", units(1, 2)), disposed("1", units(2)), missing(units(1, 1)))


def test_what_the_warehouse_tells_before_the_units_are_held_is_decided_then() -> None:
    decided = Decided()
    decided.tell(requested(), *EARLY_REPORTS)
    told = decided.at(DAY).tell(held())
    left = ["RemovalShipped", "RemovalDisposed", "RemovalUnitsMissing"]
    assert names(told) == ["RemovalPlaced", "RemovalProcessing", *left]
    assert decided.counts == {1: (0, 2, 0, 1), 2: (0, 0, 1, 0), 3: (2, 0, 0, 0)}
    assert decided.removal.reports == ()
    assert not decided.books.quarantined.added


@pytest.mark.parametrize(
    ("end", "status"), [(refused(), "Refused"), (canceled(), "Canceled"), (a_deadline("RemovalGivenUp"), "Canceled")]
)
def test_what_has_left_counts_though_the_units_were_never_held(end: Message, status: str) -> None:
    decided = Decided()
    decided.tell(requested(), *EARLY_REPORTS)
    told = decided.decide(end)
    assert names(told)[1:] == ["RemovalShipped", "RemovalDisposed"]
    assert decided.status == status
    assert decided.counts == {1: (0, 2, 0, 1), 2: (0, 0, 1, 0), 3: (0, 0, 0, 2)}


def test_an_early_report_that_comes_again_is_kept_once_and_too_many_are_quarantined() -> None:
    decided = Decided()
    decided.tell(requested(), *EARLY_REPORTS[:2], *EARLY_REPORTS[:2])
    assert len(decided.removal.reports) == 2
    decided.tell(*[missing(units(1, 1))] * (EARLY_MESSAGES_MAX - 1))
    assert len(decided.removal.reports) == EARLY_MESSAGES_MAX
    assert [aside.reason for aside in decided.books.quarantined.added] == ["20 reports wait for inventory's answer already"]


@pytest.mark.parametrize("wrong", [missing(units(9, 1)), missing(units(1, 1), units(2, 1, sku="plate"))])
def test_a_short_pick_of_a_line_that_is_not_there_has_to_be_looked_at(wrong: Message) -> None:
    decided = processing()
    before = decided.removal
    assert decided.tell(wrong) == []
    assert [aside.reason for aside in decided.books.quarantined.added] == ["the removal has no such line"]
    assert decided.removal == before


def test_a_named_short_pick_counts_once_and_one_without_a_name_each_time() -> None:
    decided = processing()
    decided.tell(missing(units(1, 1), report_id="a"))
    assert decided.tell(missing(units(1, 1), report_id="a")) == []
    assert decided.counts[1] == (2, 0, 0, 1)
    decided.tell(missing(units(1, 2), report_id="a"))
    assert [aside.reason for aside in decided.books.quarantined.added] == ["short before with other content"]
    decided.tell(missing(units(1, 1)), missing(units(1, 1)))
    assert decided.counts[1] == (0, 0, 0, 3)


def test_missing_units_are_told_with_the_place_where_they_were_looked_for() -> None:
    elsewhere = "network:GB:MAN1"
    decided = processing()
    short = (from_place(elsewhere, 1, 1), units(2), from_place(CENTER, 1, 1), from_place(elsewhere, 1, 5))
    (told,) = decided.tell(missing(*short))
    assert isinstance(told, RemovalUnitsMissing)
    assert [(line.line, line.location_id, line.quantity, line.condition) for line in told.lines] == [
        (1, elsewhere, 2, "fulfillable"),
        (1, CENTER, 1, "fulfillable"),
        (2, None, 1, "unfulfillable"),
    ]


def test_units_that_left_are_told_with_their_condition() -> None:
    decided = processing()
    shipped, *_ = decided.tell(parcel("1", units(1, 1), units(2, 4)))
    destroyed, *_ = decided.tell(disposed("1", units(2), units(3)))
    assert isinstance(shipped, RemovalShipped)
    assert isinstance(destroyed, RemovalDisposed)
    told = (*shipped.parcel.lines, *shipped.uncalled, *destroyed.lines, *destroyed.uncalled)
    conditions = {1: "fulfillable", 2: "unfulfillable", 3: "fulfillable"}
    assert [(one.line, one.condition) for one in told] == [(line, conditions[line]) for line in (1, 2, 2, 2, 3, 2)]


def test_units_beyond_all_that_was_asked_for_are_the_excess_of_their_parcel() -> None:
    decided = processing()
    decided.tell(missing(units(1, 1)), parcel("1", units(1, 4), units(1, 1)))
    (left,) = decided.removal.departures
    assert [(one.line, one.quantity) for one in (*left.given, *left.uncalled, *left.excess)] == [(1, 5), (1, 3), (1, 2)]


def test_units_beyond_those_that_are_open_are_uncalled() -> None:
    decided = processing()
    decided.tell(missing(units(1, 1)))
    told, *_ = decided.tell(parcel("1", units(1, 5)))
    assert isinstance(told, RemovalShipped)
    assert [(one.line, one.quantity) for one in told.uncalled] == [(1, 3)]
    assert decided.counts[1] == (0, 3, 0, 0)


def test_what_was_canceled_and_left_all_the_same_counts_as_gone() -> None:
    decided = pending()
    decided.tell(canceled())
    (told,) = decided.tell(disposed("1", units(2), units(3, 1)))
    assert isinstance(told, RemovalDisposed)
    assert told.uncalled == told.lines
    assert (decided.status, decided.counts) == ("Canceled", {1: (0, 0, 0, 3), 2: (0, 0, 1, 0), 3: (0, 0, 1, 1)})


def test_a_parcel_and_a_disposal_of_the_same_name_are_two_things() -> None:
    decided = processing()
    decided.tell(parcel("1", units(1, 1)), disposed("1", units(1, 1)))
    assert decided.counts[1] == (1, 1, 1, 0)


def test_more_than_any_fact_can_tell_of_is_somebody_elses_mistake() -> None:
    decided = processing()
    decided.tell(parcel("1", units(1, 1_000_000), units(1, 1)))
    assert len(decided.books.quarantined.added) == 1
    assert decided.removal.open_units


# ---- time ---------------------------------------------------------------------------------------------------------


def test_a_removal_that_is_late_says_so_once_and_may_still_leave() -> None:
    decided = processing()
    (late,) = decided.fire("LeaveByReached")
    assert isinstance(late, RemovalLate)
    assert late.leave_by == decided.removal.leave_by
    assert decided.removal.late
    assert decided.decide(a_deadline("LeaveByReached")) == []
    assert names(decided.tell(parcel())) == ["RemovalShipped", "RemovalCompleted"]


def test_a_removal_that_was_begun_and_given_up_ends_with_what_has_left() -> None:
    decided = processing()
    decided.tell(parcel("1", units(1)))
    returned, over = decided.fire("RemovalGivenUp")
    assert isinstance(returned, RemovalUnitsReturned)
    assert isinstance(over, RemovalCompleted)
    assert [(line.line, line.quantity) for line in returned.lines] == [(2, 1), (3, 2)]


def test_a_removal_keeps_the_policy_it_was_drafted_under() -> None:
    terms = replace(TERMS, by_marketplace={"GB": Policy(leave_business_days=1, give_up_days=10)})
    decided = Decided(terms)
    decided.tell(requested())
    assert decided.deadlines == {"RemovalGivenUp": NOON + 10 * DAY}
    decided.books.terms = TERMS
    decided.tell(held())
    assert decided.removal.leave_by == datetime(2010, 12, 3, tzinfo=UTC)


def test_an_older_snapshot_says_nothing_new() -> None:
    decided = Decided()
    decided.tell(snapshot(2, (CENTER, Bucket.AVAILABLE, 5)), snapshot(1, (CENTER, Bucket.AVAILABLE, 9)))
    view = decided.books.stock[ITEM]
    assert view is not None
    assert (view.version, view.balances[0].quantity) == (2, 5)


# ---- settings -----------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("WHARF_DATABASE", "postgresql+asyncpg://wharf@db/wharf")
    monkeypatch.setenv("WHARF_KAFKA", "one:9092")
    monkeypatch.setenv("WHARF_DEV_MODE", "true")
    return monkeypatch


def test_limits_come_from_settings_for_all_marketplaces_or_for_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WHARF_POLICY__GIVE_UP_DAYS", "60")
    environment.setenv("WHARF_POLICY_BY_MARKETPLACE", '{"DE": {"draft_days": 10}}')
    terms = read_settings(RemovalsSettings).terms()
    assert terms.policy_of("GB") == Policy(give_up_days=60)
    assert terms.policy_of("DE") == Policy(give_up_days=60, draft_days=10)


def test_a_removal_can_be_late_before_it_is_given_up(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("WHARF_POLICY_BY_MARKETPLACE", '{"DE": {"leave_business_days": 60}}')
    with pytest.raises(SettingsError, match="leave_business_days"):
        read_settings(RemovalsSettings)


@pytest.mark.parametrize("marketplace", ["GB", "DE", "TR", "CN", "JP", "ZZ"])
@pytest.mark.parametrize("business_days", [1, 30])
def test_no_season_is_longer_than_the_settings_allow_for(marketplace: str, business_days: int) -> None:
    days = [NOON + start * DAY for start in range(0, 365, 5)]
    policy = Policy(leave_business_days=business_days)
    spans = [TERMS.leave_by(policy, marketplace, day) - day for day in days]
    assert max(spans) <= policy.late_days_max * DAY


@pytest.mark.parametrize(("day", "after"), [((2010, 4, 1), 6), ((2010, 8, 27), 31)])
def test_a_holiday_of_england_is_no_business_day(day: tuple[int, int, int], after: int) -> None:
    assert business_days_after("GB", date(*day), 1).day == after


def test_the_inbox_remembers_longer_than_the_longest_deadline(environment: pytest.MonkeyPatch) -> None:
    assert read_settings(RemovalsSettings).inbox_retention_days > Policy().give_up_days
    environment.setenv("WHARF_POLICY_BY_MARKETPLACE", '{"DE": {"give_up_days": 200}}')
    with pytest.raises(SettingsError, match="give_up_days"):
        read_settings(RemovalsSettings)
