"""A contender's job: each read recorded before and after, whatever becomes of it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from recovery_lab.contenders.job import Job
from tests.unit.recovery_lab.contenders.conftest import Records, Scripted


@pytest.fixture
def job(adapter: Scripted, records: Records) -> Job:
    """A job of one worker."""
    return Job(
        {"contender": "adopted", "job": "idle"},
        adapter,
        records,
        workers=1,
        reads_per_s=100.0,
        sessions=1,
    )


def one_read(job: Job, records: Records) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how a read began and ended."""
    job.start()
    ended = records.wait_for("ended")[0]
    job.stop()
    return records.of("began")[0], ended


def test_good_read_is_recorded_before_and_after(job: Job, records: Records) -> None:
    """With its nonce first, then who answered and since when that server runs."""
    began, ended = one_read(job, records)
    assert {"record", "contender", "job", "op", "due_at", "started_at", "nonce"} == set(began)
    assert ("adopted", "idle", 1) == (began["contender"], began["job"], began["op"])
    assert began["due_at"] <= began["started_at"] <= ended["at"]
    assert ("ok", 7, "then", 1) == (
        ended["outcome"],
        ended["backend_pid"],
        ended["server_started"],
        ended["op"],
    )


def test_failed_read_says_what_its_adapter_said(
    job: Job, adapter: Scripted, records: Records
) -> None:
    """Whatever an adapter raises is an outcome, never the end of the job."""
    adapter.fails = True
    _, ended = one_read(job, records)
    assert ("error", "execute", "lost", "E", "gone") == (
        ended["outcome"],
        ended["phase"],
        ended["kind"],
        ended["error_class"],
        ended["message"],
    )


def test_another_reads_answer_is_an_error(job: Job, adapter: Scripted, records: Records) -> None:
    """An answer without this read's nonce is not this read's."""
    adapter.echo = False
    _, ended = one_read(job, records)
    assert ("error", "another_answer") == (ended["outcome"], ended["kind"])


def test_broken_adapter_is_trouble(
    job: Job, adapter: Scripted, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter without its answer's keys proves nothing, and must not look like a hung read."""
    monkeypatch.setattr(adapter, "read", lambda nonce: {})
    job.start()
    assert "adopted: KeyError: 'nonce'" == records.wait_for("trouble")[0]["message"]
    job.stop()


def test_hung_read_has_begun_and_the_ones_due_meanwhile_are_missed(
    job: Job, adapter: Scripted, records: Records
) -> None:
    """One worker, held: one begun without an end, then missed."""
    adapter.held.clear()
    job.start()
    missed = records.wait_for("missed", 3)
    job.stop()
    assert {"record", "contender", "job", "due_at"} == set(missed[0])
    assert records.of("began")
    assert not records.of("ended")
    adapter.held.set()
    records.wait_for("ended")


def test_release_uses_all_that_was_warmed_at_once(
    job: Job, adapter: Scripted, records: Records
) -> None:
    """Five reads have begun before the first may end, all due then; steady ones follow."""
    job.warm(5)
    adapter.held.clear()
    job.start(job.warmed)
    began = records.wait_for("began", 5)
    assert 1 == len({one["due_at"] for one in began})
    records.wait_for("missed")
    adapter.held.set()
    assert records.wait_for("began", 6)[5]["due_at"] > began[0]["due_at"]
    job.stop()


def test_after_stop_a_job_begins_anew(
    job: Job, adapter: Scripted, records: Records, threads_end: Callable[[], None]
) -> None:
    """A read that hangs from before keeps its number: no later one is taken for it."""
    adapter.held.clear()
    job.start()
    records.wait_for("began")
    job.stop()
    adapter.held.set()
    records.wait_for("ended")
    adapter.held.clear()
    job.warm(5)
    job.start()
    records.wait_for("missed")
    adapter.held.set()
    records.wait_for("ended", 4)
    job.stop()
    threads_end()
    ops = [one["op"] for one in records.of("began")]
    assert list(range(1, len(ops) + 1)) == sorted(ops)
    assert sorted(ops) == sorted(one["op"] for one in records.of("ended"))


def test_hung_worker_of_the_outage_before_is_no_worker_of_the_next(
    job: Job, adapter: Scripted, records: Records
) -> None:
    """Though its read never ended, the next outage has all its workers."""
    hanging = adapter.held
    hanging.clear()
    job.start()
    records.wait_for("missed")
    job.stop()
    adapter.held = threading.Event()
    adapter.held.set()
    job.start()
    assert records.wait_for("ended")[0]["op"] > 1
    job.stop()
    hanging.set()


def test_warm_and_look_record_what_pool_and_server_say(job: Job, records: Records) -> None:
    """The pool's count beside the server's backends."""
    job.warm(5)
    job.look()
    warmed, look = records.all
    assert (5, 4, [1, 2, 3, 4, 5]) == (
        warmed["wanted"],
        warmed["checked_in"],
        warmed["backends"],
    )
    assert (5, 4, 1) == (look["size"], look["checked_in"], look["checked_out"])


def test_what_pools_nothing_wants_what_it_has(
    job: Job, adapter: Scripted, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session of its own, or answers that tell no backend (0): counted, not listed."""
    adapter.pools = False
    monkeypatch.setattr(adapter, "warm", lambda count: [9, 0])
    job.warm(5)
    job.look()
    [warmed] = records.all
    assert (2, 2, [9]) == (warmed["wanted"], warmed["checked_in"], warmed["backends"])
