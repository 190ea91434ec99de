"""Records are values: equal and hashed by their fields, and not to be changed."""

# pyright: reportUnnecessaryTypeIgnoreComment=error
# So an "ignore" below is an error as soon as the line that it stands on is none.

from dataclasses import replace

from app.records import record


@record()
class Place:
    name: str
    floor: int = 0


def test_records_are_equal_and_hashed_by_their_values() -> None:
    assert Place("shelf", 2) == Place("shelf", floor=2) != Place("shelf")
    assert {Place("shelf", 2), replace(Place("shelf"), floor=2)} == {Place("shelf", 2)}
    assert not hasattr(Place("shelf"), "__dict__"), "it has slots"


def test_the_type_checker_lets_nobody_change_a_record() -> None:
    place = Place("shelf")
    place.floor = 3  # pyright: ignore[reportAttributeAccessIssue]
    assert place == Place("shelf", 3), "at run time nothing stops it"
