"""Every page in both languages and themes, wide and narrow, by eye, keyboard and screen reader."""

import re

import pytest

from tests.browser.checks import described, faults

LOCALES = {"en": "en-US", "ko": "ko-KR"}
# page: its path, and a text in each language that shows once it is whole
PAGES = {
    "health": ("/", {"en": "Up since", "ko": "정상 ("}),
    "orders": ("/orders", {"en": "Share of orders", "ko": "주문 비율"}),
    "runbook": ("/runbook", {"en": "Going back", "ko": "되돌리기"}),
}
# Every theme in every language; a telephone sees each theme and each language once.
VIEWS = [(1280, scheme, language) for scheme in ("light", "dark") for language in LOCALES]
VIEWS += [(390, "light", "ko"), (390, "dark", "en")]
FIRST_TOTAL = "() => document.querySelector('[data-testid=stMetricValue]').innerText"
HIGH = 2600  # Streamlit scrolls inside the page: axe sees only what is in the window


@pytest.mark.parametrize(("width", "scheme", "language"), VIEWS)
def test_pages_are_sound_and_accessible(language, scheme, width, opened, proves) -> None:
    """Nothing off screen, no error, no outside request, no violation that axe knows."""
    tab = None
    incomplete: list[str] = []
    for page, (path, shows) in PAGES.items():
        if tab is None:
            tab = opened(path, size=(width, HIGH), scheme=scheme, locale=LOCALES[language])
        else:
            tab.call("visit", path=path)
        tab.see(shows[language])
        if page != "runbook":  # it has no chart
            tab.call("settle")
        found = tab.call("axe")
        tab.screenshot(f"{page}-{language}-{scheme}-{width}")
        assert [] == faults(tab)
        assert [] == described(found["violations"])
        incomplete += described(found["incomplete"])
    # Axe cannot tell what lies behind a chart's text: it is set over the page's plain ground,
    # in the colours of dashboard/charts.py, whose contrast the unit tests compute.
    assert [] == [line for line in incomplete if not line.startswith("color-contrast: <text")]
    proves(f"axe: 0 violations on {len(PAGES)} pages, {len(incomplete)} incomplete (chart text)")


def test_language_is_the_browsers_and_can_be_switched(opened) -> None:
    """The choice stands in the address, and a link to another page keeps it."""
    tab = opened("/", locale="ko-KR")
    tab.see("정상 (")
    tab.call("click_text", text="English")
    tab.see("Up since")
    assert tab.call("seen")["url"].endswith("?lang=en")
    tab.call("click", role="link", name="Orders")
    tab.see("Live: read")
    assert tab.call("seen")["url"].endswith("/orders?lang=en")
    assert "주문" not in tab.text()


def test_times_are_the_viewers(opened, proves) -> None:
    """A viewer in Seoul reads his own clock, UTC beside it, on the pages and along the chart."""
    tab = opened("/", zone="Asia/Seoul", locale="ko-KR", size=(1280, HIGH))
    tab.see("정상 (")
    tab.call("settle")
    said = re.search(r"정상 \((\S+ (\d\d):\S+ KST / (?:\S+ )?(\d\d):\S+ UTC)부터\)", tab.text())
    assert said, tab.text()
    assert (int(said[3]) + 9) % 24 == int(said[2])
    tab.screenshot("health-ko-seoul")
    assert [] == faults(tab)
    proves(f"a viewer in Seoul reads {said[1]}")


def test_address_wins_over_the_browser(opened) -> None:
    """A link that someone sends opens in the sender's language."""
    tab = opened("/orders?lang=ko", locale="en-US")
    tab.see("실시간:")
    assert [] == faults(tab)


def test_filter_stands_in_the_address(opened, proves) -> None:
    """A reload and a link keep the choice, and the language beside it."""
    tab = opened("/orders?lang=ko")
    tab.see("주문 비율")
    tab.call("choose", label="지역", option="north")
    tab.see("44,168")
    tab.call("click", role="radio", name="30")
    tab.see("44,168", gone=True)
    address = tab.call("seen")["url"]
    proves(address.partition("8501")[2])
    assert {"lang=ko", "regions=north", "days=30"} == set(address.partition("?")[2].split("&"))
    shown = tab.call("evaluate", script=FIRST_TOTAL)
    other = opened(address.partition("8501")[2])
    other.see(shown)
    other.call("click", role="link", name="시스템 상태")
    other.see("정상 (")
    other.call("click", role="link", name="주문")
    other.see(shown)


def tab_to(tab, *wanted: str) -> list[str]:
    """Press Tab until each wanted control has had the focus, the last one last."""
    reached: list[str] = []
    for _ in range(60):  # several times round the page
        reached.append(tab.call("press", key="Tab"))
        if reached[-1] == wanted[-1] and set(wanted) <= set(reached):
            return reached
    pytest.fail(f"not reached by Tab: {set(wanted) - set(reached) or wanted[-1]}; only {reached}")


def test_filters_and_links_work_by_keyboard_alone(opened, proves) -> None:
    """Tab reaches every control, and a choice made by keys counts."""
    tab = opened("/orders")
    tab.see(PAGES["orders"][1]["en"])
    reached = tab_to(tab, "System Health", "Orders", "Runbook", "English", "Regions")
    for key in "north":
        tab.call("press", key=key)
    tab.call("offered", role="option", name="north")
    for key in ("Enter", "Escape"):
        tab.call("press", key=key)
    tab.see("44,168")
    reached += tab_to(tab, "7")
    tab.call("press", key="Space")
    tab.see("44,168", gone=True)
    controls = [name for name in dict.fromkeys(reached) if not name.startswith("(")]
    proves(f"reached by Tab: {', '.join(controls)}")


def test_a_wide_element_is_found_out(opened) -> None:
    """The control of the off-screen check: a box wider than a telephone."""
    tab = opened("/runbook", size=(390, 844))
    tab.see("Going back")
    assert [] == faults(tab)
    wide = (
        "() => { const box = document.createElement('p'); box.innerText = 'wide';"
        " box.style.width = '900px';"
        " document.querySelector('[data-testid=stMain] h1').append(box); }"
    )
    tab.call("evaluate", script=wide)
    assert any(line.startswith("off screen") for line in faults(tab))
