"""What the lab has to be good for beside its own stack: a server in no container, applications."""

from collections.abc import Iterator

import pytest

from tests.running import mark_all
from tests.strangers.server import Server, server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A hang ends, with its finalizers."""
    mark_all(items, __file__, pytest.mark.timeout(200))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The server, whatever state the tests bring it to."""
    with server() as one:
        yield one


@pytest.fixture
def database(postgresql: Server) -> Iterator[Server]:
    """The server, up before a test and after it."""
    postgresql.heal()
    yield postgresql
    postgresql.heal()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show what the server said last."""
    report = (yield).get_result()
    if report.when != "call" or not report.failed:
        return
    asked = getattr(item, "funcargs", {})
    if "postgresql" in asked:
        report.sections.append(("the server's log", asked["postgresql"].tail()))
