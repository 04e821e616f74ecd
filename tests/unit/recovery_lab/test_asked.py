"""The options of a run, and the outages that come of them."""

import re

import pytest

from recovery_lab.asked import QUICK, Asked, outages, parse
from recovery_lab.errors import BadInputError
from recovery_lab.faults import FAULTS
from recovery_lab.roles import AT_MOST, CONTROLS, JOBS_OF, SUBJECTS, controls_of, part_of

NOTHING = dict.fromkeys(
    ("faults", "policies", "repeats", "hold", "solo", "keep", "resume", "seed"), ""
)


def test_empty_options_are_the_quick_set() -> None:
    """What make passes for a name that was not given means the default."""
    asked = parse(NOTHING)
    assert (QUICK, 1, False) == (asked.faults, asked.repeats, asked.solo)


def test_names_are_exact() -> None:
    """`naive` is naive, and nothing that contains it."""
    asked = parse({**NOTHING, "policies": "naive", "faults": "all"})
    assert (("naive",), tuple(FAULTS)) == (asked.policies, asked.faults)


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("faults", "restart,flood", "'flood'"),
        ("policies", "naive+recycle", "'naive+recycle'"),
        ("policies", ",", "expected some of"),
        ("repeats", "0", "REPEATS='0'"),
        ("hold", "soon", "HOLD='soon'"),
        ("solo", "yes", "SOLO='yes'"),
        ("resume", "nowhere", "'nowhere'"),
    ],
)
def test_bad_option_is_named(option: str, text: str, said: str) -> None:
    """A word that is none stops the run before it begins."""
    with pytest.raises(BadInputError, match=re.escape(said)):
        parse({**NOTHING, option: text})


def test_hold_a_fault_cannot_have_is_refused() -> None:
    """A freeze shorter than its evidence needs."""
    with pytest.raises(BadInputError, match="HOLD=0"):
        list(outages(Asked(faults=("freeze",), hold_s=0.0)))


def test_outage_has_the_faults_controls_whatever_was_asked_for() -> None:
    """`POLICIES=adopted` on restart still meets both controls and the canary."""
    (info,) = outages(Asked(faults=("restart",), policies=("adopted",)))
    assert {"adopted", "naive", "pinned", "canary"} == set(info.contenders)


def test_solo_outage_has_one_contender_and_a_canary() -> None:
    """At the full rate."""
    planned = list(outages(Asked(faults=("kill",), policies=("adopted", "naive"), solo=True)))
    assert [["adopted", "canary"], ["naive", "canary"]] == [info.contenders for info in planned]
    assert {20.0} == {info.reads_per_s for info in planned}


def test_seed_makes_the_same_lengths_again() -> None:
    """Jittered, each by its own; the same seed, the same lengths."""
    asked = Asked(faults=("kill",), repeats=5, seed=7)
    lengths = [info.hold_s for info in outages(asked)]
    assert lengths == [info.hold_s for info in outages(asked)]
    assert 5 == len(set(lengths))
    assert lengths != [info.hold_s for info in outages(Asked(faults=("kill",), repeats=5, seed=8))]


def test_no_outage_is_crowded() -> None:
    """All contenders together are at most eight."""
    assert all(len(info.contenders) <= AT_MOST for info in outages(Asked(faults=tuple(FAULTS))))


def test_roles_name_what_there_is() -> None:
    """Each role belongs to a fault, a contender and a job that exist."""
    for fault, contender, job in [*SUBJECTS, *CONTROLS]:
        assert fault in FAULTS
        assert job in JOBS_OF[contender]


def test_roles_do_not_overlap() -> None:
    """No cell has both to pass and to fail."""
    assert not SUBJECTS & set(CONTROLS)


def test_roles_as_the_design_has_them() -> None:
    """Each fault's subject and control."""
    for fault in ("restart", "kill"):
        assert ("naive", "pinned") == controls_of(fault)
        assert "control" == part_of(fault, "naive", "idle", "both").role
        assert "reference" == part_of(fault, "naive", "steady", "both").role
    for fault in ("freeze", "drop"):
        assert ("quitter",) == controls_of(fault)
    for fault in FAULTS:
        assert "subject" == part_of(fault, "adopted", "idle", "both").role
        assert "subject" == part_of(fault, "dashboard", "steady", "both").role
        assert "reference" == part_of(fault, "canary", "steady", "both").role


def test_fault_that_cuts_nobody_allows_no_error() -> None:
    """The stricter promise stands beside the others."""
    assert "no error at all" in part_of("none", "naive", "steady", "none").assertions
    assert "no error at all" not in part_of("restart", "adopted", "steady", "both").assertions
