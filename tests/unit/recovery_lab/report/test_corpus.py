"""corpus.json: the errors of a run, equal ones together, whoever met them and whenever."""

import re
from pathlib import Path

import msgspec
import pytest

from recovery_lab.record.history import Began, Ended, History
from recovery_lab.report.corpus import Corpus, Entry, corpus_of, masked, write
from tests.unit.recovery_lab.histories import ORIGIN, Script, outage

REFUSED = 'connection to server at "{}" ({}), port {} failed: Connection refused'
LOST = {
    "phase": "execute",
    "kind": "connection_lost",
    "error_class": "OperationalError",
    "message": "server closed the connection unexpectedly",
    "driver": "psycopg2 2.9.13, libpq 17",
}


def met(script: Script, *errors: tuple[float, dict[str, str]], contender: str = "adopted"):
    """Return an outage with these errors of its readers, due at these seconds."""
    records = [record for record in script.records() if not isinstance(record, Began | Ended)]
    for op, (at_s, words) in enumerate(errors, 1):
        who = {"contender": contender, "job": "steady", "op": op}
        records.append(Began(due_at=ORIGIN + at_s, started_at=ORIGIN + at_s, **who))
        records.append(Ended(at=ORIGIN + at_s + 0.1, outcome="error", **{**LOST, **words}, **who))
    return script.info(), History(records)


def test_equal_errors_are_one_entry_told_by_when_they_were_due() -> None:
    """Ready is at 2 s: a read that was due before it, and ended later, met the outage."""
    [one] = corpus_of([met(outage(), (-1.0, {}), (0.5, {}), (1.95, {}), (2.5, {}))]).errors
    assert ("restart", "execute", LOST["message"]) == (one.fault, one.phase, one.text)
    assert (1, 2, 1) == (one.before, one.in_outage, one.after_ready)
    assert (4, 1, ["adopted"]) == (one.count, one.outages, one.contenders)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phase", "commit"),
        ("driver", "psycopg 3.3.9, libpq 17"),
        ("error_class", "AdminShutdown"),
        ("sqlstate", "57P01"),
        ("message", "SSL SYSCALL error: EOF detected"),
        ("said", "FATAL:  terminating connection due to idle-session timeout"),
        ("kind", "innocent"),
    ],
)
def test_what_differs_in_anything_a_user_sees_is_another_entry(field: str, value: str) -> None:
    """And in whether the session went on: the same words may be innocent."""
    assert 2 == len(corpus_of([met(outage(), (0.5, {}), (0.6, {field: value}))]).errors)


def test_address_and_port_make_no_other_error() -> None:
    """Equal errors of two outages, by two contenders, are one entry: met in two."""
    one, other = (
        {"message": REFUSED.format(*where), "phase": "connect"}
        for where in (("db", "172.18.0.2", 5432), ("store", "10.0.0.7", 6543))
    )
    found = corpus_of(
        [met(outage(), (0.5, one)), met(outage(contender="naive"), (0.5, other), contender="naive")]
    )
    [entry] = found.errors
    assert REFUSED.format("HOST", "ADDRESS", "PORT") == entry.text
    assert (2, ["adopted", "naive"]) == (entry.outages, entry.contenders)
    assert {"restart": 2} == found.outages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'could not translate host name "db" to address',
            'could not translate host name "HOST" to',
        ),
        ("at 1e8b1dd2-0c1b-4b64-9a7e-1c8cbbd4b5d1 now", "at UUID now"),
        ('server at "db" (fd00::2), port 5432', 'server at "HOST" (ADDRESS), port PORT'),
        ("process 4711 still waits", "process PID still waits"),
        ("server process (PID 4711) exited", "server process (PID PID) exited"),
        ("connection timed out, timeout 10.00", "connection timed out, timeout 10.00"),
        ('relation "orders" does not exist', 'relation "orders" does not exist'),
        ("psycopg2 2.9.13 (10)", "psycopg2 2.9.13 (10)"),
    ],
)
def test_masks_take_what_differs_and_leave_the_words(text: str, told: str) -> None:
    """A version is no address, a time no port, a table's name no host."""
    assert masked(text).startswith(told)
    assert masked(text) == masked(masked(text))


def test_good_reads_and_those_of_another_outage_are_no_error() -> None:
    """An end without a begin hung since the outage before; an outage without errors counts."""
    info, history = met(outage())
    history.append(Ended(contender="adopted", job="steady", op=9, at=ORIGIN, outcome="error"))
    assert Corpus(outages={"restart": 1}, errors=[]) == corpus_of([(info, history)])


def test_fault_that_never_came_is_told_nothing_of() -> None:
    """Broken off before it: what a loaded machine did to its readers is not the fault's."""
    before = met(outage(steps=("injecting",)), (0.5, {}))
    assert Corpus(outages={}, errors=[]) == corpus_of([before])


def test_entries_have_one_order_whatever_the_outages(tmp_path: Path) -> None:
    """By fault, then by the phases of a read; the same histories give the same bytes."""
    errors = [(0.5, {"phase": phase}) for phase in ("http", "rollback", "connect", "", "fetch")]
    kill, restart = met(outage(fault="kill"), *errors), met(outage(), *errors)
    for name, outages in (("a", [kill, restart]), ("b", [restart, kill])):
        write(tmp_path / name, outages)
    first, second = ((tmp_path / name / "corpus.json").read_bytes() for name in "ab")
    assert first == second
    told = [(one.fault, one.phase) for one in msgspec.json.decode(first, type=Corpus).errors]
    phases = ("connect", "fetch", "rollback", "http", "")
    assert [(fault, phase) for fault in ("kill", "restart") for phase in phases] == told


def test_each_field_stands_in_the_file(tmp_path: Path) -> None:
    """Programs read it: nothing is left out for being empty."""
    write(tmp_path, [met(outage(), (0.5, {}))])
    text = (tmp_path / "corpus.json").read_text()
    assert set(Entry.__struct_fields__) <= set(re.findall(r'"(\w+)":', text))
