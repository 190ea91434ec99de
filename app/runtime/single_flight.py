"""Share one running call among all who ask for the same key (single flight)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs at most one call for each key at a time.

    An error of the type `personal` concerns only the caller that started the call: the others then do the work
    themselves.
    """

    def __init__(self, personal: type[Exception] | tuple[()] = ()) -> None:
        self._personal = personal
        self._under_way: dict[str, asyncio.Task[Result]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    async def do(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return or raise the result of `work`, or of the call for the same key that is already running.

        The call goes on when the caller that started it is cancelled, because others may be waiting; so it must end by
        itself.
        """
        task = self._under_way.get(key)
        if task is None:
            return await asyncio.shield(self._begin(key, work))
        try:
            return await asyncio.shield(task)
        except self._personal:
            return await work()

    def _begin(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work())
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def _landed(self, key: str, task: asyncio.Task[Result]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # marks it as retrieved: if all callers were cancelled, nothing else does
