"""A world without Docker: one database's container, its helpers, and a witness that sees them."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import msgspec
import pytest

from recovery_lab import docker
from recovery_lab.docker import Stack
from recovery_lab.errors import DockerError, InconclusiveError
from recovery_lab.faults import (
    FAULTS,
    Scene,
    crash,
    drop,
    flap,
    healing,
    held,
    idle_drop,
    idle_timeout,
    kill,
    latency,
    lock,
    mute,
    names,
    recovery,
    runner,
    slots,
    slow,
    smart,
    terminate,
)
from recovery_lab.faults import scene as scenes
from recovery_lab.faults.altered import Altered, Refused, sql_of
from recovery_lab.faults.idle_timeout import ENDED
from recovery_lab.faults.witness import Answer
from recovery_lab.record.history import Clock, FaultEvent
from recovery_lab.target import Target, load_target

ROOT = Path(__file__).parents[4]
PROJECT, DATABASE = "recovery-lab-unit", "d" * 64
START = "2026-01-01T09:00:0{}Z"
_EVENTS = {"stop": ["die"], "restart": ["die", "start"], "kill": ["die"]}
HALF_SHUT = "connection failed: FATAL:  the database system is shutting down"
INJECTED = {"step": "injected", "began_at": 0.5, "at": 0.75}
HEALED = {"step": "healed", "began_at": 1.0, "at": 1.5}
FAILED = {"step": "failed", "said": "iptables-restore: status 4: no permission"}
NETWORK, NAMES = f"{PROJECT}_default", ("postgres", "unit-postgres-1")
LOOK_UPS = {"name": "Temporary failure in name resolution", "name-hangs": "hangs"}
NO_SLOT = "connection failed: FATAL:  remaining connection slots are reserved for roles"
# Of helpers: whose rules they hold.
MODULES = {
    slots.MODULE: "",
    lock.MODULE: "",
    latency.MODULE: "latency",
    idle_drop.MODULE: "idle-drop",
}
State = dict[str, Any]


def way(number: int, *names: str) -> State:
    """Return how a container is on the clients' network; Docker adds the short id to its names."""
    address = {"IPAddress": f"192.0.2.{number}", "GlobalIPv6Address": ""}
    aliases = [*names, DATABASE[:12]] if names else []
    return {"Gateway": "192.0.2.1", **address, "Aliases": aliases, "IPAMConfig": None}


@dataclass
class World:
    """What `docker` would show, and what it was told."""

    target: Target
    state: State
    exists: bool = True
    folder: str = ""
    stubbed: bool = False
    starts: int = 0
    helpers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)  # of helpers
    ways: dict[str, State] = field(default_factory=lambda: {DATABASE: way(9, *NAMES)})
    said_after: str = "ok"
    ended: set[str] = field(default_factory=set)  # containers that run no more
    denied: str = ""  # the fault whose helpers stand by there
    look_up: str = "ok"  # what one in a client's namespace comes to
    helper_works: bool = True
    unstarted: set[str] = field(default_factory=set)  # helpers that Docker has made, no more
    deaf: int = 0  # signals that a helper does not hear
    rules: str = ""  # of the fault whose helper holds them
    noted: int = 0  # sessions from before
    left: int = 0  # of them
    kept: str = ""  # how the witness's own reads; else as the rules have it
    ended_at: float = 0.0  # and when that ended
    log: str = ""  # the server's
    sleeping: int = 0
    slept: str = ""
    now: float = 100.0
    elapsed: float = 0.0
    calls: list[str] = field(default_factory=list)
    seen: list[tuple[float, str]] = field(default_factory=list)
    events: list[FaultEvent] = field(default_factory=list)
    stacks: set[str] = field(default_factory=set)
    half_shut: bool = False
    full: bool = False
    locked: bool = False
    altered: str = ""  # the fault whose setting is
    theirs: bool = False  # that setting had a value of its own
    waiting: int = 0  # sessions, for a lock
    folder_holds: str = ""  # the server's data folder, what a fault has put in
    starting: bool = False
    read_from: set[str] = field(default_factory=set)  # starts of the server
    paced: int = 0
    trouble: str = ""
    lost_witnesses: int = 0

    def run(self, *words: str, **options: object) -> str:
        """Stand in for `docker.run`."""
        self.calls.append(" ".join(words))
        answer = getattr(self, f"_{words[0]}")(*words[1:])
        return answer if isinstance(answer, str) else ""

    @property
    def stack(self) -> Stack:
        """The database's stack."""
        return Stack(target=self.target, project=PROJECT)

    @property
    def scene(self) -> Scene:
        """The database's scene, as a caller gives it."""
        note, pace = self.events.append, self.pace
        return Scene(stack=self.stack, hold_s=2.0, note=note, pace=pace, command=("true",))

    def seen_scene(self, hold_s: float = 2.0) -> Scene:
        """The scene as a fault gets it from the runner."""
        witness: Any = Witness(self)
        return replace(self.scene, hold_s=hold_s).seen_by(witness)

    def pace(self) -> None:
        """Stand in for the caller's pace: do what is due, or find a helper dead."""
        self.paced += 1
        if self.trouble:
            raise InconclusiveError(self.trouble)

    def pass_time(self, seconds: float) -> None:
        """Let the fault's length pass, and the sleeping query end, where it does."""
        self.elapsed += seconds
        if self.slept:
            self.sleeping = 0

    def told(self, verb: str) -> list[str]:
        """Return the commands of one verb."""
        return [call for call in self.calls if call.split()[0] == verb]

    def _context(self, *words: str) -> str:
        return json.dumps([{"Name": "unit", "Endpoints": {"docker": {"Host": "unix:///unit"}}}])

    def _ps(self, *words: str) -> str:
        text = " ".join(words)
        if "com.docker.compose.service" in text:
            return DATABASE if self.exists else ""
        if f"label={docker.LABEL}=1" in text:
            asked = [word.removeprefix("label=").split("=", 1) for word in words if "=" in word]
            return "\n".join(
                one
                for one in self.helpers
                if all(self.labels.get(one, {}).get(name, value) == value for name, value in asked)
            )
        if "--filter" not in words:  # what runs
            return "\n".join({DATABASE, *self.helpers} - self.ended)
        return "one" if PROJECT in self.stacks else ""

    def _inspect(self, *words: str) -> str:
        if words[0] == "--format":
            return "created" if words[-1] in self.unstarted else "running"
        own = {"com.docker.compose.project.working_dir": self.folder}
        return json.dumps(
            [
                {
                    "Id": name,
                    "Config": {"Labels": own if name == DATABASE else self.labels.get(name, {})},
                    "State": self.state,
                    "NetworkSettings": {
                        "Networks": {NETWORK: self.ways[name]} if name in self.ways else {}
                    },
                }
                for name in words
            ]
        )

    def _network(self, verb: str, *words: str) -> None:
        *names, _, name = words
        if verb == "connect":
            self._connect(name, *names[1::2])
        elif not self.stubbed:
            gone = self.ways.pop(name)
            if name != DATABASE and gone["Aliases"]:
                self.helpers[name].append(HEALED)

    def _connect(self, name: str, *names: str) -> None:
        if name not in self.ways:
            taken = {one["IPAddress"] for one in self.ways.values()}
            free = next(n for n in range(2, 99) if way(n)["IPAddress"] not in taken)
            self.ways[name] = way(free, *names)
        if self.stubbed and names:  # it says that it is there
            self.ways[name] = way(9)
        if name != DATABASE and names:
            self.helpers[name].append(INJECTED)

    @property
    def named(self) -> State:
        """Whom the database's name leads to."""
        return next(
            (one for one in self.ways.values() if NAMES[0] in (one["Aliases"] or [])), way(0)
        )

    def _act(self, verb: str, **state: object) -> None:
        if not self.stubbed:
            self.state.update(state)
            self.seen += [(self.now, action) for action in _EVENTS.get(verb, [verb])]

    def _start(self, name: str) -> None:
        self.starts += 1
        self.starting = "hold" in self.folder_holds
        self._act("start", Running=True, StartedAt=START.format(self.starts))

    def _stop(self, name: str) -> None:
        self._act("stop", Running=False, ExitCode=0)
        self.half_shut = False

    def _restart(self, name: str) -> None:
        self.starts += 1
        self._act("restart", StartedAt=START.format(self.starts))

    def _pause(self, name: str) -> None:
        self._act("pause", Paused=True)

    def _unpause(self, name: str) -> None:
        if not self.state["Paused"]:
            raise DockerError(["docker", "unpause"], 1, "is not paused")
        self._act("unpause", Paused=False)

    def _kill(self, option: str, signal: str, name: str, *others: str) -> None:
        if signal == "USR1":
            self.look_up = "ok" if self.stubbed else LOOK_UPS[self.denied]
            for one in (name, *others):
                self.helpers[one] += [INJECTED, {"step": "while in", "said": self.look_up}]
        elif name in self.helpers and self.deaf:
            self.deaf -= 1
        elif name in self.helpers:
            self.rules, self.full, self.locked, self.look_up = "", False, False, "ok"
            for one in (name, *others):
                self.helpers[one] += [HEALED, {"step": "after", "said": self.said_after}]
        elif signal == "TERM":
            self.half_shut = not self.stubbed
            self.seen.append((self.now, "kill"))
        else:
            self._act("kill", Running=False, ExitCode=137)

    def _run(self, *words: str) -> str:
        name = f"helper-{len(self.helpers) + 1}"
        if "clear" in words:
            self.rules = ""
            return name
        labels = [words[n + 1] for n, word in enumerate(words) if word == "--label"]
        self.labels[name] = dict(label.split("=", 1) for label in labels)
        if {mute.MODULE, names.MODULE} & set(words):
            return self._stand(name, json.loads(words[-1]))
        step = {**INJECTED, "sessions": 280}
        self.helpers[name] = [step if self.helper_works else FAILED]
        if self.helper_works and not self.stubbed:
            module = words[words.index("-m") + 1] if "-m" in words else ""
            self.full, self.locked = module == slots.MODULE, module == lock.MODULE
            self.rules = MODULES[module] if module else words[words.index("hold") + 2]
        return name

    def _stand(self, name: str, assigned: State) -> str:
        """Start a helper that waits for what it is to do, or that puts things right."""
        if "address" in assigned:
            self._connect(name)
        elif self.denied != (fault := assigned["fault"]):
            self.denied = fault
        ready = {"step": "mute" if "address" in assigned else "ready"}
        self.helpers[name] = [ready if self.helper_works else FAILED]
        if assigned["limit_s"] == 0.0:
            self.look_up, self.helpers[name] = "ok", [HEALED, {"step": "after", "said": "ok"}]
        return name

    def _logs(self, name: str) -> str:
        return "".join(json.dumps(step) + "\n" for step in self.helpers[name])

    def _exec(self, *words: str) -> str:
        if words[0] == DATABASE and not self.stubbed:
            self._shell(words[-1])
        count = 3 if self.rules else 0
        if words[-1] == "flows":
            return json.dumps({"flows": count, "packets": 2 * count})
        return json.dumps({"INPUT": count, "OUTPUT": count})

    def _shell(self, script: str) -> None:
        if "kill -KILL" in script:  # a backend, and all go with it
            self.left, self.ended_at = 0, self.now
            self.log = "LOG:  all server processes terminated; reinitializing"
        elif "touch" in script:
            self.folder_holds = "hold, signal"
        else:
            self.folder_holds = "" if "sed" in script else self.folder_holds.replace("hold, ", "")
            self.starting = False

    def _rm(self, option: str, name: str) -> None:
        self.helpers.pop(name, None)

    def _wait(self, name: str) -> str:
        return "0"

    def _events(self, *words: str) -> str:
        whose = {"Attributes": {"com.docker.compose.service": "postgres"}}
        rows = [{"timeNano": at * 1e9, "Action": word, "Actor": whose} for at, word in self.seen]
        return "\n".join(map(json.dumps, rows))

    def _compose(self, *words: str) -> str:
        if "down" in words:
            self.stacks.discard(PROJECT)
        if "up" in words:
            self.exists = True
            self._start(DATABASE)
        return self.log if "logs" in words else ""


class Witness:
    """Sees what a session would."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lost = False

    def verify_alive(self) -> None:
        if self.lost:
            raise InconclusiveError("the fault's witness ended: killed")

    def revive(self) -> None:
        self.world.lost_witnesses += self.lost
        self.lost = False

    def close(self) -> None:
        pass

    def clock(self) -> Clock:
        self.verify_alive()
        self.world.now += 0.25
        return Clock(at=self.world.now, wall=self.world.now)

    def rule(self, sql: str) -> str:
        return self.ask(f"admin {sql}").told

    def _ruled(self, sql: str) -> str:
        """Change, undo or read the setting of a fault; anything else is about locks."""
        world = self.world
        for fault in (one for one in FAULTS.values() if isinstance(one, Altered)):
            change, undo, reads = (
                sql_of(world.stack, words) for words in (fault.change, fault.undo, fault.reads)
            )
            if sql.startswith(f"{change};"):
                world.altered = "" if world.stubbed else fault.name
            elif sql.startswith(f"{undo};"):
                world.altered = ""
            elif sql == reads:
                return "theirs" if world.altered == fault.name or world.theirs else fault.stands
        return str(world.waiting)

    def ask(self, order: str) -> Answer:
        world = self.world
        told = {
            "ended": {"ended_at": world.ended_at},
            "connect": {"took_s": 0.03 if world.rules == "latency" else 0.0299},
            "counted": {"starts": len(world.read_from)},
        }
        facts = told.get(order, {"sessions": world.sleeping, "slept": world.slept})
        facts |= {"session": "hangs" if world.state["Paused"] else "ok"}
        facts |= {"told": self._ruled(order.removeprefix("admin "))}
        match order.split(maxsplit=1)[0]:
            case "sleep" if not world.stubbed:
                world.sleeping = 1
            case "wake":
                facts["sessions"] = world.sleeping = 0
            case "keep":
                world.noted = world.left = 3
                facts = {"pid": 71}
            case "kept":
                closed = "server closed the connection" if world.rules else "ok"
                silent = "hangs" if world.rules == "idle-drop" else closed
                timed_out = ENDED if world.altered == "idle-timeout" else silent
                mute = "" if DATABASE in world.ways else "hangs"
                facts = {"session": world.kept or mute or timed_out}
            case "ended":
                facts = {"ended_at": world.ended_at}
            case "count":
                world.read_from = set()
            case "terminate":
                world.calls.append(order)
                world.noted, world.left = 2, 2 if world.stubbed else 0
            case "left":
                facts = {"noted": world.noted, "sessions": world.left}
        return Answer(at=world.now, wall=world.now, **facts)

    def probe(self) -> Answer:
        state = self.world.state
        self.verify_alive()
        session = "ok" if state["Running"] else "connection refused"
        session = f"FATAL:  {recovery.STARTING_UP}" if self.world.starting else session
        session = HALF_SHUT if self.world.half_shut else session
        session = NO_SLOT if self.world.full else session
        if isinstance(fault := FAULTS.get(self.world.altered), Refused):
            session = f"FATAL:  it {fault.words}"
        rules = self.world.rules
        session = "Connection refused" if rules == "reset" else session
        mute = DATABASE not in self.world.ways
        silent = state["Paused"] or mute or rules == "drop" or self.world.locked
        session = "hangs" if silent else session
        tcp = "" if session != "hangs" else "hangs" if rules else "ok"
        started = state["StartedAt"] if session == "ok" else ""
        self.world.read_from |= {started} if started else set()
        address = self.world.named["IPAddress"]
        told = {"tcp": tcp, "session": session, "server_started": started, "address": address}
        return Answer(at=0.0, wall=0.0, **told)


class Watchdog:
    """Watches over nothing."""

    def __init__(self, *words: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        pass

    def verify_watching(self) -> None:
        pass


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A running database in a folder of its own."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    target = msgspec.structs.replace(load_target(ROOT / "target.toml"), root=tmp_path)
    state = {"Running": True, "Paused": False, "ExitCode": 0, "OOMKilled": False}
    state |= {"StartedAt": START.format(0), "FinishedAt": "never"}
    made = World(target=target, state=state, folder=str(tmp_path))
    monkeypatch.setattr(docker, "run", made.run)
    for module in (scenes, healing):
        monkeypatch.setattr(module, "Witness", lambda *words: Witness(made))
    monkeypatch.setattr(runner, "Watchdog", Watchdog)
    clock = SimpleNamespace(sleep=made.pass_time, monotonic=lambda: made.elapsed)
    monkeypatch.setattr(runner, "time", clock)
    monkeypatch.setattr(scenes.time, "sleep", made.pass_time)
    monkeypatch.setattr(healing, "LIVES_S", 0.02)
    limits = [
        (scenes, "BACK_LIMIT_S"),
        (scenes, "STEADY_LIMIT_S"),
        (kill, "DEAD_LIMIT_S"),
        (drop, "STEP_LIMIT_S"),
    ]
    limits += [(held, "STEP_LIMIT_S"), (slots, "FULL_LIMIT_S")]
    limits += [(mute, "STEP_LIMIT_S"), (names, "STEP_LIMIT_S"), (names, "LOOKED_LIMIT_S")]
    limits += [(flap, "APART_S"), (flap, "UP_LIMIT_S")]
    limits += [(recovery, "DEAD_LIMIT_S"), (recovery, "STARTING_LIMIT_S")]
    limits += [(crash, "END_LIMIT_S"), (crash, "RECOVERED_LIMIT_S"), (terminate, "GONE_LIMIT_S")]
    limits += [(healing, "LATE_S"), (smart, "REFUSED_LIMIT_S"), (slow, "SEEN_S"), (slow, "DUE_S")]
    limits += [(lock, "DRAINED_LIMIT_S"), (idle_timeout, "ENDED_LIMIT_S")]
    for module, name in limits:
        monkeypatch.setattr(module, name, 0.02)
    return made
