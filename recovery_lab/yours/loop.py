"""One event loop for a process, on a thread of its own: asynchronous objects, used from threads."""

import asyncio
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


_LOOP = asyncio.new_event_loop()  # one, whoever comes first: a pool belongs to its loop
_RUNS = threading.Lock()


def _running() -> asyncio.AbstractEventLoop:
    with _RUNS:
        if not _LOOP.is_running():
            started = threading.Event()
            _LOOP.call_soon(started.set)
            threading.Thread(target=_LOOP.run_forever, daemon=True).start()
            started.wait()
    return _LOOP


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whoever waits; raises what it raises."""
    return asyncio.run_coroutine_threadsafe(work, _running()).result()


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
