"""The page of a run, whatever its plan."""

from pathlib import Path

import pytest
from msgspec import structs

from recovery_lab.folder import RunInfo, read_run
from recovery_lab.judge.verdict import OutageVerdict, RunVerdict, judge_run
from recovery_lab.outage import OutageInfo
from recovery_lab.record.history import Event, LogLine
from recovery_lab.report import figures, markdown, timeline
from recovery_lab.report.words import outages_with, spread
from tests.unit.recovery_lab.histories import Script, application, outage
from tests.unit.recovery_lab.report import shared
from tests.unit.recovery_lab.report.played import ORIGIN, Played, keep

SAID = LogLine(
    at=ORIGIN + 0.45,
    pid=1,
    sqlstate="00000",
    application="",
    severity="LOG",
    message="database system is ready to accept connections",
)


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, RunVerdict]:
    """A user's command three times: two back at once, one never, and one played again."""
    played = [
        Played(repeat=1, missed=(0.3, 0.35), extra=[SAID]),
        Played(repeat=2, recovered_s=1.7),
        Played(repeat=3, recovered_s=99.0, limit_s=5.0),
    ]
    verdict = keep(tmp_path, played)
    return tmp_path, verdict


def test_page_of_a_command_is_one_for_a_ticket(watched: tuple[Path, RunVerdict]) -> None:
    """Median and worst, every run with all five outcomes, the server's log, where it ran."""
    run, verdict = watched
    page = markdown.page(read_run(run), verdict, again=["command-2.1"])
    for said in (
        "**failed**: 2 passed, 1 failed, 0 inconclusive cells, 0 references, 3 outages. Seed 7.",
        "- command-3 dashboard steady: failed: recovers: no recovery, censored 8.4 s after ready",
        "kept under `late/`: command-2.1.",
        "| ours (recovery lag) | 1.123 / never (3) |",
        "| 1 | passed | 0.480 | 0.123 | 0.322 | 208 | 12 | 0 | 2 | 0 | 1 | 0 |",
        "| command | dashboard | steady | subject | passed (uncontrolled) (2), failed (1) | 662 |",
        "| command | dashboard | 0.123 1.123 never |",
        (
            "| [command-1](timelines/command-1.svg) | adopted (plan 18-03) | 0.0 | 0.100 |"
            " 0.580 to 0.605 | 0.322 |"
        ),
        "| commit | 0123456789ab+, with uncommitted changes |",
        "| image postgres | recovery-lab/postgres:local sha256:77 |",
        "| processors | 2 |",
        "| PostgreSQL | 17.6 |",
        "+0.450 s [1] LOG: database system is ready to accept connections",
    ):
        assert said in page


def test_page_is_the_same_byte_for_byte(watched: tuple[Path, RunVerdict]) -> None:
    """A report is a function of the folder."""
    run, verdict = watched
    info = read_run(run)
    assert markdown.page(info, verdict) == markdown.page(info, verdict)


def test_page_says_what_was_not_judged(tmp_path: Path) -> None:
    """By contender and by the capability that is missing."""
    verdict = keep(tmp_path, [Played(capabilities=("application", "pool", "server log"))])
    page = markdown.page(read_run(tmp_path), verdict)
    assert "- dashboard steady: no liveness probe declared (liveness); no health" in page


def test_page_names_faults_that_the_target_cannot_have(tmp_path: Path) -> None:
    """They were left out, and it is no silence."""
    verdict = keep(tmp_path, [Played()])
    info = read_run(tmp_path)
    assert "Not available here" not in markdown.page(info, verdict)
    less = structs.replace(info, left_out={"login": "admin login", "lock": "table"})
    said = "not played: `login` (the target declares no admin login), `lock` (the target"
    assert said in markdown.page(less, verdict)


def test_page_says_what_was_waived(tmp_path: Path) -> None:
    """By contender and by the rule's name, with what was measured of it."""
    verdict = keep(tmp_path, [Played(recovered_s=99.0, limit_s=5.0, waived=("recovers",))])
    page = markdown.page(read_run(tmp_path), verdict)
    said = "- dashboard steady: waived by the plan, broken: no recovery, censored 8.4 s after ready"
    assert f"{said} (recovers)" in page


def test_run_has_its_page_its_pictures_and_what_was_played_again(tmp_path: Path) -> None:
    """All is written into the run's folder."""
    verdict = keep(tmp_path, [Played()])
    (tmp_path / "late/command-1.1").mkdir(parents=True)
    page = markdown.write(tmp_path, verdict)
    timeline.write_timelines(tmp_path, verdict)
    assert page == (tmp_path / "report.md").read_text()
    assert "kept under `late/`: command-1.1." in page
    assert (tmp_path / "timelines/command-1.svg").exists()


def page_of(run: Path, played: list[Played]) -> str:
    """Return the page of some outages; no pictures, which take a second each."""
    verdict = keep(run, played)
    return markdown.page(read_run(run), verdict)


def test_policies_of_one_run_are_told_apart(tmp_path: Path) -> None:
    """The demo's control and subject are the same contender under two policies."""
    naive = Played(job="idle", policy="naive", part="control: first reads", first_failed=2)
    page = page_of(tmp_path, [naive, Played(job="idle", policy="adopted", part="subject")])
    for said in (
        "| command | dashboard (naive) | idle | control | control failed, as it must (1) |",
        "| dashboard (naive) | idle | 2 | 1 of 1 outages | 2 of 5 | 0.003 / 0.003 (1) | n/a |",
        "| dashboard (adopted) | idle | 0 | 0 of 1 outages; at most 95 % (95 %) | 0 of 5 |",
    ):
        assert said in page


def solo(contender: str, lags: list[float], **more: object) -> list[Played]:
    """Return outages that one contender meets alone."""
    return [
        Played(
            fault="restart",
            contender=contender,
            solo=contender,
            repeat=number,
            recovered_s=0.7 + lag,
            **more,
        )
        for number, lag in enumerate(lags, start=1)
    ]


def test_solo_page_has_waits_differences_and_bounds(tmp_path: Path) -> None:
    """A difference is claimed against the one that has a twin, with its shift; no other is."""
    near, far = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25], [1.0, 1.05, 1.1, 1.15, 1.2, 1.25]
    played = [*solo("adopted", near), *solo("naive", far), *solo("twin", near)]
    page = page_of(tmp_path, played)
    for said in (
        "| restart | adopted | 0.123 0.173 0.223 0.273 0.323 0.373 |",
        (
            "| recovery lag, s | naive | adopted | 6 of 6, 6 of 6 | +1.000 (+0.850 to +1.150) |"
            " 0.0043 | different | |"
        ),
        (
            "| recovery lag, s | twin | adopted | 6 of 6, 6 of 6 | +0.000 (-0.150 to +0.150) |"
            " 1 | not distinguishable | |"
        ),
        "| restart | adopted | 0.003 / 0.003 (6) |",
    ):
        assert said in page


def test_small_family_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    """Three against three carry nothing."""
    played = [*solo("adopted", [0.0] * 3), *solo("twin", [0.0] * 3)]
    page = page_of(tmp_path, played)
    assert (
        "| twin | adopted | 3 of 3, 3 of 3 | | | refused | 3 against 3 repeats cannot carry" in page
    )


def test_outages_in_doubt_are_counted_though_they_do_not_count(tmp_path: Path) -> None:
    """Of m outages n count: a contender all of whose outages are in doubt is shown as well."""
    played = [*solo("adopted", [0.0] * 3), *solo("naive", [0.0] * 3, end_s=2.0)]
    played[1].end_s = 3.0
    page = page_of(tmp_path, [*played, *solo("twin", [0.0] * 3)])
    both = "0.003 / 0.003 (2) | " * 4 + "0.650 / 0.650 (2)"
    for said in (
        f"| restart | adopted | {both} | 2 of 3 |",
        "| restart | naive | - | - | - | - | - | 0 of 3 |",
        "| recovery lag, s | naive | adopted | 0 of 3, 2 of 3 | | | refused |",
    ):
        assert said in page


def test_outage_in_doubt_proves_no_zero(tmp_path: Path) -> None:
    """What was not seen whole says nothing of errors, unless some were seen in it."""
    played = [Played(repeat=n, recovered_s=0.5, end_s=end_s) for n, end_s in ((1, 9.0), (2, 2.0))]
    page = page_of(tmp_path, played)
    assert "| 0 | 0 of 1 outages; at most 95 % (95 %) |" in page
    assert "| 1 of 2 |" in page


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([0] * 20, "0 of 20 outages; at most 14 % (95 %)"),
        ([0, 3, 1], "2 of 3 outages"),
        ([], "0 of 0 outages"),
    ],
)
def test_zero_is_said_of_outages_with_its_bound(bad: list[int], said: str) -> None:
    """Never of reads, and never more than so many outages allow."""
    assert said == outages_with(bad)


def test_lags_are_listed_up_to_twenty_and_of_several_outages_only() -> None:
    """A longer list nobody reads; one lag stands in the table before."""
    judged = Played(fault="restart").judged()
    for count, said in (
        (1, None),
        (2, "0.123 0.123"),
        (20, "0.123 0.123"),
        (21, "21 outages: see"),
    ):
        page = figures.TABLES["lags"](None, judge_run([judged] * count, []))
        assert (said is not None) == ("dashboard" in page)
        assert f"| restart | dashboard | {said or ''}" in page or said is None


def test_what_never_came_is_the_worst() -> None:
    """It does not drop out of median and worst."""
    assert "0.500 / never (3)" == spread([0.1, None, 0.5])
    assert "never / never (2)" == spread([None, None])
    assert "-" == spread([])


def test_each_timeline_is_drawn_from_its_own_outage(tmp_path: Path, monkeypatch) -> None:
    """Whatever the order of the plan, which need not be that of the names."""
    drawn: dict[str, str] = {}

    def draw(path: Path, outage: OutageVerdict, info: OutageInfo, history: object) -> None:
        drawn[path.stem] = info.name

    monkeypatch.setattr(timeline, "write_timeline", draw)
    verdict = keep(tmp_path, [Played(repeat=2), Played(repeat=1)])
    timeline.write_timelines(tmp_path, verdict)
    assert {name: name for name in drawn} == drawn
    assert 2 == len(drawn)


def test_rows_are_told_apart_by_length_where_there_were_several(tmp_path: Path) -> None:
    """A fault of 2 s and one of 4 s are two rows, with how long the database was away."""
    played = [Played(), Played(repeat=2), Played(repeat=3, recovered_s=0.65)]
    whole = keep(tmp_path, played)
    longer = [
        structs.replace(one, info=structs.replace(one.info, hold_s=4.2 if n else 2.3))
        for n, one in enumerate(whole.outages)
    ]
    several = figures.TABLES["during"](read_run(tmp_path), structs.replace(whole, outages=longer))
    assert "| command of 2 s | dashboard | steady | 0.480 / 0.480 (1) | 11 | 1 of 1" in several
    assert "| command of 4 s | dashboard | steady | 0.480 / 0.480 (2) | 11, 11 |" in several
    assert "| command | dashboard |" in figures.TABLES["during"](read_run(tmp_path), whole)


def test_ticket_counts_from_a_hands_command_where_there_was_one(tmp_path: Path) -> None:
    """A restart of the application, once, of two outages; where there was none, no such row."""
    told = Event(at=ORIGIN + 4.0, action="kill", role="application")
    verdict = keep(tmp_path, [Played(extra=[told]), Played(repeat=2)])
    ticket = figures.TABLES["ticket"](read_run(tmp_path), verdict)
    assert "| from the application's restart to its first good read | 0.003 / 0.003 (1) |" in ticket
    none = structs.replace(verdict, outages=verdict.outages[1:])
    assert "restart" not in figures.TABLES["ticket"](read_run(tmp_path), none)


def beside(run: Path, **changed: object) -> str:
    """Return the page of two outages that a contender meets, alone or not."""
    opens = [[(0.3, 4), (1.5, 3)], [(0.3, 9)]]
    logs = [(-0.5, 7), (0.4, 2), (3.0, 10)]
    return markdown.page(*judged(run, [outage(opens=n, logs=logs, **changed) for n in opens]))


def judged(run: Path, scripts: list[Script]) -> tuple[RunInfo, RunVerdict]:
    """Return a kept run of some scripts."""
    verdict = shared.keep(run, scripts)
    return read_run(run), verdict


def test_connections_and_log_stand_by_contender(tmp_path: Path) -> None:
    """Of all outages; what they cost is told of a contender alone in its own."""
    page = beside(tmp_path)
    assert (
        "| restart | adopted | 1.930 / 1.930 (2) | 8 / 9 (2) | 6.5 / 9 (2) | 10 / 10 (2) |" in page
    )
    assert "What an outage costs" not in page


def test_costs_are_of_contenders_alone(tmp_path: Path) -> None:
    """Before, during and after; both outages count."""
    page = beside(tmp_path, solo="adopted", every_s=0.0125, reads_per_s=20.0)
    costs = "| 10.0 / 10.0 / 10.0 | 49.9 / 51.9 / 56.9 | 7.00 / 1.02 / 2.00 | 700 / 102 / 200 |"
    assert f"| restart | adopted {costs} 2 of 2 |" in page


def test_outage_in_doubt_counts_for_no_cost(tmp_path: Path) -> None:
    """Nor does one whose meter fell silent for its connections."""
    script = outage(
        solo="adopted", reads_per_s=20.0, every_s=0.0125, uncounted=(1.0, 4.0), logs=[(0.4, 10)]
    )
    info, verdict = judged(tmp_path, [script])
    assert "adopted" not in figures.TABLES["costs"](info, verdict)
    connections = figures.TABLES["connections"](info, verdict)
    assert "| restart | adopted | 1.930 / 1.930 (1) | - | - | 10 / 10 (1) |" in connections
    doubt = "in doubt: its connections were not counted for 3.2 s"
    assert doubt in markdown.page(info, verdict)


def test_older_run_has_no_such_tables(tmp_path: Path) -> None:
    """Nobody measured then."""
    page = markdown.page(*judged(tmp_path, [outage(metered=False, solo="adopted")]))
    assert "Connections and log" not in page
    assert "What an outage costs" not in page


def test_green_while_users_wait_stands_by_outage(tmp_path: Path) -> None:
    """A figure of the application's."""
    page = markdown.page(*judged(tmp_path, [application(), outage()]))
    assert " | 0.522 | 0.550 | seen |" in page
    assert " | 0.522 | - | seen |" in page
