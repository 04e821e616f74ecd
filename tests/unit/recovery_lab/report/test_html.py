"""The page of a run in one file: small, whole, safe, and never greener than what was seen."""

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.folder import read_run
from recovery_lab.judge.doubt import Doubt
from recovery_lab.judge.verdict import RunVerdict, judge_run
from recovery_lab.outage import JOBS
from recovery_lab.report import html
from recovery_lab.report.html import LEVELS, LIMIT, page, write
from recovery_lab.report.korean import KOREAN
from recovery_lab.report.lanes import BAD, Lane, Lanes, drawn, read_lanes
from tests.unit.recovery_lab.histories import ORIGIN, cold, crowd, fresh, outage
from tests.unit.recovery_lab.report.shared import (
    NEVER,
    info_of,
    keep,
    page_of,
    repeated,
    script,
)

REPORT = Path(html.__file__).parent
HOSTILE = "<script>alert('x')</script><img src=http://elsewhere/>"
VOID = {"meta", "input", "br", "path"}


class Outline(HTMLParser):
    """What a page consists of: its elements, its text, and whether each one is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element down."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element without content down."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def of(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def head(text: str) -> str:
    """Return the element that holds the verdict in a line."""
    return re.search(r'<p class="verdict.*?</p>', text, re.DOTALL)[0]


def said(text: str, language: str = "en") -> str:
    """Return what a page shows in one language."""
    other = {"en": "ko", "ko": "en"}[language]
    shown = re.sub(rf"<span lang={other}>.*?</span>|<style>.*?</style>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", re.sub(r"</t[dh]>", " ", shown)).split())


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[str, RunVerdict, Lanes]:
    """The page of three outages, in one of which a subject never came back."""
    scripts = [script("naive", "adopted", "retry", "pinned") for _ in range(3)]
    scripts[1].cells[2].recovered_s, scripts[1].limit_s = NEVER, 5.0
    run = tmp_path_factory.mktemp("run")
    verdict = keep(run, scripts)
    return write(run, verdict).read_text(), verdict, read_lanes(run, verdict)


def test_page_asks_nobody_for_anything(kept) -> None:
    """No element loads; its own policy forbids it besides, but for the one script it carries."""
    text = kept[0]
    outline = Outline(text)
    assert {"#"} == {a["href"][0] for a in outline.of("a")}
    loading = {"src", "srcset", "data", "poster", "action", "background", "xlink:href"}
    assert [] == [e for e in outline.elements if loading & e[1].keys() or e[0] in ("link", "base")]
    assert not re.search(r"url\(|@import|fetch|https?:", text)
    policy = next(
        m["content"] for m in outline.of("meta") if "content" in m and m.get("http-equiv")
    )
    script_ = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = b64encode(sha256(script_.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in policy


def test_page_is_well_formed_and_told_apart_without_eyes(kept) -> None:
    """All that is opened is closed; tables have captions, heads a scope, each id is one."""
    text = kept[0]
    outline = Outline(text)
    assert ([], []) == (outline.wrong, outline.open)
    assert len(outline.of("table")) == len(outline.of("caption"))
    assert all(th.get("scope") in ("col", "row") for th in outline.of("th"))
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert {1} == set(ids.values())
    named = [a["aria-labelledby"] for _, a in outline.elements if "aria-labelledby" in a]
    assert set(named) <= set(ids)
    pictures = [svg for svg in outline.of("svg") if svg["viewbox"].startswith("0 0 1000")]
    assert {"true"} == {svg.get("aria-hidden") for svg in pictures}


def test_each_cell_leads_to_its_timeline(kept) -> None:
    """By a link to what opens, one for each contender's job under each fault."""
    text, verdict, _ = kept
    outline = Outline(text)
    links = [a["href"][1:] for a in outline.of("a") if a["href"] != "#matrix"]
    assert links == sorted(links, key=links.index)
    assert {details["id"] for details in outline.of("details")} == set(links)
    assert len(verdict.outages[0].cells) == len(links)


def test_every_read_that_was_not_good_is_on_the_page(kept) -> None:
    """The path of each lane's failed, hung, missed and unfinished reads stands there whole."""
    text, _, lanes = kept
    across = html.axis(at for lane in lanes.values() for at in lane.dues)
    counted = Counter(
        path
        for lane in lanes.values()
        for outcome, path in drawn(lane, across, 0).items()
        if outcome in BAD
    )
    assert counted
    assert counted == Counter({path: text.count(f'd="{path}"') for path in counted})


def test_head_of_a_failed_run_is_never_green(kept) -> None:
    """Nor are its margins, whatever else passed; its words say what failed."""
    text = kept[0]
    assert "passed" not in Outline(head(text)).of("p")[0]["class"]
    assert said(head(text)).startswith("failed: 1 failed, 0 inconclusive, 17 passed of 18 deciding")
    margins = text[text.index("Margins") : text.index('id="matrix"')]
    assert 'class="passed"' not in margins
    assert "not seen back after ready, in restart-2 adopted: target 60 s, limit 5 s." in said(
        margins
    )


def test_head_believes_no_stored_verdict(kept) -> None:
    """One that says passed above a cell that failed has been meddled with, or is of a fault."""
    _, verdict, lanes = kept
    lying = msgspec.structs.replace(verdict, verdict="passed")
    text = page(info_of([outage.info for outage in verdict.outages]), lying, lanes)
    assert "verdict failed" == Outline(head(text)).of("p")[0]["class"]


def test_red_cell_has_its_command_and_who_mended_it(kept) -> None:
    """With how many outages; the control that broke has its own table."""
    shown = said(kept[0])
    assert "recovery-lab run --faults restart --contenders adopted --repeats 3 --seed 7" in shown
    mended = "retry mended it: it kept “recovers” in 3 of the same 3 outages, in 1 of which this"
    assert mended in shown
    assert "at most 63 % (95 %)" in shown
    assert "pinned mended" not in shown
    assert "naive mended" not in shown


def test_passed_run_has_its_margin_in_its_head(tmp_path: Path) -> None:
    """What the plan promised, and by how much it was kept."""
    one = script("adopted", "pinned")
    one.cells[0].recovered_s = 2.8
    text = page_of(tmp_path, [one])
    assert 'class="verdict passed"' in head(text)
    shown = said(text)
    assert "59.2 s inside the 60 s target, 119.2 s inside the 120 s limit." in shown
    assert "목표 60초까지 59.2초 남음" in said(text, "ko")
    assert "Nothing failed, and nothing is in doubt." in shown


def test_doubtful_run_says_so_in_its_head_and_why(tmp_path: Path) -> None:
    """Inconclusive is not green either."""
    text = page_of(tmp_path, [script("adopted", "pinned", complete=False)])
    assert 'class="verdict inconclusive"' in head(text)
    assert "In doubt: the outage was not recorded to its end: restart-1" in said(text)


def test_uncontrolled_pass_is_told(tmp_path: Path) -> None:
    """In its cell, and among what the run does not show."""
    shown = said(page_of(tmp_path, [script("adopted")]))
    assert "passed 1 of 1 uncontrolled" in shown
    assert "nothing shows that the fault could have hurt: restart adopted steady" in shown


def test_fault_that_the_target_cannot_have_is_among_what_the_run_does_not_show(
    tmp_path: Path,
) -> None:
    """In both languages, as all else."""
    verdict = keep(tmp_path, [script("adopted")])
    less = msgspec.structs.replace(read_run(tmp_path), left_out={"lock": "table"})
    text = page(less, verdict, read_lanes(tmp_path, verdict))
    assert "lock: not played, the target declares no table." in said(text)
    assert "lock: 대상 파일에 table 선언이 없어 실행하지 않음." in text


def test_run_of_idle_pools_alone_has_no_lags(tmp_path: Path) -> None:
    """It has first reads; of the lags nothing is said."""
    one = script("naive", "adopted", capabilities=["contenders", "server log"])
    one.cells = [cell for cell in one.cells if cell.job == "idle"]
    shown = said(page_of(tmp_path, [one]))
    assert "there is no lag to tell" in shown
    assert "Recovery lags" not in shown
    assert "restart naive control 1 of 1 1 of 1 5/5" in shown
    assert (
        "restart adopted subject 1 of 1 0 of 1, so at most 95 % of such outages (95 %) 0/5" in shown
    )


@pytest.mark.parametrize(
    ("job", "words"),
    [("fresh", "조회마다 새 연결"), ("cold", "장애 중 시작"), ("crowd", "몰린 조회")],
)
def test_each_job_has_its_table_its_lags_and_its_words(
    tmp_path: Path, job: str, words: str
) -> None:
    """As the steady one, told apart from it; in both languages."""
    one = {"fresh": fresh, "cold": cold, "crowd": crowd}[job]()
    text = page_of(tmp_path, [one])
    shown = said(text)
    assert f"{job}: under each outcome the recovery lag" in shown
    assert f"Recovery lags under restart {job}, s" in shown
    assert f"adopted, restart, {job}" in shown
    assert "0.123 / 0.123" in shown
    assert "there is no lag to tell" not in shown
    assert words in text


def test_outages_that_never_began_are_named(tmp_path: Path) -> None:
    """The head counts them, the end names them."""
    verdict = keep(tmp_path, [script("adopted", "pinned")])
    broken_off = judge_run(verdict.outages, ["restart-1", "restart-2", "kill-1"])
    text = page(info_of([verdict.outages[0].info]), broken_off, {})
    assert 'class="verdict inconclusive"' in head(text)
    assert "2 planned outages never began." in said(head(text))
    assert "Planned, never begun: restart-2, kill-1" in said(text)


def test_run_without_any_outage_has_a_page(tmp_path: Path) -> None:
    """It broke off before the first: inconclusive, and nothing is there to show."""
    info = script("adopted").info()
    text = page(info_of([info]), judge_run([], [info.name]), {})
    assert 'class="verdict inconclusive"' in head(text)
    assert "No outage was played." in said(text)


def test_committed_run_has_no_timelines_and_says_so(tmp_path: Path) -> None:
    """Its histories were not kept."""
    verdict = keep(tmp_path, [script("adopted", "pinned")])
    text = page(info_of([verdict.outages[0].info]), verdict, {})
    assert "its history was not kept: no timeline" in said(text)
    assert 'viewBox="0 0 1000 88"' not in text


def test_torn_history_is_named_and_no_page_is_written(tmp_path: Path) -> None:
    """An empty picture would look like a quiet outage."""
    verdict = keep(tmp_path, [script("adopted")])
    (tmp_path / "outages/restart-1/history.jsonl").write_text("{}\n")
    with pytest.raises(BadInputError, match=r"history\.jsonl, line 1: not a record"):
        write(tmp_path, verdict)
    assert not (tmp_path / "report.html").exists()


def test_whatever_others_said_is_escaped(tmp_path: Path) -> None:
    """A driver's words, a rule's name, a fault's trouble, a host's: none becomes an element."""
    one = script("adopted", "pinned", waived=[HOSTILE], trouble=HOSTILE)
    failed = one.cells[0].read(9001, 0.3, "failed")
    one.extra = [msgspec.structs.replace(failed[1], message=HOSTILE, op=9001), failed[0]]
    verdict = keep(tmp_path, [one], host={HOSTILE: HOSTILE}, name=HOSTILE)
    cells = [
        msgspec.structs.replace(cell, not_judged=[f"{HOSTILE}: waived by the plan, kept"])
        for cell in verdict.outages[0].cells
    ]
    outage = msgspec.structs.replace(verdict.outages[0], cells=cells)
    verdict = msgspec.structs.replace(verdict, outages=[outage])
    info = info_of([outage.info], host={HOSTILE: HOSTILE}, name=HOSTILE)
    text = page(info, verdict, read_lanes(tmp_path, verdict))
    outline = Outline(text)
    assert (1, 0) == (len(outline.of("script")), len(outline.of("img")))
    assert ([], []) == (outline.wrong, outline.open)
    shown = said(text)
    for where in ("connection_lost: ", "plan waives: ", "In doubt: ", "kept ("):
        assert f"{where}&lt;script&gt;" in shown
    assert ORIGIN


def test_page_is_the_same_byte_for_byte(kept) -> None:
    """A report is a function of the folder."""
    text, verdict, lanes = kept
    info = info_of([outage.info for outage in verdict.outages])
    assert text == page(info, verdict, lanes) == page(info, verdict, lanes)


def large(outages: int) -> tuple[RunVerdict, Lanes]:
    """Return a run whose every outage eight contenders meet, with lanes that differ in each."""
    names = ("naive", "pinned", *(f"policy-{number}" for number in range(6)))
    _, one = repeated(script(*names), 1)
    verdicts = [
        msgspec.structs.replace(
            one, name=f"restart-{n}", info=msgspec.structs.replace(one.info, repeat=n)
        )
        for n in range(1, outages + 1)
    ]
    lanes = {
        (outage.name, cell.contender, cell.job): Lane(
            good=[(-2 + at * 0.0503 + n / 997, (at * n % 89) / 500) for at in range(400)],
            bad={"failed": [at * 0.0507 + n / 991 for at in range(22)], "missed": [2.0, 2.1]},
        )
        for n, outage in enumerate(verdicts)
        for cell in outage.cells
    }
    return judge_run(verdicts, [one.name for one in verdicts]), lanes


@pytest.mark.parametrize(("outages", "detailed"), [(30, 30), (200, 40)])
def test_page_is_bounded(outages: int, detailed: int) -> None:
    """Thirty outages with eight contenders stand there whole; of many, some without detail."""
    verdict, lanes = large(outages)
    text = page(info_of([outage.info for outage in verdict.outages]), verdict, lanes)
    assert LIMIT / 4 < len(text.encode()) <= LIMIT <= 1_000_000
    assert detailed * len(verdict.outages[0].cells) == text.count('class="lane"')
    left_out = f"{outages - detailed} of {outages} outages stand here without detail"
    assert (outages > detailed) == (left_out in said(text))
    cell = verdict.outages[0].cells[0]
    across = html.axis(at for lane in lanes.values() for at in lane.dues)
    path = drawn(lanes["restart-1", cell.contender, cell.job], across, 0)["failed"]
    assert f'd="{path}"' in text


def test_page_thins_the_good_reads_before_anything_else() -> None:
    """First fewer of them, then none, and only then fewer outages."""
    columns, shares = zip(*LEVELS, strict=True)
    assert list(columns) == sorted(columns, reverse=True)
    assert {1.0} == {share for column, share in LEVELS if column}
    assert (0, 1.0) in LEVELS
    assert (list(shares), 0.0) == (sorted(shares, reverse=True), shares[-1])


def test_what_cannot_be_made_small_is_refused_in_a_line(monkeypatch) -> None:
    """No file is better than one that nobody can open."""
    verdict, lanes = large(1)
    monkeypatch.setattr(html, "LIMIT", 1000)
    with pytest.raises(BadInputError, match="restart: its page does not fit into 1000 bytes"):
        page(info_of([verdict.outages[0].info]), verdict, lanes)


def test_endless_words_are_cut() -> None:
    """A doubt of a million letters does not make the page too large."""
    verdict, lanes = large(1)
    doubt = [Doubt(kind="unsure", said="x" * LIMIT)]
    outage = msgspec.structs.replace(verdict.outages[0], doubts=doubt)
    text = page(info_of([outage.info]), judge_run([outage], [outage.name]), lanes)
    assert len(text.encode()) < LIMIT


def test_connections_and_costs_have_their_tables(tmp_path: Path) -> None:
    """The costs of contenders alone; an older run has neither."""
    measured = {"opens": [(0.3, 4)], "solo": "adopted", "every_s": 0.0125, "reads_per_s": 20.0}
    text = said(page_of(tmp_path / "new", [outage(**measured)]))
    assert "restart adopted 1.930 / 1.930 (1) 4 / 4 (1) 4 / 4 (1) 0 / 0 (1)" in text
    assert "restart adopted 10.0 / 10.0 / 10.0 49.9 / 51.9 / 56.9 0.00 / 0.00 / 0.00" in text
    shared = said(page_of(tmp_path / "shared", [outage(opens=[(0.3, 4)])]))
    assert ("Connections, log and costs" in shared, "memory, MB" in shared) == (True, False)
    assert "Connections, log" not in said(page_of(tmp_path / "old", [outage(metered=False)]))


def sources() -> str:
    """Return the code that says something on the page."""
    files = ["templates/run.html", "html.py", "overview.py"]
    return "\n".join((REPORT / name).read_text() for name in files)


def test_every_text_has_its_korean_and_no_korean_is_left_over() -> None:
    """A page that lacks one cannot be made; one that nobody says is of no use."""
    texts = set(re.findall(r'\bt\("((?:[^"\\]|\\.)*)"', sources()))
    assert texts
    assert {text for text in texts if not text.endswith(" s ")} <= KOREAN.keys()
    words = sources()
    computed = {
        f"{{s}} s {way} the {{bound}} s {what}"
        for way in ("inside", "past")
        for what in ("target", "limit")
    }
    by_value = {
        *JOBS,
        "subject",
        "control",
        "reference",
        "passed (uncontrolled)",
        "control failed, as it must",
    }
    assert set() == {key for key in KOREAN if f'"{key}"' not in words} - computed - by_value


@pytest.mark.parametrize("english", list(KOREAN))
def test_both_languages_name_the_same_figures(english: str) -> None:
    """A translation that forgets a number says something else."""

    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert fields(english) == fields(KOREAN[english])
