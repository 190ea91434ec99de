"""A recipe that someone pasted: as plain text, or as the JSON-LD that pages with recipes hold (schema.org/Recipe)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from app.errors import Invalid
from app.quantities import parse_phrase
from app.quantities.marks import remove_mark
from app.recipes.json_ld import read_json_ld
from app.recipes.models import LINES_PER_RECIPE, NAME_LENGTH, RecipeLine
from app.recipes.parsing import parse_recipe_lines, parse_recipe_name, parse_servings, parse_source, parse_steps
from app.text import fold

LONGEST_TEXT: Final = 100_000
"""Characters: the JSON-LD of a page also holds its steps, pictures and reviews."""

_LONGEST_HEADING: Final = 80

_INGREDIENTS: Final = "ingredients?|zutaten|ingredientes"
_FOR: Final = "for|serves|servings?|portions?|yields?|makes|portionen|personen|fur|pour|para|raciones|porciones"
_EATERS: Final = (
    "servings?|people|persons?|portions?|portionen|personen|person|personnes?|parts|personas?|raciones|porciones"
)
_SERVINGS: Final = re.compile(
    rf"(?:(?:{_INGREDIENTS})\W+)?(?P<before>(?:{_FOR})\b)?\W*(?P<number>[0-9]{{1,6}})"
    rf"(?:\s*(?:-|–|to|bis|a)\s*[0-9]{{1,6}})?\s*(?P<behind>\b(?:{_EATERS}))?\W*"
)
"""`Serves 4`, `For 4`, `Servings: 4-6`, `Zutaten für 4 Personen`, `pour 6 personnes`, folded."""

_HEADING: Final = re.compile(rf"(?:{_INGREDIENTS})\W*|[^0-9]*:")
_STEPS: Final = re.compile(
    r"(?:method|instructions?|directions?|preparation|steps|zubereitung|anleitung|preparacion|elaboracion|etapes)\W*"
)
"""What comes after the last ingredient."""


@dataclass(frozen=True, slots=True)
class PastedRecipe:
    """What a text says of a recipe; what it doesn't say is None, and so are steps and a source that can't be kept."""

    name: str | None
    servings: int | None
    lines: tuple[RecipeLine, ...]
    steps: str | None = None
    source: str | None = None


def read_pasted(text: str, field: str) -> PastedRecipe:
    """Return the recipe in a text. Raises `Invalid`, naming the line of the text, or the field of the JSON-LD."""
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"{field} has {len(text):,} characters; {LONGEST_TEXT:,} is the limit.", field=field)
    if text.lstrip()[:1] in ("{", "["):
        name, servings, ingredients, steps, source = read_json_ld(text, field)
        found = PastedRecipe(
            None if name is None else parse_recipe_name(name, f"{field}.name"),
            None if servings is None else parse_servings(servings, f"{field}.recipeYield"),
            parse_recipe_lines(
                [(each, f"{field}.recipeIngredient[{number}]") for number, each in enumerate(ingredients)],
                f"{field}.recipeIngredient",
            ),
            _or_none(parse_steps, steps, field),
            _or_none(parse_source, source, field),
        )
    else:
        found = _read_plain(text, field)
    if not found.lines:
        raise Invalid(f"{field} has no ingredients. Put each on a line of its own, below the title.", field=field)
    return found


def _read_plain(text: str, field: str) -> PastedRecipe:
    """Return the recipe in a text with a title, perhaps the servings, and a line for each ingredient."""
    name: str | None = None
    servings: int | None = None
    lines: list[tuple[str, str]] = []
    steps = ""
    numbered = iter(_lines(text))
    for number, line in numbered:
        folded = fold(line[:_LONGEST_HEADING])
        found = _SERVINGS.fullmatch(folded)
        if found is not None and (found["before"] or found["behind"]):
            servings = parse_servings(int(found["number"]), f"{field} line {number}")
        elif _STEPS.fullmatch(folded):
            steps = "\n".join(each for _, each in numbered)
        elif _HEADING.fullmatch(folded):
            continue
        elif name is None and not lines and _is_title(line):
            name = parse_recipe_name(line.lstrip("# "), f"{field} line {number}")
        else:
            lines.append((line, f"{field} line {number}"))
            if len(lines) > LINES_PER_RECIPE:
                break  # which is refused
    return PastedRecipe(name, servings, parse_recipe_lines(lines, field), _or_none(parse_steps, steps, field))


def _or_none(parse: Callable[[str, str], str], text: str, field: str) -> str | None:
    """Return what a text says beside what is bought; None where it can't be kept: the recipe can without it."""
    try:
        return parse(text, field)
    except Invalid:
        return None


def _lines(text: str) -> Iterable[tuple[int, str]]:
    """Return the lines that say something, with their numbers from 1."""
    numbered = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return islice(((number, line) for number, line in numbered if line), 10 * LINES_PER_RECIPE)


def _is_title(line: str) -> bool:
    """Whether the first line is a title, not the first ingredient: it has no amount and no mark of a list."""
    if len(line) > 2 * NAME_LENGTH:
        return True  # which is refused
    return line.startswith("#") or (remove_mark(line).text == line and parse_phrase(line).quantity is None)
