"""The kinds as users meet them, over the corpus: one cause, one kind, the same words everywhere."""

import asyncio
import re
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from dashboard.db_connector import Address
from dashboard.errors import ReadFailedError, Trouble, UnknownHostError, classify
from dashboard.kinds import BY_SQLSTATE, MESSAGES, WORDS
from dashboard.language import Words
from dashboard.presenting import cause
from dashboard.routes import health_json
from dashboard.sampler import Sampler
from dashboard.translations import KOREAN
from tests.unit.dashboard.corpus import Entry, named, read

SECRETS = ("172.18", "postgres", "reader", "5432", "lab")
NEEDED = set(
    """too_many_connections not_accepting login_rejected hba_rejected starting_up
    shutting_down idle_timeout idle_in_transaction database_dropped terminated crashed
    no_database""".split()
)

each_error = pytest.mark.parametrize("entry", read(), ids=named)
each_refusal = pytest.mark.parametrize("entry", read("connect"), ids=named)


@each_error
def test_error_has_its_kind(entry: Entry) -> None:
    """From the engine, whatever the phase; raw, as from one kept connection; and its SQLSTATE."""
    told = Trouble(kind=entry.kind, sqlstate=entry.sqlstate)
    assert told == classify(entry.of_engine())
    assert told == classify(entry.driver())


@each_error
def test_driver_has_this_class_for_this_sqlstate(entry: Entry) -> None:
    """The corpus makes no error up."""
    if entry.sqlstate is not None:
        assert entry.name == psycopg2.errors.lookup(entry.sqlstate).__name__


@each_refusal
def test_one_cause_is_told_alike_by_page_api_and_system_health(
    entry: Entry, parts, monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads and who checks hear other words of the driver's; users hear the same of both."""
    sampler = Sampler(
        Address(
            host="127.0.0.1", port=1, database="lab", user="reader", password_file=Path("/dev/null")
        )
    )

    def refuse(**_: Any) -> None:
        raise entry.of_monitor().orig

    def unknown(**_: Any) -> str:
        raise UnknownHostError

    def fail(_: object) -> None:
        raise entry.of_engine()

    monkeypatch.setattr(psycopg2, "connect", refuse)
    if entry.kind == "unknown_host":
        monkeypatch.setattr(sampler._resolver, "resolve", unknown)
    checked = sampler.sample().trouble
    with pytest.raises(ReadFailedError) as caught:
        asyncio.run(parts.reads.read(fail))
    monitor.put("down", checked)
    api = caught.value.trouble.as_json()
    health = health_json(monitor.health(), {})["postgres"]["error"]
    assert checked is not None
    assert {"kind": entry.kind, "sqlstate": None, "message": checked.message} == health
    assert health == {name: api[name] for name in health}
    for say in (Words("en"), Words("ko")):
        assert cause(caught.value.trouble, say).startswith(cause(checked, say))
        assert not any(secret in cause(checked, say) for secret in SECRETS)


def test_server_that_answered_is_never_silent() -> None:
    """Whatever a server says to who comes, it is no host that does not answer."""
    answered = [entry for entry in read("connect") if re.search("(FATAL|ERROR):  ", entry.text)]
    assert len(answered) > 20
    silent = {"refused", "unreachable", "unknown_host", "deadline", "connection_lost"}
    assert not silent & {classify(entry.of_engine()).kind for entry in answered}


def test_innocent_errors_are_no_outage() -> None:
    """What sounds like one in a statement, and ends no session, is the statement's own trouble."""
    errors = [entry for entry in read("query") if entry.severity == "ERROR"]
    assert len(errors) > 10
    assert {"query_failed"} == {classify(entry.of_engine()).kind for entry in errors}


def test_corpus_knows_every_kind_that_words_or_codes_tell() -> None:
    """Each row of the tables has an error that needs it, and each cause a kind of its own."""
    entries = read()
    kinds = {entry.kind for entry in entries}
    assert NEEDED <= kinds <= set(MESSAGES)
    assert {kind for table in WORDS.values() for kind, _ in table} <= kinds
    assert set(BY_SQLSTATE.values()) <= kinds
    said = [re.sub('"[^"]*"', '""', f"{entry.text}{entry.last}".lower()) for entry in entries]
    for table in WORDS.values():
        for pattern in (pattern for _, patterns in table for pattern in patterns):
            assert any(re.search(pattern, words) for words in said), pattern


def test_each_kind_has_words_of_its_own_in_each_language() -> None:
    """Two kinds with the same words would be one for who reads them."""
    messages = list(MESSAGES.values())
    for words in (messages, [KOREAN[message] for message in messages]):
        assert len(words) == len(set(words))
    assert all(message == message.lower().replace("postgresql", "") for message in messages)
