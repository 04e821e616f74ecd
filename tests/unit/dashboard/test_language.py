"""The languages: which one, and that nothing is left untranslated."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import language
from dashboard.db_connector import POLICIES
from dashboard.kinds import MESSAGES
from dashboard.language import Words, choose
from dashboard.translations import KOREAN

ROUTER_THEN_OLD_ADDRESS = """
import streamlit as st
from dashboard import language
language.decide()
st.query_params["lang"] = "ko"
st.text(language.words().language)
"""
DASHBOARD = Path(__file__).parents[3] / "dashboard"


def said_in(path: Path) -> Iterator[str]:
    """Yield the literal texts that a module says or marks."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called in {"say", "marked", "words()"}:
                yield node.args[0].value


SAID = {text for path in DASHBOARD.rglob("*.py") for text in said_in(path)}
SAID |= set(MESSAGES.values()) | {policy.shown_as for policy in POLICIES.values()}


def test_catalogue_holds_what_is_said_and_nothing_else() -> None:
    """No English on a Korean page, and no dead translation."""
    assert sorted(SAID) == sorted(KOREAN)


@pytest.mark.parametrize("text", sorted(KOREAN))
def test_translation_names_the_same_values(text: str) -> None:
    """A value is never lost in translation."""
    names = [{name for _, name, _, _ in string.Formatter().parse(t) if name} for t in
             (text, KOREAN[text])]  # fmt: skip
    assert names[0] == names[1]
    assert KOREAN[text].strip()


@pytest.mark.parametrize(
    ("asked", "kept", "locale", "chosen"),
    [
        ("ko", "en", "en-US", "ko"),
        (None, "ko", "en-US", "ko"),
        (None, None, "ko-KR", "ko"),
        (None, None, "de-DE", "en"),
        ("xx", None, None, "en"),
    ],
)
def test_choose_goes_by_address_session_browser(asked, kept, locale, chosen) -> None:
    """What was asked for wins over what was kept, and that over what the browser speaks."""
    assert chosen == choose(asked, kept, locale)


def test_refresh_with_an_old_address_does_not_switch_back() -> None:
    """A page's words are the router's, whatever address a refresh brings with it."""
    page = AppTest.from_string(ROUTER_THEN_OLD_ADDRESS)
    page.query_params["lang"] = "en"
    assert "en" == page.run().text[0].value


def test_words_fall_back_to_english() -> None:
    """A text without translation is shown as it is."""
    assert "no such text 1" == Words("ko")("no such text {n}", n=1)


def test_runbooks_say_the_same_in_each_language() -> None:
    """Each state has its meaning and what to do, with the same commands in both."""
    texts = {n: (DASHBOARD / f"runbook/{n}.md").read_text("utf-8") for n in language.LANGUAGES}
    commands = [
        re.sub("<.*>", "", " ".join(re.findall("`([a-z][^`]+ [^`]+)`", text)))
        for text in texts.values()
    ]
    assert commands[0] == commands[1]
    levels = [re.findall("^#+", text, re.MULTILINE) for text in texts.values()]
    assert levels[0] == levels[1]
    assert texts["ko"].count("### 의미") == texts["ko"].count("### 조치") == 5
    assert "기동 후 2분이 지나도 조회가 실패하면 대시보드를 재시작합니다" in texts["ko"]


def test_each_language_has_its_own_name_and_runbook() -> None:
    """A person finds a language under the name it gives itself."""
    assert set(language.LANGUAGES) == set(language.OWN_NAMES)
    for name in language.LANGUAGES:
        assert (DASHBOARD / f"runbook/{name}.md").read_text(encoding="utf-8").startswith("# ")
