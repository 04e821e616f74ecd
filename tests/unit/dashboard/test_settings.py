"""The settings, and the check that names the bad ones."""

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import db_connector
from dashboard.settings import POLICY_NAMES, SETTINGS, Settings, SettingsError, main

ROOT = Path(__file__).parents[3]


def test_from_env_gives_the_defaults_for_an_empty_environment() -> None:
    """Nothing set, and an empty value, both mean the default."""
    assert Settings.from_env({}) == Settings.from_env(
        {setting.name: "" for setting in SETTINGS.values()}
    )
    settings = Settings.from_env({})
    assert (
        ("adopted", 1.0, 5.0, 8501, 120.0),
        Path("/run/secrets/reader_password"),
    ) == (
        (
            settings.policy,
            settings.health_interval_s,
            settings.read_deadline_s,
            settings.dashboard_port,
            settings.lab_limit_s,
        ),
        settings.db_password_file,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_POOL_POLICY", "nonesuch"),
        ("DB_POOL_POLICY", "Adopted"),
        ("HEALTH_INTERVAL_S", "0"),
        ("HEALTH_INTERVAL_S", "61"),
        ("HEALTH_INTERVAL_S", "nan"),
        ("HEALTH_INTERVAL_S", "1e-3"),
        ("DB_READ_DEADLINE_S", "-1"),
        ("DB_READ_DEADLINE_S", "inf"),
        ("DB_READ_DEADLINE_S", "5 s"),
        ("DASHBOARD_PORT", "0"),
        ("DASHBOARD_PORT", "65536"),
        ("DASHBOARD_PORT", "http"),
        ("LAB_LIMIT_S", "0"),
        ("LAB_LIMIT_S", "1_0"),
        ("POSTGRES_IMAGE", "Postgres:17"),
        ("POSTGRES_IMAGE", "postgres: 17"),
        ("PYTHON_IMAGE", "python:3.13@sha256:abc"),
        ("PYTHON_IMAGE", "-rm"),
        ("DB_HOST", "host;rm"),
        ("DB_SSLMODE", "verify"),
    ],
)
def test_from_env_names_a_bad_setting(name: str, value: str) -> None:
    """The message holds the name, the value, what was expected and the remedy."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: value})
    (problem,) = caught.value.problems
    assert (name, value) == (problem.name, problem.value)
    for part in (name, repr(value), "expected", problem.expected, f"set {name}="):
        assert part in str(problem)


def test_from_env_names_all_bad_settings_at_once() -> None:
    """Two bad settings give two lines, not one after the other is mended."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"DB_POOL_POLICY": "x", "LAB_LIMIT_S": "y"})
    assert ["DB_POOL_POLICY", "LAB_LIMIT_S"] == [each.name for each in caught.value.problems]


@pytest.mark.parametrize(
    "image",
    [
        "postgres:17-trixie",
        "recovery-lab/postgres:17-standin",
        "registry.example:5000/team/postgres:17.6",
        "postgres@sha256:" + "0" * 64,
        "python",
    ],
)
def test_from_env_accepts_an_image_reference(image: str) -> None:
    """Names with registry, port, tag or digest pass."""
    assert image == Settings.from_env({"POSTGRES_IMAGE": image}).postgres_image


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.name)
def test_remedy_of_each_setting_is_itself_good(setting: object) -> None:
    """Following the remedy ends the trouble."""
    assert setting.parse(setting.example) is not None  # type: ignore[attr-defined]


def test_unknown_policy_lists_the_known_ones() -> None:
    """Whoever mistypes a policy sees the names to choose from."""
    with pytest.raises(SettingsError, match="adopted, dispose, naive, pinned, retry"):
        Settings.from_env({"DB_POOL_POLICY": "adapted"})


def test_policy_names_are_those_of_the_policies() -> None:
    """The settings know the same policies as the connector, in one order."""
    assert list(POLICY_NAMES) == sorted(db_connector.POLICIES)


def test_main_prints_each_problem_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """The command's exit status and stderr are what `make up` goes by."""
    assert main({"DASHBOARD_PORT": "x"}) == 1
    assert "DASHBOARD_PORT='x'" in capsys.readouterr().err
    assert main({}) == 0
    assert capsys.readouterr() == ("", "")


def test_check_needs_the_standard_library_only() -> None:
    """It runs before anything is installed: without site-packages."""
    command = [sys.executable, "-S", "-m", "dashboard.settings"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, timeout=20, check=False)
    assert (0, b"") == (done.returncode, done.stderr)
