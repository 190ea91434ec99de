"""Work that many want at once is done once, and all of them get what came of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """At most one piece of work under way for each key.

    Errors of the type `personal` are about whoever began the work: who waited for it then does it for themselves.
    """

    def __init__(self, personal: type[Exception] | tuple[()] = ()) -> None:
        self._personal = personal
        self._under_way: dict[str, asyncio.Task[Result]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    async def do(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What `work` answers or raises, or what the same work that is under way already does.

        It goes on when the one who began it gives up, because others may be waiting; so it must end by itself.
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
            task.exception()  # when everybody gave up, nobody else looks at it
