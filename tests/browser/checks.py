"""What no page may show, whatever its state."""

from typing import Any

from tests.browser.browser import Tab

# Streamlit looks for its own server below a page's address first: asked for directly, /orders
# makes it try /orders/_stcore/..., and Chromium reports the 404 of that as an error.
_PROBES = ("/_stcore/health", "/_stcore/host-config")


def faults(tab: Tab, *, ignoring: tuple[str, ...] = ()) -> list[str]:
    """Return everything that is wrong with what a tab shows, said or asked for."""
    seen = tab.call("seen")
    text = tab.text()
    found = [f"traceback: {word}" for word in ("Traceback", "Error:") if word in text]
    shown = "() => document.querySelectorAll('[data-testid=stException]').length"
    if tab.call("evaluate", script=shown):
        found.append("traceback: an exception is on the page")
    found += [f"outside request: {url}" for url in seen["outside"]]
    found += [f"off screen: {element}" for element in tab.call("off_screen")]
    found += [f"console: {said}" for said in seen["complaints"] if not _probe(said, ignoring)]
    return found


def described(findings: list[dict[str, Any]]) -> list[str]:
    """Return axe's findings as lines."""
    return [f"{found['id']}: {node}" for found in findings for node in found["nodes"]]


def _probe(said: str, ignoring: tuple[str, ...]) -> bool:
    if any(word in said for word in ignoring):
        return True
    return "404" in said and any(said.rstrip().endswith(probe) for probe in _PROBES)
