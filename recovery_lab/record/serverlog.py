"""The server's own story: its log, read from Docker and put on the observer's clock.

The prefix is `%m [%p] sqlstate=%e app=%a ` with `log_timezone = UTC` and `lc_messages = C`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from recovery_lab.record.history import Clock, LogLine, to_monotonic

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[(?P<pid>\d+)\] "
    r"sqlstate=(?P<sqlstate>\w{5}) app=(?P<app>.*?) (?P<severity>[A-Z]+\d?):  (?P<message>.*)"
)


def parse_log(text: str) -> Iterator[tuple[float, re.Match[str]]]:
    """Yield (Unix time in s, match) for each line with the lab's prefix; others are skipped."""
    for line in text.splitlines():
        # Searched: Compose 2.26 writes an erase sequence before each line, also without a terminal.
        if match := _LINE.search(line):
            moment = datetime.strptime(match["at"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
            yield moment.timestamp(), match


def log_lines(text: str, clocks: list[Clock]) -> list[LogLine]:
    """Return the log's lines as records on the observer's clock."""
    return [
        LogLine(
            at=to_monotonic(wall, clocks),
            pid=int(match["pid"]),
            sqlstate=match["sqlstate"],
            application=match["app"],
            severity=match["severity"],
            message=match["message"],
        )
        for wall, match in parse_log(text)
    ]
