"""Ctrl-C and SIGTERM while something is being put right: the one place that holds them back."""

import signal
import threading
from types import TracebackType
from typing import Self

_HELD = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Within it the first signal may break in, as KeyboardInterrupt, and none after it.

    From `hold_back` on none does: what comes then is raised on leaving. Signals reach the main
    thread alone, so anywhere else this does nothing.
    """

    def __init__(self, *, held_back: bool = False) -> None:
        self._held_back = held_back
        self._came_late = False
        self._before: dict[signal.Signals, object] = {}

    def hold_back(self) -> None:
        """Let nothing break in from here on."""
        self._held_back = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._came) for number in _HELD}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # as it was given to us
        if self._came_late and error is None:
            raise KeyboardInterrupt

    def _came(self, *_: object) -> None:
        # Set before the raise: not even the next signal finds a gap before the healing.
        if self._held_back:
            self._came_late = True
            return
        self._held_back = True
        raise KeyboardInterrupt
