"""Instrument and dashboard know nothing of each other: what joins them is the target file."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# This repository's own services, routes and roles; the code of the lab may name none of them.
OURS = {"postgres", "dashboard", "dashboard_reader", "lab_owner", "dashboard-pool"}


def modules(room: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module of a package."""
    for path in sorted((ROOT / room).rglob("*.py")):
        yield path, ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Return the packages that a module imports from, wherever it does."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    ("room", "other"), [("recovery_lab", "dashboard"), ("dashboard", "recovery_lab")]
)
def test_neither_imports_the_other(room: str, other: str) -> None:
    """A pool policy is measured through the target's factory, and the dashboard ships alone."""
    assert [] == [path for path, tree in modules(room) if other in imported(tree)]


def test_no_service_of_the_target_stands_in_the_labs_code() -> None:
    """Anyone's stack can be the target: the code names none of this one's services or routes."""
    strings = [
        (path.relative_to(ROOT), node.lineno, node.value)
        for path, tree in modules("recovery_lab")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = [where for where in strings if where[2] in OURS or where[2].startswith("/api/")]
    assert [] == named


@pytest.mark.parametrize("module", ["base", "deaths", "job", "meter", "openloop", "program"])
def test_what_runs_in_any_image_needs_the_standard_library_alone(module: str) -> None:
    """A contender's image has its own driver, and none of the lab's packages."""
    tree = ast.parse((ROOT / f"recovery_lab/contenders/{module}.py").read_text())
    assert imported(tree) <= {*sys.stdlib_module_names, "recovery_lab"}
