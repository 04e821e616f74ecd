"""Pages run by Streamlit's own test runner, with made-up parts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services
from dashboard.services import Services

PAGES = Path(__file__).parents[4] / "dashboard/app_pages"


@pytest.fixture
def run_page(parts: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Give a function that runs a page and checks that no traceback shows."""
    monkeypatch.setattr(services, "services", lambda: parts)

    def run(name: str, lang: str = "en") -> AppTest:
        # Below the router, so that links between the pages have somewhere to go.
        # The first of them imports pandas and the like, which a busy machine does in its own time.
        page = AppTest.from_file(PAGES.parent / "streamlit_app.py", default_timeout=60)
        page.query_params["lang"] = lang
        page.switch_page(str(PAGES / f"{name}.py")).run()
        assert not page.exception
        return page

    return run
