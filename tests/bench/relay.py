"""A TCP relay in user space that holds back what it carries, and counts requests."""

import socket
import threading
import time
from multiprocessing import Process, Value
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

CHUNK = 65536


class Relay:
    """Carries connections to `server` with `delay_s` each way; a process of its own.

    A reader of PostgreSQL sends, and then waits for the answer: so to hold back each chunk before
    the next is read adds one delay a direction and no more. `requests` counts the chunks that came
    from clients: each is a round trip that the client waits for.
    """

    def __init__(self, server: tuple[str, int], delay_s: float) -> None:
        self._server, self._delay_s = server, delay_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._requests: Synchronized[int] = Value("q", 0)
        self._process = Process(target=self._serve, daemon=True)

    @property
    def requests(self) -> int:
        """Return how many chunks clients have sent so far."""
        return self._requests.value

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._server)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        while chunk := source.recv(CHUNK):
            if counted:
                with self._requests.get_lock():
                    self._requests.value += 1
            if self._delay_s:
                time.sleep(self._delay_s)
            sink.sendall(chunk)
        sink.close()
