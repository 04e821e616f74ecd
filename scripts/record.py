"""Keeps in .lab/verify.json how `make lint` and `make verify` ended, also where that was badly.

usage: record.py NAME began | record.py NAME STATUS [JUNIT-FILE]...
   ie: record.py verify 0 .lab/verify-outages.xml .lab/verify-beside.xml
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

KEPT = Path(".lab/verify.json")
COUNTS = ("tests", "failures", "errors", "skipped")


def main(name: str, word: str, reports: Sequence[Path]) -> None:
    """Record that a check has begun, whatever becomes of it; then how it ended."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    if word == "began":
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        kept[name] = {"began": now, "commit": commit(), "status": None}
    else:
        kept[name] |= {"status": int(word), **tests(reports)}
    KEPT.parent.mkdir(exist_ok=True)
    fresh = KEPT.with_suffix(".new")
    fresh.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    fresh.replace(KEPT)


def tests(reports: Sequence[Path]) -> dict[str, object]:
    """Return how many tests of each report had which outcome, and the seconds that they recorded.

    A report that pytest did not come to write is left out.
    """
    roots = {
        path.stem.removeprefix("verify-"): ET.parse(path).getroot()  # noqa: S314 # pytest's own
        for path in reports
        if path.exists()
    }
    figures = {
        f"{case.get('name')}/{one.get('name')}": float(one.get("value"))
        for root in roots.values()
        for case in root.iter("testcase")
        for one in case.iter("property")
        if one.get("name").endswith("_s")
    }
    parts = {
        part: {count: sum(int(suite.get(count)) for suite in root) for count in COUNTS}
        for part, root in roots.items()
    }
    return {"parts": parts, "figures": figures} if reports else {}


def commit() -> str:
    """Return the checkout's commit, with a `+` where it was changed; empty: it has none."""
    words = ["git", "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10.0, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # no git, or a download without it
    return done.stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [Path(word) for word in sys.argv[3:]])
