"""Settings read from the environment, once, and the check that runs before anything is built.

Standard library only: `python3 -m dashboard.settings` runs on a bare host, before there is a
virtual environment or an image.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

PolicyName = Literal["adopted", "dispose", "naive", "pinned", "retry", "steady"]
POLICY_NAMES: tuple[PolicyName, ...] = get_args(PolicyName)
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

T = TypeVar("T")

# name[:port]/path[:tag][@digest], as the distribution project's reference grammar has it.
_IMAGE = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_DECIMAL = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One setting that cannot be used."""

    name: str
    value: str
    expected: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}={self.value!r}: expected {self.expected}; {self.remedy}"


class SettingsError(ValueError):
    """Some settings cannot be used; `problems` names each of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one environment variable may hold."""

    name: str
    default: str
    expected: str
    example: str
    parse: Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the stack can be told; durations are seconds."""

    policy: PolicyName
    health_interval_s: float
    read_deadline_s: float
    dashboard_port: int
    prometheus_port: int
    lab_limit_s: float
    postgres_image: str
    python_image: str
    prometheus_image: str
    db_host: str
    db_port: int
    db_name: str
    db_user: str
    db_password_file: Path
    db_sslmode: str
    db_sslrootcert: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every setting from `environ`; an empty value counts as unset.

        Raises:
            SettingsError: naming all bad settings at once, not only the first.
        """
        values: dict[str, object] = {}
        problems: list[Problem] = []
        for field, setting in SETTINGS.items():
            text = environ.get(setting.name, "").strip() or setting.default
            try:
                values[field] = setting.parse(text)
            except ValueError:
                remedy = f"set {setting.name}={setting.example}, or unset it for the default"
                if setting.default:
                    remedy += f" {setting.default}"
                problems.append(
                    Problem(name=setting.name, value=text, expected=setting.expected, remedy=remedy)
                )
        if problems:
            raise SettingsError(problems)
        return cls(**values)  # type: ignore[arg-type] # each parser returns its field's type


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return parse


def _number(most: float) -> Callable[[str], float]:
    """Return a parser for a decimal over 0 and at most `most`: no `inf`, `nan`, `1_0` or `1e9`."""

    def parse(text: str) -> float:
        if not _DECIMAL.fullmatch(text) or not 0 < float(text) <= most:
            raise ValueError(text)
        return float(text)

    return parse


def _port_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def _image(text: str) -> str:
    """Accept an image reference, or nothing: then the compose file's default holds."""
    if text and not _IMAGE.fullmatch(text):
        raise ValueError(text)
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+", text, re.ASCII):
        raise ValueError(text)
    return text


def _seconds(name: str, default: str, most: float) -> Setting:
    return Setting(
        name=name,
        default=default,
        expected=f"a number of seconds over 0 and at most {most:g}",
        example=default,
        parse=_number(most),
    )


def _port(name: str, default: str) -> Setting:
    return Setting(
        name=name,
        default=default,
        expected="a port from 1 to 65535",
        example=default,
        parse=_port_number,
    )


def _named_image(name: str, example: str) -> Setting:
    return Setting(
        name=name,
        default="",
        expected="an image reference (name, name:tag or name@sha256:digest, in lower case)",
        example=example,
        parse=_image,
    )


def _plain(name: str, default: str) -> Setting:
    return Setting(
        name=name,
        default=default,
        expected="letters, digits, '.', '_' and '-'",
        example=default,
        parse=_word,
    )


SETTINGS: dict[str, Setting] = {
    "policy": Setting(
        name="DB_POOL_POLICY",
        default="adopted",
        expected=f"one of {', '.join(POLICY_NAMES)}",
        example="adopted",
        parse=_one_of(POLICY_NAMES),
    ),
    "health_interval_s": _seconds("HEALTH_INTERVAL_S", "1.0", 60),
    "read_deadline_s": _seconds("DB_READ_DEADLINE_S", "5", 60),
    "dashboard_port": _port("DASHBOARD_PORT", "8501"),
    "prometheus_port": _port("PROMETHEUS_PORT", "9090"),
    "lab_limit_s": _seconds("LAB_LIMIT_S", "120", 3600),
    "postgres_image": _named_image("POSTGRES_IMAGE", "postgres:17-trixie"),
    "python_image": _named_image("PYTHON_IMAGE", "python:3.13-slim-trixie"),
    "prometheus_image": _named_image("PROMETHEUS_IMAGE", "prom/prometheus:v2.53.3"),
    "db_host": _plain("DB_HOST", "postgres"),
    "db_port": _port("DB_PORT", "5432"),
    "db_name": _plain("DB_NAME", "lab"),
    "db_user": _plain("DB_USER", "dashboard_reader"),
    "db_password_file": Setting(
        name="DB_PASSWORD_FILE",
        default="/run/secrets/reader_password",
        expected="the path of a file",
        example="/run/secrets/reader_password",
        parse=Path,
    ),
    "db_sslmode": Setting(
        name="DB_SSLMODE",
        default="prefer",
        expected=f"one of {', '.join(SSL_MODES)}",
        example="verify-full",
        parse=_one_of(SSL_MODES),
    ),
    "db_sslrootcert": Setting(
        name="DB_SSLROOTCERT",
        default="",
        expected="the path of a file, for verify-ca and verify-full",
        example="/run/secrets/ca_certificate",
        parse=str,
    ),
}


def main(environ: Mapping[str, str]) -> int:
    """Check `environ`; print each problem to stderr and return the exit status."""
    try:
        Settings.from_env(environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
