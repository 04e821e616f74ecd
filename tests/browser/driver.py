"""Runs inside the browser's container: one JSON call a line on stdin, one JSON answer on stdout.

The tests stay on the host, where they cause outages of the database; the host needs no browser.
"""

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

# Pages are asked for as a person asks; inside the network the host is called `dashboard`.
ARGUMENTS = (
    "--no-sandbox",  # the container is the sandbox: no capability, a read-only root
    "--host-resolver-rules=MAP localhost dashboard",
    "--disable-background-networking",
    "--disable-component-update",
)
# For the measurements alone: how many runs a page asked for, and how many of them had not ended
# when it asked for the next. A message is known by its fields' numbers: 11 asks for a run in what
# the page sends (BackMsg), 6 ends one in what it hears (ForwardMsg). Heartbeats are neither.
WATCH = """(() => { window.runs = { asked: 0, lost: 0 }; let open = false;
  const fields = bytes => { const found = []; let at = 0;
    const number = () => { let n = 0, b, scale = 1;
      do { b = bytes[at++]; n += (b & 127) * scale; scale *= 128; } while (b > 127); return n; };
    while (at < bytes.length) { const tag = number(); found.push(tag >> 3);
      if ((tag & 7) === 0) number(); else at += number(); }
    return found; };
  const heard = new WeakSet(), send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (!heard.has(this)) { heard.add(this); this.addEventListener('message', message => {
      if (fields(new Uint8Array(message.data)).includes(6)) open = false; }); }
    if (fields(new Uint8Array(data)).includes(11)) {
      window.runs.asked += 1; if (open) window.runs.lost += 1; open = true; }
    return send.call(this, data); }; })()"""
HIGH = 2600
HOST = urlsplit(os.environ["BROWSER_URL"]).netloc
# What reaches beyond the window's sides, and can be seen; scrolled boxes hold what they clip.
OFF_SCREEN = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  const clipped = e => { for (let p = e.parentElement; p; p = p.parentElement) {
    const s = getComputedStyle(p); if (/auto|scroll|hidden|clip/.test(s.overflowX)) {
      const b = p.getBoundingClientRect(); if (b.left >= -1 && b.right <= wide + 1 &&
        p.dataset.testid !== 'stMain' && p !== document.body) return true; } } return false; };
  const main = document.querySelector('[data-testid=stMain]');
  for (const e of (main || document.body).querySelectorAll('*')) {
    const b = e.getBoundingClientRect();
    if (b.width > 1 && b.height > 1 && (b.right > wide + 1 || b.left < -1) && !clipped(e))
      found.push(`${e.tagName} ${(e.innerText || '').slice(0, 60)} ${b.left}..${b.right}`);
  }
  if (main && main.scrollWidth > main.clientWidth + 1) found.push('the page scrolls sideways');
  return found; }"""
# The name of the control that has the focus. What merely scrolls holds the text of all within it.
FOCUSED = """() => { const e = document.activeElement, role = e.getAttribute('role') || e.tagName;
  if (!/^(a|button|input|combobox|link|radio)$/i.test(role)) return `(${role})`;
  const label = e.labels && e.labels[0] && e.labels[0].innerText;
  return (e.getAttribute('aria-label') || label || e.innerText).trim(); }"""


class Tab:
    """One browser context with one page, and all it said and asked for."""

    def __init__(self, browser: Browser, address: str, options: dict[str, Any]) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(**options)
        if os.environ.get("BROWSER_WATCH"):
            self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.context.on("request", self._asked)
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.goto(address)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in {"data", "blob"}:
            self.requests.append(request.url)


class Driver:
    """The calls that a test can make; each names the tab it is for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._tabs: dict[str, Tab] = {}

    def open(self, tab: str, path: str, options: dict[str, Any]) -> None:
        self._tabs[tab] = Tab(self._browser, urljoin(os.environ["BROWSER_URL"], path), options)

    def open_file(self, tab: str, content: str, options: dict[str, Any]) -> None:
        file = Path(f"/tmp/{tab}.html")
        file.write_text(content, encoding="utf-8")
        self._tabs[tab] = Tab(self._browser, file.as_uri(), options)

    def visit(self, tab: str, path: str) -> None:
        self._page(tab).goto(urljoin(os.environ["BROWSER_URL"], path))

    def close(self, tab: str) -> None:
        self._tabs.pop(tab).context.close()

    def see(self, tab: str, text: str, limit_s: float, gone: bool = False) -> None:
        script = "([t, gone]) => document.body.innerText.includes(t) !== gone"
        self._page(tab).wait_for_function(script, arg=[text, gone], timeout=limit_s * 1000)

    def settle(self, tab: str) -> None:
        # The chart's drawing, and the colour scheme, which the server hears of a run later.
        self._page(tab).wait_for_timeout(800)

    def text(self, tab: str) -> str:
        return self._page(tab).inner_text("body")

    def click(self, tab: str, role: str, name: str) -> None:
        self._page(tab).get_by_role(role, name=name).first.click(timeout=15000)  # type: ignore[arg-type]

    def click_text(self, tab: str, text: str) -> None:
        self._page(tab).get_by_text(text, exact=True).first.click(timeout=15000)

    def choose(self, tab: str, label: str, option: str) -> None:
        self._page(tab).get_by_role("combobox", name=label).first.click(timeout=15000)
        self._page(tab).get_by_role("option", name=option).first.click(timeout=15000)
        self._page(tab).keyboard.press("Escape")

    def press(self, tab: str, key: str) -> str:
        self._page(tab).keyboard.press(key)
        return str(self._page(tab).evaluate(FOCUSED))

    def offered(self, tab: str, role: str, name: str) -> None:
        self._page(tab).get_by_role(role, name=name, exact=True).first.wait_for(timeout=15000)  # type: ignore[arg-type]

    def evaluate(self, tab: str, script: str) -> Any:
        return self._page(tab).evaluate(script)

    def off_screen(self, tab: str) -> list[str]:
        found: list[str] = self._page(tab).evaluate(OFF_SCREEN)
        return found

    def screenshot(self, tab: str) -> str:
        return base64.b64encode(self._page(tab).screenshot()).decode()

    def axe(self, tab: str) -> dict[str, list[dict[str, Any]]]:
        # Streamlit scrolls inside the page: axe sees only what is in the window.
        page = self._page(tab)
        size = page.viewport_size
        assert size
        if size["height"] < HIGH:
            page.set_viewport_size({"width": size["width"], "height": HIGH})
            self.settle(tab)
        response = Axe().run(page).response
        page.set_viewport_size(size)
        kinds = ("violations", "incomplete")
        return {kind: [_finding(found) for found in response[kind]] for kind in kinds}

    def seen(self, tab: str) -> dict[str, Any]:
        self._page(tab).wait_for_timeout(1)  # lets the events in
        known = self._tabs[tab]
        outside = [url for url in known.requests if urlsplit(url).netloc != HOST]
        return {"url": known.page.url, "complaints": known.complaints, "outside": outside}

    def _page(self, tab: str) -> Page:
        return self._tabs[tab].page


def _finding(found: dict[str, Any]) -> dict[str, Any]:
    nodes = [f"{node['html'][:160]} {node.get('failureSummary', '')}" for node in found["nodes"]]
    return {"id": found["id"], "help": found["help"], "nodes": nodes}


def _answer(call: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": call(**arguments)}
    except Exception as error:  # noqa: BLE001 # the test on the host raises it
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Serve calls until stdin ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(ARGUMENTS)
        )
        driver = Driver(browser)
        print(json.dumps({"value": browser.version}), flush=True)  # noqa: T201
        for line in sys.stdin:
            request = json.loads(line)
            answer = _answer(getattr(driver, request.pop("call")), request)
            print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
