"""What a promise is: a function with a name and a bound, that tells how a cell broke it."""

from collections.abc import Callable, Iterator

import msgspec

from recovery_lab.judge.case import Case

# Capabilities as people read them, where not by their own names: "no health probe declared".
CAPABILITIES = {"health": "health probe", "liveness": "liveness probe"}
Broken = Callable[[Case], Iterator[str]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One promise: `needs` is a capability of the target, `broken` yields how it was broken."""

    name: str
    says: str
    bound: str
    applies: Callable[[Case], bool]
    broken: Broken
    needs: str = ""


RULES: dict[str, Rule] = {}  # by name: those that a control may break and a plan may waive


def rule(
    name: str, bound: str, applies: Callable[[Case], bool] = lambda _: True, needs: str = ""
) -> Callable[[Broken], Broken]:
    """Make a rule of a function, whose docstring says when it holds."""

    def add(broken: Broken) -> Broken:
        text = (broken.__doc__ or "").rstrip(".")
        says = text[:1].lower() + text[1:]
        told = {"name": name, "says": says, "bound": bound, "needs": needs}
        RULES[name] = Rule(**told, applies=applies, broken=broken)
        return broken

    return add
