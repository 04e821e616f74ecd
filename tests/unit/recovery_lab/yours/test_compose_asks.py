"""What no Compose file tells is asked at a terminal, and elsewhere the flag is named."""

from collections.abc import Callable

import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.report.events import Events
from recovery_lab.yours import compose
from recovery_lab.yours.look import Asked
from tests.unit.recovery_lab.yours.conftest import Docker, Terminal

URL = "http://127.0.0.1:8080/api/items"
MAKE = ["make", "restart"]
Tried = Callable[..., Asked]


@pytest.mark.parametrize("answer", ["2", "warehouse"])
def test_which_of_several_databases_is_asked(tried: Tried, said: list[str], answer: str) -> None:
    """By number or by name."""
    asked = tried("two", answer, url=URL, command=MAKE)
    assert asked.dsn.endswith(":two@127.0.0.1:5434/postgres")
    assert [
        "question  which service is the database that is taken away?",
        "          1  service shop-db (postgres:17)",
        "          2  service warehouse (timescale/timescaledb-ha:pg17)",
    ] == said[:3]


@pytest.mark.parametrize("answer", ["3", "web", "", "0"])
def test_answer_that_names_no_database_is_refused(tried: Tried, answer: str) -> None:
    """With what was expected."""
    expected = "expected a number from 1 to 2, or one of shop-db, warehouse"
    with pytest.raises(BadInputError, match=f"^'{answer}': {expected}$"):
        tried("two", answer, url=URL, command=MAKE)


def test_flag_is_named_where_nobody_can_be_asked(tried: Tried) -> None:
    """Of several databases the login, of none to read the URL."""
    with pytest.raises(BadInputError, match=r"\(shop-db, warehouse\): name its login, --dsn"):
        tried("two", url=URL, command=MAKE)
    told = r"--url, of what this project publishes http://127.0.0.1:8080/ \(web\), or --engine"
    with pytest.raises(BadInputError, match=told):
        tried("official")


@pytest.mark.parametrize(
    ("answer", "url"), [("1", "http://127.0.0.1:8080/"), ("http://127.0.0.1:8080/x", "")]
)
def test_which_url_is_asked(tried: Tried, said: list[str], answer: str, url: str) -> None:
    """The others' published ports are offered, and any other is taken."""
    assert (url or answer) == tried("official", answer).url
    assert [
        "question  which URL reads the database? (a number, or any URL)",
        "          1  http://127.0.0.1:8080/  service web",
    ] == said[1:]


def test_databases_own_pages_are_not_offered(tried: Tried, said: list[str]) -> None:
    """Its manager's, say, is no reader of it."""
    there = Docker("official")
    [db] = [one for one in there.running if one["Name"].endswith("-db-1")]
    db["NetworkSettings"]["Ports"]["8008/tcp"] = [{"HostIp": "127.0.0.1", "HostPort": "8008"}]
    tried(there, "1")
    assert ["          1  http://127.0.0.1:8080/  service web"] == said[2:]


@pytest.mark.parametrize("answer", ["2", "", "web", "ftp://127.0.0.1/"])
def test_answer_that_is_no_url_is_refused(tried: Tried, answer: str) -> None:
    """With what was expected."""
    expected = "expected a number from 1 to 1, or a URL that begins with http"
    with pytest.raises(BadInputError, match=f"^'{answer}': {expected}$"):
        tried("official", answer)


def test_two_questions_are_the_most(tried: Tried, said: list[str]) -> None:
    """Which database, then which URL."""
    asked = tried("two", "1", "2", command=MAKE)
    assert ("https://127.0.0.1:9000/", True) == (asked.url, "@127.0.0.1:5433/" in asked.dsn)
    assert 2 == sum(line.startswith("question") for line in said)


def test_programs_are_not_asked(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants events has no eye for a question."""
    tried("two", "1", url=URL, command=MAKE)
    monkeypatch.setattr("sys.stdin", Terminal("1\n"))
    with pytest.raises(BadInputError, match="--dsn"):
        compose.complete(Asked(url=URL), MAKE, Events(print))
