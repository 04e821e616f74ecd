"""Each fault lands, is doubted where it did not, and is healed however often that is asked."""

import json

import pytest

from recovery_lab.errors import HealError, InconclusiveError
from recovery_lab.faults import FAULTS, held
from recovery_lab.faults import scene as scenes
from recovery_lab.faults.witness import Answer
from recovery_lab.judge.rules import HUNG_UP
from tests.unit.recovery_lab.faults.conftest import DATABASE, Witness, World

CASES = [
    ("none", 0.0),
    ("restart", 0.0),
    ("restart", 2.0),
    ("flap", 0.0),
    ("kill", 0.0),
    ("kill", 2.0),
    ("recovery", 5.0),
    ("crash", 0.0),
    ("terminate", 0.0),
    ("idle-timeout", 6.0),
    ("smart", 2.0),
    ("slots", 2.0),
    ("slots-role", 2.0),
    ("slots-database", 2.0),
    ("login", 2.0),
    ("freeze", 2.0),
    ("drop", 2.0),
    ("reset", 2.0),
    ("idle-drop", 6.0),
    ("mute", 2.0),
    ("name", 2.0),
    ("name-hangs", 2.0),
    ("slow", 2.0),
    ("latency", 2.0),
    ("lock", 2.0),
    ("command", 0.0),
]
each = pytest.mark.parametrize(("name", "hold_s"), CASES)
EVIDENCE = {
    "command": "exit status 0",
    "none": "nothing was done",
    "restart": "container start|stopped, exit code 0",
    "flap": "5 starts of the server, each of which a fresh session read from",
    "kill": "exit code 137, not out of memory",
    "recovery": "the database system is starting up'; a simulated recovery",
    "crash": "all 3 sessions from before are gone; the server's log: LOG:  all server processes",
    "terminate": "all 2 sessions of the contenders are gone; a fresh one reads",
    "idle-timeout": "'terminating connection due to idle-session timeout', a fresh one 'ok'; of 3",
    "smart": "shutting down', one from before 'ok'",
    "slots": "reserved for roles', one from before 'ok'; 280 sessions held",
    "slots-role": "too many connections for role', one from before 'ok'",
    "slots-database": "too many connections for database', one from before 'ok'",
    "login": "is not permitted to log in', one from before 'ok'",
    "lock": "read of the table 'hangs', a SELECT 1 'ok'; 0 sessions wait for the lock",
    "freeze": "paused; a fresh session connects and hangs",
    "drop": "its connect 'hangs'; packets that met the rules {'INPUT': 3, 'OUTPUT': 3}",
    "reset": "'Connection refused', one from before 'server closed the connection'; packets",
    "idle-drop": "3 idle sessions lose every packet, 6 so far; one of the witness's own 'hangs', a",
    "mute": "connect 'ok' and a fresh session 'hangs' at 192.0.2.9, one from before 'hangs'",
    "name": "look-ups in 1 namespaces: Temporary failure in name resolution; at the server's",
    "name-hangs": "look-ups in 1 namespaces: hangs; at the server's address a fresh session 'ok'",
    "slow": "one session active in pg_sleep",
    "latency": "the fastest connect took 30.0 ms; packets that met the rules {'INPUT': 3",
}


@each
def test_fault_lands_with_its_evidence(name: str, hold_s: float, world: World) -> None:
    """What a person reads in the history is what was seen."""
    scene = world.seen_scene(hold_s)
    FAULTS[name].prepare(scene)
    FAULTS[name].inject(scene)
    assert any(word in FAULTS[name].verify_landed(scene) for word in EVIDENCE[name].split("|"))


@pytest.mark.parametrize(("name", "hold_s"), CASES[1:-1])
def test_fault_that_did_nothing_has_not_landed(name: str, hold_s: float, world: World) -> None:
    """Every command succeeded, and nothing changed."""
    scene = world.seen_scene(hold_s)
    world.stubbed = True
    FAULTS[name].prepare(scene)
    FAULTS[name].inject(scene)
    with pytest.raises(InconclusiveError, match=f"{name} did not land"):
        FAULTS[name].verify_landed(scene)


@each
def test_heal_is_idempotent(name: str, hold_s: float, world: World) -> None:
    """Healed once, twice, and by a process that has no witness."""
    scene = world.seen_scene(hold_s)
    FAULTS[name].prepare(scene)
    FAULTS[name].inject(scene)
    for one in (scene, scene, world.scene):
        FAULTS[name].heal(one)
    assert "a fresh session reads" in FAULTS[name].verify_healed(scene)
    assert (True, "ok", True, False, False, False, False, False, "", "", "", 0) == (
        DATABASE in world.ways,
        world.look_up,
        world.state["Running"],
        world.starting,
        world.state["Paused"],
        world.half_shut,
        world.full,
        world.locked,
        world.altered,
        world.rules,
        world.folder_holds,
        world.sleeping,
    )


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "command"])
def test_effects_fit_one_another(name: str) -> None:
    """The end of sessions is explained where it is brought, and nowhere else."""
    effects = FAULTS[name].effects
    shown = {"57P01", "57P05"} & {*effects.explains}
    assert (effects.ends_sessions and not effects.moves) == bool(shown)
    assert effects.ends_sessions or not effects.restarts
    assert not (effects.cuts == "none" and effects.explains)
    # A client that hangs up is no fault's doing: the rule itself passes it over.
    assert not {*effects.explains} & {*HUNG_UP}


def test_faults_that_leave_something_in_a_pool_say_so() -> None:
    """What they leave would else break the outage after them: a limit, or an old address."""
    assert {"idle-timeout", "mute"} == {n for n, fault in FAULTS.items() if fault.effects.strands}


@pytest.mark.parametrize(
    "name",
    [
        "restart",
        "kill",
        "recovery",
        "smart",
        "slots",
        "slots-role",
        "slots-database",
        "login",
        "freeze",
        "drop",
        "reset",
        "lock",
        "mute",
    ],
)
def test_database_that_stays_down_is_not_healed(name: str, world: World) -> None:
    """No heal is believed to have worked because its command returned."""
    scene = world.seen_scene()
    FAULTS[name].inject(scene)
    with pytest.raises(HealError, match="not back after"):
        FAULTS[name].verify_healed(scene)


def test_kill_for_want_of_memory_is_not_this_fault(world: World) -> None:
    """Exit code 137 alone proves nothing."""
    scene = world.seen_scene()
    FAULTS["kill"].inject(scene)
    world.state["OOMKilled"] = True
    with pytest.raises(InconclusiveError, match="out of memory True"):
        FAULTS["kill"].verify_landed(scene)


def test_crash_kills_a_session_of_the_witness_alone(world: World) -> None:
    """By the shell of the server's own container; over at the instant that its client saw."""
    FAULTS["crash"].inject(world.seen_scene())
    assert [f"exec {DATABASE} sh -c kill -KILL 71"] == world.told("exec")
    steps = {event.name: event.at for event in world.events}
    assert {"injected": world.ended_at, "healed": world.ended_at} == steps


def test_crash_that_left_a_session_has_not_landed(world: World) -> None:
    """One that stayed was not met; a server whose log tells nothing is believed by its sessions."""
    scene = world.seen_scene()
    FAULTS["crash"].inject(scene)
    world.log = ""
    assert "does not tell of it" in FAULTS["crash"].verify_landed(scene)
    world.left = 1
    with pytest.raises(InconclusiveError, match="of 3 sessions from before 1 are there"):
        FAULTS["crash"].verify_landed(scene)


@pytest.mark.parametrize("name", ["crash", "terminate"])
def test_fault_that_was_never_injected_has_not_landed(name: str, world: World) -> None:
    """Nothing was noted: of no sessions none is left, which proves nothing."""
    with pytest.raises(InconclusiveError, match=f"{name} did not land: of 0 sessions"):
        FAULTS[name].verify_landed(world.seen_scene())


def test_terminate_ends_what_comes_from_the_contenders(world: World) -> None:
    """From their own addresses, the application's and its containers': nobody else's."""
    world.helpers["contender"] = []
    FAULTS["terminate"].inject(world.seen_scene())
    assert ["terminate 192.0.2.9"] == world.told("terminate")
    label = "label=recovery-lab.program=recovery_lab.contenders.program"
    assert any(label in call for call in world.told("ps"))
    assert f"inspect contender {DATABASE}" in world.calls


def test_smart_is_healed_by_a_fast_stop_where_it_is_half_shut(world: World) -> None:
    """From a fresh process too; a server that takes sessions, or is healed, is not stopped."""
    FAULTS["smart"].inject(world.seen_scene())
    FAULTS["smart"].heal(world.scene)
    FAULTS["smart"].heal(world.scene)
    assert (1, 1) == (len(world.told("stop")), len(world.told("start")))


def test_smart_whose_old_sessions_were_ended_has_not_landed(world: World) -> None:
    """That is a fast shutdown: it refuses new sessions too."""
    scene = world.seen_scene()
    FAULTS["smart"].inject(scene)
    world.rules = "drop"
    with pytest.raises(InconclusiveError, match="one from before 'server closed the connection'"):
        FAULTS["smart"].verify_landed(scene)


def test_flap_is_in_from_its_first_restart_and_over_with_its_last(world: World) -> None:
    """By the daemon's own events; each restart in between is told by no step."""
    FAULTS["flap"].inject(world.seen_scene(0.0))
    assert 5 == len(world.told("restart"))
    assert ["injected", "healed"] == [event.name for event in world.events]
    assert world.events[0].at < world.events[1].at


def test_flap_with_a_restart_that_did_not_come_has_not_landed(world: World) -> None:
    """Four are not five."""
    scene = world.seen_scene(0.0)
    FAULTS["flap"].inject(scene)
    world.read_from.pop()
    with pytest.raises(InconclusiveError, match="4 starts of the server were read from, 5 were"):
        FAULTS["flap"].verify_landed(scene)


def test_slots_whose_old_sessions_were_ended_has_not_landed(world: World) -> None:
    """It takes what is free and nothing else; a server that goes refuses in other words."""
    scene = world.seen_scene()
    FAULTS["slots"].inject(scene)
    world.kept = "server closed the connection"
    with pytest.raises(InconclusiveError, match="one from before 'server closed the connection'"):
        FAULTS["slots"].verify_landed(scene)
    world.kept, world.full, world.half_shut = "", False, True
    with pytest.raises(InconclusiveError, match=r"slots did not land: .* is shutting down"):
        FAULTS["slots"].verify_landed(scene)


def test_reset_that_leaves_old_sessions_alone_has_not_landed(world: World) -> None:
    """Attempts are refused wherever nobody listens."""
    scene = world.seen_scene()
    FAULTS["reset"].inject(scene)
    world.kept = "hangs"
    with pytest.raises(InconclusiveError, match="one from before 'hangs'"):
        FAULTS["reset"].verify_landed(scene)


def test_none_notices_what_it_did_not_do(world: World) -> None:
    """A restart by somebody else is no run without a fault."""
    scene = world.seen_scene()
    world.run("restart", "db")
    with pytest.raises(InconclusiveError, match="not as it was"):
        FAULTS["none"].verify_landed(scene)


@pytest.mark.parametrize("name", ["drop", "reset", "idle-drop", "latency"])
def test_helper_has_one_right_in_one_namespace(name: str, world: World) -> None:
    """It shares the server's network and holds NET_ADMIN there; nothing on the host."""
    FAULTS[name].inject(world.seen_scene())
    call = world.told("run")[0]
    rights = f"--network container:{'d' * 64}", "--user 0:0 --cap-add NET_ADMIN", "--cap-drop ALL"
    assert all(words in call for words in rights)
    assert "--label recovery-lab=1" in call
    assert "--privileged" not in call
    assert " recovery-lab/instrument:local -" in call


def test_drop_helper_holds_its_rules_for_the_length_and_its_overtime(world: World) -> None:
    """It lets go by itself then."""
    FAULTS["drop"].inject(world.seen_scene())
    words = "recovery-lab/instrument:local -IS /netfault.py hold eth+ drop 122.0"
    assert world.told("run")[0].endswith(words)


def test_drop_helper_that_fails_says_why(world: World) -> None:
    """The helper's own word, not a time-out."""
    world.helper_works = False
    scene = world.seen_scene()
    with pytest.raises(InconclusiveError, match="no permission"):
        FAULTS["drop"].inject(scene)


def test_drop_whose_helper_was_killed_is_cleared_by_another(world: World) -> None:
    """Its rules outlive it; the server's namespace is asked again."""
    scene = world.seen_scene()
    FAULTS["drop"].inject(scene)
    world.helpers.clear()
    FAULTS["drop"].heal(scene)
    assert world.told("run")[-1].endswith("clear eth+")
    assert "" == world.rules


def test_drop_whose_helper_was_never_started_puts_it_away(world: World) -> None:
    """Its run was killed between the two: started after the heal, nobody would end it."""
    world.helpers["made"] = []
    world.unstarted.add("made")
    FAULTS["drop"].heal(world.seen_scene())
    assert ["rm --force made"] == world.told("rm")


def test_drop_whose_helper_does_not_listen_yet_is_told_again(world: World, monkeypatch) -> None:
    """A container's first process takes no signal that it has no handler for."""
    monkeypatch.setattr(held, "STEP_LIMIT_S", 5.0)
    scene = world.seen_scene()
    FAULTS["drop"].inject(scene)
    world.deaf = 2
    FAULTS["drop"].heal(scene)
    assert 3 == len(world.told("kill"))
    assert "" == world.rules


def test_drop_in_a_namespace_of_the_past_is_doubted(world: World) -> None:
    """A server's container that was started anew has another namespace, without rules."""
    scene = world.seen_scene()
    FAULTS["drop"].inject(scene)
    world.run("restart", "db")
    with pytest.raises(InconclusiveError, match="started anew"):
        FAULTS["drop"].verify_landed(scene)


def test_idle_drop_is_told_whose_sessions_and_which_of_the_applications(world: World) -> None:
    """The contenders' by their addresses; where the application names its pool's, those alone."""
    world.helpers["contender"] = []
    FAULTS["idle-drop"].inject(world.seen_scene(6.0))
    told = json.loads(world.told("run")[0].rpartition(" ")[2])
    assert (["192.0.2.9"], ["192.0.2.9"]) == (told["clients"], told["application"])
    # It is proven by this outage's own session: the server may know one of an outage before.
    assert ("dashboard-pool", 71, 126.0, "eth+") == tuple(
        told[name] for name in ("pooled", "proof", "limit_s", "interface")
    )


@pytest.mark.parametrize(("kept", "counts"), [("ok", True), ("hangs", False)])
def test_idle_drop_needs_a_silent_session_and_packets(
    kept: str, counts: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session may hang for another reason; rules alone prove nothing."""
    scene = world.seen_scene(6.0)
    FAULTS["idle-drop"].inject(scene)
    world.kept = kept
    if not counts:
        monkeypatch.setattr(world, "_exec", lambda *_: json.dumps({"flows": 3, "packets": 0}))
    with pytest.raises(InconclusiveError, match="idle-drop did not land: 3 idle sessions"):
        FAULTS["idle-drop"].verify_landed(scene)


def test_latency_is_known_by_a_connect_that_takes_two_packets_times(world: World) -> None:
    """While it is in, and no more when it is gone: rules alone delay nothing."""
    scene = world.seen_scene()
    FAULTS["latency"].inject(scene)
    FAULTS["latency"].heal(scene)
    assert FAULTS["latency"].verify_healed(scene).endswith("; the fastest connect took 29.9 ms")
    world.rules = "latency"
    with pytest.raises(HealError, match=r"a connect takes 0\.030 s still"):
        FAULTS["latency"].verify_healed(scene)


def test_latency_where_the_kernel_has_no_queue_is_inconclusive(world: World) -> None:
    """With the kernel's own word; nothing was injected."""
    world.helper_works = False
    with pytest.raises(InconclusiveError, match=r"did not get it in: .*no permission"):
        FAULTS["latency"].inject(world.seen_scene())


@pytest.mark.parametrize(
    ("slept", "said"), [("ok", "by itself"), ("terminating connection", "not by itself")]
)
def test_slow_tells_how_its_query_ended(slept: str, said: str, world: World) -> None:
    """A query that somebody cut is told apart from one that ran to its end."""
    scene = world.seen_scene()
    FAULTS["slow"].inject(scene)
    world.slept = slept
    FAULTS["slow"].heal(scene)
    assert f"pg_sleep ended {said}" in world.events[-1].evidence


def test_slow_that_still_sleeps_is_not_healed(world: World) -> None:
    """A session of the fault is left behind by nobody."""
    scene = world.seen_scene()
    scene.seen.ask("sleep 2.0")
    with pytest.raises(HealError, match="1 sessions of the fault still sleep"):
        FAULTS["slow"].verify_healed(scene)


def test_steps_are_taken_at_the_daemons_own_instant(world: World) -> None:
    """Not when the command returned: its event, put on the containers' clock."""
    world.seen_scene().act({"injected": "pause"}, "pause")
    [event] = world.events
    assert ("injected", "the daemon's event 'pause'") == (event.name, event.evidence)
    assert world.seen[0][0] == event.at


def test_idle_timeout_stands_before_the_pools_are_warmed(world: World) -> None:
    """And one that nobody timed out has not landed, whatever else was gone."""
    fault, scene = FAULTS["idle-timeout"], world.seen_scene(6.0)
    assert fault.prepares
    fault.prepare(scene)
    assert "idle-timeout" == world.altered
    fault.inject(scene)
    world.kept = "server closed the connection unexpectedly"
    with pytest.raises(InconclusiveError, match=r"idle-timeout did not land: .* 'server closed"):
        fault.verify_landed(scene)


@pytest.mark.parametrize("name", ["login", "slots-role", "slots-database"])
def test_setting_that_is_somebody_elses_is_not_touched(name: str, world: World) -> None:
    """Its value could not be put back by a process that knows of it from nobody."""
    world.theirs = True
    with pytest.raises(InconclusiveError, match=f"{name}: .* somebody else's, not touched"):
        FAULTS[name].inject(world.seen_scene())
    assert "" == world.altered


def test_setting_that_stays_altered_is_not_healed(world: World) -> None:
    """Though fresh sessions read: the next one to be refused would be nobody's fault."""
    scene = world.seen_scene()
    world.theirs = True
    with pytest.raises(HealError, match=r"slots-role: SELECT rolconnlimit .* tells 'theirs'"):
        FAULTS["slots-role"].verify_healed(scene)


def test_server_that_is_away_keeps_no_heal_from_its_end(world: World, monkeypatch) -> None:
    """The undoing is asked for again, until the server is back."""
    scene = world.seen_scene()
    FAULTS["login"].inject(scene)
    away = iter([InconclusiveError("connection refused")])
    ask = Witness.ask

    def asked(self: Witness, order: str) -> Answer:
        if order.startswith("admin ALTER") and (trouble := next(away, None)):
            raise trouble
        return ask(self, order)

    monkeypatch.setattr(Witness, "ask", asked)
    FAULTS["login"].heal(scene)
    assert "login" == world.altered
    monkeypatch.setattr(scenes, "AGAIN_S", 0.0)
    assert FAULTS["login"].verify_healed(scene).endswith("the setting as before")


def test_lock_that_still_holds_somebody_up_is_not_healed(world: World) -> None:
    """Its holder said that it let go, and sessions wait all the same."""
    scene = world.seen_scene()
    FAULTS["lock"].inject(scene)
    FAULTS["lock"].heal(scene)
    world.waiting = 2
    with pytest.raises(HealError, match="sessions still wait for a lock on the table"):
        FAULTS["lock"].verify_healed(scene)


def test_server_that_is_silent_altogether_is_no_lock(world: World) -> None:
    """A fresh session's read hangs in a freeze as well: one that reads no table tells."""
    scene = world.seen_scene()
    world.state["Paused"] = True
    with pytest.raises(InconclusiveError, match=r"lock did not land: .* a SELECT 1 'hangs'"):
        FAULTS["lock"].verify_landed(scene)
