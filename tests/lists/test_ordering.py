"""Positions: a move and a sort put items where they belong, and touch no more than they have to."""

from hypothesis import given
from hypothesis import strategies as st

from app.lists.items.ordering import GAP, Spot, plan_move, plan_sort

LISTS = st.lists(st.tuples(st.integers(1, 60), st.integers(-3 * GAP, 60 * GAP)), max_size=12, unique_by=lambda s: s[0])
SPREAD = LISTS.filter(lambda spots: len({position for _, position in spots}) == len(spots))


def in_order(spots: list[tuple[int, int]]) -> list[Spot]:
    return sorted((Spot(*spot) for spot in spots), key=lambda spot: (spot.position, spot.no))


def after(order: list[Spot], positions: dict[int, int]) -> list[int]:
    moved = [(positions.get(spot.no, spot.position), spot.no) for spot in order]
    return [no for _, no in sorted(moved)]


@given(spots=LISTS, data=st.data())
def test_a_sorted_list_is_in_the_order_asked_for(spots: list[tuple[int, int]], data: st.DataObject) -> None:
    order = in_order(spots)
    wanted = data.draw(st.permutations([spot.no for spot in order]))
    assert after(order, dict(plan_sort(order, wanted, 100))) == wanted


@given(spots=SPREAD, data=st.data())
def test_sorting_trades_positions_and_leaves_those_that_stand_right(
    spots: list[tuple[int, int]], data: st.DataObject
) -> None:
    order = in_order(spots)
    wanted = data.draw(st.permutations([spot.no for spot in order]))
    positions = plan_sort(order, wanted, 100)
    assert set(positions) == {spot.no for spot, no in zip(order, wanted, strict=True) if spot.no != no}
    assert sorted(positions.values()) == sorted(spot.position for spot in order if spot.no in positions)


@given(spots=LISTS, count=st.integers(0, 12))
def test_what_goes_to_the_bottom_takes_the_place_of_one_new_item(spots: list[tuple[int, int]], count: int) -> None:
    order = in_order(spots)
    moving = [spot.no for spot in order][:count]
    positions = plan_move(order, moving, "bottom", 100)
    assert after(order, dict(positions)) == [spot.no for spot in order][count:] + moving
    assert all(100 * GAP <= position < 101 * GAP for position in positions.values())
