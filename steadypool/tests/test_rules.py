"""The rules of repeating, for whatever attempts come to, and however long they take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import exc

import steadypool
from steadypool import reads
from steadypool.errors import DatabaseLostError, DeadSocketError, LateError

QUEUED = exc.TimeoutError("QueuePool limit of size 5 overflow 10 reached")
LOST = (
    DatabaseLostError("away"),
    LateError("late"),
    exc.OperationalError("", {}, psycopg.OperationalError("cut"), connection_invalidated=True),
    exc.OperationalError("", {}, DeadSocketError("dead"), connection_invalidated=True),
)
FINAL = (
    ValueError("a bug"),
    exc.ProgrammingError("", {}, psycopg.errors.UndefinedTable("no such table")),
    exc.OperationalError("", {}, psycopg.OperationalError("too many clients")),
    exc.IntegrityError("", {}, psycopg.errors.UniqueViolation("duplicate")),
)
GOOD = "rows"
Outcome = Exception | str


@dataclass
class Played:
    """A read of scripted attempts under a clock that only they and the pauses move."""

    script: Sequence[tuple[Outcome, float]]
    until: float
    now: float = 0.0
    began_at: list[float] = field(default_factory=list)
    met: list[Outcome] = field(default_factory=list)
    retries: int = 0

    def attempt(self) -> str:
        """Play the next one; the last is played for ever."""
        outcome, took_s = self.script[min(len(self.met), len(self.script) - 1)]
        self.began_at.append(self.now)
        self.met.append(outcome)
        self.now += took_s
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def retried(self) -> None:
        """Count one."""
        self.retries += 1
        assert self.retries == len(self.met)

    def run(self) -> object:
        """Return how the read ended, an error as well."""
        times = {"clock": lambda: self.now, "sleep": self.pause}
        try:
            return reads.repeated(self.attempt, self.until, on_retry=self.retried, **times)
        except Exception as error:  # noqa: BLE001 # each end is looked at
            return error

    @property
    def sent(self) -> int:
        """Attempts that had a session, and lost it."""
        return sum(isinstance(one, Exception) and one is not QUEUED for one in self.met)


Took = st.one_of(st.just(0.0), st.floats(0.0, 3.0))
Fails = st.sampled_from([*LOST, QUEUED])
Scripts = st.builds(
    lambda fails, end: [*fails, end],
    st.lists(st.tuples(Fails, Took), max_size=20),
    st.tuples(st.sampled_from([*LOST, *FINAL, GOOD]), Took),
)
Played_ = st.builds(Played, script=Scripts, until=st.floats(0.01, 20.0))


def always(test: Callable[[Played], None]) -> Callable[[], None]:
    """Try it with many scripts; how long a busy machine takes does not matter."""
    edge = example(Played(script=[(LOST[0], 0.0)], until=0.07))  # as long as the pauses before it
    longest = example(Played(script=[(LOST[0], 0.0)], until=1e3))
    return settings(deadline=None, max_examples=300)(edge(longest(given(Played_)(test))))


@always
def test_no_attempt_begins_at_the_deadline_or_later(played: Played) -> None:
    """Nor does a pause last beyond it: the read ends there, or with the attempt under way."""
    played.run()
    assert all(at < played.until for at in played.began_at[1:])
    last = played.script[min(len(played.met), len(played.script)) - 1][1]
    assert played.now <= max(played.until, played.began_at[-1] + last)


@always
def test_attempts_that_were_sent_are_few(played: Played) -> None:
    """What ends its session every time is perhaps the read itself; queueing is none of it."""
    ended = played.run()
    assert played.sent <= reads.MOST_ATTEMPTS or played.met[-1] in FINAL
    if isinstance(ended, steadypool.AttemptsError):
        assert reads.MOST_ATTEMPTS == played.sent
        assert played.now < played.until


@always
def test_nothing_follows_what_is_no_outage(played: Played) -> None:
    """A good answer, a rejected query, a refusal and a bug stand for themselves."""
    ended = played.run()
    assert not any(one in FINAL or one == GOOD for one in played.met[:-1])
    if played.met[-1] in FINAL or played.met[-1] == GOOD:
        assert played.met[-1] is ended


@always
def test_reading_is_given_up_for_a_reason_alone(played: Played) -> None:
    """No time for another attempt, or too many; and the last cause is told."""
    ended = played.run()
    if isinstance(ended, reads.Late | steadypool.AttemptsError):
        assert len(played.met) == ended.attempts
        assert played.met[-1] is ended.__cause__
    if isinstance(ended, reads.Late):
        assert played.met[-1] is ended.cause
        pause_s = reads.PAUSES_S[min(len(played.met), len(reads.PAUSES_S)) - 1]
        assert played.now + pause_s >= played.until


@always
def test_pauses_grow_and_are_kept(played: Played) -> None:
    """The first retries come at once, the later ones do not hammer; each is counted."""
    ended = played.run()
    gaps = zip(played.began_at, played.began_at[1:], strict=False)
    for number, (one, other) in enumerate(gaps):
        took_s = played.script[min(number, len(played.script) - 1)][1]
        expected = reads.PAUSES_S[min(number, len(reads.PAUSES_S) - 1)]
        assert other == pytest.approx(one + took_s + expected)
    assert len(played.met) - 1 == played.retries, ended


def test_queueing_does_not_count_as_an_attempt_that_was_sent() -> None:
    """Through a long outage a read's turn may come after many time-outs of the pool's own."""
    script = [*3 * reads.MOST_ATTEMPTS * [(QUEUED, 10.0)], (GOOD, 0.0)]
    assert GOOD == Played(script=script, until=1e9).run()


def test_eighth_loss_ends_the_reading() -> None:
    """With all the time there is."""
    played = Played(script=[(LOST[0], 0.0)], until=1e3)
    assert isinstance(played.run(), steadypool.AttemptsError)
    assert reads.MOST_ATTEMPTS == len(played.met)
