"""The verb `try`: an outage of one's own engine, by one's own command."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from select import select

from msgspec.structs import replace

from recovery_lab import stands
from recovery_lab.errors import BadInputError
from recovery_lab.files import living_run, write_whole
from recovery_lab.folder import ROOT
from recovery_lab.outage import OutageInfo
from recovery_lab.report.terminal import Screen
from recovery_lab.report.words import row
from recovery_lab.run import begin, play_own
from recovery_lab.verbs import Say, show
from recovery_lab.yours.compose import complete
from recovery_lab.yours.crew import OwnCrew
from recovery_lab.yours.look import Found
from recovery_lab.yours.observer import Assignment
from recovery_lab.yours.plan import Tried, limit_s, look, outages

BY_HAND = "take the database away, bring it back, then press Enter"


def try_own(tried: Tried, say: Say) -> int:
    """Look, play, judge and show; the records are kept whatever happens."""
    if not tried.command:
        raise BadInputError("say after -- what takes the database away, or - to do it by hand")
    if tried.command == ["-"] and not sys.stdin.isatty():
        raise BadInputError("- means by hand: there is no terminal to press Enter in")
    tried = replace(tried, asked=complete(tried.asked, tried.command, say))
    if not tried.asked.subject:
        raise BadInputError("name what to try: --engine module:attribute, or --url http://…")
    found = look(tried.asked)
    planned = outages(tried, found)
    for line in _found(tried, found, len(planned)):
        say(line)
    _keep_out_of_git()
    return _play(tried, found, planned, say)


def _found(tried: Tried, found: Found, count: int) -> Iterator[str]:
    """Yield what was found, before anything is taken away."""
    over = f", over {found.driver}" if found.driver and not tried.asked.url else ""
    yield row("found", f"{tried.asked.subject}: {found.kind}{over}")
    if tried.asked.url and found.login:
        held = ", ".join(f"{count} from {at}" for at, count in found.sessions.items())
        over = f"over sessions held: {held or 'none that this login may see'}"
        yield row("reads", f"each makes {found.per_read:.1f} transactions in its database, {over}")
    if not found.login:
        told = "no login is known (--dsn, --engine): the outage is not split into server and yours"
        yield row("blind", f"{told}, and whether the database is read is not known")
    if count > 1:
        yield row("outages", f"{count}: the command is run as often")


@living_run()
def _play(tried: Tried, found: Found, planned: list[OutageInfo], say: Say) -> int:
    folder = begin(planned[0].title, planned, stands.own(tried.asked.subject))
    assignment = Assignment(asked=tried.asked, limit_s=limit_s(found))
    screen = Screen(say, tried.title, planned[0])
    crew = OwnCrew(assignment, found.shape, partial(_by_hand, say))
    return show(folder, screen, say, partial(play_own, folder, crew))


def _by_hand(say: Callable[[str], None], pace: Callable[[], None]) -> None:
    """Let a person do it."""
    say(row("yours", BY_HAND))
    while not select([sys.stdin], [], [], 0.1)[0]:
        pace()
    sys.stdin.readline()


def _keep_out_of_git() -> None:
    """Keep what the lab writes out of the user's commits, without a change to their files."""
    ignore = Path(ROOT).parent / ".gitignore"
    if not ignore.exists():
        write_whole(ignore, b"*\n")
