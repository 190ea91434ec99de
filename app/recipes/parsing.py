"""What a call says of a recipe, cleaned: its name, its servings and its lines."""

from collections.abc import Sequence
from typing import Final

from pydantic import AnyHttpUrl, TypeAdapter, ValidationError

from app.errors import Invalid
from app.quantities import parse_phrase
from app.recipes.models import (
    CHARACTERS_PER_RECIPE,
    LINES_PER_RECIPE,
    MOST_SERVINGS,
    NAME_LENGTH,
    NOTE_LENGTH,
    SOURCE_LENGTH,
    STEPS_LENGTH,
    RecipeLine,
)
from app.text import clean

_ADDRESS: Final = TypeAdapter[AnyHttpUrl](AnyHttpUrl)


def parse_recipe_name(text: str, field: str) -> str:
    """Return a clean name. Raises `Invalid`, naming `field`, as the other parsers do."""
    return clean(text, field, NAME_LENGTH)


def parse_servings(servings: int, field: str) -> int:
    """Return how many people it is for."""
    if not 1 <= servings <= MOST_SERVINGS:
        raise Invalid(f"{field} must be between 1 and {MOST_SERVINGS:,}.", field=field)
    return servings


def parse_steps(text: str, field: str) -> str:
    """Return how a recipe is cooked, a line for each step."""
    lines = (line.strip() for line in clean(text, field, STEPS_LENGTH, multiline=True).splitlines())
    return "\n".join(line for line in lines if line)


def parse_source(text: str, field: str) -> str:
    """Return the address of a web page, which browsers open and run nothing of: http or https, and no password."""
    cleaned = clean(text, field, SOURCE_LENGTH)
    try:
        url = _ADDRESS.validate_python(cleaned)
    except ValidationError:
        url = None
    if url is None or url.username is not None or url.password is not None or len(str(url)) > SOURCE_LENGTH:
        message = "{field} must be the address of a web page, such as https://example.org/pancakes."
        raise Invalid(message, values={"field": field}, field=field)
    return str(url)


def parse_recipe_line(text: str, field: str) -> RecipeLine:
    """Return a typed line, such as `200 g flour (sifted)`, in its parts."""
    phrase = parse_phrase(clean(text, field, NAME_LENGTH + NOTE_LENGTH))
    note = phrase.note and clean(phrase.note, field, NOTE_LENGTH)
    return RecipeLine(clean(phrase.name, field, NAME_LENGTH), phrase.quantity, note)


def parse_recipe_lines(lines: Sequence[tuple[str, str]], field: str) -> tuple[RecipeLine, ...]:
    """Return lines that are given as texts, each with what it is called in a message."""
    if len(lines) > LINES_PER_RECIPE:
        raise Invalid(f"{field} has more than {LINES_PER_RECIPE} lines. Save it as several recipes.", field=field)
    if sum(len(text) for text, _ in lines) > CHARACTERS_PER_RECIPE:
        message = f"The lines of {field} have more than {CHARACTERS_PER_RECIPE:,} characters. Shorten them."
        raise Invalid(message, field=field)
    return tuple(parse_recipe_line(text, named) for text, named in lines)
