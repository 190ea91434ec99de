"""Which names are one thing on a list."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities.merge_key import merge_key, singular
from app.text import fold

ONE_THING = {
    "English": """
        egg eggs, tomato tomatoes, potato potatoes, mango mangoes, berry berries, strawberry strawberries, cherry
        cherries, loaf loaves, bay_leaf bay_leaves, knife knives, glass glasses, pea peas, box boxes, peach peaches,
        sandwich sandwiches, radish radishes, cookie cookies, brownie brownies, pie pies, olive olives, clove cloves,
        cheese cheeses, sausage sausages, apple apples, scone scones, shoe shoes, green_bean green_beans, T-bone
        T-bones, leg_of_lamb legs_of_lamb, goose geese, bus buses, kiwi kiwis, pizza pizzas, lens lenses""",
    "German": """
        Ei Eier, Freilandei Freilandeier, Tomate Tomaten, Kirschtomate Kirschtomaten, Apfel Äpfel, Zwiebel Zwiebeln,
        Kartoffel Kartoffeln, Nudel Nudeln, Semmel Semmeln, Banane Bananen, Erdbeere Erdbeeren, Kirsche Kirschen, Gurke
        Gurken, Nuss Nüsse, Walnuss Walnüsse, Kürbis Kürbisse, Brot Brote, Pilz Pilze, Fisch Fische, Keks Kekse, Glas
        Gläser, Avocado Avocados, Joghurt Joghurts, Taschentuch Taschentücher, Lorbeerblatt Lorbeerblätter, Windel
        Windeln, Batterie Batterien, Batterie battery, battery batteries,
        Pfirsich Pfirsiche, Birne Birnen, Linse Linsen, Bratwurst Bratwürste""",
    "French": """
        œuf œufs, gâteau gâteaux, poireau poireaux, chou choux, chou-fleur choux-fleurs, pomme_de_terre pommes_de_terre,
        haricot_vert haricots_verts, tomate_cerise tomates_cerises, baguette baguettes, saucisse saucisses, quiche
        quiches, pêche pêches, jus_d'orange jus_d'oranges, jus_d’orange jus_d’oranges, yaourt yaourts, bougie bougies,
        champignon_de_Paris champignons_de_Paris, noyau noyaux, couche couches""",
    "Spanish": """
        huevo huevos, limón limones, jamón jamones, champiñón champiñones, tomate tomates, pan panes, nuez nueces, pez
        peces, coliflor coliflores, yogur yogures, cebolla_roja cebollas_rojas, diente_de_ajo dientes_de_ajo, leche
        leches, plátano plátanos, calabacín calabacines, patata_frita patatas_fritas, rotulador rotuladores""",
}

APART = """
    salt salted, fromage fromager, Butter Butt, gas gases, Reis Reise, rice rices, Kuchen Kuch, Kuchen Küche, Ei Eis,
    Mai Mais, Rei Reis, Kirsch Kirsche, Kraut Kräuter, Haken Hake, poi pois, linen line, molasses molasse, hummus hummu,
    couscous couscou, Swiss Swis, asparagus asparagu, ananas anana, bras bra, Milch Milchreis, oat oatmeal, sel selle,
    ail aile, Gans Gang, pâté pâtée, len lens, butter butternut, cream creamer, corn cornet, Tee Teer, crème crèmerie,
    pan pana, sal salsa, ajo ají, glass_cleaner glasses_cleaner, chips chipsy, Senf Senfgurken, peach pêcheur"""

UNCHANGED = """
    molasses, hummus, couscous, swiss, asparagus, ananas, rice, reis, eis, mais, kuchen, butter, salt, salted, bass,
    watercress, glas, gras, pois, cassis, radis, riz, noix, jus, anis, lachs, mus, kurbis, christmas, hollandaise, brie,
    schinken, braten, hahnchen, brotchen, krauter, chicken, oven, lemongrass, m&m's, 7up, e 330, wd-40"""


def pairs(text: str) -> list[list[str]]:
    """Pairs of names, with spaces for the low lines in them."""
    return [[word.replace("_", " ") for word in pair.split()] for pair in text.split(",")]


@pytest.mark.parametrize(("one", "several"), [pair for text in ONE_THING.values() for pair in pairs(text)])
def test_one_and_several_are_one_thing(one: str, several: str) -> None:
    assert merge_key(one) == merge_key(several)


@pytest.mark.parametrize(("one", "other"), pairs(APART))
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert merge_key(one) != merge_key(other)


@pytest.mark.parametrize("name", [name.strip() for name in UNCHANGED.split(",")])
def test_what_is_no_plural_keeps_its_key(name: str) -> None:
    assert merge_key(name) == name


def test_no_two_things_of_these_languages_share_a_key() -> None:
    names = [pair[0] for text in ONE_THING.values() for pair in pairs(text) if pair[0] != "battery"]
    names += [name for pair in pairs(APART) for name in pair] + [name.strip() for name in UNCHANGED.split(",")]
    things = sorted({fold(name).replace("’", "'") for name in names})
    keys = {thing: merge_key(thing) for thing in things}
    assert [pair for pair in combinations(things, 2) if keys[pair[0]] == keys[pair[1]]] == []


@pytest.mark.parametrize(
    ("one", "other"), [("Crème Fraîche", "creme fraiche"), ("ŒUFS", "oeuf"), ("Äpfel", "APFEL"), ("  milk ", "Milk")]
)
def test_case_and_accents_make_no_difference_either(one: str, other: str) -> None:
    assert merge_key(one) == merge_key(other)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("sugar, brown", "brown sugar"),
        ("Sugar, Brown ", "brown sugars"),
        ("pepper, red", "red peppers"),
        ("Zucker, brauner", "brauner Zucker"),
        ("beans, kidney", "kidney bean"),
    ],
)
def test_a_name_with_its_noun_in_front_is_the_same_thing(label: str, name: str) -> None:
    assert merge_key(label) == merge_key(name)


@pytest.mark.parametrize(
    "name", ["milk, eggs, bread", "squash, or pumpkin", "wine, 2019", "rice, (long)", "milk,oat", "milk, ", ", milk"]
)
def test_what_is_no_noun_and_its_description_stays_in_its_order(name: str) -> None:
    assert merge_key(name) == fold(name)


def test_the_order_of_words_matters_without_a_comma() -> None:
    assert merge_key("milk chocolate") != merge_key("chocolate milk")


@pytest.mark.parametrize("name", ["яйца", "卵", "चाय", "🥚", "αυγά", "ps5s", "x" * 200])
def test_what_no_rule_knows_has_the_folded_name_as_its_key(name: str) -> None:
    assert merge_key(name) == fold(name)


@given(st.text(max_size=80))
def test_any_name_has_a_key_that_its_folded_form_shares(name: str) -> None:
    assert merge_key(fold(name)) == merge_key(name)
    assert bool(merge_key(name)) == bool(fold(name))


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_a_singular_is_never_longer_than_its_plural_by_more_than_a_letter(word: str) -> None:
    assert 0 < len(singular(word)) <= len(word) + 1
