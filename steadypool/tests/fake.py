"""A scripted server on loopback that speaks as much of PostgreSQL's protocol as the tests need."""

import contextlib
import itertools
import socket
import struct
import threading
from dataclasses import dataclass, field

from wire import BOOL, INT4, TEXT, Batch, error, exactly, message, messages, one_message, rows

NO_ENCRYPTION = (80877103, 80877104)  # SSLRequest, GSSENCRequest
CANCEL = 80877102
ANSWERS = {  # what SQLAlchemy asks of a new server, and the prober of each session
    "version()": "PostgreSQL 17.0 on fake",
    "current_schema": "public",
    "standard_conforming_strings": "on",
    "transaction isolation level": "read committed",
}
AFTER = {"BEGIN": b"T", "COMMIT": b"I", "PREPARE": b"I", "ROLLBACK": b"I"}  # the session's state


@dataclass
class Script:
    """How the server behaves; a test may change it at any time."""

    refusal: bytes = b""  # sent instead of a session
    mute_login: bool = False  # a connection is taken, and never answered
    cut_after: int | None = None  # bytes of each session's answers, then it is cut
    frozen: bool = False  # nothing is answered at all, and goes on when it thaws
    deaf: set[int] = field(default_factory=set)  # processes that what is sent does not reach
    states: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    recovery: bool = False  # a standby
    password: str = ""  # where it is not empty, it is asked for
    standby: str = "off"
    login_s: float = 0.0  # that a login takes


class Server:
    """A server at a free port of loopback; `stop` ends its sessions, `start` begins anew."""

    def __init__(self) -> None:
        self.script = Script()
        self.asked: list[str] = []  # statements, as they came
        self.connections = 0  # that were taken
        self.logins = 0
        self.at_once = 0  # logins under way, at most
        self._under_way = 0
        self.release = threading.Event()  # ends a `slow` statement
        self._pids = itertools.count(1000)
        self._open: dict[int, socket.socket] = {}
        self._lock = threading.Lock()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()

    def start(self) -> None:
        """Take connections."""
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Take no more, and cut every session."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every session."""
        with self._lock:
            cut, self._open = list(self._open.values()), {}
        for one in cut:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut_one(self, pid: int) -> None:
        """Cut one session."""
        with self._lock:
            one = self._open.pop(pid)
        one.shutdown(socket.SHUT_RDWR)
        one.close()

    @property
    def pids(self) -> list[int]:
        """The processes that have a session now."""
        with self._lock:
            return sorted(self._open)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        pid = next(self._pids)
        with self._lock:
            self._open[pid] = taken
        with contextlib.suppress(OSError, EOFError, struct.error, ValueError):
            if self._logged_in(taken, pid):
                self._answer_all(taken, pid)
        with self._lock:
            self._open.pop(pid, None)
        taken.close()

    def _wait_thaw(self) -> None:
        while self.script.frozen and not self._stopping.is_set():
            self._stopping.wait(0.002)

    def _logged_in(self, taken: socket.socket, pid: int) -> bool:
        while True:
            (length,) = struct.unpack("!I", exactly(taken, 4))
            body = exactly(taken, length - 4)
            self._wait_thaw()
            if self.script.mute_login:
                self._stopping.wait(30)
                return False
            (code,) = struct.unpack("!I", body[:4])
            if code == CANCEL:
                return False
            if code not in NO_ENCRYPTION:
                break
            taken.sendall(b"N")
        if self.script.password and not self._knows_password(taken):
            taken.sendall(error("28P01", 'password authentication failed for user "tester"'))
            return False
        if self.script.refusal:
            taken.sendall(self.script.refusal)
            return False
        self._take_time()
        told = {"server_version": "17.0", "client_encoding": "UTF8", "DateStyle": "ISO, MDY"}
        told |= {"standard_conforming_strings": "on", "in_hot_standby": self.script.standby}
        said = message(b"R", struct.pack("!I", 0))
        said += b"".join(message(b"S", f"{k}\0{v}\0".encode()) for k, v in told.items())
        said += message(b"K", struct.pack("!II", pid, 42)) + message(b"Z", b"I")
        taken.sendall(said)
        return True

    def _take_time(self) -> None:
        with self._lock:
            self.logins += 1
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        self._stopping.wait(self.script.login_s)
        with self._lock:
            self._under_way -= 1

    def _knows_password(self, taken: socket.socket) -> bool:
        taken.sendall(message(b"R", struct.pack("!I", 3)))  # in clear text
        _, body = one_message(taken)
        return body.rstrip(b"\0").decode() == self.script.password

    def _answer_all(self, taken: socket.socket, pid: int) -> None:
        budget, batch = self.script.cut_after, Batch()
        for kind, body in messages(taken):
            if kind == b"X":
                return
            if not batch.is_whole_with(kind, body):
                continue
            self._wait_thaw()
            if pid in self.script.deaf:
                continue
            said = batch.begun()
            if batch.sql:
                self.asked.append(batch.sql)
                answer, batch.state = self._said(batch.sql, batch.state, pid)
                said += answer
            batch.end()
            said += message(b"Z", batch.state)
            if budget is not None and len(said) > budget:
                taken.sendall(said[:budget])
                return
            budget = None if budget is None else budget - len(said)
            taken.sendall(said)

    def _said(self, sql: str, state: bytes, pid: int) -> tuple[bytes, bytes]:
        verb = sql.split(" ", 1)[0].strip(";").upper()
        if not verb:
            return message(b"I", b""), state
        if verb in {*AFTER, "INSERT", "DECLARE", "CLOSE"}:
            done = {"INSERT": "INSERT 0 1", "DECLARE": "DECLARE CURSOR"}.get(verb, verb)
            return message(b"C", f"{done}\0".encode()), AFTER.get(verb, state)
        if "slow" in sql:
            self.script.states[pid] = ("active", None)
            self.release.wait(20)
            self.script.states.pop(pid, None)
        if "wrong" in sql:
            return error("42P01", 'relation "wrong" does not exist', "ERROR"), state
        if self.script.recovery and verb == "UPDATE":
            words = "cannot execute UPDATE in a read-only transaction"
            return error("25006", words, "ERROR"), state
        return self._rows(sql), state

    def _rows(self, sql: str) -> bytes:
        if "pg_is_in_recovery" in sql:
            return rows([("r", BOOL)], [["t" if self.script.recovery else "f"]])
        if "pg_stat_get_activity" in sql:
            columns = [("pid", INT4), ("state", TEXT), ("wait_event_type", TEXT)]
            found = [
                [str(pid), *self.script.states.get(pid, ("idle", "Client"))] for pid in self.pids
            ]
            return rows(columns, found)
        for words, answer in ANSWERS.items():
            if words in sql.lower():
                return rows([("a", TEXT)], [[answer]])
        return rows([("n", INT4)], [["1"]])
