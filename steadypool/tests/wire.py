"""As much of PostgreSQL's protocol as a scripted server needs."""

import socket
import struct
from collections.abc import Iterator

BOOL, INT4, TEXT, TIMESTAMPTZ = 16, 23, 25, 1184
ANSWERS = {  # what SQLAlchemy asks of a new server, and the prober of each session
    "version()": "PostgreSQL 17.0 on fake",
    "current_schema": "public",
    "standard_conforming_strings": "on",
    "transaction isolation level": "read committed",
}


def message(kind: bytes, body: bytes) -> bytes:
    """Return a message of the protocol's."""
    return kind + struct.pack("!I", len(body) + 4) + body


def error(sqlstate: str, words: str, severity: str = "FATAL") -> bytes:
    """Return an error as the server sends it."""
    fields = f"S{severity}\0V{severity}\0C{sqlstate}\0M{words}\0\0"
    return message(b"E", fields.encode())


def status(name: str, value: str) -> bytes:
    """Return what a server says of itself."""
    return message(b"S", f"{name}\0{value}\0".encode())


def described(name: str, kind: int) -> bytes:
    """Return a column's description."""
    return name.encode() + b"\0" + struct.pack("!IhIhih", 0, 0, kind, -1, -1, 0)


def rows(columns: list[tuple[str, int]], values: list[list[str | None]]) -> bytes:
    """Return a description, the rows and their count."""
    heads = b"".join(described(name, kind) for name, kind in columns)
    said = message(b"T", struct.pack("!h", len(columns)) + heads)
    for row in values:
        cells = b"".join(
            struct.pack("!i", -1) if cell is None else struct.pack("!i", len(cell)) + cell.encode()
            for cell in row
        )
        said += message(b"D", struct.pack("!h", len(row)) + cells)
    return said + message(b"C", f"SELECT {len(values)}\0".encode())


def copied(sql: str) -> bytes:
    """Return a copied row, or that the client's are awaited."""
    as_text = struct.pack("!bh", 0, 0)
    if "STDIN" in sql:
        return message(b"G", as_text)
    rest = message(b"d", b"1\n") + message(b"c", b"") + message(b"C", b"COPY 1\0")
    return message(b"H", as_text) + rest


FAILS = {
    "wrong": error("42P01", 'relation "wrong" does not exist', "ERROR"),
    "doomed": error("57P01", "terminating connection due to administrator command"),
}


def answered(sql: str) -> bytes:
    """Return what is known, else a one; some statements fail."""
    for word, failed in FAILS.items():
        if word in sql:
            return failed
    for words, answer in ANSWERS.items():
        if words in sql.lower():
            return rows([("a", TEXT)], [[answer]])
    return rows([("n", INT4)], [["1"]])


class Batch:
    """What a client has sent until it wants an answer: a query, or parts that a sync ends."""

    def __init__(self) -> None:
        self.state = b"I"
        self._prepared: dict[str, str] = {}
        self.end()

    def end(self) -> None:
        """Begin anew."""
        self.parts: list[tuple[bytes, str]] = []  # what is said of each, or the statement it runs
        self._bound, self._kinds = "", b""

    def is_whole_with(self, kind: bytes, body: bytes) -> bool:
        """Take a message, and tell whether an answer is due."""
        words = [word.decode(errors="replace") for word in body.split(b"\0")]
        self._kinds += kind
        if kind == b"P":
            self._prepared[words[0]] = words[1]
            self.parts.append((message(b"1", b""), ""))
        elif kind == b"B":
            self._bound = self._prepared[words[1]]
            self.parts.append((message(b"2", b""), ""))
        elif kind in b"EQ":
            self.parts.append((b"", words[0] if kind == b"Q" else self._bound))
        elif kind == b"c":  # the client has copied all that it had
            self.parts.append((message(b"C", b"COPY 1\0"), ""))
        elif kind == b"S" and b"D" in self._kinds and b"E" not in self._kinds:  # a cursor's columns
            columns = message(b"T", struct.pack("!h", 1) + described("n", INT4))
            self.parts.append((columns, ""))
        return kind in b"QSc"


def exactly(taken: socket.socket, count: int) -> bytes:
    """Return so many bytes."""
    got = b""
    while len(got) < count:
        more = taken.recv(count - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def one_message(taken: socket.socket) -> tuple[bytes, bytes]:
    """Return a message's kind and body."""
    kind = exactly(taken, 1)
    (length,) = struct.unpack("!I", exactly(taken, 4))
    return kind, exactly(taken, length - 4)


def messages(taken: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Return messages as they come."""
    while True:
        yield one_message(taken)
