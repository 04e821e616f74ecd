"""Whose stack is it: this folder's name on the daemon, and its right to what stands under it.

A Compose project is this folder's when the mark beside its data says so: an empty volume
`<project>_owner` whose label holds the folder. The mark outlives containers. Unlike a label of the
data volume it follows a folder that moves, and no newer Compose takes it for a changed
configuration ("Recreate (data will be lost)?"). A copied folder brings its `.env` along, so the
name alone proves nothing.
"""

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from standing import Data, Standing, StoppedError, describe, kept, look, measured, put_mark

NAME = "COMPOSE_PROJECT_NAME"
HERE = Path.cwd()
PASSWORD = HERE / ".secrets/owner_password"
CLOCKS_S = 1.0  # the date of data is in whole seconds; more would let a second clone in


def says(what: str, text: str) -> None:
    """Tell a person; the answer alone goes to standard output."""
    print(f"{what:<9} {text}", file=sys.stderr)


def default_name(folder: Path) -> str:
    """Return Compose's own name for a folder: the lab's before it kept one in .env."""
    return re.sub(r"[^a-z0-9_-]", "", folder.name.lower()).lstrip("_-")


def own_names() -> Iterator[str]:
    """Yield names made of this folder's own and its path; the second only where one is taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", HERE.name.lower()).strip("-")[:30].strip("-") or "lab"
    for number in count(1):
        path = os.fsencode(HERE) + (b"" if number == 1 else b"\0%d" % number)
        yield f"{stem}-{hashlib.sha256(path).hexdigest()[:8]}"


def same(folder: Path) -> bool:
    """Tell whether it is this folder, however it is spelled."""
    try:
        return folder.samefile(HERE)
    except OSError:
        return False


def is_lab(folder: Path) -> bool:
    """Tell whether a lab stands there; a folder that keeps us out is taken for one."""
    try:
        (folder / "docker-compose.yml").stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def claims(folder: Path, name: str) -> bool:
    """Tell whether another folder goes by a name: in its .env, or as the lab did before."""
    try:
        return is_lab(folder) and name == (kept(folder, NAME) or default_name(folder))
    except PermissionError:
        return True


def strangers(standing: Standing) -> list[Path]:
    """Return the folders of containers that are not this one's, nor of where it may have stood.

    A folder that holds no lab, be it gone, is of another program, unless the data is a lab's: then
    that lab was moved away, and the passwords tell whether it came here.
    """
    moved = standing.data is Data.LABS
    return sorted(
        folder
        for folder in standing.folders
        if not same(folder) and folder != standing.mark and (not moved or is_lab(folder))
    )


def whose(standing: Standing, *, named: bool) -> str:
    """Return whose a project is where it is not this folder's; empty where it is.

    `named`: this folder's .env names it. Otherwise its name was made here, or exported.
    """
    if standing.data is Data.FOREIGN:
        return f"another program, as its volume {standing.name}_data lacks the lab's label"
    if others := strangers(standing):
        return str(others[0])
    if standing.mark is None:
        if standing.empty and standing.networks and not named:
            return "another program, as its network is"
        return "" if named or fits(standing) else "a folder that is not known"
    return marked(standing, standing.mark, named=named)


def marked(standing: Standing, mark: Path, *, named: bool) -> str:
    """Return the same of a project whose mark names a folder."""
    if same(mark):
        return "" if named or fits(standing) else "a folder that stood here before"
    if named:
        return str(mark) if claims(mark, standing.name) else ""  # moved: nobody else goes by it
    return str(mark) if is_lab(mark) or not fits(standing) else ""


def fits(standing: Standing) -> bool:
    """Tell whether the passwords are older than the data, as those it was made with must be."""
    if standing.data is Data.NONE:
        return True
    made_at = measured(standing.name)[1] if PASSWORD.exists() else None
    return made_at is not None and PASSWORD.stat().st_mtime <= made_at.timestamp() + CLOCKS_S


def choose() -> Standing:
    """Return what stands under the name of a folder that has none of its own: the old one first."""
    old = default_name(HERE)
    if old and not kept(HERE, NAME):
        standing = look(old)
        owner = whose(standing, named=False)
        if not standing.empty and not owner:
            says("name", f"{old}, as before: this folder's stack stands under it")
            return standing
        if standing.data is Data.LABS and PASSWORD.exists():
            says("kept", f"{describe(old)} is of {owner}, and stays as it is")
            says("", f"if it is this folder's: echo {NAME}={old} >>.env, then make up")
    return next(own for own in map(look, own_names()) if not whose(own, named=False))


def settle(*, mark: bool) -> str:
    """Return this folder's project; stop where an exported one is another's."""
    exported, own = os.environ.get(NAME, ""), kept(HERE, NAME)
    name = exported or own
    if exported and not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", exported):
        raise StoppedError(f"{NAME}={exported} can't name a Compose project", f"unset {NAME}")
    standing = look(name) if name else None
    owner = whose(standing, named=name == own) if standing else ""
    if owner and exported:
        raise StoppedError(
            f"the Compose project {name} belongs to another folder: {owner}",
            f"unset {NAME}: this folder has a name of its own",
            f"or export another: {NAME}={name}-2",
        )
    if owner:
        says("copied", f"project {name} is of {owner}; this folder takes a name of its own")
    if owner or standing is None:
        standing = choose()
    elsewhere = standing.mark is not None and not same(standing.mark)
    if elsewhere:
        says("moved", f"project {standing.name} was of {standing.mark}: taken over")
    if mark and (elsewhere or standing.mark is None):
        put_mark(standing.name, HERE)
    return standing.name


def main(arguments: Sequence[str]) -> None:
    """Answer on standard output; what a person should know is on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("name", help="this folder's project, made where there is none")
    verbs.add_parser("mark", help="the same, and mark it on the daemon as this folder's")
    owns = verbs.add_parser("owns", help="status 0 where a project is this folder's")
    data = verbs.add_parser("data", help="what a project's data is")
    for verb in (owns, data):
        verb.add_argument("project")
    asked = parser.parse_args(arguments)
    try:
        if asked.verb in {"name", "mark"}:
            print(settle(mark=asked.verb == "mark"))
        elif asked.verb == "data":
            print(describe(asked.project))
        elif owner := whose(look(asked.project), named=asked.project == kept(HERE, NAME)):
            sys.exit(owner)
    except StoppedError as stopped:
        print(f"error     {stopped.args[0]}", file=sys.stderr)
        for remedy in stopped.args[1:]:
            print(f"  remedy  {remedy}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
