"""What was last made from a shared object, kept for all sessions."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class Latest(Generic[S, T]):
    """Call `make` once for each choice of arguments, as long as the subject is the same object.

    Twenty pages that show one sample then build one table, and not twenty.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._subject: S | None = None
        self._made: dict[tuple[Any, ...], T] = {}

    def __call__(self, subject: S, *arguments: Any) -> T:
        """Return what `make` makes of `subject` and the (hashable) arguments."""
        with self._lock:
            if self._subject is not subject:
                self._subject, self._made = subject, {}
            made = self._made
        if arguments not in made:  # made twice at worst, where two come at once
            made[arguments] = self._make(subject, *arguments)
        return made[arguments]
