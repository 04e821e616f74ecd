"""What may be claimed to differ: against published tables, brute force and simulated runs."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import inf, nan
from random import Random

import pytest

from recovery_lab.judge.differences import (
    Difference,
    differences,
    hodges_lehmann,
    holm,
    mann_whitney,
    outages_bound,
    repeats_needed,
)

# Hollander and Wolfe, Nonparametric Statistical Methods, example 4.1; also R's wilcox.test.
TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]
LOW, HIGH = [1.0, 2.0, 3.0, 4.0, 5.0], [11.0, 12.0, 13.0, 14.0, 15.0]
MIXED = [1.5, 2.5, 3.5, 4.5, 5.5]


Family = tuple[dict[str, list[float]], str, str]  # samples, the reference, its twin


def family(twin: Sequence[float] = MIXED, **contenders: Sequence[float]) -> Family:
    """Return contenders against `naive`, whose values are 1 to 5 s, with its twin."""
    samples = {"naive": LOW, "twin": list(twin)}
    samples |= {name: list(values) for name, values in contenders.items()}
    return samples, "naive", "twin"


def compared(asked: Family) -> dict[str, Difference]:
    """Return a family's differences by contender."""
    return {found.contender: found for found in differences(*asked)}


def words(asked: Family) -> dict[str, str]:
    """Return a family's words by contender."""
    return {found.contender: found.word for found in differences(*asked)}


def with_u(u: int, n: int, other_n: int) -> tuple[list[float], list[float]]:
    """Return two samples without ties whose U is as given."""
    below = [u // n + (index >= n - u % n) for index in range(n)]
    own = [count + 0.5 + index / 1000 for index, count in enumerate(below)]
    return own, [float(value + 1) for value in range(other_n)]


def by_brute_force(own: Sequence[float], other: Sequence[float]) -> float:
    """Return the permutation test's p by listing every way to part the values."""
    values = [*own, *other]

    def wins(chosen: Sequence[int]) -> float:
        rest = [values[index] for index in range(len(values)) if index not in chosen]
        pairs = [(values[index], theirs) for index in chosen for theirs in rest]
        return sum((mine > theirs) + (mine == theirs) / 2 for mine, theirs in pairs)

    seen = wins(range(len(own)))
    every = [wins(chosen) for chosen in combinations(range(len(values)), len(own))]
    tail = min(sum(u <= seen for u in every), sum(u >= seen for u in every))
    return min(1.0, 2 * tail / len(every))


def test_five_against_five_apart_has_p_0_0079() -> None:
    """All five below all five: 2 of 252 ways, the least p that five repeats can have."""
    assert mann_whitney(LOW, HIGH) == pytest.approx(2 / 252)


@pytest.mark.parametrize(
    ("n", "other_n", "critical"),
    [(4, 4, 0), (5, 5, 2), (5, 8, 6), (8, 10, 17), (10, 10, 23), (15, 15, 64), (20, 20, 127)],
)
def test_p_agrees_with_the_published_critical_values(n: int, other_n: int, critical: int) -> None:
    """The greatest U that is significant at 0.05 on two sides, as printed in every table."""
    ps = [mann_whitney(*with_u(u, n, other_n)) for u in (critical, critical + 1)]
    assert [True, False] == [p <= 0.05 for p in ps], ps


def test_p_agrees_with_a_textbook() -> None:
    """Hollander and Wolfe print 0.1272 for one side."""
    assert 2 * 0.1272 == pytest.approx(mann_whitney(TERM, EARLY), abs=1e-4)


def test_ties_are_parted_as_by_listing_every_permutation() -> None:
    """Counts tie often, and unequal numbers of repeats make the tails differ."""
    draw = Random(1)
    for _ in range(60):
        own = [draw.randint(0, 3) for _ in range(draw.randint(2, 6))]
        other = [draw.randint(0, 4) for _ in range(draw.randint(2, 6))]
        assert by_brute_force(own, other) == pytest.approx(mann_whitney(own, other)), (own, other)


def test_what_never_came_ranks_last_and_ties_with_its_like() -> None:
    """Two that never recovered are equal, and slower than any that did."""
    own, other = [1.0, inf, inf], [2.0, 3.0, inf]
    assert by_brute_force([1, 9, 9], [2, 3, 9]) == pytest.approx(mann_whitney(own, other))


def test_p_is_the_same_from_either_side() -> None:
    """Whom one calls the reference does not decide."""
    assert mann_whitney(EARLY, TERM) == mann_whitney(TERM, EARLY)


def test_values_that_are_all_equal_do_not_differ() -> None:
    """No error in any outage of either."""
    assert 1.0 == mann_whitney([0] * 5, [0] * 5)


def test_no_number_is_no_value() -> None:
    """A value that is not known sorts anywhere, and would be ranked by accident."""
    with pytest.raises(ValueError, match="not a number among"):
        mann_whitney(LOW, [*MIXED, nan])


def test_holm_steps_down_and_never_back() -> None:
    """The usual example: 0.03 is multiplied by two, and 0.04 is not let below it."""
    assert [0.03, 0.06, 0.06, 0.02] == pytest.approx(holm([0.01, 0.04, 0.03, 0.005], 4))


def test_holm_counts_the_pairs_that_were_refused() -> None:
    """Two tested of the four that were asked for."""
    assert [0.04, 0.06] == pytest.approx(holm([0.01, 0.02], 4))


def test_shift_agrees_with_a_textbook() -> None:
    """Hollander and Wolfe: 0.305, between -0.15 and 0.76."""
    assert (0.305, -0.15, 0.76) == pytest.approx(hodges_lehmann(TERM, EARLY))


def test_interval_holds_the_shifts_that_the_test_does_not_reject() -> None:
    """At each of its ends the answer of the exact test turns."""
    for own, other in [(TERM, EARLY), (MIXED, HIGH), (LOW[:4], HIGH[:4])]:
        found = hodges_lehmann(own, other)
        for by, inside in [
            (found.low - 1e-6, False),
            (found.low + 1e-6, True),
            (found.high - 1e-6, True),
            (found.high + 1e-6, False),
        ]:
            p = mann_whitney([value - by for value in own], other)
            assert inside == (p > 0.05), (own, other, by, p)


def test_too_few_values_bound_no_shift() -> None:
    """Three against three cannot reject any shift."""
    assert (-10.0, -inf, inf) == hodges_lehmann(LOW[:3], HIGH[:3])


def test_shift_moves_with_the_values() -> None:
    """All values later by c: the shift and its interval are later by c, and p of 0 apart stays."""
    draw = Random(2)
    for _ in range(50):
        own, other = ([draw.gauss(0, 1) for _ in range(draw.randint(4, 9))] for _ in range(2))
        by = draw.uniform(-5, 5)
        expected = [part + by for part in hodges_lehmann(own, other)]
        assert expected == pytest.approx(hodges_lehmann([value + by for value in own], other))
        assert mann_whitney(own, other) == mann_whitney(
            [value + by for value in own], [value + by for value in other]
        )


def test_a_contender_that_differs_is_claimed_with_its_shift() -> None:
    """All its five are slower; p is doubled, for its twin stands in the family."""
    found = compared(family(slow=HIGH))["slow"]
    assert ("different", 5, 5, "") == (found.word, found.n, found.reference_n, found.why)
    assert [2 / 252, 4 / 252] == pytest.approx([found.p, found.p_holm])
    assert (10.0, 7.0, 13.0) == found.shift


def test_the_twin_is_shown_and_the_reference_is_not() -> None:
    """A row for each pair."""
    assert {"twin": "not distinguishable", "slow": "different"} == words(family(slow=HIGH))


def test_p_that_only_stands_alone_is_said_to() -> None:
    """U of 2: p is 0.03 by itself, an interval without 0, and no claim among two pairs."""
    early, _ = with_u(2, 5, 5)
    found = compared(family(early=early))["early"]
    assert ("not distinguishable", True) == (found.word, found.shift.high < 0), found
    assert "p = 0.032 by itself, which chance brings among so many pairs" == found.why


@pytest.mark.parametrize(
    ("pairs", "needed"), [(1, 4), (2, 5), (6, 5), (7, 6), (23, 6), (24, 7), (85, 7), (86, 8)]
)
def test_repeats_needed_grow_with_the_pairs(pairs: int, needed: int) -> None:
    """Five against five carry six pairs: 6 x 0.0079 is below 0.05, 7 x 0.0079 is not."""
    assert needed == repeats_needed(pairs)


def test_a_family_of_six_pairs_is_carried_by_five_repeats() -> None:
    """The twin's pair is one of the six."""
    found = words(family(**{f"slow{index}": HIGH for index in range(5)}))
    assert {"twin": "not distinguishable"} | dict.fromkeys(
        (f"slow{index}" for index in range(5)), "different"
    ) == found


def test_a_family_that_its_repeats_cannot_carry_is_refused() -> None:
    """Seven pairs need six repeats: no figure is shown that one could take for a finding."""
    found = compared(family(**{f"slow{index}": HIGH for index in range(6)}))
    assert {"refused"} == {one.word for one in found.values()}
    slow = found["slow0"]
    assert "5 against 5 repeats cannot carry 7 pairs: needs 6 of each" == slow.why
    assert (None, None, None) == (slow.p, slow.p_holm, slow.shift)


def test_a_contender_with_too_few_values_is_refused_alone() -> None:
    """Its lost repeats do not cost the others theirs, but its pair still counts for Holm."""
    found = compared(family(slow=HIGH, lost=HIGH[:3]))
    assert "3 against 5 repeats cannot carry 3 pairs: needs 5 of each" == found["lost"].why
    assert ("refused", "different") == (found["lost"].word, found["slow"].word)
    assert 6 / 252 == pytest.approx(found["slow"].p_holm)


@pytest.mark.parametrize("twin", [[], [1.0, 2.0, 3.0]])
def test_a_family_without_a_twin_that_could_warn_is_refused(twin: list[float]) -> None:
    """Nobody would see that the harness tells equals apart."""
    found = compared(family(twin=twin, slow=HIGH))["slow"]
    assert "refused" == found.word
    assert found.why.startswith(f"no twin to guard it: {len(twin)} against 5"), found.why


def test_a_twin_that_did_not_run_guards_nothing() -> None:
    """Named, but without a sample of its own."""
    asked = ({"naive": LOW, "slow": HIGH}, "naive", "twin")
    assert {"slow": "refused", "twin": "refused"} == words(asked)


def test_a_twin_that_differs_withdraws_its_family() -> None:
    """The claims are shown with their figures, as withdrawn; what was not claimed stays."""
    found = compared(family(twin=HIGH, slow=HIGH, equal=MIXED))
    assert {"twin": "withdrawn", "slow": "withdrawn", "equal": "not distinguishable"} == {
        name: one.word for name, one in found.items()
    }
    assert "the reference's twin twin differs from it as well: p = 0.024" == found["slow"].why
    assert 10.0 == found["slow"].shift.shift


def test_what_never_came_is_claimed_without_a_shift() -> None:
    """The control never recovers: different, and by no number of seconds."""
    found = compared(family(pinned=[inf] * 5))["pinned"]
    assert ("different", None) == (found.word, found.shift)
    assert "no shift: never in 5 of 5 against 0 of 5" == found.why


Rule = Callable[[Sequence[float], Sequence[float]], bool]


def overlapping_ranges(own: Sequence[float], other: Sequence[float]) -> bool:
    """Claim by the rule this one replaced: ranges that do not overlap."""
    return max(own) < min(other) or max(other) < min(own)


def claimed(own: Sequence[float], other: Sequence[float]) -> bool:
    """Claim as in a family of two pairs: this one and the twin's."""
    return holm([mann_whitney(own, other)], 2)[0] <= 0.05


def power(rule: Rule, repeats: int, runs: int = 300) -> float:
    """Return how often a rule claims a shift of three standard deviations."""
    draw = Random(3)
    return (
        sum(
            rule(
                [draw.gauss(3, 1) for _ in range(repeats)],
                [draw.gauss(0, 1) for _ in range(repeats)],
            )
            for _ in range(runs)
        )
        / runs
    )


def test_more_repeats_see_more() -> None:
    """The old rule got blinder: 77 % at five, 16 % at twenty. This one sees all at twenty."""
    old, new = ([power(rule, n) for n in (5, 10, 20)] for rule in (overlapping_ranges, claimed))
    assert [0.77, 0.16] == pytest.approx([old[0], old[2]], abs=0.06), old
    assert sorted(new) == new, new
    assert new[0] > old[0], (old, new)
    assert 1.0 == new[2], new


@pytest.mark.parametrize("tied", [False, True])
def test_equals_are_seldom_told_apart(tied: bool) -> None:
    """Four equals and a twin: at most 5 % of families claim anything. Without Holm far more."""
    draw, runs = Random(4), 400
    value = (lambda: draw.randint(0, 4)) if tied else draw.random
    false = uncorrected = 0
    for _ in range(runs):
        samples = {name: [value() for _ in range(8)] for name in ("naive", "twin", *"abcd")}
        found = differences(samples, "naive", "twin")
        false += any(one.word in {"different", "withdrawn"} for one in found)
        uncorrected += any(one.p <= 0.05 for one in found if one.p is not None)
    assert false / runs <= 0.05, false
    assert uncorrected / runs > 0.08, uncorrected


def test_no_error_in_n_outages_bounds_their_share() -> None:
    """0 of 20: 1 - 0.05^(1/20), near the rule of three, 3/20."""
    assert 1 - 0.05 ** (1 / 20) == pytest.approx(outages_bound(20))
    assert 3 / 300 == pytest.approx(outages_bound(300), rel=0.01)


def test_no_outage_bounds_nothing() -> None:
    """All of none may have errors."""
    assert 1.0 == outages_bound(0)


def test_interval_leaves_out_a_shift_that_is_rejected_at_just_5_percent() -> None:
    """One against 39: the outermost value has p = 0.05, and a claim at 0.05 is a claim."""
    others = [float(value) for value in range(39)]
    assert 0.05 == mann_whitney([-1.0], others)
    assert (-19.0, -38.0, 0.0) == hodges_lehmann([0.0], others)


def test_claim_at_just_5_percent_is_one() -> None:
    """One against 79 carries two pairs: p is 0.025, and 0.05 by Holm."""
    samples = {"naive": [float(value) for value in range(79)], "twin": [39.5], "slow": [99.0]}
    found = compared((samples, "naive", "twin"))["slow"]
    assert ("different", "", 0.025, 0.05) == (found.word, found.why, found.p, found.p_holm)


def test_p_of_just_5_percent_stands_alone_and_what_never_came_is_told_beside() -> None:
    """Second of 80 to the end: 0.05 by itself, 0.1 among two pairs."""
    samples = {"naive": [*(float(value) for value in range(78)), inf], "twin": [39.5]}
    samples["slow"] = [99.0]
    found = compared((samples, "naive", "twin"))["slow"]
    assert ("not distinguishable", 0.05, 0.1) == (found.word, found.p, found.p_holm)
    assert (
        "no shift: never in 0 of 1 against 1 of 79; "
        "p = 0.05 by itself, which chance brings among so many pairs"
    ) == found.why


def test_p_is_never_above_one() -> None:
    """However many pairs it is multiplied by."""
    assert [1.0, 1.0] == holm([0.9, 0.4], 4)


def test_a_reference_that_did_not_run_compares_nothing() -> None:
    """All are refused, by the number of its repeats."""
    found = differences({"twin": MIXED, "slow": HIGH}, "naive", "twin")
    assert {"5 against 0 repeats cannot carry 2 pairs: needs 5 of each"} == {
        one.why.removeprefix("no twin to guard it: ") for one in found
    }
    assert {0} == {one.reference_n for one in found}
