"""One event loop for a process, on a thread of its own: asynchronous objects, used from threads."""

import asyncio
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whoever waits; raises what it raises."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@contextmanager
def entered(manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter and leave an asynchronous context."""
    value = run(_enter(manager))
    try:
        yield value
    except BaseException:
        if not run(_leave(manager, *sys.exc_info())):
            raise
    else:
        run(_leave(manager, None, None, None))


async def _enter(manager: AbstractAsyncContextManager[T]) -> T:
    return await manager.__aenter__()


async def _leave(manager: AbstractAsyncContextManager[Any], *error: Any) -> bool | None:
    return await manager.__aexit__(*error)
