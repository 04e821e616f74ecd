"""The server's own story: its log, read from Docker and put on the observer's clock.

The target declares its line's format; groups that its prefix does not have stay empty.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from recovery_lab.record.history import Clock, LogLine, to_monotonic


def parse_log(text: str, line_format: str) -> Iterator[tuple[float, dict[str, str]]]:
    """Yield (Unix time in s, named parts) for each line of the format; others are skipped."""
    pattern = re.compile(line_format)
    for line in text.splitlines():
        # Searched: Compose 2.26 writes an erase sequence before each line, also without a terminal.
        if match := pattern.search(line):
            moment = datetime.fromisoformat(match["at"])
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            yield moment.timestamp(), {k: v or "" for k, v in match.groupdict().items()}


def log_lines(text: str, line_format: str, clocks: Sequence[Clock]) -> list[LogLine]:
    """Return the log's lines as records on the observer's clock."""
    return [
        LogLine(
            at=to_monotonic(wall, clocks),
            pid=int(parts["pid"]),
            sqlstate=parts.get("sqlstate", ""),
            application=parts.get("app", ""),
            severity=parts["severity"],
            message=parts["message"],
        )
        for wall, parts in parse_log(text, line_format)
    ]
