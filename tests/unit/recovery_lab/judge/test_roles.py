"""Roles follow from a fault's effects and a contender's traits, or stand in the target."""

import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.faults.base import Effects
from recovery_lab.judge.roles import part_of, verify_roles, watched_s
from recovery_lab.outage import Cast
from recovery_lab.target import Traits
from tests.unit.recovery_lab.histories import TRAITS

SUBJECT, REFERENCE = ("subject", ""), ("reference", "")
NOT_BACK, NOT_FIRST = ("control", "recovers"), ("control", "first reads")

# The fault's kind, the job, then what each contender is in it.
TABLE = {
    ("restart", "steady"): {
        "adopted": SUBJECT,
        "dashboard": SUBJECT,
        "naive": REFERENCE,
        "dispose": REFERENCE,
        "pinned": NOT_BACK,
        "quitter": NOT_BACK,
        "faithful": REFERENCE,  # it tries again at each read
    },
    ("restart", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST, "dispose": REFERENCE},
    ("flap", "steady"): {"adopted": SUBJECT, "pinned": NOT_BACK, "quitter": NOT_BACK},
    ("flap", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST},
    ("recovery", "steady"): {"adopted": SUBJECT, "pinned": NOT_BACK, "quitter": NOT_BACK},
    ("recovery", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST},
    ("crash", "steady"): {"adopted": SUBJECT, "pinned": NOT_BACK, "quitter": NOT_BACK},
    ("crash", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST},
    ("terminate", "steady"): {"adopted": SUBJECT, "naive": REFERENCE, "pinned": NOT_BACK},
    ("terminate", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST, "dispose": REFERENCE},
    ("idle-timeout", "steady"): {"adopted": REFERENCE, "pinned": REFERENCE, "dashboard": SUBJECT},
    ("idle-timeout", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST, "dispose": REFERENCE},
    # Its heal ends the sessions that it has left alone.
    ("smart", "steady"): {"adopted": SUBJECT, "naive": REFERENCE, "pinned": NOT_BACK},
    ("smart", "idle"): {"adopted": SUBJECT, "naive": NOT_FIRST},
    # Whose sessions are warm meets nothing; the application's checks do.
    ("slots", "steady"): {
        "adopted": REFERENCE,
        "dashboard": SUBJECT,
        "pinned": REFERENCE,
        "quitter": REFERENCE,
        "faithful": REFERENCE,
    },
    ("login", "steady"): {"adopted": REFERENCE, "dashboard": SUBJECT},
    ("login", "fresh"): {"adopted": SUBJECT, "faithful": SUBJECT, "quitter": NOT_BACK},
    ("slots-role", "steady"): {"pinned": REFERENCE, "dashboard": SUBJECT},
    ("slots-role", "fresh"): {"adopted": SUBJECT, "quitter": NOT_BACK},
    ("slots-database", "fresh"): {"naive": SUBJECT, "quitter": NOT_BACK},
    ("lock", "steady"): {"adopted": SUBJECT, "naive": SUBJECT, "quitter": NOT_BACK},
    ("lock", "idle"): {"adopted": SUBJECT, "naive": SUBJECT},
    ("slots", "idle"): {"adopted": REFERENCE, "dashboard": REFERENCE},
    # Who asks for a session at each read meets it, and has none that a ping could save.
    ("slots", "fresh"): {"adopted": SUBJECT, "naive": SUBJECT, "quitter": NOT_BACK},
    ("slots", "cold"): {"adopted": SUBJECT, "pinned": REFERENCE, "quitter": NOT_BACK},
    ("slots", "crowd"): {"adopted": REFERENCE, "quitter": REFERENCE},
    ("smart", "fresh"): {"adopted": SUBJECT, "quitter": NOT_BACK},
    ("restart", "fresh"): {"adopted": SUBJECT, "naive": SUBJECT, "quitter": NOT_BACK},
    # The one connection for ever is made by whoever has none yet, as often as it takes.
    ("restart", "cold"): {"adopted": SUBJECT, "pinned": REFERENCE, "quitter": NOT_BACK},
    ("freeze", "cold"): {"naive": SUBJECT, "pinned": REFERENCE, "quitter": NOT_BACK},
    ("terminate", "fresh"): {"adopted": REFERENCE, "quitter": REFERENCE},
    ("terminate", "cold"): {"adopted": REFERENCE, "quitter": REFERENCE},
    # A crowd has the promises of steady reads, and their controls.
    ("freeze", "crowd"): {"adopted": SUBJECT, "naive": REFERENCE, "quitter": NOT_BACK},
    ("restart", "crowd"): {"adopted": SUBJECT, "pinned": NOT_BACK, "quitter": NOT_BACK},
    ("reset", "steady"): {"adopted": SUBJECT, "pinned": REFERENCE, "quitter": NOT_BACK},
    ("reset", "idle"): {"adopted": REFERENCE, "naive": REFERENCE},
    ("freeze", "steady"): {"adopted": SUBJECT, "pinned": REFERENCE, "quitter": NOT_BACK},
    ("freeze", "idle"): {"adopted": REFERENCE, "naive": REFERENCE, "dispose": REFERENCE},
    ("drop", "steady"): {"adopted": SUBJECT, "pinned": REFERENCE, "naive": REFERENCE},
    # Nobody's session comes back by itself, nor does who never looks the name up again.
    # A ping waits for the old server as a read does, for ever, where nothing bounds it.
    ("mute", "steady"): {
        "bounded": SUBJECT,
        "adopted": NOT_BACK,
        "naive": NOT_BACK,
        "dispose": REFERENCE,
        "pinned": NOT_BACK,
        "quitter": NOT_BACK,
        "faithful": NOT_BACK,
        "dashboard": REFERENCE,
    },
    ("mute", "idle"): {
        "bounded": REFERENCE,
        "adopted": NOT_FIRST,
        "naive": NOT_FIRST,
        "dispose": REFERENCE,
        "dashboard": REFERENCE,
    },
    # Who holds sessions meets nothing, nor does who knows the address.
    ("name", "steady"): {
        "adopted": REFERENCE,
        "dashboard": SUBJECT,
        "pinned": REFERENCE,
        "faithful": REFERENCE,
    },
    ("name", "fresh"): {"adopted": SUBJECT, "quitter": NOT_BACK, "faithful": REFERENCE},
    ("mute", "fresh"): {"adopted": NOT_BACK, "bounded": SUBJECT, "faithful": NOT_BACK},
    ("name-hangs", "idle"): {"adopted": REFERENCE, "dashboard": REFERENCE},
    ("none", "steady"): dict.fromkeys(TRAITS, SUBJECT),  # nobody is cut: everyone must read on
    ("slow", "steady"): dict.fromkeys(TRAITS, SUBJECT),
    ("slow", "fresh"): dict.fromkeys(TRAITS, SUBJECT),
    ("none", "crowd"): dict.fromkeys(TRAITS, SUBJECT),
    ("none", "idle"): {"adopted": SUBJECT, "naive": SUBJECT, "dispose": SUBJECT},
}


@pytest.mark.parametrize(
    ("fault", "job", "name", "expected"),
    [(*cell, name, part) for cell, row in TABLE.items() for name, part in row.items()],
)
def test_role_follows_from_effects_and_traits(fault, job, name, expected) -> None:
    """A subject must keep its promises, a control break its own, a reference nothing."""
    cast = Cast(contender=name, traits=TRAITS[name], jobs=[job])
    part = part_of(cast, job, FAULTS[fault].effects, 3.0)
    assert expected == (part.role, part.breaks)


def test_quitter_is_no_control_where_the_outage_is_shorter_than_its_patience() -> None:
    """It gives up after 1 s: a fault of 0.5 s that ends no session leaves it connected."""
    cast = Cast(contender="quitter", traits=TRAITS["quitter"], jobs=["steady"])
    frozen = FAULTS["freeze"].effects
    assert "reference" == part_of(cast, "steady", frozen, 0.5).role
    assert "control" == part_of(cast, "steady", frozen, 1.5).role


def test_new_sessions_refused_spare_who_holds_sessions() -> None:
    """Until the heal cuts those as well; an application may hold none."""
    warm, application = (
        Cast(contender=name, traits=TRAITS[name], jobs=["steady", "idle"])
        for name in ("adopted", "dashboard")
    )
    effects, healed = Effects(cuts="new"), Effects(cuts="new", heal_cuts="established")
    assert "reference" == part_of(warm, "steady", effects, 3.0).role
    assert "reference" == part_of(warm, "idle", effects, 3.0).role
    assert "subject" == part_of(application, "steady", effects, 3.0).role
    assert "subject" == part_of(warm, "steady", healed, 3.0).role


@pytest.mark.parametrize(
    ("name", "job", "expected"),
    [
        ("adopted", "idle", SUBJECT),
        ("naive", "idle", NOT_FIRST),
        ("dispose", "idle", REFERENCE),
        # Who reads all the time idles not; of an application's pool that is not known.
        ("adopted", "steady", REFERENCE),
        ("naive", "steady", REFERENCE),
        ("pinned", "steady", REFERENCE),
        ("quitter", "steady", REFERENCE),
        ("dashboard", "steady", SUBJECT),
    ],
)
def test_ending_idle_sessions_alone_is_met_by_who_idles(name, job, expected) -> None:
    """As a role's idle_session_timeout does."""
    effects = Effects(cuts="idle", ends_sessions=True)
    part = part_of(Cast(contender=name, traits=TRAITS[name], jobs=[job]), job, effects, 3.0)
    assert expected == (part.role, part.breaks)


BOUNDED = Traits(pools=True, pings=True, silent_s=3.0)


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (BOUNDED, SUBJECT),
        (TRAITS["adopted"], NOT_FIRST),  # a ping hangs as a read does
        (TRAITS["naive"], NOT_FIRST),
        (TRAITS["dispose"], NOT_FIRST),  # nor does a monitor notice anything
        (TRAITS["dashboard"], REFERENCE),  # what its pool bounds is not known
    ],
)
def test_silent_idle_sessions_are_a_matter_of_a_bounded_wait(traits, expected) -> None:
    """Nobody is told; who waits without a bound must be seen to hang."""
    cast = Cast(contender="one", traits=traits, jobs=["idle"])
    part = part_of(cast, "idle", FAULTS["idle-drop"].effects, 12.0)
    assert expected == (part.role, part.breaks)


@pytest.mark.parametrize(
    ("effects", "hold_s", "role"),
    [
        (Effects(cuts="new"), 3.0, "control"),
        (Effects(cuts="both"), 3.0, "control"),
        (Effects(cuts="new"), 0.5, "reference"),
        (Effects(cuts="established", ends_sessions=True), 3.0, "reference"),
        (Effects(cuts="none"), 3.0, "subject"),
        (Effects(cuts="none", delays_s=2.0), 3.0, "control"),
        (Effects(cuts="none", delays_s=0.5), 3.0, "subject"),
    ],
)
def test_who_asks_anew_gives_up_where_new_sessions_are_refused_long_enough(
    effects: Effects, hold_s: float, role: str
) -> None:
    """It holds no session that anybody could cut, and each of its reads asks for one."""
    cast = Cast(contender="quitter", traits=TRAITS["quitter"], jobs=["fresh"])
    assert role == part_of(cast, "fresh", effects, hold_s).role


def test_short_restart_refuses_who_asks_anew() -> None:
    """A server that starts anew refuses at once: nobody's patience comes into it."""
    effects = FAULTS["restart"].effects
    for name, role in (("quitter", "control"), ("pinned", "reference")):  # this one asks again
        cast = Cast(contender=name, traits=TRAITS[name], jobs=["cold"])
        assert role == part_of(cast, "cold", effects, 1.0).role


def test_who_does_not_reconnect_is_no_control_of_a_fault_that_leaves_its_session() -> None:
    """Refusing new sessions cuts it not, nor does an outage just as long as its patience."""
    cast = Cast(contender="quitter", traits=TRAITS["quitter"], jobs=["steady"])
    assert "reference" == part_of(cast, "steady", Effects(cuts="new"), 3.0).role
    assert "reference" == part_of(cast, "steady", FAULTS["freeze"].effects, 1.0).role


@pytest.mark.parametrize(
    ("name", "delays_s", "role"),
    [
        ("adopted", 3.5, SUBJECT),
        ("naive", 3.5, SUBJECT),
        ("pinned", 3.5, SUBJECT),
        ("dashboard", 3.5, SUBJECT),
        ("dashboard", 6.0, SUBJECT),  # it promised to answer by 5 s: that it cannot is a finding
        ("quitter", 3.5, NOT_BACK),
        ("quitter", 1.0, SUBJECT),
        ("quitter", 0.05, SUBJECT),
    ],
)
def test_delay_is_waited_out_by_all_but_who_gives_up_for_good(
    name: str, delays_s: float, role: tuple[str, str]
) -> None:
    """Nobody is cut: whoever loses a read, or its session, has itself done it."""
    cast = Cast(contender=name, traits=TRAITS[name], jobs=["steady"])
    part = part_of(cast, "steady", Effects(cuts="none", delays_s=delays_s), 3.0)
    assert role == (part.role, part.breaks)


@pytest.mark.parametrize(
    ("where", "role", "said"),
    [
        ("restrt/naive/idle", "subject", "no fault 'restrt'; known: none, restart;"),
        ("restart/nave/idle", "subject", "no contender 'nave'; known: naive, pinned;"),
        ("restart/pinned/idle", "subject", "no job of pinned 'idle'; known: steady;"),
        ("restart/naive/idle", "control: first read", "no rule 'first read'; known: first reads;"),
    ],
)
def test_role_of_what_there_is_not_is_refused(where: str, role: str, said: str) -> None:
    """Else a misspelt line would be ignored in silence, and the cell judged without it."""
    jobs = {"naive": ["steady", "idle"], "pinned": ["steady"]}
    with pytest.raises(BadInputError, match=f"[roles] {where!r}: {said} mend".replace("[", r"\[")):
        verify_roles({where: role}, ["none", "restart"], jobs, ["first reads"])


def test_roles_of_what_there_is_are_taken() -> None:
    """Each word of theirs is known."""
    roles = {"restart/naive/idle": "control: first reads", "none/naive/steady": "reference"}
    verify_roles(roles, ["none", "restart"], {"naive": ["steady", "idle"]}, ["first reads"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [("subject", SUBJECT), ("reference", REFERENCE), ("control: recovers", NOT_BACK)],
)
def test_target_says_what_a_cell_is(said: str, expected: tuple[str, str]) -> None:
    """It goes before what would follow."""
    cast = Cast(contender="naive", traits=TRAITS["naive"], jobs=["idle"], parts={"idle": said})
    part = part_of(cast, "idle", FAULTS["restart"].effects, 3.0)
    assert expected == (part.role, part.breaks)


def test_canary_and_twin_decide_nothing() -> None:
    """They are shown, whatever the target says of them."""
    cast = Cast(
        contender="canary",
        traits=TRAITS["canary"],
        jobs=["steady"],
        parts={"steady": "subject"},
        deciding=False,
    )
    assert "reference" == part_of(cast, "steady", FAULTS["restart"].effects, 3.0).role


def test_control_is_watched_as_long_as_it_might_come_back() -> None:
    """One that has closed for good is known sooner."""
    times = [watched_s(Cast(contender=n, traits=TRAITS[n], jobs=[])) for n in ("pinned", "quitter")]
    assert [15.0, 5.0] == times
