"""Arguments as a client sent them, checked; and what is wrong with them, in words a model can act on."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.errors import Invalid

LONGEST_NAME: Final = 80
"""Characters of an unknown argument's name that are said back."""

Model = TypeVar("Model", bound=BaseModel)

_KINDS: Final = {"string": "text", "object": "an object", "array": "a list", "number": "a number"}
_TYPES: Final = {
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
    """The arguments as `model`. Raises `Invalid` that names a wrong field and what it may hold."""
    try:
        return model.model_validate(_as_meant(arguments, schema))
    except ValidationError as error:
        raise _refusal(error, schema) from None


def _as_meant(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """What hosts send beside the schema, put right: null for an argument that is left out, and an array or an object as
    JSON text, which is decoded once. Nothing else is."""
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


def _refusal(error: ValidationError, schema: Mapping[str, Any]) -> Invalid:
    """What is wrong with the entry that was read the furthest: an entry of a list may be text or an object, and of an
    object, what is wrong inside it says more than that it is no text."""
    details = error.errors(include_input=False, include_url=False, include_context=True)
    worst = min(details, key=lambda detail: (-len(detail["loc"]), detail["type"] != "extra_forbidden"))
    field, place = _follow(worst["loc"], schema)
    if worst["type"] == "extra_forbidden":
        return _unknown_argument(str(worst["loc"][-1]), field, _follow(worst["loc"][:-1], schema)[1])
    if "anyOf" in place:
        return Invalid(f"{field} must be {' or '.join(_KINDS[arm['type']] for arm in place['anyOf'])}.", field=field)
    return Invalid(f"{field} {_in_words(worst)}.", field=field)


def _follow(location: Sequence[int | str], schema: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """A pydantic location as a path such as `items[2].name`, and the schema there.

    Where the schema has a choice the location names the arm that was tried: the object is meant when the location
    goes on inside it, and the choice itself when it ends there.
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
    """The schema of an object, also where it is one arm of a choice."""
    return next((arm for arm in place.get("anyOf", []) if arm["type"] == "object"), place)


def _in_words(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _TYPES:
        return _TYPES[kind]
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind in ("string_too_long", "string_too_short"):
        most = kind == "string_too_long"
        bound = context["max_length"] if most else context["min_length"]
        return f"has a length out of bounds: at {'most' if most else 'least'} {bound} characters"
    if kind in ("too_long", "too_short"):
        most = kind == "too_long"
        bound = context["max_length"] if most else context["min_length"]
        return f"has a number of entries out of bounds: at {'most' if most else 'least'} {bound}"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be at {'least' if 'ge' in context else 'most'} {context.get('ge', context.get('le'))}"
    if kind.startswith("datetime"):
        return "must be a date or a time such as 2026-12-24T18:00:00Z"
    if kind.startswith("date_"):
        return _TYPES["date_type"]
    return "is not valid"
