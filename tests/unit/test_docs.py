"""The documents say what the code does: names, defaults, verbs, policies, statuses, links.

Each checker is a function of texts that returns what is wrong, and is tried on a broken text too.
"""

import ast
import importlib.util
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dashboard.db_connector import PLAN_18_03, POLICIES
from dashboard.settings import SETTINGS, Settings
from recovery_lab import cli
from recovery_lab.cli import limit
from recovery_lab.target import load_target

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
DOCUMENTS = ("README*.md", "docs/*.md", "docs/work-result/*.md", "postgres/README.md")
PAGES = sorted(page for where in DOCUMENTS for page in ROOT.glob(where))
SHELL = sorted([*ROOT.glob("scripts/*.sh"), ROOT / ".ci/run"])
COMPOSE = [ROOT / "docker-compose.yml", ROOT / "scripts/standins/compose.yml"]
MAKEFILE = (ROOT / "Makefile").read_text()
# Bash's own, and what any shell has for its own sake.
OF_THE_SHELL = {"BASH_SOURCE", "IFS", "PATH", "PWD", "SECONDS"}
MOST_LINES = 120

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


class Asked(dict[str, str]):
    """An empty environment that remembers which names it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name, default=None):
        """Take the name down."""
        self.names.add(name)
        return default


def code_of(text: str) -> str:
    """Return the code in a Markdown text: fenced blocks and spans between backticks."""
    fences = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", prose)])


def section(text: str, title: str) -> str:
    """Return what stands under `## title`, its table included."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def first_cells(text: str) -> list[str]:
    """Return the first column of a section's tables, without the heads and without backticks."""
    cells = re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)
    return [cell.strip("`") for cell in cells if not set(cell) <= set("- ")][1:]


def in_compose(text: str) -> set[str]:
    """Return the names that a compose file takes from the environment."""
    return set(re.findall(r"\$\{([A-Z]\w*)", re.sub(r"#.*", "", text)))


def in_shell(texts: Iterable[str]) -> set[str]:
    """Return the names that scripts read and none of them sets."""
    code = "\n".join(re.sub(r"(^|\s)#.*", "", line) for t in texts for line in t.splitlines())
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)\b", code))
    read |= set(re.findall(r"\$\(setting ([A-Z_]+)", code))
    # A default of its own (`${NAME:-...}`) is read whatever is set elsewhere.
    outside = set(re.findall(r"\$\{([A-Z][A-Z_]+):?-", code))
    made = set(re.findall(r"(?:^|[\s;({])([A-Z][A-Z_]+)\+?=", code, re.MULTILINE))
    return (read - made) | outside


def in_python(text: str) -> set[str]:
    """Return the literal names that a module asks `os.environ` for."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=name)):
                names.add(str(name))
            case ast.Call(
                func=ast.Attribute(attr="get", value=ast.Attribute(attr="environ")),
                args=[ast.Constant(value=name), *_],
            ):
                names.add(str(name))
            case ast.Call(func=ast.Attribute(attr="getenv"), args=[ast.Constant(value=name), *_]):
                names.add(str(name))
    return names


def asked_by_parsers() -> set[str]:
    """Return the names that the parsers of an environment ask it for."""
    spec = importlib.util.spec_from_file_location("settings", ROOT / "scripts/index_settings.py")
    assert spec is not None
    assert spec.loader is not None
    index = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(index)
    environ = Asked()
    Settings.from_env(environ)
    limit(environ)
    index.ca_bundle(index.pip_settings(environ), environ)
    return environ.names | {"PIP_CONFIG_FILE"}


def read_names() -> set[str]:
    """Return every name that the repository's code reads from its environment."""
    target = load_target(ROOT / "target.toml").private
    names = {target.port_variable, target.policy_variable, *target.environment}
    for path in COMPOSE:
        names |= in_compose(path.read_text())
    for folder in ("dashboard", "recovery_lab", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            names |= in_python(path.read_text())
    names |= in_shell(path.read_text() for path in SHELL)
    names |= set(re.findall(r"\$\(([A-Z]+)\)", MAKEFILE)) - {"PYTHON"}
    return (names | asked_by_parsers()) - OF_THE_SHELL


def undocumented(names: Iterable[str], text: str) -> list[str]:
    """Return the names that stand between backticks nowhere in `text`."""
    return sorted(name for name in names if f"`{name}`" not in text)


def wrong_defaults(text: str) -> list[str]:
    """Return the settings whose row shows another default than the code has."""
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]+?)`? \|", text, re.MULTILINE))
    return [s.name for s in SETTINGS.values() if s.default and rows.get(s.name) != s.default]


def targets(makefile: str) -> set[str]:
    """Return the public targets: those with a `##` line."""
    return set(re.findall(r"^([a-z][a-z-]*):.*## \S", makefile, re.MULTILINE))


def unknown_verbs(text: str, known: Iterable[str]) -> list[str]:
    """Return what `make X` in code names and the Makefile does not have."""
    said = re.findall(r"\bmake ([a-z][a-z-]*)", code_of(text))
    return sorted(set(said) - set(known))


def lab_verbs() -> set[str]:
    """Return what may follow `recovery-lab`."""
    commands = cli.app.registered_commands
    return {command.name or getattr(command.callback, "__name__", "") for command in commands}


def unknown_lab_verbs(text: str, known: Iterable[str]) -> list[str]:
    """Return what `recovery-lab X` in code names and the command line does not have."""
    said = re.findall(r"recovery-lab ([a-z][a-z-]*)", code_of(text))
    return sorted(set(said) - set(known))


def unlisted_verbs(text: str, known: Iterable[str]) -> list[str]:
    """Return the public targets that the section of verbs leaves out."""
    return sorted({f"make {name}" for name in known} - set(first_cells(section(text, "Verbs"))))


def unknown_policies(text: str, known: Iterable[str]) -> list[str]:
    """Return the policies that a command or an assignment names and the code does not have."""
    said = re.findall(r"\b(?:make policy NAME|DB_POOL_POLICY)=([a-z_]+)", text)
    return sorted(set(said) - set(known))


def slug(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def broken_links(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead to no file or no heading."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        file = (page.parent / path) if path else page
        there = file.exists() and file.resolve().is_relative_to(ROOT)
        if there and anchor:
            lines = text if file == page else file.read_text()
            there = anchor in map(slug, re.findall(r"^#+ (.+)$", lines, re.MULTILINE))
        if not there:
            broken.append(link)
    return broken


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def pasted_options(text: str) -> list[dict[str, object]]:
    """Return the engine options that a page's blocks set: Python's calls, then TOML's tables."""
    nodes = [node for code in blocks(text, "python") for node in ast.walk(ast.parse(code))]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    options = [{str(k.arg): ast.literal_eval(k.value) for k in call.keywords} for call in calls]
    tables = [tomllib.loads(code)["connections"]["X"] for code in blocks(text, "toml")]
    return [*options, *(table["create_engine_kwargs"] for table in tables)]


def too_long(text: str) -> bool:
    """Tell whether a README has more lines than a person reads."""
    return len(text.splitlines()) > MOST_LINES


def test_every_name_read_is_documented() -> None:
    """A name that compose, a script, the dashboard or the lab reads is in the configuration."""
    names = read_names()
    assert {"DB_POOL_POLICY", "LAB_ALLOW_REMOTE", "LAB_AUTO_INSTALL", "HOLD", "NAME"} <= names
    assert [] == undocumented(names, CONFIGURATION)


def test_defaults_are_those_of_the_code() -> None:
    """The table shows the default that an unset name has."""
    assert [] == wrong_defaults(CONFIGURATION)


def test_every_public_verb_is_documented() -> None:
    """Each target with a `##` line has its row."""
    assert [] == unlisted_verbs(CONFIGURATION, targets(MAKEFILE))


@each_page
def test_page_names_no_unknown_verb(page: Path) -> None:
    """A reader who types what a page shows finds a target."""
    assert [] == unknown_verbs(page.read_text(), targets(MAKEFILE))


@each_page
def test_page_names_no_unknown_verb_of_the_lab(page: Path) -> None:
    """So does one who types what follows `recovery-lab`."""
    assert [] == unknown_lab_verbs(page.read_text(), lab_verbs())


def test_every_verb_of_the_lab_is_documented() -> None:
    """Each command of `recovery-lab` is shown as it is typed."""
    code = code_of(CONFIGURATION)
    assert [] == sorted(verb for verb in lab_verbs() if f"recovery-lab {verb}" not in code)


@each_page
def test_page_names_no_unknown_policy(page: Path) -> None:
    """A policy that a page says to choose can be chosen."""
    assert [] == unknown_policies(page.read_text(), POLICIES)


def test_policies_are_documented_as_they_are() -> None:
    """The table has every policy, by the name and by the words that the pages show."""
    table = section(CONFIGURATION, "Policies")
    assert list(POLICIES) == first_cells(table)
    assert [] == [p.name for p in POLICIES.values() if f"`{p.name}` | {p.shown_as} |" not in table]


def test_exit_statuses_are_documented_as_they_are() -> None:
    """The table has every status of the command line, and no other."""
    codes = [0, cli.FAILED, cli.INCONCLUSIVE, cli.USAGE, cli.INTERRUPTED]
    assert [str(code) for code in codes] == first_cells(section(CONFIGURATION, "Exit statuses"))


@each_page
def test_page_has_no_broken_link(page: Path) -> None:
    """Every relative link leads to a file of this repository, and to a heading in it."""
    assert [] == broken_links(page, page.read_text())


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_blocks_to_paste_are_the_plan(name: str) -> None:
    """What a reader pastes, for SQLAlchemy and for Streamlit, is the policy that was measured."""
    assert [PLAN_18_03, PLAN_18_03] == pasted_options((ROOT / name).read_text())


def test_readme_is_short() -> None:
    """The README is read to its end."""
    assert not too_long(README.read_text())


@pytest.mark.parametrize(
    ("finds", "expected"),
    [
        (lambda: undocumented({"HOLD", "HELD"}, "| `HOLD` |"), ["HELD"]),
        (lambda: sorted(in_compose("a: ${PORT:-1} # ${NOT}\nb: $${ESCAPED}")), ["ESCAPED", "PORT"]),
        (lambda: sorted(in_shell(['A=1; echo "$A" "${HOLD:-0}" "$CI" # $NO'])), ["CI", "HOLD"]),
        (lambda: sorted(in_shell(['x="$(setting PORT 1)"; NAME="${NAME-}"'])), ["NAME", "PORT"]),
        (lambda: sorted(in_python("import os\nos.environ['A'], os.environ.get('B')")), ["A", "B"]),
        (
            lambda: wrong_defaults(CONFIGURATION.replace("| `8501` |", "| `8500` |")),
            ["DASHBOARD_PORT"],
        ),
        (lambda: sorted(targets("up: ## start\nimages:\n\ttrue\n")), ["up"]),
        (lambda: unknown_verbs("`make up`, `make it` and make no", {"up"}), ["it"]),
        (lambda: unknown_verbs("```\nX=1 make dwon\n```", {"down"}), ["dwon"]),
        (lambda: unknown_lab_verbs("`recovery-lab wach -- true`", {"watch"}), ["wach"]),
        (lambda: unlisted_verbs("## Verbs\n| verb |\n| --- |\n| `make a` |", "ab"), ["make b"]),
        (lambda: unknown_policies("make policy NAME=nave", POLICIES), ["nave"]),
        (lambda: unknown_policies("DB_POOL_POLICY=best make up", POLICIES), ["best"]),
        (lambda: first_cells("| policy |\n| --- |\n| `a` | x |\n| b | y |"), ["a", "b"]),
        (lambda: broken_links(README, "# A b\n[x](#a-b) [y](#no) [z](https://a.b)"), ["#no"]),
        (lambda: broken_links(README, "[a](docs/none.md) [b](Makefile)"), ["docs/none.md"]),
        (lambda: broken_links(README, "[out](../elsewhere.md)"), ["../elsewhere.md"]),
        (lambda: pasted_options("```python\nf(url, a=1)\n```\n"), [{"a": 1}]),
        (lambda: too_long("line\n" * (MOST_LINES + 1)), True),
        (lambda: too_long("line\n" * MOST_LINES), False),
    ],
)
def test_checkers_find_what_is_wrong(finds: Callable[[], object], expected: object) -> None:
    """Control: each checker sees the fault in a small broken text, and only that."""
    assert expected == finds()
