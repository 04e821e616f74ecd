"""How soon readers are back after each kind of outage, on a scratch server and without Docker.

usage: python steadypool/measure/outages.py [FAULT=ROUNDS …] [--rounds N] [--readers N] [--seed N]
                                            [--hold LOW HIGH] [--wait-sessions] [--out FILE]
   ie: python steadypool/measure/outages.py --rounds 6 restart=20 kill=20 --out outages.json
       python steadypool/measure/outages.py --rounds 0 drop=6 --wait-sessions

Times are told as median / worst in ms: "first good" and "all back" from the first answer that a
fresh session of plain libpq had in the same outage, "worst read" from when it was due or that
answer. Needs Linux, and PostgreSQL's programs on PATH, in $PG_BIN or in /usr/lib/postgresql.
"""

import argparse
import json
import random
import re
import secrets
import sys
import time
from dataclasses import asdict
from pathlib import Path

from faults import FAULTS, play
from figures import LATE_S, Figures, Log, returns, spent, table, without_stalls
from readers import Witness
from relay import Relay
from server import Server
from stage import POOL, Names, Stage

import steadypool

AFTER_S = 5.0  # that the record goes on for
LEFT_S = 15.0


def outage(name: str, stage: Stage, hold_s: float, log: Log, *, wait_sessions: bool) -> Figures:
    """Play one, and tell what it showed."""
    witness = Witness()
    with stage:
        before, logged = steadypool.counters(stage.engine), len(stage.server.log())
        met = play(FAULTS[name], stage, hold_s)
        time.sleep(max(0.0, met.ready_at + AFTER_S - time.monotonic()))
        after, seen = steadypool.counters(stage.engine), stage.server.log()[logged:]
        stage.names.go_on()
    stalls = witness.stop()
    left = None
    if wait_sessions:
        time.sleep(max(0.0, met.healed_at + LEFT_S - time.monotonic()))
        left = len(stage.server.sessions(stage.application))
    reads = stage.readers.take()
    waits = [read.wait_past(met.ready_at) for read in reads]
    back = returns(reads, met) if FAULTS[name].is_outage else []
    return Figures(
        fault=name,
        hold_s=hold_s,
        noticed_s=log.noticed(met),
        first_s=back[0] if back else None,
        healed_s=back[0] + met.ready_at - met.healed_at if back else None,
        all_back_s=back[-1] if len(back) == stage.reader_count else None,
        worst_s=max(waits),
        worst_net_s=max(without_stalls(read, met.ready_at, stalls) for read in reads),
        late=sum(wait > LATE_S for wait in waits),
        reads=len(reads),
        errors=tuple(read.error for read in reads if read.error),
        attempts=1 + spent(before, after, "retries") / len(reads),
        stall_s=max(end - began for began, end in stalls),
        losses=spent(before, after, "losses"),
        opened=sum(at >= met.lost_at for at in stage.connects) + spent(before, after, "handovers"),
        seen=len(re.findall(rf"authorized: .*application_name={stage.application}\b", seen)),
        left=left,
    )


def plan(options: argparse.Namespace) -> list[str]:
    """Return the outages in their order: in each round every fault once, as chance has it."""
    rounds = dict.fromkeys(FAULTS, options.rounds) | dict(options.faults)
    drawn = []
    for number in range(max(rounds.values())):
        names = [name for name, times in rounds.items() if number < times]
        drawn += random.sample(names, len(names))
    return drawn


def fault_times(said: str) -> tuple[str, int]:
    """Read FAULT=ROUNDS.

    Raises:
        ValueError: said otherwise.
    """
    name, _, times = said.partition("=")
    if name not in FAULTS:
        raise ValueError(f"fault {name!r}: expected one of {', '.join(FAULTS)}")
    return name, int(times)


def parsed(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("faults", nargs="*", type=fault_times, metavar="FAULT=ROUNDS")
    parser.add_argument("--rounds", type=int, default=3, help="of each other fault")
    parser.add_argument("--readers", type=int, default=POOL)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--hold", type=float, nargs=2, default=(2.0, 3.0), metavar=("LOW", "HIGH"))
    parser.add_argument("--wait-sessions", action="store_true", help="15 s after each healing")
    parser.add_argument("--out", type=Path, help="a file for the figures of each outage, as JSON")
    return parser.parse_args(words)


def main(options: argparse.Namespace) -> None:
    """Play all, and print the table."""
    random.seed(options.seed)
    drawn, found, log, names = plan(options), list[Figures](), Log(), Names()
    print(f"seed {options.seed}: {len(drawn)} outages, {options.readers} readers", flush=True)
    with Server() as server, Relay(server.port) as relay:
        for number, name in enumerate(drawn, 1):
            stage = Stage(
                server=server,
                relay=relay,
                names=names,
                application=f"measured-{number}",
                is_relayed=FAULTS[name].is_relayed,
                reader_count=options.readers,
            )
            hold_s = random.uniform(*options.hold)  # noqa: S311 # no secret
            found.append(outage(name, stage, hold_s, log, wait_sessions=options.wait_sessions))
            print(f"{number:3} of {len(drawn)} {table(found[-1:]).splitlines()[1]}", flush=True)
            if options.out:
                options.out.write_text(json.dumps([asdict(one) for one in found], indent=1))
    print(table(found))


if __name__ == "__main__":
    main(parsed(sys.argv[1:]))
