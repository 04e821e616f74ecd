"""A function of the user's that reads once; what it is with, nobody knows."""

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

from recovery_lab.contenders.base import Json
from recovery_lab.yours import loop
from recovery_lab.yours.way import Way


class Call(Way):
    """Calls it for each read; a coroutine is awaited. What it returns is not looked at."""

    kind = "function"
    has_fresh = False

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call

    def read(self, nonce: str) -> Json:
        """Call it."""
        answer = self._call()
        if inspect.iscoroutine(answer):
            loop.run(answer)
        return {"nonce": nonce, "backend_pid": 0, "server_started": ""}

    def warm(self, count: int) -> list[int]:
        """Read as often, one after another; what it holds is its own."""
        for _ in range(count):
            self.read("warm")
        return [0] * count

    def session(self) -> NoReturn:
        """It lends none."""
        raise NotImplementedError

    opened = session

    def host(self) -> str:
        """Return nothing: it tells none."""
        return ""
