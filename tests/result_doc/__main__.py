"""Writes the plan's result document from the committed runs: `make result-doc`."""

from collections.abc import Mapping
from math import inf
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recovery_lab.files import write_whole
from recovery_lab.judge.differences import ALPHA
from recovery_lab.judge.thresholds import THRESHOLDS
from recovery_lab.report import words
from tests.result_doc import figures, records
from tests.result_doc.figures import Figure, Table
from tests.result_doc.said import SAID
from tests.tables import ROOT, RUNS

CONNECTOR = "dashboard/db_connector.py"
NAME = "18-03_dashboard_db_connection_pool_resilience_result"
PAGES = {"ko": f"docs/work-result/{NAME}.md", "en": f"docs/work-result/{NAME}.en.md"}


class Voice:
    """Says figures in one language, and keeps which sources it has named."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said
        self._cited: dict[str, None] = {}

    def say(self, value: object) -> object:
        """Return a figure in words, with the mark of its source; a length in s; else the value."""
        if isinstance(value, Figure):
            told = self._said[value.kind].format(*map(self.say, value.values))
            return told + self._mark(value.source)
        if value in (None, inf):
            return self._said["never"]
        return self._said["seconds"].format(value) if isinstance(value, float) else value

    def table(self, told: Table | Figure, heads: str) -> object:
        """Return a table under its heads, each with the mark of its column's source."""
        if isinstance(told, Figure):
            return self.say(told)
        marks = map(self._mark, told.sources)
        titles = [head + mark for head, mark in zip(heads.split("|"), marks, strict=True)]
        return words.table(titles, [[self.say(cell) for cell in row] for row in told.rows])

    def notes(self) -> str:
        """Return the footnotes: each source that was named, with the file it stands in."""
        return "".join(f"[^{source}]: {_place(source)}\n" for source in self._cited)

    def _mark(self, source: str) -> str:
        if source:
            self._cited[source] = None
        return f"[^{source}]" * bool(source)


def _place(source: str) -> str:
    record, *where = source.split("/")
    file = record if record.endswith(".json") else f"{record}/verdict.json"
    return f"[{record}](../runs/{file}): {' · '.join(where)}"


def facts(runs: Path) -> dict[str, object]:
    """Return all that the document says of the committed records in `runs`, in no language."""
    found, checks = figures.Runs(runs), records.Checks(runs)
    return {
        "doubts": [*found.doubts(), *checks.doubts()],
        "f": {name: found.figure(asked) for name, asked in figures.FIGURES.items()},
        "watched": found.watched,
        "by_hand": {name: found.watched(name) for name in figures.BY_HAND},
        "t": {name: found.contenders(*asked) for name, asked in figures.TABLES.items()},
        "claims": {name: found.claims(name) for name in ("solo", "alternatives-solo")},
        "evidence": found.evidence(),
        "records": records.evidence(runs),
        "surroundings": found.surroundings(),
        "checks": checks,
        "price": records.price(runs),
        "options": records.options(),
        "comment": records.comment((ROOT / CONNECTOR).read_text()),
        "notice": records.notice(runs),
        "alerts": records.alerts((ROOT / "prometheus/alerts.yml").read_text()),
        "confidence": f"{100 * (1 - ALPHA):g}",
        "target_min": f"{THRESHOLDS.target_s / 60:g}",
        "limit_min": f"{THRESHOLDS.limit_s / 60:g}",
    }


def made(language: str, runs: Path = RUNS) -> str:
    """Return the document in a language."""
    voice = Voice(SAID[language])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,  # a name that it does not find is an error, never a gap
        finalize=voice.say,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    )
    told = environment.get_template(f"{language}.md.jinja").render(
        **facts(runs), table=voice.table, pages={k: Path(p).name for k, p in PAGES.items()}
    )
    return f"{told}\n{voice.notes()}"


if __name__ == "__main__":
    for page, content in {path: made(language) for language, path in PAGES.items()}.items():
        write_whole(ROOT / page, content.encode())
