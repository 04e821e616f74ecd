"""The watchdog: a process of its own that heals when the runner is gone or takes too long."""

import select
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO, Self, cast

from recovery_lab.errors import InconclusiveError

ROOT = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 20.0
LOG = "watchdog.log"  # beside the journal: the runner's own streams may be gone


class Watchdog:
    """The runner's end; the pipe to the watchdog closes with the runner, however that ends."""

    def __init__(self, path: Path, limit_s: float) -> None:
        command = [sys.executable, "-m", "recovery_lab.faults.healing", str(path), f"{limit_s:.1f}"]
        with path.with_name(LOG).open("ab") as log:
            self._process = Popen(
                command, stdin=PIPE, stdout=PIPE, stderr=log, start_new_session=True, cwd=ROOT
            )
        self._said = cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> Self:
        if not self._speaks(READY_LIMIT_S):
            self._process.kill()
            raise InconclusiveError(f"no word from the watchdog in {READY_LIMIT_S:.0f} s")
        self._said.readline()
        self.verify_watching()
        return self

    def __exit__(self, *_: object) -> None:
        cast("IO[bytes]", self._process.stdin).close()
        self._said.close()
        with suppress(TimeoutExpired):  # where the fault is open still it has work to do
            self._process.wait(1.0)

    def verify_watching(self) -> None:
        """Raise InconclusiveError when it has ended, or has begun to heal."""
        if self._speaks(0.0):  # its end, too, can be read
            raise InconclusiveError("the watchdog did not wait for the fault's end, or is gone")

    def _speaks(self, limit_s: float) -> bool:
        return bool(select.select([self._said], [], [], limit_s)[0])
