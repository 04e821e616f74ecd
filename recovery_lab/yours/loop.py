"""One event loop for a process, on a thread of its own: asynchronous objects, used from threads."""

import asyncio
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
END_LIMIT_S = 1.0

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


def end() -> None:
    """Let its thread end, and whoever still waits for what it runs; later work starts it again."""
    with _RUNS:
        if not _LOOP.is_running():
            return
        asyncio.run_coroutine_threadsafe(_end(), _LOOP)
        deadline = time.monotonic() + 2 * END_LIMIT_S
        while _LOOP.is_running() and time.monotonic() < deadline:
            time.sleep(0.005)  # polled: a loop that is stopped tells nobody


async def _end() -> None:
    waited_for = asyncio.all_tasks() - {asyncio.current_task()}
    for one in waited_for:
        one.cancel()
    if waited_for:
        await asyncio.wait(waited_for, timeout=END_LIMIT_S)
    _LOOP.call_soon(_LOOP.stop)  # after what those have still to tell


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
