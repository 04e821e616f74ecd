"""A contender's job: each read recorded before and after, whatever becomes of it."""

import threading
import time

import pytest

from recovery_lab.clients.base import Answer, Failure, Pooled
from recovery_lab.clients.job import Job, Names
from recovery_lab.record.history import Began, Ended, Look, Missed, Record, Warmed


class Scripted:
    """A client that answers as a test tells it."""

    def __init__(self, *, echo: bool = True, fails: bool = False) -> None:
        self.echo, self.fails = echo, fails
        self.held = threading.Event()
        self.held.set()

    def read(self, nonce: str) -> Answer:
        self.held.wait(5.0)
        if self.fails:
            raise ConnectionError("gone")
        return Answer(nonce=nonce if self.echo else "another", backend_pid=7, server_started="then")

    def warm(self, count: int) -> list[int]:
        return list(range(count))

    def look(self) -> Pooled | None:
        return Pooled(size=5, checked_in=4, checked_out=1)

    def failure(self, error: Exception) -> Failure:
        return Failure(
            phase="query",
            kind="lost",
            error_class=type(error).__name__,
            sqlstate="57P01",
            message=str(error),
        )


def job_of(client: Scripted, workers: int = 1) -> tuple[Job, list[Record]]:
    """Return a job of a scripted client, and the records it makes."""
    records: list[Record] = []
    names = Names(contender="adopted", job="steady")
    return Job(names, client, records.append, workers=workers, reads_per_s=100.0), records


def wait_for(records: list[Record], kind: type, count: int = 1) -> list[Record]:
    """Return the records of a kind once there are some."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        if len(found := [r for r in records if isinstance(r, kind)]) >= count:
            return found
        time.sleep(0.005)
    pytest.fail(f"no {kind.__name__}: {records}")


def test_good_read_is_recorded_before_and_after() -> None:
    """With its nonce first, then who answered and since when that server runs."""
    job, records = job_of(Scripted())
    job.burst(1)
    began, ended = records
    assert isinstance(began, Began)
    assert began.nonce
    assert isinstance(ended, Ended)
    assert ("ok", 7, "then", began.op) == (
        ended.outcome,
        ended.backend_pid,
        ended.server_started,
        ended.op,
    )


def test_failed_read_says_phase_class_sqlstate_and_message() -> None:
    """Whatever a client raises is an outcome, never the end of the job."""
    job, records = job_of(Scripted(fails=True))
    job.burst(1)
    ended = records[-1]
    assert ("error", "query", "lost", "ConnectionError", "57P01", "gone") == (
        ended.outcome,
        ended.phase,
        ended.kind,
        ended.error_class,
        ended.sqlstate,
        ended.message,
    )


def test_another_reads_answer_is_an_error() -> None:
    """An answer without this read's nonce is not this read's."""
    job, records = job_of(Scripted(echo=False))
    job.burst(1)
    assert ("error", "another_answer") == (records[-1].outcome, records[-1].kind)


def test_hung_read_has_begun_and_the_ones_due_meanwhile_are_missed() -> None:
    """One worker, held: one begun without an end, then missed."""
    client = Scripted()
    client.held.clear()
    job, records = job_of(client)
    job.steady()
    wait_for(records, Missed, 3)
    job.stop()
    assert 1 == len([r for r in records if isinstance(r, Began)])
    assert not [r for r in records if isinstance(r, Ended)]
    client.held.set()
    wait_for(records, Ended)


def test_burst_starts_all_at_once() -> None:
    """Five reads have begun before the first may end."""
    client = Scripted()
    client.held.clear()
    job, records = job_of(client, workers=5)
    threading.Thread(target=job.burst, args=(5,), daemon=True).start()
    wait_for(records, Began, 5)
    client.held.set()
    wait_for(records, Ended, 5)


def test_warm_and_look_record_what_pool_and_server_say() -> None:
    """The pool's count beside the server's backends."""
    job, records = job_of(Scripted())
    job.warm(5)
    job.look()
    warmed, look = records
    assert isinstance(warmed, Warmed)
    assert (5, 4, [0, 1, 2, 3, 4]) == (warmed.wanted, warmed.checked_in, warmed.backends)
    assert isinstance(look, Look)
    assert (5, 4, 1) == (look.size, look.checked_in, look.checked_out)
