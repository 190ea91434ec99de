"""Check the arguments that a client sent, and say what is wrong with them in words that a model can act on."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.errors import Invalid

LONGEST_NAME: Final = 80
"""Characters of an unknown argument's name that a message repeats."""

Model = TypeVar("Model", bound=BaseModel)

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


def validate(model: type[Model], arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Model:
    """Return the arguments as `model`. Raises `Invalid`, which names the wrong field and what it may hold."""
    try:
        return model.model_validate(_normalized(arguments, schema))
    except ValidationError as error:
        raise _invalid(error, schema) from None


def _normalized(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with two habits of hosts undone, and no others.

    They send null for an argument that is left out, and an array or an object as JSON text, which is decoded once.
    """
    properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties", {}))
    decoded = {name: value for name, value in arguments.items() if value is not None}
    for name, value in arguments.items():
        kind = properties.get(name, {}).get("type")
        if isinstance(value, str) and kind in ("array", "object") and value.lstrip()[:1] in ("[", "{"):
            try:
                parsed: object = json.loads(value)
            except (ValueError, RecursionError):
                continue  # validation says what is expected instead
            if isinstance(parsed, list if kind == "array" else dict):
                decoded[name] = parsed
    return decoded


def _invalid(error: ValidationError, schema: Mapping[str, Any]) -> Invalid:
    """Return the error that lies deepest: where an entry may be text or an object, an error inside the object says more
    than that it is not text."""
    details = error.errors(include_input=False, include_url=False, include_context=True)
    worst = min(details, key=lambda detail: (-len(detail["loc"]), detail["type"] != "extra_forbidden"))
    field, place = _follow(worst["loc"], schema)
    if worst["type"] == "extra_forbidden":
        return _unknown_argument(str(worst["loc"][-1]), field, _follow(worst["loc"][:-1], schema)[1])
    if "anyOf" in place:
        return Invalid(
            f"{field} must be {' or '.join(_TYPE_NAMES[arm['type']] for arm in place['anyOf'])}.", field=field
        )
    return Invalid(f"{field} {_describe(worst)}.", field=field)


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
    nearest = get_close_matches(name[:LONGEST_NAME], known, n=1)
    hint = f"Did you mean {nearest[0]}? " if nearest else ""
    message = f"{field} is not an argument here. {hint}It takes: {', '.join(known)}."
    return Invalid(message, field=field, candidates=nearest or known)


def _object_of(place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of an object, or of the object among the arms of a choice."""
    return next((arm for arm in place.get("anyOf", []) if arm["type"] == "object"), place)


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
