"""Sessions that refresh System Health as a browser's timer does, without a browser's own work."""

import time
from concurrent.futures import ThreadPoolExecutor

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

LIMIT_S = 10.0


class Refresher:
    """One session of System Health, its page drawn once."""

    def __init__(self, url: str) -> None:
        address = url.replace("http://", "ws://") + "/_stcore/stream"
        self._socket = connect(
            address, subprotocols=["streamlit"], open_timeout=LIMIT_S, proxy=None, max_size=None
        )
        self._fragment = ""
        self._run()

    def refresh_ms(self) -> float:
        """Ask for one refresh; return the time until the server has sent all of it."""
        begun = time.monotonic()
        self._run()
        return 1000 * (time.monotonic() - begun)

    def close(self) -> None:
        """End the session."""
        self._socket.close()

    def _run(self) -> None:
        ask = BackMsg()
        ask.rerun_script.fragment_id = self._fragment
        self._socket.send(ask.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=LIMIT_S))
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                self._fragment = message.auto_rerun.fragment_id
            if kind == "script_finished":
                return


def answer_times_ms(url: str, sessions: int, rounds: int, *, in_phase: bool) -> list[float]:
    """Return the times of `rounds` refreshes of each session, one by one or all at once."""
    open_sessions = [Refresher(url) for _ in range(sessions)]
    ask = Refresher.refresh_ms
    times: list[float] = []
    with ThreadPoolExecutor(sessions) as pool:
        for _ in range(rounds):
            begun = time.monotonic()
            times += pool.map(ask, open_sessions) if in_phase else map(ask, open_sessions)
            time.sleep(max(0.0, begun + 1 - time.monotonic()))
    for session in open_sessions:
        session.close()
    return times
