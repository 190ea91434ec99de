"""Recipes as people and assistants paste them: plain text, and the JSON-LD of a page."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.quantities import parse_phrase
from app.recipes.models import LINES_PER_RECIPE
from app.recipes.pasted import LONGEST_TEXT, PastedRecipe, read_pasted


def read(text: str) -> tuple[str | None, int | None, list[str]]:
    found = read_pasted(text, "text")
    return found.name, found.servings, [str(line) for line in found.lines]


def refusal(text: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read_pasted(text, "text")
    return caught.value


def json_ld(**properties: Any) -> str:
    return json.dumps({"@context": "https://schema.org", "@type": "Recipe", **properties})


@pytest.mark.parametrize(
    ("servings", "number"),
    [
        ("Serves 4", 4),
        ("For 4", 4),
        ("For 4 people", 4),
        ("serves: 4-6", 4),
        ("Servings: 2", 2),
        ("12 servings", 12),
        ("Makes 8", 8),
        ("Zutaten für 4 Personen:", 4),
        ("Für 3 Portionen", 3),
        ("Pour 6 personnes", 6),
        ("Ingrédients (pour 4 personnes)", 4),
        ("Para 5 raciones", 5),
    ],
)
def test_a_text_is_a_title_servings_and_lines(servings: str, number: int) -> None:
    text = f"Pancakes\n\n{servings}\n- 200 g flour (sifted)\n- 2 eggs\n* 1/2 l milk\nsalt\n"
    lines = ["200 g flour (sifted)", "2 eggs", "0.5 l milk", "salt"]
    assert read(text) == ("Pancakes", number, lines)


def test_headings_are_no_ingredients_and_steps_end_the_recipe() -> None:
    text = "# Lasagne\nIngredients\nFor the sauce:\n1 onion\nFor the rest:\n500 g pasta\n\nMethod:\n1. Chop 1 onion."
    assert read(text) == ("Lasagne", None, ["1 onion", "500 g pasta"])
    assert read_pasted(text, "text").steps == "1. Chop 1 onion."


@pytest.mark.parametrize("steps", ["", "\n\n", "x" * 10_001, "a \x07 bell"])
def test_steps_that_cannot_be_kept_are_left_out_and_the_ingredients_are_not(steps: str) -> None:
    found = read_pasted(f"Soup\n2 leeks\nMethod\n{steps}", "text")
    assert (found.steps, len(found.lines)) == (None, 1)


@pytest.mark.parametrize(
    ("instructions", "steps"),
    [
        ("Boil.\n\n Serve &amp; eat. ", "Boil.\nServe & eat."),
        (["Boil.", "Serve."], "Boil.\nServe."),
        ([{"@type": "HowToStep", "text": "Boil."}, {"@type": "HowToStep", "name": "no text"}], "Boil."),
        (
            [{"@type": "HowToSection", "name": "Soup", "itemListElement": [{"@type": "HowToStep", "text": "Boil."}]}],
            "Boil.",
        ),
        ({"@type": "HowToStep", "text": ["Boil.", 5, None]}, "Boil."),
        ([[[[[[[[["too deep"]]]]]]]]], None),
        (5, None),
        (None, None),
    ],
)
def test_the_steps_of_json_ld_are_read_in_every_shape(instructions: object, steps: str | None) -> None:
    recipe = {"@type": "Recipe", "name": "Soup", "recipeIngredient": ["salt"], "recipeInstructions": instructions}
    assert read_pasted(json.dumps(recipe), "text").steps == steps


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://example.org/soup", "https://example.org/soup"),
        ("http://example.org", "http://example.org/"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org/soup", None),
        ("https://ada:secret@example.org/", None),
        ("https://", None),
        (f"https://example.org/{'x' * 2000}", None),
        (["https://example.org"], None),
    ],
)
def test_the_address_of_json_ld_is_kept_if_it_is_one_of_the_web(address: object, source: str | None) -> None:
    recipe = {"@type": "Recipe", "name": "Soup", "recipeIngredient": ["salt"], "url": address}
    assert read_pasted(json.dumps(recipe), "text").source == source


@pytest.mark.parametrize("first", ["2 kg rice", "- rice"])
def test_a_first_line_with_an_amount_or_a_mark_is_an_ingredient(first: str) -> None:
    assert read(f"{first}\nsalt") == (None, None, [first.removeprefix("- "), "salt"])


def test_an_amount_in_words_of_a_title_is_left_alone() -> None:
    assert read("Coq au vin\n1 chicken")[0] == "Coq au vin"


def test_json_ld_of_a_page_is_read() -> None:
    recipe = {
        "@type": ["Recipe", "NewsArticle"],
        "name": "Mac &amp; Cheese",
        "recipeYield": ["4", "4 servings"],
        "recipeIngredient": ["200 g  macaroni", "&frac12; cup milk", "", "salt"],
        "recipeInstructions": [{"@type": "HowToStep", "text": "Boil."}],
        "image": {"@type": "ImageObject", "url": "https://example.org/1.jpg"},
    }
    page = json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, recipe]})
    assert read(page) == ("Mac & Cheese", 4, ["200 g macaroni", "0.5 cup milk", "salt"])


@pytest.mark.parametrize(
    ("given", "number"),
    [(4, 4), ("Serves 6 to 8", 6), ({"@type": "QuantitativeValue", "value": 3}, 3), (["one tray", "9 pieces"], 9)],
)
def test_each_form_of_a_yield_is_read(given: Any, number: int) -> None:
    assert read(json_ld(recipeYield=given, recipeIngredient="1 egg\n2 apples")) == (None, number, ["1 egg", "2 apples"])


def test_a_yield_without_a_number_is_left_out() -> None:
    assert read(json_ld(recipeYield="a tray", ingredients=["1 egg"])) == (None, None, ["1 egg"])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (json_ld(recipeIngredient=[{"name": "egg"}]), "text.recipeIngredient"),
        (json_ld(name=7, recipeIngredient=["egg"]), "text.name"),
        (json_ld(recipeYield={"value": []}, recipeIngredient=["egg"]), "text.recipeYield"),
        (json_ld(recipeYield=5000, recipeIngredient=["egg"]), "text.recipeYield"),
        (json_ld(recipeIngredient=["egg", "a\u0000b"]), "text.recipeIngredient[1]"),
        (json_ld(recipeIngredient=["egg"] * (LINES_PER_RECIPE + 1)), "text.recipeIngredient"),
        (json_ld(name="x" * 201, recipeIngredient=["egg"]), "text.name"),
        (json_ld(name="Nothing"), "text"),
        ('{"@type": "Person"}', "text"),
        ('{"@type": "Recipe"', "text"),
        ("[" * 5000, "text"),
        ("x" * (LONGEST_TEXT + 1), "text"),
        ("Soup\nServes 4", "text"),
        ("Soup\nServes 4000\n1 egg", "text line 2"),
        (f"Soup\n1 egg\n{'x' * 201}", "text line 3"),
        ("Soup\n" + "egg\n" * (LINES_PER_RECIPE + 1), "text"),
        ("y" * 500 + "\n1 egg", "text line 1"),
        ("", "text"),
    ],
)
def test_each_fault_names_its_field(text: str, field: str) -> None:
    assert refusal(text).field == field


def assert_is_read_or_refused(text: str) -> None:
    outcome: PastedRecipe | Invalid
    try:
        outcome = read_pasted(text, "text")
    except Invalid as refused:
        outcome = refused
    if isinstance(outcome, Invalid):
        assert outcome.field is not None
    else:
        assert 1 <= len(outcome.lines) <= LINES_PER_RECIPE


def test_several_recipes_are_named() -> None:
    two = json.dumps([json.loads(json_ld(name=name, recipeIngredient=["egg"])) for name in ("Soup", "Cake")])
    assert refusal(two).candidates == ["Soup", "Cake"]


@settings(deadline=None)
@given(
    st.text(max_size=300) | st.recursive(st.none() | st.text(max_size=9), lambda each: st.lists(each)).map(json.dumps)
)
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    assert_is_read_or_refused(text)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["name", "recipeYield", "recipeIngredient", "ingredients", "@graph", "item"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(["value", "@type"]), each),
        ),
    )
)
def test_whatever_a_page_says_is_read_or_refused(properties: dict[str, Any]) -> None:
    assert_is_read_or_refused(json_ld(**properties))


def test_lines_of_a_text_are_read_as_the_grammar_of_lines_reads_them() -> None:
    lines = [
        "½ cup sugar",
        "2 EL Olivenöl",
        "1,5 l Wasser",
        "- [x] une pincée de sel",
        "2 eggs, beaten",
        "7up",
    ]
    text = "Anything\n" + "\n".join(lines)
    assert [(line.name, line.quantity, line.note) for line in read_pasted(text, "text").lines] == [
        (phrase.name, phrase.quantity, phrase.note) for phrase in map(parse_phrase, lines)
    ]
