"""What the demo's seller takes out of the network, and how seller and warehouse act on what they hear of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.removals import (
    CancelRemoval,
    DepartedParcel,
    DepartedUnits,
    Method,
    Recipient,
    RemovalCanceled,
    RemovalCommandRefused,
    RemovalCompleted,
    RemovalDrafted,
    RemovalItem,
    RemovalParcel,
    RemovalPick,
    RemovalPlaced,
    RemovalProcessing,
    RemovalShipped,
    RequestRemoval,
    ShipTo,
)
from contracts.warehouse import RemovalParcelShipped, RemovalPickShort, RemovalPickStarted, RemovalUnitsDisposed
from devkit.demo import letters, removal_fates, removal_letters
from devkit.demo.clearance import Clearance, Outcome
from devkit.demo.events import Act, Event, Handle, Look
from devkit.demo.messages import Call, Post
from devkit.demo.removal_fates import Aim, Regret
from devkit.demo.shelf import Levels
from devkit.demo.wishes import ITEMS_MAX, Wish, Wishes, looks
from removals.decisions.drafting import wrong
from removals.domain.policy import Terms
from removals.phone import is_valid

MONDAY = datetime(2010, 12, 6, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)
STOCK = [
    Levels("FAST", available=50, bound=20, unfulfillable=0),
    Levels("SLOW", available=30, bound=0, unfulfillable=4),
    Levels("WAITED-FOR", available=0, bound=7, unfulfillable=2),
]
SOLD = {"FAST": 400, "SLOW": 1, "WAITED-FOR": 9}


def a_time(fits: Callable[[str], bool]) -> datetime:
    """The first time at which a look draws what is wanted."""
    times = (MONDAY + minutes * timedelta(minutes=1) for minutes in range(10_000))
    return next(at for at in times if fits(f"OUT-{at:%Y%m%d-%H%M}"))


def wished(aim: Aim, *, after: Wishes | None = None) -> Wish:
    wish = (after or Wishes()).at(a_time(lambda removal_id: removal_fates.aim(removal_id) is aim), STOCK, SOLD)
    assert wish is not None
    return wish


def units(wish: Wish) -> list[tuple[str, int, int]]:
    return [(item.sku, item.fulfillable, item.unfulfillable) for item in wish.items]


def test_what_can_not_be_sold_is_taken_out() -> None:
    assert units(wished(Aim.UNFULFILLABLE)) == [("SLOW", 0, 4), ("WAITED-FOR", 0, 2)]


def test_slow_sellers_are_those_that_sold_least() -> None:
    assert units(wished(Aim.SLOW)) == [("SLOW", 30, 0), ("FAST", 50, 0)]


def test_some_ask_for_units_that_buyers_wait_for() -> None:
    assert units(wished(Aim.ORDERED)) == [("WAITED-FOR", 7, 0), ("FAST", 70, 0)]


def test_some_ask_for_more_than_there_is() -> None:
    assert all(good > {"SLOW": 30, "FAST": 50}[sku] for sku, good, _ in units(wished(Aim.TOO_MANY)))


def test_nobody_asks_twice_on_a_day_but_those_who_mean_to() -> None:
    wishes = Wishes()
    first = wished(Aim.UNFULFILLABLE, after=wishes)
    assert wishes.at(a_time(lambda one: removal_fates.aim(one) is Aim.UNFULFILLABLE), STOCK, SOLD) is None
    assert wished(Aim.CLAIMED, after=wishes).items == first.items


def test_nothing_in_stock_is_no_wish() -> None:
    assert Wishes().at(MONDAY, [], {}) is None


def test_a_removal_has_a_few_items() -> None:
    many = [Levels(f"S{number:03}", available=1, bound=0, unfulfillable=1) for number in range(100)]
    wish = Wishes().at(a_time(lambda one: removal_fates.aim(one) is Aim.UNFULFILLABLE), many, {})
    assert wish is not None
    assert len(wish.items) == ITEMS_MAX


def test_the_seller_looks_on_the_eve_of_each_delivery_and_twice_after_the_last_sale() -> None:
    days = sorted(
        {at.date().day for at in looks(datetime(2010, 11, 30, 12, tzinfo=UTC), datetime(2010, 12, 23, 16, tzinfo=UTC))}
    )
    assert days == [6, 13, 20, 24, 31]


# ---- seller and warehouse ---------------------------------------------------------------------------------------------


@pytest.fixture
def clearance() -> Clearance:
    return Clearance((Levels("S1", available=0, bound=0, unfulfillable=6), Levels("S2", available=0, bound=0, unfulfillable=3)))


def asked(clearance: Clearance, **wanted: Any) -> tuple[str, Sequence[Post | Call]]:
    """A removal that draws these fates: its id, and what was sent for it."""

    def fits(removal_id: str) -> bool:
        visit = removal_fates.visit(removal_id, MONDAY)
        drawn = {
            "aim": removal_fates.aim(removal_id),
            "by_http": removal_fates.asked_by_http(removal_id),
            "method": removal_fates.method(removal_id),
            "regret": removal_fates.regret(removal_id),
            "portions": len(visit.portions),
            "short": visit.missed_at is not None,
            "refused": removal_fates.address_refused(removal_id),
            "stray": removal_fates.stray_at(removal_id, MONDAY) is not None,
        }
        usual = {"aim": Aim.UNFULFILLABLE, "by_http": False, "regret": Regret.NEVER, "portions": 1, "refused": False}
        return drawn == drawn | usual | {"short": False, "stray": False} | wanted

    at = a_time(fits)
    return f"OUT-{at:%Y%m%d-%H%M}", clearance.look(Look(at), {})


def told(clearance: Clearance, kind: type[Any], removal_id: str, **fields: Any) -> Sequence[Event]:
    return clearance.hear(kind(seller_id=letters.SELLER, removal_id=removal_id, **fields), MONDAY + HOUR)


def placed(clearance: Clearance, removal_id: str) -> list[Handle]:
    picks = tuple(
        RemovalPick(line=line, sku=sku, quantity=quantity, condition="unfulfillable", location_id=place, bucket="defective")
        for line, sku, quantity, place in (
            (1, "S1", 4, "network:GB:LTN1"),
            (1, "S1", 2, "network:GB:MAN1"),
            (2, "S2", 3, "network:GB:LTN1"),
        )
    )
    fields = {"marketplace_id": "GB", "method": "dispose", "lines": picks, "leave_by": MONDAY + 1000 * HOUR}
    return [one for one in told(clearance, RemovalPlaced, removal_id, **fields) if isinstance(one, Handle)]


def sent(clearance: Clearance, event: Event) -> Any:
    assert isinstance(event, Handle)
    (one,) = clearance.act(event)
    return one.message if isinstance(one, Post) else one


def test_a_draft_is_read_before_it_is_confirmed(clearance: Clearance) -> None:
    removal_id, (draft,) = asked(clearance, by_http=True)
    assert isinstance(draft, Call)
    assert (draft.service, draft.body["removal_id"]) == ("removals", removal_id)
    (confirm,) = told(clearance, RemovalDrafted, removal_id, draft=1)
    assert confirm.at > MONDAY + HOUR
    assert sent(clearance, confirm).body == {"draft": 1}


def test_others_ask_over_kafka_for_all_units_in_the_network(clearance: Clearance) -> None:
    _, (request,) = asked(clearance)
    assert isinstance(request, Post)
    assert isinstance(request.message, RequestRemoval)
    assert request.message.items == (RemovalItem(sku="S1", unfulfillable=6), RemovalItem(sku="S2", unfulfillable=3))


@pytest.mark.parametrize(("method", "kind"), [(Method.DISPOSE, RemovalUnitsDisposed), (Method.SHIP_TO, RemovalParcelShipped)])
def test_the_warehouse_begins_hours_later_and_then_the_units_leave(
    clearance: Clearance, method: Method, kind: type[RemovalUnitsDisposed | RemovalParcelShipped]
) -> None:
    removal_id, _ = asked(clearance, method=method)
    pick, take = placed(clearance, removal_id)
    assert MONDAY + 4 * HOUR < pick.at < take.at
    assert isinstance(sent(clearance, pick), RemovalPickStarted)
    left = sent(clearance, take)
    assert isinstance(left, kind)
    lines = left.parcel.lines if isinstance(left, RemovalParcelShipped) else left.lines
    assert [(line.line, line.quantity) for line in lines] == [(1, 6), (2, 3)]


def as_told(parcel: RemovalParcel) -> DepartedParcel:
    """What removals makes of the warehouse's parcel."""
    return DepartedParcel.model_validate_json(parcel.model_dump_json())


def test_a_second_portion_has_what_the_first_left(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, method=Method.SHIP_TO, portions=2)
    _, first, second = placed(clearance, removal_id)
    parcel = sent(clearance, first).parcel
    assert [(line.line, line.quantity) for line in parcel.lines] == [(1, 3)]
    told(clearance, RemovalShipped, removal_id, parcel=as_told(parcel))
    assert [(line.line, line.quantity) for line in sent(clearance, second).parcel.lines] == [(1, 3), (2, 3)]


def test_a_unit_may_not_be_on_the_shelf(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, short=True)
    _, miss, _ = placed(clearance, removal_id)
    assert miss.act is Act.MISS
    short = sent(clearance, miss)
    assert isinstance(short, RemovalPickShort)
    assert [(line.line, line.quantity) for line in short.lines] == [(1, 1)]


def test_what_is_canceled_in_time_is_not_picked(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, regret=Regret.IN_TIME)
    pick, take, cancel = placed(clearance, removal_id)
    assert cancel.at < pick.at
    assert isinstance(sent(clearance, cancel), CancelRemoval)
    told(clearance, RemovalCanceled, removal_id, lines=(), by="seller")
    assert not clearance.act(pick)
    assert not clearance.act(take)
    assert clearance.outcomes[Outcome.CANCELED] == 1


def test_what_was_canceled_may_leave_all_the_same(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, regret=Regret.IN_TIME, stray=True, method=Method.SHIP_TO)
    placed(clearance, removal_id)
    (stray,) = told(clearance, RemovalCanceled, removal_id, lines=(), by="seller")
    assert [(line.line, line.quantity) for line in sent(clearance, stray).parcel.lines] == [(1, 6), (2, 3)]


def test_a_cancel_at_once_follows_its_request(clearance: Clearance) -> None:
    _, posts = asked(clearance, regret=Regret.AT_ONCE)
    assert [type(post.message) for post in posts if isinstance(post, Post)] == [RequestRemoval, CancelRemoval]


def test_a_cancel_that_is_too_late_comes_after_the_warehouse_has_begun(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, regret=Regret.TOO_LATE, by_http=True)
    assert all(one.act is not Act.CALL_OFF for one in placed(clearance, removal_id))
    (cancel,) = told(clearance, RemovalProcessing, removal_id)
    assert sent(clearance, cancel).path.endswith(f"/{removal_id}/cancellation")


def test_every_removal_is_open_until_its_end_was_heard_of(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance)
    placed(clearance, removal_id)
    assert clearance.outcomes[Outcome.OPEN] == 1
    gone = DepartedUnits(line=1, sku="S1", quantity=6)
    parcel = DepartedParcel(package_id="P1", carrier="DPD", tracking_number="1", shipped_at=MONDAY, lines=(gone,))
    told(clearance, RemovalShipped, removal_id, parcel=parcel)
    told(
        clearance, RemovalCompleted, removal_id, lines=({"line": 1, "sku": "S1", "quantity": 6, "condition": "unfulfillable"},)
    )
    assert clearance.outcomes == {Outcome.OPEN: 0, Outcome.COMPLETED: 1, Outcome.CANCELED: 0, Outcome.REFUSED: 0}


def test_an_address_that_is_refused_ends_the_removal_and_a_refused_cancel_does_not(clearance: Clearance) -> None:
    removal_id, _ = asked(clearance, by_http=True, refused=True, method=Method.SHIP_TO)
    refusal = {"command_id": uuid4(), "code": "po_box", "sentence": ""}
    told(clearance, RemovalCommandRefused, removal_id, command="CancelRemoval", **refusal)
    assert clearance.outcomes[Outcome.REFUSED] == 0
    told(clearance, RemovalCommandRefused, removal_id, command="DraftRemoval", **refusal)
    assert clearance.outcomes[Outcome.REFUSED] == 1


def test_a_draft_says_the_same_as_a_request() -> None:
    items = (RemovalItem(sku="S1", unfulfillable=6),)
    for number in range(40):
        wish = Wish(f"OUT-{number}", MONDAY, Aim.UNFULFILLABLE, items)
        body = removal_letters.draft(wish).body
        assert (
            RequestRemoval.model_validate({"seller_id": letters.SELLER, **body}, strict=False)
            == removal_letters.request(wish).message
        )


def test_a_stranger_s_removal_moves_nobody(clearance: Clearance) -> None:
    assert not told(clearance, RemovalDrafted, "R-1", draft=1)


def test_a_refused_request_is_not_called_off_too(clearance: Clearance) -> None:
    _, sent_at_once = asked(clearance, regret=Regret.AT_ONCE, refused=True, method=Method.SHIP_TO)
    assert len(sent_at_once) == 1


@pytest.mark.parametrize("code", [None, *removal_letters.REFUSED_ADDRESSES])
def test_addresses_are_refused_for_what_they_are_meant_to_be_and_the_usual_one_is_not(code: str | None) -> None:
    changed = removal_letters.REFUSED_ADDRESSES[code] if code else {}
    address = removal_letters.ADDRESS.model_copy(update=changed)
    command = RequestRemoval(
        seller_id=letters.SELLER,
        removal_id="R",
        marketplace_id="GB",
        method=Method.SHIP_TO,
        ship_to=ShipTo(recipient=Recipient.OWN, address=address),
        items=(RemovalItem(sku="S1", unfulfillable=6),),
    )
    assert wrong(Terms(is_phone_valid=is_valid), command) == code
