"""Units held for removals: never a bound one, all that is asked for or nothing (R8, S6)."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.inventory import Disposition, HoldReleased, UnitsHeld, UnitsRefused
from contracts.removals import PORTIONS_MAX, RemovalLine
from inventory.domain.legend import LEGEND, REASONS
from inventory.domain.removal_hold import CONDITIONS, Refused, Shortage, hold, unavailable
from inventory.domain.stock import UNFULFILLABLE, Bucket, Item

from support.inventory import HOME, LEEDS, PARIS, YORK, Warehouse, names, of_kind, offered, placed, received, units
from support.inventory_removals import BAD, GOOD, called_off, out, requested, returned

GB = "network:GB:"
balances = st.dictionaries(
    st.tuples(st.sampled_from([LEEDS, YORK, PARIS, HOME]), st.sampled_from(Bucket)), st.integers(0, 5), max_size=25
)
removals = st.lists(st.tuples(st.integers(1, 8), st.sampled_from([GOOD, BAD])), min_size=1, max_size=4).map(
    lambda pairs: [out(number, quantity, condition) for number, (quantity, condition) in enumerate(pairs, start=1)]
)


@given(removals, balances)
def test_what_is_held_lay_unbound_in_a_center_of_the_country_and_is_all_that_was_asked_for(
    wanted: list[RemovalLine], at: dict[tuple[str, Bucket], int]
) -> None:
    asked = Counter[str]()
    for line in wanted:
        asked[line.condition] += line.quantity
    there = {
        condition: sum(n for (place, bucket), n in at.items() if place.startswith(GB) and bucket in buckets)
        for condition, buckets in CONDITIONS.items()
    }
    match hold(wanted, {"mug": Item(balances=at)}, "GB", PORTIONS_MAX):
        case Refused(shortages=shortages):
            assert {s.condition for s in shortages} == {c for c in asked if asked[c] > there[c]}
            assert all(sum(s.quantity for s in shortages if s.condition == c) == asked[c] - there[c] for c in _of(shortages))
        case portions:
            assert all(portion.location_id.startswith(GB) and portion.bucket not in LEGEND for portion in portions)
            for line in wanted:
                own = [p for p in portions if p.line == line.line]
                assert {p.bucket for p in own} <= set(CONDITIONS[line.condition])
                assert sum(p.quantity for p in own) == line.quantity
            taken = Counter[tuple[str, Bucket]]()
            for portion in portions:
                taken[portion.location_id, portion.bucket] += portion.quantity
            assert all(units <= at[place] for place, units in taken.items())


def _of(shortages: tuple[Shortage, ...]) -> set[str]:
    return {shortage.condition for shortage in shortages}


@given(balances)
def test_every_unit_is_removable_or_has_a_reason_why_not(at: dict[tuple[str, Bucket], int]) -> None:
    removable = sum(n for (place, bucket), n in at.items() if place.startswith(GB) and bucket not in LEGEND)
    assert removable + sum(unavailable(Item(balances=at), GB).values()) == sum(at.values())


def test_a_refusal_tells_what_is_missing_and_why() -> None:
    item = Item(
        balances={
            (LEEDS, Bucket.AVAILABLE): 1,
            (LEEDS, Bucket.RESERVED): 4,
            (HOME, Bucket.AVAILABLE): 2,
            (PARIS, Bucket.DEFECTIVE): 3,
        }
    )
    reasons = {"pending_customer_order": 4, "not_in_network": 2, "other_marketplace": 3}
    assert hold([out(1, 3), out(2, 1, BAD)], {"mug": item}, "GB", PORTIONS_MAX) == Refused(
        (Shortage(1, "mug", "fulfillable", 2, reasons), Shortage(2, "mug", "unfulfillable", 1, reasons))
    )


def test_units_in_a_condition_that_is_not_known_are_not_there() -> None:
    refused = hold([out(1, 1, "haunted")], {"mug": Item(balances={(LEEDS, Bucket.AVAILABLE): 5})}, "GB", PORTIONS_MAX)
    assert refused == Refused((Shortage(1, "mug", "haunted", 1, {}),))


def test_the_legend_has_one_sentence_for_each_code() -> None:
    codes = [reason.code for reason in REASONS]
    assert len(codes) == len(set(codes)) == 9
    assert all(reason.sentence.endswith(".") for reason in REASONS)


def stocked() -> Warehouse:
    """Three good mugs, and one each of all that makes a mug bad."""
    warehouse = Warehouse()
    warehouse.tell(received(3), offered(), *(received(1, disposition=Disposition(bucket)) for bucket in UNFULFILLABLE))
    return warehouse


def test_a_hold_names_the_bucket_of_every_unit_and_is_all_or_nothing() -> None:
    warehouse = stocked()
    facts = warehouse.tell(requested("r-1", out(1, 1), out(2, 2, BAD)))
    (held,) = of_kind(facts, UnitsHeld)
    assert [(line.line, line.bucket, line.quantity) for line in held.lines] == [
        (1, "available", 1),
        (2, "customer_damaged", 1),
        (2, "warehouse_damaged", 1),
    ]
    (refused,) = of_kind(warehouse.tell(requested("r-2", out(1, 2), out(2, 5, BAD))), UnitsRefused)
    (line,) = refused.missing
    assert (line.line, line.quantity, line.condition) == (2, 1, "unfulfillable")
    assert [(reason.code, reason.quantity) for reason in line.unavailable] == [("other_removal", 3)]
    assert warehouse.held() == 3


def test_a_bound_unit_is_not_removable_whoever_holds_it() -> None:
    warehouse = Warehouse()
    warehouse.tell(received(5), placed("o-1", units(1, 2)), requested("r-1", out(1, 2)))
    assert names(warehouse.tell(requested("r-2", out(1, 2)))) == ["UnitsRefused"]
    assert names(warehouse.tell(placed("o-2", units(1, 2)))) == ["StockRefused"]
    assert (warehouse.available(), warehouse.reserved(), warehouse.held()) == (1, 2, 2)


def test_what_is_called_off_lies_where_it_lay_and_what_was_good_can_be_sold_again() -> None:
    warehouse = stocked()
    before = warehouse.item().balances
    assert names(warehouse.tell(requested("r-1", out(1, 3), out(2, 5, BAD)))) == ["UnitsHeld", "ListingSoldOut"]
    facts = warehouse.tell(called_off("r-1"))
    assert names(facts) == ["HoldReleased", "ListingRestocked"]
    assert sum(line.quantity for line in of_kind(facts, HoldReleased)[0].lines) == 8
    assert {place: n for place, n in warehouse.item().balances.items() if n} == before


def test_no_more_is_given_back_than_is_held() -> None:
    warehouse = stocked()
    warehouse.tell(requested("r-1", out(1, 2), out(2, 3, BAD)))
    facts = warehouse.tell(returned("r-1", out(2, 2, BAD), out(3, 9)))
    (released,) = of_kind(facts, HoldReleased)
    assert [(line.bucket, line.quantity) for line in released.lines] == [("distributor_damaged", 1), ("warehouse_damaged", 1)]
    assert (warehouse.available(), warehouse.held()) == (1, 3)
