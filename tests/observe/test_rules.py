"""Each alert fires in its situation and in no other, over series recorded in real ones."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from tests.observe.conftest import Checked, Promtool
from tests.observe.series import ALERTS
from tests.observe.situations import HERE, SITUATIONS, fired, path_of

CHECK = ("check", "config", "/etc/prometheus/prometheus.yml")
EVER = 'group by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1h]))'
UP = " and lab_db_up == 1"
SAMPLES = "> 0"  # checks that ended of late
# What a hand might do to a rule, and a situation that must notice.
MUTANTS = [
    ("DatabaseDown", "for", "2m", "0s", "restart-150"),
    ("DatabaseDown", "for", "2m", "10m", "restart-150"),
    ("DatabaseDown", "expr", SAMPLES, ">= 0", "health-stale"),
    ("DatabaseFlapping", "expr", ">= 3", ">= 1", "restart"),
    ("DatabaseFlapping", "expr", ">= 3", ">= 30", "flap"),
    ("ReadsFail", "for", "2m", "0s", "restart-150"),
    ("ReadsFail", "expr", "> 0.05", "> 2", "stale-pool"),
    ("ReadsFail", "expr", "and on (instance, job) lab_db_up == 1", "", "restart-150"),
    ("ReadsFail", "expr", "stuck_workers >= lab_executor_workers", "stuck_workers < 0", "all-hang"),
    ("AllWorkersHang", "for", "1m", "0s", "all-hang"),
    ("AllWorkersHang", "for", "1m", "1h", "all-hang"),
    ("AllWorkersHang", "expr", UP, "", "freeze"),
    ("SomeWorkersHang", "for", "5m", "0s", "some-hang"),
    ("SomeWorkersHang", "for", "5m", "1h", "some-hang"),
    ("SomeWorkersHang", "expr", UP, "", "freeze-few"),
    ("SomeWorkersHang", "expr", "< lab_executor_workers", "< 99", "all-hang"),
    ("PoolChurns", "for", "5m", "0s", "churn"),
    ("PoolChurns", "expr", "> 1", "> 10", "churn"),
    ("SystemHealthStale", "for", "1m", "0s", "health-stale"),
    ("SystemHealthStale", "expr", "== 0", "< 0", "health-stale"),
    ("DashboardDown", "for", "1m", "0s", "stale-pool"),
    ("DashboardDown", "expr", 'job="dashboard"', 'job="board"', "dashboard-down"),
]  # fmt: skip
Mutant = tuple[str, str, str, str, str]
Pairs = Mapping[str, tuple[str, str]]  # by a folder's name: rules, and a situation
Result = tuple[Mapping[str, bool], Checked]  # which situations, by their folders, are green


def rules() -> list[dict]:
    """Return the rules as they are shipped."""
    return yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]


def changed(mutant: Mutant) -> str:
    """Return the rules with one of them changed."""
    name, field, old, new, _ = mutant
    mine = rules()
    rule = next(rule for rule in mine if rule["alert"] == name)
    assert old in rule[field]
    rule[field] = rule[field].replace(old, new)
    return yaml.safe_dump({"groups": [{"name": "changed", "rules": mine}]})


def key(mutant: Mutant) -> str:
    """Return a folder's name for it."""
    return str(MUTANTS.index(mutant))


def laid_out(folder: Path, own: str, alerts: str, name: str) -> str:
    """Put a situation and some rules into a folder of their own; return the situation's place."""
    place = f"{own}/tests/observe/situations/{name}.yml"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_text(path_of(name).read_text())
    (folder / own / "prometheus").mkdir()
    (folder / own / "prometheus/alerts.yml").write_text(alerts)
    return f"/lab/{place}"


@pytest.fixture(scope="module")
def tried(
    promtool: Promtool, tmp_path_factory
) -> Callable[[Mapping[str, tuple[str, str]]], Result]:
    """Let promtool play situations to rules, all in one run: each takes docker longer than it."""

    def run(pairs: Pairs) -> Result:
        folder = tmp_path_factory.mktemp("rules")
        folder.chmod(0o755)
        places = {own: laid_out(folder, own, *pair) for own, pair in pairs.items()}
        done = promtool("test", "rules", *places.values(), mounts={folder: "/lab"})
        parts = {part.split()[0]: part for part in done.stdout.split("Unit Testing:")[1:]}
        return {own: "SUCCESS" in parts[place] for own, place in places.items()}, done

    return run


@pytest.fixture(scope="module")
def shipped(tried) -> Result:
    """Every situation under the rules as they are."""
    return tried({name: (ALERTS.read_text(), name) for name in SITUATIONS})


@pytest.fixture(scope="module")
def mutated(tried) -> Result:
    """Every mutant in the situation that must notice it."""
    return tried({key(one): (changed(one), one[4]) for one in MUTANTS})


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation_fires_what_it_is_said_to_and_nothing_else(name, shipped, proves) -> None:
    """Of all rules, in the recorded series of the whole situation, and when."""
    green, done = shipped
    assert green[name], done.stderr
    proves(f"{name}: {', '.join(fired(name)) or 'no alert'}")


@pytest.mark.parametrize("mutant", MUTANTS, ids="-".join)
def test_changed_rule_makes_a_situation_red(mutant, mutated) -> None:
    """Control: a wrong threshold, a wait or a condition left out does not go unseen."""
    green, done = mutated
    assert not green[key(mutant)]
    assert "could not" not in done.stderr


def test_every_rule_has_its_mutants() -> None:
    """Of its threshold or condition, and of its wait where it has one."""
    for rule in rules():
        tried = {field for name, field, *_ in MUTANTS if name == rule["alert"]}
        assert {"expr", *({"for"} & set(rule))} == tried, rule["alert"]


def test_situations_are_looked_at_to_their_ends() -> None:
    """What fires after the last look, or is asked for in other words, would be missed."""
    for name in SITUATIONS:
        one = yaml.safe_load(path_of(name).read_text())["tests"][0]
        first, up = one["promql_expr_test"][0], one["input_series"][0]
        assert EVER == first["expr"], name
        assert up["series"].startswith("up{")
        assert scrapes(up["values"]) - 20 < int(first["eval_time"].rstrip("s")), name


def scrapes(values: str) -> int:
    """Return how many values a row in promtool's notation has."""
    runs = [re.fullmatch(r"\d+[+-]\d+x(\d+)", one) for one in values.split()]
    return sum(1 if run is None else int(run[1]) + 1 for run in runs)


def test_every_situation_is_recorded_and_every_file_is_one() -> None:
    """A file that no one plays, or a situation without one, proves nothing."""
    assert set(SITUATIONS) == {path.stem for path in HERE.glob("*.yml")}


def test_every_alert_fires_somewhere_and_never_with_another() -> None:
    """A rule that fires nowhere is none, and one that joins another tells the same twice."""
    assert {rule["alert"] for rule in rules()} == {
        one for name in SITUATIONS for one in fired(name)
    }
    assert [] == [name for name in SITUATIONS if len(fired(name)) > 1]


def test_configuration_and_rules_can_be_loaded(promtool, proves) -> None:
    """As they are shipped."""
    done = promtool(*CHECK, mounts={ALERTS.parent: "/etc/prometheus"})
    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout
    proves(f"{len(rules())} alert rules load")


def test_rule_that_cannot_be_parsed_is_found(promtool, tmp_path) -> None:
    """Control."""
    broken = ALERTS.read_text().replace("lab_db_up == 0", "lab_db_up ==")
    (tmp_path / "alerts.yml").write_text(broken)
    (tmp_path / "prometheus.yml").write_text((ALERTS.parent / "prometheus.yml").read_text())
    tmp_path.chmod(0o755)
    done = promtool(*CHECK, mounts={tmp_path: "/etc/prometheus"})
    assert 0 != done.returncode
    assert "parse error" in done.stdout + done.stderr
