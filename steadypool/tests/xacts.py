"""What the scripted server tells of transactions."""

from dataclasses import dataclass

from wire import BOOL, TEXT, TIMESTAMPTZ, error, rows

BEGUN = rows(  # the one transaction's number, when it began, and the server's timeline
    [("x", TEXT), ("n", TIMESTAMPTZ), ("t", TEXT)],
    [["700", "2026-01-01 00:00:00+00", "00000001"]],
)
REFUSED: dict[str | None, tuple[str, str]] = {  # by what is scripted as its status
    "future": ("22023", "transaction ID 700 is in the future"),
    "standby": ("55000", "recovery is in progress"),
    "denied": ("42501", "permission denied for function pg_xact_status"),
}


@dataclass
class Xact:
    """What is told of the transaction when it is asked about."""

    status: str | None = ""  # where it is empty: `last`, what became of the last COMMIT
    timeline: str = "00000001"
    reset_at: str | None = "2020-01-01 00:00:00+00"
    stands: bool = False
    next_xid: str = "0:1000"
    open_for: int = 0  # questions that it is still in progress for

    last: str = ""

    def said(self, sql: str) -> bytes:
        """Return the answer to a statement that is about transactions; nothing to any other."""
        if "pg_current_xact_id" in sql:
            return BEGUN
        if "pg_xact_status" not in sql:
            return b""
        if self.status in REFUSED:
            return error(*REFUSED[self.status], "ERROR")
        status = self.last if self.status == "" else self.status
        if self.open_for:
            self.open_for, status = self.open_for - 1, "in progress"
        columns = [("s", TEXT), ("t", TEXT), ("r", TIMESTAMPTZ), ("e", BOOL), ("n", TEXT)]
        told = [status, self.timeline, self.reset_at, "ft"[self.stands], self.next_xid]
        return rows(columns, [told])
