"""Check the arguments that a client sent, and say what is wrong with them in words that a model can act on."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any, Final, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.errors import Invalid, together
from app.lists.models import RefusedEntry
from app.mcp.coercion import coerce_arguments, has_blanks
from app.mcp.spec import ToolArguments

LONGEST_NAME: Final = 80
"""Characters of an unknown argument's name that a message repeats."""

ENTRIES: Final = "items"
"""The argument whose entries fail one by one."""

Model = TypeVar("Model", bound=ToolArguments)

_STAND_IN: Final = "-"
_TYPE_NAMES: Final = {"string": "text", "object": "an object", "array": "a list", "number": "a number"}
_TYPE_ERRORS: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "decimal_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "date_type": "must be a date such as 2026-12-24",
    "finite_number": "must be a finite number",
    "missing": "is missing",
}
_OTHER_WORDS: Final = {
    "amount": "quantity",
    "count": "quantity",
    "number": "quantity",
    "qty": "quantity",
    "how_many": "quantity",
    "measure": "unit",
    "title": "name",
    "text": "name",
    "product": "name",
    "item": "name",
    "comment": "note",
    "description": "note",
    "details": "note",
    "remark": "note",
    "aisle": "category",
    "department": "category",
    "section": "category",
    "shop": "store",
    "market": "store",
    "supermarket": "store",
    "assigned_to": "assignee",
    "member": "assignee",
    "who": "assignee",
    "user": "person",
    "importance": "priority",
    "cost": "price",
    "date": "not_before",
    "due": "not_before",
    "due_date": "not_before",
    "repeat": "repeat_every_days",
    "interval": "repeat_every_days",
    "list_id": "list",
    "list_name": "list",
    "target_list": "to_list",
    "position": "to",
    "names": "items",
    "entries": "items",
    "products": "items",
    "id": "item",
    "ref": "item",
    "search": "query",
    "from": "since",
    "start": "since",
    "end": "until",
    "filter": "view",
    "status": "view",
    "sort_by": "sort",
    "undo_id": "undo_ref",
    "event": "undo_ref",
}
"""What models call arguments, by what these are called here."""

_BOUGHT: Final = frozenset({"checked", "bought", "done", "completed", "purchased", "is_checked", "unchecked"})


def validate(model: type[Model], arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Model:
    """Return the arguments as `model`; those that aren't valid as they are, as what they plainly mean.

    An entry that can't be used is a `RefusedEntry` among the others. Raises `Invalid`, or several together, which name
    the wrong fields and what they may hold.
    """
    if not has_blanks(arguments):
        try:
            return model.model_validate(arguments)
        except ValidationError:
            pass  # the usual call pays nothing for what follows
    meant = coerce_arguments(arguments, schema)
    try:
        return model.model_validate(meant)
    except ValidationError as error:
        faults = _faults(error, schema)
    if None in faults or not model.fails_by_entry:
        raise together([fault for found in faults.values() for fault in found])
    return _with_refused(model, meant, schema, {number or 0: found for number, found in faults.items()})


def without_refused(arguments: Model) -> Model:
    """Return arguments with the text of each entry that was refused in its place."""
    entries: list[Any] = getattr(arguments, ENTRIES, None) or []
    if not any(isinstance(each, RefusedEntry) for each in entries):
        return arguments
    texts = [each.name if isinstance(each, RefusedEntry) else each for each in entries]
    return arguments.model_copy(update={ENTRIES: texts})


def _with_refused(
    model: type[Model], meant: dict[str, Any], schema: Mapping[str, Any], faults: Mapping[int, Sequence[Invalid]]
) -> Model:
    """Return arguments with a refusal in the place of each entry that has faults."""
    place = schema["properties"][ENTRIES]["items"]
    stand_in = {place["required"][0]: _STAND_IN} if place.get("type") == "object" else _STAND_IN
    entries: list[Any] = meant[ENTRIES]
    usable = [stand_in if number in faults else entry for number, entry in enumerate(entries)]
    valid = model.model_validate({**meant, ENTRIES: usable})
    mixed = [
        RefusedEntry(_text_of(entries[number]), together(faults[number])) if number in faults else entry
        for number, entry in enumerate(getattr(valid, ENTRIES))
    ]
    return valid.model_copy(update={ENTRIES: mixed})


def _text_of(entry: object) -> str:
    """Return the text by which an entry is told apart from the others."""
    if isinstance(entry, Mapping):
        parts = cast("Mapping[str, object]", entry)
        named = next((each for key in ("name", "item") if isinstance(each := parts.get(key), str)), None)
        if named is not None:
            return named
    return entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)


def _faults(error: ValidationError, schema: Mapping[str, Any]) -> dict[int | None, list[Invalid]]:
    """Return what is wrong, by the number of the entry; None for what is wrong with the call itself."""
    details = error.errors(include_input=False, include_url=False, include_context=True)
    faults: dict[int | None, list[Invalid]] = {}
    for number, found in groupby(sorted(details, key=_sorting), key=_entry_of):
        of_entry = list(found)
        # Where an entry may be text or an object, an error inside the object says more than that it is not text.
        inside = [each for each in of_entry if number is not None and len(each["loc"]) > _depth_of_arm(schema)]
        told = {_follow(each["loc"], schema)[0]: each for each in reversed(inside or of_entry)}
        faults[number] = _without_what_follows([_invalid(each, schema) for each in reversed(told.values())])
    return faults


def _without_what_follows(faults: Sequence[Invalid]) -> list[Invalid]:
    """Return faults without the arguments that are missing because they were called by another name."""
    renamed = {_beside(each.field or "", each.candidates[0]) for each in faults if len(each.candidates) == 1}
    return [
        each for each in faults if each.field not in renamed or not each.message.endswith(_TYPE_ERRORS["missing"] + ".")
    ]


def _beside(field: str, name: str) -> str:
    """Return the path of an argument that stands where another does."""
    holder, dot, _ = field.rpartition(".")
    return f"{holder}{dot}{name}"


def _sorting(detail: ErrorDetails) -> tuple[int, bool]:
    number = _entry_of(detail)
    return (-1 if number is None else number, detail["type"] != "extra_forbidden")


def _entry_of(detail: ErrorDetails) -> int | None:
    location = detail["loc"]
    return location[1] if len(location) > 1 and location[0] == ENTRIES and isinstance(location[1], int) else None


def _depth_of_arm(schema: Mapping[str, Any]) -> int:
    """Return how many steps lead to the arm of an entry; to the entry where that has none."""
    return 3 if "anyOf" in schema["properties"][ENTRIES]["items"] else 2


def _invalid(detail: ErrorDetails, schema: Mapping[str, Any]) -> Invalid:
    field, place = _follow(detail["loc"], schema)
    if detail["type"] == "extra_forbidden":
        return _unknown_argument(str(detail["loc"][-1]), field, _follow(detail["loc"][:-1], schema)[1])
    if "anyOf" in place:
        return Invalid(
            f"{field} must be {' or '.join(_TYPE_NAMES[arm['type']] for arm in place['anyOf'])}.", field=field
        )
    return Invalid(f"{field} {_describe(detail)}.", field=field)


def _follow(location: Sequence[int | str], schema: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return a pydantic location as a path such as `items[2].name`, and the schema there.

    At a choice, the location names the arm that was tried: that is the object if the location continues inside it, and
    the choice itself if it ends there.
    """
    path, here = "", schema
    for number, step in enumerate(location):
        if isinstance(step, int):
            path, here = f"{path}[{step}]", here.get("items", {})
        elif "anyOf" in here:
            if number < len(location) - 1:
                here = _object_of(here)
        else:
            name = step[:LONGEST_NAME]
            path, here = f"{path}.{name}" if path else name, here.get("properties", {}).get(step, {})
    return path or "arguments", here


def _unknown_argument(name: str, field: str, place: Mapping[str, Any]) -> Invalid:
    known = [str(each) for each in _object_of(place)["properties"]]
    if name.lower() in _BOUGHT and "checked" not in known:
        return Invalid(f"{field} is not an argument here. To check items off or back on, use check_items.", field=field)
    other = _OTHER_WORDS.get(name.lower())
    nearest = [other] if other in known else get_close_matches(name[:LONGEST_NAME], known, n=1)
    hint = f"Did you mean {nearest[0]}? " if nearest else ""
    message = f"{field} is not an argument here. {hint}It takes: {', '.join(known)}."
    return Invalid(message, field=field, candidates=nearest or known)


def _object_of(place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of an object, or of the object among the arms of a choice."""
    return next((arm for arm in place.get("anyOf", []) if arm.get("type") == "object"), place)


def _describe(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _TYPE_ERRORS:
        return _TYPE_ERRORS[kind]
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind in ("string_too_long", "string_too_short", "too_long", "too_short"):
        is_text, is_long = kind.startswith("string"), kind.endswith("long")
        bound = context["max_length" if is_long else "min_length"]
        noun = ("character" if is_text else "entry") if bound == 1 else ("characters" if is_text else "entries")
        return f"must have at {'most' if is_long else 'least'} {bound} {noun}"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be at {'least' if 'ge' in context else 'most'} {context.get('ge', context.get('le'))}"
    if kind.startswith("datetime"):
        return "must be a date or a time such as 2026-12-24T18:00:00Z"
    if kind.startswith("date_"):
        return _TYPE_ERRORS["date_type"]
    return "is not valid"
