"""What a try is planned as, and what is refused before anything is taken away."""

import subprocess
from types import SimpleNamespace

import msgspec
import pytest

from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.yours import plan
from recovery_lab.yours.look import Asked, Found
from recovery_lab.yours.plan import Tried, is_local, limit_s, look, outages

ENGINE = Asked(engine="shop.db:engine")
URL = Asked(url="http://127.0.0.1:8000/items", dsn="postgresql://app@localhost/shop")
FOUND = Found(kind="SQLAlchemy engine", host="localhost", pool_size=5, login=True, fresh_s=0.01)


def planned(asked: Asked, found: Found, **changed: object) -> list[tuple[int, list[str], int]]:
    """Return each outage's number, jobs and idle connections."""
    tried = Tried(asked=asked, command=["true"], **changed)
    found_ = outages(tried, found)
    return [(one.repeat, one.cast[0].jobs, one.idle) for one in found_]


def test_engine_is_read_and_left_to_idle_in_the_same_outage() -> None:
    """Each job has a process, and so an engine, of its own."""
    assert [(1, ["steady", "idle"], 5), (2, ["steady", "idle"], 5)] == planned(
        ENGINE, FOUND, repeats=2
    )


def test_pool_smaller_than_five_idles_as_it_is() -> None:
    """No more is asked of it at once than it holds, and no more readers than that."""
    small = msgspec.structs.replace(FOUND, pool_size=2)
    assert [(1, ["steady", "idle"], 2)] == planned(ENGINE, small)
    for found, workers in ((small, 2), (FOUND, 4)):
        [one] = outages(Tried(asked=ENGINE, command=["true"]), found)
        assert (workers, 20.0) == (one.cast[0].traits.workers, one.reads_per_s * workers)


def test_what_pools_nothing_has_no_idle_job() -> None:
    """There is nothing that could go stale."""
    assert [(1, ["steady"], 5)] == planned(ENGINE, msgspec.structs.replace(FOUND, pool_size=0))


def test_application_is_read_in_one_outage_and_left_to_idle_in_another() -> None:
    """It has one pool; so many requests at once as it held sessions, ten at the most."""
    found = Found(kind="API", login=True, sessions={"127.0.0.1": 3, "a socket": 1})
    assert [(1, ["steady"], 4), (2, ["idle"], 4)] == planned(URL, found)
    many = msgspec.structs.replace(found, sessions={"127.0.0.1": 90})
    assert [10, 10] == [idle for *_, idle in planned(URL, many)]


def test_without_a_login_nobody_knows_of_an_idle_one() -> None:
    """Whether it met anything would be a guess: only the steady reads are judged."""
    blind = Found(kind="API", login=False)
    assert [["steady"]] == [jobs for _, jobs, _ in planned(URL, blind)]
    assert not outages(Tried(asked=URL, command=["true"]), blind)[0].login


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": "a/b"}, "--name 'a/b': expected a first word of letters"),
        ({"waived": ["life"]}, "--waive: 'life' is none of recovers"),
    ],
)
def test_title_and_waived_rules_are_checked(changed: dict, said: str) -> None:
    """Before anything is taken away."""
    with pytest.raises(BadInputError, match=said):
        planned(ENGINE, FOUND, **changed)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("", True),  # libpq's own default: a socket
        ("/var/run/postgresql", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("shop.localhost", True),
        ("10.0.0.5", False),
        ("db.example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_server_is_this_machines_or_not(host: str, local: bool) -> None:
    """An outage elsewhere is others' as well."""
    assert local is is_local(host)


def answer(monkeypatch: pytest.MonkeyPatch, told: bytes, complaint: bytes = b"") -> None:
    """Let the program that looks answer so."""
    done = SimpleNamespace(stdout=told, stderr=complaint)
    monkeypatch.setattr(plan.subprocess, "run", lambda *_, **__: done)


def test_server_elsewhere_is_refused_unless_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, with the variable that says so."""
    away = msgspec.structs.replace(FOUND, host="db.example.org")
    answer(monkeypatch, msgspec.json.encode(away))
    monkeypatch.delenv("LAB_ALLOW_REMOTE", raising=False)
    with pytest.raises(BadInputError, match=r"at db\.example\.org, .*: LAB_ALLOW_REMOTE=1"):
        look(ENGINE)
    monkeypatch.setenv("LAB_ALLOW_REMOTE", "1")
    assert away == look(ENGINE)


@pytest.mark.parametrize("option", ["url", "health"])
def test_url_elsewhere_is_refused_before_it_is_asked(monkeypatch, option: str) -> None:
    """Not one request leaves this machine."""
    monkeypatch.setattr(plan.subprocess, "run", lambda *_, **__: pytest.fail("it was looked at"))
    monkeypatch.delenv("LAB_ALLOW_REMOTE", raising=False)
    asked = msgspec.structs.replace(URL, **{option: "https://shop.example.org/items"})
    with pytest.raises(BadInputError, match=rf"--{option} is at shop\.example\.org, which is not"):
        look(asked)


def test_what_is_wrong_is_said_with_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input is one thing, a server that is away another."""
    answer(monkeypatch, msgspec.json.encode(Found(bad="--engine 'x': no module")))
    with pytest.raises(BadInputError, match="no module"):
        look(ENGINE)
    answer(monkeypatch, msgspec.json.encode(Found(away="no steady state before: refused")))
    with pytest.raises(InconclusiveError, match=r"shop\.db:engine: no steady state"):
        look(ENGINE)


def test_module_that_ends_the_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the last line that it wrote."""
    answer(monkeypatch, b"", b"Traceback\nSystemExit: set DATABASE_URL\n")
    with pytest.raises(BadInputError, match="ended with: SystemExit: set DATABASE_URL"):
        look(ENGINE)


def test_module_that_waits_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits with it."""

    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("python", 60.0)

    monkeypatch.setattr(plan.subprocess, "run", hang)
    with pytest.raises(InconclusiveError, match="no answer after 60 s: does importing it wait"):
        look(ENGINE)


@pytest.mark.parametrize(("fresh_s", "most_s"), [(0.002, 0.3), (0.2, 0.8), (3.0, 5.0)])
def test_fresh_session_may_take_four_times_its_usual_time(fresh_s: float, most_s: float) -> None:
    """A server far away or a slow login is not called silent for it; bounded all the same."""
    assert most_s == pytest.approx(limit_s(msgspec.structs.replace(FOUND, fresh_s=fresh_s)))
