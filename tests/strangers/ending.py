"""What must not outlive the tests ends with them, however they end."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

WAITING = 'cat >/dev/null; exec "$@"'  # until the other end of its standard input is closed


@contextmanager
def at_the_end(*command: str) -> Iterator[None]:
    """Have a command run when this block ends, or this process does: SIGKILL closes a pipe, too."""
    waiting = subprocess.Popen(
        ["sh", "-c", WAITING, "sh", *command],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the tests, not for what cleans up behind them
    )  # fmt: skip
    try:
        yield
    finally:
        assert waiting.stdin is not None
        waiting.stdin.close()
        waiting.wait(30)
