"""What the lab has to be good for beside its own stack: a server in no container, applications."""

from collections.abc import Iterator

import pytest

from tests.running import mark_all
from tests.strangers.server import Server, server
from tests.strangers.shop import Shop, shop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of them may have to make an environment: each has a longer limit."""
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


@pytest.fixture(scope="module")
def checking(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop that checks each connection before a request uses it."""
    log = tmp_path_factory.mktemp("checking") / "shop.log"
    with shop(postgresql, log, health_checks=True) as one:
        yield one


@pytest.fixture(scope="module")
def trusting(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop that trusts its connections: Django's default."""
    log = tmp_path_factory.mktemp("trusting") / "shop.log"
    with shop(postgresql, log, health_checks=False) as one:
        yield one


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show what the server and the shop said last."""
    report = (yield).get_result()
    if report.when != "call" or not report.failed:
        return
    asked = getattr(item, "funcargs", {})
    if "postgresql" in asked:
        report.sections.append(("the server's log", asked["postgresql"].tail()))
    for name in {"checking", "trusting"} & set(asked):
        report.sections.append((f"{name} shop's log", asked[name].log.read_text()[-4000:]))
