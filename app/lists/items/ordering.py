"""Positions on a list: they are far apart, so that a move finds room between two others. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.lists.models import GAP_BITS

GAP: Final = 1 << GAP_BITS
ROOM: Final = 1 << 10
"""The least distance between two positions after a full gap has been widened."""

End = Literal["top", "bottom"]


class Spot(NamedTuple):
    """An item's number and where it stands; a list is in order of position, then number."""

    no: int
    position: int


def plan_move(order: Sequence[Spot], moving: Sequence[int], to: End | int, next_no: int) -> Mapping[int, int]:
    """Return new positions, by item number, that put `moving` in that order at the end `to` or before the item `to`.

    `order` is the list that they go to, in its order. `next_no` is the number of the next new item: items put at the
    bottom stand behind all others, and share the place that it would have had. Empty when everything stands there
    already.
    """
    going = set(moving)
    rest = [spot for spot in order if spot.no not in going]
    place = 0 if to == "top" else len(rest) if to == "bottom" else [spot.no for spot in rest].index(to)
    new_order = [spot.no for spot in rest[:place]] + list(moving) + [spot.no for spot in rest[place:]]
    if new_order == [spot.no for spot in order]:
        return {}
    if place == len(rest):
        return {no: (next_no << GAP_BITS) + GAP * count // len(moving) for count, no in enumerate(moving)}
    first, last = _window(rest, place, len(moving))
    numbers = [spot.no for spot in rest[first:place]] + list(moving) + [spot.no for spot in rest[place:last]]
    end = rest[last].position if last < len(rest) else rest[-1].position + GAP * (len(numbers) + 1)
    start = rest[first - 1].position if first > 0 else end - GAP * (len(numbers) + 1)
    return {no: start + (end - start) * count // (len(numbers) + 1) for count, no in enumerate(numbers, start=1)}


def plan_sort(order: Sequence[Spot], sorted_numbers: Sequence[int], next_no: int) -> Mapping[int, int]:
    """Return new positions, by item number, that put a whole list into that order.

    The items trade positions, so that those which stand right already stay. Where several share one, which only an undo
    brings about, all go to the bottom, as `plan_move` puts them there.
    """
    positions = [spot.position for spot in order]
    if len(set(positions)) < len(positions):
        return plan_move(order, sorted_numbers, "bottom", next_no)
    traded = dict(zip(sorted_numbers, positions, strict=True))
    return {spot.no: traded[spot.no] for spot in order if traded[spot.no] != spot.position}


def _window(rest: Sequence[Spot], place: int, count: int) -> tuple[int, int]:
    """Return which items must move to make room for `count` more at `place`, as a range; it is mostly empty.

    The room grows with the range, so a full gap moves few items; at either end of the list room is unlimited.
    """
    first = last = place
    while first > 0 and last < len(rest):
        width = rest[last].position - rest[first - 1].position
        moved = last - first
        if width > (moved + count) * (ROOM if moved else 1):
            break
        first, last = first - 1, last + 1
    return first, last
