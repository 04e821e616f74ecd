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
        (["watch", "--repeat", "many", "--", "true"], "--repeat"),
        (["watch", "--repeat", "0", "--", "true"], "--repeat 0: expected a whole number"),
        (["watch", "--job", "busy", "--", "true"], "--job 'busy': expected steady or idle"),
        (["rescue"], "rescue"),
    ],
)
def test_bad_usage_is_64_and_names_the_word(words: list[str], said: str) -> None:
    """2 means inconclusive here, so bad usage has a status of its own."""
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
