"""The log's limit, on a clock that moves when told."""

import logging
import re
from collections.abc import Callable

import psycopg2
import pytest

from dashboard.reads import Reads
from dashboard.sparing import LINES, MOST_KINDS, WINDOW_S, SparingHandler


class Time:
    """A clock that moves when told, and calls what is due meanwhile."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Note a call."""
        assert delay_s > 0
        self.calls.append((self.now_s + delay_s, call))

    def go(self, seconds: float) -> None:
        """Let time pass."""
        until_s = self.now_s + seconds
        while due := [one for one in self.calls if one[0] <= until_s]:
            self.calls.remove(due[0])
            self.now_s = due[0][0]
            due[0][1]()
        self.now_s = until_s


class Stream:
    """Where the lines go, each with its instant."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.lines: list[tuple[float, str]] = []

    def write(self, text: str) -> None:
        """Take in whole lines."""
        self.lines += [(self._time.now_s, line) for line in text.splitlines()]

    def flush(self) -> None:
        """Hold nothing back."""

    @property
    def text(self) -> list[str]:
        """Return the lines without their instants."""
        return [line for _, line in self.lines]


@pytest.fixture
def time() -> Time:
    """Give a clock."""
    return Time()


@pytest.fixture
def handler(time: Time) -> SparingHandler:
    """Give the handler over that clock."""
    handler = SparingHandler(clock=time, later=time.later)
    handler.setStream(Stream(time))
    return handler


@pytest.fixture
def log(handler: SparingHandler) -> logging.Logger:
    """Give a logger with that handler alone."""
    log = logging.Logger("test")  # noqa: LOG001 # none that others could find
    log.addHandler(handler)
    return log


def failed(log: logging.Logger, op: str, kind: str = "refused") -> None:
    """Log a failed read as Reads does."""
    log.warning("read failed: kind=%s op=%s driver=%s", kind, op, "OperationalError: no")


def test_few_lines_are_written_at_once_as_they_are(log, handler, time) -> None:
    """While nothing floods, the log is what it always was."""
    for number in range(20):
        log.info("line %d", number)
        time.go(0.25)
    assert [f"line {number}" for number in range(20)] == handler.stream.text
    assert [] == time.calls


def test_any_second_of_an_outage_has_five_lines_at_most(log, handler, time) -> None:
    """Eighty failed reads a second of three kinds and a flapping monitor, for ten seconds."""
    for number in range(800):
        failed(log, f"id{number}", ("refused", "deadline", "starting_up")[number % 3])
        if number % 8 == 0:
            log.info("database %s", "up" if number % 16 else "down")
        time.go(1 / 80)
    time.go(5)
    instants = [at for at, _ in handler.stream.lines]
    assert max(sum(at <= one < at + 1 for one in instants) for at in instants) <= LINES == 5
    assert len(instants) >= 40
    text = handler.stream.text
    counts = [int(found[1]) if (found := re.match(r"(\d+) more", line)) else 1 for line in text]
    assert 900 == sum(counts)
    operations = [one for line in text for one in re.findall(r"\bop=(\S+)", line)]
    assert {f"id{number}" for number in range(800)} == set(operations)
    assert 800 == len(operations)


def test_lines_alike_are_counted_in_one_that_has_all_their_ids(log, handler, time) -> None:
    """The count stands before the line's own words, which end with the driver's as always."""
    for number in range(22):
        failed(log, f"id{number}")
    assert 5 == len(handler.stream.text)
    time.go(WINDOW_S)
    ids = " ".join(f"op=id{number}" for number in range(5, 22))
    line = f"17 more like this: read failed: kind=refused {ids} driver=OperationalError: no"
    assert [line] == handler.stream.text[5:]


def test_held_line_that_is_alone_is_written_as_it_is(log, handler, time) -> None:
    """The monitor's word in the middle of a flood comes within a second, with its own time."""
    for number in range(30):
        failed(log, f"id{number}")
    log.info("database up: version=%s", "17.6")
    time.go(WINDOW_S)
    assert "database up: version=17.6" == handler.stream.text[-1]


def test_lines_that_are_all_different_wait_in_bounded_room(log, handler, time) -> None:
    """A flood in which no line is like another ends in one line that counts, with the ids."""
    for number in range(200):
        failed(log, f"id{number}", kind=f"kind{number}")
    time.go(60)
    assert LINES + MOST_KINDS + 1 == len(handler.stream.text)
    rest = 200 - LINES - MOST_KINDS
    assert handler.stream.text[-1].startswith(f"{rest} more like this: lines of other kinds: op=")
    assert 200 == len(re.findall(r"\bop=id\d+", "\n".join(handler.stream.text)))


def test_level_and_format_are_kept(log, handler, time) -> None:
    """A line that counts is as severe as those it counts."""
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    for number in range(7):
        failed(log, f"id{number}")
    time.go(WINDOW_S)
    assert handler.stream.text[-1].startswith("WARNING test 2 more like this: read failed: ")


def test_call_with_wrong_arguments_harms_nobody(log, handler, monkeypatch, capsys) -> None:
    """Logging's own way to tell a bug in a call; whoever made it goes on."""
    log.warning("%d", "no number")
    assert "no number" in capsys.readouterr().err
    log.warning("fine")
    assert ["fine"] == handler.stream.text


def test_what_waits_is_written_when_the_process_ends(log, handler) -> None:
    """The end of an outage's story is not lost with its dashboard."""
    for number in range(9):
        failed(log, f"id{number}")
    handler.close()
    assert handler.stream.text[-1].startswith("4 more like this: ")


def test_timer_writes_by_itself(wait_for) -> None:
    """No further line is needed to get the count out."""
    handler = SparingHandler()
    handler.setStream(Stream(Time()))
    log = logging.Logger("test")  # noqa: LOG001
    log.addHandler(handler)
    for number in range(9):
        failed(log, f"id{number}")
    wait_for(lambda: handler.stream.text[-1].startswith("4 more like this: "))


def test_failed_reads_are_alike_for_it(reads: Reads, log, handler, time, monkeypatch) -> None:
    """It goes by the words that Reads has: were the id called otherwise, no two were alike."""
    monkeypatch.setattr("dashboard.reads.log", log)
    told = [reads.failed(psycopg2.OperationalError("gone")).operation_id for _ in range(50)]
    time.go(WINDOW_S)
    assert 6 == len(handler.stream.text)
    assert told[5:] == re.findall(r"\bop=(\S+)", handler.stream.text[-1])
