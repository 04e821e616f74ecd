"""Each fault lands, heals, and is healed when the run that injected it is gone."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from recovery_lab import docker
from recovery_lab.errors import BadInputError, InconclusiveError
from recovery_lab.faults import FAULTS, Done, Scene, journal, run_fault
from recovery_lab.faults.altered import sql_of
from recovery_lab.faults.healing import heal_open
from recovery_lab.faults.idle_timeout import IDLE_S
from recovery_lab.faults.journal import FAULT, OpenFault
from recovery_lab.faults.witness import Witness
from recovery_lab.record.history import FaultEvent
from tests.integration.conftest import child_of, command, wait_until, wait_until_up
from tests.running import Running

STEPS = ["injecting", "injected", "landed", "healing", "healed", "back"]
LENGTHS = [
    ("none", 0.0),
    ("restart", 0.0),
    ("restart", 1.0),
    ("flap", 0.0),
    ("kill", 1.0),
    ("recovery", 5.0),
    ("crash", 0.0),
    ("terminate", 0.0),
    ("idle-timeout", 6.0),
    ("smart", 1.0),
    ("slots", 1.0),
    ("slots-role", 1.0),
    ("slots-database", 1.0),
    ("login", 1.0),
    ("freeze", 2.0),
    ("drop", 2.0),
    ("reset", 2.0),
    ("idle-drop", 6.0),
    ("mute", 2.0),
    ("name", 2.0),
    ("name-hangs", 2.0),
    ("slow", 1.0),
    ("latency", 2.0),
    ("lock", 2.0),
    ("command", 0.0),
]
TAKEN = ("scripts/take-away.sh", "restart")
HALF_SHUT = ("docker", "compose", "kill", "--signal", "SIGTERM", "postgres")
LATE_S = 5.0
TAKES_S = {"flap": 60.0}  # five within a minute
# In `make verify-more` alone: what takes long, or is there in another fault of the same mechanism.
more = pytest.mark.more
# All but flap land and heal in test_refused.py and test_unknown_host.py, too.
AGAIN = {"flap", "slots-role", "login", "name", "name-hangs"}
EACH = [pytest.param(*one, marks=more if one[0] in AGAIN else ()) for one in LENGTHS]
# Of every fault in the unit tests.
STUBBED = {"kill", "drop", "mute"}


def _path(stack: Running) -> Path:
    return journal.path_of(stack.value, FAULT)


def _play(
    stack: Running, name: str, hold_s: float, words: tuple[str, ...] = TAKEN
) -> tuple[Done, list[FaultEvent]]:
    events: list[FaultEvent] = []
    scene = Scene(stack=stack.value, hold_s=hold_s, note=events.append, command=words)
    return run_fault(FAULTS[name], scene), events


@pytest.mark.parametrize(("name", "hold_s"), EACH)
def test_fault_lands_and_heals(stack: Running, name: str, hold_s: float, proves) -> None:
    """Each fault proves that it was in and that it is gone; its steps are in order of time."""
    done, events = _play(stack, name, hold_s)
    at = {event.name: event.at for event in events}
    assert sorted(STEPS) == sorted(at)
    assert at["injecting"] <= at["injected"] <= at["healed"] <= at["back"], events
    # Never shorter than asked; longer by the commands that end it, whatever else the machine does.
    assert hold_s <= at["healed"] - at["injected"] <= hold_s + TAKES_S.get(name, LATE_S), events
    assert not _path(stack).exists()
    proves(f"{name} {hold_s:g} s: {done.landed}")


@pytest.mark.parametrize(
    ("name", "hold_s"),
    [pytest.param(*one, marks=() if one[0] in STUBBED else more) for one in LENGTHS[1:-1]],
)
def test_fault_whose_injection_does_nothing_is_inconclusive(
    stack: Running, name: str, hold_s: float, monkeypatch
) -> None:
    """No fault is believed to have landed because its command returned."""
    monkeypatch.setattr(type(FAULTS[name]), "inject", lambda self, scene: None)
    with pytest.raises(InconclusiveError, match=f"{name} did not land"):
        _play(stack, name, hold_s)
    assert not _path(stack).exists()


def test_fault_is_refused_while_one_is_open(stack: Running) -> None:
    """One fault at a time: neither beside a living run nor over what a dead one has left."""
    entry = OpenFault(
        fault="freeze",
        stack=stack.value,
        server_started="",
        docker=docker.endpoint()[1],
        pid=1,
    )
    with journal.held(_path(stack)):
        with pytest.raises(BadInputError, match="held by a run that lives"):
            _play(stack, "none", 0.0)
        journal.write(_path(stack), entry)
    with pytest.raises(BadInputError, match="fault 'freeze' of a dead run is open"):
        _play(stack, "none", 0.0)
    assert [line for line in heal_open(stack.target, None) if "freeze" in line]
    assert not _path(stack).exists()


@pytest.mark.parametrize(
    "name",
    [
        "restart",
        pytest.param("flap", marks=more),
        pytest.param("recovery", marks=more),
        "crash",
        pytest.param("terminate", marks=more),
        pytest.param("idle-timeout", marks=more),
        pytest.param("smart", marks=more),
        "slots",
        pytest.param("slots-role", marks=more),
        pytest.param("slots-database", marks=more),
        "login",
        "freeze",
        "drop",
        pytest.param("reset", marks=more),
        pytest.param("idle-drop", marks=more),
        pytest.param("latency", marks=more),
        "lock",
        "mute",
        pytest.param("name", marks=more),
        "name-hangs",
    ],
)
def test_killed_run_is_healed_by_its_watchdog(stack: Running, name: str, run, proves) -> None:
    """SIGKILL to the runner in the middle of a fault: the steady state comes back by itself."""
    at = "injected" if name == "flap" else "landed"  # the middle of it
    one = run(name, min(60.0, FAULTS[name].max_hold_s), at=at)
    assert _path(stack).exists()
    one.kill()
    begun = os.times().elapsed
    wait_until(lambda: not _path(stack).exists(), "the watchdog takes the fault out", 20.0)
    took_s = os.times().elapsed - begun
    wait_until_up(stack, 20.0)
    assert [] == docker.helpers(stack.value)
    proves(f"{name}: steady state {took_s:.1f} s after the runner's SIGKILL")


def test_fault_that_was_prepared_alone_is_healed(stack: Running, run, proves) -> None:
    """SIGKILL to the runner before anything was injected: what it had set first is gone, too."""
    fault = FAULTS["idle-timeout"]
    one = run(fault.name, fault.hold_s, at="prepared")
    assert _told_by_admin(stack, fault.reads) == f"idle_session_timeout={IDLE_S}s"
    one.kill()
    wait_until(lambda: not _path(stack).exists(), "the watchdog undoes it", 30.0)
    assert _told_by_admin(stack, fault.reads) == fault.stands
    proves("idle_session_timeout of the role was set, and is as before")


def test_recovery_leaves_the_configuration_as_it_was(stack: Running, run) -> None:
    """To the byte, and nothing else in the data folder; also where the run was killed in it."""
    before = _configuration(stack)
    one = run("recovery")
    assert before != _configuration(stack)
    one.kill()
    wait_until(lambda: not _path(stack).exists(), "the watchdog takes the fault out", 20.0)
    assert before == _configuration(stack)


def test_stuck_run_is_healed_over_its_head(stack: Running, run) -> None:
    """A run that lives but does not heal in time is not waited for, and proves nothing."""
    one = run("freeze", hold_s=2.0, grace_s=1.0)
    one.send_signal(signal.SIGSTOP)
    wait_until(lambda: not server_state(stack)["Paused"], "the watchdog thaws it", 10.0)
    one.send_signal(signal.SIGCONT)
    assert "the watchdog did not wait" in one.communicate(timeout=20)[1]
    assert not _path(stack).exists()


@pytest.mark.parametrize(
    "name",
    [
        "drop",
        pytest.param("latency", marks=more),
        "mute",
        pytest.param("idle-drop", marks=more),
        pytest.param("name-hangs", marks=more),
    ],
)
def test_heal_from_a_fresh_process_needs_nobody(stack: Running, name: str, run) -> None:
    """Runner, watchdog and the fault's helpers killed: `recovery-lab heal` heals, and once."""
    one = run(name)
    watchdog = child_of(one.pid, "recovery_lab.faults.healing")
    for pid in (watchdog, one.pid):
        os.kill(pid, signal.SIGKILL)
    for helper in docker.helpers(stack.value, FAULTS[name].label):
        docker.run("kill", "--signal", "KILL", helper)
    assert json.loads(_path(stack).read_bytes())["fault"] == name
    assert f"{stack.project}: fault {name!r} is open" in _lab(stack, "status", "--check")
    assert f"{stack.project}: healed {name}" in _lab(stack, "heal")
    wait_until_up(stack, 20.0)
    assert stack.project not in _lab(stack, "heal")


def test_half_shut_server_is_named_and_started(stack: Running, proves) -> None:
    """SIGTERM: sessions go on, new ones are refused, and the container runs; it comes back."""
    done, _ = _play(stack, "command", 0.0, HALF_SHUT)
    assert done.healed.startswith("half-shut for 3 s, so stopped fast and started"), done
    wait_until_up(stack, 20.0)
    proves(done.healed)


@pytest.mark.parametrize("times", [pytest.param(1, marks=more), 3])
def test_interrupted_run_is_healed_first(stack: Running, run, times: int) -> None:
    """Ctrl-C once, or again and again: a fresh session has read when the run ends."""
    one = run("kill")
    for _ in range(times):
        one.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert "KeyboardInterrupt" in one.communicate(timeout=60)[1]
    assert server_state(stack)["Running"]
    assert not _path(stack).exists()


def test_heal_waits_for_the_watchdog(stack: Running, run) -> None:
    """The run is gone and its watchdog heals: `heal` neither fails nor gets in its way.

    The watchdog is stopped in the middle of it: it may else be done before `heal` has begun.
    """
    one = run("kill")
    watchdog = child_of(one.pid, "recovery_lab.faults.healing")
    one.kill()
    one.wait(5)
    wait_until(lambda: b'"healing":true' in _path(stack).read_bytes(), "the watchdog heals", 10.0)
    os.kill(watchdog, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as beside:
        healed = beside.submit(_lab, stack, "heal")
        time.sleep(3.0)  # `heal` is there and waits
        os.kill(watchdog, signal.SIGCONT)
        assert f"{stack.project}: healed by its watchdog" in healed.result()
    assert not _path(stack).exists()


def test_run_whose_witness_is_killed_is_healed(stack: Running, run) -> None:
    """A dead helper ends the outage within 5 s, with its last words, and the database is back."""
    one = run("freeze")
    [witness] = docker.helpers(stack.value)
    began = time.monotonic()
    docker.run("kill", "--signal", "KILL", witness)
    assert "the fault's witness ended" in one.communicate(timeout=30)[1]
    assert time.monotonic() - began < 15.0
    assert not server_state(stack)["Paused"]


def server_state(stack: Running) -> dict:
    """Return the state of the database's container."""
    return Scene(stack=stack.value, hold_s=0.0, note=print).present()["State"]


def _told_by_admin(stack: Running, sql: str) -> str:
    with closing(Witness(stack.value)) as witness:
        return witness.rule(sql_of(stack.value, sql))


def _configuration(stack: Running) -> str:
    script = 'cd "$PGDATA" && ls && cat postgresql.auto.conf'
    return docker.compose(stack.value, "exec", "-T", "postgres", "sh", "-c", script)


def _lab(stack: Running, *words: str) -> str:
    return command(stack, sys.executable, "-m", "recovery_lab", *words, KEEP="1").stdout
