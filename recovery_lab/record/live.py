"""What counts as a live read of the dashboard, and what anything else is called."""

from collections.abc import Sequence

import httpx


class NotLiveError(Exception):
    """The dashboard answered, but not with live data."""

    def __init__(self, kind: str, message: str, sqlstate: str = "") -> None:
        self.kind = kind
        self.message = message
        self.sqlstate = sqlstate
        super().__init__(f"{kind}: {message}")


def live_backend(answer: httpx.Response, must_have: Sequence[str]) -> int:
    """Return the backend that gave a live read.

    A plain Streamlit answers 200 HTML on any path, so the body counts. Raises NotLiveError.
    """
    try:
        body = answer.json()
    except ValueError:
        raise NotLiveError("not_json", f"status {answer.status_code}") from None
    if answer.status_code != 200:
        error = body.get("error") or {}
        raise NotLiveError(
            error.get("kind", "http"), error.get("message", ""), error.get("sqlstate") or ""
        )
    if body.get("stale") or any(name not in body for name in must_have):
        raise NotLiveError("not_live", "stale or incomplete answer")
    return int(body.get("backend_pid", 0))
