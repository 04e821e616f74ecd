"""The packet rules' program, with a stand-in for iptables that keeps its rules in a file."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery_lab.faults import netfault

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "sigtimedwait"), reason="the program runs in a Linux container alone"
)
# -save shows the chain and both jumps with their counters once `restore` was given the rules.
SAVE = """#!/bin/sh
cat rules 2>/dev/null || true
"""
RESTORE = """#!/bin/sh
echo "$*" >>calls
test ! -e broken || { echo 'no permission' >&2; exit 4; }
given="$(cat)"
echo "$given" >>given
case "$given" in
*"-I INPUT 1 -i eth9 -j RECOVERY_LAB"*"-I OUTPUT 1 -o eth9 -j RECOVERY_LAB"*COMMIT*)
  echo ':RECOVERY_LAB - [0:0]' >rules
  echo '[12:720] -A INPUT -i eth9 -j RECOVERY_LAB' >>rules
  echo '[3:180] -A OUTPUT -o eth9 -j RECOVERY_LAB' >>rules
  echo '[15:900] -A RECOVERY_LAB -j DROP' >>rules ;;
*"-D INPUT -i eth9"*"-D OUTPUT -o eth9"*"-X RECOVERY_LAB"*COMMIT*) rm rules ;;
*) exit 2 ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with both stand-ins."""
    for name, text in (("iptables-save", SAVE), ("iptables-restore", RESTORE)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-IS", netfault.__file__, *words],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def helper(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The program, holding its rules for a minute at most."""
    with _start(folder, "hold", "eth9", "drop", "60") as one:
        yield one
        one.kill()


def _line(one: subprocess.Popen[str]) -> dict[str, Any]:
    return json.loads(one.stdout.readline())


def test_rules_go_in_and_come_out_at_a_signal(helper, folder: Path) -> None:
    """Each in one transaction, beside rules that are there, with its instant between two."""
    injected = _line(helper)
    assert ("injected", True) == (injected["step"], (folder / "rules").exists())
    helper.send_signal(signal.SIGTERM)
    healed = _line(helper)
    assert ("healed", 12, 3) == (healed["step"], healed["INPUT"], healed["OUTPUT"])
    assert injected["began_at"] <= injected["at"] <= healed["began_at"] <= healed["at"]
    assert not (folder / "rules").exists()
    assert ["--noflush --wait 5"] * 2 == (folder / "calls").read_text().splitlines()


def test_reset_lets_resets_out_before_it_answers_with_one(folder: Path) -> None:
    """Else its own would be swallowed on their way: a drop in disguise."""
    with _start(folder, "hold", "eth9", "reset", "60") as one:
        _line(one)
        one.kill()
    rules = [line for line in (folder / "given").read_text().splitlines() if line[:2] == "-A"]
    assert [
        "-A RECOVERY_LAB -p tcp --tcp-flags RST RST -j RETURN",
        "-A RECOVERY_LAB -p tcp -j REJECT --reject-with tcp-reset",
    ] == rules


def test_helper_lingers_until_it_is_told_again(helper) -> None:
    """A container's end would disturb what is measured just after the heal."""
    _line(helper)
    helper.send_signal(signal.SIGTERM)
    _line(helper)
    with pytest.raises(subprocess.TimeoutExpired):
        helper.wait(0.2)
    helper.send_signal(signal.SIGTERM)
    assert 0 == helper.wait(5)


def test_rules_come_out_by_themselves(folder: Path) -> None:
    """Where nobody is left to give the signal."""
    with _start(folder, "hold", "eth9", "drop", "0.1") as one:
        assert ["injected", "healed"] == [_line(one)["step"], _line(one)["step"]]
        assert not (folder / "rules").exists()
        one.kill()


def test_clear_takes_out_what_a_killed_helper_left(helper, folder: Path) -> None:
    """And has nothing to do the second time."""
    _line(helper)
    helper.kill()
    for expected in ('"healed"', ""):
        with _start(folder, "clear", "eth9") as one:
            assert expected in one.communicate(timeout=10)[0]
        assert not (folder / "rules").exists()


def test_counters_tell_both_directions(helper, folder: Path) -> None:
    """Of the jumps into the chain; one packet out is sent first, which loopback takes here."""
    _line(helper)
    with _start(folder, "counters", "127.0.0.1") as one:
        assert {"INPUT": 12, "OUTPUT": 3} == json.loads(one.communicate(timeout=10)[0])


def test_flows_are_counted_with_what_their_rules_dropped(folder: Path) -> None:
    """Two rules each; the chain's other rules, and other chains, are none."""
    lines = [":RECOVERY_LAB - [0:0]", "[99:9] -A INPUT -i eth9 -j RECOVERY_LAB"]
    for own, packets in ((40000, 3), (40001, 1)):
        lines += [
            f"[{packets}:180] -A RECOVERY_LAB -s 192.0.2.9/32 -p tcp -m tcp --sport {own} -j DROP",
            f"[0:0] -A RECOVERY_LAB -d 192.0.2.9/32 -p tcp -m tcp --dport {own} -j DROP",
        ]
    (folder / "rules").write_text("\n".join(lines))
    with _start(folder, "flows") as one:
        assert {"flows": 2, "packets": 4} == json.loads(one.communicate(timeout=10)[0])


def test_refused_rules_are_told_with_their_reason(folder: Path) -> None:
    """For instance without the capability, or on a kernel without the tables."""
    (folder / "broken").touch()
    with _start(folder, "hold", "eth9", "drop", "60") as one:
        said = json.loads(one.communicate(timeout=10)[0].splitlines()[0])
    assert {"step": "failed", "said": "iptables-restore: status 4: no permission"} == said
    assert 1 == one.returncode


def test_unknown_words_are_refused(folder: Path) -> None:
    """Nothing is done on a guess."""
    with _start(folder, "flush") as one:
        assert "unknown arguments: ['flush']" in one.communicate(timeout=10)[1]
    assert 1 == one.returncode
