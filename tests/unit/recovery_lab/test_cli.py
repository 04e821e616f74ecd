"""The command line's exit statuses and messages, without Docker."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["watch"], "Missing argument"),
        (["watch", "--repeat", "many", "--", "true"], "'--repeat': many: expected a whole number"),
        (["watch", "--repeat", "0", "--", "true"], "0: expected a whole number from 1 to 100; see"),
        (["watch", "--job", "busy", "--", "true"], "'busy' is not one of 'steady', 'idle'"),
        (["run", "--repeats", "1.5"], "'--repeats': 1.5: expected a whole number from 1 to 100; s"),
        (["run", "--hold", "nan"], "'--hold': nan: expected a number from 0 to 600; see: recovery"),
        (["run", "--solo", "yes"], "'--solo': yes: expected a whole number from 0 to 1; see: reco"),
        (["run", "--seed", "-1"], "'--seed': -1: expected a whole number from 0 to 2147483648; s"),
        (["run", "--faults", "restart,flood"], "FAULTS: 'flood' is none of none, restart"),
        (
            ["run", "--faults", "all", "--contenders", "naive+"],
            "CONTENDERS: 'naive+' is none of quitter, dashboard",
        ),
        (["run", "--waive", "liveness", "--waive", "life"], "--waive: 'life' is none of recovers"),
        (["watch", "--waive", "life", "--", "true"], "--waive: 'life' is none of recovers, no rel"),
        (["judge", "nowhere"], "no run 'nowhere'; see: recovery-lab list"),
        (["rescue"], "rescue"),
    ],
)
def test_bad_usage_is_64_and_names_the_word(words: list[str], said: str) -> None:
    """2 means inconclusive here, so bad usage has a status of its own; its message is one line."""
    done = subprocess.run(
        [sys.executable, "-m", "recovery_lab", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 64, done
    assert said in done.stderr
    assert 1 == done.stderr.count("\n")


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
