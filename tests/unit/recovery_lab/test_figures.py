"""The figures of a cell, each on a history that has it."""

import pytest

from recovery_lab.judge.figures import quantiles
from recovery_lab.judge.measures import Operation
from tests.unit.recovery_lab.golden import Golden


def took(*latencies: float) -> list[Operation]:
    """Return good operations with these latencies in s."""
    return [
        Operation(scheduled_at=0.0, started_at=0.0, ended_at=latency, outcome="ok")
        for latency in latencies
    ]


def test_quantiles_are_values_that_were_measured() -> None:
    """Nearest rank over 100 values: the 50th and the 99th."""
    found = quantiles(took(*(i / 1000 for i in range(100, 0, -1))))
    assert (100, 0.05, 0.099) == (found.count, found.p50_s, found.p99_s)


def test_quantiles_of_nothing_are_none() -> None:
    """No window, no number."""
    assert (0, None) == (quantiles([]).count, quantiles([]).p50_s)


def test_latency_counts_from_the_schedule() -> None:
    """A read that was scheduled 2 s before it could start has waited 2 s."""
    late = Golden(late_s=2.0)
    assert late.cell().figures.longest_read_s == pytest.approx(0.003)
    late.extra += late.read(9001, 4.0, "ok", took_s=2.5)
    assert late.cell().figures.longest_read_s == pytest.approx(2.5)


def test_recovery_lag_counts_from_readys_early_end() -> None:
    """The last bad probe began at 1.98 s; the first good read ended at 2.103 s."""
    assert Golden().cell().figures.recovery_lag_s == pytest.approx(0.123)


def test_detection_is_the_end_of_the_first_bad_read() -> None:
    """Lost at 0.05 s; the read due then failed 3 ms later."""
    assert Golden().cell().figures.detection_s == pytest.approx(0.053)


def test_errors_are_parted_by_their_schedule() -> None:
    """41 reads are due from the loss to recovery; one of them after ready's late end, 2.005 s."""
    seen = Golden().cell().figures
    assert (0, 40, 1) == (seen.errors_before, seen.errors_in_outage, seen.errors_after_ready)


def test_zero_errors_carry_their_bound() -> None:
    """The rule of three; where there was an error there is no bound."""
    clean = Golden(recovered_s=2.0).cell().figures
    assert clean.error_rate_bound == pytest.approx(3 / clean.operations_after_ready, rel=1e-3)
    assert Golden().cell().figures.error_rate_bound is None


def test_unfinished_reads_are_censored_never_dropped() -> None:
    """Unfinished for less than 10 s at the end: unfinished; longer: hung."""
    golden = Golden(end_s=20.0)
    golden.extra += golden.read(9001, 15.0, "unfinished") + golden.read(9002, 5.0, "unfinished")
    seen = golden.cell().figures
    assert (1, 1) == (seen.unfinished, seen.hung)
    assert seen.longest_read_s == pytest.approx(15.0)


def test_missed_operations_are_counted() -> None:
    """Due while all workers were busy."""
    golden = Golden()
    golden.extra += [golden.missed(1.01), golden.missed(1.02)]
    assert 2 == golden.cell().figures.missed


def test_instants_of_an_outage_count_from_its_fault() -> None:
    """Steps and ready are told in seconds after the fault was asked for."""
    judged = Golden().judged()
    assert 1.5 == judged.steps["healed"]
    assert judged.ready_early_s == pytest.approx(1.98)
    assert judged.end_s == pytest.approx(9.0)
