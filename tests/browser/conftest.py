"""A private stack and one Chromium beside it, for all tests of this folder."""

from collections.abc import Callable, Iterator

import pytest

from recovery_lab import docker
from recovery_lab.stack import private_stack
from recovery_lab.target import Target, load_target
from tests.browser.browser import ROOT, Browser, Tab
from tests.running import Running, mark_all, need_image, told

IMAGE = "recovery-lab/browser:local"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the marker and a limit of its own: a hang ends, with its finalizers."""
    mark_all(items, __file__, pytest.mark.integration, pytest.mark.timeout(180))


@pytest.fixture(scope="package")
def target() -> Target:
    """This repository's own stack, as declared."""
    return load_target(ROOT / "target.toml")


@pytest.fixture(scope="package")
def running(target: Target) -> Iterator[Running]:
    """A stack of the browser's own, removed at the end."""
    docker.refuse_remote()
    need_image(IMAGE)
    with private_stack(target, "browser", {"DB_POOL_POLICY": "adopted"}) as stack:
        yield Running(stack)


@pytest.fixture(scope="package")
def browser(running: Running) -> Iterator[Browser]:
    """One Chromium on the stack's network; each test opens tabs of its own."""
    with Browser(running.value.environ()) as browser:
        yield browser


@pytest.fixture
def stack(running: Running) -> Running:
    """The stack in its steady state, whatever the test before has left of it."""
    running.heal("adopted")
    return running


@pytest.fixture
def opened(browser: Browser, stack: Running) -> Iterator[Callable[..., Tab]]:
    """Open tabs that are closed at the end."""
    tabs: list[Tab] = []

    def open_tab(path: str, **options) -> Tab:
        tabs.append(browser.open(path, **options))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """On failure show the containers and what they said last."""
    report = (yield).get_result()
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.when == "call" and report.failed and stack is not None:
        report.sections.append(("containers and logs", told(stack.value)))
