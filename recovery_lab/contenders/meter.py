"""The meter: what a container's work costs, on the record's clock; a program of its own as well.

It needs the standard library alone. In a contender's container it is a thread of its program. An
application's container runs no program of the lab's: there a helper shares its network and its
processes.
"""

import io
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from recovery_lab.contenders.base import Json, Writer

EVERY_S = 0.2
_TICKS_PER_S, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class Counted(io.TextIOBase):
    """A stream that counts the lines and bytes written through it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lines = self.bytes = 0

    def write(self, text: str) -> int:
        """Write and count."""
        self.lines += text.count("\n")
        self.bytes += len(text.encode(errors="replace"))
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush."""
        self._stream.flush()


class Meter:
    """Tells, five times a second, what one contender has used so far, and what it has logged."""

    def __init__(self, contender: str, emit: Writer, log: Counted | None = None) -> None:
        self._contender = contender
        self._emit = emit
        self._log = log
        self._told = (0, 0)

    def start(self) -> None:
        """Start telling; the thread ends with the process."""
        threading.Thread(target=self._keep_telling, daemon=True).start()

    def tell(self) -> None:
        """Tell it now."""
        at = time.monotonic()
        self._emit("usage", at=at, contender=self._contender, opens=opens(), **used())
        if self._log and self._told != (now := (self._log.lines, self._log.bytes)):
            lines, size = now[0] - self._told[0], now[1] - self._told[1]
            self._told = now
            self._emit("logged", at=at, contender=self._contender, lines=lines, bytes=size)

    def _keep_telling(self) -> None:
        try:
            while True:
                self.tell()
                time.sleep(EVERY_S)  # a pace, not a synchronisation
        except (OSError, ValueError, KeyError) as error:  # the runner must hear of it
            said = f"{self._contender}: its meter: {type(error).__name__}: {error}"
            self._emit("trouble", at=time.monotonic(), message=said)


def opens(table: Path = Path("/proc/net/snmp")) -> int:
    """Return how many TCP connections this network namespace has begun, also those refused."""
    rows = [line.split() for line in table.read_text().splitlines() if line.startswith("Tcp:")]
    return int(dict(zip(*rows, strict=True))["ActiveOpens"])


def used(processes: Path = Path("/proc")) -> Json:
    """Return `cpu_s` and `memory` (resident, bytes) of process 1 and all that descends from it.

    What somebody runs in the container from outside (a health check, this program) descends from
    no process there.
    """
    # Fields of proc(5) from `state` on, which is the first after the name and its bracket.
    stats = {}
    for path in processes.glob("[0-9]*/stat"):
        try:
            stats[path.parent.name] = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    own = [stat for pid, stat in stats.items() if _descends(pid, stats)]
    ticks = sum(int(ticks) for stat in own for ticks in stat[11:15])  # its own, its late children's
    return {"cpu_s": ticks / _TICKS_PER_S, "memory": sum(int(stat[21]) for stat in own) * _PAGE}


def _descends(pid: str, stats: dict[str, list[str]]) -> bool:
    while pid in stats and pid != "1":
        pid = stats[pid][1]  # its parent
    return pid == "1"


def main() -> None:
    """Measure for the contender that the first argument names, until the input ends."""
    Meter(json.loads(sys.argv[1])["contender"], Writer(sys.stdout.buffer)).start()
    sys.stdin.read()
    os._exit(0)  # the thread is at work


if __name__ == "__main__":
    main()
