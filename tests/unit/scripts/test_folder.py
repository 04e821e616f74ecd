"""folder.py: a name of its own for each folder, and whose a project is; the daemon is a fake."""

import json
import os
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.unit.scripts.conftest import Clone

DAY_S = 86_400


class Daemon:
    """What the fake daemon holds, and the folder's question to it."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone

    def holds(
        self,
        name: str,
        *,
        mark: Path | None = None,
        data: bool = False,
        foreign: bool = False,
        of: Path | str | None = None,
        network: bool = False,
    ) -> None:
        """Let a project stand there: its mark, its data, containers of a folder, a network.

        `foreign` is data without the lab's label; `of` is empty where containers name no folder.
        """
        labels: dict[str, dict[str, str]] = {}
        if mark:
            labels[f"{name}_owner"] = {"recovery-lab": "1", "recovery-lab.folder": str(mark)}
        if data:
            labels[f"{name}_data"] = {"recovery-lab": "1"}
        if foreign:
            labels[f"{name}_data"] = {"com.docker.compose.project": name}
        volumes = [{"Name": volume, "Labels": has} for volume, has in labels.items()]
        inspect = f"docker volume inspect {name}_owner {name}_data"
        self.clone.answers(inspect, 0, json.dumps(volumes))
        label = f"label=com.docker.compose.project={name}"
        self.clone.answers(
            f"docker ps --all --filter {label} ", 0, "" if of is None else f"{of}\\n"
        )
        self.clone.answers(f"docker network ls --filter {label} ", 0, "1f\\n" if network else "")

    def data_was_made(self, at: float) -> None:
        """Let whoever looks into a volume find 121 MB made at a Unix time."""
        self.clone.answers("docker run", 0, f"121\\t/data\\n{at:.0f}\\n")

    def name(self, verb: str = "name", **environ: str) -> CompletedProcess[str]:
        """Ask for the folder's name."""
        return self.clone.run("python3", "scripts/folder.py", verb, **environ)

    def told(self, verb: str = "name") -> str:
        """Return the name that was given."""
        done = self.name(verb)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()


@pytest.fixture
def daemon(clone: Clone) -> Daemon:
    """An empty daemon."""
    return Daemon(clone)


def _password(folder: Path, made_at: float) -> None:
    (folder / ".secrets").mkdir()
    path = folder / ".secrets/owner_password"
    path.write_text("x")
    os.utime(path, (made_at, made_at))


def _other(clone: Clone, name: str, dotenv: str = "") -> Path:
    """Make another folder with a lab in it."""
    folder = clone.folder.parent / name / "clone"
    folder.mkdir(parents=True)
    (folder / "docker-compose.yml").touch()
    (folder / ".env").write_text(dotenv)
    return folder


def _renamed(clone: Clone, name: str) -> Clone:
    folder = clone.folder.parent / name
    shutil.move(clone.folder, folder)
    clone.folder = folder
    return clone


@pytest.mark.parametrize(
    ("folder", "stem"),
    [
        ("My Lab", "my-lab"),
        ("복구 실험실", "lab"),
        ("--x--", "x"),
        ('it\'s "so" $HOME', "it-s-so-home"),
        ("a" * 80, "a" * 30),
    ],
)
def test_name_is_made_of_the_folders_own_and_its_path(
    daemon: Daemon, folder: str, stem: str
) -> None:
    """Whatever a folder is called, Compose takes the name, and no other path gives the same."""
    _renamed(daemon.clone, folder)
    name = daemon.told()
    assert stem == name[: -len("-01234567")]
    assert name == daemon.told()
    _renamed(daemon.clone, f"{folder}2")
    assert name != daemon.told()


def test_name_that_is_kept_stays(daemon: Daemon) -> None:
    """The folder's own stack is asked for nothing but whose it is."""
    (daemon.clone.folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine # my own\n")
    daemon.holds("mine", mark=daemon.clone.folder, data=True, of=daemon.clone.folder)
    done = daemon.name("mark")
    assert ("mine\n", "") == (done.stdout, done.stderr)
    assert 3 == len(daemon.clone.calls)


def test_name_exported_gets_a_mark(daemon: Daemon) -> None:
    """Its data outlives the call; without a mark another folder could take it for its own."""
    done = daemon.name("mark", COMPOSE_PROJECT_NAME="once")
    assert "once\n" == done.stdout
    made = [call for call in daemon.clone.calls if "volume create" in call]
    assert [f"recovery-lab.folder={daemon.clone.folder} once_owner"] == [
        call.split(" --label ")[-1] for call in made
    ]


def test_name_exported_by_two_folders_is_of_the_first(daemon: Daemon) -> None:
    """The second one's passwords are older than the first one's data, and yet it is not its own."""
    _password(daemon.clone.folder, 4 * DAY_S)
    first = _other(daemon.clone, "a")
    daemon.holds("foo", mark=first, data=True)
    daemon.data_was_made(5 * DAY_S)
    assert f"belongs to another folder: {first}" in daemon.name(COMPOSE_PROJECT_NAME="foo").stderr
    assert 1 == daemon.clone.run("python3", "scripts/folder.py", "owns", "foo").returncode


def test_name_that_compose_would_refuse_is_refused_in_a_line(daemon: Daemon) -> None:
    """Compose' own words for it come after minutes of building."""
    done = daemon.name(COMPOSE_PROJECT_NAME="실험")
    assert 1 == done.returncode
    assert "COMPOSE_PROJECT_NAME=실험 can't name a Compose project" in done.stderr


def test_mark_says_whose_it_is(daemon: Daemon) -> None:
    """It is put beside the data before anything is started."""
    name = daemon.told("mark")
    made = [call for call in daemon.clone.calls if "volume create" in call]
    assert [f"recovery-lab.folder={daemon.clone.folder} {name}_owner"] == [
        call.split(" --label ")[-1] for call in made
    ]


def test_older_stack_keeps_its_name(daemon: Daemon) -> None:
    """A stack that was made under Compose's own name for the folder is this folder's own."""
    _password(daemon.clone.folder, 5 * DAY_S)
    daemon.holds("clone", data=True, of=daemon.clone.folder)
    daemon.data_was_made(5 * DAY_S + 60)
    assert "clone" == daemon.told()


def test_older_volume_of_a_clone_of_the_same_name_is_left_alone(daemon: Daemon) -> None:
    """The other clone is down: nothing but the passwords tells that its data is not ours."""
    daemon.holds("clone", data=True)
    assert daemon.told().startswith("clone-")
    _password(daemon.clone.folder, 6 * DAY_S)
    daemon.data_was_made(5 * DAY_S)
    done = daemon.name()
    assert done.stdout.startswith("clone-")
    assert "volume clone_data (121 MB, made 1970-01-06 00:00 UTC)" in done.stderr
    assert "stays as it is" in done.stderr


def test_older_volume_that_this_folders_containers_adopted_is_left_alone(daemon: Daemon) -> None:
    """A label on containers does not tell whose a volume is."""
    _password(daemon.clone.folder, 6 * DAY_S)
    daemon.holds("clone", data=True, of=daemon.clone.folder)
    daemon.data_was_made(5 * DAY_S)
    assert daemon.told().startswith("clone-")


def test_older_project_of_another_program_is_none_of_ours(daemon: Daemon) -> None:
    """A project that happens to have the folder's name is not spoken of."""
    daemon.holds("clone", of=_other(daemon.clone, "b"))
    done = daemon.name()
    assert done.stdout.startswith("clone-")
    assert "" == done.stderr


OTHERS = {
    "compose.yaml": {"of": "compose.yaml"},
    "a folder that the host cannot see": {"of": "/data/compose/7"},
    "no folder": {"of": ""},
    "an unlabelled volume": {"foreign": True},
    "an unlabelled volume under containers of ours": {"foreign": True, "of": "ours"},
    "a network": {"network": True},
}
each_other = pytest.mark.parametrize("stands", OTHERS.values(), ids=OTHERS)


def _other_program(daemon: Daemon, name: str, stands: dict[str, object]) -> None:
    """Let a project of another program stand there; its folder is made where it has one."""
    folder = daemon.clone.folder.parent / "b" / name
    folder.mkdir(parents=True)
    (folder / "compose.yaml").touch()
    places = {"compose.yaml": folder, "ours": daemon.clone.folder}
    of = stands.get("of")
    _password(daemon.clone.folder, 4 * DAY_S)
    daemon.data_was_made(5 * DAY_S)
    daemon.holds(name, **{**stands, "of": places.get(of, of)})


@each_other
def test_other_programs_project_is_not_adopted(daemon: Daemon, stands) -> None:
    """Whatever its file is called and whether its folder can be seen: `up` removes orphans."""
    _other_program(daemon, "clone", stands)
    assert daemon.told("mark").startswith("clone-")
    assert not [call for call in daemon.clone.calls if call.endswith(" clone_owner")]


@each_other
def test_other_programs_project_is_refused_when_it_is_exported(daemon: Daemon, stands) -> None:
    """Its data would go with `make clean`."""
    _other_program(daemon, "shop", stands)
    done = daemon.name("mark", COMPOSE_PROJECT_NAME="shop")
    assert 1 == done.returncode
    assert "the Compose project shop belongs to another folder" in done.stderr
    assert 1 == daemon.clone.run("python3", "scripts/folder.py", "owns", "shop").returncode


@pytest.mark.parametrize("stands", [{"of": ""}, {"foreign": True}], ids=str)
def test_other_programs_project_is_not_ours_for_a_line_in_env(daemon: Daemon, stands) -> None:
    """A person may have written the name; even this folder's mark does not make it ours."""
    (daemon.clone.folder / ".env").write_text("COMPOSE_PROJECT_NAME=shop\n")
    daemon.holds("shop", mark=daemon.clone.folder, **stands)
    assert daemon.told().startswith("clone-")


def test_older_stack_of_a_folder_that_was_moved_is_its_own(daemon: Daemon) -> None:
    """Its containers name a folder that is gone; its data is a lab's, and the passwords fit."""
    _password(daemon.clone.folder, 4 * DAY_S)
    daemon.holds("clone", data=True, of=daemon.clone.folder.parent / "gone/clone")
    daemon.data_was_made(5 * DAY_S)
    assert "clone" == daemon.told()


def test_copied_folder_takes_a_name_of_its_own(daemon: Daemon) -> None:
    """Its .env came along; the folder it was copied from still goes by that name."""
    original = _other(daemon.clone, "a", "COMPOSE_PROJECT_NAME=theirs\n")
    (daemon.clone.folder / ".env").write_text("COMPOSE_PROJECT_NAME=theirs\n")
    daemon.holds("theirs", mark=original, data=True)
    done = daemon.name("mark")
    assert done.stdout.startswith("clone-")
    assert f"copied    project theirs is of {original}" in done.stderr
    assert not [call for call in daemon.clone.calls if "rm --force theirs" in call]


def test_moved_folder_takes_its_own_over(daemon: Daemon) -> None:
    """Where it stood there is nothing, or another clone that goes by another name."""
    (daemon.clone.folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    stood = daemon.clone.folder.parent / "a/clone"
    daemon.holds("mine", mark=stood, data=True, of=stood)
    done = daemon.name("mark")
    assert "mine\n" == done.stdout
    assert f"moved     project mine was of {stood}: taken over" in done.stderr
    assert "docker volume rm --force mine_owner" in daemon.clone.calls
    _other(daemon.clone, "a", "COMPOSE_PROJECT_NAME=another\n")
    assert "mine" == daemon.told()


def test_fresh_clone_where_another_stood_takes_another_name(daemon: Daemon) -> None:
    """The one that stood here was moved, and its data goes by this path's own name."""
    name = daemon.told()
    daemon.holds(name, mark=daemon.clone.folder, data=True)
    other = daemon.told()
    assert name != other
    assert name[:-9] == other[:-9]


def test_folder_that_lost_its_env_finds_its_own_again(daemon: Daemon) -> None:
    """The mark and the passwords say that it is the same folder."""
    name = daemon.told()
    _password(daemon.clone.folder, 5 * DAY_S)
    daemon.holds(name, mark=daemon.clone.folder, data=True)
    daemon.data_was_made(5 * DAY_S + 60)
    assert name == daemon.told()


def test_folder_that_keeps_us_out_is_taken_for_an_owner(daemon: Daemon) -> None:
    """What can't be looked at can't be called gone."""
    code = (
        "import pathlib, sys; sys.path.insert(0, 'scripts'); import folder\n"
        "def out(self, **options): raise PermissionError\n"
        "pathlib.Path.stat = pathlib.Path.read_text = out\n"
        "print(folder.claims(pathlib.Path('/closed/clone'), 'mine'))"
    )
    assert "True\n" == daemon.clone.run("python3", "-c", code).stdout


def test_owns_asks_for_the_data_too(daemon: Daemon) -> None:
    """Containers of this folder on another's data: `make clean` must not remove it."""
    owns = ("python3", "scripts/folder.py", "owns", "clone")
    daemon.holds("clone", data=True, of=daemon.clone.folder)
    daemon.data_was_made(5 * DAY_S)
    assert 1 == daemon.clone.run(*owns).returncode
    _password(daemon.clone.folder, 4 * DAY_S)
    assert 0 == daemon.clone.run(*owns).returncode
