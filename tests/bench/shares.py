"""A share of which k of n were seen, with its exact 95 % bounds."""

from math import comb

LEVEL = 0.05
STEPS = 60  # halvings


def bounds(k: int, n: int) -> tuple[float, float]:
    """Return the shares between which the true one lies at 95 % (Clopper and Pearson, 1934).

    Of none and of all, there is a bound on one side alone, and all 5 % go there.
    """
    alpha = LEVEL if k in {0, n} else LEVEL / 2
    low = 0.0 if k == 0 else 1 - _upper(n - k, n, alpha)
    return low, 1.0 if k == n else _upper(k, n, alpha)


def share(k: int, n: int) -> str:
    """Return `k of n` and its bounds in words."""
    low, high = (f"{100 * bound:.0f}" for bound in bounds(k, n))
    if k == 0:
        return f"0 of {n}; at most {high} %"
    return f"{k} of {n}; " + (f"at least {low} %" if k == n else f"{low} to {high} %")


def _upper(k: int, n: int, alpha: float) -> float:
    """Return the share under which at most k of n come with a probability of `alpha`."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        seen = sum(comb(n, i) * middle**i * (1 - middle) ** (n - i) for i in range(k + 1))
        low, high = (middle, high) if seen > alpha else (low, middle)
    return low
