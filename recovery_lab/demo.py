"""The demo: an idle pool meets a restarted server, with the defaults and with the plan's cure."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from recovery_lab.judge.outage import Outage, Word
from recovery_lab.stack import private_stack
from recovery_lab.target import Target
from recovery_lab.watch import Watch, watch_outage

POLICIES = ("naive", "adopted")
LIMIT_S = 15.0


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One policy's part: the outage, and the driver's own first words about it."""

    outage: Outage
    driver_said: str


def play(target: Target, command: list[str]) -> Iterator[Act]:
    """Yield each policy's act: five idle pooled connections, a restart, five reads at once.

    The stack is of its own and gone afterwards. Raises LabError as `watch_outage` does.
    """
    with private_stack(target, "demo", POLICIES[0]) as stack, TemporaryDirectory() as folder:
        for policy in POLICIES:
            if policy != POLICIES[0]:
                stack.use_policy(policy)
            watch = Watch(
                target=target,
                command=command,
                limit_s=LIMIT_S,
                history=Path(folder) / f"{policy}.jsonl",
                job="idle",
            )
            outage = watch_outage(watch, lambda _: None)
            said = re.search(target.dashboard.driver_line, stack.log(target.dashboard.service))
            yield Act(outage=outage, driver_said=said[1] if said else "")


def demo_verdict(acts: Sequence[Act]) -> Word:
    """Return `passed` when the defaults failed readers and the plan's options failed none.

    An act whose own outage is not in order (no restart, not ready, no reads) proves nothing.
    """
    if [act.outage.verdict for act in acts] != ["passed"] * len(POLICIES):
        return "inconclusive"
    naive, adopted = (act.outage.reads for act in acts)
    shown = naive.failed_after_ready > 0 and adopted.failed_after_ready == 0
    return "passed" if shown and adopted.ok_after_ready else "failed"
