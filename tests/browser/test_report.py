"""The HTML page of a run, opened from disk: by eye, by keyboard, by screen reader."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.checks import described
from tests.unit.recovery_lab.report.shared import NEVER, page_of, script

LOCALES = {"en": "en-US", "ko": "ko-KR"}
SAYS = {"en": "What broke, how to repeat it", "ko": "어긴 약속, 재현 명령"}
VIEWS = [(1280, scheme, language) for scheme in ("light", "dark") for language in LOCALES]
VIEWS += [(390, "light", "ko"), (390, "dark", "en")]
UNFOLD = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
FOLDED = "() => document.querySelectorAll('details:not([open])').length"
FOCUS = "() => document.activeElement.tagName + ' ' + (document.activeElement.hash || '')"
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
GROUND = "() => getComputedStyle(document.body).backgroundColor"
# A picture from elsewhere, as whoever writes into a database's log might want it shown.
ELSEWHERE = '<img alt="" src="http://postgres:5432/picture.png"></body>'


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """Three outages with failed, missed and good reads; in one a subject never came back."""
    scripts = [script("naive", "adopted", "retry", "pinned") for _ in range(3)]
    scripts[1].cells[2].recovered_s, scripts[1].limit_s = NEVER, 5.0
    scripts[2].cells[4].added = [(2.0 + at / 50, "missed", 0.0) for at in range(10)]
    return page_of(tmp_path_factory.mktemp("run"), scripts)


@pytest.fixture
def shown(browser: Browser, page: str) -> Iterator[Callable[..., Tab]]:
    """Open the page, or another in its place, in tabs that are closed at the end."""
    tabs: list[Tab] = []

    def show(content: str = page, **options) -> Tab:
        tabs.append(browser.open("", content=content, **options))
        return tabs[-1]

    yield show
    for tab in tabs:
        tab.close()


def asked_for(tab: Tab) -> list[str]:
    """Return every address that a tab asked for, its own file's first."""
    return tab.call("seen")["outside"]


@pytest.mark.parametrize(("width", "scheme", "language"), VIEWS)
def test_page_is_accessible_and_asks_nobody(language, scheme, width, shown, proves) -> None:
    """Every cell unfolded: axe finds nothing, nothing reaches off screen, no request leaves."""
    tab = shown(size=(width, 900), scheme=scheme, locale=LOCALES[language])
    tab.see(SAYS[language])
    tab.screenshot(f"report-{language}-{scheme}-{width}")
    tab.call("evaluate", script=UNFOLD)
    found = tab.call("axe")
    assert [] == described(found["violations"])
    incomplete = described(found["incomplete"])
    # On a telephone tables scroll within themselves: axe cannot look under what is clipped.
    allowed = ["color-contrast"] if width < 1280 else []
    assert [] == [line for line in incomplete if line.partition(":")[0] not in allowed]
    assert 0 == tab.call("evaluate", script=WIDE)
    assert ([f"file:///tmp/{tab.name}.html"], []) == (asked_for(tab), complaints(tab))
    proves(f"axe: 0 violations, {len(incomplete)} incomplete; 0 requests")


def complaints(tab: Tab) -> list[str]:
    """Return what the page's console says of errors, its own policy's among them."""
    return tab.call("seen")["complaints"]


@pytest.mark.parametrize("policy", ["Content-Security-Policy", "none"])
def test_picture_from_elsewhere_is_found_out(policy: str, page: str, shown) -> None:
    """Control: the log of requests sees one that is tried, and the page's own policy stops it."""
    content = page.replace("Content-Security-Policy", policy).replace("</body>", ELSEWHERE)
    tab = shown(content)
    assert "http://postgres:5432/picture.png" in asked_for(tab)
    stopped = any("Content Security Policy" in line for line in complaints(tab))
    assert (policy != "none") == stopped


def test_axe_finds_a_field_without_a_name(page: str, shown) -> None:
    """Control: it looks at this page, and sees what is wrong with it."""
    found = shown(page.replace("</h1>", "</h1><input>")).call("axe")
    assert ["label"] == [one["id"] for one in found["violations"]]


def test_both_themes_are_the_readers(shown) -> None:
    """The ground is light or dark as the reader's system is."""
    grounds = [shown(scheme=one).call("evaluate", script=GROUND) for one in ("light", "dark")]
    assert ["rgb(255, 255, 255)", "rgb(16, 22, 29)"] == grounds


def test_language_is_the_browsers_and_is_switched_by_keyboard(shown) -> None:
    """Without any request: both languages are in the file."""
    tab = shown(locale="ko-KR")
    tab.see(SAYS["ko"])
    tab.call("press", key="Tab")
    tab.call("press", key="ArrowLeft")
    tab.see(SAYS["en"])
    assert "어긴" not in tab.text()
    assert [f"file:///tmp/{tab.name}.html"] == asked_for(tab)


def focus(tab: Tab, key: str = "Tab") -> tuple[str, str]:
    """Press a key; return the focused element's kind and, of a link, where it leads."""
    tab.call("press", key=key)
    kind, _, target = tab.call("evaluate", script=FOCUS).partition(" ")
    return kind, target


def test_every_cell_opens_by_keyboard_alone(shown, proves) -> None:
    """Tab reaches a link from the matrix and a summary for each of them; Enter unfolds it."""
    tab = shown()
    tab.see(SAYS["en"])
    cells = tab.call("evaluate", script=FOLDED)
    links, opened = set(), 0
    while opened < cells and (stop := focus(tab))[0] != "BODY":
        if stop[0] == "A":
            links.add(stop[1])
        elif stop[0] == "SUMMARY":
            tab.call("press", key="Enter")
            opened += 1
    assert (0, cells) == (tab.call("evaluate", script=FOLDED), opened)
    assert {f"#c{number}" for number in range(1, cells + 1)} <= links
    proves(f"{cells} cells unfolded by Tab and Enter")


def test_link_from_the_matrix_unfolds_its_cell(shown) -> None:
    """And leads there: the next Tab is within it."""
    tab = shown()
    tab.see(SAYS["en"])
    cells = tab.call("evaluate", script=FOLDED)
    while (stop := focus(tab)) != ("A", "#c3"):
        assert stop[0] != "BODY"
    tab.call("press", key="Enter")
    assert cells - 1 == tab.call("evaluate", script=FOLDED)
    assert tab.call("evaluate", script="() => document.getElementById('c3').open")
    assert tab.call("evaluate", script="() => location.hash") == "#c3"
    assert "SUMMARY" == focus(tab)[0]
