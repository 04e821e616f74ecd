"""The kinds over what was measured: each error of an outage is one, each innocent error is none."""

import psycopg2
import psycopg2.errors
import pytest

from dashboard.errors import classify
from recovery_lab.report.corpus import Entry as Measured
from tests.unit.dashboard import corpus
from tests.unit.dashboard.measured import KINDS, as_entry, bare, read

MET = read()
GUILTY = [one for one in MET if not one.innocent]
INNOCENT = [one for one in MET if one.innocent]


def named(one: Measured) -> str:
    """Return a name for a test's report."""
    return f"{one.fault}-{one.phase}-{one.text[-40:]}"


@pytest.mark.parametrize("one", GUILTY, ids=named)
def test_error_of_an_outage_has_a_kind_of_its_fault(one: Measured) -> None:
    """Whatever the phase, through the engine and raw; never a query that the database rejected."""
    entry = as_entry(one)
    for error in (entry.of_engine(), entry.driver()):
        assert classify(error).kind in KINDS[one.fault], one


@pytest.mark.parametrize("one", INNOCENT, ids=named)
def test_innocent_error_is_no_outage(one: Measured) -> None:
    """It sounds alike, was raised on purpose, and its session went on."""
    if not hasattr(psycopg2, one.error_class) and not hasattr(psycopg2.errors, one.error_class):
        assert "ConnectionRefusedError" == one.error_class  # of another service
        assert "internal" == classify(ConnectionRefusedError(one.text)).kind
    else:
        assert "query_failed" == classify(as_entry(one).of_engine()).kind


def test_both_corpora_call_one_text_by_one_kind() -> None:
    """What was written down by hand is what was measured, where both have it."""
    by_hand: dict[tuple[object, ...], set[str]] = {}
    for entry in corpus.read():
        key = (entry.phase == "connect", bare(entry.text), bool(entry.last))
        by_hand.setdefault(key, set()).add(entry.kind)
    known = 0
    for one in GUILTY:
        key = (one.phase == "connect", bare(one.text), one.said not in ("", one.text))
        if key in by_hand:
            known += 1
            assert classify(as_entry(one).driver()).kind in by_hand[key], one
    assert known > 10


def test_there_are_errors_of_every_phase_and_innocent_ones() -> None:
    """Control: an empty corpus would pass all of the above."""
    phases = {"connect", "checkout", "execute", "fetch", "commit", "rollback"}
    assert phases == {one.phase for one in GUILTY}
    assert len({one.text for one in INNOCENT}) > 8
