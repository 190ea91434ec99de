"""JSON Schemas as small as they can be: an assistant reads every one of them in each conversation."""

from typing import Any, cast

from pydantic import BaseModel

Schema = dict[str, Any]


def reduced_schema(model: type[BaseModel]) -> Schema:
    """The schema of a model without titles, null arms, null defaults and references."""
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
    kept = {key: value for key, value in schema.items() if key != "title" and (key, value) != ("default", None)}
    arms = kept.get("anyOf")
    if isinstance(arms, list):
        return _reduce_arms(kept, cast("list[Schema]", arms), definitions)
    if "properties" in kept:
        properties = cast("dict[str, Schema]", kept["properties"])
        kept["properties"] = {name: _reduce(each, definitions) for name, each in properties.items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _reduce(kept["items"], definitions)
    return kept


def _reduce_arms(schema: Schema, arms: list[Schema], definitions: dict[str, Schema]) -> Schema:
    # None stands for "left out" in the models; on the wire it is left out.
    reduced = [_reduce(arm, definitions) for arm in arms if arm != {"type": "null"}]
    if len(reduced) > 1:
        return {**schema, "anyOf": reduced}
    return {**reduced[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
