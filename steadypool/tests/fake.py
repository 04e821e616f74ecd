"""A scripted server on loopback that speaks as much of PostgreSQL's protocol as the tests need."""

import contextlib
import itertools
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field

from wire import (
    BOOL,
    INT4,
    TEXT,
    Batch,
    answered,
    copied,
    error,
    exactly,
    message,
    messages,
    one_message,
    rows,
    status,
)
from xacts import Xact

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
CANCEL = 80877102
AFTER = {"BEGIN": b"T", "COMMIT": b"I", "PREPARE": b"I", "ROLLBACK": b"I"}  # the session's state


@dataclass
class Script:
    """How the server behaves; a test may change it at any time."""

    refusal: bytes = b""  # sent instead of a session
    mute_login: bool = False  # a connection is taken, and never answered
    cut_after: int | None = None  # bytes of each session's answers, then it is cut
    frozen: bool = False  # nothing is answered at all, and goes on when it thaws
    deaf: set[int] = field(default_factory=set)  # processes that what is sent does not reach
    halting: bool = False  # frozen after the first message of an answer
    late: dict[int, float] = field(default_factory=dict)  # by how much their answers are: lost once
    states: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    recovery: bool = False  # a standby
    password: str = ""  # where it is not empty, it is asked for
    standby: str = "off"
    login_s: float = 0.0  # that a login takes
    pooler: int = 0  # that stands between, and gives its own numbers for processes
    commits: list[str] = field(default_factory=list)  # the next ones' fates: ok, before, after
    xact: Xact = field(default_factory=Xact)
    tls: ssl.SSLContext | None = None  # offered to who asks


class Server:
    """A server at a free port of loopback; `stop` ends its sessions, `start` begins anew."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.script, self._host = Script(), host
        self.asked: list[str] = []  # statements, as they came
        self.connections = 0  # that were taken
        self.logins = 0
        self.at_once = 0  # logins under way, at most
        self._under_way = 0
        self.release = threading.Event()  # ends a `slow` statement
        self.committed: list[int] = []  # the sessions of transactions, as they came
        self._pids = itertools.count(1000)
        self._open: dict[int, socket.socket] = {}
        self._lock = threading.Lock()
        with socket.socket() as free:
            free.bind((host, port))
            self.port = int(free.getsockname()[1])
        self.start()

    def start(self) -> None:
        """Take connections."""
        self._stopping = threading.Event()
        self._listener = socket.create_server((self._host, self.port), backlog=128)
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
            session = self._logged_in(taken, pid)
            if session is not None:
                self._answer_all(session, pid)
        with self._lock:
            ended = self._open.pop(pid, taken)
        ended.close()

    def _wait_thaw(self) -> None:
        while self.script.frozen and not self._stopping.is_set():
            self._stopping.wait(0.002)

    def _logged_in(self, taken: socket.socket, pid: int) -> socket.socket | None:
        while True:
            (length,) = struct.unpack("!I", exactly(taken, 4))
            body = exactly(taken, length - 4)
            self._wait_thaw()
            if self.script.mute_login:
                self._stopping.wait(30)
                return None
            (code,) = struct.unpack("!I", body[:4])
            if code == CANCEL:
                return None
            if code not in {SSL_REQUEST, GSS_REQUEST}:
                break
            taken = self._encrypted(taken, pid, code)
        if self.script.password and not self._knows_password(taken):
            taken.sendall(error("28P01", 'password authentication failed for user "tester"'))
            return None
        if self.script.refusal:
            taken.sendall(self.script.refusal)
            return None
        self._take_time()
        told = {"server_version": "17.0", "client_encoding": "UTF8", "DateStyle": "ISO, MDY"}
        told |= {"standard_conforming_strings": "on", "in_hot_standby": self.script.standby}
        said = message(b"R", struct.pack("!I", 0))
        said += b"".join(status(name, value) for name, value in told.items())
        said += message(b"K", struct.pack("!II", pid, 42)) + message(b"Z", b"I")
        taken.sendall(said)
        return taken

    def _encrypted(self, taken: socket.socket, pid: int, code: int) -> socket.socket:
        if self.script.tls is None or code != SSL_REQUEST:
            taken.sendall(b"N")
            return taken
        taken.sendall(b"S")
        secured = self.script.tls.wrap_socket(taken, server_side=True)
        with self._lock:
            self._open[pid] = secured
        return secured

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
            said = b""
            for part, sql in batch.parts:
                said += part
                if sql:
                    self.asked.append(sql)
                    answer, batch.state = self._said(sql, batch.state, pid)
                    said += answer
            batch.end()
            if not said.startswith(b"G"):  # until the client has copied
                said += message(b"Z", batch.state)
            self._stopping.wait(self.script.late.get(pid, 0.0))
            if budget is not None and len(said) > budget:
                taken.sendall(said[:budget])
                return
            budget = None if budget is None else budget - len(said)
            if self.script.halting:
                first = 1 + int.from_bytes(said[1:5])
                taken.sendall(said[:first])
                said, self.script.halting, self.script.frozen = said[first:], False, True
                self._wait_thaw()
            taken.sendall(said)

    def _said(self, sql: str, state: bytes, pid: int) -> tuple[bytes, bytes]:
        verb = sql.split(" ", 1)[0].strip(";").upper()
        if not verb:
            return message(b"I", b""), state
        if verb == "COMMIT":
            self._commit(pid)
        if verb in {*AFTER, "INSERT", "DECLARE", "CLOSE"}:
            done = {"INSERT": "INSERT 0 1", "DECLARE": "DECLARE CURSOR"}.get(verb, verb)
            return message(b"C", f"{done}\0".encode()), AFTER.get(verb, state)
        if verb == "COPY":
            return copied(sql), state
        if "slow" in sql:
            process = pid + self.script.pooler
            self.script.states[process] = ("active", None)
            self.release.wait(20)
            self.script.states.pop(process, None)
        if self.script.recovery and verb == "UPDATE":
            words = "cannot execute UPDATE in a read-only transaction"
            told = status("in_hot_standby", self.script.standby)
            return told + error("25006", words, "ERROR"), state
        if "wrong" in sql:
            failed = b"I" if state == b"I" else b"E"
            return answered(sql), failed
        return self.script.xact.said(sql) or self._rows(sql, pid), state

    def _commit(self, pid: int) -> None:
        """Commit as the script says; raise EOFError where it is not answered."""
        fate = self.script.commits.pop(0) if self.script.commits else "ok"
        self.script.xact.last = "aborted" if fate == "before" else "committed"
        if fate != "before":
            self.committed.append(pid)
        if fate != "ok":
            raise EOFError

    def _rows(self, sql: str, pid: int) -> bytes:
        if "pg_is_in_recovery" in sql:
            told = ["t" if self.script.recovery else "f", str(pid + self.script.pooler)]
            return rows([("r", BOOL), ("p", INT4)], [told])
        if "pg_stat_get_activity" in sql:
            columns = [("pid", INT4), ("state", TEXT), ("wait_event_type", TEXT)]
            found = [
                [str(pid), *self.script.states.get(pid, ("idle", "Client"))] for pid in self.pids
            ]
            return rows(columns, found)
        return answered(sql)
