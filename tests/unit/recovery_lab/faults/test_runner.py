"""One fault, from a steady state to a steady state, whatever goes wrong between."""

import signal
from dataclasses import replace

import pytest

from recovery_lab.errors import BadInputError, DockerError, HealError, InconclusiveError
from recovery_lab.faults import FAULTS, Scene, journal, run_fault
from recovery_lab.faults import scene as scenes
from recovery_lab.faults.freeze import Freeze
from recovery_lab.faults.journal import FAULT, HeldError, OpenFault
from tests.unit.recovery_lab.faults.conftest import Watchdog, Witness, World
from tests.unit.recovery_lab.faults.test_journal import entry

STEPS = ["injecting", "injected", "landed", "healing", "healed", "back"]
MOMENTARY = ["injecting", "injected", "healed", "landed", "healing", "back"]  # over as it is in


def _open(world: World) -> OpenFault | None:
    return journal.read(journal.path_of(world.stack, FAULT), OpenFault)


@pytest.mark.parametrize("name", FAULTS)
def test_run_notes_every_step_once(name: str, world: World) -> None:
    """The history has all six, in this order, with the evidence; the journal is empty again."""
    world.slept = "ok"
    hold_s = max(FAULTS[name].min_hold_s, min(2.0, FAULTS[name].max_hold_s))
    done = run_fault(FAULTS[name], replace(world.scene, hold_s=hold_s))
    assert (STEPS if hold_s else MOMENTARY) == [event.name for event in world.events]
    assert {name} == {event.fault for event in world.events}
    evidence = {event.name: event.evidence for event in world.events}
    assert (done.landed, done.healed) == (evidence["landed"], evidence["back"])
    assert _open(world) is None


def test_run_names_the_fault_before_it_is_injected(world: World, monkeypatch) -> None:
    """A runner that dies while injecting has left its fault's name."""
    named: list[OpenFault | None] = []
    inject = Freeze.inject
    monkeypatch.setattr(
        Freeze, "inject", lambda self, scene: (named.append(_open(world)), inject(self, scene))
    )
    run_fault(FAULTS["freeze"], world.scene)
    assert ["freeze"] == [one.fault for one in named if one]


@pytest.mark.parametrize(
    "error", [DockerError(["docker"], 1, "no"), InconclusiveError("no"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("at", ["inject", "verify_landed"])
def test_run_heals_whatever_is_raised(
    at: str, error: BaseException, world: World, monkeypatch
) -> None:
    """The database runs again, and the journal is empty, when the caller hears of it."""
    original = getattr(Freeze, at)

    def fail(self, scene):
        original(self, scene)
        raise error

    monkeypatch.setattr(Freeze, at, fail)
    with pytest.raises(type(error)):
        run_fault(FAULTS["freeze"], world.scene)
    assert not world.state["Paused"]
    assert _open(world) is None


def test_run_that_cannot_heal_leaves_the_name(world: World, monkeypatch) -> None:
    """It is for the watchdog, and for `make heal`; nothing else may start on this database."""
    monkeypatch.setattr(Freeze, "heal", lambda self, scene: None)
    with pytest.raises(HealError, match="not back after"):
        run_fault(FAULTS["freeze"], world.scene)
    assert "freeze" == _open(world).fault
    with pytest.raises(BadInputError, match="fault 'freeze' of a dead run is open"):
        run_fault(FAULTS["none"], world.scene)


def test_docker_that_fails_while_it_is_seen_back_stops_everything(
    world: World, monkeypatch
) -> None:
    """Whether the database is back is not known: no trouble of one outage."""

    def fails(self, scene):
        raise DockerError(["docker", "start"], 1, "no such container")

    monkeypatch.setattr(type(FAULTS["freeze"]), "verify_healed", fails)
    with pytest.raises(HealError, match="no such container"):
        run_fault(FAULTS["freeze"], world.scene)
    assert _open(world) is not None


def test_run_begins_when_its_caller_lets_it(world: World) -> None:
    """The watchdog is there by then; where the caller finds trouble nothing was injected."""
    begun: list[int] = []
    run_fault(FAULTS["freeze"], replace(world.scene, begin=lambda: begun.append(len(world.events))))
    assert [0] == begun
    world.events.clear()

    def trouble() -> None:
        raise InconclusiveError("the observer ended")

    with pytest.raises(InconclusiveError, match="the observer ended"):
        run_fault(FAULTS["freeze"], replace(world.scene, begin=trouble))
    assert [] == world.events
    assert _open(world) is None


def test_run_leaves_a_given_witness_to_who_gave_it(world: World, monkeypatch) -> None:
    """One witness serves all outages of a run: a container's start less for each."""
    given = Witness(world)
    closed: list[Witness] = []

    def close(self: Witness) -> None:
        closed.append(self)

    monkeypatch.setattr(Witness, "close", close)
    run_fault(FAULTS["freeze"], replace(world.scene, witness=given))
    assert [] == closed
    run_fault(FAULTS["freeze"], world.scene)
    assert 1 == len(closed)


def test_run_beside_a_living_one_is_refused_and_starts_nothing(world: World, monkeypatch) -> None:
    """A witness that nobody closes would be a helper left behind."""
    started: list[object] = []
    monkeypatch.setattr(scenes, "Witness", started.append)
    path = journal.path_of(world.stack, FAULT)
    with journal.held(path), pytest.raises(HeldError, match="held by a run that lives"):
        run_fault(FAULTS["restart"], world.scene)
    assert [] == started


def test_run_over_an_open_fault_is_refused(world: World) -> None:
    """And what is open stays as it is."""
    path = journal.path_of(world.stack, FAULT)
    with journal.held(path):
        journal.write(path, entry(world))
    with pytest.raises(BadInputError, match="make heal"):
        run_fault(FAULTS["restart"], world.scene)
    assert "freeze" == _open(world).fault
    assert [] == world.told("restart")


def test_run_whose_watchdog_is_gone_proves_nothing(world: World, monkeypatch) -> None:
    """It may have healed meanwhile: the fault's length is unknown."""

    def gone(self) -> None:
        raise InconclusiveError("the watchdog did not wait")

    monkeypatch.setattr(Watchdog, "verify_watching", gone)
    with pytest.raises(InconclusiveError, match="watchdog"):
        run_fault(FAULTS["freeze"], world.scene)
    assert not world.state["Paused"]
    assert _open(world) is None


def test_run_on_a_remote_daemon_is_refused(world: World, monkeypatch) -> None:
    """No outage is caused on another machine."""
    monkeypatch.setenv("DOCKER_HOST", "ssh://ops@db.example")
    monkeypatch.delenv("LAB_ALLOW_REMOTE", raising=False)
    with pytest.raises(BadInputError, match="refusing"):
        run_fault(FAULTS["restart"], world.scene)
    assert [] == world.told("restart")


def test_run_paces_its_hold(world: World) -> None:
    """Every 0.2 s at least the caller can look at what else runs."""
    run_fault(FAULTS["freeze"], world.scene)
    assert world.scene.hold_s / 0.2 <= world.paced


def test_run_heals_when_a_helper_is_dead(world: World) -> None:
    """The caller's pace says so: the hold ends at once, and the database is back."""
    world.trouble = "the observer ended: killed"
    with pytest.raises(InconclusiveError, match="the observer ended"):
        run_fault(FAULTS["freeze"], world.scene)
    assert world.elapsed < world.scene.hold_s
    assert not world.state["Paused"]
    assert _open(world) is None


def test_run_whose_witness_is_dead_is_healed_and_seen_by_another(world: World, monkeypatch) -> None:
    """Its life is watched as well, and no heal hangs on it."""

    def lose(self, scene) -> str:
        scene.seen.lost = True
        return "landed"

    monkeypatch.setattr(Freeze, "verify_landed", lose)
    with pytest.raises(InconclusiveError, match="witness ended"):
        run_fault(FAULTS["freeze"], world.scene)
    assert 1 == world.lost_witnesses
    assert ["healing", "healed", "back"] == [event.name for event in world.events][-3:]
    assert not world.state["Paused"]


def test_run_that_finds_a_helper_dead_while_it_heals_heals_first(world: World, monkeypatch) -> None:
    """And says so then: nothing was measured."""
    heal = Freeze.heal

    def late(self, scene) -> None:
        world.trouble = "the observer ended: killed"
        scene.pace()
        heal(self, scene)

    monkeypatch.setattr(Freeze, "heal", late)
    with pytest.raises(InconclusiveError, match="the observer ended"):
        run_fault(FAULTS["freeze"], world.scene)
    assert STEPS == [event.name for event in world.events]
    assert _open(world) is None


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_is_healed_however_often_it_is_interrupted(
    times: int, number: signal.Signals, world: World, monkeypatch
) -> None:
    """The first breaks off the hold; the next, while it heals, break off nothing."""
    signals = iter(range(times))

    def interrupt(*_: object) -> None:
        if next(signals, None) is not None:
            signal.raise_signal(number)

    for name in ("heal", "verify_healed"):
        original = getattr(Freeze, name)
        impatient = lambda self, scene, then=original: interrupt() or then(self, scene)  # noqa: E731
        monkeypatch.setattr(Freeze, name, impatient)
    monkeypatch.setattr(Freeze, "verify_landed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_fault(FAULTS["freeze"], world.scene)
    assert not world.state["Paused"]
    assert _open(world) is None
    assert "back" == world.events[-1].name


class Prepared(Freeze):
    """Sets something first, which its heal takes away."""

    prepares = True
    did: list[str]

    def prepare(self, scene: Scene) -> None:
        """Be named in the journal by now."""
        entry = journal.read(journal.path_of(scene.stack, FAULT), OpenFault)
        self.did.append(f"prepared, {entry.fault if entry else 'unnamed'}")

    def heal(self, scene: Scene) -> None:
        """Undo both."""
        self.did.append("healed")
        super().heal(scene)


@pytest.fixture
def prepared() -> Prepared:
    """A fault that prepares, and tells what it did."""
    fault = Prepared()
    fault.did = []
    return fault


def test_fault_prepares_before_its_caller_warms_the_pools(world: World, prepared) -> None:
    """Named in the journal before it is done, and undone with the fault."""
    begin = replace(world.scene, begin=lambda: prepared.did.append("warmed"))
    run_fault(prepared, begin)
    assert ["prepared, freeze", "warmed", "healed"] == prepared.did
    assert _open(world) is None


def test_fault_that_was_prepared_alone_is_healed(world: World, prepared) -> None:
    """Its caller found trouble as the pools were warmed: nothing was injected, none stays."""

    def trouble() -> None:
        raise InconclusiveError("the pool is not warm")

    with pytest.raises(InconclusiveError, match="the pool is not warm"):
        run_fault(prepared, replace(world.scene, begin=trouble))
    assert ["prepared, freeze", "healed"] == prepared.did
    assert "injecting" not in [event.name for event in world.events]
    assert _open(world) is None
