"""The outages that come of a run's options."""

import re
from pathlib import Path

import msgspec
import pytest

from recovery_lab.contenders.registry import CANARY
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.lock import LETS_GO_S
from recovery_lab.judge.roles import Part, part_of
from recovery_lab.outage import OutageInfo
from recovery_lab.plan import (
    AT_MOST,
    TWIN,
    Asked,
    Watched,
    all_entries,
    left_out,
    names,
    outages,
    watched,
)
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[3]
TARGET = load_target(ROOT / "target.toml")


def parts(info: OutageInfo) -> dict[str, Part]:
    """Return each cell's part, by contender and job."""
    return {
        f"{cast.contender}/{job}": part_of(cast, job, info.effects, info.hold_s)
        for cast, job in info.cells
    }


def of(fault: str, **options: object) -> OutageInfo:
    """Return one planned outage of a fault."""
    return outages(TARGET, Asked(faults=(fault,), **options))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("restart,flood", "'flood'"), ("naive+recycle", "'naive+recycle'"), (",", "''")],
)
def test_names_are_exact(text: str, said: str) -> None:
    """`naive` is naive, and nothing that contains it; a word that is none is named."""
    known = ["restart", "naive"]
    assert ("naive",) == names("CONTENDERS", ["naive", "naive"], known)
    with pytest.raises(BadInputError, match=re.escape(f"{said} is none of restart, naive")):
        names("CONTENDERS", text.split(","), known)


def test_no_names_mean_all() -> None:
    """Each fault of a matrix, and everybody who need not be asked for by name."""
    planned = outages(TARGET, Asked(faults=(), solo=True))
    assert {*FAULTS} - {"command"} == {info.fault for info in planned}
    unasked = {name for name, entry in all_entries(TARGET).items() if not entry.when_asked}
    assert {*unasked, TWIN} - {CANARY} == {info.solo for info in planned}


BARE = msgspec.structs.replace(
    TARGET, database=msgspec.structs.replace(TARGET.database, table="", admin=None)
)


def test_fault_that_the_target_cannot_have_is_left_out_by_name() -> None:
    """All means all that are available; what is not is told, with what it lacks."""
    missing = left_out(BARE, Asked(faults=()))
    assert "admin login" == missing["login"]
    assert "admin login and no table" == missing["lock"]
    assert {*FAULTS} - {"command", *missing} == {i.fault for i in outages(BARE, Asked(faults=()))}
    assert {} == left_out(TARGET, Asked(faults=()))


def test_fault_that_the_target_cannot_have_is_refused_where_it_is_named() -> None:
    """With what the target does not declare, and where that is told; others are played."""
    said = r"FAULTS: 'login' is not available: the target declares no admin login \(docs/config"
    with pytest.raises(BadInputError, match=said):
        outages(BARE, Asked(faults=("none", "login")))
    assert {} == left_out(BARE, Asked(faults=("none",)))
    assert ["none"] == [info.fault for info in outages(BARE, Asked(faults=("none",)))]


def test_lock_delays_for_as_long_as_it_holds() -> None:
    """Probes and the judge must know how long, whatever length it was given."""
    [info] = outages(TARGET, Asked(faults=("lock",), holds_s=[5.0]))
    assert info.hold_s + LETS_GO_S == info.effects.delays_s


def test_several_lengths_are_repeats_one_after_another() -> None:
    """Each outage has a name and a length of its own; with none asked for, the fault's own."""
    asked = Asked(faults=("restart",), holds_s=(2.0, 4.0), repeats=2)
    planned = outages(TARGET, asked)
    assert ["restart-1", "restart-2", "restart-3", "restart-4"] == [info.name for info in planned]
    assert [2, 4, 2, 4] == [int(info.hold_s) for info in planned]
    assert [1, 1] == [int(i.hold_s) for i in outages(TARGET, Asked(faults=("restart",), repeats=2))]


def test_hold_a_fault_cannot_have_is_refused() -> None:
    """A freeze shorter than its evidence needs."""
    with pytest.raises(BadInputError, match="HOLD=0"):
        of("freeze", holds_s=[0.0])


def test_outage_has_a_control_for_each_job_whatever_was_asked_for() -> None:
    """`CONTENDERS=adopted` on restart still meets one that must fail, steady and idle."""
    info = of("restart", contenders=("adopted",))
    controls = {part.breaks for part in parts(info).values() if part.role == "control"}
    assert {"recovers", "first reads"} == controls
    assert CANARY in {cast.contender for cast in info.cast}


def test_solo_outage_has_one_contender_a_canary_and_a_twin_in_the_family() -> None:
    """At the full rate; the first of several stands in twice."""
    planned = outages(TARGET, Asked(faults=("kill",), contenders=("adopted", "naive"), solo=True))
    met = [[cast.contender for cast in info.cast] for info in planned]
    assert [["adopted", CANARY], ["naive", CANARY], [TWIN, CANARY]] == met
    assert {20.0} == {info.reads_per_s for info in planned}
    assert {"steady"} == {job for info in planned for _, job in info.cells}  # for waits and lags
    assert "adopted" == all_entries(TARGET, "adopted")[TWIN].plays


def test_seed_makes_the_same_lengths_again() -> None:
    """Jittered, each by its own; the same seed, the same lengths."""
    asked = Asked(faults=("kill",), repeats=5, seed=7)
    lengths = [info.hold_s for info in outages(TARGET, asked)]
    assert lengths == [info.hold_s for info in outages(TARGET, asked)]
    assert 5 == len(set(lengths))
    other = Asked(faults=("kill",), repeats=5, seed=8)
    assert lengths != [info.hold_s for info in outages(TARGET, other)]


def test_no_outage_is_crowded() -> None:
    """All contenders together are at most eight, canary apart."""
    for info in outages(TARGET, Asked(faults=())):
        assert len(info.cast) <= AT_MOST + 1


def test_command_is_no_fault_of_the_matrix() -> None:
    """Only a person says what a command is to do."""
    assert "command" in FAULTS
    with pytest.raises(BadInputError, match="FAULTS: 'command' is none of none, restart"):
        of("command")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("restart", {"dispose/steady": "reference", "pinned/steady": "control"}),
        ("kill", {"naive/idle": "control", "pinned/steady": "control"}),
        ("freeze", {"quitter/steady": "control", "naive/idle": "reference"}),
        ("drop", {"quitter/steady": "control", "pinned/steady": "reference"}),
        ("none", {"adopted/idle": "subject", "pinned/steady": "subject"}),
        ("slow", {"adopted/idle": "subject", "dispose/steady": "subject"}),
    ],
)
def test_roles_follow_from_effects_and_traits(fault: str, expected: dict[str, str]) -> None:
    """Nobody writes them down; adopted and the application are subjects of every fault."""
    found = {cell: part.role for cell, part in parts(of(fault)).items()}
    assert expected == {cell: found[cell] for cell in expected}
    assert ("subject", "subject") == (found["adopted/steady"], found["dashboard/steady"])
    assert "reference" == found["canary/steady"]


def test_role_of_what_there_is_not_is_refused() -> None:
    """By every plan: a misspelt line of the target would be ignored in silence."""
    for where in ("restrt/naive/idle", "restart/nave/idle", "command/dashboard/steady"):
        target = msgspec.structs.replace(TARGET, roles={where: "subject"})
        for plan, asked in ((outages, Asked()), (watched, Watched(command=[]))):
            with pytest.raises(BadInputError, match=re.escape(f"[roles] {where!r}: no ")):
                plan(target, asked)


def test_command_is_met_by_the_application_alone() -> None:
    """As often as asked, under its title, with what it must break where that is said."""
    part = "control: first reads"
    asked = Watched(command=["true"], title="restart", job="idle", repeats=2, part=part)
    first, second = watched(TARGET, asked)
    assert ("restart-1", "restart-2") == (first.name, second.name)
    assert {"dashboard/idle": Part(role="control", breaks="first reads")} == parts(first)
    assert first.effects.observed
    with pytest.raises(BadInputError, match="CONTENDERS: 'canary' is none of"):
        outages(TARGET, Asked(contenders=(CANARY,)))


def test_waived_rules_stand_in_every_outage() -> None:
    """Of a matrix and of a command; one that there is not is named, with those that there are."""
    rules = ["no relapse", "liveness"]
    planned = outages(TARGET, Asked(faults=("none", "kill"), waived=rules))
    planned += watched(TARGET, Watched(command=["true"], repeats=2, waived=rules))
    assert [rules] * 4 == [info.waived for info in planned]
    for said in ("relapse", "all"):
        refused = rf"--waive: '{said}' is none of recovers, no relapse, waits end, first reads, "
        with pytest.raises(BadInputError, match=refused):
            outages(TARGET, Asked(waived=[said]))
        with pytest.raises(BadInputError, match=refused):
            watched(TARGET, Watched(command=["true"], waived=[said]))


def test_fresh_sessions_play_where_only_new_ones_are_cut() -> None:
    """In an outage to themselves: a login for each read is a load that no other one needs."""
    whole = outages(TARGET, Asked(faults=()))
    played = {info.fault for info in whole if info.job == "fresh"}
    assert {name for name in FAULTS if FAULTS[name].effects.cuts == "new"} == played
    warm, fresh = outages(TARGET, Asked(faults=("slots",), contenders=("adopted",)))
    assert ("slots-1", "slots-1-fresh") == (warm.name, fresh.name)
    assert (5.0, 2.0) == (warm.reads_per_s, fresh.reads_per_s)
    assert {"reference"} == {parts(warm)[f"adopted/{job}"].role for job in ("steady", "idle")}
    expected = {"adopted/fresh": "subject", "quitter/fresh": "control"}
    assert {**expected, f"{CANARY}/steady": "reference"} == {
        cell: part.role for cell, part in parts(fresh).items()
    }


def test_jobs_are_played_as_asked() -> None:
    """Some side by side, each other one alone; whoever cannot play one is not in its outage."""
    planned = outages(TARGET, Asked(faults=("freeze",), jobs=("crowd", "idle", "cold", "steady")))
    assert ["freeze-1", "freeze-1-cold", "freeze-1-crowd"] == [info.name for info in planned]
    own = [{job for one, job in info.cells if one.contender != CANARY} for info in planned]
    assert [{"steady", "idle"}, {"cold"}, {"crowd"}] == own
    assert ["dashboard"] == [
        one.contender
        for one in planned[0].cast
        if one not in planned[1].cast
        and one.contender not in {other.contender for other in planned[1].cast}
    ]
    solo = Asked(
        faults=("freeze",), jobs=("crowd",), contenders=("adopted", "dashboard"), solo=True
    )
    assert ["freeze-1-adopted-crowd", "freeze-1-twin-crowd"] == [
        info.name for info in outages(TARGET, solo)
    ]


def test_matrix_of_all_faults_has_every_job() -> None:
    """Those that cost an outage more, in two faults; neither the quick set nor a named fault."""
    alone = ("restart-1-cold", "restart-1-crowd", "freeze-1-cold", "freeze-1-crowd")
    whole = {info.name for info in outages(TARGET, Asked(faults=()))}
    assert {*alone} == {name for name in whole if name.endswith(("-cold", "-crowd"))}
    quick = outages(TARGET, Asked())
    assert ["none-1", "restart-1", "freeze-1"] == [info.name for info in quick]


def test_cold_start_needs_a_fault_that_lasts() -> None:
    """What is over as soon as it is in cannot be begun in."""
    planned = outages(TARGET, Asked(faults=("crash", "restart"), jobs=("cold",)))
    assert ["restart-1-cold"] == [info.name for info in planned]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(jobs=("crowds",)), "JOBS: 'crowds' is none of steady, idle, fresh, cold, crowd"),
        (Asked(faults=("crash",), jobs=("cold",)), "JOBS=cold: none is played in crash by quitter"),
        (
            Asked(faults=("slots",), contenders=("pinned",), jobs=("fresh", "idle")),
            "JOBS=fresh,idle: none is played in slots by pinned",
        ),
    ],
)
def test_job_that_cannot_be_played_is_refused(asked: Asked, said: str) -> None:
    """By its name, or with who was to play it where."""
    with pytest.raises(BadInputError, match=said):
        outages(TARGET, asked)


def test_faithful_plays_where_the_server_moves() -> None:
    """Whoever looks the name up may come back there; elsewhere it is a load for nothing."""
    whole = outages(TARGET, Asked(faults=()))
    played = {info.fault for info in whole for one in info.cast if one.contender == "faithful"}
    assert {"mute"} == played
    [mute] = outages(TARGET, Asked(faults=("mute",), contenders=("retry",)))
    assert ("recovers", "subject") == (
        parts(mute)["faithful/steady"].breaks,
        parts(mute)["retry/steady"].role,
    )


def test_contender_that_plays_when_asked_is_in_no_other_outage() -> None:
    """Neither in the whole matrix nor as somebody's control; named, it plays."""
    part = "only-pool_recycle"
    whole = outages(TARGET, Asked())
    assert part not in {one.contender for info in whole for one in info.cast}
    named = outages(TARGET, Asked(faults=("restart",), contenders=("adopted",)))
    assert part not in [one.contender for one in named[0].cast]
    asked = outages(TARGET, Asked(faults=("restart",), contenders=(part,)))
    assert part in [one.contender for one in asked[0].cast]
