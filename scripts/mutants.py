"""Tell what share of the judge's mutants its tests have killed; status 1 below the bound."""

import json
import sys
from pathlib import Path

LEAST = 0.95
KILLS = ("killed", "timeout", "segfault")  # one that hangs or falls over is noticed, too


def main(path: Path) -> None:
    """Print the share; what no test reaches counts as alive."""
    told = json.loads(path.read_text(encoding="utf-8"))
    killed, total = sum(told[name] for name in KILLS), told["total"]
    print(f"{'killed':<9} {killed} of {total} mutants, {killed / total:.1%} (at least {LEAST:.0%})")
    sys.exit(killed < LEAST * total)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
