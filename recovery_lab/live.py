"""What a good live answer of an application is."""

from typing import Any

import httpx

Json = dict[str, Any]


class NotLiveError(Exception):
    """The application answered, but not with live data; `error` is what its body tells of it."""

    def __init__(self, kind: str, message: str, error: Json | None = None) -> None:
        self.kind = kind
        self.error = error or {}
        super().__init__(message)


def live_body(answered: httpx.Response, must_have: list[str]) -> Json:
    """Return a live read's body: status 200, JSON, all keys, not stale. Raises NotLiveError."""
    try:
        body = answered.json()  # a plain Streamlit answers 200 HTML on any path
    except ValueError:
        raise NotLiveError("not_json", f"status {answered.status_code}, no JSON") from None
    told = body if isinstance(body, dict) else {}
    if answered.status_code != 200:
        error = told.get("error")
        error = error if isinstance(error, dict) else {}
        message = error.get("message") or f"status {answered.status_code}"
        raise NotLiveError(error.get("kind") or "http", message, error)
    missing = [name for name in must_have if name not in told]
    if missing or told.get("stale"):
        raise NotLiveError("not_live", f"no {', '.join(missing)}" if missing else "stale")
    return told
