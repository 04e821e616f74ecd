"""The Compose project of the folder: who is the database, its login, and what to read.

Docker is asked alone (config, ps, inspect, exec cat); nothing is started, stopped or written.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from recovery_lab import docker
from recovery_lab.errors import BadInputError, DockerError
from recovery_lab.login import DeadlineError, first_line, on_thread
from recovery_lab.report.events import Events
from recovery_lab.report.words import row
from recovery_lab.yours.dsn import Dsn
from recovery_lab.yours.look import Asked
from recovery_lab.yours.services import (
    Service,
    address_of,
    databases,
    login_of,
    moves,
    pages_of,
    port_of,
    services_of,
    url_of,
)

FILES = "compose.yaml compose.yml docker-compose.yml docker-compose.yaml".split()
# Compose's own options that take a word: a command that has some means that project.
_VALUED = (
    "-f --file -p --project-name --project-directory --profile --env-file --ansi --parallel "
    "--progress"
).split()
LOGIN_LIMIT_S = 5.0
Say = Callable[[str], None]
Ask = Callable[[str, Sequence[str]], str]


def complete(asked: Asked, command: Sequence[str], say: Say) -> Asked:
    """Fill in the login and, where none was named, the URL; what cannot be known is asked.

    Raises BadInputError where nobody can be asked, or the answer is none.
    """
    if asked.engine or asked.dsn or not _has_file(command):
        return asked
    try:
        services = _services(command)
    except DockerError as error:
        said = first_line(error).partition("; run:")[0]  # that is a verb of this repository
        say(row("compose", f"nothing found: {said}"))
        return asked
    found = databases(services)
    if not found:
        names = ", ".join(one.name for one in services) or "no service"
        say(row("compose", f"no service of PostgreSQL in it: {names}"))
    ask = _asker(say) if sys.stdin.isatty() and not isinstance(say, Events) else None
    dsn = _login(_chosen(found, command, ask), say) if found else ""
    others = [one for one in services if one not in found]
    return msgspec.structs.replace(asked, dsn=dsn, url=asked.url or _url(pages_of(others), ask))


def is_containers(host: str) -> bool:
    """Tell whether an address is a container's on this machine."""
    try:
        address = ip_address(host)
        there = _running() if docker.is_local() else []
    except (ValueError, DockerError):
        return False
    networks = [each for one in there for each in one["NetworkSettings"]["Networks"].values()]
    told = [one.get(key) for one in networks for key in ("IPAddress", "GlobalIPv6Address")]
    return any(ip_address(one) == address for one in told if one)


def _running() -> list[dict[str, Any]]:
    """Return what Docker says of all that runs on its machine."""
    return docker.inspect(*docker.run("ps", "--quiet").split())


def _has_file(command: Sequence[str]) -> bool:
    """Tell whether there is a project: in the folder; above it only by Compose's own command."""
    if os.environ.get("COMPOSE_FILE") or _options(command):
        return True
    folder = Path.cwd()
    folders = [folder, *folder.parents] if _after_compose(command) else [folder]
    return any((one / name).is_file() for one in folders for name in FILES)


def _after_compose(command: Sequence[str]) -> Sequence[str]:
    """Return the words of a Compose command that follow its name; none of another command."""
    if list(command[:2]) == ["docker", "compose"]:
        return command[2:]
    return command[1:] if list(command[:1]) == ["docker-compose"] else []


def _options(command: Sequence[str]) -> list[str]:
    """Return the options of a Compose command that stand before its verb."""
    taken: list[str] = []
    for word in _after_compose(command):
        if not word.startswith("-") and (not taken or taken[-1] not in _VALUED):
            break
        taken.append(word)
    return taken


def _services(command: Sequence[str]) -> list[Service]:
    """Ask Compose for the project; raises DockerError, or BadInputError: it is elsewhere."""
    words, environ = ["compose", *_options(command)], dict(os.environ)  # as the user's own shell
    config = json.loads(docker.run(*words, "config", "--format", "json", environ=environ))
    ids = docker.run(*words, "ps", "--quiet", environ=environ).split()
    if ids:
        docker.refuse_remote()
    return services_of(config, docker.inspect(*ids))


def _chosen(found: Sequence[Service], command: Sequence[str], ask: Ask | None) -> Service:
    """Return the database: the only one, the one that the command names, or as answered."""
    words = set(" ".join(command).split())
    named = [one for one in found if one.names & words]
    if len(found) == 1 or len(named) == 1:
        return (named or list(found))[0]
    names = [one.name for one in found]
    if not ask:
        told = f"several services may be the database ({', '.join(names)})"
        raise BadInputError(f"{told}: name its login, --dsn postgresql://…")
    answer = ask("which service is the database that is taken away?", [o.shown for o in found])
    numbered = dict(zip(map(str, range(1, len(found) + 1)), found, strict=True))
    chosen = {**{one.name: one for one in found}, **numbered}.get(answer)
    if not chosen:
        expected = f"expected a number from 1 to {len(found)}, or one of {', '.join(names)}"
        raise BadInputError(f"{answer!r}: {expected}")
    return chosen


def _login(one: Service, say: Say) -> str:
    """Return the login that works from here, and say it without its password; empty: none."""
    if not one.container:
        say(row("compose", f"{one.shown} does not run: no login"))
        return ""
    if not docker.is_local():  # as LAB_ALLOW_REMOTE=1 wants it
        say(row("compose", f"{one.shown}, on another machine: no login is found; name --dsn"))
        return ""
    login = login_of(one, lambda path: _content(one, path))
    port = port_of(one, lambda path: _content(one, path))
    address = address_of(one, port)
    if not address:
        say(row("compose", f"{one.shown} has no address of its own: no login; name --dsn"))
        return ""
    shown = url_of((login[0], "", login[2]), address).removeprefix("postgresql://")
    trouble = _trouble(dsn := url_of(login, address))
    own = not ip_address(address[0]).is_loopback
    if own and moves(one, address[0], _running()):
        trouble = "Docker would give it another address with a restart: publish its port"
    elif own and trouble:
        trouble += "; Docker Desktop has no way to a container's address: publish its port"
    if trouble:
        say(row("compose", f"{one.shown}, login {shown} is not used: {trouble}; or name --dsn"))
        return ""
    say(row("compose", f"{one.shown}, login {shown}{' (its container)' * own}"))
    return dsn


def _content(one: Service, path: str) -> str:
    """Return what stands in a file of a container; empty where it cannot be read."""
    try:
        return docker.run("exec", one.container["Id"], "cat", path)
    except DockerError:
        return ""


def _trouble(dsn: str) -> str:
    """Return what keeps a login from working; empty: nothing."""

    def log_in() -> None:
        with Dsn(dsn).opened() as run:
            run("SELECT 1")

    try:
        on_thread(log_in, LOGIN_LIMIT_S, "login")
    except BadInputError as error:
        return str(error).removeprefix("--dsn: ")
    except DeadlineError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 # whatever a driver raises
        return first_line(error)
    return ""


def _url(pages: dict[str, str], ask: Ask | None) -> str:
    """Return the URL to read, as answered."""
    if not ask:
        told = ", ".join(f"{url} ({name})" for url, name in pages.items())
        offered = f"--url, of what this project publishes {told}" if told else "--url http://…"
        raise BadInputError(f"name what to try: {offered}, or --engine module:attribute")
    offered_here = [f"{url}  service {name}" for url, name in pages.items()]
    answer = ask("which URL reads the database? (a number, or any URL)", offered_here)
    url = dict(zip(map(str, range(1, len(pages) + 1)), pages, strict=True)).get(answer, answer)
    if not url.startswith(("http://", "https://")):
        number = f"a number from 1 to {len(pages)}, or " * bool(pages)
        raise BadInputError(f"{answer!r}: expected {number}a URL that begins with http")
    return url


def _asker(say: Say) -> Ask:
    def ask(question: str, choices: Sequence[str]) -> str:
        say(row("question", question))
        for number, choice in enumerate(choices, start=1):
            say(row("", f"{number}  {choice}"))
        return sys.stdin.readline().strip()

    return ask
