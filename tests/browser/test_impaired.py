"""A dashboard broken on purpose, beside the sound one: its sampler hangs, its Orders raises."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recovery_lab import docker
from tests.browser.checks import described, faults
from tests.running import Running

HERE = Path(__file__).parent
NAME = "impaired"
MOUNTED = {
    HERE.parents[1] / ".secrets/reader_password": "/run/secrets/reader_password",
    HERE / "broken_page.py": "/app/dashboard/app_pages/orders.py",
    HERE / "hanging_sampler.py": "/app/dashboard/sampler.py",
}
SET = {
    "HEALTH_INTERVAL_S": "0.1",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
}


@contextmanager
def beside(running: Running, name: str, **more: str) -> Iterator[str]:
    """Give the address, on the stack's network, of a dashboard with some files replaced."""
    settings = {**SET, "STREAMLIT_BROWSER_SERVER_ADDRESS": name, **more}
    project = running.project
    image = running.container(running.application)["Image"]
    words = ["run", "--detach", "--rm", "--network", f"{project}_default", "--network-alias", name]
    words += ["--label", "recovery-lab=1", "--label", f"recovery-lab.project={project}"]
    words += [f"--volume={path}:{place}:ro" for path, place in MOUNTED.items()]
    words += [f"--env={key}={value}" for key, value in settings.items()]
    container = docker.run(*words, image).strip()
    try:
        wait = "until python -c \"import urllib.request as r; r.urlopen('http://localhost:8501')\""
        docker.run("exec", container, "sh", "-c", f"{wait} 2>/dev/null; do sleep 0.1; done")
        yield f"http://{name}:8501"
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)


@pytest.fixture(scope="module")
def impaired(running: Running) -> Iterator[str]:
    """Give the address of a dashboard whose sampler hangs after its first check."""
    with beside(running, NAME) as address:
        yield address


def test_health_is_starting_until_the_first_check_ends(running, opened, proves) -> None:
    """Before anything is known it says so, and neither up nor down."""
    with beside(running, "starting", HANGS_AT_ONCE="1") as address:
        tab = opened(address, size=(1280, 900))
        tab.see("The first check of PostgreSQL has not ended yet.")
        text = tab.text()
        assert [] == [word for word in ("Up since", "Down since", "Stale") if word in text]
        assert [] == described(tab.call("axe")["violations"])
        tab.screenshot("health-starting-en-light")
    proves("without a first check: starting, in words")


@pytest.mark.parametrize(
    ("locale", "says"),
    [("en-US", "Stale: nothing"), ("ko-KR", "알 수 없음:")],
    ids=["en", "ko"],
)
def test_health_is_stale_when_the_last_check_is_too_old(
    locale, says, impaired, opened, proves
) -> None:
    """A good check that nothing followed is a warning with what to do, and never `up`."""
    scheme = "light" if locale == "en-US" else "dark"
    tab = opened(impaired, size=(1280, 1500), locale=locale, scheme=scheme)
    tab.see(says)
    tab.call("settle")
    text = tab.text()
    assert "Up since" not in text
    assert "정상 (" not in text
    icon = "() => document.querySelector('[data-testid=stAlertContainer]').innerText"
    assert tab.call("evaluate", script=icon).startswith("help")
    assert [] == described(tab.call("axe")["violations"])
    # What such a page asks of its own server is outside for the check of the sound one.
    assert [] == [found for found in faults(tab) if f"//{NAME}:8501" not in found]
    tab.screenshot(f"health-stale-{locale[:2]}-{scheme}")
    proves("a hanging sampler is a warning in words, with an icon, and never up")


def test_a_broken_page_is_found_out(impaired, opened, proves) -> None:
    """The control: a traceback and an outside request on a page fail the same check."""
    tab = opened(f"{impaired}/orders")
    tab.see("broken on purpose")
    tab.screenshot("control-broken-page")
    found = faults(tab)
    for kind in ("traceback", "outside request: http://postgres:5432/", "console"):
        assert [line for line in found if line.startswith(kind)], found
    proves(f"found: {found[0]}; {len(found)} findings in all")
