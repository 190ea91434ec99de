"""Every published schema, through what hosts and models compile it with: ajv, Gemini, OpenAI's strict mode, llama.cpp.

A schema that one of them can't compile takes the tool, and often all tools, away from whoever uses that host.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from app.mcp.catalogue import TOOLS
from tests.mcp.test_tenancy import ARGUMENTS
from tests.npm import NODE, install

pytestmark = pytest.mark.slow

HERE: Final = Path(__file__).parent
SECONDS: Final = 300
DEFINITIONS: Final = [tool.definition.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in TOOLS]
SCHEMAS: Final = {
    f"{each['name']} {side}": each[side] for each in DEFINITIONS for side in ("inputSchema", "outputSchema")
}


def run(command: list[Any], sent: object = None, cwd: Path | None = None) -> str:
    """The output of a program that must succeed."""
    given = None if sent is None else json.dumps(sent)
    ended = subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, text=True, check=False, timeout=SECONDS, env=environment()
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return ended.stdout


def environment() -> dict[str, str]:
    """The environment, without what would make another Python's packages visible."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


@pytest.fixture(scope="session")
def node_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs for Node, beside what the lock names."""
    directory = tmp_path_factory.mktemp("converters")
    install(HERE, directory, "--omit=optional")  # the optional packages are for other machines, and of 650 MB
    for program in HERE.glob("*.mjs"):
        shutil.copy(program, directory)
    return directory


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the converters in Python make of the tools, in an environment of their own."""
    directory = tmp_path_factory.mktemp("converters-python")
    uv = Path(sys.executable).with_name("uv")
    python = directory / ".venv/bin/python"
    run([uv, "venv", "--quiet", "--python", sys.executable, directory / ".venv"])
    run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", HERE / "requirements.txt"])
    return json.loads(run([python, HERE / "convert.py"], DEFINITIONS, directory))


def test_ajv_compiles_every_schema_and_accepts_good_arguments(node_programs: Path) -> None:
    calls = {f"{name} inputSchema": [arguments] for name, arguments in ARGUMENTS.items()}
    assert calls.keys() <= SCHEMAS.keys()
    sent = {"schemas": SCHEMAS, "calls": calls}
    assert json.loads(run([NODE, "ajv.mjs"], sent, node_programs)) == []


def test_ajv_would_tell_what_it_does_not_compile(node_programs: Path) -> None:
    schemas = {
        "broken": {"type": "objekt"},
        "strict": {"type": "string", "minItems": 1, "x": 1},
        "good": {"type": "string"},
    }
    faults = json.loads(run([NODE, "ajv.mjs"], {"schemas": schemas, "calls": {"good": [5]}}, node_programs))
    assert {each["name"] for each in faults} == {"broken", "strict", "good"}


def test_gemini_and_openai_convert_every_tool(converted: dict[str, Any]) -> None:
    assert converted["faults"] == []


def test_llama_cpp_compiles_the_grammar_of_every_schema(converted: dict[str, Any], node_programs: Path) -> None:
    grammars: dict[str, str] = converted["grammars"]
    assert grammars.keys() == SCHEMAS.keys()
    too_long = 'root ::= "\\"" [a-z]{0,2000} "\\""'
    failed = json.loads(run([NODE, "grammars.mjs"], {**grammars, "too long": too_long}, node_programs))
    assert failed == ["too long"], "llama.cpp compiles no text of 2,000 characters"
