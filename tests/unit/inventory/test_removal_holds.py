"""Units held for removals: never a bound one, all that is asked for or nothing (R8, S6)."""

from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.legend import LEGEND, REASONS
from inventory.domain.removal_hold import Held, Removal, Shortage, hold, unavailable
from inventory.domain.stock import NEVER, UNFULFILLABLE, Bucket, Item, post

from support.inventory import HOME, LEEDS, YORK

balances = st.dictionaries(
    st.tuples(st.sampled_from([LEEDS, YORK, HOME]), st.sampled_from(Bucket)), st.integers(0, 5), max_size=20
)
removals = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(any), min_size=1, max_size=3).map(
    lambda pairs: [Removal(number, "mug", good, bad) for number, (good, bad) in enumerate(pairs, start=1)]
)


@given(removals, balances)
def test_what_is_held_lay_unbound_in_a_center_and_is_all_that_was_asked_for(
    wanted: list[Removal], at: dict[tuple[str, Bucket], int]
) -> None:
    item = Item(balances=at)
    match hold(wanted, {"mug": item}):
        case Held(moves=moves):
            after = post(item, moves["mug"], NEVER)
            assert all(move.location_id.startswith("network:") and move.source not in LEGEND for move in moves["mug"])
            for removal in wanted:
                own = [move for move in moves["mug"] if move.line == removal.line]
                assert sum(move.quantity for move in own if move.source is Bucket.AVAILABLE) == removal.fulfillable
                assert sum(move.quantity for move in own if move.source in UNFULFILLABLE) == removal.unfulfillable
            assert all(units >= 0 for units in after.balances.values())
        case shortages:
            assert all(shortage.fulfillable or shortage.unfulfillable for shortage in shortages)
            good = sum(n for (place, bucket), n in at.items() if place != HOME and bucket is Bucket.AVAILABLE)
            bad = sum(n for (place, bucket), n in at.items() if place != HOME and bucket in UNFULFILLABLE)
            assert sum(r.fulfillable for r in wanted) > good or sum(r.unfulfillable for r in wanted) > bad


@given(balances)
def test_every_unit_is_removable_or_has_a_reason_why_not(at: dict[tuple[str, Bucket], int]) -> None:
    removable = sum(n for (place, bucket), n in at.items() if place != HOME and bucket not in LEGEND)
    assert removable + sum(unavailable(Item(balances=at)).values()) == sum(at.values())


def test_a_refusal_tells_what_is_missing_and_why() -> None:
    item = Item(balances={(LEEDS, Bucket.AVAILABLE): 1, (LEEDS, Bucket.RESERVED): 4, (HOME, Bucket.AVAILABLE): 2})
    assert hold([Removal(1, "mug", 3, 1)], {"mug": item}) == (
        Shortage(1, "mug", 2, 1, {"pending_customer_order": 4, "not_in_network": 2}),
    )


def test_the_legend_has_one_sentence_for_each_code() -> None:
    codes = [reason.code for reason in REASONS]
    assert len(codes) == len(set(codes)) == 7
    assert all(reason.sentence.endswith(".") for reason in REASONS)
