"""Adding without duplicates, decided without a database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lists.items.fields import Item, ParsedItem
from app.lists.items.merging import Plan, plan_add
from app.lists.models import LINES_PER_NAME, OnDuplicate, Outcome
from app.quantities import parse_phrase
from app.quantities.merge_key import merge_key
from app.text import fold

LIST = UUID(int=1)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def items_from(*phrases: str) -> list[ParsedItem]:
    return [
        ParsedItem(parsed.name, quantity=parsed.quantity, note=parsed.note) for parsed in map(parse_phrase, phrases)
    ]


def after(plan: Plan, existing: list[Item] | None = None) -> list[Item]:
    """The items as they would be stored, in the order of the list."""
    items = {item.id: item for item in existing or []}
    items.update({change.after.id: change.after for change in plan.changes.values()})
    return sorted(items.values(), key=lambda item: (item.position, item.no))


def add(*phrases: str, to: list[Item] | None = None, on_duplicate: OnDuplicate = "merge") -> list[Item]:
    existing = to or []
    return after(plan_add(existing, items_from(*phrases), on_duplicate, len(existing) + 1, list_id=LIST), existing)


def shown(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.name, str(item.quantity or "")) for item in items]


def test_an_entry_without_an_amount_joins_any_line_of_its_name() -> None:
    assert shown(add("2 kg flour", "flour")) == [("flour", "2 kg")]


def test_an_amount_gives_one_to_a_line_without() -> None:
    assert shown(add("flour", "2 kg flour")) == [("flour", "2 kg")]


def test_the_sum_is_shown_in_the_larger_unit() -> None:
    assert shown(add("500 g flour", "1 kg flour")) == [("flour", "1.5 kg")]


def test_eight_stay_eight_when_the_name_is_added_again() -> None:
    assert shown(add("8 eggs", "eggs")) == [("eggs", "8")]
    assert shown(add("8 eggs", "egg")) == [("eggs", "8")]
    assert shown(add("8 eggs", "1 egg")) == [("eggs", "9")]


def test_one_and_several_are_one_line_in_the_words_typed_first() -> None:
    assert shown(add("2 Eier", "1 Ei", "ein Ei")) == [("Eier", "4")]
    assert shown(add("Apfel", "3 ÄPFEL")) == [("Apfel", "3")]
    assert shown(add("500 g de tomates", "1 kg TOMATE")) == [("tomates", "1.5 kg")]
    assert shown(add("eggs", "œufs", "Eier", "huevos")) == [("eggs", ""), ("œufs", ""), ("Eier", ""), ("huevos", "")]


def test_the_same_pack_in_two_languages_adds_up_and_another_pack_does_not() -> None:
    lines = add("1 bottle of Cola", "bread", "2 Flaschen Cola", "3 Dosen Cola")
    assert shown(lines) == [("Cola", "3 bottles"), ("Cola", "3 Dosen"), ("bread", "")]


def test_thirds_of_a_cup_add_up_to_a_cup() -> None:
    assert shown(add("1/3 cup milk", "1/3 cup milk", "1/3 cup milk")) == [("milk", "1 cup")]


def test_the_size_of_a_pack_keeps_it_apart_from_loose_amounts() -> None:
    lines = add("6 x 1,5 l Wasser", "2 l Wasser", "6 x 1,5 l Wasser")
    assert [(line.name, str(line.quantity), line.note) for line in lines] == [
        ("Wasser", "12", "1,5 l"),
        ("Wasser", "2 l", None),
    ]


def test_a_number_in_a_name_is_never_counted() -> None:
    assert shown(add("7up", "7up", "2 7up", "00 flour")) == [("7up", "2"), ("00 flour", "")]


def test_notes_keep_lines_apart() -> None:
    assert len(add("milk", "milk (lactose free)", "Milk (Lactose Free)")) == 2


def test_accents_and_case_make_no_difference() -> None:
    assert len(add("Crème fraîche", "creme fraiche", "CRÈME FRAÎCHE")) == 1


def test_a_line_that_can_not_be_joined_stands_beside_its_namesake() -> None:
    assert [item.name for item in add("500 g yoghurt", "bread", "2 yoghurt")] == ["yoghurt", "yoghurt", "bread"]


def test_re_adding_what_was_bought_reopens_it_with_the_new_quantity_only() -> None:
    line = add("5 milk")[0]
    bought = replace(
        line, checked_at=NOW, price=Decimal(1), category="Dairy", priority="high", repeat_days=7, store="Market"
    )
    plan = plan_add([bought], items_from("2 milk"), "merge", 2, list_id=LIST)
    again = plan.outcomes[0]
    assert isinstance(again, Outcome)
    assert (again.status, again.item.ref, str(again.item.quantity)) == ("restored", "i1", "2")
    assert (again.item.checked_at, again.item.price, again.item.priority) == (None, None, None)
    assert (again.item.category, again.item.store, again.item.repeat_days) == ("Dairy", "Market", 7)


def test_re_adding_without_a_quantity_does_not_bring_the_old_one_back() -> None:
    bought = replace(add("5 milk")[0], checked_at=NOW)
    (again,) = plan_add([bought], items_from("milk"), "merge", 2, list_id=LIST).outcomes
    assert isinstance(again, Outcome)
    assert again.item.quantity is None


def test_a_reopened_line_goes_to_the_end() -> None:
    milk, bread = add("milk", "bread")
    bought = replace(milk, checked_at=NOW)
    assert [item.name for item in add("milk", to=[bought, bread])] == ["bread", "milk"]


def test_an_open_line_is_preferred_to_a_bought_one() -> None:
    first = replace(add("milk")[0], checked_at=NOW)
    both = add("2 milk", to=[first], on_duplicate="separate")
    plan = plan_add(both, items_from("milk"), "merge", 3, list_id=LIST)
    (outcome,) = plan.outcomes
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.item.ref) == ("skipped", "i2")


def test_a_full_list_takes_no_new_line_but_still_merges_and_reopens() -> None:
    milk, bread = add("milk", "bread")
    existing = [milk, replace(bread, checked_at=NOW)]
    plan = plan_add(existing, items_from("2 milk", "bread", "tea", "jam"), "merge", 3, room=1, list_id=LIST)
    statuses = [each if isinstance(each, str) else each.status for each in plan.outcomes]
    assert statuses == ["merged", "restored", "added", "list_full"]


def test_a_sum_beyond_counting_is_that_entrys_fault() -> None:
    plan = plan_add([], items_from(*["90000000 kg salt"] * 3, "eggs"), "merge", 1, list_id=LIST)
    statuses = [each if isinstance(each, str) else each.status for each in plan.outcomes]
    assert statuses == ["added", "too_much", "too_much", "added"]


def test_a_name_has_a_bounded_number_of_open_lines() -> None:
    plan = plan_add([], items_from(*["m"] * (LINES_PER_NAME + 1)), "separate", 1, list_id=LIST)
    assert plan.outcomes[-1] == "too_many_alike"
    assert len(plan.changes) == LINES_PER_NAME


def test_each_name_and_note_is_folded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[str] = []

    def counting(function: Callable[[str], str]) -> Callable[[str], str]:
        def counted(text: str) -> str:
            folded.append(text)
            return function(text)

        return counted

    monkeypatch.setattr("app.lists.items.fields.fold", counting(fold))
    monkeypatch.setattr("app.lists.items.fields.merge_key", counting(merge_key))
    plan_add([], items_from(*(f"m (note {number})" for number in range(50))), "merge", 1, list_id=LIST)
    assert len(folded) <= 150  # a name and a note each, and the note of the line that it becomes


AMOUNTS = st.integers(1, 500)
ENTRIES = st.lists(
    st.tuples(st.sampled_from(["milk", "Milk", "flour", "Äpfel", "apfel"]), AMOUNTS, st.sampled_from(["g", "kg", "l"])),
    min_size=1,
    max_size=30,
)


@given(ENTRIES, st.integers(0, 30))
def test_whatever_is_merged_the_sums_are_exact_and_no_two_open_lines_are_alike(
    entries: list[tuple[str, int, str]], cut: int
) -> None:
    phrases = [f"{amount} {unit} {name}" for name, amount, unit in entries]
    first = add(*phrases[:cut]) if phrases[:cut] else []
    items = add(*phrases[cut:], to=first) if phrases[cut:] else first
    grams = sum(item.quantity.amount for item in items if item.quantity and item.quantity.measure == "mass")
    assert grams == sum(amount * {"g": 1, "kg": 1000}[unit] for _, amount, unit in entries if unit != "l")
    keys = [(item.name_key, item.measure, item.variant) for item in items if item.checked_at is None]
    assert len(keys) == len(set(keys))
    assert len({item.no for item in items}) == len(items)
    assert len({(item.position, item.no) for item in items}) == len(items)


@given(
    st.lists(st.sampled_from(["milk", "2 milk", "milk (fresh)", "1 l milk"]), max_size=12),
    st.sampled_from(["separate", "skip"]),
)
def test_separate_never_merges_and_skip_never_changes_a_line(phrases: list[str], mode: OnDuplicate) -> None:
    entries = items_from(*phrases)
    plan = plan_add([], entries, mode, 1, list_id=LIST)
    assert len(plan.outcomes) == len(entries)
    if mode == "separate":
        assert len(plan.changes) == len(entries)
    else:
        assert {each.status for each in plan.outcomes if isinstance(each, Outcome)} <= {"added", "skipped"}
    variants = [(change.after.name_key, change.after.measure, change.after.variant) for change in plan.changes.values()]
    assert len(variants) == len(set(variants))
