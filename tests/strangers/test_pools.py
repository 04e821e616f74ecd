"""Engines, pools and callables meet a restart while they are idle, as their libraries say."""

import pytest

from tests.strangers.meeting import Met, meet
from tests.strangers.server import Server

ENGINES = ("engine", "plain_engine", "async_engine", "plain_async_engine")
OTHERS = (
    "checked_pool", "opened.pool", "plain_pool", "asyncpg_pool", "read_once", "read_kept",
    "async_read_kept", "backoff",
)  # fmt: skip
KEEP = ("engine", "async_engine", "checked_pool", "opened.pool", "asyncpg_pool", "read_once")
STUMBLE = ("plain_engine", "plain_async_engine", "plain_pool")
SQLALCHEMY = {"pools": "2.1.", "older-pools": "2.0."}


@pytest.fixture(scope="module")
def met(postgresql: Server) -> dict[tuple[str, str], Met]:
    """All of them, through one restart."""
    postgresql.heal()
    return meet(postgresql, {"pools": (*ENGINES, *OTHERS), "older-pools": ENGINES})


def each(names: tuple[str, ...]) -> pytest.MarkDecorator:
    """Return a case for each name, and for each engine one more over SQLAlchemy 2.0."""
    found = [("pools", name) for name in names]
    found += [("older-pools", name) for name in names if name in ENGINES]
    return pytest.mark.parametrize("way", found, ids="-".join)


def test_environments_hold_what_they_say(met: dict) -> None:
    """One library is told apart from itself."""
    for (environment, name), one in met.items():
        assert one.sqlalchemy.startswith(SQLALCHEMY[environment]), (environment, name)


@each(KEEP)
def test_checked_way_passes_a_restart(met: dict, way: tuple[str, str], proves) -> None:
    """No read fails that begins when the server is back."""
    one = met[way]
    assert (0, 0) == (one.failed_first, one.failed_then), one
    proves(f"{way[1]} of {way[0]}: none failed, longest wait {one.longest_s} s")


@each(STUMBLE)
def test_plain_way_stumbles_and_recovers(met: dict, way: tuple[str, str], proves) -> None:
    """Control: it finds dead sessions by its users' reads."""
    one = met[way]
    assert one.failed_first >= 1, one
    assert 0 == one.failed_then, one
    proves(f"{way[1]} of {way[0]}: {one.failed_first} of {len(one.first)} failed, then none")


@each(("read_kept", "async_read_kept"))
def test_kept_session_never_recovers(met: dict, way: tuple[str, str]) -> None:
    """Control: each read fails, for ever."""
    one = met[way]
    assert (len(one.first), len(one.then)) == (one.failed_first, one.failed_then), one


def test_backing_off_outlasts_the_outage(met: dict, proves) -> None:
    """Nobody fails, and somebody waits long for a server that is there."""
    one = met["pools", "backoff"]
    assert (0, 0) == (one.failed_first, one.failed_then), one
    assert 8.0 <= one.longest_s < 16.0, one
    proves(f"retries that back off: none failed, longest wait {one.longest_s} s after ready")
