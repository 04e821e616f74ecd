"""The wheel in environments that hold nothing of this checkout, beside what users have there."""

import pytest

from tests.running import mark_all
from tests.strangers.server import Server, server
from tests.wheel.environments import LOCKED, Environment, built, made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here its markers: an environment is a download, an outage a quarter minute."""
    mark_all(items, __file__, pytest.mark.more, pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of the checkout as it stands."""
    return built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def older(wheel, tmp_path_factory) -> Environment:
    """Beside SQLAlchemy 2.0 and psycopg2."""
    home, words = tmp_path_factory.mktemp("older"), ("sqlalchemy<2.1", "psycopg2-binary")
    return made(home, wheel, *words, locked=LOCKED[::-1])


@pytest.fixture(scope="session")
def newer(wheel, tmp_path_factory) -> Environment:
    """Beside SQLAlchemy 2.1, psycopg 3 and its pool."""
    words = ("sqlalchemy[asyncio]>=2.1,<2.2", "psycopg[binary]", "psycopg-pool")
    return made(tmp_path_factory.mktemp("newer"), wheel, *words)


@pytest.fixture(scope="session")
def bare(wheel, tmp_path_factory) -> Environment:
    """Beside nothing that reads a database."""
    return made(tmp_path_factory.mktemp("bare"), wheel)


@pytest.fixture(scope="session")
def postgresql():
    """A server in no container."""
    with server() as one:
        yield one


@pytest.fixture
def database(postgresql: Server) -> Server:
    """The server, whatever the test before did to it, up."""
    postgresql.heal()
    return postgresql
