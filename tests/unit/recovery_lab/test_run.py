"""A run: what is played again, what is left out, and what it stands on."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from recovery_lab import run
from recovery_lab.engine import View
from recovery_lab.errors import BadInputError
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_outage
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import History
from recovery_lab.run import AGAIN, GUESS_S, Progress, play_run
from tests.unit.recovery_lab.test_folder import INFO, OUTAGE, kept, save


class World:
    """Plays nothing, but takes down what it was to play; `late` outages are late that often."""

    def __init__(self, late: int = 0) -> None:
        self.played: list[str] = []
        self.crews: list[str] = []
        self.ended = 0
        self.settled: list[int] = []  # how many outages were over by then
        self._late = late

    def play(self, crew: object, view: object, info: OutageInfo, folder: Path) -> OutageInfo:
        """Stand in for the engine."""
        self.played.append(info.name)
        info = msgspec.structs.replace(info, complete=True)
        kept(folder.parent.parent, **msgspec.structs.asdict(info))
        return info

    def late(self, outage: OutageVerdict) -> bool:
        """Stand in for the judge."""
        self._late -= 1
        return self._late >= 0

    def crew(self, stack: SimpleNamespace, twin: str, images: dict[str, str]) -> SimpleNamespace:
        """Stand in for the helpers, which are those of the run's own images."""
        assert INFO.images == images
        self.crews.append(stack.name)
        return SimpleNamespace(close=self.close)

    def close(self) -> None:
        """Count the crews that were ended."""
        self.ended += 1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A run without Docker."""
    one = World()
    monkeypatch.setattr(run, "play_outage", one.play)
    monkeypatch.setattr(run, "only_late", one.late)
    monkeypatch.setattr(run, "StackCrew", one.crew)
    stack = SimpleNamespace(
        policy_of=lambda stack: stack.name,
        use_policy=lambda stack, name: SimpleNamespace(name=name),
        recreate=lambda stack: one.played.append(f"recreated {stack.name}"),
        settle_address=lambda stack: one.settled.append(len(one.played)),
    )
    monkeypatch.setattr(run, "stack", stack)
    return one


def played(folder: Path, *planned: OutageInfo, **options: bool) -> RunVerdict:
    """Play a run of some outages in a folder."""
    save(folder / "run.json", msgspec.structs.replace(INFO, planned=list(planned)))
    return play_run(folder, SimpleNamespace(name="adopted"), View(), **options)


def repeat(number: int, **changed: object) -> OutageInfo:
    """Return one of several outages."""
    return msgspec.structs.replace(OUTAGE, repeat=number, **changed)


def test_complete_outages_stand_and_broken_off_ones_are_played_again(world, tmp_path) -> None:
    """What a resumed run plays is what was not recorded to its end."""
    kept(tmp_path, repeat=1, complete=True)
    kept(tmp_path, repeat=2, complete=False)
    played(tmp_path, repeat(1), repeat(2), repeat(3))
    assert ["restart-2", "restart-3"] == world.played


@pytest.mark.parametrize(("late", "times", "aside"), [(0, 1, 0), (1, 2, 1), (9, 1 + AGAIN, AGAIN)])
def test_outage_whose_recorder_was_late_is_played_again(
    world, tmp_path, late: int, times: int, aside: int
) -> None:
    """At most twice; each late one is set aside and kept."""
    world._late = late
    played(tmp_path, repeat(1))
    assert ["restart-1"] * times == world.played
    assert aside == len(list(tmp_path.glob("late/*")))


def test_contenders_are_kept_through_solo_outages_alone(world, tmp_path) -> None:
    """A fresh crew for each shared outage, one for all solo ones; ended in either case."""
    played(tmp_path / "fresh", repeat(1), repeat(2))
    assert (2, 2) == (len(world.crews), world.ended)
    played(tmp_path / "kept", repeat(1, solo="adopted"), repeat(2, solo="adopted"))
    assert (3, 3) == (len(world.crews), world.ended)


def test_outage_that_broke_off_takes_its_crew_along(world, tmp_path, monkeypatch) -> None:
    """Its readers were not stopped, or a helper is dead: the next one has another crew."""

    def broken(crew: object, view: object, info: OutageInfo, folder: Path) -> OutageInfo:
        kept(folder.parent.parent, **msgspec.structs.asdict(info))
        return info

    monkeypatch.setattr(run, "play_outage", broken)
    played(tmp_path, repeat(1, solo="adopted"), repeat(2, solo="adopted"))
    assert (2, 2) == (len(world.crews), world.ended)


@pytest.mark.parametrize("leaves", ["moves", "marks"])
def test_what_a_fault_leaves_in_a_pool_is_not_taken_into_the_next_outage(
    world, tmp_path, leaves: str
) -> None:
    """A session waits at an old address for ever, or is ended by its old limit: all begin anew."""
    moves = msgspec.structs.replace(OUTAGE.effects, **{leaves: True})
    planned = [repeat(n, solo="adopted", effects=moves, application="dashboard") for n in (1, 2)]
    played(tmp_path, *planned, repeat(3, solo="adopted", effects=moves))
    names = [info.name for info in planned]
    again = "recreated adopted"
    assert [names[0], again, names[1], again, "restart-3-adopted"] == world.played
    assert 3 == len(world.crews)


def test_runs_that_begin_in_one_second_have_a_folder_each(tmp_path, monkeypatch) -> None:
    """Two that shared one would write into each other's histories."""
    then = datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(run, "datetime", SimpleNamespace(now=lambda _: then))
    stands = {"commit": "", "images": {}, "host": {}, "versions": {}, "settings": {}, "target": ""}
    made = [run.begin("try", [OUTAGE], stands, tmp_path) for _ in range(3)]
    first = "2026-01-01T000000Z-try"
    assert [first, f"{first}-2", f"{first}-3"] == [one.name for one in made]
    assert (tmp_path / ".lab/runs/latest").resolve() == made[-1].resolve()


def test_database_is_given_its_address_before_others_come(world, tmp_path) -> None:
    """Whenever a crew begins; a user's own database is never restarted for it."""
    played(tmp_path, repeat(1), repeat(2, solo="adopted"), repeat(3, solo="naive"))
    assert [0, 1] == world.settled
    world.settled.clear()
    played(tmp_path / "own", repeat(1, command=["true"]), repeat(2, command=["true"]))
    assert [] == world.settled


def test_outage_seen_to_fail_is_not_played_away(world, tmp_path, monkeypatch) -> None:
    """It broke off, but a subject had failed: a resumed run keeps it; another is set aside."""
    kept(tmp_path, repeat=1, complete=False)
    monkeypatch.setattr(run, "judge_outage", lambda *_: SimpleNamespace(verdict="failed"))
    assert run._recorded(tmp_path / "outages/restart-1")
    monkeypatch.setattr(run, "judge_outage", lambda *_: SimpleNamespace(verdict="inconclusive"))
    assert not run._recorded(tmp_path / "outages/restart-1")
    assert ["restart-1.1"] == [path.name for path in tmp_path.glob("late/*")]


def test_run_is_resumed_on_what_it_was_begun_on(monkeypatch) -> None:
    """Neither on another target nor on another commit: one verdict would speak of two things."""
    monkeypatch.setattr(run, "commit", lambda _: "abc")
    run.verify_same(msgspec.structs.replace(INFO, commit="abc"), Path("target.toml"), Path())
    for commit, target in (("abd", "target.toml"), ("abc", "other.toml")):
        with pytest.raises(BadInputError, match="begin a new one"):
            run.verify_same(msgspec.structs.replace(INFO, commit=commit), Path(target), Path())


def test_policy_of_an_outage_is_used_before_it(world, tmp_path) -> None:
    """And its helpers start after that."""
    outages = [repeat(1, policy="naive"), repeat(1, policy="adopted")]
    played(tmp_path, *outages)
    assert ["naive", "adopted"] == world.crews


def test_run_stops_at_the_first_bad_outage_where_asked(world, tmp_path) -> None:
    """What was planned after it is missing, and so the run is not passed."""
    verdict = played(tmp_path, repeat(1), repeat(2), stop_at_bad=True)
    assert ["restart-1"] == world.played
    assert ("inconclusive", ["restart-2"]) == (verdict.verdict, verdict.missing)


def test_no_cell_at_all_is_never_passed(world, tmp_path) -> None:
    """An outage without a cast proves nothing."""
    assert "inconclusive" == played(tmp_path, repeat(1)).verdict
    assert "inconclusive" == judge_outage(OUTAGE, History()).verdict


def test_progress_tells_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the outages so far; before the first by a guess."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: clock.now))
    said: list[str] = []
    began: list[tuple[object, ...]] = []
    view = View(say=said.append, began=lambda info, *of: began.append((info.name, *of)))
    progress = Progress(view, 4)
    progress.of(repeat(1)).say("warms")
    clock.now = 12.0
    view = progress.of(repeat(2))
    clock.now = 14.0
    view.say("warms")
    assert f"1 of 4, about {4 * GUESS_S:.0f} s left" in said[0]
    assert "2 of 4, about 34 s left" in said[1]
    assert said[1].endswith("restart-2: warms")
    assert [("restart-1", 1, 4), ("restart-2", 2, 4)] == began


def test_outages_are_judged_in_the_order_of_their_plan(tmp_path: Path) -> None:
    """The tenth comes after the second, whatever the order of their names."""
    planned = [repeat(1), repeat(2), repeat(10)]
    save(tmp_path / "run.json", msgspec.structs.replace(INFO, planned=planned))
    for number in (10, 2, 1):
        kept(tmp_path, repeat=number)
    told = [outage.name for outage in run.write_verdict(tmp_path).outages]
    assert ["restart-1", "restart-2", "restart-10"] == told


def test_run_without_histories_stands_as_it_was_judged(tmp_path: Path) -> None:
    """As committed ones are: judged anew it would have no outage, and its verdict would be lost."""
    kept(tmp_path, repeat=1, complete=True)
    save(tmp_path / "run.json", msgspec.structs.replace(INFO, planned=[repeat(1)]))
    verdict = run.judged(tmp_path)
    stored = (tmp_path / "verdict.json").read_bytes()
    (tmp_path / "outages").rename(tmp_path / "elsewhere")
    assert verdict == run.judged(tmp_path)
    assert stored == (tmp_path / "verdict.json").read_bytes()
    assert (tmp_path / "corpus.json").exists()
    (tmp_path / "verdict.json").unlink()
    with pytest.raises(BadInputError, match=r"verdict\.json: not there"):
        run.judged(tmp_path)
