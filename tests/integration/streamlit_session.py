"""A browser's part of a page load, without a browser: one Streamlit session over the WebSocket."""

import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


@dataclass
class Run:
    """One run of a page's script."""

    finished: bool = False
    took_s: float = 0.0
    elements: int = 0
    exceptions: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  # of alerts and plain text


def run_page(url: str, page: str, limit_s: float) -> Run:
    """Open a session, ask for a page by its path, and follow its script to the end.

    Raises TimeoutError when the script has not ended after `limit_s` seconds.
    """
    run, begun = Run(), time.monotonic()
    ask = BackMsg()
    ask.rerun_script.query_string = ""
    ask.rerun_script.page_name = "" if page == "system_health" else page
    address = url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], open_timeout=limit_s, proxy=None) as socket:
        socket.send(ask.SerializeToString())
        while not run.finished:
            left = limit_s - (time.monotonic() - begun)
            message = ForwardMsg()
            message.ParseFromString(socket.recv(timeout=max(0.0, left)))
            _take(run, message)
    run.took_s = time.monotonic() - begun
    return run


def _take(run: Run, message: ForwardMsg) -> None:
    kind = message.WhichOneof("type")
    if kind == "delta":
        run.elements += 1
        element = message.delta.new_element
        match element.WhichOneof("type"):
            case "exception":
                run.exceptions.append(element.exception.message)
            case "alert":
                run.texts.append(element.alert.body)
            case "markdown":
                run.texts.append(element.markdown.body)
    run.finished = kind == "script_finished"
