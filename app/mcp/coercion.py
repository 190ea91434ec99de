"""What hosts send that plainly means a valid argument, as that: a text for a number, one item for a list of them.

Types come from a tool's schema, so that every tool takes the same. Only what can be meant in one way is changed; the
rest stays as it is, and validation says what is wrong with it. docs/clients/hosts.md says which hosts need what.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast

from app.text import plain_number

Schema = Mapping[str, Any]

_NAMES: Final = ("name", "item")
"""Keys of an object that stands for an item where its name is wanted."""

_BOOLEANS: Final = {"true": True, "false": False}


def coerce_arguments(arguments: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the arguments of a call, or the parts of one entry, as their schema wants them.

    Those that may be left out are left out if they are null, an empty text or an empty list: models that have to send
    every argument send these (OpenAI's strict mode).
    """
    properties = cast("Mapping[str, Schema]", schema.get("properties", {}))
    required = schema.get("required", ())
    coerced: dict[str, Any] = {}
    for name, value in arguments.items():
        place = properties.get(name, {})
        if name not in required and (value is None or value == "" or value == []):
            continue
        coerced[name] = _coerce(value, place)
    return coerced


def has_blanks(arguments: Mapping[str, Any]) -> bool:
    """Whether an argument, or a part of an entry, is an empty text or list: valid as such, but it may mean none."""
    values = arguments.values()
    return (
        "" in values
        or [] in values
        or any(isinstance(value, list) and _has_blank_parts(cast("list[Any]", value)) for value in values)
    )


def _has_blank_parts(entries: list[Any]) -> bool:
    return any(isinstance(entry, dict) and "" in cast("dict[str, Any]", entry).values() for entry in entries)


def _coerce(value: Any, place: Schema) -> Any:
    if "anyOf" in place:
        arm = next((arm for arm in place["anyOf"] if arm.get("type") == "object"), None)
        return value if arm is None else _coerce_to_object(value, arm)
    match place.get("type"):
        case "string" if "enum" in place:
            return _choice(value, place["enum"])
        case "number":
            return _number(value)
        case "integer":
            return _whole_number(value)
        case "boolean":
            return _BOOLEANS.get(value.strip().lower(), value) if isinstance(value, str) else value
        case "array":
            return _list(value, place["items"])
        case "object":
            return _coerce_to_object(value, place)
        case _:
            return value


def _coerce_to_object(value: Any, place: Schema) -> Any:
    found = _decoded(value, "{", dict)
    return coerce_arguments(cast("dict[str, Any]", found), place) if isinstance(found, dict) else found


def _list(value: Any, entry: Schema) -> Any:
    found = _decoded(value, "[", list)
    if not isinstance(found, str | dict | list):
        return found
    entries = cast("list[Any]", found if isinstance(found, list) else [found])
    is_name = entry.get("type") == "string" and "enum" not in entry
    return [_name_in(each) if is_name else _coerce(each, entry) for each in entries]


def _name_in(value: Any) -> Any:
    """Return the ref, or the name with the note, of an item as results show it; anything else as it is."""
    decoded = _decoded(value, "{", dict)
    if not isinstance(decoded, dict):
        return value
    parts = cast("dict[str, Any]", decoded)
    ref, note = parts.get("ref"), parts.get("note")
    if isinstance(ref, str) and ref:
        return ref
    name = next((parts[key] for key in _NAMES if isinstance(parts.get(key), str)), None)
    if name is None:
        return value
    return f"{name} ({note})" if isinstance(note, str) and note else name


def _choice(value: Any, choices: list[str]) -> Any:
    folded = value.strip().lower() if isinstance(value, str) else value
    return folded if folded in choices else value


def _number(value: Any) -> Any:
    found = plain_number(value) if isinstance(value, str) else None
    return value if found is None else found


def _whole_number(value: Any) -> Any:
    found = _number(value)
    is_whole = isinstance(found, float | Decimal) and found == found // 1
    return int(found) if is_whole else value


def _decoded(value: Any, start: str, kind: type) -> Any:
    """Return the array or the object that a text is, as JSON; anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] != start:
        return value
    try:
        parsed: object = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return parsed if isinstance(parsed, kind) else value
