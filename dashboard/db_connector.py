"""The pool policies as data, and the SQLAlchemy engine each of them makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection
from sqlalchemy import URL, Engine, create_engine, event

import steadypool
from dashboard import retry
from dashboard.errors import PasswordFileError, keep_last_words
from dashboard.settings import PolicyName, Settings

APPLICATION_NAME = "dashboard-pool"

# 끊어진 연결을 다시 쓰지 않기 위한 풀 설정이다(계획 18-03).
# 실패 사례: DB가 재시작되면 풀에 있던 연결은 모두 끊어진다. 그 연결을 그대로 꺼내 쓰면
# `server closed the connection unexpectedly` 오류가 사용자 화면에 나타난다.
# SQLAlchemy는 끊어진 연결을 하나만 발견해도 그 전에 만든 풀의 연결을 모두 버린다. 그래서 이 설정이
# 없을 때 조회 다섯 번 중 한 번만 실패하는 것은 우연이 아니다.
#   pool_pre_ping  연결을 꺼낼 때마다 살아 있는지 확인하고, 끊어졌으면 새로 연결한다.
#   pool_recycle   만든 지 1800초가 지난 연결은 다음에 꺼낼 때 새로 만든다. 유휴 시간이 아니라
#                  연결의 나이를 잰다. NAT·방화벽·로드밸런서는 흔히 유휴 연결을 350~900초 만에
#                  끊으므로 1800초로는 막지 못한다. 막으려면 그 제한보다 작게 잡아야 한다.
#   pool_timeout   빈 연결이 없으면 10초까지만 기다리고 오류를 낸다(기본값은 30초).
#   pool_use_lifo  가장 최근에 쓴 연결부터 꺼낸다(남는 연결은 서버가 유휴 연결로 정리할 수 있다).
# In short: never reuse a dead connection; one that is met makes SQLAlchemy drop the whole pool, and
# pool_recycle is an age, above the idle limits (350 to 900 s) of common networks.
PLAN_18_03: Mapping[str, Any] = {
    "pool_pre_ping": True,
    "pool_recycle": 1800,
    "pool_timeout": 10,
    "pool_use_lifo": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the pages' connections are kept; only what differs from SQLAlchemy's defaults."""

    name: PolicyName
    shown_as: str
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    disposes_on_failed_check: bool = False
    pins_one_connection: bool = False
    retries_reads: bool = False
    waits_outages_out: bool = False


POLICIES: Mapping[PolicyName, Policy] = {
    policy.name: policy
    for policy in (
        Policy(name="naive", shown_as="SQLAlchemy defaults"),
        Policy(name="adopted", shown_as="plan 18-03", engine_options=PLAN_18_03),
        Policy(name="dispose", shown_as="dispose on failure", disposes_on_failed_check=True),
        Policy(name="pinned", shown_as="cached connection", pins_one_connection=True),
        Policy(
            name="retry",
            shown_as="plan 18-03 + retry",
            engine_options=retry.OPTIONS,
            retries_reads=True,
        ),
        Policy(
            name="steady",
            shown_as="steadypool",
            engine_options=PLAN_18_03,
            waits_outages_out=True,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the database is and who asks, with the file that holds his password."""

    host: str
    port: int
    database: str
    user: str
    password_file: Path
    sslmode: str = ""  # libpq's own where it is empty
    sslrootcert: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Address":
        """Take the address from `settings`."""
        return cls(
            host=settings.db_host,
            port=settings.db_port,
            database=settings.db_name,
            user=settings.db_user,
            password_file=settings.db_password_file,
            sslmode=settings.db_sslmode,
            sslrootcert=settings.db_sslrootcert,
        )

    @property
    def tls(self) -> dict[str, str]:
        """Return what libpq is told of TLS: what is set."""
        told = {"sslmode": self.sslmode, "sslrootcert": self.sslrootcert}
        return {name: value for name, value in told.items() if value}

    def connect_args(self, application_name: str) -> dict[str, Any]:
        """Return psycopg2's keyword arguments for a connection of its own."""
        return {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password_now(),
            "application_name": application_name,
            **self.tls,
        }

    def password_now(self) -> str:
        """Return the password: its file's first line, read anew, for it may have been rotated.

        Raises:
            PasswordFileError: when the file cannot be read.
        """
        try:
            with self.password_file.open(encoding="utf-8") as file:
                return file.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise PasswordFileError(f"{type(error).__name__} of {self.password_file}") from error


def build_engine(policy: Policy, address: Address) -> Engine:
    """Build the engine of `policy`; nothing connects until the first read.

    The transaction mode stays SQLAlchemy's default (BEGIN … ROLLBACK around each read, not
    AUTOCOMMIT): a policy is what a team has after pasting its options, and nothing more.
    """
    options = dict(policy.engine_options)
    own = {"application_name": APPLICATION_NAME, **address.tls}
    connect_args = {**own, **options.pop("connect_args", {})}
    if policy.waits_outages_out:
        return steadypool.create_engine(
            _url(address, "postgresql+psycopg"),
            password=address.password_now,
            connect_args=connect_args,
            **options,
        )
    # Plain `postgresql` means psycopg 3 from SQLAlchemy 2.1 on.
    engine = create_engine(
        _url(address, "postgresql+psycopg2"), connect_args=connect_args, **options
    )

    def log_in(_: object, __: object, ___: object, arguments: dict[str, Any]) -> None:
        arguments["password"] = address.password_now()

    def invalidated(session: connection, _: object, error: BaseException | None) -> None:
        if error is not None:
            keep_last_words(error, session)

    event.listen(engine, "do_connect", log_in)  # for each connection anew
    event.listen(engine, "invalidate", invalidated)  # before the session is closed
    return engine


def _url(address: Address, driver: str) -> URL:
    return URL.create(
        driver,
        username=address.user,
        host=address.host,
        port=address.port,
        database=address.database,
    )
