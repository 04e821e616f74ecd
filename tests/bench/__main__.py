"""Measures what a policy costs when nothing is wrong: `make bench`. On a stack of its own.

Rounds are interleaved at random, and the references stand in twice: what one differs from itself is
the noise. Figures of a busy machine are figures of that machine.
"""

import json
import sys
from datetime import UTC, datetime

from rich.progress import Progress

from recovery_lab.docker import Stack
from recovery_lab.stack import private_stack
from recovery_lab.target import load_target
from tests.bench.container import ROOT, start
from tests.bench.tables import price, steady

ROUNDS, SEED, PARTS = 60, 18_03, 5  # reads over four paths, and checkouts


def measure(stack: Stack) -> dict[str, object]:
    """Run the measuring program in a container of the dashboard's image; return its result."""
    with Progress() as progress, start(stack, "checkout", ROUNDS, SEED) as program:
        rounds = progress.add_task("rounds", total=PARTS * ROUNDS)
        assert program.stdout is not None
        for line in program.stdout:
            told = json.loads(line)
            if "result" in told:
                return told["result"]
            progress.advance(rounds)
    sys.exit("error     the measuring program ended without a result")


def main() -> None:
    """Measure, keep the figures as JSON, and print them."""
    began = datetime.now(UTC)
    with private_stack(load_target(ROOT / "target.toml"), "bench") as stack:
        found = measure(stack)
    kept = ROOT / f".lab/bench/{began:%Y-%m-%dT%H%M%SZ}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"began": f"{began:%Y-%m-%dT%H:%M:%SZ}", **found}) + "\n")
    print(price(kept), steady(kept), sep="\n\n")
    print(f"figures   {kept.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
