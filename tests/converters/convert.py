"""Converts the tools (standard input, as tools/list has them) as hosts in Python do.

Runs in an environment of its own. Prints, as JSON, what can't be converted and the grammars that llama.cpp's converter
makes of the schemas.
"""

import copy
import json
import sys
from collections.abc import Callable
from typing import Any

from agents.strict_schema import ensure_strict_json_schema
from cyllama.utils.json_schema_to_grammar import json_schema_to_grammar
from google.genai import types
from google.genai._mcp_utils import mcp_to_gemini_tool
from mcp.types import Tool
from openai.lib._pydantic import _ensure_strict_json_schema


def gemini_of_mcp(tool: dict[str, Any]) -> object:
    """As google-genai converts the tools of an MCP session."""
    return mcp_to_gemini_tool(Tool.model_validate(tool))


def gemini_parameters(tool: dict[str, Any]) -> object:
    """As hosts that pass the schema on by themselves."""
    return types.FunctionDeclaration(name=tool["name"], parameters=tool["inputSchema"])


def gemini_schema(tool: dict[str, Any]) -> object:
    return types.Schema.from_json_schema(json_schema=types.JSONSchema.model_validate(tool["inputSchema"]))


def openai_strict(tool: dict[str, Any]) -> object:
    """As openai-python makes every object strict: every property required, and no others."""
    schema = copy.deepcopy(tool["inputSchema"])
    return _ensure_strict_json_schema(schema, path=(), root=schema)


def agents_strict(tool: dict[str, Any]) -> object:
    """As openai-agents does the same with the tools of an MCP server."""
    return ensure_strict_json_schema(copy.deepcopy(tool["inputSchema"]))


CONVERTERS: tuple[Callable[[dict[str, Any]], object], ...] = (
    gemini_of_mcp,
    gemini_parameters,
    gemini_schema,
    openai_strict,
    agents_strict,
)


def main() -> None:
    """Convert everything."""
    faults: list[dict[str, str]] = []
    grammars: dict[str, str] = {}
    for tool in json.load(sys.stdin):
        for convert in CONVERTERS:
            try:
                convert(tool)
            except Exception as error:
                faults.append({"tool": tool["name"], "converter": convert.__name__, "fault": f"{error!r}"[:500]})
        for side in ("inputSchema", "outputSchema"):
            grammars[f"{tool['name']} {side}"] = json_schema_to_grammar(tool[side])
    json.dump({"faults": faults, "grammars": grammars}, sys.stdout)


if __name__ == "__main__":
    main()
