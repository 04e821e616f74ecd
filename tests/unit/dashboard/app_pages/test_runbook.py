"""The runbook's page."""

import pytest


@pytest.mark.parametrize(("lang", "word"), [("en", "# Runbook"), ("ko", "# 운영 안내서")])
def test_page_is_the_languages_own_runbook(lang, word, run_page) -> None:
    """Each language has the whole of it."""
    page = run_page("runbook", lang=lang)
    assert page.markdown[0].value.startswith(word)
    assert "make restart-db" in page.markdown[0].value
