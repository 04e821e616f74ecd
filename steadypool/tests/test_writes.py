"""Writes say what became of them; one that may have been committed never runs again."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, exc

import steadypool
from conftest import MakeEngine, session_of, wait_for
from fake import Server
from steadypool.writes import Answer, verdict

ONE = steadypool.TransactionId(
    xid="700", begun_at=datetime(2026, 1, 1, tzinfo=UTC), timeline="00000001"
)
BEFORE, AFTER = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


class Work:
    """An insert that counts its runs, and may lose its session in the first ones."""

    def __init__(self, server: Server, *, lost: int = 0) -> None:
        self.runs, self._server, self._lost = 0, server, lost

    def __call__(self, connection: Connection) -> str:
        self.runs += 1
        connection.exec_driver_sql("INSERT INTO ledger VALUES (1)")
        if self.runs <= self._lost:
            self._server.cut_one(session_of(connection).pgconn.backend_pid)
            wait_for(lambda: session_of(connection).has_news)
        return "written"


def test_write_returns_what_was_committed(engine: Engine, server: Server) -> None:
    """One transaction, committed once."""
    work = Work(server)
    assert "written" == steadypool.write(engine, work, deadline_s=5)
    assert (1, 1) == (work.runs, len(server.committed))
    sent = [sql for sql in server.asked if sql.split()[0] in {"BEGIN", "INSERT", "COMMIT"}]
    assert ["BEGIN", "INSERT INTO ledger VALUES (1)", "COMMIT"] == sent[-3:]


def test_write_on_an_engine_in_autocommit_is_one_transaction(
    make_engine: MakeEngine, server: Server
) -> None:
    """The engine's own mode is back afterwards."""
    engine = make_engine(isolation_level="AUTOCOMMIT")
    assert "written" == steadypool.write(engine, Work(server), deadline_s=5)
    assert 1 == len(server.committed)
    with engine.connect() as connection:
        assert session_of(connection).autocommit


def test_session_lost_before_commit_is_not_committed(engine: Engine, server: Server) -> None:
    """The COMMIT is not even sent, and the caller is told that nothing was written."""
    work = Work(server, lost=1)
    with pytest.raises(steadypool.NotCommittedError):
        steadypool.write(engine, work, deadline_s=5)
    assert (1, 0) == (work.runs, len(server.committed))
    assert 0 == steadypool.counters(engine).lost_commits


def test_repeatable_write_runs_again_when_it_was_not_committed(
    engine: Engine, server: Server
) -> None:
    """Twice lost, and committed once."""
    work = Work(server, lost=2)
    assert "written" == steadypool.write(engine, work, deadline_s=5, repeatable=True)
    assert (3, 1) == (work.runs, len(server.committed))
    assert 2 == steadypool.counters(engine).rewrites


def test_session_lost_before_the_work_began_costs_nothing(engine: Engine, server: Server) -> None:
    """Nothing of the work was sent: it runs once, repeatable or not."""
    cut: list[int] = []

    def cut_first(connection: Connection) -> None:
        if not cut:
            cut.append(session_of(connection).pgconn.backend_pid)
            server.cut_one(cut[0])

    event.listen(engine, "begin", cut_first)
    work = Work(server)
    assert "written" == steadypool.write(engine, work, deadline_s=5)
    assert (1, 1, 1) == (len(cut), work.runs, len(server.committed))


def test_commit_lost_in_flight_is_asked_about(engine: Engine, server: Server) -> None:
    """The server never had it: known not to be committed."""
    server.script.commits = ["before"]
    work = Work(server)
    with pytest.raises(steadypool.NotCommittedError):
        steadypool.write(engine, work, deadline_s=5)
    assert (1, 0) == (work.runs, len(server.committed))
    assert 1 == steadypool.counters(engine).lost_commits


def test_commit_whose_answer_was_lost_is_a_success(engine: Engine, server: Server) -> None:
    """The server had it: the value is returned, and the work does not run again."""
    server.script.commits = ["after"]
    work = Work(server)
    assert "written" == steadypool.write(engine, work, deadline_s=5, repeatable=True)
    assert (1, 1) == (work.runs, len(server.committed))


def test_unknown_outcome_never_runs_again(engine: Engine, server: Server) -> None:
    """The server no longer knows: the caller is given the transaction's number."""
    server.script.commits = ["before"]
    server.script.xact.status = None
    work = Work(server)
    with pytest.raises(steadypool.UnknownOutcomeError) as told:
        steadypool.write(engine, work, deadline_s=5, repeatable=True)
    assert ONE == told.value.transaction
    assert 1 == work.runs


def test_unknown_outcome_can_be_asked_about_later(engine: Engine, server: Server) -> None:
    """The server goes away with the answer, and stays away to the deadline."""
    server.script.commits = ["after"]
    work = Work(server)

    def written(connection: Connection) -> str:
        said = work(connection)
        threading.Timer(0.1, server.stop).start()
        server.script.mute_login = True
        return said

    with pytest.raises(steadypool.UnknownOutcomeError) as told:
        steadypool.write(engine, written, deadline_s=1, repeatable=True)
    server.script.mute_login = False
    server.start()
    assert 1 == work.runs
    assert "committed" == steadypool.outcome(engine, told.value.transaction, deadline_s=5)


def test_transaction_that_is_still_open_is_ended(engine: Engine, server: Server) -> None:
    """Its session is nobody's; it must not commit after its caller was told something else."""
    server.script.commits, server.script.xact.open_for = ["before"], 2
    work = Work(server)
    with pytest.raises(steadypool.NotCommittedError):
        steadypool.write(engine, work, deadline_s=5)
    assert 2 == sum("pg_terminate_backend" in sql for sql in server.asked)


def test_number_that_was_not_given_out_yet_is_not_committed(engine: Engine, server: Server) -> None:
    """A crash forgot the transaction, and the server calls its number one of the future."""
    server.script.commits, server.script.xact.status = ["before"], "future"
    with pytest.raises(steadypool.NotCommittedError):
        steadypool.write(engine, Work(server), deadline_s=5)


def test_standby_is_asked_again_for_it_may_be_promoted(engine: Engine, server: Server) -> None:
    """It cannot tell yet."""
    server.script.commits, server.script.xact.status = ["after"], "standby"
    threading.Timer(0.3, setattr, (server.script.xact, "status", "")).start()
    assert "written" == steadypool.write(engine, Work(server), deadline_s=5)


def test_question_that_is_refused_leaves_it_unknown(engine: Engine, server: Server) -> None:
    """A refusal says nothing about what was asked."""
    server.script.commits, server.script.xact.status = ["after"], "denied"
    with pytest.raises(steadypool.UnknownOutcomeError):
        steadypool.write(engine, Work(server), deadline_s=5, repeatable=True)


def test_own_error_of_the_server_is_raised_as_it_is(engine: Engine, server: Server) -> None:
    """It is no outage: nothing runs again."""
    runs = []

    def wrong(connection: Connection) -> None:
        runs.append(1)
        connection.exec_driver_sql("SELECT wrong")

    with pytest.raises(exc.ProgrammingError):
        steadypool.write(engine, wrong, deadline_s=5, repeatable=True)
    assert [1] == runs
    assert [] == server.committed


def _commits(connection: Connection) -> None:
    connection.commit()


def _swallows(connection: Connection) -> None:
    with pytest.raises(exc.ProgrammingError):
        connection.exec_driver_sql("SELECT wrong")


@pytest.mark.parametrize("work", [_commits, _swallows])
def test_work_that_spoils_its_transaction_is_told_so(
    engine: Engine, work: Callable[[Connection], None]
) -> None:
    """A COMMIT of what has failed is answered by a ROLLBACK, which no driver calls an error."""
    with pytest.raises(RuntimeError, match="the work"):
        steadypool.write(engine, work, deadline_s=5)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "committed"),
        ({"status": "aborted"}, "not committed"),
        ({"status": "in progress"}, None),
        ({"status": None}, "unknown"),
        # A crash since: what it forgot was given out again.
        ({"reset_at": AFTER, "stands": True, "next_xid": "0:701"}, "committed"),
        ({"reset_at": AFTER, "stands": True, "next_xid": "0:700"}, "not committed"),
        ({"reset_at": AFTER, "stands": True, "next_xid": "1:0"}, "committed"),
        ({"reset_at": AFTER, "stands": False}, "unknown"),
        ({"reset_at": None}, "unknown"),
        ({"reset_at": AFTER, "status": "in progress"}, "not committed"),
        # Another server's numbers, as after a standby took over.
        ({"timeline": "00000002"}, "unknown"),
        ({"timeline": "00000002", "stands": True, "next_xid": "0:701"}, "unknown"),
        ({"timeline": "00000002", "status": "aborted"}, "not committed"),
    ],
)
def test_verdict(told: dict[str, Any], expected: str | None) -> None:
    """What is not certain is unknown."""
    plain = {"status": "committed", "timeline": "00000001", "reset_at": BEFORE}
    answer = Answer(**{**plain, "stands": False, "next_xid": "0:900", **told})
    assert expected == verdict(ONE, answer)


FATES = st.sampled_from(["lost", "before", "after", "unknown", "ok"])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fates=st.lists(FATES, max_size=5), repeatable=st.booleans())
def test_no_write_is_made_twice_and_each_is_told_truly(
    engine: Engine, server: Server, fates: list[str], repeatable: bool
) -> None:
    """Whatever happens in a row: at most one commit, and what the caller is told is so."""
    left = [*fates, "ok"]
    server.committed.clear()

    def work(connection: Connection) -> None:
        fate = left.pop(0)
        server.script.xact.status = None if fate == "unknown" else ""
        server.script.commits = [{"unknown": "after", "lost": "ok"}.get(fate, fate)]
        Work(server, lost=int(fate == "lost"))(connection)

    try:
        steadypool.write(engine, work, deadline_s=10, repeatable=repeatable)
        told = (1, 1)
    except steadypool.NotCommittedError:
        told = (0, 0)
    except steadypool.UnknownOutcomeError:
        told = (0, 1)
    assert told[0] <= len(server.committed) <= told[1]
