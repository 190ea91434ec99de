"""The JSON Schemas of arguments and results as assistants get them: small, and such that other hosts compile them."""

from typing import Any, Final, cast

from pydantic import BaseModel

LARGEST_EXACT: Final = 2**53 - 1
"""The largest whole number that JavaScript has exactly."""

Schema = dict[str, Any]


def reduced_schema(model: type[BaseModel]) -> Schema:
    """Return the JSON Schema of a model without titles, null arms, null defaults and references.

    Assistants read every schema in each conversation, so it is as small as possible.
    """
    schema = model.model_json_schema()
    definitions: dict[str, Schema] = schema.pop("$defs", {})
    reduced = _reduce(schema, definitions)
    reduced.pop("description", None)  # the model's docstring is for its maintainers
    return reduced


def _reduce(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        target = {key: value for key, value in definitions[name].items() if key != "description"}
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    kept = {key: value for key, value in schema.items() if not _is_left_out(key, value)}
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    arms = kept.get("anyOf")
    if isinstance(arms, list):
        return _reduce_arms(kept, cast("list[Schema]", arms), definitions)
    if "properties" in kept:
        properties = cast("dict[str, Schema]", kept["properties"])
        kept["properties"] = {name: _reduce(each, definitions) for name, each in properties.items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _reduce(kept["items"], definitions)
        if "enum" in kept["items"]:
            kept.pop("maxItems", None)  # each of the values once
    return kept


def without_nested_words(schema: Schema) -> Schema:
    """Return the schema of a result without the descriptions of the parts of what is in its lists and objects: their
    names say enough to whoever has them in front of them."""
    properties = cast("dict[str, Schema]", schema["properties"])
    return {**schema, "properties": {name: _without_words(each) for name, each in properties.items()}}


def _without_words(schema: Schema, depth: int = 0) -> Schema:
    kept = {key: value for key, value in schema.items() if depth == 0 or key != "description"}
    if "properties" in kept:
        kept["properties"] = {name: _without_words(each, depth + 1) for name, each in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _without_words(kept["items"], depth + 1)
    return kept


def _is_left_out(key: str, value: object) -> bool:
    """Whether assistants and the programs between us and them do without something, or can't do with it.

    google-genai's converter fails at `additionalProperties` and `examples`; llama.cpp compiles no long text bounds, and
    a model never writes a text as long as they are, nor an empty list; JavaScript has no numbers of 64 bits. What is
    left out is checked all the same, and examples are part of descriptions.
    """
    if key in ("title", "examples", "minLength", "maxLength", "minItems", "additionalProperties"):
        return True
    if key in ("minimum", "maximum") and isinstance(value, int) and abs(value) > LARGEST_EXACT:
        return True
    return key == "default" and (value is None or value is False)


def _reduce_arms(schema: Schema, arms: list[Schema], definitions: dict[str, Schema]) -> Schema:
    # In the models None means "left out", and null is never sent.
    reduced = [_reduce(arm, definitions) for arm in arms if arm != {"type": "null"}]
    if {"type": "number"} in reduced and {"type": "integer"} in reduced:
        reduced.remove({"type": "integer"})
    if len(reduced) > 1:
        return {**schema, "anyOf": reduced}
    return {**reduced[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
