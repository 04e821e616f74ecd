"""The command line's exit statuses and messages, without Docker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recovery_lab import cli
from recovery_lab.errors import DockerError, HealError, InconclusiveError
from recovery_lab.report.events import Events
from tests.unit.recovery_lab.test_folder import OUTAGE

ROOT = Path(__file__).parents[3]


def exited(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the exit status of a command line in the repository's root."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["recovery-lab", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch"], "Missing argument"),
        (["watch", "--repeat", "many", "--", "true"], "'--repeat': many: expected a whole number"),
        (["watch", "--repeat", "0", "--", "true"], "0: expected a whole number from 1 to 100; see"),
        (["watch", "--job", "busy", "--", "true"], "'busy' is not one of 'steady', 'idle'"),
        (["run", "--repeats", "1.5"], "'--repeats': 1.5: expected a whole number from 1 to 100; s"),
        (["run", "--hold", "nan"], "'--hold': nan: expected a number from 0 to 600; see: recovery"),
        (["run", "--hold", "2,x"], "'--hold': x: expected a number from 0 to 600; see: recovery"),
        (["run", "--solo", "yes"], "'--solo': yes: expected a whole number from 0 to 1; see: reco"),
        (["run", "--seed", "-1"], "'--seed': -1: expected a whole number from 0 to 2147483648; s"),
        (["run", "--faults", "restart,flood"], "FAULTS: 'flood' is none of none, restart"),
        (
            ["run", "--contenders", "naive+"],
            "CONTENDERS: 'naive+' is none of keeper, quitter, visitor",
        ),
        (["run", "--faults=all", "--contenders=all", "--waive=life"], "'life' is none of recovers"),
        (["run", "--waive", "liveness", "--waive", "life"], "--waive: 'life' is none of recovers"),
        (["watch", "--waive", "life", "--", "true"], "--waive: 'life' is none of recovers, no rel"),
        (["judge", "nowhere"], "no run 'nowhere'; see: recovery-lab list"),
        (["report", "--html", "nowhere"], "no run 'nowhere'; see: recovery-lab list"),
        (["rescue"], "rescue"),
    ],
)
def test_bad_usage_is_64_and_names_the_word(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """2 means inconclusive here, so bad usage has a status of its own; its message is one line."""
    assert 64 == exited(words, monkeypatch)
    told = capsys.readouterr().err
    assert said in told
    assert 1 == told.count("\n")


def test_help_is_no_error() -> None:
    """`--help` tells of the verbs and exits 0."""
    done = subprocess.run(
        [sys.executable, "-m", "recovery_lab", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert "watch" in done.stdout


@pytest.mark.parametrize(
    ("ends", "status", "said"),
    [
        (InconclusiveError("nothing was seen"), 2, "INCONCLUSIVE: nothing was seen\n"),
        (HealError("not back"), 1, "error: not back\n"),
        (DockerError(["docker", "ps"], 1, "no"), 2, "error: docker ps: exit status 1: no\n"),
        (OSError(28, "No space left on device"), 2, "error: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted; nothing is left open\n"),
    ],
)
def test_each_end_has_its_status(
    ends: BaseException, status: int, said: str, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and no traceback, whatever broke a verb off."""

    def fail(*words: object) -> int:
        raise ends

    monkeypatch.setattr(cli.verbs, "demo", fail)
    assert status == exited(["demo", "--", "true"], monkeypatch)
    assert said == capsys.readouterr().err.lstrip("\n")


@pytest.mark.parametrize("status", [0, 1, 2])
def test_status_is_the_verbs_own(status: int, monkeypatch) -> None:
    """Recovered, failed, inconclusive."""
    monkeypatch.setattr(cli.verbs, "demo", lambda *words: status)
    assert status == exited(["demo", "--", "true"], monkeypatch)


def events(out: str) -> list[dict[str, object]]:
    """Return what was printed for a program: every line is an event."""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["run", "--json", "--faults", "flood"], 64, "error: FAULTS: 'flood' is none of none, res"),
        (["run", "--json", "--repeats", "many"], 64, "error: Invalid value for '--repeats': many"),
        (["run", "--json", "--fault", "restart"], 64, "error: No such option: --fault"),
        (["watch", "--json"], 64, "error: Missing argument 'command'"),
    ],
)
def test_bad_usage_is_an_event_too(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    """A program that asked for events gets one last line whatever was wrong with its words."""
    assert status == exited(words, monkeypatch)
    out, err = capsys.readouterr()
    (told,) = events(out)
    assert ("error", status, err.rstrip("\n")) == (told["event"], told["status"], told["message"])
    assert err.startswith(said)


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        (InconclusiveError("nothing was seen"), 2),
        (HealError("not back"), 1),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
@pytest.mark.parametrize("verb", ["run", "watch"])
def test_what_broke_a_verb_off_is_its_last_event(
    verb: str, ends: BaseException, status: int, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the status and the line that a person gets on stderr."""

    def fail(target: Path, asked: object, say: Events, **options: object) -> int:
        say("words")
        say.outage_began(OUTAGE, 1, 2)
        raise ends

    monkeypatch.setattr(cli.verbs, verb, fail)
    assert status == exited([verb, "--json", *["--", "true"] * (verb == "watch")], monkeypatch)
    out, err = capsys.readouterr()
    told = events(out)
    assert ["outage_began", "error"] == [one["event"] for one in told]
    assert (status, err.strip()) == (told[-1]["status"], told[-1]["message"])


@pytest.mark.parametrize("verb", ["run", "watch"])
def test_words_are_for_who_asked_for_no_events(
    verb: str, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `--json` behind `--` is the command's own."""

    def fail(target: Path, asked: object, say: cli.verbs.Say, **options: object) -> int:
        say("words")
        raise HealError("not back")

    monkeypatch.setattr(cli.verbs, verb, fail)
    words = ["watch", "--", "true", "--json"] if verb == "watch" else ["run"]
    assert 1 == exited(words, monkeypatch)
    assert ("words\n", "error: not back\n") == capsys.readouterr()
