"""The program of a contender's container, as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
Record = dict[str, Any]

FACTORY = '''
"""A target's own factory: it knows nothing of the lab."""
import importlib.util
import logging

assert importlib.util.find_spec("msgspec") is None, "this Python has more than its own library"


class Shop:
    def __init__(self, name, way):
        assert name == "shelf"
        self.way = way

    def read(self, nonce):
        if self.way["breaks"]:
            raise RuntimeError("out of stock")
        return {"nonce": nonce, "backend_pid": 7, "server_started": "then"}

    def warm(self, count):
        if "warns" in self.way:
            logging.getLogger("shelf").warning(self.way["warns"])
        if self.way["breaks"]:
            raise RuntimeError("out of stock")
        return list(range(1, count + 1))

    def look(self):
        return {"size": 5, "checked_in": 5, "checked_out": 0, "most": self.way.get("most", 0)}

    def forget(self):
        pass

    def failure(self, error):
        return {"phase": "execute", "kind": "lost", "message": str(error)}


make = Shop
'''


class Started:
    """The program, started; `tell` orders, `until` reads records up to one of a kind and a job."""

    def __init__(self, folder: Path, **part: Any) -> None:
        (folder / "shop.py").write_text(FACTORY)
        whole = {
            "contender": "twin",
            "plays": "shelf",
            "jobs": ["steady", "idle"],
            "factory": "shop:make",
            "way": {"breaks": False},
            "workers": 2,
            "reads_per_s": 25.0,
            "metered": False,
            **part,
        }
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-m", "recovery_lab.contenders.program", json.dumps(whole)],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            env={"PYTHONPATH": f"{ROOT}:{folder}"},
        )

    def tell(self, order: str) -> None:
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def until(self, kind: str, job: str = "") -> list[Record]:
        records: list[Record] = []
        for line in self.process.stdout:
            records.append(json.loads(line))
            assert line.startswith('{"record":"')
            if records[-1]["record"] == kind and job in ("", records[-1].get("job")):
                return records
        pytest.fail(f"no {kind}: {records} {self.process.stderr.read()}")

    def end(self) -> str:
        _, said = self.process.communicate(timeout=10.0)
        return said


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs; end those that are left."""
    programs: list[Started] = []

    def one(**part: Any) -> Started:
        programs.append(Started(tmp_path, **part))
        return programs[-1]

    yield one
    for program in programs:
        program.process.kill()
        program.process.communicate()


def test_program_plays_both_jobs_with_the_standard_library_alone(start: Start) -> None:
    """Warmed, read, looked at, and ended with its input: under a Python without site-packages."""
    program = start()
    program.tell("warm")
    steady, idle = program.until("warmed", "idle")
    assert (("steady", 2), ("idle", 5)) == (
        (steady["job"], steady["wanted"]),
        (idle["job"], idle["wanted"]),
    )
    program.tell("steady")
    began, *_, ended = program.until("ended")
    assert ("twin", "steady", 1) == (began["contender"], began["job"], began["op"])
    assert ("ok", 7, "then") == (
        ended["outcome"],
        ended["backend_pid"],
        ended["server_started"],
    )
    program.tell("release")
    at_once = [one for one in program.until("ended", "idle") if one["record"] == "began"]
    assert {"idle"} <= {one["job"] for one in at_once}
    program.tell("stop")
    program.tell("look")
    program.until("look", "idle")
    assert "" == program.end()
    assert 0 == program.process.returncode


def test_fresh_reads_give_their_sessions_up(start: Start) -> None:
    """It is warm without a session, and reads on the order of the steady ones."""
    program = start(jobs=["fresh"])
    program.tell("warm")
    [warmed] = program.until("warmed")
    assert ([], 0, 2) == tuple(warmed[name] for name in ("backends", "checked_in", "readers"))
    program.tell("steady")
    assert "fresh" == program.until("ended")[-1]["job"]


@pytest.mark.parametrize(("most", "readers"), [(7, 14), (0, 4)])
def test_crowd_is_twice_what_the_pool_can_hold(start: Start, most: int, readers: int) -> None:
    """Else twice its workers; they share one schedule, at the rate of all other jobs."""
    program = start(jobs=["crowd"], way={"breaks": False, "most": most})
    program.tell("warm")
    [warmed] = program.until("warmed")
    assert (readers, 2) == (warmed["readers"], len(warmed["backends"]))
    program.tell("steady")
    assert "crowd" == program.until("ended")[-1]["job"]


def test_cold_contender_is_made_when_told_to_begin(start: Start) -> None:
    """Not before; nothing is warmed, and no other order makes it read."""
    program = start(jobs=["cold"])
    for order in ("warm", "steady", "release", "begin"):
        program.tell(order)
    born, began = program.until("began")
    assert ("born", "twin", "cold") == (born["record"], born["contender"], born["job"])
    assert born["at"] <= began["due_at"]
    assert "ok" == program.until("ended")[-1]["outcome"]


def test_cold_contender_that_dies_at_its_start_fails_its_reads(start: Start) -> None:
    """No trouble of the lab's: the program lives on, and tells of it at each read."""
    program = start(jobs=["cold"], plays="none of the shop's")
    program.tell("begin")
    ended = program.until("ended")[-1]
    assert ("start", "died", "AssertionError") == tuple(
        ended[name] for name in ("phase", "kind", "error_class")
    )


def test_program_begins_anew_after_stop(start: Start) -> None:
    """Kept through outages: numbers go on, and nothing is read between."""
    program = start(jobs=["steady"])
    program.tell("warm")
    program.tell("steady")
    first = program.until("ended")[-1]["op"]
    program.tell("stop")
    program.tell("warm")
    before = [one for one in program.until("warmed") if one["record"] == "began"]
    last = max([first, *(one["op"] for one in before)])
    program.tell("steady")
    assert program.until("began")[-1]["op"] > last


def test_release_does_nothing_to_a_steady_job(start: Start) -> None:
    """Nor does `steady` to an idle one: every contender hears every order."""
    program = start(jobs=["idle"])
    program.tell("steady")
    program.tell("warm")
    assert ["warmed"] == [one["record"] for one in program.until("warmed")]


def test_order_that_fails_is_trouble(start: Start) -> None:
    """The runner hears who could not do what; the program lives on."""
    program = start(way={"breaks": True})
    program.tell("warm")
    [trouble] = program.until("trouble")
    assert "twin: warm: RuntimeError: out of stock" == trouble["message"]
    program.tell("look")
    program.until("look")


def test_factory_that_is_not_there_is_the_programs_last_word(start: Start) -> None:
    """It ends, and its last line names what was not found."""
    program = start(factory="shop:absent")
    said = program.end()
    assert 0 != program.process.returncode
    assert "absent" in said.strip().splitlines()[-1]


def test_program_measures_itself_where_it_is_told_to(start: Start) -> None:
    """What its libraries write to standard error is counted, and still reaches the runner."""
    program = start(
        metered=True, jobs=["idle"], way={"breaks": True, "warns": "a session was lost"}
    )
    program.until("usage")
    program.tell("warm")
    logged = program.until("logged")[-1]
    assert ("twin", 1, len("a session was lost\n")) == (
        logged["contender"],
        logged["lines"],
        logged["bytes"],
    )
    assert "a session was lost\n" == program.end()
