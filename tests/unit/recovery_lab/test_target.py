"""The target file, what it makes judgeable, and the messages about a bad one."""

import re
from pathlib import Path

import msgspec
import pytest

from recovery_lab.errors import BadInputError
from recovery_lab.target import (
    ADMIN_MOUNT,
    CERTIFICATE_MOUNT,
    PASSWORD_MOUNT,
    Role,
    Target,
    Traits,
    load_target,
)

ROOT = Path(__file__).parents[3]
NEEDED = """
[compose]
files = ["compose.yml"]
network = "storeroom"

[database]
service = "store-db"
host = "store-db"
port = 6543
name = "inventory"
user = "keeper"
password_env = "STORE_PASSWORD"
"""
APPLICATION = """
[application]
service = "web"
url = "http://web:9000"
published_port = 9000
read_path = "/items/count"
"""
HEALTH = """
[health]
path = "/health"
"""


def read(folder: Path, text: str) -> Target:
    """Return the target that a file of such a text declares."""
    path = folder / "target.toml"
    path.write_text(text)
    return load_target(path)


def test_own_target_is_read_whole() -> None:
    """This repository's own file declares every capability, and its paths are absolute."""
    target = load_target(ROOT / "target.toml")
    assert target.application is not None
    assert target.contenders is not None
    assert ("postgres", "dashboard") == (target.database.service, target.application.service)
    assert ".secrets/reader_password" == target.database.password_file
    assert Traits(pools=True, pings=True, fresh=True) == target.contenders.entries["adopted"]
    assert target.capabilities == {
        "application",
        "health",
        "liveness",
        "pool",
        "server log",
        "contenders",
        "table",
        "admin login",
    }


def test_compose_and_database_are_enough(tmp_path: Path) -> None:
    """A target of the needed tables alone has no capability, and no other table."""
    target = read(tmp_path, NEEDED)
    assert frozenset() == target.capabilities
    assert (None, None, None, None) == (
        target.application,
        target.health,
        target.contenders,
        target.private,
    )


@pytest.mark.parametrize(
    ("more", "capability"),
    [
        (APPLICATION, "application"),
        (APPLICATION + HEALTH, "health"),
        (APPLICATION + HEALTH + 'live_path = "/alive"', "liveness"),
        (APPLICATION + HEALTH + '[pool]\napplication_name = "pool"', "pool"),
        (
            "[server_log]\nline = '(?P<at>.) (?P<pid>.) (?P<severity>.) (?P<message>.)'",
            "server log",
        ),
        ('[contenders]\nimage = "one"\nfactory = "shop.lab:make"\nentries = {}', "contenders"),
    ],
)
def test_each_capability_is_declared_by_its_table(
    tmp_path: Path, more: str, capability: str
) -> None:
    """It is there with its table, and not without."""
    assert capability in read(tmp_path, NEEDED + more).capabilities
    assert capability not in read(tmp_path, NEEDED).capabilities


def test_password_in_a_variable_is_the_one_that_compose_gets(tmp_path: Path) -> None:
    """No file is mounted; a variable that is not set is named."""
    target = read(tmp_path, NEEDED)
    assert {} == target.login_files
    assert "shelf" == target.login({"STORE_PASSWORD": "shelf"})["password"]
    with pytest.raises(BadInputError, match="STORE_PASSWORD is not set"):
        target.login({})


def test_password_in_a_file_is_mounted() -> None:
    """A program in a container gets a path, not the password."""
    target = load_target(ROOT / "target.toml")
    assert ROOT / ".secrets/reader_password" == target.login_files[PASSWORD_MOUNT]
    login = target.login({})
    assert PASSWORD_MOUNT == login["password_file"]
    assert "password" not in login


ADMIN = """
[database.admin]
user = "boss"
password_env = "BOSS_PASSWORD"
"""


def test_admin_logs_in_where_the_role_does(tmp_path: Path) -> None:
    """By a password of its own, from a variable or a file; without the table there is none."""
    own, target = load_target(ROOT / "target.toml"), read(tmp_path, NEEDED + ADMIN)
    assert None is read(tmp_path, NEEDED).admin_login({})
    assert ("keeper", "boss") == (
        target.login({"STORE_PASSWORD": "shelf"})["user"],
        target.admin_login({"BOSS_PASSWORD": "desk"})["user"],
    )
    assert {} == target.login_files
    with pytest.raises(BadInputError, match=r"BOSS_PASSWORD is not set.*'boss'"):
        target.admin_login({})
    assert ADMIN_MOUNT == own.admin_login({})["password_file"]
    assert ROOT / ".secrets/owner_password" == own.login_files[ADMIN_MOUNT]
    assert "admin login" in target.capabilities


@pytest.mark.parametrize(
    ("table", "work"),
    [
        ("", "true"),
        ("items", 'EXISTS (SELECT FROM "items") IS NOT NULL'),
        ("Stock.items", 'EXISTS (SELECT FROM "Stock"."items") IS NOT NULL'),
    ],
)
def test_work_touches_the_table_that_is_declared(tmp_path: Path, table: str, work: str) -> None:
    """By its exact name; without one a session that answers is enough."""
    target = read(tmp_path, f"{NEEDED}table = '{table}'")
    assert work == target.work
    assert bool(table) == ("table" in target.capabilities)


@pytest.mark.parametrize("table", ['a"b', "a b", "a.b.c", "a%s", "{a}", "1a", "a;"])
def test_table_that_is_no_plain_name_is_refused(tmp_path: Path, table: str) -> None:
    """It stands in statements of all drivers, whatever they think of quotes and signs."""
    with pytest.raises(BadInputError, match=r"`table` is .* expected a table's name, or"):
        read(tmp_path, f"{NEEDED}table = '{table}'")


def test_certificate_is_mounted_and_told(tmp_path: Path) -> None:
    """Of a target that says whom to trust; another has no such mount, and no word of it."""
    tls = 'sslmode = "verify-full"\nsslrootcert = "ca.crt"\n'
    target = read(tmp_path, NEEDED.replace("[database]", f"[database]\n{tls}"))
    assert {CERTIFICATE_MOUNT: tmp_path / "ca.crt"} == target.login_files
    login = target.login({"STORE_PASSWORD": "shelf"})
    assert ("verify-full", CERTIFICATE_MOUNT) == (login["sslmode"], login["sslrootcert"])
    plain = read(tmp_path, NEEDED)
    assert {} == plain.login_files
    assert not {"sslmode", "sslrootcert"} & set(plain.login({"STORE_PASSWORD": "shelf"}))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('sslmode = "verify-full"', "`sslmode` is 'verify-full': `sslrootcert` is needed"),
        ('sslmode = "full"', "Invalid enum value 'full'"),
    ],
)
def test_mode_that_can_trust_nobody_is_refused(tmp_path: Path, words: str, told: str) -> None:
    """It would be refused by libpq in every session, for a reason that no fault has."""
    with pytest.raises(BadInputError, match=re.escape(told)):
        read(tmp_path, NEEDED.replace("[database]", f"[database]\n{words}"))


def test_missing_target_is_named(tmp_path: Path) -> None:
    """A missing file is named, with what to do; so is a folder."""
    with pytest.raises(BadInputError, match=r"target.toml: no such target file; run this in"):
        load_target(tmp_path / "target.toml")
    with pytest.raises(BadInputError, match="Is a directory; name a target file"):
        load_target(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("port = 6543", 'port = "many"'), r"Expected `int`, got `str` - at `\$.database.port`"),
        (("port = 6543", "port = 0"), r"Expected `int` >= 1 - at `\$.database.port`"),
        (('network = "storeroom"', ""), r"missing required field `network`"),
        (('network = "storeroom"', 'network = "x"\nnetwrok = 1'), "unknown field `netwrok`"),
        (("[database]", "[databse]"), r"target.toml: .*`databse`"),
        (("[compose]", "[compose"), "target.toml: .*line 2"),
        (("password_env", "#"), r"one of `password_file` and `password_env` is needed - at .*data"),
        (("user =", 'password_file = "x"\nuser ='), "one of `password_file` and `password_env`"),
        (("[database]", f"{HEALTH}[database]"), r"\[health\] needs \[application\]"),
        (
            ("[database]", f'{APPLICATION}[pool]\napplication_name = "x"\n[database]'),
            r"\[pool\] needs \[health\]",
        ),
        (("[database]", "[server_log]\nline = '('\n[database]"), "no regular expression"),
        (
            ("[database]", "[server_log]\nline = '(?P<at>.)(?P<message>.)'\n[database]"),
            r"no group named pid, severity - at `\$.server_log`",
        ),
        (
            (
                "[database]",
                '[contenders]\nimage = "x"\nfactory = "make"\nentries = {}\n[database]',
            ),
            "`factory` is 'make'; expected module:function",
        ),
        (("[database]", '[roles]\n"kill/x" = "subject"\n[database]'), r"\[roles\] 'kill/x'"),
        (
            ("[database]", '[roles]\n"kill/x/idle" = "hero"\n[database]'),
            r"\[roles\] 'kill/x/idle' is 'hero'; expected subject",
        ),
    ],
)
def test_bad_target_is_named_with_its_field(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """One line: the file, the field, what is wrong with it, and where to read on."""
    with pytest.raises(BadInputError, match=said) as caught:
        read(tmp_path, NEEDED.replace(*change, 1))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/target.toml: ")
    assert message.endswith("; docs/configuration.md tells the fields of a target file")
    assert "\n" not in message


def test_docs_tell_each_field() -> None:
    """docs/configuration.md has a line for each table and field that a target file may have."""
    text = (ROOT / "docs/configuration.md").read_text().split("## The target file", 1)[1]
    rows = text.split("\n## ", 1)[0].splitlines()
    told = {row.split("`")[1] for row in rows if row.startswith("| `")}
    fields = {
        f"{table.name}.{field.name}"
        for table in msgspec.structs.fields(Target)
        if (struct := _struct(table.type))
        for field in msgspec.structs.fields(struct)
    } - {"database.admin"}
    fields |= {f"database.admin.{field.name}" for field in msgspec.structs.fields(Role)}
    traits = {f"contenders.entries.NAME.{f.name}" for f in msgspec.structs.fields(Traits)}
    assert fields | traits | {"roles"} == told | {"contenders.entries"}


def _struct(declared: object) -> type[msgspec.Struct] | None:
    choices = getattr(declared, "__args__", None) or (declared,)
    return next((c for c in choices if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)
