"""`recovery-lab try` on applications that share nothing with ours, in environments of their own.

Each has a version that must fail; every one meets a server of its own, restarted in place.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.strangers.environments import HOME
from tests.strangers.server import Server, server
from tests.strangers.shop import shop
from tests.wheel.environments import Environment, built, made

AT_ONCE = 2  # tries side by side: more would measure the machine
LIMIT_S = 240.0
LIBRARIES = ("sqlalchemy[asyncio]", "psycopg[binary]", "psycopg-pool", "asyncpg", "tenacity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """What is tried, in which environment; `{dsn}` is the server's address."""

    options: tuple[str, ...]
    status: int | None  # None: either verdict
    said: str
    environment: str = "pools"
    health_checks: bool | None = None  # of the shop, whose address is `{shop}`
    command: tuple[str, ...] = ()  # none: the server's restart
    more: bool = False  # of what another one shows as well


CASES = {
    "an engine that pings": Try(
        options=("--engine", "pools.db:engine"), status=0, said="RECOVERED"
    ),
    "an engine as it comes": Try(
        options=("--engine", "pools.db:plain_engine"),
        status=1,
        said="NOT RECOVERED: first reads: ",
    ),
    "an engine of SQLAlchemy 2.0": Try(
        options=("--engine", "pools.db:engine"),
        status=0,
        said="RECOVERED",
        environment="older-pools",
        more=True,
    ),
    "an asynchronous engine": Try(
        options=("--engine", "pools.db:async_engine"), status=0, said="RECOVERED", more=True
    ),
    # Whether its first users wait for over 1 s hangs on how many dead ones each is handed.
    "a pool of psycopg's that checks": Try(
        options=("--engine", "pools.db:checked_pool"),
        status=None,
        said="first     2 ok · 0 failed · 0 hung",
        more=True,
    ),
    "a pool of psycopg's as it comes": Try(
        options=("--engine", "pools.db:plain_pool"),
        status=1,
        said="NOT RECOVERED: first reads: ",
        more=True,
    ),
    "a pool of asyncpg's": Try(
        options=("--engine", "pools.db:asyncpg_pool"), status=0, said="RECOVERED", more=True
    ),
    "a function that reads once": Try(
        options=("--engine", "pools.db:read_once", "--dsn", "{dsn}"),
        status=0,
        said="RECOVERED",
        more=True,
    ),
    "a session that is kept for ever": Try(
        options=("--engine", "pools.db:read_kept", "--dsn", "{dsn}"),
        status=1,
        said="NOT RECOVERED: recovers: no recovery",
        more=True,
    ),
    "a back-off that outlasts the outage": Try(
        options=("--engine", "pools.db:backoff", "--dsn", "{dsn}"),
        status=1,
        said="NOT RECOVERED: waits end: ",
    ),
    "a shop that checks": Try(
        options=("--url", "{shop}/api/items", "--dsn", "{dsn}"),
        status=0,
        said="RECOVERED",
        health_checks=True,
        more=True,
    ),
    "a shop that trusts": Try(
        options=("--url", "{shop}/api/items", "--dsn", "{dsn}", "--health", "{shop}/healthz"),
        status=1,
        said="NOT RECOVERED: ",
        health_checks=False,
        more=True,
    ),
    "a page without a login": Try(
        options=("--url", "{shop}/items"),
        status=0,
        said="not split: no login",
        health_checks=True,
        more=True,
    ),
    "an answer without the database": Try(
        options=("--url", "{shop}/static-answer", "--dsn", "{dsn}"),
        status=2,
        said="INCONCLUSIVE: {shop}/static-answer: this URL answers without the database",
        health_checks=True,
        more=True,
    ),
    "a login wall": Try(
        options=("--url", "{shop}/login-wall"),
        status=64,
        said="redirects to /login",
        health_checks=True,
        more=True,
    ),
    "a command that does nothing": Try(
        options=("--engine", "pools.db:engine"),
        status=2,
        said="no outage was seen",
        command=("true",),
        more=True,
    ),
}


def cases() -> list[object]:
    """Return the cases; what another one shows as well is played by `make verify-more` alone."""
    marks = {name: [pytest.mark.more] if one.more else [] for name, one in CASES.items()}
    return [pytest.param(name, id=name, marks=own) for name, own in marks.items()]


@pytest.fixture(scope="module")
def tries(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[str]]]:
    """All that are asked for, begun: some side by side, each in a folder of its own."""
    asked = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    chosen = {name: one for name, one in CASES.items() if name in asked}
    wheel = built(tmp_path_factory.mktemp("wheel"))
    names = {one.environment for one in chosen.values()}
    environments = {name: made_of(name, wheel, tmp_path_factory) for name in names}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {
            name: threads.submit(
                tried, one, environments[one.environment], tmp_path_factory.mktemp("try")
            )
            for name, one in chosen.items()
        }


def made_of(name: str, wheel: Path, folders: pytest.TempPathFactory) -> Environment:
    """Make an environment of strangers' libraries, with the wheel in it."""
    return made(folders.mktemp(name), wheel, *LIBRARIES, locked=("host", f"strangers-{name}"))


def tried(one: Try, environment: Environment, folder: Path) -> str:
    """Try one case on a server of its own; return what it said, with its status as it must be."""
    with ExitStack() as held:
        database = held.enter_context(server())
        where = {"dsn": database.url(), "shop": ""}
        if one.health_checks is not None:
            log = folder / "shop.log"
            where["shop"] = held.enter_context(shop(database, log, one.health_checks)).url
        words = [word.format(**where) for word in one.options]
        words += ["--", *(one.command or database.command("restart"))]
        extra = {"DATABASE_URL": database.url(), "PYTHONPATH": str(HOME), "LAB_LIMIT_S": "20"}
        done = environment.tried("recovery-lab", "try", *words, limit_s=LIMIT_S, **extra)
        said = done.stdout + done.stderr
        assert one.said.format(**where) in said, said
        assert one.status in (done.returncode, None), said
        return said


@pytest.mark.parametrize("name", cases())
def test_stranger_is_judged(name: str, tries: dict[str, Future[str]], proves) -> None:
    """By its own libraries, its own address and its own command; the bad ones fail."""
    said = tries[name].result(4 * LIMIT_S)
    [*_, last] = [line for line in said.splitlines() if CASES[name].said[:8] in line] or [""]
    proves(f"{name}: status {CASES[name].status}: {last[:90]}")


@pytest.mark.more
def test_person_takes_it_away(
    tmp_path_factory: pytest.TempPathFactory, database: Server, proves
) -> None:
    """With `-` nothing is run: a hand restarts the server, and presses Enter in a terminal."""
    environment = made_of("pools", built(tmp_path_factory.mktemp("wheel")), tmp_path_factory)
    keyboard, terminal = os.openpty()
    extra = {"DATABASE_URL": database.url(), "PYTHONPATH": str(HOME)}
    words = ["recovery-lab", "try", "--engine", "pools.db:engine", "--", "-"]
    with environment.begun(*words, stdin=terminal, **extra) as running:
        assert running.stdout is not None
        said = []
        for line in running.stdout:
            said.append(line)
            if "then press Enter" in line:
                database.restart()
                os.write(keyboard, b"\n")
        assert 0 == running.wait(60), "".join(said)
    os.close(keyboard)
    os.close(terminal)
    proves(f"by hand: {said[-4].strip()}")
