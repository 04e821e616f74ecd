"""Ctrl-C and SIGTERM while something is being put right: the one place that holds them back."""

import signal
import threading
from typing import Any, Self


class Interrupts:
    """Within it the first signal may break in, as KeyboardInterrupt, and none after it."""

    def __init__(self, *, held_back: bool = False) -> None:
        self._held_back = held_back
        self._came_late = False
        self._before: dict[int, Any] = {}

    def hold_back(self) -> None:
        """Let nothing break in from here on; what comes is raised on leaving."""
        self._held_back = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # no other gets a signal
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._came_late and kind is None:
            raise KeyboardInterrupt

    def _came(self, *_: object) -> None:
        # Set before the raise: not even the next signal finds a gap before the healing.
        self._came_late = self._came_late or self._held_back
        if not self._held_back:
            self._held_back = True
            raise KeyboardInterrupt
