"""A contender that is made by its first read."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from recovery_lab.contenders.cold import DiedError, MadeByReading
from tests.unit.recovery_lab.contenders.conftest import Scripted


def test_contender_is_made_once_by_whoever_reads_first(adapter: Scripted) -> None:
    """The others wait until it is there; what it says of an error are its own words."""
    made, may = [], threading.Event()

    def make() -> Scripted:
        made.append(adapter)
        assert may.wait(5.0)
        return adapter

    one = MadeByReading(make)
    assert [] == made
    with ThreadPoolExecutor(3) as threads:
        reads = [threads.submit(one.read, str(nonce)) for nonce in range(3)]
        may.set()
        assert ["0", "1", "2"] == [read.result(5.0)["nonce"] for read in reads]
    assert [adapter] == made
    assert None is one.look()
    adapter.fails = True
    with pytest.raises(ConnectionError) as caught:
        one.read("3")
    assert ("execute", "gone") == tuple(one.failure(caught.value)[n] for n in ("phase", "message"))


@pytest.mark.parametrize(
    ("ends", "error_class", "said"),
    [
        (lambda: {}["host"], "KeyError", "'host'"),
        (lambda: sys.exit("no database\nsee the log"), "SystemExit", "no database"),
        (sys.exit, "SystemExit", ""),
    ],
)
def test_contender_that_cannot_be_made_has_died(ends, error_class: str, said: str) -> None:
    """Its own failure, told at each read; nobody starts it anew."""
    began = []

    def make() -> Scripted:
        began.append(1)
        ends()
        pytest.fail("it lives")

    one = MadeByReading(make)
    for _ in range(2):
        with pytest.raises(DiedError) as caught:
            one.read("1-abc")
        told = {"phase": "start", "kind": "died", "error_class": error_class, "message": said}
        assert {**told, "sqlstate": ""} == one.failure(caught.value)
    assert [1] == began
