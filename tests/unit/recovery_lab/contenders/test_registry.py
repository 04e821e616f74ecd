"""All contenders of a target: the instrument's own, its application, and those it declares."""

from pathlib import Path

import msgspec
import pytest

from recovery_lab.contenders.program import load
from recovery_lab.contenders.registry import Entry, entries, jobs_of
from recovery_lab.docker import INSTRUMENT
from recovery_lab.errors import BadInputError
from recovery_lab.target import Contenders, Target, Traits, load_target

ROOT = Path(__file__).parents[4]


@pytest.fixture
def target() -> Target:
    """This repository's own."""
    return load_target(ROOT / "target.toml")


def test_own_target_has_eight(target: Target) -> None:
    """Canary and quitter, the application by its service's name, and the five policies."""
    found = {name: entry for name, entry in entries(target).items() if not entry.when_asked}
    policies = {"adopted", "naive", "dispose", "pinned", "retry"}
    assert {"canary", "quitter", "dashboard", *policies} == set(found)
    assert policies - {"pinned"} == {n for n, e in found.items() if e.traits.pools}
    assert {"canary", "quitter", "pinned"} == {
        n for n, e in found.items() if not e.traits.reconnects
    }
    assert {INSTRUMENT} == {found[n].image for n in ("canary", "quitter", "dashboard")}
    assert Traits(pings=True, deadline_s=5.0) == found["dashboard"].traits
    assert {*policies, "dashboard"} - {"pinned"} == {
        n for n, e in found.items() if "idle" in e.jobs
    }


def test_every_factory_is_there(target: Target) -> None:
    """Whatever an entry names can be loaded, and takes a name and a way."""
    for entry in entries(target).values():
        assert callable(load(entry.factory))


def test_bare_target_has_the_instruments_own(target: Target) -> None:
    """Canary, faithful, quitter, keeper and the dying need a login alone."""
    bare = msgspec.structs.replace(
        target, application=None, health=None, pool=None, contenders=None
    )
    own = {"canary", "dying", "dying_bounded", "faithful", "keeper", "quitter"}
    assert own == set(entries(bare))


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("adopted", ["steady", "idle", "fresh", "cold", "crowd"]),
        ("quitter", ["steady", "fresh", "cold", "crowd"]),  # it pools nothing that could idle
        ("pinned", ["steady", "cold", "crowd"]),  # and this one gives nothing up
        ("dashboard", ["steady", "idle"]),  # its process and its readers are not the lab's
    ],
)
def test_jobs_follow_from_traits(target: Target, name: str, jobs: list[str]) -> None:
    """Nobody writes them down."""
    assert jobs == [*entries(target)[name].jobs]


def test_two_of_one_name_are_refused(target: Target) -> None:
    """A target cannot put another in the canary's place."""
    declared = Contenders(image="shop", factory="shop:make", entries={"canary": Traits()})
    with pytest.raises(BadInputError, match="two contenders are called 'canary'"):
        entries(msgspec.structs.replace(target, contenders=declared))


@pytest.mark.parametrize(
    ("asked", "pools", "can", "played"),
    [
        (["steady", "idle"], True, ("steady", "idle"), ["steady", "idle"]),
        (["idle"], True, ("steady", "idle"), ["idle"]),
        (["steady", "idle"], False, ("steady", "idle"), ["steady"]),
        (["idle"], False, ("steady", "idle"), ["idle"]),
        (["idle"], False, ("steady",), ["steady"]),
    ],
)
def test_contender_plays_the_jobs_that_it_can(
    asked: list[str], pools: bool, can: tuple[str, ...], played: list[str]
) -> None:
    """The canary reads steadily beside an idle pool; one pool for two jobs would never idle."""
    entry = Entry(name="x", traits=Traits(pools=pools), image="", factory="", jobs=can)
    assert played == jobs_of(entry, asked)
