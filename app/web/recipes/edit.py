"""The forms that make a recipe, line by line, from a text or from a web page, and those that change or delete one."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, Conflict, Invalid, LimitReached, RoleRefused
from app.households.tenant import Tenant
from app.lists.models import event_ref
from app.lists.save_recipe import RecipeSettings, SavedRecipe, delete_recipe, save_recipe
from app.recipes.models import CHARACTERS_PER_RECIPE, STEPS_LENGTH, Recipe, RecipeKind
from app.recipes.pasted import LONGEST_TEXT
from app.recipes.web_page import ReadPage
from app.runtime.addresses import client_address, known_address
from app.ui.forms import Fields
from app.ui.paths import RECIPES, recipe_path
from app.web.context import WebContext
from app.web.household.visit import at_household
from app.web.kitchen import Refused, kitchen_context, refused, servings_in
from app.web.lists.changes import make_change
from app.web.lists.said import Done, Said, for_people
from app.web.lists.visit import ONLY_LOOKS, Visit
from app.web.recipes.overview import recipes_page
from app.web.recipes.recipe import find_by_ref, recipe_page

NEW: Final = f"{RECIPES}/new"

_FIELDS: Final = {
    "lines": ("name", "servings", "items", "steps", "source"),
    "text": ("text", "name"),
    "url": ("url", "name"),
    "save": ("name", "servings", "items", "steps", "source"),
}
"""The fields of each form that messages stand beside."""

_KINDS: Final[dict[str, RecipeKind]] = {"recipe": "recipe", "staples": "staples"}

Save = Callable[[Tenant], Awaitable[SavedRecipe]]


async def show_new(web: WebContext, request: Request) -> Response:
    """GET of the page for a new recipe."""
    visit = await at_household(web, NEW, request)
    return visit if isinstance(visit, Response) else await _new_page(web, visit)


async def post_new(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of one of the forms there, which the field `from` names: make the recipe, and show it.

    A web page is read before the household is locked.
    """
    way = fields.one("from") if fields.one("from") in ("text", "url") else "lines"
    made = list[str]()
    try:
        settings = await _new_settings(web, visit, fields, request, way)

        async def save(tenant: Tenant) -> SavedRecipe:
            saved = await save_recipe(tenant, None, settings)
            made.append(saved.outcome.recipe.ref)
            return saved

        done = await make_change(web, request, visit, fields, "save_recipe", partial(_done, save))
    except AppError as error:
        return await _new_page(web, visit, refused(_told(error), way, fields, _FIELDS[way]))
    return await (recipe_page(web, visit, made[0], done=done) if made else recipes_page(web, visit, done=done))


async def show_edit(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of the page that changes a recipe."""
    return await _edit_page(web, visit, request.path_params["ref"])


async def post_edit(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of one of the forms there, which the field `do` names."""
    ref, do = request.path_params["ref"], fields.one("do")
    try:
        done = await make_change(
            web, request, visit, fields, "save_recipe", partial(_done, partial(_change, ref, do, fields))
        )
    except AppError as error:
        return await _edit_page(web, visit, ref, refused(_told(error), "save", fields, _FIELDS["save"]))
    if do == "delete":
        return await recipes_page(web, visit, done=done)
    return await recipe_page(web, visit, ref, done=done)


async def _done(save: Save, tenant: Tenant) -> Done:
    """Return what became of a recipe, for people."""
    saved = await save(tenant)
    change = None if saved.event_no is None else event_ref(saved.event_no)
    status = "same" if saved.outcome.status == "unchanged" else saved.outcome.status
    return Done([Said(status, saved.outcome.recipe.name)], change)


async def _new_settings(web: WebContext, visit: Visit, fields: Fields, request: Request, way: str) -> RecipeSettings:
    if not visit.may_change:
        raise RoleRefused(ONLY_LOOKS)
    if way == "url":
        text = await _read_page(web.read_page, visit, fields, request)
        return RecipeSettings(
            name=fields.one("name").strip() or None, text=text, text_argument="url", source=fields.one("url").strip()
        )
    if way == "text":
        if not fields.one("text").strip():
            raise Invalid("The text is empty. Paste a recipe with its title and ingredients.", field="text")
        return RecipeSettings(name=fields.one("name").strip() or None, text=fields.one("text"))
    return _settings(fields)


async def _read_page(read_page: ReadPage | None, visit: Visit, fields: Fields, request: Request) -> str:
    if read_page is None:
        raise Invalid("There is no recipe to read at this address. Paste it as a text instead.", field="url")
    return await read_page(fields.one("url").strip(), visit.person.id, known_address(client_address(request)))


def _settings(fields: Fields) -> RecipeSettings:
    """Return what the form of a recipe says."""
    name, lines = fields.one("name").strip(), fields.one("items")
    if not name:
        raise Invalid("The name is empty; it needs at least one visible character.", field="name")
    if not lines.strip():
        raise Invalid("Write what the recipe takes, a thing a line.", field="items")
    if len(lines) > 2 * CHARACTERS_PER_RECIPE:
        message = "The ingredients have more than {most} characters. Shorten them."
        raise Invalid(message, values={"most": CHARACTERS_PER_RECIPE}, field="items")
    return RecipeSettings(
        name=name,
        kind=_KINDS.get(fields.one("kind"), "recipe"),
        servings=servings_in(fields),
        items=[each for each in (line.strip() for line in lines.splitlines()) if each],
        steps=fields.one("steps"),
        source=fields.one("source").strip(),
    )


async def _change(ref: str, do: str, fields: Fields, tenant: Tenant) -> SavedRecipe:
    recipe = await find_by_ref(tenant, ref)
    match do:
        case "delete":
            return await delete_recipe(tenant, ref)
        case "away" | "use":
            return await save_recipe(tenant, ref, RecipeSettings(archived=do == "away"))
        case _:
            settings = _settings(fields)
    if settings.servings is None and recipe.servings is not None:
        raise Invalid("Write for how many portions the amounts are.", field="servings")
    if fields.one("seen") != state_of(recipe):
        raise Conflict(
            "Somebody has changed this recipe meanwhile. Look at it again, and then change what is still to be changed."
        )
    if fields.one("items").splitlines() == _lines_of(recipe).splitlines():
        settings = replace(settings, items=None)  # they need not be read again
    return await save_recipe(tenant, ref, settings)


def state_of(recipe: Recipe) -> str:
    """Return a text that is another one after every change of what the form of a recipe has."""
    state = json.dumps([recipe.name, recipe.kind, recipe.servings, _lines_of(recipe), recipe.steps, recipe.source])
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _lines_of(recipe: Recipe) -> str:
    return "\n".join(str(line) for line in recipe.lines)


def _told(error: AppError) -> AppError:
    """Return a refusal whose message names what people see, not the arguments of a tool."""
    if isinstance(error, Conflict) and error.field == "name":
        return Conflict("There is a recipe of that name already. Choose another name.", field="name")
    if isinstance(error, Invalid) and error.field == "name" and error.template.startswith("name is missing"):
        return Invalid("There is no title. Type a name for the recipe.", field="name")
    if isinstance(error, Invalid) and error.field == "source":
        return Invalid("Write the address of a web page, such as https://example.org/pancakes.", field="source")
    if isinstance(error, Invalid) and error.field == "steps":
        return Invalid(
            "Write the steps as plain text, of at most {most} characters.", values={"most": STEPS_LENGTH}, field="steps"
        )
    if isinstance(error, Invalid) and error.field == "url":
        return Invalid("There is no recipe to read at this address. Paste it as a text instead.", field="url")
    if isinstance(error, LimitReached) and error.field == "name":
        return LimitReached("The household has as many recipes as it can have. Delete one first.")
    return for_people(error)


async def _new_page(web: WebContext, visit: Visit, refusal: Refused | None = None) -> Response:
    return web.kit.show(
        visit.session,
        "recipes/new.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, refusal=refusal),
        reads_pages=web.read_page is not None,
        longest_text=LONGEST_TEXT,
        steps_length=STEPS_LENGTH,
        new_path=NEW,
    )


async def _edit_page(web: WebContext, visit: Visit, ref: str, refusal: Refused | None = None) -> Response:
    async with visit.household(web, write=False).open(write=False) as tenant:
        recipe = await find_by_ref(tenant, ref)
    return web.kit.show(
        visit.session,
        "recipes/edit.html",
        None if refusal is None else refusal.error,
        **await kitchen_context(web, visit, refusal=refusal),
        recipe=recipe,
        lines=_lines_of(recipe),
        steps_length=STEPS_LENGTH,
        seen=state_of(recipe),
        address=partial(recipe_path, visit.membership.ref, ref),
    )
