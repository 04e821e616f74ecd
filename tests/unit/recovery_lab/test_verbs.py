"""The verbs that play: what is left standing, what is said of it, and which promises are waived."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs

from recovery_lab import verbs
from recovery_lab.errors import BadInputError, HealError
from recovery_lab.folder import save
from recovery_lab.judge.verdict import STATUS, RunVerdict
from recovery_lab.plan import Asked, Watched
from recovery_lab.report.events import Events
from recovery_lab.target import load_target
from tests.unit.recovery_lab.test_folder import INFO

TARGET = Path(__file__).parents[3] / "target.toml"
NOT_BACK = HealError("mine: not back after 60 s")


def verdict(word: str) -> RunVerdict:
    """Return a run's verdict without outages."""
    return RunVerdict(verdict=word, cells={}, references=0, missing=[], outages=[])


class World:
    """A run without Docker: it ends as `end` says, and the stack stands where `stands` says."""

    def __init__(self) -> None:
        self.end: RunVerdict | HealError = verdict("passed")
        self.stands: bool | None = None
        self.said: list[str] = []
        self.drawn = 0
        self.kept: list[Path] = []
        self.pages = 0
        self.left_out: dict[str, str] = {}

    def leave_out(self, run: Path, left_out: dict[str, str]) -> None:
        self.left_out = left_out

    def play(self, *words: object, **options: object) -> RunVerdict:
        if isinstance(self.end, HealError):
            raise self.end
        return self.end

    @contextmanager
    def private_stack(
        self, target: object, kind: str, keep: Callable[[], bool]
    ) -> Iterator[SimpleNamespace]:
        try:
            yield SimpleNamespace(project="mine")
        finally:
            self.stands = keep()

    def run(self, say: verbs.Say | None = None, *, keep: bool) -> int:
        return verbs.run(TARGET, Asked(), say or self.said.append, resume="", keep=keep)

    def watch(self, say: verbs.Say | None = None) -> int:
        return verbs.watch(TARGET, Watched(command=["true"]), say or self.said.append)

    def draw(self, run: Path, verdict: RunVerdict) -> None:
        self.drawn += 1

    def page(self, run: Path, verdict: RunVerdict) -> Path:
        self.pages += 1
        return run / "report.html"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A passed run in a folder of its own."""
    made = World()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs.docker, "refuse_remote", lambda: None)
    monkeypatch.setattr(verbs.docker, "describe_context", lambda: "unit (local)")
    monkeypatch.setattr(verbs.docker, "own_stack", lambda target: SimpleNamespace(project="mine"))
    monkeypatch.setattr(verbs, "private_stack", made.private_stack)
    monkeypatch.setattr(verbs, "begin_run", lambda *words: tmp_path / "run")
    monkeypatch.setattr(verbs, "leave_out", made.leave_out)
    monkeypatch.setattr(verbs, "play_run", made.play)
    monkeypatch.setattr(verbs, "write_verdict", lambda folder: verdict("passed"))
    monkeypatch.setattr(verbs.markdown, "write", lambda folder, verdict: "the page")
    monkeypatch.setattr(verbs.junit, "write", lambda folder, verdict: made.kept.append(folder))
    monkeypatch.setattr(verbs, "judged", lambda folder: verdict("passed"))
    monkeypatch.setattr(verbs.html_page, "write", made.page)
    monkeypatch.setattr("recovery_lab.report.timeline.write_timelines", made.draw)
    return made


@pytest.mark.parametrize(
    ("word", "keep", "stands"),
    [
        ("failed", True, True),
        ("inconclusive", True, True),
        ("failed", False, False),
        ("passed", True, False),
    ],
)
def test_stack_of_a_bad_cell_stands_where_asked(
    world: World, word: str, keep: bool, stands: bool
) -> None:
    """And it is told, with what takes it away."""
    world.end = verdict(word)
    world.run(keep=keep)
    assert stands is world.stands
    told = "mine stands: look, then run: make heal"
    assert stands is any(told in line for line in world.said)


def test_stack_whose_database_is_not_back_stands_where_asked(world: World) -> None:
    """KEEP=1 is for looking at just that; the fault is open in it, and `make heal` ends both."""
    world.end = NOT_BACK
    with pytest.raises(HealError, match="not back after 60 s; the stack mine stands: look, then"):
        world.run(keep=True)
    assert world.stands


def test_stack_whose_database_is_not_back_goes_otherwise(world: World) -> None:
    """Nothing of it is left, and the message says so."""
    world.end = NOT_BACK
    with pytest.raises(HealError, match="not back after 60 s; its stack is removed"):
        world.run(keep=False)
    assert world.stands is False


def test_run_whose_database_is_not_back_leaves_its_evidence(world: World) -> None:
    """A CI shows what there is, also of a run that broke off."""
    world.end = NOT_BACK
    with pytest.raises(HealError):
        world.run(keep=False)
    assert 1 == len(world.kept)


def test_watch_says_what_to_do_where_the_database_is_not_back(world: World) -> None:
    """It is the user's own stack: nobody removes it."""
    world.end = NOT_BACK
    with pytest.raises(HealError, match="not back after 60 s; run: make heal"):
        world.watch()
    assert any("report.md" in line for line in world.said)


def test_pictures_are_drawn_of_a_matrix_and_when_a_report_is_asked_for(world: World) -> None:
    """A watched outage's user waits for the verdict, not for drawings."""
    world.watch()
    assert 0 == world.drawn
    assert any("recovery-lab report" in line for line in world.said)
    Path("run/outages").mkdir(parents=True)
    verbs.report(Path("run"), world.said.append)
    assert 1 == world.drawn
    world.run(keep=False)
    assert 2 == world.drawn


@pytest.mark.parametrize("word", STATUS)
@pytest.mark.parametrize("verb", ["run", "watch"])
def test_events_are_all_that_is_said_and_change_no_status(
    world: World, verb: str, word: str, tmp_path: Path
) -> None:
    """From the run's beginning to its verdict; the status is the one that words come with."""
    save(tmp_path / "run/run.json", INFO)
    world.end = verdict(word)
    play = {"run": lambda say: world.run(say, keep=False), "watch": world.watch}[verb]
    lines: list[str] = []
    assert play(None) == play(Events(lines.append)) == STATUS[word]
    told = [json.loads(line) for line in lines]
    assert ["run_began", "run_judged"] == [one["event"] for one in told]
    assert {str(tmp_path / "run")} == {one["folder"] for one in told}
    assert (word, STATUS[word]) == (told[-1]["verdict"], told[-1]["status"])


def test_every_run_leaves_its_html_page(world: World) -> None:
    """A watched outage's too: it is there in a moment, and says where."""
    world.watch()
    world.run(keep=False)
    Path("run/outages").mkdir(parents=True)
    verbs.report(Path("run"), world.said.append)
    assert 3 == world.pages
    assert 3 == sum(line.endswith("/report.html") for line in world.said)


def test_html_page_can_be_had_alone(world: World) -> None:
    """Without the pictures, which take a second each, and without the Markdown on the screen."""
    verbs.report(Path("run"), world.said.append, html=True)
    assert (1, 0) == (world.pages, world.drawn)
    assert ["page      run/report.html"] == world.said


def test_committed_run_has_no_pictures_to_draw(world: World) -> None:
    """It is said in a line, with what can be had; nothing of it is written anew."""
    with pytest.raises(BadInputError, match="not kept, there is nothing to draw; try: recovery-la"):
        verbs.report(Path("run"), world.said.append)
    assert (0, 0) == (world.pages, world.drawn)


def test_fault_that_is_not_available_is_named_and_kept(world: World, monkeypatch) -> None:
    """On the screen before anything is played, and in the run for its report."""
    own = load_target(TARGET)
    bare = structs.replace(own, database=structs.replace(own.database, admin=None))
    monkeypatch.setattr(verbs, "load_target", lambda path: bare)
    verbs.run(TARGET, Asked(faults=()), world.said.append, resume="", keep=False)
    said = "left out  login: not available: the target declares no admin login"
    assert said in world.said
    assert "admin login" == world.left_out["login"]
