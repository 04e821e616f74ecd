"""The loser of packets, of the standard library alone: one outgoing packet, on another's order.

It stands in the network namespace of who orders, and is reached there over loopback. An order is
iptables' words for the packet; its answer comes when the rule is in. The next order, empty, takes
the rule out, and is answered with how many packets it has lost.
"""

import socketserver
import sys
from subprocess import run

PORT = 7070
ONCE = "-p tcp --dport 5432 -m limit --limit 1/day --limit-burst 1"


def iptables(*words: str) -> str:
    """Run iptables; raises CalledProcessError."""
    command = ["iptables", "--wait", "5", *words]
    return run(command, capture_output=True, text=True, timeout=10, check=True).stdout


def lost() -> int:
    """Return how many packets the rule has lost."""
    # num pkts bytes target ...
    rules = [line.split() for line in iptables("-L", "OUTPUT", "-v", "-x", "-n").splitlines()]
    return sum(int(rule[0]) for rule in rules if "DROP" in rule)


class Orders(socketserver.StreamRequestHandler):
    """Obeys whoever connects, order by order."""

    def handle(self) -> None:
        for line in self.rfile:
            if which := line.decode().split():
                iptables("-A", "OUTPUT", *ONCE.split(), *which, "-j", "DROP")
                answer = "in"
            else:
                answer = str(lost())
                iptables("-F", "OUTPUT")
            self.wfile.write(answer.encode() + b"\n")


if __name__ == "__main__":
    with socketserver.TCPServer(("127.0.0.1", PORT), Orders) as server:
        server.timeout = float(sys.argv[1])
        server.handle_request()
