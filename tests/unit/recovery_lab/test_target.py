"""The target file, and the messages about a bad one."""

from pathlib import Path

import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.target import limit_s, load_target

ROOT = Path(__file__).parents[3]


def test_own_target_is_read_whole() -> None:
    """This repository's own file names its services, and its paths are absolute."""
    target = load_target(ROOT / "target.toml")
    assert (target.database.service, target.dashboard.service) == ("postgres", "dashboard")
    assert target.password_path.is_absolute()


def test_missing_target_is_named(tmp_path: Path) -> None:
    """A missing file is named, with what to do."""
    with pytest.raises(BadInputError, match="no such target file; run this in"):
        load_target(tmp_path / "target.toml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("port = 5432", 'port = "many"'), r"Expected `int`, got `str` - at `\$.database.port`"),
        (('network = "default"', ""), r"missing required field `network`"),
        (('network = "default"', 'network = "default"\nnetwrok = 1'), "unknown field `netwrok`"),
        (("[compose]", "[compose"), "target.toml"),
    ],
    ids=["wrong type", "missing", "unknown", "no TOML"],
)
def test_bad_target_is_named_with_its_field(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """A wrong type, a missing or an unknown field: the message says where."""
    path = tmp_path / "target.toml"
    path.write_text((ROOT / "target.toml").read_text().replace(*change, 1))
    with pytest.raises(BadInputError, match=said):
        load_target(path)


def test_no_service_of_the_target_stands_in_the_labs_code() -> None:
    """Anyone's stack can be the target: the code names none of this one's services or routes."""
    for path in (ROOT / "recovery_lab").rglob("*.py"):
        if "clients" in path.parts:
            continue  # contenders are this repository's own policies by definition
        text = path.read_text().replace('body["postgres"]', "")  # the health answer's own word
        for name in ('"postgres"', "/api/orders", "dashboard_reader", "lab_owner"):
            assert name not in text, path


def test_limit_is_the_plans_two_minutes_unless_set() -> None:
    """LAB_LIMIT_S in seconds; empty is unset."""
    assert limit_s({}) == 120.0
    assert limit_s({"LAB_LIMIT_S": ""}) == 120.0
    assert limit_s({"LAB_LIMIT_S": "15"}) == 15.0


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "3601", "inf"])
def test_bad_limit_is_named(text: str) -> None:
    """Anything but seconds over 0 and at most 3600 is refused with its value."""
    with pytest.raises(BadInputError, match=f"LAB_LIMIT_S='{text}'"):
        limit_s({"LAB_LIMIT_S": text})
