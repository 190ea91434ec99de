"""The everyday tasks, replayed against the running service over HTTP."""

from collections import Counter
from statistics import median

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from evals.household import make_household
from evals.replay import MOST_CALLS, Members, TaskFailed, replay, report
from evals.task import Task, call
from evals.tasks import TASKS
from tests.service import Service

pytestmark = [pytest.mark.anyio, pytest.mark.own_database]


@pytest.mark.processes
async def test_every_task_is_done_in_few_calls(service: Service, engine: Engine, settings: Settings) -> None:
    done: list[tuple[Task, int]] = []
    failed: list[str] = []
    async with httpx.AsyncClient(base_url=service.url) as http:
        for task in TASKS:
            try:
                done.append((task, await replay(task, Members(http, await make_household(engine, settings)))))
            except TaskFailed as failure:
                failed.append(f"{task.says} {failure}")
    print(report(done))
    assert failed == []
    calls = [number for _, number in done]
    assert (len(calls), max(calls) <= MOST_CALLS, median(calls)) == (len(TASKS), True, 1)


@pytest.mark.processes
async def test_a_task_that_is_not_done_fails(service: Service, engine: Engine, settings: Settings) -> None:
    wrong = Task("adding", "Milk!", [call("add_items", items=["milk"])], to_buy={"Groceries": ["bread"]})
    refused = Task("adding", "Milk!", [call("add_items", items=["milk"], list="Nowhere")])
    asked = Task("asking", "What?", [call("list_items")], finds=lambda answers: len(answers), found=2)
    async with httpx.AsyncClient(base_url=service.url) as http:
        members = Members(http, await make_household(engine, settings))
        for task in (wrong, refused, asked):
            with pytest.raises(TaskFailed):
                await replay(task, members)


def test_there_are_tasks_of_every_kind() -> None:
    kinds = Counter(task.kind for task in TASKS)
    assert set(kinds) == {
        *("adding", "merging", "correcting", "checking", "moving", "clearing"),
        *("asking", "copying", "doubling", "undoing", "searching", "cooking", "receipts", "sharing"),
    }
    assert len({task.says for task in TASKS}) == len(TASKS) >= 56
