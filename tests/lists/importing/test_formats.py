"""What an import reads: every format, the dialects of CSV, the names that people give to columns, and repairs."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.lists.importing.columns import COLUMNS, column_of
from app.mcp.resources.sample import MOST_ROWS, read_sample
from tests.lists.importing.reading import faults_in, items_in, read, told

MILK = {"name": "Milk, fresh", "quantity": "2 l", "store": "Market"}

DIALECTS = [
    'name,quantity,unit,store\n"Milk, fresh",2,l,Market\n',
    "name;quantity;unit;store\r\nMilk, fresh;2;l;Market\r\n",
    "name\tquantity\tunit\tstore\rMilk, fresh\t2\tl\tMarket\r",
    "name|quantity|unit|store\nMilk, fresh|2|l|Market",
    "sep=;\nname;quantity;unit;store\nMilk, fresh;2;l;Market\n",
    '"name";"quantity";"unit";"store"\n"Milk, fresh";"2";"l";"Market"\n',
    "'name','quantity','unit','store'\n'Milk, fresh','2','l','Market'\n",
    'name, quantity, unit, store\n"Milk, fresh", 2, l, Market\n',
    "\n\nname;quantity;unit;store\n\nMilk, fresh;2;l;Market\n;;;\n",
    "Artikel;Menge;Einheit;Laden\nMilk, fresh;2,0;l;Market\n",
    "Produit;Quantité;Unité;Magasin\nMilk, fresh;2;l;Market;;\n",
    "Producto;Cantidad;Unidad;Tienda\nMilk, fresh;2;l;Market\n",
    "ITEM;Qty;Units;Shop\nMilk, fresh;2;l;Market\n",
    "Name;Amount;Unit;Store\nMilk, fresh;2;l;Market\n",
    "name;quantity;store\nMilk, fresh;2 l;Market\n",
    "\n" * 200_000 + " name;quantity;unit;store\nMilk, fresh;2;l;Market\n",
]


@pytest.mark.parametrize("data", DIALECTS)
def test_dialects_of_csv_are_recognized(data: str) -> None:
    document, _ = read(data)
    assert document.format == "csv"
    assert items_in(data) == [MILK]
    assert document.repairs.count == 0


@pytest.mark.parametrize(
    "data",
    [
        '[{"name": "Milk, fresh", "quantity": 2, "unit": "l", "store": "Market"}]',
        '{"items": [{"name": "Milk, fresh", "quantity": "2", "unit": "l", "store": "Market", "note": null}]}',
        '{"Item": "Milk, fresh", "Amount": 2.0, "unit": "l", "shop": "Market"}',
        '{"list": "L1", "items": [{"name": "Milk, fresh", "quantity": "2 l", "store": " Market "}], "counts": {}}',
        '\n [{"name": "Milk, fresh 2 l", "store": "Market"}]',
    ],
)
def test_json_is_read_as_an_array_an_export_or_a_single_row(data: str) -> None:
    assert read(data)[0].format == "json"
    assert items_in(data) == [MILK]


def test_texts_in_json_are_read_as_lines() -> None:
    assert items_in('["2 kg flour", "milk (lactose free)"]') == [
        {"name": "flour", "quantity": "2 kg"},
        {"name": "milk", "note": "lactose free"},
    ]


def test_lines_are_read_as_add_items_reads_them() -> None:
    data = "2 kg flour\n\n  milk (lactose free)\r\n3x eggs\rname\n½ cup sugar"
    assert read(data)[0].format == "text"
    assert items_in(data) == [
        {"name": "flour", "quantity": "2 kg"},
        {"name": "milk", "note": "lactose free"},
        {"name": "eggs", "quantity": "3"},
        {"name": "name"},
        {"name": "sugar", "quantity": "0.5 cup"},
    ]


def test_a_markdown_checklist_is_read_with_its_boxes() -> None:
    data = (
        "# Groceries\n\n- [ ] 2 kg flour\n- [x] milk\n* [X] \\*\\*bread\\*\\* \\(rye\\)\n+ eggs\n• salt\n"
        "1. rice\n2) oil\n"
        "\n---\n[x] tea\n- [] coffee\n- [ ]\n  - [x] nested\n"
    )
    document, _ = read(data)
    assert document.format == "text"
    assert items_in(data) == [
        {"name": "flour", "quantity": "2 kg"},
        {"name": "milk", "checked": True},
        {"name": "**bread**", "note": "rye", "checked": True},
        {"name": "eggs"},
        {"name": "salt"},
        {"name": "rice"},
        {"name": "oil"},
        {"name": "tea", "checked": True},
        {"name": "coffee"},
        {"name": "nested", "checked": True},
    ]
    assert document.left_out == {"headings": 2, "empty_rows": 1}


def test_values_are_read_as_people_and_programs_write_them() -> None:
    data = (
        "name;quantity;unit;price;not before;repeat;done;bought at;priority\n"
        "a;1,5;kg;0,99;2999-12-24;7;;;HIGH\n"
        "b;0,125;l;12;;;yes;2026-11-21T12:00:00+01:00;\n"
        "c;;cups;+3.50;;;x;;low\n"
        "d;1/2;;;;;nein;;\n"
        "e;2 kg;;;;;✓;2026-11-21;\n"
    )
    assert items_in(data) == [
        {
            "name": "a",
            "quantity": "1.5 kg",
            "price": Decimal("0.99"),
            "not_before": date(2999, 12, 24),
            "repeat_days": 7,
            "priority": "high",
        },
        {
            "name": "b",
            "quantity": "0.125 l",
            "price": Decimal("12.00"),
            "checked": datetime(2026, 11, 21, 11, tzinfo=UTC),
        },
        {"name": "c", "quantity": "1 cup", "price": Decimal("3.50"), "checked": True, "priority": "low"},
        {"name": "d", "quantity": "0.5"},
        {"name": "e", "quantity": "2 kg", "checked": datetime(2026, 11, 21, tzinfo=UTC)},
    ]


def test_names_are_taken_as_they_stand_where_amounts_have_a_column() -> None:
    assert items_in("name,quantity\n3 musketeers,\n") == [{"name": "3 musketeers"}]
    assert items_in("name,note\n3 musketeers,\n") == [{"name": "musketeers", "quantity": "3"}]
    exported = '{"format": "shopping-list-mcp/list", "version": 1, "items": [{"name": "3 musketeers"}]}'
    assert items_in(exported) == [{"name": "3 musketeers"}]
    assert items_in('[{"name": "3 musketeers"}]') == [{"name": "musketeers", "quantity": "3"}]


def test_absent_and_empty_values_are_left_out_and_counted() -> None:
    document, _ = read('[{"name": "milk", "note": "", "store": null, "price": "  "}, {"name": ""}, {}]')
    assert document.left_out == {"empty_values": 4, "empty_rows": 2}
    document, _ = read("name,note\nmilk,\n,\n\n")
    assert document.left_out == {"empty_values": 1, "empty_rows": 1}
    assert sum(read("name,note\nmilk,x\n")[0].left_out.values()) == 0


def test_a_guarded_formula_is_read_as_it_was() -> None:
    assert items_in("name,note\n'=1+1,'-x\n''=a,'quoted'\n") == [
        {"name": "=1+1", "note": "-x"},
        {"name": "'=a", "note": "'quoted'"},
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_case_accents_spaces_and_underscores_make_no_difference(column: str) -> None:
    for name in (column, column.upper(), column.replace("_", " "), column.replace("_", ""), f" {column.title()} "):
        assert column_of(name) == column


REPAIRS: list[tuple[str, list[tuple[int, int, str]]]] = [
    ('\ufeff[{"name": "milk"}]', [(1, 1, "a byte-order mark: leave it out")]),
    ("\ufeffname,note\nmilk,\n", [(1, 1, "a byte-order mark: leave it out")]),
    ("\ufeffmilk", [(1, 1, "a byte-order mark: leave it out")]),
    ('[{"name": "milk"},]', [(1, 18, "trailing comma: remove it")]),
    ('[{"name": "milk",}]', [(1, 17, "trailing comma: remove it")]),
    ('{"items": [\n "milk",\n ],\n}', [(2, 8, "trailing comma"), (3, 3, "trailing comma")]),
    ("[{'name': \"milk\"}]", [(1, 3, "single quotes: use double quotes")]),
    ('[{“name”: "milk"}]', [(1, 3, "curly quotes: use straight double quotes")]),
    ('[{name: "milk"}]', [(1, 3, "name without quotes: put it in double quotes")]),
    ('[{"name": "milk", "price": NaN}]', [(1, 28, "NaN is not a value: leave it out")]),
    ('[{"name": "milk", "price": -Infinity}]', [(1, 28, "-Infinity is not a value: leave it out")]),
    ('[{"name": "milk", "price": undefined}]', [(1, 28, "undefined is not a value: leave it out")]),
    ('[{"name": "milk", "price": "NaN"}]', [(1, 28, "NaN is not a value: leave it out")]),
    ('[{"name": "milk", "note": None}]', [(1, 27, "None for null: write null")]),
    ('[{"name": "milk", "checked": False}]', [(1, 30, "False for false: write false")]),
    ('[ // mine\n"milk"]', [(1, 3, "a comment: leave it out")]),
    ('[ /* two\nlines */ "milk"] # end', [(1, 3, "a comment"), (2, 18, "a comment")]),
    ('```json\n["milk"]\n```\n', [(1, 1, "the fence of a code block")]),
    ("\n```\nmilk\n```", [(2, 1, "the fence of a code block")]),
    ("name,price\nmilk,NaN\n", [(2, 6, "NaN is not a value: leave it out")]),
    ("name;quantity;unit\nmilk;null;\n", [(2, 6, "null is not a value: leave it out")]),
]


@pytest.mark.parametrize(("data", "repairs"), REPAIRS)
def test_each_repair_is_named_with_its_place(data: str, repairs: list[tuple[int, int, str]]) -> None:
    document, (entry,) = read(data)
    assert (entry.item.name, entry.item.details(), entry.is_checked) == ("milk", {}, False)
    assert document.repairs.count == len(repairs)
    for repair, (line, column, reason) in zip(document.repairs.shown, repairs, strict=True):
        assert repair.location == (line, column)
        assert repair.reason.startswith(reason)


def test_quotes_within_quotes_are_kept() -> None:
    assert items_in("""['it\\'s "fresh"', "it's", 'a\\\\b', 'Ä\\u00e4', “it's”]""") == [
        {"name": name} for name in ('it\'s "fresh"', "it's", "a\\b", "Ää", "it's")
    ]


def test_a_text_that_says_nan_stays_one() -> None:
    assert items_in("name,note\nNaN,null\n") == [{"name": "NaN", "note": "null"}]


@pytest.mark.parametrize("rows", [1, 12, MOST_ROWS])
def test_the_sample_is_read_without_a_fault(rows: int) -> None:
    document, entries = read(read_sample({"rows": str(rows)}))
    assert (document.format, len(entries), document.repairs.count) == ("csv", rows, 0)


def test_what_is_no_header_is_a_line() -> None:
    for data in ("milk, bread, eggs\nsalt", "note to self\nmilk", "2 kg flour; milk", "[ ] milk\n[x] eggs"):
        assert read(data)[0].format == "text", data
    assert told(faults_in("[milk]")) == [(1, 2, None)], "which is JSON without quotes"


def test_what_the_name_of_a_row_says_stays_beside_its_note() -> None:
    assert items_in('[{"name": "2 l Milk, fresh", "note": "for Ada"}]') == [
        {"name": "Milk", "quantity": "2 l", "note": "fresh, for Ada"}
    ]
