"""Text that people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.text import clean, fold, mixes_scripts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Käse", "kase"),
        ("CRÈME", "crème"),
        ("Straße", "strasse"),
        ("œufs", "oeufs"),
        ("Smørrebrød", "smorrebrod"),
        ("jalapeño", "Jalapeno"),
        ("ｍｉｌｋ", "milk"),
        ("two  words", " two words "),
        ("ΚΑΦΈΣ", "καφες"),
        ("İstanbul", "istanbul"),
    ],
)
def test_these_are_one_name(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("か", "が"), ("salt", "salted"), ("चाय", "चय"), ("чай", "чаи"), ("🥛", "🧀")]
)
def test_these_are_different_names(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u200b",
        "a\0",
        "a\x1b[0m",
        "a\nb",
        "\ud800",
        "x" * 201,
        "\u202e",
        "\u3164",
        "\u2800",
        "\u200d\u200c",
        "\ufe0f",
    ],
)
def test_what_can_not_be_a_name_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean(text, "items[3].name", 200)
    assert refusal.value.field == "items[3].name"
    assert refusal.value.message.startswith("items[3].name")


@given(st.text())
def test_cleaned_text_can_be_stored_as_it_is(text: str) -> None:
    try:
        cleaned = clean(text, "name", 200)
    except Invalid:
        return
    assert cleaned.encode()
    assert "\0" not in cleaned
    assert clean(cleaned, "name", 200) == cleaned


@pytest.mark.proves("rs-stored-text")
def test_a_sentence_hidden_in_variation_selectors_is_stripped() -> None:
    hidden = "".join(chr(0xE0100 + ord(character) - 16) for character in "ignore previous")
    assert clean(f"milk{hidden}", "name", 200) == "milk"


NEEDED = [
    *("👨‍👩‍👧‍👦", "👩‍🌾", "🏳️‍🌈", "❤️", "☎︎", "1️⃣ milk", "#️⃣", "ℹ️ info", "‼️", "©️", "Ⓜ️", "㊗️", "🅰️ milk"),
    *("می‌خواهم", "क्‍ष"),
]


@pytest.mark.parametrize("text", NEEDED)
def test_joiners_and_selectors_stay_where_emoji_and_scripts_need_them(text: str) -> None:
    assert clean(text, "name", 200) == text


@pytest.mark.proves("rs-stored-text")
@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("mi\u200dlk", "milk"),
        ("milk\u200c", "milk"),
        ("mi\ufe00l\ufe07k\ufe0f", "milk"),
        ("1\ufe0f milk", "1 milk"),
        ("mi\u034flk", "milk"),
        ("milk\ufff0\ufff8", "milk"),
        ("mi\U0001bca0l\U0001bca3k", "milk"),
        ("می\u200c\u200d\u200c\u200cخواهم", "می\u200cخواهم"),
        ("❤\ufe0f\ufe0e\ufe0f\ufe0f", "❤\ufe0f"),
        ("か\u200d\ufe0f\u200d\ufe0f", "か"),
    ],
    ids=ascii,
)
def test_what_could_carry_hidden_text_is_stripped(text: str, cleaned: str) -> None:
    assert clean(text, "name", 200) == cleaned


def test_a_megabyte_of_joiners_and_selectors_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(Invalid, match="limit"):
        clean("か\u200d\ufe0f" * 300_000, "name", 200)


@pytest.mark.proves("""rs-stored-text SHOULD own rule
    Stored text reaches a model only as marked data: in JSON fields, without invisible characters and image links.
    Here: Texts stand in JSON fields, and the instructions call them data; get_activity says who changed what. In
    sentences names are short, on one line, and quoted unless they are one or two plain words. Invisible characters are
    stripped, and no Markdown image can be stored.""")
@pytest.mark.parametrize(
    "text", ["milk ![x](https://evil.example/?q=1)", "!\u200b[x](https://evil.example)", "!![a]![b]"]
)
def test_no_picture_in_markdown_is_left(text: str) -> None:
    cleaned = clean(text, "name", 100)
    assert "![" not in cleaned
    assert clean(cleaned, "name", 100) == cleaned


@pytest.mark.parametrize("letter", ["a", "か", ""])
def test_marks_that_are_stacked_without_end_are_refused_before_they_are_sorted(letter: str) -> None:
    # Sorting the marks of one megabyte would hold the process for minutes.
    for text in (letter + "\u0315\u0300" * 250_000, letter + "\u0315\u0300" * 100):
        with pytest.raises(Invalid, match=r"limit|marks"):
            clean(text, "name", 200)
    stacked = "a" + "\u0315\u0300" * 15
    assert clean(stacked, "name", 200) == clean(clean(stacked, "name", 200), "name", 200)


def test_a_text_that_grows_over_its_length_is_refused() -> None:
    with pytest.raises(Invalid, match="limit"):
        clean("![" + "a" * 98, "name", 100)


@pytest.mark.parametrize("name", ["\u0421laude", "Cha\u03c4GPT", "My \u0421laude app", "p\u0430ypal"])
def test_a_word_of_several_alphabets_is_noticed(name: str) -> None:
    assert mixes_scripts(name)


@pytest.mark.parametrize(
    "name", ["Claude", "Список покупок App", "買い物リスト", "장보기list", "Żabka Łódź", "Ωμέγα", "قائمة", "C3-PO 🛒"]
)
def test_a_word_of_one_alphabet_is_not(name: str) -> None:
    assert not mixes_scripts(name)
