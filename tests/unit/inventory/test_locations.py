"""Which locations serve an order: the fewest parcels, then the first by location id; all lines or none."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from contracts.values import LineUnits
from inventory.domain.location import EXACT_LOCATIONS_MAX, Portion, Short, Supply, allocate, fewest


class Known(dict[str, dict[str, int]]):
    """Shelves whose units are all known."""

    def at(self, sku: str, location_id: str) -> int:
        return self[sku].get(location_id, 0)

    def by_place(self, sku: str) -> dict[str, int]:
        return self[sku]


SKUS = ("mug", "plate", "bowl")


def supplies(locations_max: int) -> st.SearchStrategy[dict[str, dict[str, int]]]:
    places = st.sampled_from([f"network:GB:{letter}" for letter in "ABCDEFGHIJKL"[:locations_max]])
    return st.fixed_dictionaries({sku: st.dictionaries(places, st.integers(0, 4), max_size=locations_max) for sku in SKUS})


wanted = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), min_size=1, max_size=5).map(
    lambda pairs: [LineUnits(line=n, sku=sku, quantity=quantity) for n, (sku, quantity) in enumerate(pairs, start=1)]
)


def needs(lines: list[LineUnits]) -> dict[str, int]:
    return {sku: sum(line.quantity for line in lines if line.sku == sku) for sku in {line.sku for line in lines}}


def by_brute_force(needed: dict[str, int], supply: Supply) -> tuple[str, ...] | None:
    places = sorted({place for held in supply.values() for place in held})
    for size in range(1, len(places) + 1):
        for chosen in combinations(places, size):
            if all(sum(supply[sku].get(place, 0) for place in chosen) >= n for sku, n in needed.items()):
                return chosen
    return None


@given(wanted, supplies(6))
def test_the_fewest_locations_serve_an_order_and_of_equally_few_the_first(lines: list[LineUnits], supply: Supply) -> None:
    needed = needs(lines)
    expected = by_brute_force(needed, supply)
    allocated = allocate(lines, Known(supply))
    if expected is None:
        assert isinstance(allocated, Short)
        held = {sku: sum(supply[sku].values()) for sku in needed}
        assert allocated.missing == {sku: n - held[sku] for sku, n in needed.items() if n > held[sku]}
    else:
        assert not isinstance(allocated, Short)
        assert {portion.location_id for portion in allocated} == set(expected)


@given(wanted, supplies(12))
def test_every_line_gets_its_units_and_no_location_gives_more_than_it_has(lines: list[LineUnits], supply: Supply) -> None:
    allocated = allocate(lines, Known(supply))
    if isinstance(allocated, Short):
        return
    for line in lines:
        assert sum(p.quantity for p in allocated if (p.line, p.sku) == (line.line, line.sku)) == line.quantity
    for sku, held in supply.items():
        for place, units in held.items():
            assert sum(p.quantity for p in allocated if (p.sku, p.location_id) == (sku, place)) <= units
    assert all(portion.quantity > 0 for portion in allocated)


@given(wanted, supplies(12))
def test_a_single_location_that_has_everything_is_found_however_many_there_are(lines: list[LineUnits], supply: Supply) -> None:
    needed = needs(lines)
    whole = "network:GB:M"
    stocked = {sku: {**supply[sku], whole: needed.get(sku, 0)} for sku in SKUS}
    assert len(fewest(needed, stocked)) == 1


def test_units_are_taken_in_the_order_of_location_ids() -> None:
    lines = [LineUnits(line=1, sku="mug", quantity=3), LineUnits(line=2, sku="mug", quantity=3)]
    assert allocate(lines, Known(mug={"network:GB:B": 4, "network:GB:A": 2})) == (
        Portion(1, "mug", "network:GB:A", 2),
        Portion(1, "mug", "network:GB:B", 1),
        Portion(2, "mug", "network:GB:B", 3),
    )


def test_beyond_the_exact_bound_the_place_that_covers_most_goes_first() -> None:
    scattered = {f"network:GB:{number:02}": 1 for number in range(EXACT_LOCATIONS_MAX + 1)}
    chosen = fewest({"mug": 5}, {"mug": {**scattered, "network:GB:99": 4}})
    assert chosen == ("network:GB:00", "network:GB:99")
