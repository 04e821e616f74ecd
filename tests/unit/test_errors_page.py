"""docs/errors.md: every measured text is explained, and what explains is measured."""

import re
from pathlib import Path

import msgspec
import pytest

from recovery_lab.report.corpus import Corpus, Entry
from tests.errors.page import (
    CORPORA,
    Meaning,
    by_meaning,
    errors,
    heading,
    innocents,
    of_drivers,
    outages,
    proven,
    read_corpora,
    read_meanings,
)
from tests.tables import RUNS

KNOWN = read_meanings()
MET = of_drivers(read_corpora(RUNS))
GUILTY = [one for one in MET if not one.innocent]


def entry(text: str, phase: str = "execute", **changed: object) -> Entry:
    """Return an error that was met once."""
    words = {"fault": "restart", "driver": "psycopg2 2.9", "error_class": "OperationalError"}
    counts = {"count": 1, "outages": 1, "before": 0, "in_outage": 1, "after_ready": 0}
    own = {"sqlstate": "", "said": "", "innocent": False, "contenders": ["dying"]}
    return msgspec.convert(
        {**words, **counts, **own, "text": text, "phase": phase, **changed}, Entry
    )


def unexplained(met: list[Entry]) -> set[str]:
    """Return the texts that no meaning fits."""
    return {
        one.text for meaning, own in by_meaning(met, KNOWN.meanings) if not meaning for one in own
    }


def test_each_measured_text_is_explained() -> None:
    """A run that meets new words makes this red: somebody has to say what they mean."""
    assert set() == unexplained(GUILTY)


def test_unheard_of_text_is_found() -> None:
    """Control: what nobody has explained is not put under another text."""
    assert {"an unheard-of loss"} == unexplained([*GUILTY, entry("an unheard-of loss")])


def test_each_meaning_was_met_and_so_was_each_of_its_texts() -> None:
    """The page repeats no folklore: a pattern that fits nothing measured has to go."""
    for meaning, met in by_meaning(GUILTY, KNOWN.meanings):
        assert meaning is not None
        for text in meaning.texts:
            assert any(re.search(text, one.text) for one in met), (text, [o.text for o in met])


def test_each_proof_is_used_and_says_figures_of_its_run() -> None:
    """A cure is claimed with how often it was seen to hold, and how often its absence failed."""
    assert set(KNOWN.proofs) == {name for meaning in KNOWN.meanings for name in meaning.proofs}
    told = proven(KNOWN.proofs["ping"], RUNS)
    assert "`only-pool_pre_ping` 20 of 20, `naive` 0 of 20 (restart, kill)." in told


def test_proof_of_nobody_is_no_proof(tmp_path: Path) -> None:
    """Control: a contender that was not there is told as none of none."""
    proof = msgspec.structs.replace(KNOWN.proofs["ping"], contenders=["nobody"])
    assert "`nobody` 0 of 0" in proven(proof, RUNS)


def test_phase_tells_two_meanings_of_one_text_apart() -> None:
    """A connect that was hung up on is another thing than a session that is gone."""
    text = "server closed the connection unexpectedly"
    first, second = entry(f'connection to server at "HOST" failed: {text}', "connect"), entry(text)
    told = [own for _, own in by_meaning([first, second], KNOWN.meanings) if own]
    assert [[first], [second]] == told


def test_heading_is_the_shortest_text_without_where_it_connects() -> None:
    """As one pastes it into a search box."""
    meaning = Meaning(texts=["refused", "gone"], happened="", cures="")
    where = 'connection to server at "HOST" (ADDRESS), port PORT failed: '
    met = [entry("gone"), entry(where + "Connection refused"), entry("it was refused, at length")]
    assert "Connection refused" == heading(meaning, met)


def test_innocent_errors_are_told_apart(tmp_path: Path) -> None:
    """They are in their own table, and in no section; their outages are counted."""
    met = [entry("canceling statement", innocent=True), entry("Connection refused", "connect")]
    for name in CORPORA.values():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        corpus = Corpus(outages={"restart": 2}, errors=met)
        (tmp_path / name).write_bytes(msgspec.json.encode(corpus))
    assert "| `canceling statement` | `OperationalError` | none |" in innocents(tmp_path)
    assert "| all | 2 | 2 | 2 |" in outages(tmp_path)
    assert "canceling" not in " ".join(one.text for one in GUILTY)
    with pytest.raises(FileNotFoundError):
        errors(tmp_path / "nowhere")
