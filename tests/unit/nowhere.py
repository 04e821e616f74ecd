"""What a contender is told of its database, for one that is not there."""

from pathlib import Path
from typing import Any


def way_nowhere(folder: Path) -> dict[str, Any]:
    """Return the way of a contender's factory; the password stands in `folder`."""
    (folder / "password").write_text("none\n")
    login = {"host": "127.0.0.1", "port": 1, "name": "lab", "user": "nobody"}
    login |= {"password_file": str(folder / "password")}
    return {"login": login, "work": "the work", "reading": None}
