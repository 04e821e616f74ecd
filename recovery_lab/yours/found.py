"""Whatever `module:attribute` names, as a way to read."""

import importlib
import inspect
import os
import sys
from typing import Any

from recovery_lab.errors import BadInputError
from recovery_lab.yours import loop
from recovery_lab.yours.call import Call
from recovery_lab.yours.engines import AsyncEngine, SyncEngine
from recovery_lab.yours.pools import AsyncpgPool, AsyncPsycopgPool, PsycopgPool
from recovery_lab.yours.way import Way

KINDS: dict[tuple[str, str], type[Any]] = {  # by the package and the class that they come from
    ("sqlalchemy", "Engine"): SyncEngine,
    ("sqlalchemy", "AsyncEngine"): AsyncEngine,
    ("psycopg_pool", "ConnectionPool"): PsycopgPool,
    ("psycopg_pool", "AsyncConnectionPool"): AsyncPsycopgPool,
    ("asyncpg", "Pool"): AsyncpgPool,
}
EXPECTED = (
    "expected an Engine, an AsyncEngine, a pool of psycopg_pool, a function that makes one of "
    "them or an asyncpg pool, or one that reads once"
)
SUGGESTED = 8  # names of a module, at the most


def find(spec: str) -> Way:
    """Import and name it; raises BadInputError with what was expected."""
    module, _, attribute = spec.partition(":")
    if not module or not attribute:
        raise BadInputError(f"--engine {spec!r}: expected module:attribute, as mypkg.db:engine")
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 # as `python -m` has it, also for a script
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            told = f"no module {error.name!r} from {os.getcwd()}"  # noqa: PTH109
            raise BadInputError(
                f"--engine {spec!r}: {told}; run this where your application starts, with its "
                "Python"
            ) from None
        raise BadInputError(f"--engine {spec!r}: {module} needs {error.name!r}") from error
    except Exception as error:
        said = f"importing {module} raised {type(error).__name__}: {error}"
        raise BadInputError(f"--engine {spec!r}: {said}") from error
    return way_of(_attribute(found, attribute, spec), f"--engine {spec!r}")


def way_of(value: Any, called: str) -> Way:
    """Return the way of an object, which a function may have to make first; else BadInputError."""
    if kind := kind_of(value):
        return _verified(kind(value), value, called)
    if not callable(value) or inspect.isclass(value):
        raise BadInputError(f"{called} is a {type(value).__name__}: {EXPECTED}")
    try:
        made = value()
        if inspect.isawaitable(made):
            made = loop.run(_awaited(made))
    except Exception as error:
        said = f"calling it raised {type(error).__name__}: {error}"
        raise BadInputError(f"{called}: {said}") from error
    if kind := kind_of(made):
        return _verified(kind(made), made, called)
    if hasattr(made, "execute"):  # a session or a connection: nothing was read yet
        told = f"returns a {type(made).__name__}, which has read nothing"
        raise BadInputError(f"{called} {told}: {EXPECTED}")
    return Call(value)


async def _awaited(made: Any) -> Any:
    return await made


def _attribute(module: Any, path: str, spec: str) -> Any:
    value = module
    for name in path.split("."):
        if not hasattr(value, name):
            there = [one for one in vars(value) if not one.startswith("_")][:SUGGESTED]
            told = f"{module.__name__} has no {path!r}; it has {', '.join(there) or 'nothing'}"
            raise BadInputError(f"--engine {spec!r}: {told}")
        value = getattr(value, name)
    return value


def kind_of(value: Any) -> type[Any] | None:
    """Return the way for an object by its class's origin: nothing is imported for it; or None."""
    for one in type(value).__mro__:
        kind = KINDS.get((one.__module__.partition(".")[0], one.__name__))
        if kind is not None:
            return kind
    return None


def _verified(way: Way, value: Any, called: str) -> Way:
    dialect = getattr(getattr(value, "dialect", None), "name", "postgresql")
    if dialect != "postgresql":
        told = f"is an engine of {dialect}, expected one of PostgreSQL"
        raise BadInputError(f"{called} {told}")
    return way


def make(_name: str, told: dict[str, Any]) -> Way:
    """Make the contender that a part names (contenders/program.py)."""
    return find(told["engine"])
