"""The host's end of the browser: a container on the stack's network, and its tabs."""

import base64
import itertools
import json
import subprocess
import time
from collections import deque
from pathlib import Path
from threading import Thread, Timer
from typing import Any, Self

ROOT = Path(__file__).parents[2]
RUN = "docker compose --profile verify run --rm --no-deps --no-TTY browser"


class BrowserError(AssertionError):
    """The browser could not do what was asked."""


class Browser:
    """One Chromium in its container; started by `with`."""

    def __init__(self, environ: dict[str, str], *, watch: bool = False) -> None:
        self._environ = environ  # names the stack beside which it runs
        self._command = RUN.replace("--rm", "--rm --env BROWSER_WATCH=1") if watch else RUN

    def __enter__(self) -> Self:
        """Start the container and wait for the browser's version."""
        pipe = subprocess.PIPE
        self._said: deque[str] = deque(maxlen=40)
        self._process = subprocess.Popen(
            self._command.split(),
            cwd=ROOT,
            env=self._environ,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        Thread(target=self._listen, daemon=True).start()
        self._names = (f"tab-{number}" for number in itertools.count(1))
        self.version = self._answer(60)
        return self

    def __exit__(self, *_: object) -> None:
        """End the browser by closing its input, and the container with it."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            stream.close()

    def call(self, call: str, *, answer_in_s: float = 40, **arguments: Any) -> Any:
        """Make one call in the container; raises BrowserError with its words when it fails."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"call": call, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BrowserError(self._last_words()) from None
        return self._answer(answer_in_s)

    def open(
        self,
        path: str,
        *,
        size: tuple[int, int] = (1280, 900),
        scheme: str = "light",
        locale: str = "en-US",
        zone: str = "UTC",
        content: str = "",
    ) -> "Tab":
        """Open a page in a context of its own; with `content`, a file that is all of it."""
        options = {
            "viewport": {"width": size[0], "height": size[1]},
            "color_scheme": scheme,
            "locale": locale,
            "timezone_id": zone,
        }
        tab = Tab(self, next(self._names))
        if content:
            self.call("open_file", tab=tab.name, content=content, options=options)
        else:
            self.call("open", tab=tab.name, path=path, options=options)
        return tab

    def _listen(self) -> None:
        assert self._process.stderr
        try:
            self._said.extend(self._process.stderr)
        except ValueError:  # closed at the end
            return

    def _answer(self, limit_s: float) -> Any:
        assert self._process.stdout
        watchdog = Timer(limit_s, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise BrowserError(self._last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise BrowserError(answer["error"])
        return answer["value"]

    def _last_words(self) -> str:
        self._process.wait(5)
        time.sleep(0.1)
        return "the browser's container ended: " + "".join(self._said)


class Tab:
    """One open page."""

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser = browser
        self.name = name

    def call(self, call: str, **arguments: Any) -> Any:
        """Make one call for this tab."""
        return self._browser.call(call, tab=self.name, **arguments)

    def see(self, text: str, limit_s: float = 15, *, gone: bool = False) -> float:
        """Wait until the page shows `text` (or no longer does); return how long it took."""
        begun = time.monotonic()
        try:
            # The container's own limit comes first, or the browser would be taken for dead.
            self.call("see", answer_in_s=limit_s + 20, text=text, limit_s=limit_s, gone=gone)
        except BrowserError as error:
            shown = self.text()
            raise BrowserError(
                f"{'still' if gone else 'not'} shown after {limit_s:.1f} s: {text!r}; "
                f"the page says:\n{shown}\n({error})"
            ) from None
        return time.monotonic() - begun

    def text(self) -> str:
        """Return all that the page shows."""
        return str(self.call("text"))

    def screenshot(self, name: str) -> Path:
        """Keep a picture under .lab/screenshots."""
        folder = ROOT / ".lab/screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        path.write_bytes(base64.b64decode(self.call("screenshot")))
        return path

    def close(self) -> None:
        """Close the page and its context."""
        self.call("close")
