"""Arguments as a client sent them, checked; and what is wrong with them, in words a model can act on."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)

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
    """The arguments as `model`. Raises `Invalid` that names the first wrong field and what it may hold."""
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
    details = error.errors(include_input=False, include_url=False, include_context=True)
    first = min(details, key=_how_specific)
    field = _path(first)
    if first["type"] == "extra_forbidden":
        return _unknown_argument(first, field, schema)
    return Invalid(f"{field} {_in_words(first)}.", field=field)


def _how_specific(detail: ErrorDetails) -> int:
    # An entry of a list may be text or an object: when an object was sent, what is wrong inside it says more
    # than that it is no text.
    return -len(detail["loc"])


def _path(detail: ErrorDetails) -> str:
    path = ""
    for step in detail["loc"]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in _UNION_ARMS:
            path += f".{step}" if path else step
    return path or "arguments"


_UNION_ARMS: Final = {"str", "ItemInput"}
"""How pydantic names the arms of a union in a path."""


def _unknown_argument(detail: ErrorDetails, field: str, schema: Mapping[str, Any]) -> Invalid:
    known = _properties_at(detail, schema)
    nearest = get_close_matches(str(detail["loc"][-1]), known, n=1)
    hint = f"Did you mean {nearest[0]}?" if nearest else f"It takes: {', '.join(known)}."
    return Invalid(f"{field} is not an argument here. {hint}", field=field, candidates=nearest or known)


def _properties_at(detail: ErrorDetails, schema: Mapping[str, Any]) -> list[str]:
    here: Any = schema
    for step in detail["loc"][:-1]:
        if isinstance(step, int):
            here = here["items"]
        elif step in _UNION_ARMS:
            here = next(arm for arm in here["anyOf"] if arm["type"] == "object")
        else:
            here = here["properties"][step]
    return [str(name) for name in here["properties"]]


def _in_words(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _TYPES:
        return _TYPES[kind]
    if kind == "literal_error":
        return f"must be one of {context['expected']}"
    if kind in ("string_too_long", "string_too_short"):
        most = kind == "string_too_long"
        bound = context["max_length"] if most else context["min_length"]
        return f"must have at {'most' if most else 'least'} {bound} characters"
    if kind in ("too_long", "too_short"):
        most = kind == "too_long"
        bound = context["max_length"] if most else context["min_length"]
        return f"must have at {'most' if most else 'least'} {bound} entries"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"must be at {'least' if 'ge' in context else 'most'} {context.get('ge', context.get('le'))}"
    if kind.startswith("datetime"):
        return "must be a date or a time such as 2026-12-24T18:00:00Z"
    if kind.startswith("date_"):
        return _TYPES["date_type"]
    return "is not valid"
