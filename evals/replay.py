"""Replaying a task against the service, over HTTP as a host does, and comparing what it leaves with what it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Any, Final

import httpx

from evals.task import Call, Task, Who

REVISION: Final = "2026-07-28"
MOST_CALLS: Final = 2
"""Calls that a task may take; the median must be 1."""

_ids = count(1)


class TaskFailed(Exception):
    """A task that was not done, with what is wrong."""


@dataclass(frozen=True, slots=True)
class Members:
    """The two people of a household, by their tokens, at one address of the service."""

    http: httpx.AsyncClient
    tokens: Mapping[Who, str]

    async def call(self, tool: str, arguments: Mapping[str, Any], who: Who = "ann") -> Mapping[str, Any]:
        """Return the structured result of a call. Raises `TaskFailed` when it is refused."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "evals", "version": "1"},
        }
        message = {
            "jsonrpc": "2.0",
            "id": next(_ids),
            "method": "tools/call",
            "params": {"name": tool, "arguments": dict(arguments), "_meta": meta},
        }
        headers = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": REVISION,
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        response = await self.http.post("/mcp", json=message, headers=headers)
        body = response.json()
        result = body.get("result", {})
        if "structuredContent" not in result:
            raise TaskFailed(f"{tool} {dict(arguments)}: {body}")
        return result["structuredContent"]


async def replay(task: Task, members: Members) -> int:
    """Do a task in a fresh household, and return how many calls it took. Raises `TaskFailed` when it is not done."""
    for each in task.given:
        await _make(each, members, [])
    answers: list[Mapping[str, Any]] = []
    for each in task.calls:
        answers.append(await _make(each, members, answers))
    await _compare_lists(task, members)
    if task.finds is not None:
        _compare("what was asked", task.finds(answers), task.found)
    return len(task.calls)


async def _make(each: Call, members: Members, answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    arguments = each.arguments(answers) if callable(each.arguments) else each.arguments
    return await members.call(each.tool, arguments, each.who)


async def _compare_lists(task: Task, members: Members) -> None:
    for view, expected in (("open", task.to_buy), ("checked", task.bought), ("waiting", task.waiting)):
        for name, items in expected.items():
            page = await members.call("list_items", {"list": name, "view": view, "limit": 200})
            _compare(f"{view} on {name}", [_in_words(item) for item in page["items"]], list(items))
    if task.details:
        page = await members.call("list_items", {"list": "*", "view": "all", "detail": "full", "limit": 200})
        by_name = {item["name"]: item for item in page["items"]}
        for name, expected in task.details.items():
            said = {word: by_name.get(name, {}).get(word) for word in expected}
            _compare(name, said, dict(expected))


def _in_words(item: Mapping[str, Any]) -> str:
    amount = [str(item[word]) for word in ("quantity", "unit") if word in item]
    note = [f"({item['note']})"] if "note" in item else []
    return " ".join([*amount, item["name"], *note])


def _compare(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise TaskFailed(f"{what}: {found!r} instead of {expected!r}")


def report(calls: Mapping[Task, int] | Sequence[tuple[Task, int]]) -> str:
    """Return a line for each task with its number of calls, and the figures of all."""
    pairs = list(calls.items()) if isinstance(calls, Mapping) else list(calls)
    lines = [f"{number}  {task.kind:<12} {task.says}" for task, number in pairs]
    numbers = [number for _, number in pairs]
    lines.append(
        f"{len(pairs)} tasks, {sum(numbers)} calls: at most {max(numbers)}, median {median(numbers):g}, "
        f"mean {sum(numbers) / len(numbers):.2f}"
    )
    return "\n".join(lines)
