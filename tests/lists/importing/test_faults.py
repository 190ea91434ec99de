"""Broken data, and the line, the column and the reason that an import names for each fault."""

import json

import pytest

from app.errors import Invalid
from app.lists.importing.csv_document import LONGEST_ROW
from app.lists.importing.models import LONGEST_DATA, MOST_COLUMNS, MOST_ROWS, MOST_SHOWN
from app.lists.importing.read_document import read_document
from tests.lists.importing.reading import faults_in, told

LONG = "x" * 201
MANY_KEYS = f"{{{''.join(f'{key}:1,' for key in 'abcdefghijklmnopqrst')}}},"
MARKS = "e" + "\u0301" * 31

JSON: list[tuple[str, int, int, str | None, str]] = [
    ('[{"name": "milk"', 1, 17, None, "the data ends here; , or } is missing"),
    ('[{"name": "milk"}', 1, 18, None, "the data ends here; , or ] is missing"),
    ('[{"name":', 1, 10, None, "the data ends here; a value is missing"),
    ('[{"name": "milk" "note": "a"}]', 1, 18, None, 'expected , or }, found "note"'),
    ('[{"name" "milk"}]', 1, 10, None, 'expected :, found "milk"'),
    ('[{"name": "milk"} {"name": "eggs"}]', 1, 19, None, "expected , or ], found {"),
    ('{"name": "milk"}\n{"name": "eggs"}', 2, 1, None, "{ comes after the end; put rows into one pair of [ ]"),
    ('[\n  {"name": "milk"},,\n]', 2, 20, None, "expected ] or a value, found ,"),
    ('[{"name": "milk}]', 1, 11, None, "a text begins here that is not closed on its line"),
    ('[{"name": "mi\nlk"}]', 1, 11, None, "a text begins here that is not closed on its line"),
    ('[{"name": "a\\qb"}]', 1, 13, None, "invalid JSON escape"),
    ('[{"name": "a\\u12"}]', 1, 14, None, "invalid JSON escape"),
    ('[{"name": milk}]', 1, 11, None, "milk is a text without quotes"),
    ('[{"name": "milk", "quantity": 1.2.3}]', 1, 31, None, "1.2.3}] is not a valid number"),
    ('[{"name": "milk", "quantity": .5}]', 1, 31, None, ".5}] is not a valid number"),
    ('[{"name": "milk", "quantity": 01}]', 1, 31, None, "01}] is not a valid number"),
    ('[{"name": "milk"}; {"name": "eggs"}]', 1, 18, None, "expected a value or a sign, found ;"),
    ('[{"name": "milk"}]\x00', 1, 19, None, "expected a value or a sign, found a control character"),
    ('[{"name": "milk", "name": "eggs"}]', 1, 19, None, "duplicate key name"),
    ("[" * 50_000, 1, 11, None, "values are nested more than 10 levels deep"),
    ('{"a":' * 50_000, 1, 51, None, "values are nested more than 10 levels deep"),
    ("[" + "1," * 5_001 + "1]", 1, 10_003, None, "more than 5,000 rows"),
    ("[" + "1," * 5_000 + "1]", 1, 10_002, None, "more than 5,000 rows"),
    ("[" + "1," * 400_000 + "1]", 1, 10_003, None, "more than 5,000 rows"),
    ('{"a":1,' + '"b":1,' * 100_000, 1, 601, None, "there are more than 100 columns"),
    ("[" + MANY_KEYS * 4_500, 1, 332_006, None, "there are more than 80,000 values"),
    ("[" + '{"a":1,"b":2,"c":3,"d":4,"e":5},' * 30_000, 1, 160_033, None, "more than 5,000 rows"),
    ('{"a": [' + ("[" + "0," * 100 + "0],") * 200 + '1], "items": [],}', 1, 20_208, None, "there are more than 80,000"),
    ('{"list": "L1"}', 1, 1, None, "the object has neither items nor a name"),
    ('{"items": {"name": "milk"}}', 1, 11, None, "items must be an array"),
    ('{"format": "shopping-list-mcp/list", "version": 2, "items": []}', 1, 49, None, "version 1 of"),
    ('{"format": "shopping-list-mcp/list", "items": []}', 1, 12, None, "version 1 of"),
    ('["milk", 7]', 1, 10, None, "a row must be an object or a text"),
    ('["milk", ["eggs"]]', 1, 10, None, "a row must be an object or a text"),
    ('["milk", "\\u0000"]', 1, 10, None, "the line holds a NUL character"),
    (f'["{LONG}"]', 1, 2, None, "the line has 201 characters; 200 is the limit"),
    ('[{"quantity": 2}]', 1, 2, None, "the row has no name"),
    ('[{"name": 7}]', 1, 11, "name", "name must be text"),
    ('[{"name": {"en": "milk"}}]', 1, 11, "name", "name must be text"),
    ('[\n {"name": "milk",\n  "price": "cheap"}\n]', 3, 12, "price", "price must be a number such as 2.5"),
    ('[{"name": "milk", "price": -1}]', 1, 28, "price", "price must be between 0 and"),
    ('[{"name": "milk", "price": 1e999}]', 1, 28, "price", "price must be between 0 and"),
    ('[{"name": "milk", "price": true}]', 1, 28, "price", "price must be a number"),
    ('[{"name": "milk", "quantity": 0}]', 1, 31, "quantity", "quantity must be above 0"),
    ('[{"name": "milk", "quantity": [2]}]', 1, 31, "quantity", "quantity must be a number such as 2.5, or an amount"),
    ('[{"name": "milk", "unit": "' + "u" * 101 + '"}]', 1, 27, "unit", "unit has 101 characters"),
    ('[{"name": "milk", "note": "' + "n" * 2001 + '"}]', 1, 27, "note", "note has 2001 characters"),
    ('[{"name": "milk", "category": "a\\u0007b"}]', 1, 31, "category", "category holds the control character U+0007"),
    ('[{"name": "milk", "store": "\\ud800"}]', 1, 28, "store", "store holds a lone surrogate"),
    ('[{"name": "milk", "priority": "urgent"}]', 1, 31, "priority", "priority must be low or high"),
    ('[{"name": "milk", "not_before": "24.12.2026"}]', 1, 33, "not_before", "not_before must be a day such as"),
    ('[{"name": "milk", "repeat_every_days": 1.5}]', 1, 40, "repeat_every_days", "must be a whole number of days"),
    ('[{"name": "milk", "repeat_every_days": -1e9999999}]', 1, 40, "repeat_every_days", "must be a whole number"),
    ('[{"name": "milk", "repeat_every_days": 0}]', 1, 40, "repeat_every_days", "must be between 1 and 3650 days"),
    ('[{"name": "milk", "checked_at": "yesterday"}]', 1, 33, "checked_at", "checked_at must be a time such as"),
    ('[{"name": "milk", "checked": "maybe"}]', 1, 30, "checked", "checked must be yes or no"),
    ('[{"name": "milk", "colour": "white"}]', 1, 19, None, "unknown column colour; known: name, quantity"),
    ('[{"name": "milk", "item": "eggs"}]', 1, 19, None, "duplicate column: item means name"),
    ('[{"name": "a", "quantity": "2 kg", "unit": "kg"}]', 1, 28, "quantity", "the unit is given twice"),
    ('[{"name": "a", "measure": "mass"}]', 1, 27, "measure", "measure needs an amount"),
    (
        '[{"name": "a", "unit": "kg", "measure": "volume", "amount": "5"}]',
        *(1, 41, "measure", "measure must be mass with this unit"),
    ),
    (
        '[{"name": "a", "quantity": "2", "unit": "kg", "measure": "mass", "amount": "1000"}]',
        *(1, 28, "quantity", "quantity must be 1 with this amount; to change it, clear measure and amount"),
    ),
    (
        '[{"name": "a", "measure": "count", "amount": "0.0000001"}]',
        *(1, 46, "amount", "amount must be above 0 and at most 100 billion, with at most six decimals"),
    ),
    ('[{"name": "é", "note": "😀", "price": "x"}]', 1, 38, "price", "price must be a number"),
]

CSV: list[tuple[str, int, int, str | None, str]] = [
    ("name,colour\nmilk,white\n", 1, 6, None, "unknown column colour; known: name"),
    ("name,quantity,item\nmilk,1,x\n", 1, 15, None, "duplicate column: item means name"),
    ("quantity,unit\n2,kg\n", 1, 1, None, "there is no name column"),
    ("sep=;\nquantity;unit\n2;kg\n", 2, 1, None, "there is no name column"),
    ("name,note\nmilk,fresh,cold\n", 2, 12, None, "cell 3 has no column"),
    ("name,,note\nmilk,2,fresh\n", 2, 6, None, "cell 2 has no column"),
    ('name,note\nmilk,"fresh\neggs,\n', 2, 6, None, "a quote begins here that is never closed"),
    ('name,note\nmilk,"fresh"x\n', 2, 13, None, "missing delimiter after a closing quote"),
    ('name,note\na,"x\ny"\nmilk,"fresh"x\n', 4, 13, None, "missing delimiter after a closing quote"),
    ('name,note\nmilk,"' + "x" * LONGEST_ROW + '"\n', 2, 6, None, "a row of more than 20,000 characters"),
    ("name,note\n" + "milk,x\n" * MOST_ROWS + "eggs,y\n", 5002, 1, None, "more than 5,000 rows"),
    ("name" + ",note" * MOST_COLUMNS + "\nmilk\n", 1, 501, None, "there are more than 100 columns"),
    ("name;quantity\nmilk;two hundred and a bit\n", 2, 6, "quantity", "quantity must be a number such as 2.5"),
    ("name;price\nmilk;1.234,50\n", 2, 6, "price", "price must be a number"),
    ("name;price\nmilk;1,500\n", 2, 6, "price", "price must be a number"),
    ("name;price\nmilk;2,49 €\n", 2, 6, "price", "price must be a number"),
    ("name\tprice\nmilk\tfree\n", 2, 6, "price", "price must be a number"),
    ('name,note,price\n"a, b","x\r\ny",free\r\n', 3, 4, "price", "price must be a number"),
    ("name,note,price\r\n\r\n\r\nmilk,,free\r\n", 4, 7, "price", "price must be a number"),
    ("name,price\n,2\n", 2, 1, None, "the row has no name"),
    ("name,note\nmi\x00lk,x\n", 2, 1, "name", "name holds a NUL character"),
    ("name,note\nmilk,a\x07b\n", 2, 6, "note", "note holds the control character U+0007"),
    (f"name,note\n{LONG},x\n", 2, 1, "name", "name has 201 characters"),
    (f"name,note\n{MARKS},x\n", 2, 1, "name", "name stacks more than 30 marks"),
    ("name,note\n\u200b,x\n", 2, 1, "name", "name is empty"),
    ("name,checked,checked_at\na,no,2026-01-01\n", 2, 3, "checked", "checked is no, but checked_at has a time"),
    ("name,priority\nmilk,medium\n", 2, 6, "priority", "priority must be low or high"),
    ("name,not before\nmilk,12/24/2026\n", 2, 6, "not_before", "not_before must be a day"),
    ("Artikel;Menge;Preis\nMilch;2 l;kostenlos\n", 2, 11, "price", "price must be a number"),
    ("'name';'price'\n'a;b';'free'\n", 2, 7, "price", "price must be a number"),
]

TEXT: list[tuple[str, int, int, str | None, str]] = [
    ("milk\nmi\x00lk\n", 2, 1, None, "the line holds a NUL character"),
    ("milk\n  a\x07b\n", 2, 3, None, "the line holds the control character U+0007"),
    (f"milk\n\n{LONG}\n", 3, 1, None, "the line has 201 characters"),
    ("milk\nx (" + "n" * 2001 + ")\n", 2, 1, None, "the line has 2001 characters; 2000 is the limit"),
    ("milk\n\u200b\n", 2, 1, None, "the line is empty"),
    ("# List\n- [ ] milk\n- [v] eggs\n", 3, 3, None, "unknown checkbox [v]; use [ ] or [x]"),
    ("- [-] milk\n", 1, 3, None, "unknown checkbox [-]"),
    (f"* [x] {LONG}\n", 1, 7, None, "the line has 201 characters"),
    ("1. milk\n2) \ud800\n", 2, 4, None, "the line holds a lone surrogate"),
    ("- [ ]   a\x0cb\n", 1, 9, None, "the line holds the control character U+000C"),
    ("milk\n" * MOST_ROWS + "eggs\n", 5001, 1, None, "more than 5,000 rows"),
]

FORCED: list[tuple[str, str, int, int, str]] = [
    ("csv", "milk\neggs\n", 1, 1, "the first line must name the columns, one of them name"),
    ("csv", ",price\n,2\n", 1, 1, "there is no name column"),
    ("csv", "\n\nmilk,2\n", 3, 1, "the first line must name the columns"),
    ("json", "milk", 1, 1, "milk is a text without quotes"),
    ("json", '"milk"', 1, 1, "the data must be an array of rows, or an object with items"),
    ("json", "\n 7", 2, 2, "the data must be an array of rows, or an object with items"),
]


def test_the_tables_hold_sixty_broken_inputs_and_more() -> None:
    assert (len(JSON) >= 30, len(CSV) >= 25, len(TEXT) >= 10) == (True, True, True)
    data = [each[0] for each in [*JSON, *CSV, *TEXT]]
    assert len(data) == len(set(data))


@pytest.mark.parametrize(("data", "line", "column", "field", "reason"), [*JSON, *CSV, *TEXT])
def test_a_fault_is_named_by_line_column_and_reason(
    data: str, line: int, column: int, field: str | None, reason: str
) -> None:
    first, *_ = faults = faults_in(data)
    assert told(faults)[0] == (line, column, field), first.reason
    assert reason in first.reason


@pytest.mark.parametrize(("form", "data", "line", "column", "reason"), FORCED)
def test_data_of_another_format_than_the_one_named_are_faulty(
    form: str, data: str, line: int, column: int, reason: str
) -> None:
    (fault,) = faults_in(data, form)  # pyright: ignore[reportArgumentType]
    assert (*fault.location, None) == (line, column, fault.field)
    assert reason in fault.reason


def test_each_fault_of_a_row_is_named_and_all_are_counted() -> None:
    rows = "name,price,priority,note\n" + "milk,free,urgent,x\n" * 40
    document = read_document(rows, None)
    found = faults_in(rows)
    assert set(told(found)[:2]) == {(2, 6, "price"), (2, 11, "priority")}
    assert [each.location.line for each in found] == [2 + number // 2 for number in range(MOST_SHOWN)]
    assert len(found) == MOST_SHOWN
    assert len(document.rows) == 40


def test_a_message_never_repeats_much_of_what_was_sent() -> None:
    for data in (f"name,{'c' * 9000}\nmilk,1\n", f'[{{"{"k" * 9000}": 1}}]'):
        fault, *_ = faults_in(data)
        assert len(fault.reason) < 300


@pytest.mark.parametrize("data", ["", "  \n\n", "\ufeff", "```\n```"])
def test_data_that_hold_nothing_are_refused(data: str) -> None:
    with pytest.raises(Invalid, match="data is empty"):
        read_document(data, None)


def test_more_characters_than_a_request_may_have_are_refused() -> None:
    with pytest.raises(Invalid, match="1,000,001 characters"):
        read_document("x" * (LONGEST_DATA + 1), None)


def test_aliases_of_yaml_are_texts_here() -> None:
    """What makes a few lines of YAML expand to gigabytes is nothing in any of the formats."""
    bomb = "a: &a [lol]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n"
    document = read_document(bomb, None)
    assert [row.phrase for row in document.rows] == bomb.splitlines()
    (fault,) = faults_in("[&a 1, *a]")
    assert told([fault]) == [(1, 2, None)]


def test_a_row_of_another_shape_is_a_fault_of_its_own() -> None:
    assert told(faults_in(json.dumps(["milk", None, {"name": ""}, {"name": "eggs", "note": 3}]))) == [
        (1, 10, None),
        (1, 55, "note"),
    ]
