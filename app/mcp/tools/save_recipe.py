"""The tool `save_recipe`."""

from dataclasses import replace
from typing import Self

from pydantic import Field, PrivateAttr

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import save_recipe as recipe_saving
from app.lists.models import event_ref
from app.lists.save_recipe import RecipeSettings
from app.mcp.spec import Handler, Hints, Preparation, ToolSpec, WriteArguments, WriteResult
from app.mcp.tools.recipes import RecipeView, recipe_in_words, recipe_view
from app.recipes.models import LINES_PER_RECIPE, RecipeKind
from app.recipes.web_page import ReadPage
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """Which recipe, and what it takes."""

    recipe: str | None = Field(default=None, description="Recipe to change, name or ref; a new one if left out")
    name: str | None = Field(default=None, description="Name of the new one, or new name")
    kind: RecipeKind | None = Field(default=None, description="recipe if left out; staples: bought again and again")
    servings: int | None = Field(default=None, description="How many the amounts are for")
    items: list[str] | None = Field(
        default=None,
        description="All of its items, such as `200 g flour`",
        min_length=1,
        max_length=LINES_PER_RECIPE,
        examples=[["200 g flour", "2 eggs", "milk (lactose free)"]],
    )
    text: str | None = Field(
        default=None, description="Or a pasted recipe: title, servings and items on lines, or schema.org JSON-LD"
    )
    steps: str | None = Field(default=None, description="How to cook it, a step a line")
    source: str | None = Field(default=None, description="Address of the page it is from")
    archived: bool | None = Field(default=None, description="Put away, or back in use")


class Result(WriteResult):
    """A recipe as it is now."""

    status: str = Field(description="created, updated or unchanged")
    recipe: RecipeView
    _words: str = PrivateAttr(default="")

    def saying(self, words: str) -> Self:
        """Return this result, with the recipe in words."""
        self._words = words
        return self

    def in_words(self) -> str:
        """Return what was saved."""
        verb = {"created": "Saved", "updated": "Changed"}.get(self.status, "Unchanged")
        return f"{verb}: {self._words}."

    def touched(self) -> int:
        """How many recipes were changed."""
        return int(self.status != "unchanged")


class ArgumentsWithUrl(Arguments):
    """Which recipe, what it takes, and perhaps the page that says so."""

    url: str | None = Field(default=None, description="Or a web page with the recipe, which is fetched")


async def save_recipe(tenant: Tenant, arguments: Arguments) -> Result:
    """Saves a recipe, or staples that are bought again and again, with what it takes; or changes, renames or archives
    one. apply_recipe puts it on a list."""
    return await _save(tenant, arguments, _settings(arguments))


def _settings(arguments: Arguments) -> RecipeSettings:
    return RecipeSettings(
        name=arguments.name,
        kind=arguments.kind,
        servings=arguments.servings,
        items=arguments.items,
        text=arguments.text,
        archived=arguments.archived,
        steps=arguments.steps,
        source=arguments.source,
    )


async def _save(tenant: Tenant, arguments: Arguments, settings: RecipeSettings) -> Result:
    saved = await recipe_saving.save_recipe(tenant, arguments.recipe, settings)
    recipe = saved.outcome.recipe
    return Result(
        status=saved.outcome.status,
        recipe=recipe_view(recipe, recipe.servings, recipe.lines),
        undo_ref=event_ref(saved.event_no) if saved.event_no is not None else None,
    ).saying(recipe_in_words(recipe.name, recipe.servings, recipe.lines))


_HINTS = Hints(
    read_only=False,
    destructive=False,
    idempotent=False,
    why="What it overwrites is in its event, and undo restores it; without `recipe`, a second call is refused, "
    "because the name is taken.",
)

SAVE_RECIPE = ToolSpec(
    save_recipe,
    Arguments,
    Result,
    title="Save a recipe or staples",
    scopes=frozenset({LISTS_WRITE}),
    hints=_HINTS,
)


def save_recipe_from_web(read_page: ReadPage) -> ToolSpec[ArgumentsWithUrl, Result]:
    """Return the same tool with the argument `url`: the page is read before the transaction begins."""

    async def prepare(arguments: ArgumentsWithUrl, preparation: Preparation) -> Handler[Result]:
        settings = _settings(arguments)
        if arguments.url is not None:
            if arguments.text is not None or arguments.items is not None:
                raise Invalid("url, text or items: give one of them.", field="url")
            page = await read_page(arguments.url, preparation.person_id, preparation.address)
            settings = replace(settings, text=page, text_argument="url", source=arguments.source or arguments.url)
        return lambda tenant: _save(tenant, arguments, settings)

    prepare.__name__, prepare.__doc__ = save_recipe.__name__, save_recipe.__doc__
    return ToolSpec(
        None,
        ArgumentsWithUrl,
        Result,
        title=SAVE_RECIPE.title,
        scopes=SAVE_RECIPE.scopes,
        hints=replace(_HINTS, open_world=True),
        prepare=prepare,
    )
